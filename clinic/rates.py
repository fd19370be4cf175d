"""How often a thing may happen in a stretch of time, counted in Django's cache, and where a request comes from.

With Redis all processes count together; without it, and while it is away, each counts for itself (clinic/cache.py),
which is enough against a flood.
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


#: What costs much, by what it is, for one account and one view: more than a person does who works fast.
#: Names looked up as they are typed, times and plans searched, the trail and the reports asked.
SEARCHES = Limit(600, 600)
#: Uploads that are read through.
FILES_IN = Limit(30, 600)
#: Files that are made: of the trail, of a report, letters.
FILES_OUT = Limit(60, 600)
#: Records of other sites asked for in an emergency.
EMERGENCIES = Limit(20, 3600)


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


def limited(limit: Limit, *methods: str) -> Callable[[View], View]:
    """At most so many requests to a view in that time, for each account, or for each address where nobody is signed in.

    Only those with one of `methods` count, where any is named. Beyond it a page, or for htmx a part of one, says when
    to try again (429). For views that cost much. The view carries the limit as `.limit`, for the test of which have
    one.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if methods and request.method not in methods:
                return view(request, *args, **kwargs)
            if count(_key(view, request), limit) > limit.most:
                return _too_often(request, limit)
            return view(request, *args, **kwargs)

        inside: View = guarded
        inside.limit = limit  # type: ignore[attr-defined]
        return inside

    return decorate


def _key(view: View, request: HttpRequest) -> str:
    who = str(request.user.pk) if request.user.is_authenticated else client_address(request)
    return f"view:{view.__module__}.{view.__name__}:{who}"


def _too_often(request: HttpRequest, limit: Limit) -> HttpResponse:
    template = "components/too_often.html" if request.headers.get("HX-Request") else "429.html"
    context = {"minutes": -(-limit.seconds // 60), "is_sent": request.method == "POST"}
    response = render(request, template, context, status=HTTPStatus.TOO_MANY_REQUESTS)
    response.headers["Retry-After"] = str(limit.seconds)
    return response
