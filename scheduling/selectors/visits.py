"""Reads about visits under way: a site's day by phase, and where a visit was planned to take place. Queries do not grow
with the visits.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import Q, QuerySet

from clinic import clock
from clinic.models import CHAIRS, Resource, Site, StaffMember, User
from clinic.permissions import Role
from scheduling.models import Appointment, Hold, Phase, VisitRecord
from scheduling.selectors.at_the_chair import paused_for

Status = Appointment.Status


class VisitPhase(StrEnum):
    """Where a patient is in the visit, by the facts recorded."""

    EXPECTED = "expected"
    HERE = "here"
    INFUSING = "infusing"
    RECOVERING = "recovering"
    DONE = "done"


#: The phases that may not last longer than planned; to recover longer than the least time is no delay.
OVERDUE = (VisitPhase.EXPECTED, VisitPhase.HERE, VisitPhase.INFUSING)
#: Visits of earlier days that the nurses' list shows at once; the next ones come up as these are closed.
MOST = 10
#: What belongs to a visit wherever it is shown as it goes on.
SHOWN = (
    "site",
    "patient",
    "series",
    "practitioner",
    "protocol_version__protocol",
    "record__chair",
    "record__nurse",
    "ride__companion",
)


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One visit of the day as the nurse's list shows it. `is_earlier`: of a day before. `due` is the moment (UTC) at
    which the present phase should be over, where one is known.
    """

    visit: Appointment
    record: VisitRecord | None
    phase: VisitPhase
    chair: str
    due: datetime | None
    late: bool
    is_earlier: bool


def record_or_none(visit: Appointment) -> VisitRecord | None:
    """The visit's facts, if any are recorded."""
    return getattr(visit, "record", None)


def phase_of(visit: Appointment) -> VisitPhase:
    """Where the patient is now. A cancelled visit is done; one whose patient came after a no-show follows its facts
    again.
    """
    if visit.status in {Status.FULFILLED, Status.CANCELLED, Status.NOSHOW}:
        return VisitPhase.DONE
    record = record_or_none(visit)
    if record is None or visit.status != Status.ARRIVED:
        return VisitPhase.EXPECTED
    if record.recovery_at is not None:
        return VisitPhase.RECOVERING
    return VisitPhase.INFUSING if record.started_at is not None else VisitPhase.HERE


def phase_due(visit: Appointment) -> datetime | None:
    """When the present phase should be over (UTC): the start for who is expected or here, the protocol's minutes after
    the stamp for the others; what a drip stood still comes on top.
    """
    phase, record = phase_of(visit), record_or_none(visit)
    if phase in {VisitPhase.EXPECTED, VisitPhase.HERE}:
        return visit.starts
    if record is None or phase is VisitPhase.DONE:
        return None
    if phase is VisitPhase.RECOVERING and record.recovery_at is not None:
        return record.recovery_at + minutes_of(visit, Phase.Kind.RECOVER)
    if record.started_at is not None:
        stood_still = paused_for(visit.pauses.all())
        return record.started_at + minutes_of(visit, Phase.Kind.INFUSE, Phase.Kind.TALK) + stood_still
    return None


def minutes_of(visit: Appointment, *kinds: Phase.Kind) -> timedelta:
    """How long the phases of these kinds take by the visit's protocol version; nothing where it has none."""
    return timedelta(minutes=sum(phase.minutes for phase in visit.protocol_version.phases.all() if phase.kind in kinds))


def reading_due(visit: Appointment) -> datetime | None:
    """When the next reading is due (UTC), counted from the newest or from the start; None where the protocol does not
    say, or the patient is not under way.
    """
    every, record = visit.protocol_version.reading_every_minutes, record_or_none(visit)
    under_way = phase_of(visit) in {VisitPhase.INFUSING, VisitPhase.RECOVERING}
    if every is None or not under_way or record is None or record.started_at is None:
        return None
    taken = [one.at for one in visit.readings.all() if one.struck_at is None]
    return max([record.started_at, *taken]) + timedelta(minutes=every)


def has_phase(visit: Appointment, kind: Phase.Kind) -> bool:
    """Whether the visit's protocol version has a phase of that kind."""
    return any(phase.kind == kind for phase in visit.protocol_version.phases.all())


def day_by_phase(user: User, site: Site, day: date) -> dict[VisitPhase, list[VisitRow]]:
    """The visits of the local `day` at `site` that the user may see, by phase and planned start; cancelled ones are
    left out.

    Visits of earlier days whose patient never left, by the record, are among them: nobody is forgotten because midnight
    has passed.
    """
    first, last = clock.day_bounds(day, site.zone)
    visits = list(
        Appointment.objects.for_user(user)
        .filter(site=site)
        .filter(Q(starts__gte=first, starts__lt=last) | Q(starts__lt=first, status=Status.ARRIVED))
        .exclude(status=Status.CANCELLED)
        .select_related(*SHOWN)
        .prefetch_related("protocol_version__phases", "pauses", "readings", "questions")
        .order_by("starts", "patient__family_name")
    )
    chairs = _planned_chairs(visits)
    now = clock.now()
    rows: dict[VisitPhase, list[VisitRow]] = {phase: [] for phase in VisitPhase}
    for visit in visits:
        record, phase, due = record_or_none(visit), phase_of(visit), phase_due(visit)
        chair = record.chair.name if record is not None and record.chair is not None else chairs.get(visit.pk, "")
        rows[phase].append(
            VisitRow(
                visit,
                record,
                phase,
                chair,
                due,
                due is not None and due < now and phase in OVERDUE,
                visit.starts < first,
            )
        )
    return rows


def unclosed_at(site: Site, today: date) -> list[Appointment]:
    """Visits of days before the local date `today` that are still expected, oldest first: nobody has said what came of
    them. Who was here and never left by the record is among the visits under way (day_by_phase).
    """
    expected = Appointment.objects.unclosed({site: today}).exclude(status=Status.ARRIVED)
    return list(expected.select_related("site", "patient", "series", "practitioner").order_by("starts", "pk")[:MOST])


def planned_chair(appointment: Appointment) -> Resource | None:
    """The chair that the visit holds; None for a visit that needs none, or holds nothing any more."""
    return Resource.objects.chairs().filter(holds__appointment=appointment).order_by("holds__start_cell").first()


def planned_nurse(appointment: Appointment) -> StaffMember | None:
    """The nurse who was planned to start the drip: whose hands, else whose watch, the visit holds first. None where no
    nurse is planned.
    """
    return (
        StaffMember.objects.with_role(Role.NURSE)
        .filter(resource__holds__appointment=appointment)
        .order_by("resource__holds__start_cell", "resource__holds__first_unit")
        .first()
    )


def doctors_at(site: Site) -> QuerySet[StaffMember]:
    """The doctors who work at the site, by name."""
    return StaffMember.objects.with_role(Role.DOCTOR).filter(sites=site).order_by("name")


def _planned_chairs(visits: list[Appointment]) -> dict[UUID, str]:
    """The name of the chair that each visit holds, by the visit's id; one query."""
    holds = (
        Hold.objects.filter(appointment__in=visits, resource__kind__in=CHAIRS)
        .order_by("-start_cell")
        .values_list("appointment_id", "resource__name")
    )
    return {appointment_id: name for appointment_id, name in holds if appointment_id is not None}
