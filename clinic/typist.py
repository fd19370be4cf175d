"""Whose browser this was, once a session has ended: a signed cookie that names the account last signed in here.

It opens nothing. A form that comes in after the session's end is kept for that account alone (clinic.unsent), and
where there is no such cookie nothing is kept at all, so that strangers cannot fill the table of sessions.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

COOKIE = "__Host-typist" if settings.HTTPS else "typist"
#: Seconds after signing in for which the cookie counts: a session, and the evening that its page stayed open.
COUNTS_FOR = settings.SESSION_COOKIE_AGE * 2
_SALT = "clinic.typist"


def signed_in(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Receiver of `user_logged_in`: the answer to this request carries the cookie."""
    request.typist = str(user.pk)  # type: ignore[attr-defined]


def typist_of(request: HttpRequest) -> str | None:
    """The key of the account that was signed in last on this browser; None where that is not known."""
    try:
        return str(signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=COUNTS_FOR))
    except signing.BadSignature:
        return None


class TypistMiddleware:
    """Sets the cookie on the answer to a sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and remember who has signed in by it."""
        response = self.get_response(request)
        who = getattr(request, "typist", None)
        if who is not None:
            response.set_cookie(
                COOKIE,
                signing.dumps(who, salt=_SALT),
                secure=settings.HTTPS,
                httponly=True,
                samesite="Lax",
            )
        return response
