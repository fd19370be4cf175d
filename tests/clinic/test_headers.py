"""What every answer says to the browser, at every address; and what cookies it sets."""

import subprocess
import sys
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client, RequestFactory

from clinic import rates
from clinic.middleware import RequestContextMiddleware
from clinic.permissions import Role
from tests import factories
from tests.swept import things_of
from tests.test_sweep import addresses, clinics, person, signed_in

__all__ = ["clinics"]
#: Header to the words that must be in it.
HEADERS = {
    "Content-Security-Policy": ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("DENY",),
    "Permissions-Policy": ("camera=()", "microphone=()", "geolocation=()"),
    "Cross-Origin-Opener-Policy": ("same-origin",),
    "Referrer-Policy": ("",),
    "Cache-Control": ("no-store",),
}
#: What would let a page run what it was not shipped with.
UNSAFE = ("unsafe-inline", "unsafe-eval", "*", "http:", "https:")
#: A mail as it will look, from sample data, in a frame of the page where its words are written: mails carry their
#: styles in themselves.
SAMPLE_MAIL = "setup:wording_mail"


def wrong(answer: Any) -> list[str]:
    """What the answer lacks."""
    lacks = [name for name, words in HEADERS.items() if not all(word in answer.get(name, "-") for word in words)]
    policy = answer.get("Content-Security-Policy", "")
    lacks += [word for word in UNSAFE if word in policy]
    if answer.get("Referrer-Policy") not in {"same-origin", "no-referrer"}:
        lacks.append("Referrer-Policy")
    return lacks


@pytest.mark.parametrize("role", [None, Role.DOCTOR, Role.MANAGER])
def test_every_address_answers_with_every_header(
    clinics: tuple[factories.Clinic, factories.Clinic], role: Role | None
) -> None:
    here, _there = clinics
    things = things_of(here)
    client = Client() if role is None else signed_in(person(here, role))

    found = {}
    for one in addresses():
        url = one.url(things)
        for answer in (client.get(url), client.options(url)):
            if lacks := wrong(answer):
                found[one.name] = lacks

    assert found.pop(SAMPLE_MAIL, None) == ["Content-Security-Policy", "X-Frame-Options", "unsafe-inline"]
    assert found == {}


def test_the_sample_of_a_mail_runs_no_script_and_stands_in_our_own_page_only(
    clinics: tuple[factories.Clinic, factories.Clinic],
) -> None:
    here, _there = clinics
    sample = next(one for one in addresses() if one.name == SAMPLE_MAIL)
    policy = signed_in(here.manager).get(sample.url(things_of(here)))["Content-Security-Policy"]

    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "script-src" not in rules
    assert rules["frame-ancestors"] == "'self'"


def test_the_look_sees_an_answer_without_them() -> None:
    assert set(wrong(HttpResponse())) == set(HEADERS)


def test_pages_for_trouble_have_them_too(client: Client, db: None) -> None:
    assert wrong(client.get("/no/such/page/")) == []
    assert wrong(client.get("/healthz")) == []


def test_an_address_shows_no_trace_of_an_error(settings: Any) -> None:
    assert settings.DEBUG is False


def test_over_tls_cookies_are_bound_to_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked of the settings in a process of their own: they are read once."""
    script = (
        "from django.conf import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.DESK_COOKIE_NAME, "
        "s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE, "
        "s.SESSION_COOKIE_DOMAIN, s.SECURE_SSL_REDIRECT or s.HTTPS)"
    )
    monkeypatch.setenv("PUBLIC_URL", "https://clinic.example")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "clinic.settings")
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert said == ["__Host-session", "__Host-csrf", "__Host-desk", "True", "True", "True", "Lax", "None", "True"]


def test_a_view_that_is_asked_too_often_says_when_to_come_back(db: None) -> None:
    cache.clear()
    view = rates.limited(rates.Limit(2, 120))(lambda request: HttpResponse("here"))
    request = RequestFactory().get("/x/", REMOTE_ADDR="203.0.113.20")
    request.user = AnonymousUser()
    answers = [RequestContextMiddleware(view)(request) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1]["Retry-After"] == "120"
    assert b"2 minutes" in answers[-1].content
    other = RequestFactory().get("/x/", REMOTE_ADDR="203.0.113.21")
    other.user = AnonymousUser()
    assert view(other).status_code == 200
