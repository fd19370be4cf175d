"""The clinic as it is, with three differences for scanners. Nobody is counted: a scanner that is slowed down finds
nothing. No session ends. What a request with the scanner's word did is forgotten as soon as it is answered, so that
each form is taken to its end every time, and the next request finds the same clinic. One address has holes (urls.py).
"""

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from clinic.session_limits import Limits
from clinic.settings import *  # noqa: F403 -- all of it
from clinic.settings import MIDDLEWARE as CLINICS
from clinic.settings import SESSION_LIMITS as THEIRS

CACHES = {name: {"BACKEND": "django.core.cache.backends.dummy.DummyCache"} for name in ("default", "drawn")}
ROOT_URLCONF = "tests.scan.urls"
SESSION_LIMITS = {role: Limits(timedelta(hours=24), timedelta(hours=24)) for role in THEIRS}
MIDDLEWARE = ["tests.scan.settings.forgetting", *CLINICS]
#: The header that a scanner sends with each request.
WORD = "X-Scanner"


def forgetting(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware around all others: takes back what a scanner's request wrote, its session and the trail included."""

    def answer(request: HttpRequest) -> HttpResponse:
        if WORD not in request.headers:
            return get_response(request)
        with transaction.atomic():
            response = get_response(request)
            transaction.set_rollback(True)
        return response

    return answer
