"""Dates of boosters in words for the patient's page: those that wait for a yes, and new times."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from patients.models import Patient
from scheduling.models import Appointment, NewTime, ProposedBooster
from scheduling.when import day_words, time_words


@dataclass(frozen=True, slots=True)
class DateCard:
    """One date that the patient is asked about."""

    id: str
    date: str
    starts: str


def dates_to_answer(patient: Patient, now: datetime) -> list[DateCard]:
    """The dates offered to the patient, soonest first."""
    rows = ProposedBooster.objects.filter(
        series__patient=patient, status=ProposedBooster.Status.OFFERED, starts__gt=now
    ).select_related("series__site")
    return [_card(str(row.pk), row.starts, row.series.site.zone) for row in rows]


def new_times(patient: Patient, visits: list[Appointment]) -> list[DateCard]:
    """The new times among `visits` (with their sites) that the patient has not said yes to, soonest first."""
    versions = {visit.pk: visit for visit in visits}
    rows = NewTime.objects.filter(appointment__patient=patient, appointment__in=versions, confirmed_at=None)
    asked = [(row, versions[row.appointment_id]) for row in rows.order_by("appointment__starts")]
    return [_card(str(row.pk), visit.starts, visit.site.zone) for row, visit in asked if row.version == visit.version]


def _card(key: str, starts: datetime, zone: ZoneInfo) -> DateCard:
    return DateCard(key, day_words(starts, zone), time_words(starts, zone))
