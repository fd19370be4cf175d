"""Work that outlasts a restart of the database: what a mail server has answered is still written down."""

import time
from collections.abc import Callable
from typing import TypeVar

import psycopg2
import structlog
from django.db import InterfaceError, OperationalError, connection

#: Seconds that the database may be away. The embedded one is back within one, a managed one that fails over within
#: thirty; the lease of what is being sent (scheduling/messages/claiming.py) is several times as long.
PATIENCE = 30.0
PAUSE = 0.25

#: Beginnings of PostgreSQL's codes for a session that was ended (57P) or a connection that failed (08). An answer that
#: never came has no code.
GONE = ("57P", "08")

T = TypeVar("T")
log = structlog.get_logger(__name__)


def through_a_restart(work: Callable[[], T]) -> T:
    """What `work` returns. Where the connection is lost it is tried again as a whole, until PATIENCE is over.

    For work that is one transaction and may be done twice: a commit whose answer was lost may have taken place. Raises
    every other error, those of the database too, and inside a transaction of somebody else any.
    """
    deadline = 0.0
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block or not _connection_lost(error):
                raise
            if not deadline:
                deadline = time.monotonic() + PATIENCE
                log.warning("database_away")
            elif time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(PAUSE)


def _connection_lost(error: Exception) -> bool:
    """Whether the server was away, or went; and not that it refused something."""
    cause = error.__cause__
    return isinstance(cause, psycopg2.Error) and (cause.pgcode is None or cause.pgcode.startswith(GONE))
