"""What ends before a booked visit, and which visits paid or authorised sessions reach."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic import clock
from clinic.models import User
from patients.models import Authorisation, Clearance, Consent, Patient
from scheduling.models import Appointment, Ending
from scheduling.selectors.authorised import sessions_of
from scheduling.selectors.ends_ahead import EndsBefore, Lacks, ending_before_visits
from tests.factories import FIRST_DAY, NOW, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import book

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    with clock.at_moment(NOW):
        yield make_clinic()


def booked(clinic: Clinic) -> Patient:
    patient = make_patient(clinic.site, cleared=True, consented=True)
    book(clinic, patient)
    return patient


def days_of(clinic: Clinic, patient: Patient) -> list[date]:
    visits = Appointment.objects.filter(patient=patient).order_by("starts")
    return [clock.local(visit.starts, clinic.site.zone).date() for visit in visits]


def ends(clinic: Clinic) -> list[EndsBefore]:
    user = clinic.clerk.user
    assert isinstance(user, User)
    return ending_before_visits(user, NOW)


def authorise(patient: Patient, sessions: int, until: date | None = None) -> Authorisation:
    return Authorisation.objects.create(
        patient=patient, sessions=sessions, valid_from=FIRST_DAY, valid_until=until, created_at=NOW
    )


def test_nothing_is_listed_where_everything_reaches(clinic: Clinic) -> None:
    authorise(booked(clinic), 6)

    assert ends(clinic) == []


def test_what_ends_too_early_is_listed_with_its_day_and_the_first_visit_after_it(clinic: Clinic) -> None:
    patient = booked(clinic)
    days = days_of(clinic, patient)
    Clearance.objects.filter(patient=patient).update(valid_until=days[1])
    Consent.objects.filter(patient=patient).update(valid_until=days[0])

    rows = {row.lacks: row for row in ends(clinic)}

    assert set(rows) == {Lacks.CLEARANCE, Lacks.CONSENT}
    assert rows[Lacks.CONSENT].until == days[0]
    assert clock.local(rows[Lacks.CONSENT].visit.starts, clinic.site.zone).date() == days[1]
    assert clock.local(rows[Lacks.CLEARANCE].visit.starts, clinic.site.zone).date() == days[2]


def test_a_consent_taken_back_counts_as_none(clinic: Clinic) -> None:
    patient = booked(clinic)
    Consent.objects.filter(patient=patient).update(withdrawn_at=NOW)

    assert [(row.lacks, row.until) for row in ends(clinic)] == [(Lacks.CONSENT, None)]


def test_visits_beyond_the_paid_sessions_go_over(clinic: Clinic) -> None:
    patient = booked(clinic)
    authorise(patient, 2)
    authorise(patient, 1)

    mine = sessions_of([patient.pk])[patient.pk]
    (row,) = ends(clinic)

    assert [cover.left for cover in mine.covers] == [0, 0]
    assert len(mine.over) == 3
    assert (row.lacks, row.visit, row.until) == (Lacks.SESSIONS, mine.over[0], None)


def test_sessions_that_end_before_a_visit_say_when(clinic: Clinic) -> None:
    patient = booked(clinic)
    days = days_of(clinic, patient)
    authorise(patient, 6, until=days[3])

    (row,) = ends(clinic)

    assert row.until == days[3]
    assert clock.local(row.visit.starts, clinic.site.zone).date() == days[4]


def test_the_one_that_ends_first_is_used_first(clinic: Clinic) -> None:
    patient = booked(clinic)
    open_end = authorise(patient, 3)
    short = authorise(patient, 3, until=days_of(clinic, patient)[2])

    mine = sessions_of([patient.pk])[patient.pk]

    assert {cover.authorisation: cover.planned for cover in mine.covers} == {open_end: 3, short: 3}
    assert mine.over == []


def test_a_visit_that_did_not_count_takes_no_session(clinic: Clinic) -> None:
    patient = booked(clinic)
    first, second = Appointment.objects.filter(patient=patient).order_by("starts")[:2]
    Appointment.objects.filter(pk=first.pk).update(status="fulfilled", ending=Ending.COMPLETED, counts=True)
    Appointment.objects.filter(pk=second.pk).update(status="cancelled", ending=Ending.CANCELLED, counts=False)
    authorise(patient, 6)

    (cover,) = sessions_of([patient.pk])[patient.pk].covers

    assert (cover.used, cover.planned, cover.left) == (1, 4, 1)


def test_the_list_asks_as_often_for_many_patients_as_for_one(clinic: Clinic) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            ends(clinic)
        return len(captured)

    authorise(booked(clinic), 1)
    one = queries()
    for _number in range(4):
        authorise(booked(clinic), 1)

    assert len(ends(clinic)) == 5
    assert queries() == one


def test_what_lies_further_ahead_is_not_yet_work(clinic: Clinic) -> None:
    authorise(booked(clinic), 1)
    user = clinic.clerk.user
    assert isinstance(user, User)

    assert ending_before_visits(user, NOW, ahead=timedelta(hours=1)) == []
