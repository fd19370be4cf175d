"""Booking a series: the action with its commit, beside bare INSERTs of every row that it writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from psycopg2 import sql
from psycopg2.extras import register_default_jsonb

from patients.models import Patient
from scheduling.actions.booking import book_series
from scheduling.actions.series_writing import SeriesOrder, explained_by
from scheduling.bench.measure import Figure, at_most, timed
from scheduling.bench.planning import WISHES, plan
from scheduling.bench.server import cluster
from scheduling.bench.world import World
from scheduling.models import Series
from scheduling.planner.values import Plan
from scheduling.selectors.planning import moments_of

#: The trail is written by triggers, in the floor as in the action; nobody may INSERT there.
TRAIL = "clinic_auditevent"
#: How many times the action may take as long as the bare rows.
LIMIT = 4
#: The first few fill caches.
WARM_UP = 3


@dataclass(frozen=True, slots=True)
class Written:
    """The rows that one transaction left in one table: columns and values."""

    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def insert(self) -> sql.Composed:
        """The statement that writes one of them."""
        return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(self.table),
            sql.SQL(", ").join(map(sql.Identifier, self.columns)),
            sql.SQL(", ").join(sql.Placeholder() * len(self.columns)),
        )


def book(world: World, patient: Patient, plan: Plan, key: UUID | None = None) -> Series:
    """Book the plan as the page does, with the reasons that came with it."""
    return book_series(
        by=world.bench.by,
        order=SeriesOrder(
            patient=patient,
            site=world.bench.site,
            version=world.bench.series,
            first_day=world.bench.first_day,
            wishes=WISHES[0],
            starts=moments_of(plan),
        ),
        key=key or uuid4(),
        explained=explained_by(plan),
    )


def book_beside_inserts(world: World) -> Figure:
    """The action with its commit, in turn with the bare rows; what was booked is taken out again in between."""
    best = plan(world, WISHES[0]).best
    if best is None:
        raise ValueError("The bench site has no room for a series.")
    cleaner = _Cleaner()
    values: list[float] = []
    floors: list[float] = []
    counts: dict[str, int] = {}
    for number in range(world.options.times(60) + WARM_UP):
        patient = world.patient()
        took = timed(partial(book, world, patient, best))
        series = patient.series.get().pk
        rows, counts = cleaner.take_out(series)
        bare = timed(partial(insert, rows))
        cleaner.take_out(series)
        if number >= WARM_UP:
            values.append(took)
            floors.append(bare)
    cleaner.close()
    figure = at_most(
        "book",
        "book a six-visit series (action, commit)",
        f"bare INSERTs of the {sum(counts.values())} rows that it writes, one transaction, the trail by its triggers",
        values,
        floors,
        LIMIT,
    )
    return figure.noting(", ".join(f"{table} {number}" for table, number in sorted(counts.items())))


def insert(written: Sequence[Written]) -> None:
    """Write the rows as the application's role, one INSERT a row, in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        for part in written:
            statement = part.insert()
            for row in part.rows:
                cursor.execute(statement, row)


class _Cleaner:
    """Finds what a transaction wrote, and takes it out again past the triggers, as the database's superuser."""

    def __init__(self) -> None:
        self._connection = cluster().connect(database=str(connection.settings_dict["NAME"]))
        # JSON stays text, to be written again as it is.
        register_default_jsonb(self._connection, loads=str)
        self._cursor = self._connection.cursor()
        self._cursor.execute("SET session_replication_role = replica")
        self._cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        # Parents before children, as foreign keys want it: the action's own order.
        known = ["clinic_idempotencykey", "scheduling_series", "scheduling_appointment"]
        names = [row[0] for row in self._cursor.fetchall()]
        self._tables = [*known, *(name for name in names if name not in {*known, TRAIL}), TRAIL]

    def take_out(self, series: UUID) -> tuple[list[Written], dict[str, int]]:
        """Remove every row of the transaction that wrote the series; what they were, and how many in each table (the
        trail's are only counted)."""
        self._cursor.execute("SELECT xmin::text FROM scheduling_series WHERE id = %s", [str(series)])
        (transaction_id,) = self._cursor.fetchone() or (None,)
        written: list[Written] = []
        counts: dict[str, int] = {}
        for table in self._tables:
            part = self._remove(table, transaction_id)
            if part.rows:
                counts[table] = len(part.rows)
                if table != TRAIL:
                    written.append(part)
        return written, counts

    def _remove(self, table: str, transaction_id: Any) -> Written:
        self._cursor.execute(
            sql.SQL("DELETE FROM {} WHERE xmin::text = %s RETURNING *").format(sql.Identifier(table)), [transaction_id]
        )
        columns = tuple(column.name for column in self._cursor.description or ())
        return Written(table, columns, tuple(self._cursor.fetchall()))

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()
