"""Move one visit of a series with the fewest other visits of that series moved.

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


def move_visit(
    request: SeriesRequest,
    days: Sequence[SiteDay],
    resources: Sequence[Resource],
    taken: Taken,
    current: Sequence[tuple[Date, int]],
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
    problem = _problem(request, days, resources, taken, current, index, to_date, to_start)
    chain = problem.cheapest()
    if chain is None:
        return refuse(problem)
    plan = write_plan(problem, chain)
    others = tuple(one for one in problem.stays if problem.booked_at(one, chain.rows[one], chain.slots[one]) is None)
    return MoveResult(plan, others, tuple(_why(problem, plan, current, one) for one in others))


def _problem(
    request: SeriesRequest,
    days: Sequence[SiteDay],
    resources: Sequence[Resource],
    taken: Taken,
    current: Sequence[tuple[Date, int]],
    index: int,
    to_date: Date | None,
    to_start: int | None,
) -> Problem:
    target = () if to_date is None else (Pin(index, to_date, to_start),)
    anchors = tuple(date for date, _ in current)
    asked = replace(request, pins=request.pins + target, anchors=anchors)
    problem = pose(asked, tuple(days), tuple(resources), taken)
    fixed = {pin.index for pin in request.pins} | {index}
    problem.stays = {
        one: Pin(one, date, start, booked=True) for one, (date, start) in enumerate(current) if one not in fixed
    }
    if to_date is None:
        problem.barred = {index: current[index][0]}
    if any(problem.row_for(date) is None for date, _ in current):
        raise ValueError("The days of the search must reach over every visit of the series.")
    return problem


def _why(problem: Problem, plan: Plan, current: Sequence[tuple[Date, int]], index: int) -> Reason:
    """Why another visit had to move: the gap to a neighbour, the window, or the gap further along."""
    old, new = current[index][0], plan.visits[index].date
    gaps, params = problem.gaps_between(), {"index": index, "from_date": old, "date": new}
    for beside, gap in ((index - 1, index - 1), (index + 1, index)):
        if 0 <= beside < len(plan.visits):
            days = abs((plan.visits[beside].date - old).days)
            least, most = gaps[gap].least, gaps[gap].most
            if not least <= days <= most or (plan.visits[beside].date < old) != (beside < index):
                return Reason("moved_to_keep_gap", {**params, "beside": beside, "least": least, "most": most})
    return Reason("moved_to_keep_series_possible", params)
