"""Who signed in at this browser, so that colleagues at a shared desk change over with one tap.

A signed cookie with usernames and names of staff, newest first, and the account of the first: nothing else, and no
right. It also makes the browser a known one: wrong passwords that others send from elsewhere do not slow it down
(clinic/guessing.py). And a form that comes in after its session's end is kept for that account alone (clinic.unsent);
where there is no such cookie nothing is kept at all, so that strangers cannot fill the table of sessions.
"""

from secrets import token_urlsafe
from typing import TypedDict

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from clinic.models import User

#: People whose names a browser keeps.
MOST = 6
#: Seconds: a browser that nobody signed in at for a quarter of a year is a stranger again.
AGE = 90 * 24 * 3600
#: Seconds after signing in in which a form may come in late: a session, and the evening that its page stayed open.
TYPIST_AGE = settings.SESSION_COOKIE_AGE * 2
_SALT = "clinic.desk"


class Kept(TypedDict):
    """What the cookie holds: a random name of the browser, [username, name] of people, and the key of the account that
    signed in last."""

    browser: str
    people: list[list[str]]
    typist: str


def _kept(request: HttpRequest, age: int = AGE) -> Kept:
    text = request.COOKIES.get(settings.DESK_COOKIE_NAME, "")
    nobody: Kept = {"browser": "", "people": [], "typist": ""}
    try:
        kept: Kept = signing.loads(text, salt=_SALT, max_age=age)
    except signing.BadSignature:
        return nobody
    return {**nobody, **kept}


def browser(request: HttpRequest) -> str:
    """The random name of this browser; empty for one that is not known."""
    return _kept(request)["browser"]


def usernames(request: HttpRequest) -> set[str]:
    """Under which usernames somebody has signed in here, in small letters."""
    return {username.lower() for username, _name in _kept(request)["people"]}


def people(request: HttpRequest) -> list[tuple[str, str]]:
    """(username, name) of who signed in here and still may, the last first."""
    kept = _kept(request)["people"]
    still = set(
        User.objects.filter(username__in=[one[0] for one in kept], is_active=True).values_list("username", flat=True)
    )
    return [(username, name) for username, name in kept if username in still]


def typist(request: HttpRequest) -> str | None:
    """The key of the account that was signed in last on this browser, while a page of that session may still stand
    open; None where that is not known."""
    return _kept(request, TYPIST_AGE)["typist"] or None


def remember(request: HttpRequest, response: HttpResponse, user: User, *, is_in: bool = True) -> None:
    """Put the person in front; with `is_in`, as the one whose pages now stand open here."""
    kept = _kept(request)
    username = user.get_username()
    others = [one for one in kept["people"] if one[0] != username]
    name = user.get_full_name() or username
    value: Kept = {
        "browser": kept["browser"] or token_urlsafe(12),
        "people": [[username, name], *others][:MOST],
        "typist": str(user.pk) if is_in else kept["typist"],
    }
    response.set_cookie(
        settings.DESK_COOKIE_NAME,
        signing.dumps(value, salt=_SALT),
        max_age=AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
        path="/",
    )
