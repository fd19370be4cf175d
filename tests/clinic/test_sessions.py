"""Sessions end, by role; a shared desk changes hands; staff are invited by mail."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from clinic import clock, desk
from clinic.models import User
from clinic.permissions import Role
from clinic.session_limits import Limits
from patients.models import EmergencyAccess
from tests.clinic.signing import PASSWORD, _fresh, clerk_of, harbor, is_in, sign_in
from tests.desk.pages import text
from tests.factories import NOW, Clinic, make_patient
from tests.scheduling.helpers import book, visits_of

__all__ = ["_fresh", "harbor"]


# --- the shared desk -----------------------------------------------------------------------------------------------


def test_the_sign_in_page_offers_who_worked_here_and_forgets_who_left(client: Client, harbor: Clinic) -> None:
    assert harbor.manager.user is not None
    for user in (clerk_of(harbor), harbor.manager.user):
        sign_in(client, user)
        client.post(reverse("account_logout"))

    page = client.get(reverse("account_login"))
    assert [name for _username, name in page.context["people"]] == ["Mona Reyes", "Finn Okafor"]
    assert len(desk.people(page.wsgi_request)) == 2

    User.objects.filter(pk=clerk_of(harbor).pk).update(is_active=False)
    assert "Finn Okafor" not in text(client.get(reverse("account_login")))


def test_locking_keeps_what_was_typed_for_the_same_person_and_for_nobody_else(harbor: Clinic) -> None:
    visit = visits_of(book(harbor, make_patient(harbor.site, cleared=True)))[0]
    page = reverse("desk:cancel", args=[visit.pk])
    for who, sees in ((harbor.manager.user, False), (harbor.clerk.user, True)):
        assert who is not None
        shared = Client()
        sign_in(shared, clerk_of(harbor))
        answer = shared.post(reverse("account_lock"), {"lock_path": page, "version": "0", "reason": "half a sentence"})
        assert answer["Location"].startswith(reverse("account_login"))
        assert not is_in(shared)
        sign_in(shared, who)
        assert ("half a sentence" in shared.get(page).content.decode()) is sees
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_whoever_takes_over_starts_at_home_and_the_same_person_goes_on_however_the_sign_in_page_was_opened(
    harbor: Clinic,
) -> None:
    page = reverse("desk:cancel", args=[visits_of(book(harbor, make_patient(harbor.site, cleared=True)))[0].pk])
    home = reverse("desk:home")
    manager = harbor.manager.user
    assert manager is not None
    for who, leads_to in ((manager, home), (clerk_of(harbor), page)):
        shared = Client()
        sign_in(shared, clerk_of(harbor))
        asked = shared.post(reverse("account_lock"), {"lock_path": page, "version": "0", "reason": "half a sentence"})
        typed = {"login": who.username, "password": PASSWORD}
        assert shared.post(asked["Location"], typed | {"next": page})["Location"] == leads_to

    shared = Client()
    sign_in(shared, clerk_of(harbor))
    shared.post(reverse("account_lock"), {"lock_path": page, "version": "0", "reason": "half a sentence"})
    assert sign_in(shared, clerk_of(harbor))["Location"] == page, "the sign-in page was opened by a bookmark"
    shared.post(reverse("account_logout"))
    typed = {"login": manager.username, "password": PASSWORD, "next": page}
    assert shared.post(reverse("account_login"), typed)["Location"] == page, "a link from elsewhere leads where it says"


def test_what_a_page_sends_as_its_session_ends_is_kept_though_the_server_ended_it_first(
    harbor: Clinic, settings: Any
) -> None:
    settings.SESSION_LIMITS = {role: Limits(timedelta(minutes=10), timedelta(hours=1)) for role in Role}
    page = reverse("desk:cancel", args=[visits_of(book(harbor, make_patient(harbor.site, cleared=True)))[0].pk])
    shared, other_tab = Client(), {"lock_path": reverse("desk:patients")}
    sign_in(shared, clerk_of(harbor))
    is_in(shared)
    with clock.at_moment(NOW + timedelta(minutes=10)):
        answer = shared.post(reverse("account_lock"), {"lock_path": page, "version": "0", "reason": "half a sentence"})
        assert answer["Location"] == f"{reverse('account_login')}?next={page}"
        shared.post(reverse("account_lock"), other_tab)
        sign_in(shared, clerk_of(harbor))
        assert "half a sentence" in shared.get(page).content.decode()


def test_what_was_typed_into_a_part_of_a_page_comes_back_on_that_page(harbor: Clinic) -> None:
    nurse, manager, shared = harbor.nurses[0].user, harbor.manager.user, Client()
    assert nurse is not None
    assert manager is not None
    access = EmergencyAccess.objects.create(
        user=nurse,
        patient=make_patient(harbor.site),
        reason="found at the door",
        opened_at=NOW,
        until=NOW + timedelta(hours=1),
    )
    page, takes_forms_only = reverse("setup:emergencies"), reverse("setup:emergency_review", args=[access.pk])
    sign_in(shared, manager)
    typed = {"lock_path": takes_forms_only, "review": "half a sentence"}

    answer = shared.post(reverse("account_lock"), typed, headers={"Referer": f"http://testserver{page}"})
    assert answer["Location"] == f"{reverse('account_login')}?next={page}"
    sign_in(shared, manager)
    shown = shared.get(page)
    assert shown.status_code == 200
    assert 'value="half a sentence"' in shown.content.decode()
    assert "What you typed is here" in text(shown)
    access.refresh_from_db()
    assert access.reviewed_at is None
    assert "half a sentence" not in shared.get(page).content.decode()


@pytest.mark.parametrize(
    "path", ["https://evil.example/", "//evil.example/x", "javascript:alert(1)", "/nowhere/at/all/"]
)
def test_locking_leads_nowhere_else(harbor: Clinic, path: str) -> None:
    client = Client()
    sign_in(client, clerk_of(harbor))

    answer = client.post(reverse("account_lock"), {"lock_path": path, "reason": "x"})
    assert answer["Location"].startswith("/accounts/login/")
    assert "evil" not in answer["Location"]


# --- sessions ------------------------------------------------------------------------------------------------------


@pytest.fixture
def short(settings: Any) -> None:
    """Ten minutes without a deed, an hour at all; a nurse half of that."""
    whole = {role: Limits(timedelta(minutes=10), timedelta(hours=1)) for role in Role}
    settings.SESSION_LIMITS = {**whole, Role.NURSE: Limits(timedelta(minutes=5), timedelta(minutes=30))}


@pytest.mark.usefixtures("short")
def test_a_session_ends_when_nobody_does_anything(client: Client, harbor: Clinic) -> None:
    sign_in(client, clerk_of(harbor))
    assert is_in(client)
    with clock.at_moment(NOW + timedelta(minutes=9)):
        assert is_in(client)
    with clock.at_moment(NOW + timedelta(minutes=18)):
        assert is_in(client), "a deed makes the time begin anew"
    with clock.at_moment(NOW + timedelta(minutes=28)):
        assert not is_in(client)


@pytest.mark.usefixtures("short")
def test_what_a_page_asks_for_by_itself_keeps_no_session_open(client: Client, harbor: Clinic) -> None:
    sign_in(client, clerk_of(harbor))
    is_in(client)
    with clock.at_moment(NOW + timedelta(minutes=9)):
        client.get(reverse("desk:patients"), headers={"X-Requested-With": "fetch"})
    with clock.at_moment(NOW + timedelta(minutes=10)):
        assert not is_in(client)


@pytest.mark.usefixtures("short")
def test_a_session_ends_after_its_whole_time_whatever_is_done(client: Client, harbor: Clinic) -> None:
    sign_in(client, clerk_of(harbor))
    for minutes in range(0, 60, 6):
        with clock.at_moment(NOW + timedelta(minutes=minutes)):
            assert is_in(client)
            assert client.post(reverse("account_stay")).status_code == 204
    with clock.at_moment(NOW + timedelta(minutes=60)):
        assert client.post(reverse("account_stay")).status_code == 401
        assert not is_in(client)


@pytest.mark.usefixtures("short")
def test_each_role_has_its_own_times_and_the_strictest_counts(client: Client, harbor: Clinic) -> None:
    user = harbor.nurses[0].user
    assert user is not None
    client.force_login(user)
    assert is_in(client)
    assert client.get(reverse("desk:patients")).context["session_left"].idle == timedelta(minutes=5)
    with clock.at_moment(NOW + timedelta(minutes=5)):
        assert not is_in(client)


@pytest.mark.usefixtures("short")
def test_a_form_sent_after_the_end_waits_for_the_same_person_only(harbor: Clinic) -> None:
    visit = visits_of(book(harbor, make_patient(harbor.site, cleared=True)))[0]
    page = reverse("desk:cancel", args=[visit.pk])
    for who, sees in ((harbor.manager.user, False), (harbor.clerk.user, True)):
        assert who is not None
        client = Client()
        sign_in(client, clerk_of(harbor))
        is_in(client)
        with clock.at_moment(NOW + timedelta(minutes=11)):
            client.post(page, {"version": "0", "reason": "typed too late"})
            sign_in(client, who)
            assert ("typed too late" in client.get(page).content.decode()) is sees


def test_an_account_that_is_shut_loses_its_sessions_at_once(client: Client, harbor: Clinic) -> None:
    sign_in(client, clerk_of(harbor))
    assert is_in(client)
    User.objects.filter(pk=clerk_of(harbor).pk).update(is_active=False)
    assert not is_in(client)


def test_somebody_who_works_here_no_more_is_out_at_once_and_cannot_come_back(client: Client, harbor: Clinic) -> None:
    sign_in(client, clerk_of(harbor))
    assert is_in(client)
    harbor.clerk.is_active = False
    harbor.clerk.save()

    assert not is_in(client)
    sign_in(client, clerk_of(harbor))
    assert not is_in(client)


def test_a_new_password_ends_every_other_session(client: Client, harbor: Clinic) -> None:
    sign_in(client, clerk_of(harbor))
    user = clerk_of(harbor)
    user.set_password("violin cactus orbit lamp")
    user.save()

    assert not is_in(client)


def test_the_look_at_a_session_costs_no_query_of_its_own(client: Client, harbor: Clinic) -> None:
    sign_in(client, clerk_of(harbor))
    is_in(client)
    with connection.execute_wrapper(_no_mfa_query):
        assert is_in(client)


def _no_mfa_query(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    assert not sql.startswith('SELECT "mfa_'), "the second factor comes with the account"
    return execute(sql, params, many, context)


# --- invitations ---------------------------------------------------------------------------------------------------


def test_an_invitation_goes_by_mail_with_a_link_that_works_once(harbor: Clinic, mailoutbox: Any) -> None:
    user = clerk_of(harbor)
    User.objects.filter(pk=user.pk).update(email="finn@clinic.example")
    manager = Client()
    assert harbor.manager.user is not None
    manager.force_login(harbor.manager.user)

    page = manager.post(reverse("setup:sign_in_link", args=[harbor.clerk.pk]), {"by": "mail"}, follow=True)

    assert "Sent to finn@clinic.example" in text(page)
    (mail,) = mailoutbox
    assert mail.to == ["finn@clinic.example"]
    found = re.search(r"https?://[^/]+(/accounts/welcome/\S+)", mail.body)
    assert found is not None
    assert found[1] not in page.content.decode()
    guest = Client()
    chosen = {"new_password1": "basket nineteen velvet pier", "new_password2": "basket nineteen velvet pier"}
    assert guest.post(found[1], chosen).status_code == 302
    assert guest.get(found[1]).status_code == 404
    user.refresh_from_db()
    assert user.check_password("basket nineteen velvet pier")


def test_an_invitation_that_cannot_be_sent_says_so_and_shows_the_link(
    harbor: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.filter(pk=clerk_of(harbor).pk).update(email="finn@clinic.example")
    manager = Client()
    assert harbor.manager.user is not None
    manager.force_login(harbor.manager.user)

    def broken(*args: Any, **kwargs: Any) -> int:
        raise OSError("the mail server does not answer")

    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", broken)
    page = manager.post(reverse("setup:sign_in_link", args=[harbor.clerk.pk]), {"by": "mail"})

    assert "could not be sent" in text(page)
    assert "/accounts/welcome/" in page.content.decode()
