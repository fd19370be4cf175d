"""A query that is asked at every turn, put together once.

What the ORM makes of a query set is the same text each time but for its values; for a small query making it takes
several times as long as PostgreSQL needs to answer (`manage.py bench --only plan`).
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


class Statement:
    """A query set that depends on ids alone, not on the hour or on anything else that changes: `build` takes them and
    gives it.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], ids: int) -> None:
        self._build, self._ids = build, ids

    @cached_property
    def _text(self) -> tuple[str, list[tuple[bool, Any]]]:
        """The SQL, and for each of its values whether it is an id, with the id's place or the value itself."""
        stand_ins = [uuid4() for _ in range(self._ids)]
        sql, values = self._build(*stand_ins).query.sql_with_params()
        return sql, [(one in stand_ins, stand_ins.index(one) if one in stand_ins else one) for one in values]

    def _filled(self, ids: Sequence[UUID]) -> tuple[str, list[Any]]:
        sql, values = self._text
        return sql, [ids[one] if is_id else one for is_id, one in values]

    def rows(self, *ids: UUID) -> list[tuple[Any, ...]]:
        """What a query set of `values_list` finds, of columns that the driver reads by itself (no JSON); one query."""
        with connection.cursor() as cursor:
            cursor.execute(*self._filled(ids))
            return list(cursor.fetchall())

    def instances(self, model: type[M], *ids: UUID) -> list[M]:
        """What a query set of whole instances finds, nothing select_related; one query."""
        return list(model._default_manager.raw(*self._filled(ids)))
