"""Numbers for Prometheus at `/metrics`, for whoever holds METRICS_TOKEN.

What a process counts (requests, tasks, refusals) lies in files that all processes of one machine share
(PROMETHEUS_MULTIPROC_DIR, set by clinic.runtime before they start); what the database knows (messages due, late, sent)
is asked at each scrape, so that it is the same from every machine. No label carries a person, an address or an id.
"""

import hmac
import time
from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from clinic.counters import MESSAGES, REFUSED, REQUESTS, SECONDS, TASK_SECONDS, TASKS
from clinic.views import public

#: What apps above this one know: a function that gives (name, help, value).
Reading = tuple[str, str, float]
_gauges: list[Callable[[], Iterable[Reading]]] = []


def register(readings: Callable[[], Iterable[Reading]]) -> None:
    """Add what is asked at each scrape."""
    _gauges.append(readings)


class MetricsMiddleware:
    """Counts each answer by the view's name: addresses hold ids."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and count."""
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        view = match.view_name if match is not None else "none"
        method = request.method if request.method in {"GET", "HEAD", "POST"} else "other"
        REQUESTS.labels(view, method, str(response.status_code)).inc()
        SECONDS.labels(view).observe(time.perf_counter() - began)
        return response


class _FromTheDatabase:
    """What is asked at a scrape."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """All readings of all apps."""
        for readings in _gauges:
            for name, words, value in readings():
                yield GaugeMetricFamily(name, words, value=value)


@public
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The numbers, for "Authorization: Bearer METRICS_TOKEN"; without that there is no such page."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404
    registry = CollectorRegistry()
    if settings.METRICS_FOLDER:
        MultiProcessCollector(registry, path=settings.METRICS_FOLDER)  # type: ignore[no-untyped-call]
    else:
        for one in (REQUESTS, SECONDS, REFUSED, MESSAGES, TASKS, TASK_SECONDS):
            registry.register(one)
    registry.register(_FromTheDatabase())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
