"""Work that outlasts a restart of the database: what a mail server has answered is still written down."""

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection

#: Seconds that the database may be away. The embedded one is back within one, a managed one that fails over within
#: thirty; the lease of what is being sent (scheduling/messages/delivery.py) is several times as long.
PATIENCE = 30.0
PAUSE = 0.25

T = TypeVar("T")
log = structlog.get_logger(__name__)


def through_a_restart(work: Callable[[], T]) -> T:
    """What `work` returns. Where the connection is lost it is tried again as a whole, until PATIENCE is over.

    For work that is one transaction and may be done twice: a commit whose answer was lost may have taken place. Raises
    every other error, those of the database too, and inside a transaction of somebody else any.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or connection.is_usable() or time.monotonic() > deadline:
                raise
            log.warning("database_away")
            connection.close()
            time.sleep(PAUSE)
