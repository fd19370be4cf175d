"""A visit that nobody had booked and that is entered afterwards, the same day or later: its real times, how it ended,
and what was missing.

Facts are recorded, not refused: a drip that ran without a clearance or a consent is written down as such, with the
reason. Nothing is made to look as if it had been entered in time: the row says when it was, and why only then.
"""

from datetime import date
from uuid import UUID

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site
from clinic.permissions import Permission
from patients.models import Patient
from scheduling import status
from scheduling.actions import course_writing, placing
from scheduling.actions.happened import (
    Happened,
    check_ending,
    check_gates,
    check_times,
    entered_afterwards,
    hand_over,
    tell,
)
from scheduling.actions.once import earlier_result, keep_result
from scheduling.actions.single import new_row
from scheduling.endings import RULES, counts
from scheduling.models import Appointment, VisitRecord
from scheduling.selectors.rest import rest_of
from scheduling.selectors.series_rules import date_words, local_day
from scheduling.selectors.shapes import visit_shape
from scheduling.selectors.singles import Single
from scheduling.when import time_words

Status, Kind = Appointment.Status, Appointment.Kind
#: A day longer ago than this is a slip of the pen.
MOST_DAYS = 31


@action
def enter_past_visit(
    *, by: Actor, patient: Patient, site: Site, single: Single, happened: Happened, key: UUID
) -> Appointment:
    """Write down a visit of today, or of a day not long ago, that is over. It holds no time; of a visit of today the
    patient is sent what to do afterwards, as after any other. The same key enters it once.

    Raises:
        Refused: with the field at fault: no reason, times that are not of one day or out of order, an ending that the
            times contradict, nobody named who took the patient home or which doctor was told, a start without
            clearance or consent and no word about it, or another visit of the patient's at that time.
        NotAllowed: an infusion entered by somebody who does not run visits.
    """
    placing.check_may(by, Permission.BOOK if single.is_consult else Permission.RUN_VISIT)
    done = earlier_result(key, "enter_past_visit", by)
    if done is not None:
        return Appointment.objects.select_related("site", "patient").get(pk=done["appointment"])
    reason = entered_afterwards(happened.reason)
    day = local_day(happened.arrived, site)
    _check_day(site, day)
    check_times(site, day, happened)
    placing.take_locks(site, patient, [day], visit_shape(single.version))
    patient.refresh_from_db()
    _check_no_other(patient, happened)
    check_ending(single.version, happened, is_consult=single.is_consult)
    check_gates(patient, site, single.version, happened)
    _check_number(single)
    made = _written(by, patient, site, single, happened, reason)
    keep_result(key, appointment=str(made.pk))
    return made


def _check_day(site: Site, day: date) -> None:
    if (clock.today(site.zone) - day).days > MOST_DAYS:
        raise Refused(
            f"{date_words(day)} is more than {MOST_DAYS} days ago. Nothing was written; look at the day again.",
            field="day",
        )


def _check_no_other(patient: Patient, happened: Happened) -> None:
    other = (
        Appointment.objects.blocking()
        .filter(patient=patient, starts__lt=happened.ended, ends__gt=happened.arrived)
        .select_related("site")
        .first()
    )
    if other is not None:
        raise Refused(
            f"{patient.name} has a visit at {time_words(other.starts, other.site.zone)} on that day. Nothing was "
            "written: record the times and the ending there.",
            code="patient_busy",
        )


def _check_number(single: Single) -> None:
    """An infusion more than the doctor ordered must never come from bookkeeping."""
    if single.series is not None and single.kind == Kind.INFUSION and not rest_of(single.series, clock.now()).missing:
        raise Refused(
            "All infusions of this series are given or booked. Nothing was written: record it on the visit that it "
            "was, or cancel that one first.",
            field="what",
            code="too_many",
        )


def _written(by: Actor, patient: Patient, site: Site, single: Single, happened: Happened, reason: str) -> Appointment:
    starts = clock.of_cell(clock.cell(happened.started or happened.arrived))
    ends = max(clock.of_cell(clock.cell_up(happened.ended)), starts + clock.CELL)
    visit = new_row(by, patient, site, single, starts, ends, doctor=happened.doctor)
    visit.ends = ends
    visit.save(update_fields=["ends"])
    # Along the table like any other visit: here, then over.
    if visit.status == Status.PROPOSED or visit.status == Status.BOOKED:
        status.move(visit, Status.ARRIVED)
    started = happened.started is not None
    VisitRecord.objects.create(
        appointment=visit,
        arrived_at=happened.arrived,
        started_at=happened.started,
        recovery_at=happened.recovery,
        ended_at=happened.ended,
        chair=happened.chair,
        nurse=happened.nurse,
        handed_to=happened.handed_to,
        handed_to_name=happened.handed_to.name if happened.handed_to is not None else "",
        doctor_told=happened.doctor_told,
        note=happened.whole_note,
    )
    status.move(
        visit,
        RULES[happened.ending].status,
        ending=happened.ending,
        counts=counts(visit, started=started),
        reason=reason,
    )
    if single.series is not None and single.kind == Kind.INFUSION:
        course_writing.number_anew(single.series, Kind.INFUSION, clock.now())
    hand_over(visit, happened)
    tell(visit, happened)
    return visit
