"""What every action shares: one transaction, a named actor on the audit trail, and a retry when PostgreSQL breaks a
deadlock."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar, cast

from django.db import OperationalError, connection, transaction

from clinic.actor import Actor, origin
from clinic.counters import REFUSED
from clinic.errors import Refused

P = ParamSpec("P")
R = TypeVar("R")

#: How often a transaction that lost a deadlock is run again before the error reaches the caller.
DEADLOCK_RETRIES = 4
_running: ContextVar[bool] = ContextVar("action_running", default=False)
_held_back: ContextVar[str] = ContextVar("actions_held_back", default="")


@contextmanager
def held_back(sentence: str) -> Iterator[None]:
    """Inside the block every action refuses with `sentence` and does nothing: a form is only shown again."""
    token = _held_back.set(sentence)
    try:
        yield
    finally:
        _held_back.reset(token)


def action(function: Callable[P, R]) -> Callable[P, R]:
    """Run a keyword-only function that takes `by: Actor` as one audited transaction.

    An action called by another joins its transaction and its actor. `reason`, where the function takes one, goes on
    the trail.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if _held_back.get():
            raise Refused(_held_back.get(), code="held_back")
        if _running.get():
            return function(*args, **kwargs)
        token = _running.set(True)
        try:
            return _with_retry(function, *args, **kwargs)
        except Refused as error:
            REFUSED.labels(error.code).inc()
            raise
        finally:
            _running.reset(token)

    return run


def _with_retry(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    by = cast(Actor, kwargs["by"])
    reason = str(kwargs.get("reason") or "")
    for attempt in range(DEADLOCK_RETRIES + 1):
        try:
            with transaction.atomic():
                _announce(by, function.__name__, reason)
                return function(*args, **kwargs)
        except OperationalError as error:
            # 40P01: PostgreSQL ended this transaction so that another could go on. Inside an outer transaction it
            # cannot be repeated.
            broken = getattr(error.__cause__, "pgcode", None) == "40P01"
            if not broken or attempt == DEADLOCK_RETRIES or connection.in_atomic_block:
                raise
    raise AssertionError("the loop above returns or raises")


def _announce(by: Actor, name: str, reason: str) -> None:
    """Tell the audit triggers who acts, until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT set_config('clinic.actor_kind', %s, true), set_config('clinic.actor_id', %s, true),
                   set_config('clinic.actor_name', %s, true), set_config('clinic.action', %s, true),
                   set_config('clinic.reason', %s, true), set_config('clinic.origin', %s, true),
                   set_config('clinic.caller_id', %s, true), set_config('clinic.caller_name', %s, true)
            """,
            [by.kind, by.id, by.name, name, reason, origin.get(), *_of_caller(by)],
        )


def _of_caller(by: Actor) -> tuple[str, str]:
    return (by.caller.id, by.caller.name[:200]) if by.caller is not None else ("", "")
