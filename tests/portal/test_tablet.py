"""The clinic's tablet in a patient's hands: one questionnaire opens, and nothing else until somebody signs in again."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.errors import NotAllowed, Refused
from clinic.permissions import Role
from patients.models import Measure, Patient, SafetyAlert, ScoreSheet
from scheduling.actions.tablets import TABLET_LASTS, hand_over
from scheduling.models import Link
from tests import factories
from tests.swept import things_of
from tests.test_sweep import addresses
from tests.visit.doctors import sign_in

URL = "/my/tablet/"


def handed_over(clinic: factories.Clinic, patient: Patient, measure: str = "phq9") -> Client:
    """The nurse's browser, in which she has handed the tablet over."""
    tablet = sign_in(clinic, Role.NURSE)
    assert tablet.post(reverse("doctor:tablet", args=[patient.pk, measure]))["Location"] == URL
    return tablet


def answers(*items: int) -> dict[str, str]:
    """What the form sends."""
    return {"key": str(uuid4()), **{f"q{number}": str(one) for number, one in enumerate(items)}}


def test_every_other_address_answers_the_tablet_as_it_answers_a_stranger(
    clinic: factories.Clinic, ada: Patient
) -> None:
    things = things_of(clinic)
    tablet, stranger = handed_over(clinic, ada), Client()
    opened = []
    for one in addresses():
        url = one.url(things)
        for method in ("get", "post"):
            to_tablet, to_stranger = getattr(tablet, method)(url), getattr(stranger, method)(url)
            if to_tablet.status_code != to_stranger.status_code:
                opened.append((method, one.name, to_tablet.status_code))
            elif getattr(one.view, "needs", None) is not None and to_tablet.status_code == 302:
                assert to_tablet["Location"].startswith("/accounts/login/"), one.name

    assert opened == [("get", "portal:tablet", 200), ("post", "portal:tablet", 422)]


def test_it_asks_in_the_patients_language_and_the_answers_shut_it(clinic: factories.Clinic, ada: Patient) -> None:
    Patient.objects.filter(pk=ada.pk).update(language="es")
    tablet = handed_over(clinic, ada, "fiqr")

    assert "Enviar mis respuestas" in tablet.get(URL).content.decode()
    assert tablet.post(URL, answers(*[5] * 20)).status_code == 422, "one is missing: it stays open"
    done = tablet.post(URL, answers(*[5] * 21))

    assert "Devuelva" in done.content.decode() or "devuelva" in done.content.decode()
    assert ScoreSheet.objects.get().patient == ada
    assert tablet.get(URL).status_code == 403


def test_an_answer_about_self_harm_is_met_at_once_and_leads_nowhere(clinic: factories.Clinic, ada: Patient) -> None:
    tablet = handed_over(clinic, ada)

    page = tablet.post(URL, answers(*[0] * 8, 2)).content.decode()

    assert "tell whoever takes it" in page
    assert "Back to my visits" not in page
    assert SafetyAlert.objects.get().patient == ada
    assert tablet.get(URL).status_code == 403


def test_left_lying_or_handed_over_anew_it_is_shut(clinic: factories.Clinic, ada: Patient) -> None:
    first = handed_over(clinic, ada)
    with clock.at_moment(factories.NOW + TABLET_LASTS + timedelta(minutes=1)):
        assert first.get(URL).status_code == 403
    screening = sign_in(clinic, Role.NURSE)
    screening.post(reverse("desk:patient_screening_tablet", args=[ada.pk]))

    assert first.get(URL).status_code == 403, "the one handed over last is the one that is open"
    assert screening.get("/my/screening/").status_code == 200
    assert screening.get(URL).status_code == 403, "the screening's tablet opens the screening alone"


def test_it_is_not_handed_over_by_opening_an_address(clinic: factories.Clinic, ada: Patient) -> None:
    nurse = sign_in(clinic, Role.NURSE)

    assert nurse.get(reverse("doctor:tablet", args=[ada.pk, "phq9"])).status_code == 405
    assert nurse.post(reverse("doctor:tablet", args=[ada.pk, "weight"])).status_code == 404
    assert nurse.get(reverse("doctor:scores", args=[ada.pk])).status_code == 200, "still signed in"
    assert not Link.objects.filter(purpose=Link.Purpose.SCORES).exists()


def test_only_for_who_is_in_care_and_by_who_may(clinic: factories.Clinic, ada: Patient) -> None:
    with pytest.raises(NotAllowed):
        hand_over(by=clinic.by(Role.FRONT_DESK), patient=ada, purpose=Link.Purpose.SCORES, measure=Measure.PHQ9)
    ada.is_active = False
    ada.save()
    with pytest.raises(Refused, match="not in care"):
        hand_over(by=clinic.by(Role.NURSE), patient=ada, purpose=Link.Purpose.SCORES, measure=Measure.PHQ9)


def test_a_link_for_scores_names_its_questionnaire(clinic: factories.Clinic, ada: Patient) -> None:
    link = hand_over(by=clinic.by(Role.NURSE), patient=ada, purpose=Link.Purpose.SCORES, measure=Measure.FIQR)
    with pytest.raises(IntegrityError, match="link_for_scores_names_the_questionnaire"):
        Link.objects.filter(pk=link.pk).update(measure="")
