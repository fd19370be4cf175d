"""Where a benchmark runs: a second process whose every address points at a throw-away PostgreSQL.

Django reads its addresses once, when its settings load. So the command does not bend them afterwards: it starts the
server and runs itself again, with an environment in which the real addresses do not occur.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from clinic import clock
from clinic.runtime.cluster import APP_ROLE, OWNER_ROLE, Cluster, throwaway
from clinic.runtime.processes import MARK

#: Monday, 5 April 2027, 09:00 in New York: far from clock changes, so that two runs plan the same days.
MORNING = datetime(2027, 4, 5, 13, tzinfo=UTC)
_SERVER = "CLINIC_BENCH_SERVER"
#: What could lead outside, or make this another clinic than the one that is measured.
_LEFT_OUT = (
    *("DATABASE_URL_FILE", "DATABASE_OWNER_URL_FILE", "SECRET_KEY", "SECRET_KEY_FILE", "STATIC_ROOT", "ALLOWED_HOSTS"),
    *("REDIS_URL", "EMAIL_URL", "TEXT_URL", "PUBLIC_URL", "MAIL_FROM", "CLINIC_ENVIRONMENT", MARK),
    "REMINDER_TICK_SECONDS",
)


def started() -> bool:
    """Whether this process was started by `run_again`, so that its database is the throw-away one."""
    return _SERVER in os.environ


def cluster() -> Cluster:
    """The throw-away server of this run."""
    return Cluster(Path(os.environ[_SERVER]), durable=False)


def run_again(arguments: Sequence[str]) -> int:
    """Run `manage.py` with `arguments` in a process of its own on a throw-away server; returns its exit status.

    Raises CannotStart when the server does not start.
    """
    with throwaway() as server:
        manage = Path(__file__).resolve().parents[2] / "manage.py"
        command = [sys.executable, str(manage), *arguments]
        return subprocess.run(command, env=environment(server, os.environ), check=False).returncode  # noqa: S603


def environment(server: Cluster, outside: Mapping[str, str]) -> dict[str, str]:
    """`outside` with every address replaced by the throw-away server's, and the clock set to MORNING."""
    kept = {name: value for name, value in outside.items() if name not in _LEFT_OUT and not name.startswith("PG")}
    offset = (MORNING - clock.now()).total_seconds()
    return kept | {
        _SERVER: str(server.data),
        "CLINIC_DATA": str(server.data),
        "DATABASE_URL": server.url(APP_ROLE),
        "DATABASE_OWNER_URL": server.url(OWNER_ROLE),
        "CLINIC_CLOCK_OFFSET_SECONDS": str(offset),
    }
