"""Is a plan what it says it is? Every hold is checked against the rows, every need against the holds."""

from itertools import pairwise

from scheduling.planner.values import Kind, Lane, Phase, Plan, PlannedVisit, SeriesRequest, SiteDay
from tests.planner.brute import CHAIRS, World, open_cells


def check_plan(world: World, request: SeriesRequest, plan: Plan) -> None:
    """Raise AssertionError where a plan breaks a count, a need or a gap, or does not add up."""
    assert len(plan.visits) == request.count
    assert plan.cost == sum(plan.terms.values()) == sum(visit.cost for visit in plan.visits)
    for before, after in pairwise(plan.visits):
        assert before.date < after.date
    for visit in plan.visits:
        assert visit.reasons
        if visit.placements:
            check_visit(world, request, visit)


def check_visit(world: World, request: SeriesRequest, visit: PlannedVisit) -> None:
    """One visit: open hours, counts, needs, one chair, hands with one nurse through a phase."""
    day = next(day for day in world.days if day.date == visit.date)
    assert any(a <= visit.start and visit.end <= b for a, b in open_cells(day))
    assert visit.minute == day.minutes[visit.start - day.start]
    _check_counts(world, day, visit)
    at = visit.start
    for number, phase in enumerate(request.shape.phases):
        _check_phase(world, visit, number, phase, at)
        at += phase.cells
    kinds = {one.id: one.roles for one in world.resources}
    chairs = {one.resource for one in visit.placements if one.lane is Lane.WHOLE and kinds[one.resource] & CHAIRS}
    assert len(chairs) <= 1


def _check_counts(world: World, day: SiteDay, visit: PlannedVisit) -> None:
    by_id = {one.id: one for one in world.resources}
    for cell in range(visit.start, visit.end):
        for number, one in by_id.items():
            mine = [p for p in visit.placements if p.resource == number and p.start <= cell < p.end]
            watching = sum(p.units for p in mine if p.lane is Lane.WATCH)
            assert watching <= world.watch_free(day, one, cell) or watching == 0
            others = [p for p in mine if p.lane is not Lane.WATCH]
            assert len(others) <= 1
            assert not others or world.hands_free(day, one, cell)


def _check_phase(world: World, visit: PlannedVisit, number: int, phase: Phase, at: int) -> None:
    by_id = {one.id: one for one in world.resources}
    for need in phase.needs:
        role = CHAIRS if need.kind is Kind.CHAIR else {need.kind.value}
        if need.lane is Lane.PRESENCE:
            continue
        for cell in range(at, at + phase.cells):
            serving = [
                p
                for p in visit.placements
                if p.lane is need.lane and by_id[p.resource].roles & role and p.start <= cell < p.end
            ]
            if need.kind is Kind.NURSE:
                serving = [p for p in serving if p.phase == number]
            assert len({p.resource for p in serving}) >= 1, (phase.name, need, cell)
            assert any(p.units >= need.units for p in serving)
    hands = [p for p in visit.placements if p.phase == number and p.lane is Lane.HANDS]
    assert all(p.start == at and p.end == at + phase.cells for p in hands)
