"""The days of a site while visits are put on them and taken off again, one at a time.

The series search looks at all days at once and changes nothing. A rescue puts many visits down, and each changes one
day only: so a day's table of possible starts is made when it is asked for and thrown away when its day changes.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from scheduling.planner import cost
from scheduling.planner.grid import Grid, build_grid, with_counts
from scheduling.planner.starts import VisitTable
from scheduling.planner.values import Lane, Placement, Resource, SiteDay, Taken, VisitShape

Row = tuple[int, int, int, int, int]
"""resource, first cell, cell after the last, first unit, unit after the last."""

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Seat(Generic[K]):
    """One visit that is to start at cell ``start``; ``key`` is the caller's."""

    key: K
    shape: VisitShape
    start: int


class Seats:
    """What is taken on each day, and which starts are left for each shape. Days are counted in order of their dates."""

    def __init__(
        self, days: Sequence[SiteDay], resources: Sequence[Resource], taken: Taken, shapes: Iterable[VisitShape]
    ) -> None:
        """``shapes``: all that will be asked about; cleaning a chair after them may run past closing."""
        self.days = tuple(sorted(days, key=lambda day: day.date))
        self.number = {day.date: number for number, day in enumerate(self.days)}
        self._starts = [day.start for day in self.days]
        pad = max((shape.turnover_cells for shape in shapes), default=0)
        self._empty = [build_grid([day], resources, Taken(), pad=max(0, pad)) for day in self.days]
        self._unit0 = [np.zeros(grid.here.shape, dtype=np.int16) for grid in self._empty]
        self._watched = [np.zeros(grid.here.shape, dtype=np.int16) for grid in self._empty]
        ordered = sorted(resources, key=lambda one: one.id)
        self._line = {one.id: line for line, one in enumerate(ordered)}
        self._watch = [one.watch for one in ordered]
        self._grids: dict[int, Grid] = {}
        self._tables: dict[int, dict[VisitShape, VisitTable]] = defaultdict(dict)
        columns = (taken.resource, taken.start, taken.end, taken.lower, taken.upper)
        for row in zip(*(np.asarray(column).tolist() for column in columns), strict=True):
            self._count(row, 1)

    def day_of(self, cell: int) -> int | None:
        """The number of the day whose grid the cell lies in; ``None`` where the site is closed all day."""
        number = bisect_right(self._starts, cell) - 1
        return number if number >= 0 and cell < self.days[number].end else None

    def line_of(self, resource: int) -> int:
        """The row of a resource in the grids.

        Raises:
            KeyError: there is no such resource.
        """
        return self._line[resource]

    def table(self, number: int, shape: VisitShape) -> VisitTable:
        """The possible starts of ``shape`` on one day, as things stand."""
        if shape not in self._tables[number]:
            if number not in self._grids:
                counts = self._unit0[number].copy(), self._watched[number].copy()
                self._grids[number] = with_counts(self._empty[number], *counts)
            self._tables[number][shape] = VisitTable(self._grids[number], shape)
        return self._tables[number][shape]

    def put(self, seat: Seat[K]) -> tuple[Placement, ...] | None:
        """Hold the cheapest chair and people for ``seat``; ``None``, and nothing held, where that start is not free."""
        number = self.day_of(seat.start)
        if number is None:
            return None
        table = self.table(number, seat.shape)
        at = seat.start - self.days[number].start
        if table.costs[0, at] >= cost.IMPOSSIBLE:
            return None
        placements = table.assign(0, at).placements
        self.hold(rows_of(placements))
        return placements

    def hold(self, rows: Iterable[Row]) -> None:
        """Take these units; only how many count, not which."""
        for row in rows:
            self._count(row, 1)

    def free(self, rows: Iterable[Row]) -> None:
        """Give back units that were taken."""
        for row in rows:
            self._count(row, -1)

    def is_over(self, rows: Iterable[Row]) -> bool:
        """Whether of anything in ``rows`` more is taken than there is."""
        for row in rows:
            where = self._where(row)
            if where is not None:
                number, line, cells = where
                if (self._unit0[number][line, 0, cells] > 1).any():
                    return True
                if (self._watched[number][line, 0, cells] > self._watch[line]).any():
                    return True
        return False

    def _count(self, row: Row, change: int) -> None:
        """Count a row in or out."""
        where = self._where(row)
        if where is None:
            return
        number, line, cells = where
        _, _, _, lower, upper = row
        self._grids.pop(number, None)
        self._tables.pop(number, None)
        if lower <= 0 < upper:
            self._unit0[number][line, 0, cells] += change
        self._watched[number][line, 0, cells] += change * max(0, upper - max(lower, 1))

    def _where(self, row: Row) -> tuple[int, int, slice] | None:
        """The day that a row begins on or runs into, the resource's line and the cells; ``None`` outside of all."""
        resource, start, end, _, _ = row
        number = self.day_of(start)
        number = self.day_of(end - 1) if number is None else number
        line = self._line.get(resource)
        if number is None or line is None:
            return None
        first = self._starts[number]
        return number, line, slice(max(0, start - first), max(0, end - first))


def rows_of(placements: Iterable[Placement]) -> list[Row]:
    """What placements take. Only the count of watch units matters, so their numbers are simply 1 and up."""
    found = []
    for one in placements:
        low = 1 if one.lane is Lane.WATCH else 0
        found.append((one.resource, one.start, one.end, low, low + one.units))
    return found


def seat_all(seats: Seats, wanted: Sequence[Seat[K]]) -> tuple[dict[K, tuple[Placement, ...]], list[K]]:
    """Who and what serves all of ``wanted`` at exactly their starts; and the keys for which nobody was left.

    Each day by itself, in order of time; whoever finds nobody left goes first at the next try, and the best try
    counts. What is seated stays held in ``seats``.
    """
    by_day: dict[int | None, list[Seat[K]]] = defaultdict(list)
    for seat in sorted(wanted, key=lambda one: (one.start, str(one.key))):
        by_day[seats.day_of(seat.start)].append(seat)
    placed: dict[K, tuple[Placement, ...]] = {}
    missing: list[K] = []
    for order in by_day.values():
        found, without = _seat_day(seats, order)
        placed |= found
        missing += without
    return placed, missing


def _seat_day(seats: Seats, order: list[Seat[K]]) -> tuple[dict[K, tuple[Placement, ...]], list[K]]:
    best: tuple[dict[K, tuple[Placement, ...]], list[K]] = ({}, [one.key for one in order])
    for _ in range(len(order) + 1):
        found = {seat.key: seats.put(seat) for seat in order}
        placed = {key: placements for key, placements in found.items() if placements is not None}
        missing = [seat for seat in order if seat.key not in placed]
        if not missing:
            return placed, []
        if len(missing) < len(best[1]):
            best = placed, [one.key for one in missing]
        for placements in placed.values():
            seats.free(rows_of(placements))
        order = missing + [seat for seat in order if seat.key in placed]
    for placements in best[0].values():
        seats.hold(rows_of(placements))
    return best
