"""Whoever guesses passwords slows down himself only, never the clinic: what django-axes counts by, and what it says.

A browser that has signed in under the username before (clinic/desk.py) is counted by itself, whatever is sent from
elsewhere, its own network included. All others are counted by username and address. The settings name these functions.
"""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from clinic import desk

#: Wrong passwords for one username, until no more are looked at for AXES_COOLOFF_TIME: from a browser that is known,
#: and from any one address.
KNOWN_BROWSER, ONE_ADDRESS = 10, 5

Credentials = dict[str, Any] | None


def is_known(request: HttpRequest, credentials: Credentials) -> bool:
    """Whether somebody has signed in under the username at this browser before."""
    return _login(credentials) in desk.usernames(request)


def who(request: HttpRequest, credentials: Credentials) -> str:
    """What a wrong password is counted for: a keyed digest, since what was typed as a username may be a password."""
    browser = desk.browser(request) if is_known(request, credentials) else ""
    return _digest(f"{_login(credentials)}\n{browser}")


def counted_by(request: HttpRequest, credentials: Credentials) -> list[str | list[str]]:
    """A known browser by itself, wherever it is carried; everybody else by the username from one address."""
    return ["username"] if is_known(request, credentials) else [["username", "ip_address"]]


def most(request: HttpRequest, credentials: Credentials) -> int:
    """How many wrong passwords, none later than AXES_COOLOFF_TIME after the one before; a right one between them begins
    no new count.
    """
    return KNOWN_BROWSER if is_known(request, credentials) else ONE_ADDRESS


def in_logs(name: str, address: str | None, agent: str, path: str, request: HttpRequest) -> str:
    """How axes' log lines name whom they are about: no username; failures of the same one have the same letters."""
    return f"{_digest(name)[:8]} from {address} at {path}"


def refused(request: HttpRequest, response: HttpResponse, credentials: Credentials) -> HttpResponse:
    """The page that was asked for, with the refusal in words on it and what was typed, as an answer that is one."""
    response.status_code = HTTPStatus.TOO_MANY_REQUESTS
    response.headers["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
    return response


def _login(credentials: Credentials) -> str:
    return str((credentials or {}).get("username") or "").strip().lower()


def _digest(words: str) -> str:
    return salted_hmac("clinic.guessing", words, algorithm="sha256").hexdigest()
