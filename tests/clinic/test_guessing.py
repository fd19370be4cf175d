"""Whoever guesses passwords is stopped, from one address and from many; nobody keeps the clinic out with it."""

import io
import json
import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.urls import reverse

from clinic import guessing
from clinic.models import User
from tests.clinic.signing import PASSWORD, SECRET, _fresh, clerk_of, code_now, harbor, is_in, sign_in
from tests.desk.pages import text, values
from tests.factories import Clinic
from tests.test_logs import log

__all__ = ["_fresh", "harbor", "log"]
CLINIC, ELSEWHERE = "198.51.100.7", "203.0.113.9"
#: Of allauth's limits: wrong passwords for one username, and from one address, of browsers that are not known.
BY_NAME, BY_ADDRESS = 50, 60


@pytest.fixture(autouse=True)
def _quick(settings: Any) -> None:
    """Hundreds of passwords are looked at here; Argon2 is slow on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Take what counts to so many seconds from now."""
    now = time.time

    def move(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: now() + seconds)

    return move


def guess(client: Client, user: User, times: int, address: str) -> Any:
    """Wrong passwords, from one address."""
    for _ in range(times):
        answer = sign_in(client, user, "wrong", REMOTE_ADDR=address)
    return answer


def guess_from_everywhere(user: User, times: int) -> None:
    """Wrong passwords, each from another address."""
    for number in range(times):
        guess(Client(), user, 1, f"192.0.2.{number}")


def gets_in(client: Client, user: User, address: str) -> bool:
    """Whether the right password opens a page from there."""
    sign_in(client, user, REMOTE_ADDR=address)
    return is_in(client)


def at_work(user: User) -> Client:
    """A browser in the clinic at which the person has signed in before, and out."""
    client = Client()
    assert gets_in(client, user, CLINIC)
    client.post(reverse("account_logout"))
    assert not is_in(client)
    return client


# --- one guesser ---------------------------------------------------------------------------------------------------


def test_a_guesser_is_stopped_and_told_so_with_what_was_typed(harbor: Clinic) -> None:
    user, client = clerk_of(harbor), Client()
    before = guess(client, user, guessing.ONE_ADDRESS - 1, ELSEWHERE)
    assert before.status_code == 200
    assert "Too many" not in text(before)

    last = guess(client, user, 1, ELSEWHERE)
    assert last.status_code == 429
    assert last["Retry-After"] == "300"
    assert "Too many wrong passwords from here. Wait five minutes" in text(last)
    refused = client.post(
        reverse("account_login"),
        {"login": user.username, "password": PASSWORD, "next": "/patients/"},
        REMOTE_ADDR=ELSEWHERE,
    )
    assert refused.status_code == 429
    assert not is_in(client), "the right one opens nothing either"
    assert (values(refused, "login"), set(values(refused, "next"))) == ([user.username], {"/patients/"})
    assert PASSWORD not in refused.content.decode()


def test_one_guess_fewer_keeps_nobody_out(harbor: Clinic) -> None:
    client = Client()
    guess(client, clerk_of(harbor), guessing.ONE_ADDRESS - 1, ELSEWHERE)

    assert gets_in(client, clerk_of(harbor), ELSEWHERE)


def test_how_a_username_is_written_makes_no_other_of_it(harbor: Clinic) -> None:
    user = clerk_of(harbor)
    for number in range(guessing.ONE_ADDRESS):
        name = [user.username, user.username.upper(), f" {user.username} "][number % 3]
        Client().post(reverse("account_login"), {"login": name, "password": "wrong"}, REMOTE_ADDR=ELSEWHERE)

    assert not gets_in(Client(), user, ELSEWHERE)


def test_after_five_minutes_it_works_again_and_trying_on_does_not_make_it_longer(
    harbor: Clinic, later: Callable[[float], None]
) -> None:
    user = clerk_of(harbor)
    guess(Client(), user, guessing.ONE_ADDRESS, ELSEWHERE)
    later(290)
    guess(Client(), user, 3, ELSEWHERE)
    assert not gets_in(Client(), user, ELSEWHERE)

    later(310)
    assert gets_in(Client(), user, ELSEWHERE)


def test_the_password_asked_once_more_has_the_same_limit(harbor: Clinic) -> None:
    user, client = clerk_of(harbor), at_work(clerk_of(harbor))
    assert gets_in(client, user, CLINIC)
    again = reverse("account_reauthenticate")
    for _ in range(guessing.KNOWN_BROWSER):
        answer = client.post(again, {"password": "wrong"}, REMOTE_ADDR=CLINIC)

    assert answer.status_code == 429
    assert "Too many" in text(answer)
    assert is_in(client), "whoever is signed in stays so"


# --- nobody keeps the clinic out -----------------------------------------------------------------------------------


def test_a_guesser_elsewhere_does_not_keep_the_person_out(harbor: Clinic) -> None:
    guess(Client(), clerk_of(harbor), guessing.ONE_ADDRESS + 3, ELSEWHERE)

    assert gets_in(Client(), clerk_of(harbor), CLINIC)


@pytest.mark.parametrize("address", [CLINIC, ELSEWHERE])
def test_a_known_browser_is_not_kept_out_by_a_flood_from_its_own_network_or_another(
    harbor: Clinic, address: str
) -> None:
    user, browser = clerk_of(harbor), at_work(clerk_of(harbor))
    guess(Client(), user, 100, address)
    assert not gets_in(Client(), user, address), "control: a browser that is not known is kept out"

    assert gets_in(browser, user, CLINIC)


def test_nor_by_guesses_from_everywhere_nor_by_its_networks_own_limit_nor_at_the_second_factor(harbor: Clinic) -> None:
    user, browser = clerk_of(harbor), at_work(clerk_of(harbor))
    TOTP.activate(user, SECRET)
    guess_from_everywhere(user, BY_NAME)
    for number in range(BY_ADDRESS + 1):
        answer = guess(Client(), User(username=f"nobody-{number}"), 1, CLINIC)
    assert answer.status_code == 429, "control: its network's limit is reached"

    where = sign_in(browser, user, REMOTE_ADDR=CLINIC)["Location"]
    browser.post(where, {"code": code_now()})
    assert is_in(browser)


def test_a_flood_of_whatever_length_from_the_waiting_room_leaves_the_sign_in_page_open(harbor: Clinic) -> None:
    user, browser = clerk_of(harbor), at_work(clerk_of(harbor))
    guess(Client(), user, 301, CLINIC)

    assert gets_in(browser, user, CLINIC)


def test_one_guesser_cannot_use_up_what_all_addresses_have_together(harbor: Clinic) -> None:
    guess(Client(), clerk_of(harbor), BY_NAME * 2, ELSEWHERE)

    assert gets_in(Client(), clerk_of(harbor), CLINIC)


def test_who_is_kept_out_all_the_same_gets_in_with_a_new_link_of_the_managers(harbor: Clinic) -> None:
    user, stranger = clerk_of(harbor), Client()
    guess_from_everywhere(user, BY_NAME)
    assert not gets_in(stranger, user, CLINIC), "control"

    link = reverse("account_welcome", args=[user.pk, default_token_generator.make_token(user)])
    new = "violin cactus orbit lamp"
    stranger.post(link, {"new_password1": new, "new_password2": new})
    sign_in(stranger, user, new, REMOTE_ADDR=CLINIC)
    assert is_in(stranger)


def test_a_known_browser_too_has_its_limit(harbor: Clinic) -> None:
    browser = at_work(clerk_of(harbor))
    guess(browser, clerk_of(harbor), guessing.KNOWN_BROWSER, "127.0.0.1")

    assert not gets_in(browser, clerk_of(harbor), CLINIC)


def test_a_browser_is_known_for_the_usernames_that_signed_in_at_it_only(harbor: Clinic) -> None:
    assert harbor.manager.user is not None
    browser, manager = at_work(clerk_of(harbor)), harbor.manager.user
    guess(browser, manager, guessing.ONE_ADDRESS, CLINIC)

    assert not gets_in(browser, manager, CLINIC)


def test_a_forged_cookie_makes_no_browser_known(harbor: Clinic, settings: Any) -> None:
    browser = Client()
    browser.cookies[settings.DESK_COOKIE_NAME] = "eyJicm93c2VyIjoiYSJ9:forged"
    guess(browser, clerk_of(harbor), guessing.ONE_ADDRESS, ELSEWHERE)

    assert not gets_in(browser, clerk_of(harbor), ELSEWHERE)


# --- guessing from many addresses, and many names ------------------------------------------------------------------


def test_guesses_from_many_addresses_for_one_username_are_stopped_for_an_hour(
    harbor: Clinic, later: Callable[[float], None]
) -> None:
    user = clerk_of(harbor)
    guess_from_everywhere(user, BY_NAME - 1)
    assert gets_in(Client(), user, "192.0.2.201"), "control: one fewer keeps nobody out"
    guess(Client(), user, 1, "192.0.2.202")

    answer = sign_in(Client(), user, REMOTE_ADDR="192.0.2.203")
    assert answer.status_code == 429
    assert "Too many wrong passwords lately, here or elsewhere" in text(answer)
    later(3000)
    assert not gets_in(Client(), user, "192.0.2.204")
    later(3610)
    assert gets_in(Client(), user, "192.0.2.205")


def test_guesses_for_many_usernames_from_one_address_are_stopped(harbor: Clinic) -> None:
    for number in range(BY_ADDRESS):
        guess(Client(), User(username=f"nobody-{number}"), 1, ELSEWHERE)

    assert not gets_in(Client(), clerk_of(harbor), ELSEWHERE)
    assert gets_in(Client(), clerk_of(harbor), CLINIC)


# --- what is written down ------------------------------------------------------------------------------------------


def test_the_log_says_that_somebody_is_locked_out_and_never_what_was_typed(harbor: Clinic, log: io.StringIO) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    typed = "Xanthippe's password in the wrong field"
    for name in [typed, *[clerk_of(harbor).username] * guessing.ONE_ADDRESS]:
        Client(HTTP_USER_AGENT="Quackenbush").post(
            reverse("account_login"), {"login": name, "password": "wrong cactus"}, REMOTE_ADDR=ELSEWHERE
        )
    at_work(clerk_of(harbor))

    lines = [json.loads(line) for line in log.getvalue().splitlines() if "AXES" in line]
    shut = [line["event"] for line in lines if "Locking out" in line["event"]]
    assert len(shut) == 1
    assert f"from {ELSEWHERE} at /accounts/login/" in shut[0]
    assert all(line["request_id"] for line in lines)
    secrets = [typed, "Xanthippe", clerk_of(harbor).username, "wrong cactus", "Quackenbush", PASSWORD]
    assert [word for word in secrets if word in log.getvalue()] == []
    again = [line["event"].partition(" from ")[0].rpartition(" ")[2] for line in lines if "failure by" in line["event"]]
    assert len(set(again)) == 2, "whoever reads it can tell one username from another"
