"""A visit that happened earlier today and is entered afterwards: its real times, how it ended, and what was missing.

Facts are recorded, not refused: a drip that ran without a clearance or a consent is written down as such, with the
reason. Nothing is made to look as if it had been entered in time: the row says when it was, and why only then.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Resource, Site, StaffMember
from clinic.permissions import Permission
from patients.models import Contact, Patient
from patients.selectors import standing
from scheduling import status
from scheduling.actions import course_writing, placing, rides
from scheduling.actions.once import earlier_result, keep_result
from scheduling.actions.single import new_row
from scheduling.endings import DISCHARGED, RULES, counts
from scheduling.messages import ledger
from scheduling.models import Appointment, Ending, VisitRecord
from scheduling.selectors.drivers import why_not
from scheduling.selectors.rest import rest_of
from scheduling.selectors.series_rules import local_day
from scheduling.selectors.shapes import visit_shape
from scheduling.selectors.singles import Single
from scheduling.when import time_words

Status, Kind = Appointment.Status, Appointment.Kind


@dataclass(frozen=True, slots=True)
class Happened:
    """What is known about the visit. Times are aware; `started` and `recovery` are empty where nothing was started.

    `without`: why it was started without a valid clearance or consent; `reason`: why it is entered only now.
    """

    arrived: datetime
    ended: datetime
    ending: Ending
    reason: str
    started: datetime | None = None
    recovery: datetime | None = None
    doctor: StaffMember | None = None
    nurse: StaffMember | None = None
    chair: Resource | None = None
    handed_to: Contact | None = None
    doctor_told: StaffMember | None = None
    without: str = ""
    note: str = ""

    @property
    def times(self) -> list[tuple[str, datetime]]:
        """The fields with their times, in the order in which they happen."""
        given = [
            ("arrived", self.arrived),
            ("started", self.started),
            ("recovery", self.recovery),
            ("ended", self.ended),
        ]
        return [(name, moment) for name, moment in given if moment is not None]


@action
def enter_past_visit(
    *, by: Actor, patient: Patient, site: Site, single: Single, happened: Happened, key: UUID
) -> Appointment:
    """Write down a visit of today that is over. It holds no time; the patient is sent what to do afterwards, as after
    any other. The same key enters it once.

    Raises:
        Refused: with the field at fault: no reason, times that are not of today or out of order, an ending that the
            times contradict, nobody named who took the patient home or which doctor was told, a start without
            clearance or consent and no word about it, or another visit of the patient's at that time.
        NotAllowed: an infusion entered by somebody who does not run visits.
    """
    placing.check_may(by, Permission.BOOK if single.is_consult else Permission.RUN_VISIT)
    done = earlier_result(key, "enter_past_visit", by)
    if done is not None:
        return Appointment.objects.select_related("site", "patient").get(pk=done["appointment"])
    _check_words(happened)
    _check_times(site, happened)
    placing.take_locks(site, patient, [local_day(happened.arrived, site)], visit_shape(single.version))
    patient.refresh_from_db()
    _check_no_other(patient, happened)
    _check_ending(single, happened)
    _check_gates(patient, site, single, happened)
    _check_number(single)
    made = _written(by, patient, site, single, happened)
    keep_result(key, appointment=str(made.pk))
    return made


def _check_words(happened: Happened) -> None:
    if not happened.reason.strip():
        raise Refused("Say why the visit is entered only now; it is kept with it.", field="reason")


def _check_times(site: Site, happened: Happened) -> None:
    now, before = clock.now(), None
    for name, moment in happened.times:
        if moment > now:
            raise Refused("That time has not come yet. Nothing was written.", field=name)
        if local_day(moment, site) != local_day(now, site):
            raise Refused("Only a visit of today is entered here. Nothing was written.", field=name)
        if before is not None and moment < before:
            raise Refused(
                f"{time_words(moment, site.zone)} comes before {time_words(before, site.zone)}, the time above it. "
                "Nothing was written; correct one of them.",
                field=name,
            )
        before = moment


def _check_no_other(patient: Patient, happened: Happened) -> None:
    other = (
        Appointment.objects.blocking()
        .filter(patient=patient, starts__lt=happened.ended, ends__gt=happened.arrived)
        .select_related("site")
        .first()
    )
    if other is not None:
        raise Refused(
            f"{patient.name} has a visit at {time_words(other.starts, other.site.zone)} today. Nothing was written: "
            "record the times and the ending there.",
            code="patient_busy",
        )


def _check_ending(single: Single, happened: Happened) -> None:
    ending, rule = happened.ending, RULES[happened.ending]
    if ending in {Ending.NO_SHOW, Ending.CANCELLED}:
        raise Refused("A visit that did not take place is not entered here. Nothing was written.", field="ending")
    if rule.tells_doctor and happened.doctor_told is None:
        raise Refused("Name the doctor who was told. Nothing was written.", field="doctor_told")
    if single.is_consult:
        return
    if rule.after_start is True and happened.started is None:
        raise Refused(f"“{ending.label}” follows a start: say when it was. Nothing was written.", field="started")
    if rule.after_start is False and happened.started is not None:
        raise Refused(f"It was started, so it cannot be “{ending.label}”. Nothing was written.", field="ending")
    if ending in DISCHARGED and single.version.needs_ride and happened.handed_to is None:
        raise Refused(
            "Name the adult who took the patient home; if nobody did, the ending is “left alone against advice”. "
            "Nothing was written.",
            field="handed_to",
        )


def _check_gates(patient: Patient, site: Site, single: Single, happened: Happened) -> None:
    """What was missing when it was started is said, with the reason."""
    if happened.started is None or happened.without.strip():
        return
    missing = missing_then(patient, single, local_day(happened.started, site).isoformat())
    if missing:
        raise Refused(
            f"It was started without {' and '.join(missing)}. Say why; it is kept with the visit.", field="without"
        )


def missing_then(patient: Patient, single: Single, day: str) -> list[str]:
    """What was not valid on that local day (ISO) of all that the protocol asks for, in words."""
    known = standing(patient, datetime.fromisoformat(day).date())
    lacks = []
    if single.version.needs_clearance and known.clearance is None:
        lacks.append("a valid clearance")
    if single.version.needs_consent and known.consent is None:
        lacks.append("a valid consent")
    return lacks


def _check_number(single: Single) -> None:
    """An infusion more than the doctor ordered must never come from bookkeeping."""
    if single.series is not None and single.kind == Kind.INFUSION and not rest_of(single.series, clock.now()).missing:
        raise Refused(
            "All infusions of this series are given or booked. Nothing was written: record it on the visit that it "
            "was, or cancel that one first.",
            field="what",
            code="too_many",
        )


def _written(by: Actor, patient: Patient, site: Site, single: Single, happened: Happened) -> Appointment:
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
        note=_note(happened),
    )
    status.move(
        visit,
        RULES[happened.ending].status,
        ending=happened.ending,
        counts=counts(visit, started=started),
        reason=f"Entered afterwards: {happened.reason.strip()}",
    )
    if single.series is not None and single.kind == Kind.INFUSION:
        course_writing.number_anew(single.series, Kind.INFUSION, clock.now())
    _tell(visit, happened)
    return visit


def _note(happened: Happened) -> str:
    said = [happened.note.strip()]
    if happened.without.strip():
        said.append(f"Started without what was asked for: {happened.without.strip()}")
    return "\n".join(one for one in said if one)


def _tell(visit: Appointment, happened: Happened) -> None:
    if happened.handed_to is not None and visit.protocol_version.needs_ride:
        against = why_not(happened.handed_to, [visit])
        if against:
            raise Refused(against, field="handed_to")
        rides.picked_up(visit, happened.handed_to)
    if happened.ending == Ending.LEFT_AGAINST_ADVICE:
        ledger.announce_left_alone(visit)
    elif RULES[happened.ending].aftercare and visit.kind != Kind.CONSULT:
        ledger.announce_discharged(visit)
