"""What waits for a doctor, most urgent first."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.permissions import Role
from patients.actions import record_observation
from patients.models import Clearance, Observation, Patient, Questionnaire, Screening
from scheduling.actions.pausing import pause_series
from scheduling.actions.visit import arrive
from scheduling.models import Appointment, BoosterPlan, Ending, Series
from scheduling.templatetags.look import short_day
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.visit.doctors import (
    answer_screening,
    clearance_url,
    count_queries,
    maintain,
    make_course,
    make_flag,
    sign_in,
    text_of,
)
from tests.visit.worlds import make_consult, make_visit

HOME = "doctor:home"
Status = Appointment.Status


@pytest.fixture
def doctor(clinic: Clinic) -> Client:
    """The doctor at her desk."""
    return sign_in(clinic, Role.DOCTOR)


@pytest.fixture
def course(clinic: Clinic) -> Series:
    """Six infusions given, the last one four days ago."""
    return make_course(clinic)


def test_the_nearest_first_visit_is_on_top_of_the_clearances_waiting(clinic: Clinic, doctor: Client) -> None:
    answered = make_patient(clinic.site)
    with clock.at_moment(NOW - timedelta(days=9)):
        answer_screening(answered)
    later = make_visit(clinic, starts=NOW + timedelta(days=3), status=Status.PROPOSED)
    sooner = make_visit(clinic, starts=NOW + timedelta(days=1), status=Status.PROPOSED)
    waiting = doctor.get(reverse(HOME)).context["waiting"]
    assert [row.patient for row in waiting] == [sooner.patient, later.patient, answered]
    assert waiting[0].why == ["never cleared"]
    assert waiting[2].why == ["screening answered"]


def test_somebody_imported_who_neither_answered_nor_booked_does_not_wait(clinic: Clinic, doctor: Client) -> None:
    make_flag(make_patient(clinic.site))
    assert doctor.get(reverse(HOME)).context["waiting"] == []


def test_a_patient_whose_clearance_covers_every_visit_does_not_wait(clinic: Clinic, doctor: Client) -> None:
    visit = make_visit(clinic, starts=NOW + timedelta(days=3), cleared=True)
    assert doctor.get(reverse(HOME)).context["waiting"] == []
    Clearance.objects.update(valid_until=clock.local(visit.starts, clinic.site.zone).date() - timedelta(days=1))
    (row,) = doctor.get(reverse(HOME)).context["waiting"]
    assert (row.patient, row.why) == (visit.patient, ["the clearance ends before a booked visit"])


def test_a_new_finding_brings_a_cleared_patient_back(clinic: Clinic, doctor: Client) -> None:
    patient = make_patient(clinic.site, cleared=True)
    with clock.at_moment(NOW + timedelta(hours=1)):
        make_flag(patient)
        (row,) = doctor.get(reverse(HOME)).context["waiting"]
    assert (row.patient, row.why) == (patient, ["one new finding"])


def test_a_new_finding_before_a_covered_visit_stands_where_that_visit_puts_it(clinic: Clinic, doctor: Client) -> None:
    visit = make_visit(clinic, starts=NOW + timedelta(days=1), cleared=True)
    uncovered = make_visit(clinic, starts=NOW + timedelta(days=2), status=Status.PROPOSED)
    with clock.at_moment(NOW + timedelta(hours=1)):
        make_flag(visit.patient)
        waiting = doctor.get(reverse(HOME)).context["waiting"]
    assert [row.next_visit for row in waiting] == [visit, uncovered]
    assert [row.why for row in waiting] == [["one new finding"], ["never cleared"]]


def test_a_consult_booked_is_the_first_visit_of_who_has_no_other(clinic: Clinic, doctor: Client) -> None:
    visit = make_consult(clinic, starts=NOW + timedelta(days=2), ends=NOW + timedelta(days=2, minutes=45))
    unbooked = make_patient(clinic.site)
    for patient in (unbooked, visit.patient):
        answer_screening(patient)
    page = doctor.get(reverse(HOME))
    assert [(row.patient, row.next_visit) for row in page.context["waiting"]] == [
        (visit.patient, visit),
        (unbooked, None),
    ]
    shown = text_of(page)
    assert f"consult {short_day(visit.starts, clinic.site.zone)}" in shown
    assert shown.count("none booked") == 1


def test_a_refused_patient_waits_only_when_something_new_has_come(clinic: Clinic, doctor: Client) -> None:
    visit = make_visit(clinic, starts=NOW + timedelta(days=3))
    Clearance.objects.create(
        patient=visit.patient, decision="refused", decided_by=clinic.doctor, decided_at=NOW, reason="Too risky"
    )
    assert doctor.get(reverse(HOME)).context["waiting"] == []
    with clock.at_moment(NOW + timedelta(hours=1)):
        answer_screening(visit.patient)
        assert len(doctor.get(reverse(HOME)).context["waiting"]) == 1


def test_of_whom_more_was_asked_the_list_says_so_and_speaks_of_no_clearance_that_ends(
    clinic: Clinic, doctor: Client
) -> None:
    visit = make_visit(clinic, starts=NOW + timedelta(days=3), status=Status.PROPOSED)
    make_flag(visit.patient)
    more = {"decision": "more", "decided_by": clinic.doctor, "reason": "An ECG"}
    Clearance.objects.create(patient=visit.patient, decided_at=NOW + timedelta(hours=1), **more)
    (row,) = doctor.get(reverse(HOME)).context["waiting"]
    assert row.why == ["one open finding", "more information was asked for"]


def test_somebody_who_is_here_without_a_ride_is_on_top_for_the_waiver(clinic: Clinic, doctor: Client) -> None:
    visit = make_visit(clinic, cleared=True, consented=True)
    arrive(by=clinic.by(Role.NURSE), appointment=visit)
    page = doctor.get(reverse(HOME))
    assert page.context["blocked"] == [visit]
    assert reverse("nurse:visit", args=[visit.pk]) in text_of(page)


def test_a_patient_of_another_site_is_not_on_the_list(clinic: Clinic, doctor: Client) -> None:
    elsewhere = make_visit(make_clinic(name="Mesa"), starts=NOW + timedelta(days=1))
    assert elsewhere.patient.name not in text_of(doctor.get(reverse(HOME)))
    assert doctor.get(clearance_url(elsewhere.patient)).status_code == 404


def test_an_induction_that_is_over_waits_for_its_boosters(clinic: Clinic, course: Series, doctor: Client) -> None:
    running = make_course(clinic)
    running.appointments.filter(number=6).delete()
    make_visit(clinic, starts=NOW + timedelta(days=2), patient=running.patient, series=running, number=6)
    page = doctor.get(reverse(HOME))
    assert [row.series for row in page.context["to_decide"]] == [course]
    assert page.context["maintenance"] == []


def test_maintenance_with_nothing_booked_comes_first_and_is_marked(clinic: Clinic, doctor: Client) -> None:
    booked, unbooked = make_course(clinic), make_course(clinic)
    for series in (booked, unbooked):
        maintain(clinic, series)
    make_visit(clinic, starts=NOW + timedelta(days=9), patient=booked.patient, series=booked, kind="booster")
    page = doctor.get(reverse(HOME))
    assert [row.series for row in page.context["maintenance"]] == [unbooked, booked]
    assert "nothing booked" in text_of(page)


def test_a_paused_course_comes_last_and_says_until_when(clinic: Clinic, doctor: Client) -> None:
    paused, unbooked = make_course(clinic), make_course(clinic)
    for series in (paused, unbooked):
        maintain(clinic, series)
    until = clock.today(clinic.site.zone) + timedelta(days=30)
    pause_series(by=clinic.by(Role.FRONT_DESK), series=paused, reason="Away.", until=until)
    page = doctor.get(reverse(HOME))
    assert [row.series for row in page.context["maintenance"]] == [unbooked, paused]
    assert [row.due_unbooked for row in page.context["maintenance"]] == [True, False]
    assert f"paused until {until:%b} {until.day}" in text_of(page)


@pytest.mark.parametrize("leaf", [1, 2])
def test_the_list_asks_as_many_queries_for_three_hundred_patients_as_for_ten(
    clinic: Clinic, doctor: Client, django_assert_max_num_queries: Any, leaf: int
) -> None:
    url = f"{reverse(HOME)}?page={leaf}"
    _crowd(clinic, 10)
    few = count_queries(doctor, url, django_assert_max_num_queries)
    _crowd(clinic, 290)
    assert count_queries(doctor, url, django_assert_max_num_queries) == few
    shown = doctor.get(url).context
    assert [len(shown[name]) for name in ("waiting", "bare_totals", "to_decide")] == [300, 300, 300]
    assert len(shown["maintenance"]) == 50, "one page of the three hundred"


def _crowd(clinic: Clinic, how_many: int) -> None:
    """So many patients in every list: one waits and has a total, one has to be decided about, one gets boosters."""
    with connection.cursor() as cursor:
        # PostgreSQL has counted no rows in a database whose tests are all rolled back, and would try each with each.
        cursor.execute("SET LOCAL enable_nestloop = off")
    people = Patient.objects.bulk_create(
        Patient(given_name="Ada", family_name=f"Quill{number}", birth_date=date(1980, 5, 17), created_at=NOW)
        for number in range(3 * how_many)
    )
    through = Patient.sites.through
    through.objects.bulk_create(through(patient=one, site=clinic.site) for one in people)
    waiting, decided, kept = people[:how_many], people[how_many : 2 * how_many], people[2 * how_many :]
    asked = Questionnaire.objects.get(is_current=True)
    Screening.objects.bulk_create(
        Screening(patient=one, questionnaire=asked, answers={"seizure": "yes"}, answered_at=NOW) for one in waiting
    )
    Observation.objects.bulk_create(
        Observation(patient=one, measure="phq9", value=14, effective_at=NOW, source="staff", source_id="")
        for one in waiting
    )
    Clearance.objects.bulk_create(
        Clearance(
            patient=one,
            decision=Clearance.Decision.CLEARED,
            decided_by=clinic.doctor,
            decided_at=NOW,
            valid_until=NOW.date() + timedelta(days=365),
        )
        for one in [*decided, *kept]
    )
    series = Series.objects.bulk_create(
        Series(
            patient=one,
            site=clinic.site,
            protocol_version=clinic.induction,
            sessions=6,
            first_day=NOW.date(),
            stage=Series.Stage.MAINTENANCE if number >= how_many else Series.Stage.INDUCTION,
            created_at=NOW,
        )
        for number, one in enumerate([*decided, *kept])
    )
    Appointment.objects.bulk_create(
        Appointment(
            patient=one.patient,
            site=clinic.site,
            series=one,
            protocol_version=clinic.induction,
            kind=Appointment.Kind.INFUSION,
            status=Status.FULFILLED,
            ending=Ending.COMPLETED,
            counts=True,
            starts=NOW - timedelta(days=4),
            ends=NOW - timedelta(days=4) + timedelta(minutes=115),
            created_at=NOW,
        )
        for one in series
    )
    BoosterPlan.objects.bulk_create(
        BoosterPlan(series=one, interval_days=21, tolerance_days=3, reason="As seen", set_by=clinic.doctor, set_at=NOW)
        for one in series[how_many:]
    )


def _typed(clinic: Clinic, patient: Patient, effective_at: datetime) -> None:
    record_observation(
        by=clinic.by(Role.NURSE), patient=patient, measure="phq9", value=14, effective_at=effective_at, source="staff"
    )


def test_a_total_of_the_evening_stands_under_the_day_of_the_site_and_not_that_of_greenwich(
    clinic: Clinic, doctor: Client
) -> None:
    zone = clinic.site.zone
    evening = clock.moment(clock.local(NOW, zone).date() - timedelta(days=2), time(23), zone)
    assert evening.date() != clock.local(evening, zone).date()
    patient, day = make_patient(clinic.site), short_day(evening, zone)
    _typed(clinic, patient, evening)
    assert f"14, {day}" in text_of(doctor.get(reverse(HOME)))
    for page in (reverse("doctor:scores", args=[patient.pk]), clearance_url(patient)):
        assert f"PHQ-9 of {day}: 14" in text_of(doctor.get(page))


def test_only_doctors_see_what_is_to_decide(clinic: Clinic) -> None:
    patient = make_patient(clinic.site)
    for role in (Role.FRONT_DESK, Role.NURSE, Role.MANAGER):
        client = sign_in(clinic, role)
        for url in (reverse(HOME), clearance_url(patient), reverse("doctor:flag_codes")):
            assert client.get(url).status_code == 403
