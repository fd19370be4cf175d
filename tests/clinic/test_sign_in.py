"""Signing in: a second factor, and passwords that hold. Guessing is in test_guessing."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from clinic import passwords
from clinic.models import AuditEvent, User
from tests.clinic.signing import PASSWORD, SECRET, _fresh, clerk_of, code_now, harbor, is_in, sign_in
from tests.desk.pages import text
from tests.factories import Clinic

__all__ = ["_fresh", "harbor"]


# --- the second factor ---------------------------------------------------------------------------------------------


def test_without_a_second_factor_one_post_signs_in_where_none_is_required(client: Client, harbor: Clinic) -> None:
    answer = sign_in(client, clerk_of(harbor))

    assert answer.status_code == 302
    assert is_in(client)


def test_with_an_authenticator_app_the_password_alone_opens_nothing(client: Client, harbor: Clinic) -> None:
    TOTP.activate(clerk_of(harbor), SECRET)

    answer = sign_in(client, clerk_of(harbor))
    assert answer["Location"] == reverse("mfa_authenticate")
    assert not is_in(client)
    assert client.post(answer["Location"], {"code": "000000"}).status_code == 200
    assert not is_in(client)

    assert client.post(answer["Location"], {"code": code_now()}).status_code == 302
    assert is_in(client)


def test_a_code_works_once(harbor: Clinic) -> None:
    TOTP.activate(clerk_of(harbor), SECRET)
    code = code_now()
    for expected in (True, False):
        client = Client()
        where = sign_in(client, clerk_of(harbor))["Location"]
        client.post(where, {"code": code})
        assert is_in(client) is expected


def test_the_secret_lies_encrypted_and_off_the_trail(harbor: Clinic) -> None:
    TOTP.activate(clerk_of(harbor), SECRET)

    assert SECRET not in str(Authenticator.objects.values())
    event = AuditEvent.objects.get(table="mfa_authenticator")
    assert event.after is not None
    assert "data" not in event.after


def test_where_a_second_factor_is_required_nothing_opens_before_there_is_one(
    client: Client, harbor: Clinic, settings: Any
) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    sign_in(client, clerk_of(harbor))

    assert client.get(reverse("desk:patients"))["Location"] == reverse("mfa_index")
    assert client.post(reverse("desk:patients"))["Location"] == reverse("mfa_index")
    assert "You go on to your work as soon as you have one of them" in text(client.get(reverse("mfa_index")))

    TOTP.activate(clerk_of(harbor), SECRET)
    assert is_in(client)


def test_an_app_is_added_on_the_pages_and_brings_recovery_codes_each_good_once(client: Client, harbor: Clinic) -> None:
    sign_in(client, clerk_of(harbor))
    again = client.get(reverse("mfa_activate_totp"))
    assert again["Location"].startswith(reverse("account_reauthenticate")), "first the password once more"
    client.post(again["Location"], {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]
    assert secret in page.content.decode()
    code = code_now(secret)
    codes = client.post(reverse("mfa_activate_totp"), {"code": code}, follow=True)
    found = re.findall(r"\b\d{8}\b", codes.content.decode())
    assert len(set(found)) == 10

    for expected in (True, False):
        browser = Client()
        where = sign_in(browser, clerk_of(harbor))["Location"]
        browser.post(where, {"code": found[0]})
        assert is_in(browser) is expected


def test_a_manager_takes_away_the_second_factor_of_a_lost_telephone(harbor: Clinic) -> None:
    TOTP.activate(clerk_of(harbor), SECRET)
    manager = Client()
    assert harbor.manager.user is not None
    manager.force_login(harbor.manager.user)

    manager.post(reverse("setup:forget_factors", args=[harbor.clerk.pk]))

    assert not Authenticator.objects.filter(user=clerk_of(harbor)).exists()
    assert AuditEvent.objects.filter(table="mfa_authenticator", operation="delete", actor_name="Mona Reyes").exists()


# --- passwords -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    [
        *("passwordpassword", "123456789012345", "qwertyuiopasdfgh", "aaaaaaaaaaaaaaaaaaaa", "iloveyouiloveyou"),
        *("Finn Okafor 2027", "finn-okafor-finn-okafor"),
    ],
)
def test_a_password_that_is_guessed_soon_is_refused_whatever_its_length(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, User(username="finn-okafor", first_name="Finn", last_name="Okafor"))


def test_fifteen_characters_or_eight_beside_a_second_factor(harbor: Clinic, settings: Any) -> None:
    short, user = "vT9#qLw2", clerk_of(harbor)
    with pytest.raises(ValidationError, match="at least 15"):
        validate_password(short, user)
    TOTP.activate(user, SECRET)
    validate_password(short, user)
    with pytest.raises(ValidationError, match="at least 8"):
        validate_password(short[:7], user)
    settings.SECOND_FACTOR_REQUIRED = True
    validate_password(short)


def test_no_rule_of_composition_stands_in_the_way() -> None:
    validate_password("correct lamp orbit cactus")
    assert passwords.ALONE == 15
