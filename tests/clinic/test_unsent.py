"""A form sent after the session had ended: nothing is done, and it comes back filled in after signing in."""

import time
from collections.abc import Iterator
from datetime import timedelta
from unittest import mock
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.desk import TYPIST_AGE
from clinic.permissions import Role
from clinic.unsent import KEEP, MOST
from patients.models import Patient
from scheduling.models import Appointment
from tests.desk.pages import text
from tests.factories import NOW, Clinic, make_clinic, make_patient, make_staff
from tests.scheduling.helpers import book, visits_of

PASSWORD = "a-long-password-for-tests"


@pytest.fixture(autouse=True)
def _monday_morning() -> Iterator[None]:
    with clock.at_moment(NOW):
        yield


@pytest.fixture
def harbor(db: None) -> Clinic:
    """A clinic whose clerk has a password."""
    clinic = make_clinic()
    user = clinic.clerk.user
    assert user is not None
    user.set_password(PASSWORD)
    user.save()
    return clinic


@pytest.fixture
def visit(harbor: Clinic) -> Appointment:
    """A booked visit."""
    return visits_of(book(harbor, make_patient(harbor.site, cleared=True)))[0]


def cancel_url(visit: Appointment) -> str:
    """The page that cancels it."""
    return reverse("desk:cancel", args=[visit.pk])


def sign_in(client: Client, clinic: Clinic, to: str) -> object:
    """Sign in by the sign-in page, and go where it leads."""
    assert clinic.clerk.user is not None
    form = {"login": clinic.clerk.user.username, "password": PASSWORD, "next": to}
    return client.post(reverse("account_login"), form, follow=True)


@pytest.fixture
def client(client: Client, harbor: Clinic) -> Client:
    """A browser in which the clerk was signed in, until the session ended."""
    sign_in(client, harbor, "/")
    Session.objects.all().delete()
    return client


def test_what_was_typed_is_there_after_signing_in_and_nothing_was_done(
    client: Client, harbor: Clinic, visit: Appointment
) -> None:
    sent = client.post(cancel_url(visit), {"version": "0", "reason": "the patient has a cold"})
    assert sent.status_code == 302
    assert "What you typed is kept" in text(client.get(sent["Location"]))

    page = sign_in(client, harbor, cancel_url(visit))

    assert page.status_code == 200  # type: ignore[attr-defined]
    assert "the patient has a cold" in page.content.decode()  # type: ignore[attr-defined]
    assert "You had been signed out, so this was not sent and nothing was done." in text(page)  # type: ignore[arg-type]
    visit.refresh_from_db()
    assert visit.status == "booked"

    client.post(cancel_url(visit), {"version": "0", "reason": "the patient has a cold"})
    visit.refresh_from_db()
    assert visit.status == "cancelled", "sent again by hand, it is done"


def test_it_is_shown_once(client: Client, harbor: Clinic, visit: Appointment) -> None:
    client.post(cancel_url(visit), {"version": "0", "reason": "a cold"})
    sign_in(client, harbor, cancel_url(visit))

    assert "a cold" not in client.get(cancel_url(visit)).content.decode()


def test_after_half_an_hour_it_is_gone(client: Client, harbor: Clinic, visit: Appointment) -> None:
    client.post(cancel_url(visit), {"version": "0", "reason": "a cold"})
    with clock.at_moment(NOW + KEEP + timedelta(seconds=1)):
        page = sign_in(client, harbor, cancel_url(visit))

    assert "a cold" not in page.content.decode()  # type: ignore[attr-defined]


def test_a_series_page_comes_back_with_its_wishes(client: Client, harbor: Clinic) -> None:
    patient = make_patient(harbor.site, cleared=True)
    url = reverse("desk:book_series", args=[patient.pk])
    starts = harbor.at(NOW.date() + timedelta(days=1), 9).isoformat()
    typed = {
        "site": str(harbor.site.pk),
        "protocol": str(harbor.injection.protocol_id),
        "first_day": "2027-04-06",
        "not_dates": "2027-04-09",
        "starts": starts,
        "key": str(uuid4()),
        "do": "book",
    }
    client.post(url, typed)

    page = sign_in(client, harbor, url)

    assert 'value="2027-04-09"' in page.content.decode()  # type: ignore[attr-defined]
    assert not Appointment.objects.filter(patient=patient).exists()


def test_a_button_of_another_page_leads_back_there_and_says_that_nothing_was_done(
    client: Client, harbor: Clinic, visit: Appointment
) -> None:
    home = reverse("desk:patient", args=[visit.patient_id])
    sent = client.post(
        reverse("desk:pin", args=[visit.pk]), {"fixed": "1"}, headers={"Referer": f"http://testserver{home}"}
    )
    assert f"next={home}" in sent["Location"]

    page = sign_in(client, harbor, home)

    assert "You had been signed out, so nothing was done." in text(page)  # type: ignore[arg-type]
    visit.refresh_from_db()
    assert not visit.pinned


def test_passwords_and_floods_are_not_kept(client: Client, visit: Appointment) -> None:
    client.post(cancel_url(visit), {"reason": "x" * (MOST + 1)})
    assert client.session["unsent"]["data"] is None

    client.post(cancel_url(visit), {"reason": "a cold", "new_password": "secret"})
    assert client.session["unsent"]["data"] == {"reason": ["a cold"]}


def test_a_part_of_a_page_sends_the_whole_page_to_sign_in(client: Client, visit: Appointment) -> None:
    where = f"http://testserver{cancel_url(visit)}?a=1"

    answer = client.get(cancel_url(visit), headers={"HX-Request": "true", "HX-Current-URL": where})

    assert answer["HX-Redirect"].startswith("/accounts/login/?next=")
    assert "a%3D1" in answer["HX-Redirect"]


def test_another_patients_page_is_still_shut(client: Client, harbor: Clinic) -> None:
    there = make_clinic(name="Mesa", time_zone="America/Phoenix")
    theirs: Patient = make_patient(there.site)
    url = reverse("desk:book_series", args=[theirs.pk])
    client.post(url, {"first_day": "2027-04-06"})

    assert sign_in(client, harbor, url).status_code == 404  # type: ignore[attr-defined]


def test_a_colleague_who_signs_in_next_does_not_see_it(client: Client, harbor: Clinic, visit: Appointment) -> None:
    colleague = make_staff(harbor.site, "Colleague", Role.FRONT_DESK).user
    assert colleague is not None
    colleague.set_password(PASSWORD)
    colleague.save()
    client.post(cancel_url(visit), {"version": "0", "reason": "a cold"})

    form = {"login": colleague.username, "password": PASSWORD, "next": cancel_url(visit)}
    page = client.post(reverse("account_login"), form, follow=True)

    assert page.status_code == 200
    assert "a cold" not in page.content.decode()
    assert "unsent" not in client.session
    assert "a cold" not in sign_in(client, harbor, cancel_url(visit)).content.decode()  # type: ignore[attr-defined]


def test_a_stranger_s_post_is_not_kept_and_writes_no_session(harbor: Clinic, visit: Appointment) -> None:
    stranger = Client()
    for cookie in ("", "a-forged-name", signing.dumps("1", salt="something else")):
        stranger.cookies[settings.DESK_COOKIE_NAME] = cookie
        sent = stranger.post(cancel_url(visit), {"version": "0", "reason": "a cold"})
        assert sent.status_code == 302
        assert "What you typed is kept" not in text(stranger.get(sent["Location"]))
    assert not Session.objects.exists()


def test_the_day_after_signing_in_the_browser_is_nobodys(client: Client, harbor: Clinic, visit: Appointment) -> None:
    with mock.patch("django.core.signing.time.time", return_value=time.time() + TYPIST_AGE + 5):
        client.post(cancel_url(visit), {"version": "0", "reason": "a cold"})
    assert not Session.objects.exists()
