"""Is everything alive? `/healthz` answers for the load balancer, the process manager and whoever is on call."""

from collections.abc import Callable
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic import clock
from clinic.models import Heartbeat
from clinic.views import public

#: How many ticks of the beat something may be late before it counts as down.
TICKS = 5
#: Never less than this: a worker that is restarted needs some seconds to be back.
LEAST = timedelta(seconds=30)

log = structlog.get_logger(__name__)
#: Once true it stays: migrations are not taken back under a running program.
_up_to_date = False
_checks: dict[str, Callable[[], bool]] = {}


def register(name: str, check: Callable[[], bool]) -> None:
    """Add a check (true while all is well) of an app that stands above this one. The database answers when it runs."""
    _checks[name] = check


def patience() -> timedelta:
    """How late a heartbeat or a message may be before it counts: five ticks of the beat, but at least 30 seconds."""
    return max(timedelta(seconds=TICKS * settings.REMINDER_TICK_SECONDS), LEAST)


def database_answers() -> bool:
    """Whether the application's database takes a query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        log.warning("health.database_down", exc_info=True)
        return False
    return True


def worker_beats() -> bool:
    """Whether background work was done of late."""
    return Heartbeat.objects.filter(name="worker", at__gte=clock.now() - patience()).exists()


def report() -> dict[str, str]:
    """Each part with "ok", "down", or "unknown" where the database is down and cannot be asked; `status` sums up."""
    parts = {"database": "ok" if database_answers() else "down"}
    for name, check in {"worker": worker_beats, **_checks}.items():
        parts[name] = _run(name, check) if parts["database"] == "ok" else "unknown"
    return {"status": "ok" if set(parts.values()) == {"ok"} else "down", **parts}


def _run(name: str, check: Callable[[], bool]) -> str:
    try:
        return "ok" if check() else "down"
    except Error:
        # A check that cannot ask is not a check that found all well; the page must answer all the same.
        log.warning("health.check_failed", check=name, exc_info=True)
        return "down"


@public
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """JSON with the state of database, worker and overdue messages: 200 when all are well, else 503."""
    found = report()
    return JsonResponse(found, status=200 if found["status"] == "ok" else 503)


@public
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether this process may be sent requests: its database answers and has the tables that it was written for. 200,
    else 503. The worker does not count here: without it the pages still work.
    """
    database = database_answers()
    tables = database and _tables_are_up_to_date()
    parts = {"database": "ok" if database else "down", "migrations": "ok" if tables else "waiting"}
    ready = database and tables
    return JsonResponse({"status": "ok" if ready else "down", **parts}, status=200 if ready else 503)


def _tables_are_up_to_date() -> bool:
    """Every migration of this program is applied; more may be (a newer one runs beside it)."""
    global _up_to_date
    if not _up_to_date:
        try:
            loader = MigrationLoader(connection)
        except Error:
            log.warning("health.migrations_unknown", exc_info=True)
            return False
        _up_to_date = set(loader.disk_migrations or {}) <= set(loader.applied_migrations)
    return _up_to_date
