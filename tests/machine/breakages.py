"""Guards taken away one at a time, as somebody might by mistake. The machine has to notice each."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from scheduling.actions import clearance, cover, holds, placing
from scheduling.messages import ledger
from scheduling.planner.labels import Row, Stretch
from scheduling.planner.values import Taken
from scheduling.selectors import day_sheets
from tests.factories import NOW

Breakage = Callable[[pytest.MonkeyPatch], None]


def _nothing(*args: Any, **kwargs: Any) -> None:
    """Do nothing."""


def cancelling_forgets_the_holds(patch: pytest.MonkeyPatch) -> None:
    """The time of a cancelled visit stays taken."""
    patch.setattr(holds, "release", _nothing)


def expiry_is_ignored(patch: pytest.MonkeyPatch) -> None:
    """What has lapsed still counts as taken."""
    load = day_sheets.load_sheet
    patch.setattr(placing, "load_sheet", lambda *args, **given: load(*args, **(given | {"now": NOW})))


def lapsed_rows_stay(patch: pytest.MonkeyPatch) -> None:
    """What has lapsed counts as free, but its rows are left in the way."""
    patch.setattr(holds, "delete_lapsed", _nothing)


def labels_are_not_fitted(patch: pytest.MonkeyPatch) -> None:
    """A need goes on one watch unit from its start to its end, or nowhere."""

    def one_label(existing: Iterable[Row], needs: Sequence[Stretch], lower: int, upper: int) -> tuple[Row, ...] | None:
        need, rows = needs[0], list(existing)
        for low in range(lower, upper - need.units + 1):
            high = low + need.units
            if not any(
                row.start < need.end and need.start < row.end and row.lower < high and low < row.upper for row in rows
            ):
                return (Row(need.start, need.end, low, high),)
        return None

    patch.setattr(holds, "fit", one_label)


def nobody_looks_again(patch: pytest.MonkeyPatch) -> None:
    """Chairs and nurses are chosen under the locks as if nothing were held: only the constraint is left."""
    free_sheet = placing.free_sheet

    def blind(*args: Any, **kwargs: Any) -> day_sheets.Sheet:
        return replace(free_sheet(*args, **kwargs), taken=Taken())

    patch.setattr(placing, "free_sheet", blind)


def a_no_show_keeps_its_time(patch: pytest.MonkeyPatch) -> None:
    """Whoever did not come, or left early, blocks the chair to the planned end."""
    patch.setattr(holds, "free_from", _nothing)


def a_suspension_changes_no_visit(patch: pytest.MonkeyPatch) -> None:
    """Visits of a suspended patient stay booked."""
    patch.setattr(clearance, "put_on_hold", _nothing)


def old_messages_stay_due(patch: pytest.MonkeyPatch) -> None:
    """Reminders of a moved or cancelled visit are not withdrawn."""
    patch.setattr(ledger, "_retire", _nothing)


def the_clinic_changes_over_visits(patch: pytest.MonkeyPatch) -> None:
    """A shift may end, or a chair close, under a visit booked."""
    patch.setattr(cover, "stranded", lambda *args: {})


BREAKAGES: tuple[Breakage, ...] = (
    cancelling_forgets_the_holds,
    nobody_looks_again,
    a_no_show_keeps_its_time,
    a_suspension_changes_no_visit,
    old_messages_stay_due,
    the_clinic_changes_over_visits,
)
