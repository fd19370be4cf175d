"""Doing a form's work once, however often it is submitted (house rule 7: a double click books one series)."""

from typing import Any
from uuid import UUID

from django.db import connection

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import IdempotencyKey


def earlier_result(key: UUID, action: str, by: Actor) -> dict[str, Any] | None:
    """What this key has done before; None when it is new, and then it is this transaction's.

    The first thing in an action: of two submissions at once the second waits here until the first has committed (and
    gets its result) or failed (and does the work itself).

    Raises:
        Refused: the key belongs to another person or to another kind of work.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clinic_idempotencykey (key, action, actor_id, result, created_at)"
            " VALUES (%s, %s, %s, '{}', %s) ON CONFLICT (key) DO NOTHING",
            [str(key), action, by.id, clock.now()],
        )
        if cursor.rowcount:
            return None
    row = IdempotencyKey.objects.get(pk=key)
    if row.action != action or row.actor_id != by.id:
        raise Refused("This form was used for something else already. Nothing was changed; open a fresh one.")
    return dict(row.result)


def keep_result(key: UUID, **result: str) -> None:
    """Remember what the key has done: ids as text, no more."""
    IdempotencyKey.objects.filter(pk=key).update(result=result)
