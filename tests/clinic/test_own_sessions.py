"""Somebody's own list of where he or she is signed in: it says so, ends what it is told to, and asks who is there."""

from datetime import timedelta
from unittest import mock

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.own_sessions import open_sessions
from clinic.tasks import forget_sessions
from tests.clinic.signing import PASSWORD, _fresh, clerk_of, harbor, is_in, sign_in
from tests.desk.pages import text
from tests.factories import NOW, Clinic

__all__ = ["_fresh", "harbor"]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PAGE = "account_sessions"


@pytest.fixture
def telephone(harbor: Clinic) -> Client:
    """The clerk, signed in at a telephone."""
    client = Client(headers={"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Version/19.0 Safari/604.1"})
    sign_in(client, clerk_of(harbor))
    assert is_in(client)
    return client


@pytest.fixture
def desk(harbor: Clinic, telephone: Client) -> Client:
    """The same clerk at the desk, a little later."""
    client = Client(headers={"User-Agent": FIREFOX}, REMOTE_ADDR="203.0.113.9")
    with clock.at_moment(NOW + timedelta(minutes=5)):
        sign_in(client, clerk_of(harbor))
        assert is_in(client)
        prove(client)
    return client


def prove(client: Client) -> None:
    """Give the password once more."""
    assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302


def test_it_says_where_since_when_and_which_is_this_one(harbor: Clinic, telephone: Client, desk: Client) -> None:
    manager = Client()
    assert harbor.manager.user is not None
    sign_in(manager, harbor.manager.user)
    is_in(manager)

    page = desk.get(reverse(PAGE))
    here, there = page.context["sessions"]
    assert (here.browser, here.address, here.is_here) == ("Firefox on Windows", "203.0.113.9", True)
    assert (there.browser, there.is_here, there.began) == ("Safari on iPhone", False, NOW)
    assert here.began == NOW + timedelta(minutes=5)
    for key in Session.objects.values_list("session_key", flat=True):
        assert key not in page.content.decode(), "whoever reads the page cannot take over the session"


def test_one_is_ended_and_this_one_goes_on(harbor: Clinic, telephone: Client, desk: Client) -> None:
    (there,) = [one for one in desk.get(reverse(PAGE)).context["sessions"] if not one.is_here]
    page = desk.post(reverse(PAGE), {"end": there.name}, follow=True)

    assert "Signed out there." in text(page)
    assert not is_in(telephone)
    assert is_in(desk)
    assert desk.post(reverse(PAGE), {"end": there.name}).status_code == 404


def test_all_others_are_ended_at_once(harbor: Clinic, telephone: Client, desk: Client) -> None:
    third = Client()
    sign_in(third, clerk_of(harbor))
    is_in(third)
    desk.post(reverse(PAGE), {"end": "others"})
    assert [is_in(one) for one in (telephone, third, desk)] == [False, False, True]
    assert "nowhere else" in text(desk.post(reverse(PAGE), {"end": "others"}, follow=True))


def test_another_person_s_session_is_not_there_to_end(harbor: Clinic, desk: Client) -> None:
    manager = Client()
    assert harbor.manager.user is not None
    sign_in(manager, harbor.manager.user)
    is_in(manager)
    (mine,) = open_sessions(harbor.manager.user, None, clock.now())

    assert desk.post(reverse(PAGE), {"end": mine.name}).status_code == 404
    desk.post(reverse(PAGE), {"end": "others"})
    assert is_in(manager)


def test_whoever_finds_the_computer_open_is_asked_for_the_password(harbor: Clinic, desk: Client) -> None:
    with mock.patch("allauth.account.internal.flows.reauthentication.time.time", return_value=4_000_000_000):
        assert desk.get(reverse(PAGE))["Location"].startswith(reverse("account_reauthenticate"))
        asked = desk.post(reverse(PAGE), {"end": "others"})
    assert asked["Location"].startswith(reverse("account_reauthenticate"))

    prove(desk)
    assert "Firefox on Windows" in text(desk.get(reverse(PAGE)))


def test_what_lasted_too_long_and_what_an_old_password_opened_is_not_listed(harbor: Clinic, telephone: Client) -> None:
    user = clerk_of(harbor)
    assert len(open_sessions(user, None, NOW)) == 1
    assert open_sessions(user, None, NOW + timedelta(days=30000)) == []
    user.set_password("violin cactus orbit lamp")
    assert open_sessions(user, None, NOW) == []


def test_sessions_that_are_over_are_removed_with_what_was_typed_into_them(harbor: Clinic, telephone: Client) -> None:
    Session.objects.create(session_key="over", session_data="", expire_date=NOW - timedelta(days=4000))
    forget_sessions()
    assert [row.session_key for row in Session.objects.all()] == [telephone.session.session_key]
