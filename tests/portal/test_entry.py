"""Opening a link: what it sets, what it refuses, what it never does."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from clinic import clock
from clinic.models import AuditEvent
from patients.models import Contact, Patient
from scheduling.messages import links
from scheduling.models import Appointment, Link
from scheduling.portal import limits, visitor
from tests import factories
from tests.portal.conftest import open_link, path_of

pytestmark = pytest.mark.django_db


def test_the_token_leaves_the_address_bar_at_once(client: Client, ada: Patient, visits: list[Appointment]) -> None:
    url = links.issue(patient=ada, purpose=Link.Purpose.PATIENT)

    response = client.get(path_of(url))

    assert (response.status_code, response["Location"]) == (302, "/my/")
    token = url.rstrip("/").rsplit("/", 1)[1]
    page = client.get("/my/")
    assert page.status_code == 200
    assert token not in page.content.decode() + str(response.cookies)


def test_pages_behind_links_are_kept_nowhere(at_ada: Client, ada: Patient, visits: list[Appointment]) -> None:
    entry = at_ada.get(path_of(links.issue(patient=ada, purpose=Link.Purpose.PATIENT)))
    for response in (entry, at_ada.get("/my/"), at_ada.get("/my/driver/"), at_ada.get("/my/no-such-token/")):
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert "noindex" in response["X-Robots-Tag"]


def test_the_cookie_is_for_these_pages_only(client: Client, ada: Patient) -> None:
    response = client.get(path_of(links.issue(patient=ada, purpose=Link.Purpose.PATIENT)))

    cookie = response.cookies[visitor.COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["max-age"]) == ("/my/", True, "Lax", "")
    language = response.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert (language.value, language["path"], language["max-age"]) == ("en", "/my/", "")
    assert set(response.cookies) == {visitor.COOKIE, settings.LANGUAGE_COOKIE_NAME}


def test_a_link_opens_nothing_for_staff_and_ends_no_staff_session(
    client: Client, clinic: factories.Clinic, ada: Patient, visits: list[Appointment]
) -> None:
    assert clinic.clerk.user is not None
    client.force_login(clinic.clerk.user)

    open_link(client, links.issue(patient=ada, purpose=Link.Purpose.PATIENT))

    assert client.session["_auth_user_id"] == str(clinic.clerk.user.pk)
    client.post("/my/leave/")
    assert client.session["_auth_user_id"] == str(clinic.clerk.user.pk)


@pytest.mark.parametrize("how", ["unknown", "expired", "revoked", "screening"])
def test_a_link_that_is_not_open_says_what_to_do(
    client: Client, clinic: factories.Clinic, ada: Patient, how: str
) -> None:
    purpose = Link.Purpose.SCREENING if how == "screening" else Link.Purpose.PATIENT
    path = path_of(links.issue(patient=ada, purpose=purpose, days=3))
    if how == "unknown":
        path = "/my/" + "x" * 32 + "/"
    if how == "revoked":
        links.revoke(patient=ada)

    with clock.at_moment(factories.NOW + timedelta(days=4 if how == "expired" else 0)):
        response = client.get(path)

    page = response.content.decode()
    assert response.status_code == 404
    assert "newest message" in page
    assert "(518) 555-0100" in page, "the telephone number of the site"
    assert ada.given_name not in page
    assert not response.cookies


def test_a_link_revoked_meanwhile_shuts_the_open_page(at_ada: Client, ada: Patient, visits: list[Appointment]) -> None:
    assert at_ada.get("/my/").status_code == 200

    links.revoke(patient=ada)

    response = at_ada.get("/my/")
    assert response.status_code == 403
    assert "no longer open" in response.content.decode()


def test_a_patient_who_died_has_no_page(at_ada: Client, ada: Patient) -> None:
    Patient.objects.filter(pk=ada.pk).update(deceased_at=factories.FIRST_DAY)

    assert at_ada.get("/my/").status_code == 403


def test_a_forged_cookie_opens_nothing(client: Client, ada: Patient) -> None:
    links.issue(patient=ada, purpose=Link.Purpose.PATIENT)
    link = Link.objects.get()
    for value in (str(link.pk), f"{link.pk}:x:y", "", "W10:1:x"):
        client.cookies[visitor.COOKIE] = value
        assert client.get("/my/").status_code == 403


def test_an_opened_page_closes_by_itself(at_ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor, "STAYS_OPEN", -1)

    assert at_ada.get("/my/").status_code == 403


def test_closing_the_page_forgets_the_link(at_ada: Client) -> None:
    response = at_ada.post("/my/leave/", follow=True)

    assert "closed in this browser" in response.content.decode()
    assert at_ada.get("/my/").status_code == 403


def test_opening_a_link_writes_nothing(
    client: Client, ada: Patient, visits: list[Appointment], django_assert_max_num_queries: object
) -> None:
    url = links.issue(patient=ada, purpose=Link.Purpose.PATIENT)
    before = AuditEvent.objects.count()

    open_link(client, url)
    client.get("/my/")

    assert AuditEvent.objects.count() == before
    assert "session" not in client.cookies, "no session row is made for a visitor"


def test_an_address_that_knocks_too_often_is_asked_to_wait(
    client: Client, clinic: factories.Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "OPENINGS", 2)
    answers = [client.get(f"/my/{'x' * 31}{knock}/").status_code for knock in range(3)]

    blocked = client.get("/my/" + "y" * 32 + "/")
    assert answers == [404, 404, 429]
    assert "Wait ten minutes" in blocked.content.decode()
    assert "(518) 555-0100" in blocked.content.decode()
    assert client.get("/my/" + "y" * 32 + "/", REMOTE_ADDR="198.51.100.20").status_code == 404


def test_an_address_that_answers_too_often_is_asked_to_wait(
    at_ada: Client, visits: list[Appointment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ANSWERS", 0)
    cache.clear()

    assert at_ada.post("/my/driver/", {}).status_code == 429


def test_the_language_chosen_on_the_page_is_kept_for_pages_and_messages(
    client: Client, ada: Patient, visits: list[Appointment]
) -> None:
    Patient.objects.filter(pk=ada.pk).update(language="es")
    url = links.issue(patient=ada, purpose=Link.Purpose.PATIENT)
    open_link(client, url)

    assert '<html lang="es">' in client.get("/my/").content.decode()
    client.post("/my/language/", {"language": "en"})
    assert '<html lang="en">' in client.get("/my/").content.decode()
    client.post("/my/language/", {"language": "xx"})
    assert '<html lang="en">' in client.get("/my/").content.decode(), "a language that there is not changes nothing"
    ada.refresh_from_db()
    assert ada.language == "en", "messages are written in the language on file"
    assert '<html lang="en">' in open_link(Client(), url).get("/my/").content.decode(), "in any browser"


def test_a_companion_chooses_their_own_language_and_not_the_patients(
    client: Client, ada: Patient, ben: Contact, visits: list[Appointment]
) -> None:
    open_link(client, links.issue(patient=ada, purpose=Link.Purpose.COMPANION, contact=ben))

    client.post("/my/language/", {"language": "es"})

    ada.refresh_from_db()
    ben.refresh_from_db()
    assert (ada.language, ben.language) == ("en", "es")
    assert '<html lang="es">' in client.get("/my/").content.decode()


def test_a_companion_link_opens_no_patient_page(client: Client, ada: Patient, ben: Contact) -> None:
    open_link(client, links.issue(patient=ada, purpose=Link.Purpose.COMPANION, contact=ben))

    assert client.get("/my/driver/").status_code == 403
    assert client.post(f"/my/drivers/{ben.pk}/agreed/").status_code == 403
