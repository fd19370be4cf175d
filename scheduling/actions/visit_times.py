"""Correcting a time that was stamped by the server and was not the true one. What was and why it changed is kept."""

from datetime import datetime
from itertools import pairwise
from uuid import UUID

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused, Stale
from scheduling.actions.visit_locks import locked, record_of
from scheduling.models import Appointment, Dose, Reading, TimeCorrection, VisitRecord
from scheduling.models.noted import Noted
from scheduling.when import time_words

Stamp = TimeCorrection.Stamp
#: The column of VisitRecord for each stamp, in the order in which they happen.
COLUMNS: dict[str, str] = {
    Stamp.ARRIVED: "arrived_at",
    Stamp.STARTED: "started_at",
    Stamp.RECOVERY: "recovery_at",
    Stamp.ENDED: "ended_at",
}
NOTES: dict[str, type[Noted]] = {Stamp.READING: Reading, Stamp.DOSE: Dose}


@action
def correct_time(
    *,
    by: Actor,
    appointment: Appointment,
    stamp: str,
    before: datetime,
    after: datetime,
    reason: str,
    note_id: UUID | None = None,
) -> TimeCorrection:
    """Set a stamped time right: `before` is what the page showed, `after` what is true (both aware). No hold changes.

    Raises Refused without a reason, for a time to come, one that turns the order of the visit around, or a stamp that
    the visit does not have; Stale when somebody else has corrected it meanwhile.
    """
    if not reason.strip():
        raise Refused("Say why the time is corrected; it is kept with the old one.", field="reason")
    if after > clock.now():
        raise Refused("That time has not come yet. Nothing was changed.", field="time")
    visit = locked(appointment)
    if stamp in COLUMNS:
        _set_stamp(visit, stamp, before, after)
    else:
        _set_note(visit, stamp, note_id, before, after)
    return TimeCorrection.objects.create(
        appointment=visit,
        stamp=stamp,
        note_id=note_id,
        before=before,
        after=after,
        reason=reason.strip(),
        corrected_at=clock.now(),
        corrected_by=by.user,
    )


def _set_stamp(visit: Appointment, stamp: str, before: datetime, after: datetime) -> None:
    record = record_of(visit)
    _check_unchanged(visit, getattr(record, COLUMNS[stamp]), before, stamp)
    setattr(record, COLUMNS[stamp], after)
    _check_order(record)
    record.save(update_fields=[COLUMNS[stamp]])


def _set_note(visit: Appointment, stamp: str, note_id: UUID | None, before: datetime, after: datetime) -> None:
    note = None
    if stamp in NOTES and note_id is not None:
        note = NOTES[stamp]._default_manager.filter(appointment=visit, pk=note_id).first()
    _check_unchanged(visit, note.at if note is not None else None, before, stamp, note_id)
    if note is not None:
        note.at = after
        note.save(update_fields=["at"])


def _check_unchanged(
    visit: Appointment, now: datetime | None, before: datetime, stamp: str, note_id: UUID | None = None
) -> None:
    if now is None:
        raise Refused("This visit has no such time. Open the page again; nothing was changed.")
    if now == before:
        return
    last = TimeCorrection.objects.filter(appointment=visit, stamp=stamp, note_id=note_id).last()
    who = last.corrected_by.get_full_name() if last is not None and last.corrected_by is not None else "Somebody else"
    raise Stale(
        f"{who} has corrected this time meanwhile: it is {time_words(now, visit.site.zone)} now. Nothing was changed."
    )


def _check_order(record: VisitRecord) -> None:
    times = [getattr(record, column) for column in COLUMNS.values()]
    known = [one for one in times if one is not None]
    if any(later < earlier for earlier, later in pairwise(known)):
        raise Refused(
            "Arrival, start, recovery and end come one after the other: that time would turn them around. Nothing was "
            "changed; correct the others first.",
            field="time",
        )
