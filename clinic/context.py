"""What every page's template may use."""

from django.conf import settings
from django.http import HttpRequest

from clinic import sessions
from clinic.permissions import Permission


def session(request: HttpRequest) -> dict[str, object]:
    """`session_left`: the limits of the session of whoever is signed in, for the warning before its end;
    `session_grain`: how exactly the server knows the last deed; `second_factor_required`: whether nobody goes on to
    work without one.
    """
    return {
        "session_left": sessions.left(request),
        "session_grain": sessions.GRAIN,
        "second_factor_required": settings.SECOND_FACTOR_REQUIRED,
    }


def page(request: HttpRequest) -> dict[str, object]:
    """`may`: the permissions of whoever is signed in, as plain words; empty for a visitor."""
    user = getattr(request, "user", None)
    granted: frozenset[Permission] = user.granted if user is not None and user.is_authenticated else frozenset()
    return {"may": {permission.value: True for permission in granted}}
