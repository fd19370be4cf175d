"""Where somebody is signed in, for the person alone, and how to end it there (OWASP ASVS 5.0, 7.5.2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.http import require_http_methods

from clinic import clock, sessions
from clinic.models import Site, User
from clinic.views import StaffRequest, needs

log = structlog.get_logger(__name__)
#: The most that the page lists; who is signed in more often ends all others with one button.
SHOWN = 20
#: What a browser calls itself is long, and made of the names of others: the first that fits counts.
BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One session: `name` stands for its key, which no page shows; began and last deed are aware."""

    key: str
    name: str
    began: datetime
    seen: datetime
    address: str
    agent: str
    is_here: bool

    @property
    def browser(self) -> str:
        """In words, as far as it says what it is."""
        kind = next((word for mark, word in BROWSERS.items() if mark in self.agent), "A browser")
        system = next((word for mark, word in SYSTEMS.items() if mark in self.agent), "")
        return f"{kind} on {system}" if system else kind


def _store(key: str | None = None) -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore(key)


def open_sessions(user: User, here: str | None, now: datetime) -> list[SignedIn]:
    """Those of the account that would still be let in; this browser's (whose key is `here`) first, then the latest.

    Rows of sessions do not say whose they are, so that all are read: there are as many as people at work.
    """
    found = [one for key, data in _all() if (one := _of(user, key, data, here, now)) is not None]
    return sorted(found, key=lambda one: (one.is_here, one.seen), reverse=True)


def _all() -> Iterator[tuple[str, dict[str, Any]]]:
    store = _store()
    for key, data in store.get_model_class().objects.values_list("session_key", "session_data").iterator():
        yield key, store.decode(data)


def _of(user: User, key: str, data: dict[str, Any], here: str | None, now: datetime) -> SignedIn | None:
    is_theirs = data.get(SESSION_KEY) == str(user.pk) and sessions.BEGAN in data
    if not is_theirs or not constant_time_compare(data.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
        return None
    began, seen = (datetime.fromisoformat(data[name]) for name in (sessions.BEGAN, sessions.SEEN))
    if sessions.lasts_too_long(began, seen, user, now):
        return None
    name = salted_hmac("clinic.own_sessions", key).hexdigest()[:16]
    return SignedIn(key, name, began, seen, data.get(sessions.FROM, ""), data.get(sessions.AGENT, ""), key == here)


@require_http_methods(["GET", "POST"])
@needs()
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth ships no types
def own_sessions(request: StaffRequest) -> HttpResponse:
    """The list; a POST ends the one called `end`, or all but this one (`others`).

    The password or the second factor has to have been given some minutes ago at most: whoever finds a computer open
    learns and ends nothing here.
    """
    here = request.session.session_key
    found = open_sessions(request.user, here, clock.now())
    if request.method == "GET":
        site = Site.objects.for_user(request.user).first()
        zone = site.zone if site is not None else ZoneInfo("UTC")
        context = {"sessions": found[:SHOWN], "more": len(found[SHOWN:]), "zone": zone}
        return render(request, "account/sessions.html", context)
    wanted = request.POST.get("end", "")
    ended = [one for one in found if not one.is_here and wanted in {"others", one.name}]
    if not ended and wanted != "others":
        raise Http404
    for one in ended:
        _store(one.key).delete()
    log.info("sessions_ended", account=str(request.user.pk), sessions=len(ended))
    messages.success(request, "Signed out there." if ended else "You were signed in nowhere else.")
    return redirect("account_sessions")
