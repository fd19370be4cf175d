"""At which visit something may be noted, when it was, and in which part of the visit that lies."""

from datetime import datetime

from clinic import clock
from clinic.errors import Refused, WrongStatus
from scheduling.actions.visit_locks import locked
from scheduling.models import Appointment, Reading, VisitRecord
from scheduling.when import time_words

Status = Appointment.Status


def here(appointment: Appointment) -> Appointment:
    """The visit under its patient's lock, when the patient is or was here. Raises WrongStatus before the arrival."""
    visit = locked(appointment)
    if visit.status not in {Status.ARRIVED, Status.FULFILLED}:
        raise WrongStatus(
            f"This visit is “{visit.get_status_display()}”. Record the arrival first; what you typed is kept."
        )
    return visit


def moment_of(visit: Appointment, record: VisitRecord, at: datetime | None, *, in_the_visit: bool = False) -> datetime:
    """When what is noted was (UTC). While the patient is here it is now, stamped; of a visit that is over it is `at`
    (aware), since nobody is there to whom it happens now.

    `in_the_visit`: it cannot have been after the patient left. Raises Refused with the field `at` for a visit that is
    over and no time, or for a time that cannot be true; to the minute, as it is typed.
    """
    now = clock.now()
    if at is None:
        if record.ended_at is not None:
            raise Refused("This visit is over: say at what time that was. Nothing was saved.", field="at")
        return now
    zone = visit.site.zone
    if at > now:
        raise Refused("That time has not come yet. Nothing was saved.", field="at")
    if record.arrived_at is not None and at < _minute(record.arrived_at):
        came = time_words(record.arrived_at, zone)
        raise Refused(f"The patient came at {came}: that time is before it. Nothing was saved.", field="at")
    if in_the_visit and record.ended_at is not None and at > record.ended_at:
        left = time_words(record.ended_at, zone)
        raise Refused(f"The patient left at {left}: that time is after it. Nothing was saved.", field="at")
    return at


def stage_at(record: VisitRecord, at: datetime) -> Reading.Stage:
    """Whether `at` (aware) lies before, in or after the drip, by the visit's stamps so far."""
    if record.started_at is None or at < record.started_at:
        return Reading.Stage.BEFORE
    over = record.recovery_at or record.ended_at
    return Reading.Stage.DURING if over is None or at < over else Reading.Stage.AFTER


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
