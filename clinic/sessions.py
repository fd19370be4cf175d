"""How long a sign-in lasts: until nobody has done anything for a while, and at most for a shift. By role.

What a page asks for by itself (a board that refreshes) is nothing that somebody did. When a session ends, a form that
is sent afterwards is kept (clinic.unsent); and a page on which something was typed sends it here as its session ends,
so that it waits for the same person instead of standing open on the screen.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from clinic import clock, desk, rates, unsent
from clinic.models import User
from clinic.permissions import Role
from clinic.session_limits import Limits
from clinic.views import public

BEGAN, SEEN, FROM, AGENT = "began", "seen", "from", "agent"
#: How exactly the last deed is written down: a row written with every click would cost more than it tells.
GRAIN = timedelta(seconds=30)
#: Characters kept of what a browser calls itself.
LONGEST_AGENT = 200
#: Pages that somebody without a second factor may still open where one is required.
WITHOUT_SECOND_FACTOR = ("/accounts/", "/static/", "/healthz", "/readyz")


def limits_of(roles: Iterable[Role]) -> Limits:
    """The strictest of the person's roles; of no role, the strictest of all."""
    known: dict[str, Limits] = settings.SESSION_LIMITS
    found = [known[role] for role in roles] or list(known.values())
    return Limits(min(one.idle for one in found), min(one.whole for one in found))


class SessionLimitMiddleware:
    """Ends sessions that have lasted long enough, and sends whoever must have a second factor to make one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look at the session before anything else does."""
        if request.user.is_authenticated:
            if is_over(request, clock.now()):
                logout(request)
            elif _lacks_second_factor(request):
                return redirect("mfa_index")
        return self.get_response(request)


def is_over(request: HttpRequest, now: datetime) -> bool:
    """Whether the session has lasted too long; else the deed is written down."""
    assert isinstance(request.user, User)  # noqa: S101 -- the caller has looked
    session = request.session
    began, seen = _moment(session.get(BEGAN)) or now, _moment(session.get(SEEN)) or now
    if lasts_too_long(began, seen, request.user, now):
        return True
    if BEGAN not in session:
        session[BEGAN] = session[SEEN] = now.isoformat()
        # For the person's own list of where he or she is signed in (clinic.own_sessions).
        session[FROM] = rates.client_address(request)
        session[AGENT] = request.headers.get("User-Agent", "")[:LONGEST_AGENT]
    elif now - seen >= GRAIN and not by_itself(request):
        session[SEEN] = now.isoformat()
    return False


def lasts_too_long(began: datetime, seen: datetime, user: User, now: datetime) -> bool:
    """Whether a session that began and was last used then is over."""
    limits = limits_of(user.roles)
    return now - began >= limits.whole or now - seen >= limits.idle


def by_itself(request: HttpRequest) -> bool:
    """Whether the page asked, and nobody did anything."""
    return request.headers.get("X-Requested-With") == "fetch"


def left(request: HttpRequest) -> Limits | None:
    """What is left of the session when the page is made; None where nobody is signed in."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or BEGAN not in request.session:
        return None
    limits, now = limits_of(user.roles), clock.now()
    began = _moment(request.session[BEGAN]) or now
    return Limits(limits.idle, max(began + limits.whole - now, timedelta()))


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _lacks_second_factor(request: HttpRequest) -> bool:
    if not settings.SECOND_FACTOR_REQUIRED or request.path.startswith(WITHOUT_SECOND_FACTOR):
        return False
    return not getattr(request.user, "has_second_factor", False)


@public
@require_POST
def stay(request: HttpRequest) -> HttpResponse:
    """Somebody is there: the idle time begins anew. 204, or 401 where the session has ended."""
    return HttpResponse(status=204 if request.user.is_authenticated else 401)


@public
@require_POST
def lock(request: HttpRequest) -> HttpResponse:
    """End this session and ask to sign in; what was typed on the page at `lock_path` waits for the same person.

    For the end of a session, and for handing over a shared computer.
    """
    path = request.POST.get("lock_path", "/")
    if not path.startswith("/") or not url_has_allowed_host_and_scheme(path, {request.get_host()}):
        path = "/"
    # The page's clock and ours differ a little: where the session is over already, the browser's cookie says whose.
    who = desk.typist(request)
    if request.user.is_authenticated:
        who = str(request.user.pk)
        logout(request)
    return unsent.keep_for(request, who, path) if _is_ours(path) else redirect("account_login")


def _is_ours(path: str) -> bool:
    try:
        resolve(path.partition("?")[0])
    except Resolver404:
        return False
    return True
