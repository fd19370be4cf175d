"""Answers about self-harm that no clinician has acknowledged, and questionnaires of which they are not known."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from clinic import clock
from clinic.models import Site, User
from patients.models import Observation, Patient, SafetyAlert
from patients.questionnaires import cannot_do_without_item_nine
from patients.selectors import home_zone, totals_without_answers

#: How long a PHQ-9 that came as a total only stands on the doctor's list; on the patient's pages it stands on.
FRESH = timedelta(days=14)


def alerts_waiting(user: User) -> list[SafetyAlert]:
    """Those of the user's sites, the oldest first."""
    return list(waiting_alerts(user).select_related("patient", "site", "assigned_to").order_by("raised_at"))


def waiting_alerts(user: User) -> QuerySet[SafetyAlert]:
    """The rows of `alerts_waiting`, to be counted."""
    return SafetyAlert.objects.filter(acknowledged_at=None, site__in=Site.objects.for_user(user))


@dataclass(frozen=True, slots=True)
class Told:
    """One member of staff who was written to about an alert: how often a mail went out, when the newest was due (UTC),
    and why that one is not sent yet (empty: it is, or is about to be).
    """

    name: str
    sent: int
    newest_at: datetime
    problem: str


def told_about(alert: SafetyAlert) -> list[Told]:
    """Whoever was first written to comes first. One query."""
    found: dict[UUID, Told] = {}
    for one in alert.notices.select_related("to").order_by("due_at"):
        before = found[one.to_id].sent if one.to_id in found else 0
        found[one.to_id] = Told(
            one.to.name, before + (one.sent_at is not None), one.due_at, "" if one.sent_at else one.last_error
        )
    return list(found.values())


@dataclass(frozen=True, slots=True)
class BareTotal:
    """A PHQ-9 of which only the total is known, with the zone of the patient's site. `needs_item_nine`: it cannot be
    reached without it.
    """

    patient: Patient
    zone: ZoneInfo
    value: Decimal
    effective_at: datetime
    needs_item_nine: bool


def bare_total_of(patient: Patient) -> BareTotal | None:
    """The patient's newest PHQ-9 where only its total is known, and above zero. Two queries at most."""
    found = totals_without_answers().filter(patient=patient).first()
    return _bare(found, patient) if found is not None else None


def bare_totals(user: User) -> list[BareTotal]:
    """Those of the user's patients that are FRESH, the highest first. Three queries.

    The few fresh totals first, then whose they are: as one statement it takes minutes where PostgreSQL has no idea yet
    how many rows there are (after an import, say), since it then tries every patient with every total.
    """
    fresh = totals_without_answers().filter(effective_at__gt=clock.now() - FRESH).order_by("-value", "-effective_at")
    totals = list(fresh)
    whose = Patient.objects.for_user(user).living().filter(pk__in={one.patient_id for one in totals})
    mine = {one.pk: one for one in whose.prefetch_related("sites")}
    return [_bare(one, mine[one.patient_id]) for one in totals if one.patient_id in mine]


def _bare(total: Observation, patient: Patient) -> BareTotal:
    needs = cannot_do_without_item_nine(total.value)
    return BareTotal(patient, home_zone(patient), total.value, total.effective_at, needs)
