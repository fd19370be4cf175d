"""Move one visit of a series, or plan what is left of it anew, with the fewest other visits moved.

One search does it: every other visit may stay exactly where it is for nothing, or leave for a price that is higher than
everything else together. The cheapest chain therefore moves the fewest visits, and among those ways the best one, in
which a visit that must leave also stays near the date it had.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date as Date

from scheduling.planner.plans import write_plan
from scheduling.planner.problem import Problem, pose
from scheduling.planner.refusal import refuse
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

Place = tuple[Date, int]
"""Where a visit stands: its local date and its start cell."""


def move_visit(
    request: SeriesRequest,
    days: Sequence[SiteDay],
    resources: Sequence[Resource],
    taken: Taken,
    current: Sequence[Place],
    index: int,
    *,
    to_date: Date | None = None,
    to_start: int | None = None,
) -> MoveResult | Refusal:
    """Move visit ``index`` of the series that now stands at ``current`` (local date and start cell of each visit).

    ``request`` describes those visits (``count`` of them; what lies before and after as ``previous_day`` and
    ``next_day``). ``taken`` holds nothing of this series. ``to_date`` and ``to_start`` say where the visit goes;
    without ``to_date`` it goes to any other date than its own. Visits that ``request.pins`` names stay whatever
    happens. ``Refusal`` when it cannot be done; its plans, too, keep what can stay.

    Raises:
        ValueError: ``current`` does not have ``count`` visits, ``index`` is not one of them, or it is pinned.
    """
    if len(current) != request.count or not 0 <= index < request.count:
        raise ValueError(f"Visit {index + 1} cannot be moved in a series of {request.count}.")
    if any(pin.index == index for pin in request.pins):
        raise ValueError(f"Visit {index + 1} is pinned; take its pin off before moving it.")
    target = () if to_date is None else (Pin(index, to_date, to_start),)
    asked = replace(request, pins=request.pins + target, anchors=tuple(date for date, _ in current))
    problem = standing(asked, days, resources, taken, [None if one == index else at for one, at in enumerate(current)])
    if to_date is None:
        if problem.row_for(current[index][0]) is None:
            raise ValueError(OUT_OF_REACH)
        problem.barred = {index: current[index][0]}
    return _fewest(problem, current) or refuse(problem)


def replan(
    request: SeriesRequest,
    days: Sequence[SiteDay],
    resources: Sequence[Resource],
    taken: Taken,
    current: Sequence[Place | None],
) -> MoveResult | Refusal:
    """Plan a series anew with as many of its visits as possible left where they stand.

    ``current``: the place of each visit, ``None`` for one that has none yet or must leave the one it had (its
    ``request.anchors`` then says near which date it would best stay). Otherwise as ``move_visit``; the other visits
    that had to move are in ``moved``.

    Raises:
        ValueError: ``current`` does not have ``count`` places, or one lies outside ``days``.
    """
    if len(current) != request.count:
        raise ValueError(f"{len(current)} places were given for a series of {request.count}.")
    problem = standing(request, days, resources, taken, current)
    return _fewest(problem, current) or refuse(problem)


def try_replan(
    request: SeriesRequest,
    days: Sequence[SiteDay],
    resources: Sequence[Resource],
    taken: Taken,
    current: Sequence[Place | None],
) -> MoveResult | None:
    """As ``replan``, but ``None`` where there is no way: quick, for trying several orders of the visits.

    Raises:
        ValueError: as ``replan``.
    """
    if len(current) != request.count:
        raise ValueError(f"{len(current)} places were given for a series of {request.count}.")
    return _fewest(standing(request, days, resources, taken, current), current)


OUT_OF_REACH = "The days of the search must reach over every visit of the series."


def standing(
    request: SeriesRequest,
    days: Sequence[SiteDay],
    resources: Sequence[Resource],
    taken: Taken,
    current: Sequence[Place | None],
) -> Problem:
    """The request with every visit that has a place, and is not pinned, free to stay there."""
    problem = pose(request, tuple(days), tuple(resources), taken)
    pinned = {pin.index for pin in request.pins}
    for index, place in enumerate(current):
        if place is None or index in pinned:
            continue
        if problem.row_for(place[0]) is None:
            raise ValueError(OUT_OF_REACH)
        problem.stays[index] = Pin(index, *place, booked=True)
    return problem


def _fewest(problem: Problem, current: Sequence[Place | None]) -> MoveResult | None:
    chain = problem.cheapest()
    if chain is None:
        return None
    plan = write_plan(problem, chain)
    return MoveResult(plan, *_moved(problem, plan, current))


def _moved(problem: Problem, plan: Plan, current: Sequence[Place | None]) -> tuple[tuple[int, ...], tuple[Reason, ...]]:
    """The visits that could have stayed and did not, and why each."""
    moved, reasons = [], []
    for index in problem.stays:
        place, visit = current[index], plan.visits[index]
        if place is not None and visit.start != place[1]:
            moved.append(index)
            reasons.append(_why(problem, plan, place[0], index))
    return tuple(moved), tuple(reasons)


def _why(problem: Problem, plan: Plan, old: Date, index: int) -> Reason:
    """Why another visit had to move: the gap to a neighbour, the window, or the gap further along."""
    new = plan.visits[index].date
    gaps, params = problem.gaps_between(), {"index": index, "from_date": old, "date": new}
    for beside, gap in ((index - 1, index - 1), (index + 1, index)):
        if 0 <= beside < len(plan.visits):
            days = abs((plan.visits[beside].date - old).days)
            least, most = gaps[gap].least, gaps[gap].most
            if not least <= days <= most or (plan.visits[beside].date < old) != (beside < index):
                return Reason("moved_to_keep_gap", {**params, "beside": beside, "least": least, "most": most})
    return Reason("moved_to_keep_series_possible", params)
