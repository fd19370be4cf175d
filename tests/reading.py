"""A GET changes nothing: a guard over every GET that a test's client makes.

It looks at each statement, and so also sees what is written and taken back in the same request. What may be written
while looking: the row of the session; who opened whose record, which the trail's own function writes; and when
somebody's recovery codes were shown, which the library that shows them notes.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

#: How a statement begins, or what stands in it, that writes or locks rows.
WRITES = re.compile(
    r"^\s*(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|COPY)\b|\bFOR\s+(NO\s+KEY\s+)?(UPDATE|SHARE|KEY\s+SHARE)\b"
    r"|\b(INSERT\s+INTO|DELETE\s+FROM)\b|\bpg_(try_)?advisory_",
    re.IGNORECASE,
)
ALLOWED = re.compile(
    r'^\s*(INSERT INTO|UPDATE|DELETE FROM) "django_session"|^\s*SELECT .* FROM "django_session"'
    r'|^\s*UPDATE "mfa_authenticator" SET "data" = '
)


class WrittenWhileReading(AssertionError):
    """A GET wrote, or took a lock as whoever is about to write does."""


def _refuse(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    statement = sql if isinstance(sql, str) else sql.as_string(context["connection"].connection)
    if WRITES.search(statement) and not ALLOWED.search(statement):
        raise WrittenWhileReading(f"a GET wrote: {statement[:300]}")
    return execute(sql, params, many, context)


@contextmanager
def only_reading() -> Iterator[None]:
    """Inside the block the database is only read."""
    with connection.execute_wrapper(_refuse):
        yield
