"""Wishes and limits laid over the grid: which starts each limit allows, and what each start costs in preferences."""

from collections.abc import Mapping

import numpy as np

from scheduling.planner import cost
from scheduling.planner.grid import Bools, Grid, Ints, Shorts, ahead
from scheduling.planner.values import CELL_MINUTES, Limit, SeriesRequest, Stretches, Windows

#: Points by minute past the hour.
ROUND_START = np.asarray([cost.round_start(minute) for minute in range(60)], dtype=np.int32)


def end_minutes(grid: Grid, cells: int) -> Shorts:
    """[day, cell]: local minute (up to 1440) at which a visit of ``cells`` that starts there ends."""
    return ahead(grid.minutes, cells - 1, -CELL_MINUTES) + np.int16(CELL_MINUTES)


def limit_masks(grid: Grid, request: SeriesRequest) -> Mapping[Limit, Bools]:
    """[day, cell] for each limit that speaks of single visits: where it allows a start."""
    wishes, cells = request.wishes, request.shape.cells
    ends = end_minutes(grid, cells)
    masks: dict[Limit, Bools] = {}
    if wishes.patient_can is not None:
        masks[Limit.PATIENT_HOURS] = _inside(grid, wishes.patient_can, grid.minutes, ends)
    if wishes.driver_can is not None:
        masks[Limit.DRIVER_HOURS] = _inside(grid, wishes.driver_can, ends, ends)
    if wishes.not_dates:
        masks[Limit.NOT_DATES] = _days(grid, [day.date not in wishes.not_dates for day in grid.days])
    if request.busy:
        masks[Limit.OTHER_APPOINTMENTS] = ~_overlaps(grid, request.busy, cells)
    if request.last_day is not None:
        masks[Limit.LAST_DAY] = _days(grid, [day.date <= request.last_day for day in grid.days])
    return masks


def firm_mask(grid: Grid, request: SeriesRequest) -> Bools:
    """[day, cell]: where the limits that nobody may relax allow a start: not too soon, not too near other infusions."""
    allowed = [
        day.date >= request.first_day
        and all(abs((day.date - other).days) >= least for other, least in request.other_days)
        for day in grid.days
    ]
    mask = _days(grid, allowed)
    if request.earliest_cell is not None:
        mask &= grid.starts[:, None] + np.arange(grid.width) >= request.earliest_cell
    return mask


def wish_costs(grid: Grid, request: SeriesRequest) -> Ints:
    """[day, cell]: points for a weekday or hours that are not preferred, and for a start that is not round."""
    wishes = request.wishes
    outside = np.zeros(grid.minutes.shape, dtype=np.int32)
    if wishes.preferred_from is not None:
        outside += np.maximum(wishes.preferred_from - grid.minutes, 0)
    if wishes.preferred_until is not None:
        outside += np.maximum(grid.minutes - wishes.preferred_until, 0)
    points = -(-outside // CELL_MINUTES) * cost.PREFERRED_HOURS + ROUND_START[grid.minutes % 60]
    if wishes.preferred_weekdays:
        other = [day.date.weekday() not in wishes.preferred_weekdays for day in grid.days]
        points += np.where(np.asarray(other, dtype=np.bool_), cost.PREFERRED_WEEKDAY, 0)[:, None]
    return points.astype(np.int32, copy=False)


def _days(grid: Grid, allowed: list[bool]) -> Bools:
    return np.repeat(np.asarray(allowed, dtype=np.bool_)[:, None], grid.width, axis=1)


def _inside(grid: Grid, windows: Windows, first: Shorts, last: Shorts) -> Bools:
    """Where both local minutes lie inside one window of the day's weekday, its ends included, and time runs forward."""
    mask = np.zeros(grid.minutes.shape, dtype=np.bool_)
    weekdays = np.asarray([day.date.weekday() for day in grid.days])
    for weekday, stretches in windows.items():
        rows = np.flatnonzero(weekdays == weekday)
        for start, end in stretches:
            mask[rows] |= (first[rows] >= start) & (last[rows] <= end) & (first[rows] <= last[rows])
    return mask


def _overlaps(grid: Grid, busy: Stretches, cells: int) -> Bools:
    begin = grid.starts[:, None] + np.arange(grid.width)
    mask = np.zeros(begin.shape, dtype=np.bool_)
    for start, end in busy:
        mask |= (begin < end) & (begin + cells > start)
    return mask
