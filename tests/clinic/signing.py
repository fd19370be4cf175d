"""A clinic whose people have passwords, and how they sign in."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.models import User
from tests.factories import NOW, Clinic, make_clinic

PASSWORD = "lamp orbit cactus violin"
#: Of an authenticator app.
SECRET = "JBSWY3DPEHPK3PXP"


def code_now(secret: str = SECRET) -> str:
    """What an app with that secret shows at this second: the middle of the steps that are let in."""
    counters = list(yield_hotp_counters_from_time())
    return str(format_hotp_value(hotp_value(secret, counters[len(counters) // 2])))


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    cache.clear()
    with clock.at_moment(NOW):
        yield
    cache.clear()


@pytest.fixture
def harbor(db: None) -> Clinic:
    """A clinic whose clerk and manager have a password."""
    clinic = make_clinic()
    for member in (clinic.clerk, clinic.manager):
        assert member.user is not None
        member.user.set_password(PASSWORD)
        member.user.save()
    return clinic


def clerk_of(clinic: Clinic) -> User:
    """The clerk's account."""
    assert clinic.clerk.user is not None
    return clinic.clerk.user


def sign_in(client: Client, user: User, password: str = PASSWORD, **extra: Any) -> Any:
    """One POST to the sign-in page."""
    return client.post(reverse("account_login"), {"login": user.username, "password": password}, **extra)


def is_in(client: Client) -> bool:
    """Whether the session opens a staff page."""
    return bool(client.get(reverse("desk:patients")).status_code == 200)
