"""The free time of every resource on every day, as counts in one block of cells.

All arrays have the shape ``[resource, day, cell of the day]``; the days are padded to one length. Padding counts as
"nobody there and nothing taken", so a chair's cleaning may run into it and a visit may not.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from scheduling.planner import cost
from scheduling.planner.values import Resource, SiteDay, Stretches, Taken

Bools = npt.NDArray[np.bool_]
Shorts = npt.NDArray[np.int16]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Grid:
    """Counts of what is free.

    ``here``: the resource is on site. ``unit0_free``: nobody holds its unit 0 (a chair, a person's hands).
    ``watch_free``: watch units free, 0 where the nurse is away. ``load``: tenths of the resource's day taken, [R, D].
    ``minutes`` / ``open``: local minute at which a cell begins (-1 in padding), and whether visits may run in it.
    """

    days: tuple[SiteDay, ...]
    resources: tuple[Resource, ...]
    starts: Longs
    lengths: Longs
    minutes: Shorts
    open: Bools
    here: Bools
    unit0_free: Bools
    watch_free: Shorts
    load: Shorts

    @property
    def width(self) -> int:
        """Cells of a padded day."""
        return int(self.minutes.shape[1])

    def with_role(self, roles: Iterable[str]) -> Longs:
        """Row numbers of the resources that have one of ``roles``, in order of their ids."""
        wanted = frozenset(roles)
        return np.asarray([row for row, one in enumerate(self.resources) if one.roles & wanted], dtype=np.int64)


def build_grid(days: Sequence[SiteDay], resources: Sequence[Resource], taken: Taken, pad: int = 0) -> Grid:
    """Lay ``taken`` over the presence of ``resources`` on ``days``, each day padded by ``pad`` cells.

    Raises:
        ValueError: two days share a date or overlap in time, or two resources share an id.
    """
    ordered = tuple(sorted(days, key=lambda day: day.date))
    for earlier, later in itertools.pairwise(ordered):
        if earlier.date == later.date or earlier.end > later.start:
            raise ValueError(f"The days {earlier.date} and {later.date} overlap.")
    rows = tuple(sorted(resources, key=lambda one: one.id))
    ids = np.asarray([one.id for one in rows], dtype=np.int64)
    if len(set(ids.tolist())) != len(rows):
        raise ValueError("Two resources share one id.")
    lengths = np.asarray([len(day.minutes) for day in ordered], dtype=np.int64)
    width = (int(lengths.max()) if len(ordered) else 0) + pad
    starts = np.asarray([day.start for day in ordered], dtype=np.int64)
    axis = _Axis(starts, width)
    here = _presence(ordered, ids, axis)
    nothing = np.zeros(here.shape, dtype=np.int16)
    empty = Grid(
        days=ordered,
        resources=rows,
        starts=starts,
        lengths=lengths,
        minutes=_minutes(ordered, width),
        open=_open(ordered, lengths, width),
        here=here,
        unit0_free=here,
        watch_free=nothing,
        load=np.zeros(here.shape[:2], dtype=np.int16),
    )
    return with_counts(empty, *_taken_counts(taken, ids, axis))


def with_counts(grid: Grid, unit0: Shorts, watched: Shorts) -> Grid:
    """The same grid with so many holders of unit 0, and so many units above it held: both [resource, day, cell]."""
    watch = np.asarray([one.watch for one in grid.resources], dtype=np.int16)
    return replace(
        grid,
        unit0_free=unit0 == 0,
        watch_free=(watch[:, None, None] - watched) * grid.here,
        load=_load(grid.resources, grid.here, unit0, watched),
    )


class _Axis:
    """All padded days laid end to end, so that one running sum turns starts and ends into counts."""

    def __init__(self, starts: Longs, width: int) -> None:
        self.days, self.width = len(starts), width
        self.first = int(starts[0]) if len(starts) else 0
        self.last = int(starts[-1]) + width if len(starts) else 0
        cells = np.arange(self.first, self.last + 1)
        day = np.searchsorted(starts, cells, side="right") - 1
        # Cells between two days fall on the border, so that what is taken there counts in neither.
        self._place = day * width + np.minimum(cells - starts[day], width) if len(starts) else cells

    def position(self, cells: Longs) -> Longs:
        """Where on the axis each cell lies; what lies before or after all days falls on its ends."""
        found: Longs = self._place[np.clip(cells, self.first, self.last) - self.first]
        return found

    def count(self, resources: int, rows: Longs, start: Longs, end: Longs, units: Shorts) -> Shorts:
        """Sum ``units`` over the stretches, given in places on the axis: [resources, days, width]."""
        length = self.days * self.width
        change = np.zeros(resources * (length + 1), dtype=np.int16)
        line = rows * (length + 1)
        np.add.at(change, line + start, units)
        np.subtract.at(change, line + end, units)
        counted = np.cumsum(change.reshape(resources, length + 1), axis=1, dtype=np.int16)[:, :length]
        return counted.reshape(resources, self.days, self.width)


def _column(values: object) -> Longs:
    return np.asarray(values, dtype=np.int64)


def _taken_counts(taken: Taken, ids: Longs, axis: _Axis) -> tuple[Shorts, Shorts]:
    """How many holders unit 0 has, and how many of the units above it are held."""
    wanted = _column(taken.resource)
    rows = np.searchsorted(ids, wanted)
    known = rows < len(ids)
    known[known] = ids[rows[known]] == wanted[known]
    start, end = axis.position(_column(taken.start)[known]), axis.position(_column(taken.end)[known])
    lower, upper = _column(taken.lower)[known], _column(taken.upper)[known]
    zero = (lower <= 0) & (upper > 0)
    above = np.maximum(upper - np.maximum(lower, 1), 0).astype(np.int16)
    rows, higher = rows[known], above > 0
    ones = np.ones(int(zero.sum()), dtype=np.int16)
    return (
        axis.count(len(ids), rows[zero], start[zero], end[zero], ones),
        axis.count(len(ids), rows[higher], start[higher], end[higher], above[higher]),
    )


def _presence(days: Sequence[SiteDay], ids: Longs, axis: _Axis) -> Bools:
    """Stretches outside a day's own cells are cut off at its edges."""
    row_of = {int(one): row for row, one in enumerate(ids)}
    found = [
        (row_of.get(resource, -1), number, start, end)
        for number, day in enumerate(days)
        for resource, stretches in day.present.items()
        for start, end in stretches
    ]
    rows, number, start, end = np.asarray(found, dtype=np.int64).reshape(-1, 4).T
    low = np.asarray([day.start for day in days], dtype=np.int64)[number]
    high = np.asarray([day.end for day in days], dtype=np.int64)[number]
    known = (rows >= 0) & (start < high) & (end > low) & (start < end)
    base = (number * axis.width - low)[known]
    first = np.maximum(start, low)[known] + base
    last = np.minimum(end, high)[known] + base
    return axis.count(len(ids), rows[known], first, last, np.ones(len(first), dtype=np.int16)) > 0


def _minutes(days: Sequence[SiteDay], width: int) -> Shorts:
    minutes = np.full((len(days), width), -1, dtype=np.int16)
    for number, day in enumerate(days):
        given = day.minutes
        line = np.arange(given.start, given.stop, given.step) if isinstance(given, range) else np.asarray(given)
        minutes[number, : len(given)] = line
    return minutes


def _open(days: Sequence[SiteDay], lengths: Longs, width: int) -> Bools:
    is_open = np.arange(width)[None, :] < lengths[:, None]
    for number, day in enumerate(days):
        if day.open is not None:
            is_open[number] &= _mask(day.open, day.start, width)
    return is_open


def _mask(stretches: Stretches, base: int, width: int) -> Bools:
    mask = np.zeros(width, dtype=np.bool_)
    for start, end in stretches:
        mask[max(0, start - base) : max(0, end - base)] = True
    return mask


def _load(rows: Sequence[Resource], here: Bools, unit0: Shorts, watched: Shorts) -> Shorts:
    """Tenths of each nurse's day that are taken, hands and watch units together; 0 for what watches nobody."""
    watch = np.asarray([one.watch for one in rows], dtype=np.int64)[:, None]
    nurses = np.asarray(["nurse" in one.roles for one in rows], dtype=np.bool_)[:, None]
    capacity = here.sum(axis=2) * (1 + watch)
    busy = ((unit0 + watched) * here).sum(axis=2)
    return np.where(nurses, cost.load_tenths(busy, capacity), 0).astype(np.int16)


def ahead(values: npt.NDArray[Scalar], cells: int, fill: int | bool) -> npt.NDArray[Scalar]:
    """``values`` read ``cells`` later along the last axis; ``fill`` where that runs off the end."""
    if cells == 0:
        return values
    shifted = np.full_like(values, fill)
    if cells < values.shape[-1]:
        shifted[..., :-cells] = values[..., cells:]
    return shifted


def free_for(free: Bools, cells: int) -> Bools:
    """Where ``free`` holds for ``cells`` cells from here on, in log2(cells) steps; never past the end."""
    run, length = free, 1
    if cells <= 0:
        return np.ones_like(free)
    while length < cells:
        step = min(length, cells - length)
        run = run & ahead(run, step, False)
        length += step
    return run


def anybody(flags: Bools) -> Bools:
    """Whether it holds for anybody of the first axis."""
    somebody: Bools = np.any(flags, axis=0)
    return somebody
