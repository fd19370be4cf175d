"""The questionnaires behind the link and on the clinic's tablet, and what somebody in despair reads at once."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.actor import Actor
from clinic.models import User
from clinic.permissions import Role
from patients.actions import record_observation
from patients.models import Observation, Patient, SafetyAlert, ScoreSheet
from scheduling.actions.alerts import look_after_alerts
from scheduling.actions.asking import ask_missing_scores
from scheduling.models import Message
from tests.factories import NOW, Clinic
from tests.visit.doctors import sign_in
from tests.visit.worlds import make_given, make_series

PHQ9, TABLET = "/my/questionnaires/phq9/", "/my/tablet/"
JOB = Actor.system("missing scores")


@pytest.fixture
def at_ada(at_ada: Client, ada: Patient) -> Client:
    """The patient's browser, in which the birth date was given."""
    born = ada.birth_date
    at_ada.post("/my/birth-date/", {"month": born.month, "day": born.day, "year": born.year})
    return at_ada


def answers(*items: int, **fields: object) -> dict[str, object]:
    """What the form sends."""
    return {"key": str(uuid4()), **{f"q{number}": str(one) for number, one in enumerate(items)}, **fields}


def test_a_whole_questionnaire_is_kept_and_thanked_for(at_ada: Client, ada: Patient) -> None:
    page = at_ada.post("/my/questionnaires/fiqr/", answers(*[5] * 21)).content.decode()
    assert "Your answers are kept" in page
    assert ScoreSheet.objects.get(patient=ada).items == [5] * 21
    assert "Nobody may be reading your answers" not in page


def test_what_is_missing_is_asked_for_and_what_was_chosen_is_kept(at_ada: Client) -> None:
    sent = answers(*[2] * 8)
    response = at_ada.post(PHQ9, sent)
    page = response.content.decode()
    assert response.status_code == 422
    assert "1 question has no answer yet. Nothing was saved" in page
    assert page.count(" checked") == 8
    assert not ScoreSheet.objects.exists()


def test_item_nine_above_zero_is_answered_at_once_with_whom_to_call(
    at_ada: Client, ada: Patient, clinic: Clinic
) -> None:
    clinic.site.emergency_phone, clinic.site.crisis_phone = "112", "116 123"
    clinic.site.save()
    page = at_ada.post(PHQ9, answers(*[0] * 8, 1)).content.decode()
    assert "Nobody may be reading your answers right now." in page
    assert 'href="tel:112"' in page
    assert "116 123" in page
    assert SafetyAlert.objects.get().patient == ada
    # The control: nothing of it where the item is zero.
    with clock.at_moment(NOW + timedelta(minutes=1)):
        assert "tel:112" not in at_ada.post(PHQ9, answers(*[3] * 8, 0)).content.decode()


def test_in_spanish_too(at_ada: Client, ada: Patient) -> None:
    ada.language = "es"
    ada.save()
    page = at_ada.get(PHQ9).content.decode()
    assert "Poco interés o placer en hacer las cosas" in page
    assert "Casi todos los días" in page
    assert "Puede que nadie esté leyendo sus respuestas" in at_ada.post(PHQ9, answers(*[0] * 8, 3)).content.decode()


def test_a_site_may_keep_the_phq9_in_the_clinic(at_ada: Client, clinic: Clinic, ada: Patient) -> None:
    assert "PHQ-9" in at_ada.get("/my/questionnaires/").content.decode()
    clinic.site.phq9_in_clinic = True
    clinic.site.save()
    assert "PHQ-9" not in at_ada.get("/my/questionnaires/").content.decode()
    assert at_ada.post(PHQ9, answers(*[0] * 9)).status_code == 404
    nurse = sign_in(clinic, Role.NURSE)
    nurse.post(reverse("doctor:tablet", args=[ada.pk, "phq9"]))
    page = nurse.post(TABLET, answers(*[0] * 9)).content.decode()
    assert "Please give the tablet back." in page
    assert ScoreSheet.objects.get().source == Observation.Source.PATIENT


def test_opening_a_questionnaire_writes_nothing(at_ada: Client) -> None:
    at_ada.get(PHQ9)
    assert not ScoreSheet.objects.exists()


@pytest.mark.parametrize(("measure", "value"), [("pain", "11"), ("fiqr", "101"), ("phq9", "28"), ("pain", "-1")])
def test_a_total_out_of_range_is_said_beside_its_field_and_kept(
    clinic: Clinic, ada: Patient, measure: str, value: str
) -> None:
    nurse = sign_in(clinic, Role.NURSE)
    data = {"measure": measure, "value": value, "day": "2027-04-01", "hour": "10:00", "key": str(uuid4())}
    response = nurse.post(reverse("doctor:scores", args=[ada.pk]), data)
    assert response.status_code == 422
    page = response.content.decode()
    assert "a number from 0 to" in page
    assert f'value="{value}"' in page
    assert not Observation.objects.exists()


def test_a_day_before_the_birth_and_two_values_at_one_time_are_refused_in_a_sentence(
    clinic: Clinic, ada: Patient
) -> None:
    nurse, url = sign_in(clinic, Role.NURSE), reverse("doctor:scores", args=[ada.pk])
    data = {"measure": "pain", "value": "4", "day": "1950-04-01", "hour": "10:00"}
    assert "before the patient&#x27;s birth" in nurse.post(url, data | {"key": str(uuid4())}).content.decode()
    data["day"] = "2027-04-01"
    assert nurse.post(url, data | {"key": str(uuid4())}).status_code == 302
    again = nurse.post(url, data | {"value": "6", "key": str(uuid4())})
    assert "at that very time already (4)" in again.content.decode()
    assert Observation.objects.count() == 1


def test_who_says_nothing_after_a_treatment_is_asked_once(clinic: Clinic, ada: Patient) -> None:
    series = make_series(clinic, ada)
    given = make_given(clinic, series, 1, NOW - timedelta(days=12))
    asked = Message.objects.filter(kind=Message.Kind.SCORE_ASKED)
    assert [ask_missing_scores(by=JOB), ask_missing_scores(by=JOB)] == [1, 0]
    assert asked.get().appointment == given


def test_who_has_answered_or_was_treated_lately_is_not_asked(clinic: Clinic, ada: Patient) -> None:
    series = make_series(clinic, ada)
    make_given(clinic, series, 1, NOW - timedelta(days=9))
    assert ask_missing_scores(by=JOB) == 0
    with clock.at_moment(NOW + timedelta(days=2)):
        record_observation(
            by=clinic.by(Role.NURSE), patient=ada, measure="pain", value=4, effective_at=NOW, source="staff"
        )
        assert ask_missing_scores(by=JOB) == 0


def test_a_doctor_acknowledges_and_a_nurse_may_not_look(at_ada: Client, clinic: Clinic, ada: Patient) -> None:
    User.objects.filter(staff_member=clinic.doctor).update(email="gray@clinic.example")
    at_ada.post(PHQ9, answers(*[0] * 8, 2))
    look_after_alerts(by=JOB)
    url = reverse("doctor:alert", args=[SafetyAlert.objects.get().pk])
    assert sign_in(clinic, Role.NURSE).get(url).status_code == 403
    doctor = sign_in(clinic, Role.DOCTOR)
    assert "Answers that worry" in doctor.get(reverse("doctor:home")).content.decode()
    ada.contacts.create(name="Ben Quill", phone="+15185550188", is_adult=True, may_be_told=True)
    ada.contacts.create(name="Wrong Person", phone="+15185550189", may_be_told=True, stopped_at=NOW)
    page = doctor.get(url).content.decode()
    assert "More than half the days" in page
    assert "(518) 555-0188" in page
    assert "Wrong Person" not in page, "who said so is not called about her"
    with clock.at_moment(NOW + timedelta(minutes=46)):
        look_after_alerts(by=JOB)
    assert "sent 2 times" in doctor.get(url).content.decode()
    assert doctor.post(url, {"what_was_done": ""}).status_code == 422
    assert doctor.post(url, {"what_was_done": "Called; her sister stays with her."}).status_code == 302
    assert "Answers that worry" not in doctor.get(reverse("doctor:home")).content.decode()
