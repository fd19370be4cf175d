"""Background work over many rows, each in its own transaction: what is wrong with one keeps no other from its turn."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import structlog
from django.db import DatabaseError
from django.db.models import Model

from clinic.errors import Refused

log = structlog.get_logger(__name__)
M = TypeVar("M", bound=Model)


def one_by_one(rows: Iterable[M], work: Callable[[M], object], *, name: str, passes: type[Refused] = Refused) -> int:
    """Do `work` for each row. Returns for how many it gave something true.

    `passes`: the refusal that says a row has changed between the look and the lock, or cannot be done now; the next
    tick looks again. Any other fault is logged with the row's id under `name`. A database that is away ends the run:
    it raises DatabaseError, as nothing after it could be written either.
    """
    done = 0
    for row in rows:
        try:
            done += bool(work(row))
        except passes:
            continue
        except DatabaseError:
            raise
        except Exception:
            log.exception("row_left_out", work=name, row=str(row.pk))
    return done
