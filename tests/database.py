"""A pytest plugin: one throw-away PostgreSQL per run, started before Django reads its settings.

The process that starts it (with pytest-xdist: the controller) hands it to the workers through the environment. The
addresses in there name a
database that does not exist: each process gets its own from the fixture `django_db_setup`.
"""

import atexit
import os
from pathlib import Path

from clinic.runtime.cluster import APP_ROLE, OWNER_ROLE, Cluster, throwaway

_MARK = "CLINIC_TEST_SERVER"


def cluster() -> Cluster:
    """The server that this run's tests use."""
    return Cluster(Path(os.environ[_MARK]), durable=False)


def _start() -> None:
    server = throwaway()
    started = server.__enter__()
    owner = os.getpid()

    def stop() -> None:
        # A forked child inherits this; only the process that started the server may end it.
        if os.getpid() == owner:
            server.__exit__(None, None, None)

    atexit.register(stop)
    os.environ[_MARK] = os.environ["CLINIC_DATA"] = str(started.data)
    os.environ["DATABASE_URL"] = started.url(APP_ROLE, "not_made_yet")
    os.environ["DATABASE_OWNER_URL"] = started.url(OWNER_ROLE, "not_made_yet")
    outward = ("REDIS_URL", "EMAIL_URL", "TEXT_URL", "PUBLIC_URL")
    for outside in (*outward, "CLINIC_ENVIRONMENT", "CLINIC_CLOCK_OFFSET_SECONDS"):
        os.environ.pop(outside, None)


if _MARK not in os.environ:
    _start()
