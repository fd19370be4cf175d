"""When there is no plan: the smallest sets of limits that would have to give, and what is short.

Smallest is proven, not guessed: all sets are tried in order of size, and the search stops after the first size at which
any set gives a plan. A limit without which even all the others together give no plan is in every set, so only sets
that have it are tried. Only limits that the request really sets are tried. The smallest gap,
opening hours and what others hold are never offered.
"""

from itertools import combinations, pairwise

import numpy as np

from scheduling.planner import cost
from scheduling.planner.grid import Bools
from scheduling.planner.plans import write_plan
from scheduling.planner.problem import PER_VISIT, Problem
from scheduling.planner.values import CELL_MINUTES, CHAIR_ROLES, Bottleneck, Limit, Plan, Reason, Refusal, Relaxation

MOST_SHOWN = 4
"""How many relaxations of the smallest size are returned, cheapest first."""


def refuse(problem: Problem) -> Refusal:
    """The smallest sets of limits to relax, each with the plan it would give, and the bottleneck."""
    return Refusal(_smallest(problem), bottleneck(problem))


def listed_limits(problem: Problem) -> tuple[Limit, ...]:
    """The limits that this request sets and a clerk may relax."""
    request = problem.request
    found = list(problem.limits)
    if request.window_days is not None:
        found.append(Limit.WINDOW)
    if problem.gaps:
        found.append(Limit.GAP_MAX)
    if request.shape.chair_kinds and not request.shape.chair_kinds >= CHAIR_ROLES:
        found.append(Limit.CHAIR_KIND)
    if request.shape.doctor is not None:
        found.append(Limit.DOCTOR)
    return tuple(found)


def _smallest(problem: Problem) -> tuple[Relaxation, ...]:
    limits = listed_limits(problem)
    if not limits or problem.cheapest(frozenset(limits)) is None:
        return ()
    needed = [one for one in limits if problem.cheapest(frozenset(limits) - {one}) is None]
    others = [one for one in limits if one not in needed]
    for size in range(len(others) + 1):
        found = []
        for more in combinations(others, size):
            chosen = tuple(one for one in limits if one in needed or one in more)
            chain = problem.cheapest(frozenset(chosen))
            if chain is not None:
                found.append((chain.cost, chosen, chain))
        if found:
            found.sort(key=lambda one: one[:2])
            return tuple(
                _relaxation(problem, chosen, write_plan(problem, chain, frozenset(chosen)))
                for _, chosen, chain in found[:MOST_SHOWN]
            )
    return ()


def _relaxation(problem: Problem, limits: tuple[Limit, ...], plan: Plan) -> Relaxation:
    breaches: list[Reason] = []
    for limit in limits:
        if limit in PER_VISIT:
            breaches += _visits_that_break(problem, limit, plan)
        elif limit is Limit.GAP_MAX:
            breaches += _gaps_that_break(problem, plan)
        elif limit is Limit.WINDOW:
            first = problem.request.window_start or plan.visits[0].date
            days = (plan.visits[-1].date - first).days + 1
            breaches.append(Reason("breaks_window", {"days": days, "allowed": problem.request.window_days}))
        else:
            breaches.append(Reason(f"breaks_{limit}", {"date": plan.visits[0].date}))
    return Relaxation(limits, plan, tuple(breaches))


def _visits_that_break(problem: Problem, limit: Limit, plan: Plan) -> list[Reason]:
    mask, grid, found = problem.limits[limit], problem.grid, []
    for visit in plan.visits:
        day = problem.day_at.get((visit.date - problem.base).days)
        if day is None or visit.index in problem.pins or mask[day, visit.start - int(grid.starts[day])]:
            continue
        ends = int(grid.minutes[day, visit.end - 1 - int(grid.starts[day])]) + CELL_MINUTES
        params = {"date": visit.date, "weekday": visit.date.weekday(), "from": visit.minute, "until": ends}
        found.append(Reason(f"breaks_{limit}", params))
    return found


def _gaps_that_break(problem: Problem, plan: Plan) -> list[Reason]:
    request = problem.request
    before = [request.previous_day] if request.previous_day is not None else []
    after = [request.next_day] if request.next_day is not None else []
    dates = [*before, *(visit.date for visit in plan.visits), *after]
    found = []
    for gap, (first, second) in zip(problem.gaps, pairwise(dates), strict=True):
        if (second - first).days > gap.most:
            params = {"date": second, "since": first, "days": (second - first).days, "allowed": gap.most}
            found.append(Reason("breaks_gap_max", params))
    return found


def bottleneck(problem: Problem) -> Bottleneck | None:
    """The kind and lane whose absence alone forbids most of the starts that everything else allows.

    Where no need alone forbids a start, the one that is most often missing, whatever else is.
    """
    table = problem.table()
    wanted: Bools = table.fits & problem.firm
    for mask in problem.limits.values():
        wanted = wanted & mask
    missing = {factor: wanted & ~ok for factor, ok in table.factors.items()}
    alone = {
        factor: lack & ~np.any([other for name, other in missing.items() if name != factor] or [~wanted], axis=0)
        for factor, lack in missing.items()
    }
    found = alone if any(lack.any() for lack in alone.values()) else missing
    if not any(lack.any() for lack in found.values()):
        return None
    (kind, lane), lack = max(found.items(), key=lambda one: int(one[1].sum()))
    grid = problem.grid
    days, cells = np.nonzero(lack)
    possible = (table.costs < cost.IMPOSSIBLE) & wanted
    shut = [day for day in sorted(set(days.tolist())) if not possible[day].any()]
    minutes = grid.minutes[days, cells]
    return Bottleneck(
        kind=kind,
        lane=lane,
        weekdays=tuple(sorted({grid.days[day].date.weekday() for day in days.tolist()})),
        from_minute=int(minutes.min()),
        until_minute=int(minutes.max()) + CELL_MINUTES,
        starts=len(cells),
        dates=len(shut),
    )
