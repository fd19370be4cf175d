"""How often a thing may happen in a stretch of time, counted in Django's cache, and where a request comes from.

With Redis all processes count together; without it each counts for itself, which is enough against a flood. While the
cache is away nobody is counted, and nobody turned away.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` times in `seconds`, counted from the first."""

    most: int
    seconds: int


def client_address(request: HttpRequest) -> str:
    """Where the request comes from. IPv6 counts by its /64 network, which one household holds whole.

    In production the application stands behind a proxy, whose own entry is the last of X-Forwarded-For; the others
    can be forged.
    """
    given = str(request.META.get("REMOTE_ADDR") or "")
    if settings.PRODUCTION:
        given = str(request.META.get("HTTP_X_FORWARDED_FOR") or given).rsplit(",", 1)[-1].strip()
    try:
        address = ip_address(given)
    except ValueError:
        return "unknown"
    return str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))


def count(key: str, limit: Limit) -> int:
    """One more; how many that makes."""
    cache.add(f"rate:{key}", 0, limit.seconds)
    try:
        return int(cache.incr(f"rate:{key}") or 0)
    except ValueError:
        # The count ran out between the two lines: this is the first of a new one.
        cache.set(f"rate:{key}", 1, limit.seconds)
        return 1


def is_over(key: str, limit: Limit) -> bool:
    """Whether the limit is reached, without counting."""
    return int(cache.get(f"rate:{key}") or 0) >= limit.most


def limited(most: int, seconds: int) -> Callable[[View], View]:
    """At most so many requests to a view in that time, for each account, or for each address where nobody is signed in.

    Beyond it a page says when to try again (429). For views that cost much: files taken in and given out, searches.
    """
    limit = Limit(most, seconds)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            who = str(request.user.pk) if request.user.is_authenticated else client_address(request)
            if count(f"view:{view.__module__}.{view.__name__}:{who}", limit) > limit.most:
                response = render(
                    request, "429.html", {"minutes": -(-seconds // 60)}, status=HTTPStatus.TOO_MANY_REQUESTS
                )
                response.headers["Retry-After"] = str(seconds)
                return response
            return view(request, *args, **kwargs)

        return guarded

    return decorate
