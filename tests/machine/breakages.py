"""Guards taken away one at a time, as somebody might by mistake. The machine has to notice each."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from clinic import clock
from scheduling.actions import boosters, clearance, course_writing, cover, holds, offers, placing, rescue
from scheduling.messages import changes, ledger, rows
from scheduling.models import Offer, Series
from scheduling.planner.labels import Row, Stretch
from scheduling.planner.values import Taken
from scheduling.selectors import boosters as boosters_ahead
from scheduling.selectors import coverage, day_sheets, make_up, rest
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
    patch.setattr(changes, "retire", _nothing)


def the_clinic_changes_over_visits(patch: pytest.MonkeyPatch) -> None:
    """A shift may end, or a chair close, under a visit booked."""
    patch.setattr(cover, "stranded", lambda *args: {})


def a_yes_leaves_the_time_with_the_offer(patch: pytest.MonkeyPatch) -> None:
    """The visits of an offer taken up hold nothing themselves."""
    patch.setattr(offers, "_hand_over", _nothing)


def a_no_keeps_the_time(patch: pytest.MonkeyPatch) -> None:
    """What an offer held stays taken when the patient says no."""
    kept = SimpleNamespace(filter=lambda **given: SimpleNamespace(delete=_nothing))
    patch.setattr(offers, "Hold", SimpleNamespace(objects=kept))


def offers_never_end(patch: pytest.MonkeyPatch) -> None:
    """A yes is taken however late it comes."""
    fresh = offers._fresh

    def for_ever(offer: Offer) -> Any:
        found, order = fresh(offer)
        found.expires_at = max(found.expires_at, clock.now() + timedelta(minutes=1))
        return found, order

    patch.setattr(offers, "_fresh", for_ever)


def nobody_looks_at_broken_chairs(patch: pytest.MonkeyPatch) -> None:
    """The work list only knows when the site is closed."""
    patch.setattr(coverage._Present, "covers_on", lambda *args: True)


def a_closed_noon_is_open(patch: pytest.MonkeyPatch) -> None:
    """The work list only knows who and what is out."""
    patch.setattr(day_sheets.Presence, "is_open", lambda *args: True)


def a_rescue_seats_nobody(patch: pytest.MonkeyPatch) -> None:
    """New times are written, but not who serves them."""
    patch.setattr(cover, "write_seats", _nothing)


def every_move_is_told_by_itself(patch: pytest.MonkeyPatch) -> None:
    """A patient with three visits moved is told three times."""

    def tell(moved: rescue.Moved) -> None:
        for visit, old in moved:
            ledger.announce_moved(visit, old)

    patch.setattr(rescue, "_tell", tell)
    patch.setattr(changes, "_write", lambda row, concerns: rows.write(row))


def numbers_stay_as_they_were(patch: pytest.MonkeyPatch) -> None:
    """The first infusion keeps its number when it becomes the last."""
    patch.setattr(course_writing, "number_anew", _nothing)


def fixed_dates_move(patch: pytest.MonkeyPatch) -> None:
    """What a clerk kept fixed is like any other visit."""
    patch.setattr(rest.Rest, "is_fixed", lambda self, visit: False)


def a_lost_infusion_is_always_missing(patch: pytest.MonkeyPatch) -> None:
    """Each page of a lost infusion offers to make it up, whatever was made up already."""
    patch.setattr(make_up, "is_missing", lambda lost: True)


def the_next_boosters_hold_nothing(patch: pytest.MonkeyPatch) -> None:
    """Boosters that follow are written, and nobody keeps a chair for them."""
    book = boosters.book_next

    def without_holds(**given: Any) -> Any:
        with pytest.MonkeyPatch.context() as inside:
            inside.setattr(holds, "write", _nothing)
            return book(**given)

    patch.setattr(boosters, "book_next", without_holds)


def the_program_forgets_what_it_booked(patch: pytest.MonkeyPatch) -> None:
    """Each look books what is to follow once more, however many boosters are ahead."""
    patch.setattr(boosters_ahead.Standing, "to_plan", property(lambda self: 1))
    patch.setattr(boosters, "to_roll_on", lambda: Series.objects.filter(status="active", stage="maintenance"))


#: Those that the search by chance finds within a few examples; for the others there are stories.
BREAKAGES: tuple[Breakage, ...] = (cancelling_forgets_the_holds, nobody_looks_again, old_messages_stay_due)
