"""Work on a plan that nobody has booked yet: what it costs as it stands, and where one of its visits could go instead.

Nothing of such a plan is held, so each of its places has to be free; ``lost`` names the visits whose place is not, be
it that somebody took it or that the wishes have changed. Everything else is the search of ``moves``: the fewest others
leave the place they have.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date as Date
from itertools import pairwise

import numpy as np

from scheduling.planner import cost
from scheduling.planner.chain import Chain
from scheduling.planner.grid import Ints
from scheduling.planner.moves import Place, replan, standing
from scheduling.planner.plans import write_plan
from scheduling.planner.problem import Problem, pose
from scheduling.planner.reasons import CHOSEN
from scheduling.planner.values import (
    MoveResult,
    Pin,
    Plan,
    Reason,
    Refusal,
    Resource,
    SeriesRequest,
    SiteDay,
    Taken,
)


@dataclass(frozen=True, slots=True)
class Appraisal:
    """A plan as it stands, or ``None`` with the visits whose place is not possible (none: the gaps do not hold)."""

    plan: Plan | None
    lost: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Worked:
    """A plan changed as little as possible. ``lost``: whose place was not possible any more; ``moved``: the others
    that had to leave theirs, with ``reasons`` in the same order.
    """

    plan: Plan
    lost: tuple[int, ...] = ()
    moved: tuple[int, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetStart:
    """One start on another date: cell, local minute, and whether it keeps to what was wished."""

    start: int
    minute: int
    is_wished: bool


@dataclass(frozen=True, slots=True)
class Target:
    """Another date for one visit. ``moves``: how many other visits leave their place then, at the fewest; with none of
    them ``starts`` are all that are possible, otherwise the best one.
    """

    date: Date
    moves: int
    starts: tuple[TargetStart, ...]


def appraise(
    request: SeriesRequest,
    days: Sequence[SiteDay],
    resources: Sequence[Resource],
    taken: Taken,
    places: Sequence[Place],
) -> Appraisal:
    """What a plan with exactly these places costs, who would serve it, and why each date.

    Visits that ``request.pins`` names may lie outside the wishes.

    Raises:
        ValueError: there are not ``count`` places.
    """
    if len(places) != request.count:
        raise ValueError(f"{len(places)} places were given for a series of {request.count}.")
    problem = pose(request, tuple(days), tuple(resources), taken)
    lost = tuple(index for index, place in enumerate(places) if not _is_possible(problem, index, place))
    if lost or not _keeps_gaps(problem, [date for date, _ in places]):
        return Appraisal(None, lost)
    return Appraisal(write_plan(problem, _chain(problem, places), otherwise=CHOSEN))


def work_on(
    request: SeriesRequest,
    days: Sequence[SiteDay],
    resources: Sequence[Resource],
    taken: Taken,
    places: Sequence[Place],
    swap: Pin | None = None,
) -> Worked | Refusal:
    """The plan at ``places``, with one visit taken to the place that ``swap`` names, and the fewest others moved.

    Visits that ``request.pins`` names stay, unless their own place is no longer possible.

    Raises:
        ValueError: as ``appraise``, or a pin for a visit that does not exist.
    """
    kept = [pin for pin in request.pins if swap is None or pin.index != swap.index]
    first = appraise(replace(request, pins=tuple(kept)), days, resources, taken, places)
    lost = tuple(index for index in first.lost if swap is None or index != swap.index)
    if first.plan is not None and swap is None:
        return Worked(first.plan)
    pins = (*(pin for pin in kept if pin.index not in lost), *([swap] if swap is not None else []))
    leaving = {*lost, *([swap.index] if swap is not None else [])}
    asked = replace(request, pins=pins, anchors=tuple(date for date, _ in places))
    current = [None if index in leaving else place for index, place in enumerate(places)]
    result = replan(asked, days, resources, taken, current)
    if not isinstance(result, MoveResult):
        return result
    after = [(visit.date, visit.start) for visit in result.plan.visits]
    final = appraise(replace(request, pins=pins), days, resources, taken, after)
    return Worked(final.plan or result.plan, lost, result.moved, result.reasons)


def targets(
    request: SeriesRequest,
    days: Sequence[SiteDay],
    resources: Sequence[Resource],
    taken: Taken,
    places: Sequence[Place],
    index: int,
    *,
    within_days: int,
) -> list[Target]:
    """Where visit ``index`` of the plan at ``places`` could go instead: other hours of its date, and other dates.

    ``within_days``: how far from its date one is looked for that makes others move; such a date is left out where
    nothing would do.

    Raises:
        ValueError: as ``appraise``.
    """
    pins = tuple(pin for pin in request.pins if pin.index != index)
    asked = replace(request, pins=pins, anchors=tuple(date for date, _ in places))
    lost = appraise(replace(request, pins=pins), days, resources, taken, places).lost
    current = [None if one == index or one in lost else place for one, place in enumerate(places)]
    problem = standing(asked, days, resources, taken, current)
    free, kept = problem.open_prices()
    dates = [date for date, _ in places]
    found = []
    for number, day in enumerate(problem.grid.days):
        own = kept[number] < cost.IMPOSSIBLE
        if day.date == dates[index]:
            own = own & (problem.grid.starts[number] + np.arange(own.size) != places[index][1])
        possible = np.flatnonzero(own)
        if not possible.size:
            continue
        if not lost and _keeps_gaps(problem, [*dates[:index], day.date, *dates[index + 1 :]]):
            starts = [_start(problem, number, int(at), bool(free[number, at] < cost.IMPOSSIBLE)) for at in possible]
            found.append(Target(day.date, 0, tuple(starts)))
        elif day.date != dates[index] and abs((day.date - dates[index]).days) <= within_days:
            found += _along(problem, number, index, current)
    return found


def _along(problem: Problem, number: int, index: int, current: Sequence[Place | None]) -> list[Target]:
    """The date with the fewest others moved along; empty where there is no way."""
    date = problem.grid.days[number].date
    row = (date - problem.base).days

    def only(one: int, price: Ints) -> Ints:
        if one != index:
            return price
        narrowed = np.full_like(price, cost.IMPOSSIBLE)
        narrowed[row] = price[row]
        return narrowed

    chain, is_wished = problem.cheapest(keep=only), True
    if chain is None:
        problem.pins[index], is_wished = Pin(index, date), False
        chain = problem.cheapest()
    try:
        if chain is None:
            return []
        day, at = problem.cell(index, row, chain.slots[index])
        moves = sum(
            place is not None
            and (problem.date(chain.rows[one]), problem.minute(chain.slots[one])) != _wall(problem, place)
            for one, place in enumerate(current)
        )
        return [Target(date, moves, (_start(problem, day, at, is_wished),))]
    finally:
        problem.pins.pop(index, None)


def _start(problem: Problem, number: int, at: int, is_wished: bool) -> TargetStart:
    grid = problem.grid
    return TargetStart(int(grid.starts[number]) + at, int(grid.minutes[number, at]), is_wished)


def _wall(problem: Problem, place: Place) -> tuple[Date, int]:
    """The local date and minute of a place inside the grid."""
    date, start = place
    day = problem.day_at[(date - problem.base).days]
    return date, int(problem.grid.minutes[day, start - int(problem.grid.starts[day])])


def _is_possible(problem: Problem, index: int, place: Place) -> bool:
    date, start = place
    day = problem.day_at.get((date - problem.base).days)
    if day is None or not 0 <= start - int(problem.grid.starts[day]) < problem.grid.lengths[day]:
        return False
    free, kept = problem.open_prices()
    prices = kept if index in problem.pins else free
    return bool(prices[day, start - int(problem.grid.starts[day])] < cost.IMPOSSIBLE)


def _keeps_gaps(problem: Problem, dates: Sequence[Date]) -> bool:
    gaps, window = problem.gaps_between(), problem.request.window_days
    pairs = zip(gaps, pairwise(dates), strict=True)
    in_order = all(gap.allows((later - earlier).days) for gap, (earlier, later) in pairs)
    return in_order and (window is None or (dates[-1] - dates[0]).days < window)


def _chain(problem: Problem, places: Sequence[Place]) -> Chain:
    """The places as the search's own chain; ``write_plan`` adds its cost up afresh."""
    walls = [_wall(problem, place) for place in places]
    rows = tuple((date - problem.base).days for date, _ in walls)
    return Chain(rows, tuple(problem.slot(minute) for _, minute in walls), 0)
