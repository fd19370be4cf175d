"""What ends before a booked visit: clearances, consents, and paid or authorised sessions; and letters that have to come
first. Work for the desk's home.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import Max

from clinic import clock
from clinic.models import User
from patients.models import Clearance, Consent
from scheduling.models import Appointment
from scheduling.selectors.authorised import Sessions, sessions_of

#: How far ahead a visit is looked at: long enough to get a signature or a letter.
AHEAD = timedelta(days=14)


class Lacks(StrEnum):
    """What does not reach to the visit."""

    CLEARANCE = "clearance"
    CONSENT = "consent"
    SESSIONS = "sessions"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class EndsBefore:
    """Something ends on `until` (None: there is none at all, or all sessions are taken), before `visit`, the first of
    `visits` to come that it does not reach to."""

    lacks: Lacks
    visit: Appointment
    visits: int
    until: date | None


def ending_before_visits(user: User, now: datetime, ahead: timedelta = AHEAD) -> list[EndsBefore]:
    """What ends before a booked visit of the next days at the user's sites, one row per patient and thing, the soonest
    visit first. Five queries, whatever the number of visits. `now` is aware."""
    visits = list(
        Appointment.objects.for_user(user)
        .filter(status=Appointment.Status.BOOKED, series__isnull=False, starts__gt=now, starts__lt=now + ahead)
        .select_related("patient", "site", "series", "protocol_version__protocol")
        .order_by("starts")
    )
    patients = {visit.patient_id for visit in visits}
    decided = _decisions(patients)
    cleared = {one.patient_id: one.valid_until if one.is_yes else None for one in decided}
    found = [
        *_short(visits, Lacks.CLEARANCE, cleared, lambda visit: visit.protocol_version.needs_clearance),
        *_short(visits, Lacks.CONSENT, _consents(patients), lambda visit: visit.protocol_version.needs_consent),
        *_over(visits, sessions_of(patients)),
        *_letters(visits, {one.patient_id for one in decided if one.is_yes and one.waits_for_a_letter}),
    ]
    return sorted(found, key=lambda row: (row.visit.starts, row.lacks))


def _decisions(patients: set[UUID]) -> list[Clearance]:
    """The newest decision about each patient."""
    newest = Clearance.objects.filter(patient__in=patients).order_by("patient_id", "-decided_at").distinct("patient_id")
    return list(newest)


def _letters(visits: Sequence[Appointment], waiting: set[UUID]) -> list[EndsBefore]:
    """Patients of `waiting` whose drip may not start before a letter is here."""
    missed: dict[UUID, list[Appointment]] = {}
    for visit in visits:
        if visit.patient_id in waiting and visit.protocol_version.needs_clearance:
            missed.setdefault(visit.patient_id, []).append(visit)
    return [EndsBefore(Lacks.LETTER, some[0], len(some), None) for some in missed.values()]


def _consents(patients: set[UUID]) -> dict[UUID, date | None]:
    signed = Consent.objects.filter(patient__in=patients, withdrawn_at=None).order_by()
    return dict(signed.values_list("patient").annotate(Max("valid_until")))


def _short(
    visits: Sequence[Appointment],
    lacks: Lacks,
    until: Mapping[UUID, date | None],
    is_needed: Callable[[Appointment], bool],
) -> list[EndsBefore]:
    missed: dict[UUID, list[Appointment]] = {}
    for visit in visits:
        end = until.get(visit.patient_id)
        if is_needed(visit) and (end is None or end < clock.local(visit.starts, visit.site.zone).date()):
            missed.setdefault(visit.patient_id, []).append(visit)
    return [EndsBefore(lacks, some[0], len(some), until.get(patient)) for patient, some in missed.items()]


def _over(visits: Sequence[Appointment], sessions: Mapping[UUID, Sessions]) -> list[EndsBefore]:
    mine = {visit.pk: visit for visit in visits}
    found = []
    for one in sessions.values():
        missed = [mine[visit.pk] for visit in one.over if visit.pk in mine]
        if missed:
            day = clock.local(missed[0].starts, missed[0].site.zone).date()
            ended = one.last_day if one.last_day is not None and one.last_day < day else None
            found.append(EndsBefore(Lacks.SESSIONS, missed[0], len(missed), ended))
    return found
