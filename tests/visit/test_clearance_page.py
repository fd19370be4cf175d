"""One patient's clearance."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.permissions import Role
from patients.actions import record_observation
from patients.models import Clearance, Condition, ConsultRequest, Measure, Patient
from scheduling.actions.visit import arrive
from scheduling.models import Appointment
from tests.factories import NOW, Clinic, clear, make_patient
from tests.visit.doctors import answer_screening, clearance_url, count_queries, make_flag, sign_in, text_of
from tests.visit.worlds import make_series, make_visit, name_ride

HOME = "doctor:home"
Status = Appointment.Status


@pytest.fixture
def doctor(clinic: Clinic) -> Client:
    """The doctor at her desk."""
    return sign_in(clinic, Role.DOCTOR)


def test_the_page_shows_each_flag_with_its_source_and_date_and_the_facts_beside(clinic: Clinic, doctor: Client) -> None:
    patient = make_patient(clinic.site)
    make_flag(patient)
    answer_screening(patient)
    Condition.objects.create(
        patient=patient,
        source_id="one",
        system="http://snomed.info/sct",
        code="84757009",
        display="Epilepsy",
        clinical_status="active",
    )
    record_observation(
        by=clinic.by(Role.NURSE),
        patient=patient,
        measure=Measure.SYSTOLIC,
        value=152,
        effective_at=NOW,
        source="staff",
    )
    text = text_of(doctor.get(clearance_url(patient)))
    for words in ("SNOMED CT 84757009", "Imported condition", "2011-03-02", "Levothyroxine", "152", "Epilepsy"):
        assert words in text


def test_what_the_patient_wrote_when_asking_for_a_consult_stands_beside_the_decision(
    clinic: Clinic, doctor: Client
) -> None:
    patient = make_patient(clinic.site)
    assert "What the patient asked for" not in text_of(doctor.get(clearance_url(patient)))
    ConsultRequest.objects.create(
        site=clinic.site,
        patient=patient,
        name="Ada",
        email="ada@example.org",
        complaint="Aches all over",
        tried="Duloxetine, swimming",
        created_at=NOW,
    )
    text = text_of(doctor.get(clearance_url(patient)))
    for words in ("What the patient asked for", "Aches all over", "Duloxetine, swimming"):
        assert words in text


def test_a_doctor_clears_a_patient_until_a_day(clinic: Clinic, doctor: Client) -> None:
    patient = make_patient(clinic.site)
    flag = make_flag(patient)
    response = doctor.post(
        clearance_url(patient), {"decision": "cleared", "valid_until": "2027-10-01", "seen": str(flag.pk)}
    )
    assert response["Location"] == reverse(HOME)
    clearance = Clearance.objects.get()
    flag.refresh_from_db()
    assert (clearance.decision, clearance.valid_until, clearance.decided_by) == (
        "cleared",
        date(2027, 10, 1),
        clinic.doctor,
    )
    assert flag.decided_in == clearance


def test_a_finding_that_came_in_while_the_doctor_read_is_not_decided(clinic: Clinic, doctor: Client) -> None:
    patient = make_patient(clinic.site)
    seen = doctor.get(clearance_url(patient)).context["form"].initial["seen"]
    flag = make_flag(patient)
    doctor.post(clearance_url(patient), {"decision": "cleared", "valid_until": "2027-10-01", "seen": seen})
    flag.refresh_from_db()
    assert flag.decided_in is None


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "Please choose something under “Decision”."),
        ({"decision": "cleared"}, "Say until when the clearance holds"),
        ({"decision": "cleared", "valid_until": "2027-04-04"}, "would have ended already"),
        ({"decision": "cleared", "valid_until": "the day after"}, "Enter a valid date"),
        ({"decision": "conditions", "valid_until": "2027-10-01"}, "Name the conditions"),
        ({"decision": "refused"}, "Give the reason"),
        ({"decision": "suspended"}, "Give the reason"),
        ({"decision": "more"}, "Give the reason"),
        ({"decision": "perhaps"}, "Select a valid choice"),
        ({"decision": "more", "reason": "ECG", "seen": "none of them"}, "damaged"),
    ],
)
def test_a_decision_that_lacks_something_is_refused_and_what_was_typed_stays(
    clinic: Clinic, doctor: Client, data: dict[str, str], sentence: str
) -> None:
    response = doctor.post(clearance_url(make_patient(clinic.site)), data)
    assert response.status_code == 422
    assert sentence in text_of(response)
    assert not Clearance.objects.exists()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("draft", "Nothing is booked: the held dates go on until Mon Apr 19, and your yes ends on Mon Apr 12."),
        ("on-hold", "One visit stays held: after Mon Apr 12 nothing is booked until a yes reaches to Mon Apr 19."),
        ("active", "One visit is booked after Mon Apr 12; it cannot start before a yes reaches Mon Apr 19."),
    ],
)
def test_a_yes_that_ends_before_the_last_visit_says_at_once_what_it_leaves_out(
    clinic: Clinic, doctor: Client, status: str, words: str
) -> None:
    held_until = NOW + timedelta(days=3) if status == "draft" else None
    series = make_series(clinic, make_patient(clinic.site), status=status, held_until=held_until)
    of_visits = Status.BOOKED if status == "active" else Status.PROPOSED
    for number, days in enumerate((7, 14), start=1):
        starts = NOW + timedelta(days=days)
        make_visit(clinic, patient=series.patient, series=series, starts=starts, status=of_visits, number=number)
    said = {}
    for until in ("2027-04-12", "2027-04-19"):
        data = {"decision": "cleared", "valid_until": until}
        said[until] = text_of(doctor.post(clearance_url(series.patient), data, follow=True))
    assert words in said["2027-04-12"]
    assert "nothing is booked" not in said["2027-04-19"].lower(), "the control: it reaches to the last visit"
    assert "cannot start before" not in said["2027-04-19"]


def test_the_form_proposes_a_last_day_that_covers_every_visit_booked(clinic: Clinic, doctor: Client) -> None:
    patient = make_patient(clinic.site)
    assert doctor.get(clearance_url(patient)).context["form"].initial["valid_until"] == "2027-10-05"
    make_visit(clinic, patient=patient, starts=NOW + timedelta(days=280))
    assert doctor.get(clearance_url(patient)).context["form"].initial["valid_until"] == "2028-01-10"


def test_the_clearance_page_asks_as_many_queries_for_a_long_record_as_for_a_short_one(
    clinic: Clinic, doctor: Client, django_assert_max_num_queries: Any
) -> None:
    patient = make_patient(clinic.site)
    _history(clinic, patient, 1)
    few = count_queries(doctor, clearance_url(patient), django_assert_max_num_queries)
    _history(clinic, patient, 8)
    assert count_queries(doctor, clearance_url(patient), django_assert_max_num_queries) == few


def _history(clinic: Clinic, patient: Patient, how_many: int) -> None:
    for number in range(how_many):
        with clock.at_moment(NOW - timedelta(days=number)):
            make_flag(patient, decided_in=clear(patient, clinic.site))
        days = 1 + Appointment.objects.count()
        make_visit(clinic, patient=patient, starts=NOW + timedelta(days=days))


def test_a_companion_named_takes_a_patient_off_the_doctors_list(clinic: Clinic, doctor: Client) -> None:
    visit = make_visit(clinic, cleared=True, consented=True)
    arrive(by=clinic.by(Role.NURSE), appointment=visit)
    companion = visit.patient.contacts.create(name="Rosa Lind", is_adult=True, may_drive=True)
    name_ride(visit, companion)
    assert doctor.get(reverse(HOME)).context["blocked"] == []
