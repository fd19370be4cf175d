"""Is everything alive?"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

_checks: dict[str, Callable[[], bool]] = {}


def register(name: str, check: Callable[[], bool]) -> None:
    """Add a check: true while all is well."""
    _checks[name] = check


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while every check holds, else 503."""
    results = {name: check() for name, check in _checks.items()}
    return JsonResponse(results, status=200 if all(results.values()) else 503)
