"""Correcting a time that was stamped by the server and was not the true one. What was and why it changed is kept."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused, Stale
from scheduling.actions.noting import stage_at
from scheduling.actions.visit_locks import locked, record_of
from scheduling.models import AdverseEvent, Appointment, Dose, Pause, Reading, SideEffect, TimeCorrection, VisitRecord
from scheduling.when import time_words

Stamp = TimeCorrection.Stamp
#: The column of VisitRecord for each stamp, in the order in which they happen.
COLUMNS: dict[str, str] = {
    Stamp.ARRIVED: "arrived_at",
    Stamp.STARTED: "started_at",
    Stamp.RECOVERY: "recovery_at",
    Stamp.ENDED: "ended_at",
}
Timed = Reading | Dose | SideEffect | AdverseEvent | Pause
#: Where the time of each other stamp stands: the rows of a visit, and their column.
NOTES: dict[str, tuple[type[Timed], str]] = {
    Stamp.READING: (Reading, "at"),
    Stamp.DOSE: (Dose, "at"),
    Stamp.EFFECT: (SideEffect, "at"),
    Stamp.EVENT: (AdverseEvent, "at"),
    Stamp.TOLD: (AdverseEvent, "told_at"),
    Stamp.PAUSED: (Pause, "since"),
    Stamp.RESUMED: (Pause, "until"),
}


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
    _check_pauses(record, list(visit.pauses.order_by("since")))
    record.save(update_fields=[COLUMNS[stamp]])
    set_stages(visit, record)


def _set_note(visit: Appointment, stamp: str, note_id: UUID | None, before: datetime, after: datetime) -> None:
    note = note_of(visit, stamp, note_id)
    column = NOTES[stamp][1] if stamp in NOTES else ""
    _check_unchanged(visit, getattr(note, column) if note is not None else None, before, stamp, note_id)
    if note is None:
        return
    setattr(note, column, after)
    if isinstance(note, Pause):
        others = visit.pauses.exclude(pk=note.pk)
        _check_pauses(record_of(visit), sorted([*others, note], key=lambda one: one.since))
    if isinstance(note, AdverseEvent) and note.told_at is not None and note.told_at < note.at:
        raise Refused(
            "A doctor is told of what has happened already: that time would turn the two around. Nothing was changed; "
            "correct the other one first.",
            field="time",
        )
    note.save(update_fields=[column])
    if isinstance(note, Reading):
        _set_stage(note, record_of(visit))


def note_of(visit: Appointment, stamp: str, note_id: UUID | None) -> Timed | None:
    """The row of the visit that a stamp other than those of its record belongs to; None where there is none."""
    if stamp not in NOTES or note_id is None:
        return None
    return NOTES[stamp][0]._default_manager.filter(appointment=visit, pk=note_id).first()


def set_stages(visit: Appointment, record: VisitRecord) -> None:
    """Say of every reading of the visit anew in which part of it it was taken."""
    for reading in visit.readings.all():
        _set_stage(reading, record)


def _set_stage(reading: Reading, record: VisitRecord) -> None:
    """Whether it was taken before, during or after the drip, by the times as they are now."""
    stage = stage_at(record, reading.at)
    if stage != reading.stage:
        reading.stage = stage
        reading.save(update_fields=["stage"])


def _check_pauses(record: VisitRecord, pauses: Sequence[Pause]) -> None:
    """Each pause lies within the drip and ends before the next one begins."""
    edges = [one for pause in pauses for one in (pause.since, pause.until)]
    known = [one for one in (record.started_at, *edges, record.recovery_at or record.ended_at) if one is not None]
    if pauses and any(later < earlier for earlier, later in pairwise(known)):
        raise Refused(
            "A pause lies between the start and the end of the drip, and before the next pause: that time would turn "
            "them around. Nothing was changed; correct the others first.",
            field="time",
        )


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
