"""From a chain of days and hours to a plan: who serves each visit, what each term costs, why each date."""

from dataclasses import replace
from datetime import date as Date

from scheduling.planner import cost
from scheduling.planner.chain import Chain
from scheduling.planner.problem import NOTHING, Problem
from scheduling.planner.reasons import BEST, explain
from scheduling.planner.values import Limit, Placement, Plan, PlannedVisit


def write_plan(problem: Problem, chain: Chain, relaxed: frozenset[Limit] = NOTHING, otherwise: str = BEST) -> Plan:
    """The plan of ``chain``; its cost is added up afresh from the terms, independently of the search.

    ``otherwise``: what is said of dates passed over that were no dearer (``scheduling.planner.reasons``).
    """
    visits: list[PlannedVisit] = []
    for index, (row, slot) in enumerate(zip(chain.rows, chain.slots, strict=True)):
        before = visits[-1] if visits else None
        visits.append(_visit(problem, index, row, slot, before, relaxed))
    explained = [replace(visit, reasons=explain(problem, visits, visit.index, relaxed, otherwise)) for visit in visits]
    terms = {term: sum(visit.terms.get(term, 0) for visit in explained) for term in cost.TERMS}
    return Plan(tuple(explained), sum(terms.values()), terms)


def _visit(
    problem: Problem, index: int, row: int, slot: int, before: PlannedVisit | None, relaxed: frozenset[Limit]
) -> PlannedVisit:
    request = problem.request
    date, minute, cells = problem.date(row), problem.minute(slot), request.shape.cells
    terms = chain_terms(problem, index, date, minute, before)
    booked = problem.booked_at(index, row, slot)
    placements: tuple[Placement, ...] = ()
    if booked is not None and booked.start is not None:
        start = booked.start
    else:
        day, at = problem.cell(index, row, slot, relaxed)
        start = int(problem.grid.starts[day]) + at
        assigned = problem.table(relaxed).assign(day, at)
        placements = assigned.placements
        terms |= assigned.terms | start_terms(problem, index, date, minute)
    return PlannedVisit(index, date, start, start + cells, minute, placements, (), terms)


def chain_terms(problem: Problem, index: int, date: Date, minute: int, before: PlannedVisit | None) -> dict[str, int]:
    """Points that tie a visit to its neighbours: spacing, same hour, days waited for the first."""
    request = problem.request
    terms = {"spacing": 0, "first_day": 0, "same_hour": 0}
    gaps = problem.gaps[1:] if request.previous_day is not None else problem.gaps
    if before is not None:
        terms["spacing"] += cost.spacing((date - before.date).days, gaps[index - 1].ideal)
        terms["same_hour"] += cost.SAME_HOUR * abs(minute // 5 - before.minute // 5)
    elif request.previous_day is not None:
        terms["spacing"] += cost.spacing((date - request.previous_day).days, problem.gaps[0].ideal)
        if request.previous_minute is not None:
            terms["same_hour"] += cost.SAME_HOUR * abs(minute // 5 - request.previous_minute // 5)
    else:
        terms["first_day"] += cost.FIRST_DAY * max(0, (date - request.first_day).days)
    if index == request.count - 1 and request.next_day is not None:
        terms["spacing"] += cost.spacing((request.next_day - date).days, problem.gaps[-1].ideal)
    return terms


def start_terms(problem: Problem, index: int, date: Date, minute: int) -> dict[str, int]:
    """Points of the wishes for one visit."""
    request, wishes = problem.request, problem.request.wishes
    outside = cost.hours_outside(minute, wishes.preferred_from, wishes.preferred_until)
    other_day = bool(wishes.preferred_weekdays) and date.weekday() not in wishes.preferred_weekdays
    anchor = request.anchors[index] if index < len(request.anchors) and index not in problem.pins else None
    return {
        "preferred_weekday": cost.PREFERRED_WEEKDAY if other_day else 0,
        "preferred_hours": cost.PREFERRED_HOURS * outside,
        "round_start": cost.round_start(minute),
        "moved": cost.moved((date - anchor).days) if anchor is not None else 0,
    }
