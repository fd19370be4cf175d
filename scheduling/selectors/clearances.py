"""The doctor's queue: who waits for a decision about treatment, and who is at a chair and cannot start. Queries do not
grow with the rows.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypedDict, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import (
    Case,
    Count,
    DateTimeField,
    Exists,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django_stubs_ext import WithAnnotations

from clinic import clock
from clinic.models import User
from patients.models import Clearance, Flag, Patient, Screening
from patients.selectors import home_zone
from scheduling.models import Appointment, Question, Ride
from scheduling.selectors.local_days import local_date

NO = (Clearance.Decision.REFUSED, Clearance.Decision.SUSPENDED)
#: The day of a visit on the calendar of its site.
_LOCAL_DAY = local_date(F("starts"), "site__time_zone")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One patient who waits for a decision. `next_visit` is the first visit that no clearance covers, else the next
    one of any kind, a consult too (None: none booked), `since` when the waiting began (both UTC).
    """

    patient: Patient
    zone: ZoneInfo
    why: list[str]
    next_visit: Appointment | None
    since: datetime


class Facts(TypedDict):
    """What `_with_facts` annotates."""

    last_decision: str | None
    last_decided_at: datetime | None
    screened_at: datetime | None
    flags_waiting: int | None
    flags_newest: datetime | None


if TYPE_CHECKING:
    KnownPatient = WithAnnotations[Patient, Facts]


def waiting_clearances(user: User) -> list[Waiting]:
    """The user's patients who need a doctor's decision: nearest first visit on top, then whoever has waited longest.

    A decision is needed for a booked visit that no clearance covers, for answers newer than the last decision, for
    findings newer than a yes, and where a doctor asked for more. Refused or suspended patients wait only when something
    new has come. Somebody imported who has neither answered nor booked does not wait.
    """
    uncovered = _first_of_each(_uncovered(_to_come(user).filter(protocol_version__needs_clearance=True)))
    concerned = _concerned(Patient.objects.for_user(user).living(), uncovered)
    patients = list(_with_facts(concerned).prefetch_related("sites"))
    if not patients:
        return []
    others = _first_of_each(_to_come(user).filter(patient__in=[one.pk for one in patients if one.pk not in uncovered]))
    found = [_row(one, uncovered.get(one.pk), others.get(one.pk)) for one in patients]
    rows = [row for row in found if row is not None]
    never = datetime.max.replace(tzinfo=UTC)
    return sorted(rows, key=lambda row: (row.next_visit.starts if row.next_visit else never, row.since))


def left_out(clearance: Clearance) -> list[Appointment]:
    """The visits to come that lie after the last day of this yes, nearest first; none of a decision that is no yes."""
    if not clearance.is_yes:
        return []
    visits = Appointment.objects.blocking().filter(
        patient=clearance.patient_id, starts__gt=clock.now(), protocol_version__needs_clearance=True
    )
    beyond = visits.alias(day=_LOCAL_DAY).filter(day__gt=clearance.valid_until)
    return list(beyond.select_related("site", "series").order_by("starts"))


def blocked_here(user: User) -> list[Appointment]:
    """Patients who are here and cannot start for want of a companion: a doctor can waive it. Longest waiting first.

    Those about whom a doctor was asked are among the questions (selectors/asked.py) instead.
    """
    found = blocked_visits(user).select_related("patient", "site", "record", "ride__companion")
    return list(found.order_by("record__arrived_at"))


def blocked_visits(user: User) -> QuerySet[Appointment]:
    """The visits of `blocked_here`, to be counted."""
    asked = Question.objects.waiting().filter(about=Question.About.RIDE)
    settled = [*Ride.SETTLED, Ride.Status.WAIVED]
    return (
        Appointment.objects.for_user(user)
        .filter(status=Appointment.Status.ARRIVED, record__started_at=None, protocol_version__needs_ride=True)
        .exclude(ride__status__in=settled)
        .exclude(pk__in=asked.values("appointment"))
    )


def _concerned(patients: QuerySet[Patient], uncovered: Collection[UUID]) -> QuerySet[Patient]:
    """Those of `patients` who could wait: whoever else is here is told apart by sets of ids, and nothing is worked out
    for them.
    """
    decided_since = Clearance.objects.filter(patient=OuterRef("patient"), decided_at__gte=OuterRef("answered_at"))
    answered = Screening.objects.exclude(Exists(decided_since))
    asked_for_more = Clearance.objects.filter(decision=Clearance.Decision.MORE)
    found = Flag.objects.filter(decided_in=None, withdrawn_at=None)
    return patients.filter(
        Q(pk__in=uncovered)
        | Q(pk__in=answered.order_by().values("patient"))
        | Q(pk__in=asked_for_more.order_by().values("patient"))
        | Q(pk__in=found.order_by().values("patient")) & Q(pk__in=Clearance.objects.order_by().values("patient"))
    )


def _with_facts(patients: QuerySet[Patient]) -> "QuerySet[KnownPatient]":
    """Each patient with the last decision, the last screening, and the flags nobody decided about."""
    last = Clearance.objects.filter(patient=OuterRef("pk")).order_by("-decided_at")
    screened = Screening.objects.filter(patient=OuterRef("pk")).order_by("-answered_at")
    new_flags = (
        Flag.objects.filter(patient=OuterRef("pk"), decided_in=None, withdrawn_at=None)
        .order_by()
        .values("patient")
        .annotate(how_many=Count("pk"), newest=Max("found_at"))
    )
    found = patients.annotate(
        last_decision=Subquery(last.values("decision")[:1]),
        last_decided_at=Subquery(last.values("decided_at")[:1], output_field=DateTimeField()),
        screened_at=Subquery(screened.values("answered_at")[:1], output_field=DateTimeField()),
        flags_waiting=Subquery(new_flags.values("how_many")[:1]),
        flags_newest=Subquery(new_flags.values("newest")[:1], output_field=DateTimeField()),
    )
    return cast("QuerySet[KnownPatient]", found)


def _to_come(user: User) -> QuerySet[Appointment]:
    """Visits to come at the user's sites, and those of today that have not started."""
    return Appointment.objects.for_user(user).filter(
        Q(starts__gte=clock.now()) | Q(status=Appointment.Status.ARRIVED, record__started_at=None),
        status__in=Appointment.BLOCKING,
    )


def _uncovered(visits: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """Those that the last decision about the patient does not cover on the local day."""
    last = Clearance.objects.filter(patient=OuterRef("patient")).order_by("-decided_at")
    covered = last.annotate(until=Case(When(decision__in=Clearance.YES, then="valid_until")))
    known = visits.alias(covered_until=Subquery(covered.values("until")[:1]), day=_LOCAL_DAY)
    return known.filter(Q(covered_until=None) | Q(covered_until__lt=F("day")))


def _first_of_each(visits: QuerySet[Appointment]) -> dict[UUID, Appointment]:
    """The first one of each patient, by the patient's id. One query."""
    first = visits.select_related("site").order_by("patient_id", "starts").distinct("patient_id")
    return {visit.patient_id: visit for visit in first}


def _row(patient: "KnownPatient", uncovered: Appointment | None, other: Appointment | None) -> Waiting | None:
    """Why this patient waits; None for one who does not. `other`: the next visit where each one is covered."""
    decision, decided_at = patient.last_decision, patient.last_decided_at
    why: list[str] = []
    since: list[datetime] = []
    if patient.screened_at is not None and (decided_at is None or patient.screened_at > decided_at):
        why.append("screening answered")
        since.append(patient.screened_at)
    if decided_at is not None and patient.flags_waiting and patient.flags_newest is not None:
        # What a doctor who asked for more has read is no news, and still waits.
        word = "new" if patient.flags_newest > decided_at else "open"
        why.append(f"one {word} finding" if patient.flags_waiting == 1 else f"{patient.flags_waiting} {word} findings")
        since.append(patient.flags_newest)
    if decision == Clearance.Decision.MORE and decided_at is not None:
        why.append("more information was asked for")
        since.append(decided_at)
    elif uncovered is not None and decision not in NO:
        why.append("never cleared" if decision is None else "the clearance ends before a booked visit")
        since.append(decided_at or uncovered.created_at)
    if not why:
        return None
    return Waiting(patient, home_zone(patient), why, uncovered or other, min(since))
