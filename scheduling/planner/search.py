"""The planner's front door: plan a series, or list the possible starts of one visit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date

import numpy as np

from scheduling.planner import cost
from scheduling.planner.alternatives import with_alternatives
from scheduling.planner.plans import write_plan
from scheduling.planner.problem import Problem, pose
from scheduling.planner.reasons import ALTERNATIVE, BEST
from scheduling.planner.refusal import refuse
from scheduling.planner.values import (
    Placement,
    Resource,
    SeriesRequest,
    SeriesResult,
    SiteDay,
    Stretches,
    Taken,
    VisitShape,
    Wishes,
)


def search_series(
    request: SeriesRequest,
    days: Sequence[SiteDay],
    resources: Sequence[Resource],
    taken: Taken,
    *,
    says_why: bool = True,
) -> SeriesResult:
    """The plan of least cost with up to ``request.alternatives - 1`` different ones, or why there is none; nothing
    where that is not asked for (``says_why``): it takes as many searches as there are wishes to relax, and more.

    ``days`` are all site days that the search may use, open or not; ``taken`` is what others hold in them (the visits
    to be planned must not be in it). Cells are UTC, dates are the site's.

    Raises:
        ValueError: the request, shape, days or resources contradict themselves; the sentence says how.
    """
    problem = pose(request, tuple(days), tuple(resources), taken)
    search = problem.search()
    best = search.cheapest()
    if best is None:
        return SeriesResult((), refuse(problem) if says_why else None)
    chains = with_alternatives(search, best, request.alternatives)
    plans = tuple(
        write_plan(problem, chain, otherwise=ALTERNATIVE if number else BEST) for number, chain in enumerate(chains)
    )
    return SeriesResult(plans, None)


@dataclass(frozen=True, slots=True)
class PossibleStart:
    """One legal start: local date, cell, local minute, and its cost in points (wishes and resources)."""

    date: Date
    start: int
    minute: int
    cost: int


class PossibleStarts:
    """Every legal start of one visit, in order of time; who would serve each is worked out on demand."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        prices, _ = problem.open_prices()
        grid = problem.grid
        numbers, cells = np.nonzero(prices < cost.IMPOSSIBLE)
        self.starts: tuple[PossibleStart, ...] = tuple(
            PossibleStart(grid.days[day].date, int(grid.starts[day]) + at, int(grid.minutes[day, at]), int(price))
            for day, at, price in zip(numbers.tolist(), cells.tolist(), prices[numbers, cells].tolist(), strict=True)
        )
        self._where = {one.start: (day, at) for one, day, at in zip(self.starts, numbers, cells, strict=True)}

    def placements(self, start: int) -> tuple[Placement, ...]:
        """The cheapest placements for a visit that begins at cell ``start``.

        Raises:
            ValueError: that start is not among the possible ones.
        """
        if start not in self._where:
            raise ValueError("That time is not possible.")
        day, at = self._where[start]
        return self._problem.table().assign(int(day), int(at)).placements


def possible_starts(
    shape: VisitShape,
    days: Sequence[SiteDay],
    resources: Sequence[Resource],
    taken: Taken,
    *,
    wishes: Wishes | None = None,
    busy: Stretches = (),
    earliest_cell: int | None = None,
) -> PossibleStarts:
    """Every legal start of a single visit (a consult, say) on ``days``.

    Raises:
        ValueError: the shape, days or resources contradict themselves.
    """
    request = SeriesRequest(
        shape=shape,
        count=1,
        first_day=min((day.date for day in days), default=Date.min),
        min_gap_days=1,
        max_gap_days=1,
        ideal_gap_days=1,
        wishes=wishes or Wishes(),
        busy=busy,
        earliest_cell=earliest_cell,
    )
    return PossibleStarts(pose(request, tuple(days), tuple(resources), taken))


def cheapest_by_date(
    request: SeriesRequest, days: Sequence[SiteDay], resources: Sequence[Resource], taken: Taken
) -> dict[Date, int]:
    """Points of the cheapest start on each date on which a visit of ``request`` may lie, its limits kept.

    Raises:
        ValueError: the request, shape, days or resources contradict themselves.
    """
    problem = pose(request, tuple(days), tuple(resources), taken)
    prices, _ = problem.open_prices()
    least = prices.min(axis=1).tolist() if prices.size else []
    dates = [day.date for day in problem.grid.days]
    return {date: int(points) for date, points in zip(dates, least, strict=True) if points < cost.IMPOSSIBLE}
