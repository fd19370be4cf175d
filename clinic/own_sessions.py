"""Where somebody is signed in, for the person alone, and how to end it there (OWASP ASVS 5.0, 7.5.2)."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
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


def open_sessions(user: User, here: str | None, now: datetime) -> list[SignedIn]:
    """Those of the account that would still be let in; this browser's (with the key `here`) first, then the latest.

    Rows of sessions do not say whose they are, so that all are read: there are as many as people at work.
    """
    every = (_of(user, row, now, is_here=row.session_key == here) for row in Session.objects.iterator())
    return sorted((one for one in every if one is not None), key=lambda one: (one.is_here, one.seen), reverse=True)


def _of(user: User, row: Session, now: datetime, *, is_here: bool) -> SignedIn | None:
    data = row.get_decoded()
    is_theirs = data.get(SESSION_KEY) == str(user.pk) and sessions.BEGAN in data
    if not is_theirs or not constant_time_compare(data.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
        return None
    began, seen = (datetime.fromisoformat(data[name]) for name in (sessions.BEGAN, sessions.SEEN))
    if sessions.lasts_too_long(began, seen, user, now):
        return None
    name = salted_hmac("clinic.own_sessions", row.session_key).hexdigest()[:16]
    return SignedIn(
        row.session_key, name, began, seen, data.get(sessions.FROM, ""), data.get(sessions.AGENT, ""), is_here
    )


@require_http_methods(["GET", "POST"])
@needs()
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth ships no types
def own_sessions(request: StaffRequest) -> HttpResponse:
    """The list; a POST ends the one called `end`, or all but this one (`others`).

    The password or the second factor has to have been given some minutes ago at most: whoever finds a computer open
    learns and ends nothing here.
    """
    found = open_sessions(request.user, request.session.session_key, clock.now())
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
        request.session.delete(one.key)
    log.info("sessions_ended", account=str(request.user.pk), sessions=len(ended))
    messages.success(request, "Signed out there." if ended else "You were signed in nowhere else.")
    return redirect("account_sessions")
