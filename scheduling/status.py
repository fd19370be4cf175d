"""The one table along which the status of a visit moves (house rule 6). Who and when is on the audit trail, why in
`status_reason`.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import F

from clinic.errors import Stale, WrongStatus
from scheduling.models import Appointment, Ending

S = Appointment.Status

MOVES: dict[str, frozenset[str]] = {
    # Held for a doctor's clearance. Arrival is always recorded, so a held visit may arrive; the gate stands at the
    # start of the drip.
    S.PROPOSED: frozenset({S.BOOKED, S.ARRIVED, S.CANCELLED, S.NOSHOW}),
    # Back to proposed: a doctor suspends the patient, and the time stays held until the next decision.
    S.BOOKED: frozenset({S.PROPOSED, S.ARRIVED, S.CANCELLED, S.NOSHOW}),
    # Back to booked: the wrong patient was ticked as arrived.
    S.ARRIVED: frozenset({S.BOOKED, S.FULFILLED, S.CANCELLED}),
    # The patient came after all, late.
    S.NOSHOW: frozenset({S.ARRIVED}),
    S.FULFILLED: frozenset(),
    S.CANCELLED: frozenset(),
}
#: Statuses that close a visit, with the word that is meant when none is given.
ENDED: dict[str, str] = {S.FULFILLED: "", S.CANCELLED: Ending.CANCELLED, S.NOSHOW: Ending.NO_SHOW}
#: What happened to the time: these endings never count toward the series.
NEVER_COUNTS = frozenset({S.CANCELLED, S.NOSHOW})
_CHANGED = "Somebody else has just changed this visit. Nothing was saved; reload the page to see it."


def may_move(appointment: Appointment, to: str) -> bool:
    """Whether the table has a move from the visit's status to `to`."""
    return to in MOVES[appointment.status]


def move(
    appointment: Appointment, to: str, *, reason: str = "", ending: str = "", counts: bool | None = None
) -> Appointment:
    """Move the visit to status `to` and save it, with the word it ended with where `to` closes it.

    `ending` may be left out for cancelled and no-show, or be set on the visit beforehand; `counts` likewise (False
    for these two).
    Call it inside an action. Only the status columns are saved.

    Raises:
        WrongStatus: the table has no such move, or a visit is closed as fulfilled without a word for how it ended.
        Stale: the row's status is no longer the one that the visit was loaded with.
    """
    before = appointment.status
    values = _values(appointment, to, reason, ending, counts)
    if not Appointment.objects.filter(pk=appointment.pk, status=before).update(**values):
        raise Stale(_CHANGED)
    for name, value in values.items():
        setattr(appointment, name, value)
    return appointment


def move_all(appointments: Sequence[Appointment], to: str, *, reason: str = "") -> None:
    """Move several visits to the status `to` as `move` does, their versions counting it; two statements at the most for
    those that are held and those that are booked, however many. For a status that says itself how a visit ended.

    Raises:
        WrongStatus, Stale: as `move`; then none of them is moved, once the caller's transaction is rolled back.
    """
    by_status: dict[str, list[Appointment]] = defaultdict(list)
    for one in appointments:
        by_status[one.status].append(one)
    for before, some in by_status.items():
        values = _values(some[0], to, reason, "", None)
        same = Appointment.objects.filter(pk__in=[one.pk for one in some], status=before)
        if same.update(**values, version=F("version") + 1) != len(some):
            raise Stale(_CHANGED)
        for one in some:
            one.version += 1
            for name, value in values.items():
                setattr(one, name, value)


def _values(appointment: Appointment, to: str, reason: str, ending: str, counts: bool | None) -> dict[str, Any]:
    """What a visit's columns become when it moves to `to`. Raises WrongStatus."""
    if not may_move(appointment, to):
        raise WrongStatus(
            f"This visit is “{S(appointment.status).label}” and cannot become “{S(to).label}”. Nothing was changed; "
            "reload the page to see how it stands."
        )
    values: dict[str, Any] = {"status": to, "status_reason": reason, "ending": "", "counts": None}
    if to in ENDED:
        values["ending"] = ending or ENDED[to] or appointment.ending
        values["counts"] = False if to in NEVER_COUNTS else (appointment.counts if counts is None else counts)
        if not values["ending"]:
            raise WrongStatus("Say how the visit ended before it is closed.", field="ending")
    return values
