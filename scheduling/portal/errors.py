"""Pages for trouble. Below /my/ they are the patient's own, in the language that the browser was last answered in; for
staff they are Django's, with the project's templates.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import csrf, defaults

from scheduling.portal.answers import sealed
from scheduling.portal.visitor import PATH


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _mine(request, "lost", 400) or defaults.bad_request(request, exception)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _mine(request, "lost", 403) or defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return _mine(request, "lost", 404) or defaults.page_not_found(request, exception)


def broken(request: HttpRequest) -> HttpResponse:
    """500. Asks the database for nothing, so that it stands when that does not."""
    return _mine(request, "broken", 500) or defaults.server_error(request)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 of a form without its token: open too long, or the browser blocks cookies."""
    return _mine(request, "forged", 403) or csrf.csrf_failure(request, reason)


def _mine(request: HttpRequest, what: str, status: int) -> HttpResponse | None:
    if not request.path_info.startswith(PATH):
        return None
    context: dict[str, Any] = {"what": what}
    return sealed(render(request, "portal/trouble.html", context, status=status))
