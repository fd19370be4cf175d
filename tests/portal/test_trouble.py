"""Trouble below /my/ is told in the patient's own pages and language, and staff keep theirs."""

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import translation

from patients.models import Patient
from scheduling.messages import links
from scheduling.models import Appointment, Link
from scheduling.portal import errors
from tests.desk.pages import text
from tests.portal.conftest import open_link

pytestmark = pytest.mark.django_db

NOWHERE = "/my/change/00000000-0000-4000-8000-000000000000/"


def test_a_page_that_there_is_not_speaks_the_patients_language(
    client: Client, ada: Patient, visits: list[Appointment]
) -> None:
    Patient.objects.filter(pk=ada.pk).update(language="es")
    open_link(client, links.issue(patient=ada, purpose=Link.Purpose.PATIENT))

    response = client.get(NOWHERE)

    assert response.status_code == 404
    assert '<html lang="es">' in response.content.decode()
    assert "Esta página no existe" in text(response)
    assert (response["Cache-Control"], response["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_a_form_without_its_token_is_told_in_the_same_way(ada: Patient, visits: list[Appointment]) -> None:
    client = Client(enforce_csrf_checks=True)
    open_link(client, links.issue(patient=ada, purpose=Link.Purpose.PATIENT))

    response = client.post("/my/driver/", {})

    assert response.status_code == 403
    assert "The page was open too long" in text(response)


def test_a_broken_page_asks_the_database_for_nothing(
    ada: Patient, visits: list[Appointment], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(raise_request_exception=False)
    Patient.objects.filter(pk=ada.pk).update(language="es")
    open_link(client, links.issue(patient=ada, purpose=Link.Purpose.PATIENT))

    def breaks(*args: object, **kwargs: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr("scheduling.portal.patient_views.visits_to_come", breaks)
    response = client.get("/my/")

    assert response.status_code == 500
    assert "Algo ha fallado por nuestra parte" in text(response)


def test_the_page_for_a_broken_database_needs_none() -> None:
    request: HttpRequest = RequestFactory().get("/my/")
    with translation.override("en"):
        response = errors.broken(request)

    assert response.status_code == 500
    assert "call us on the number in our messages" in text(response)


def test_staff_keep_their_own_pages() -> None:
    client = Client()

    assert "The address is wrong" in text(client.get("/no-such-page/"))


def test_too_many_requests_are_told_in_the_patients_language(
    client: Client, ada: Patient, visits: list[Appointment], monkeypatch: pytest.MonkeyPatch
) -> None:
    Patient.objects.filter(pk=ada.pk).update(language="es")
    open_link(client, links.issue(patient=ada, purpose=Link.Purpose.PATIENT))
    monkeypatch.setattr("scheduling.portal.limits.ANSWERS", 0)

    response = client.post("/my/driver/", {})

    assert response.status_code == 429
    assert '<html lang="es">' in response.content.decode()
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "es"
