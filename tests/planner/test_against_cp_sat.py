"""On middle clinics the planner's cost equals what CP-SAT, an independent solver, proves to be the least.

The model speaks of counts, as the planner does: which chair, which nurse in each cell, free or not there. It shares
with the planner nothing but the weights of the cost.
"""

import random
from datetime import timedelta
from itertools import pairwise

import pytest
from ortools.sat.python import cp_model

from scheduling.planner import cost
from scheduling.planner.search import search_series
from scheduling.planner.values import Phase, Resource, SeriesRequest, SiteDay, Stretches, Taken, VisitShape, Wishes
from tests.planner.brute import World
from tests.planner.worlds import CHAIR, HANDS, MONDAY, Row, ask, chair, nurse, site_day, watch

SHAPE = VisitShape(
    (
        Phase("prepare", 1, (CHAIR, HANDS, watch())),
        Phase("infuse", 2, (CHAIR, watch(2))),
        Phase("recover", 2, (CHAIR, watch())),
    )
)
UNITS = (1, 2, 2, 1, 1)
CELLS = 14
OPENS = 480


def middle_clinic(seed: int) -> tuple[list[SiteDay], list[Resource], list[Row]]:
    """Twelve calendar days, three chairs, three nurses who watch three each, much of it taken, lunches and all."""
    chance = random.Random(seed)
    resources = [chair(1), chair(2), chair(3, "bed"), nurse(11, 3), nurse(12, 3), nurse(13, 3)]
    days, rows = [], []
    for offset in range(12):
        date = MONDAY + timedelta(days=offset)
        if date.weekday() > 4:
            continue
        closes, noon = OPENS + CELLS * 5, OPENS + chance.choice((25, 30, 35))
        away: dict[int, Stretches] = {
            n: ((OPENS, noon), (noon + 5, closes)) for n in (11, 12, 13) if chance.random() < 0.5
        }
        day = site_day(date, resources, OPENS, closes, away)
        days.append(day)
        for one in resources:
            for _ in range(chance.randint(1, 3)):
                start = day.start + chance.randrange(CELLS)
                lower = chance.randint(0, one.watch)
                rows.append((one.id, start, start + chance.randint(1, 4), lower, lower + 1))
    return days, resources, rows


class Model:
    """The series as a constraint program."""

    def __init__(self, world: World, request: SeriesRequest) -> None:
        self.world, self.request, self.model = world, request, cp_model.CpModel()
        self.points: list[cp_model.LinearExprT] = []
        self.days = [self.model.new_int_var(0, 60, f"day{k}") for k in range(request.count)]
        self.cells = [self.model.new_int_var(0, CELLS, f"cell{k}") for k in range(request.count)]
        self.chairs = [one for one in world.resources if not one.watch]
        self.nurses = [one for one in world.resources if one.watch]
        for visit in range(request.count):
            self._visit(visit)
        self._chain()

    def _visit(self, k: int) -> None:
        model, world = self.model, self.world
        starts = {}
        for number, day in enumerate(world.days):
            for at in range(CELLS - SHAPE.cells + 1):
                chosen = starts[number, at] = model.new_bool_var(f"s{k},{number},{at}")
                model.add(self.days[k] == (day.date - MONDAY).days).only_enforce_if(chosen)
                model.add(self.cells[k] == at).only_enforce_if(chosen)
                self.points.append((self._wishes(day) + cost.round_start(OPENS + 5 * at)) * chosen)
                self._chair(k, day, at, chosen)
        model.add_exactly_one(starts.values())
        self._nurses(k, starts)

    def _wishes(self, day: SiteDay) -> int:
        wanted = self.request.wishes.preferred_weekdays
        return cost.PREFERRED_WEEKDAY if wanted and day.date.weekday() not in wanted else 0

    def _chair(self, k: int, day: SiteDay, at: int, chosen: cp_model.IntVar) -> None:
        options = []
        for one in self.chairs:
            free = [self.world.hands_free(day, one, day.start + c) for c in range(CELLS)]
            if all(free[at : at + SHAPE.cells]):
                before = next((n for n in range(at) if not free[at - 1 - n]), at)
                rest = free[at + SHAPE.cells :]
                after = next((n for n, ok in enumerate(rest) if not ok), len(rest))
                waste = cost.unusable(before, SHAPE.cells) + cost.unusable(after, SHAPE.cells)
                taken = self.model.new_bool_var(f"c{k},{day.date},{at},{one.id}")
                self.points.append(cost.FRAGMENTATION * waste * taken)
                options.append(taken)
        self.model.add(sum(options) == chosen)

    def _nurses(self, k: int, starts: dict[tuple[int, int], cp_model.IntVar]) -> None:
        model, world = self.model, self.world
        has = [[model.new_bool_var(f"n{k},{c},{n.id}") for n in self.nurses] for c in range(SHAPE.cells)]
        loads = [model.new_int_var(0, 10, f"l{k},{c}") for c in range(SHAPE.cells)]
        for cell in has:
            model.add_exactly_one(cell)
        for (number, at), chosen in starts.items():
            day = world.days[number]
            for c, units in enumerate(UNITS):
                for one, mine in zip(self.nurses, has[c], strict=True):
                    where = day.start + at + c
                    able = world.watch_free(day, one, where) >= units
                    if c == 0:
                        able = able and world.hands_free(day, one, where)
                    if able:
                        model.add(loads[c] >= world.load(day, one)).only_enforce_if(chosen, mine)
                    else:
                        model.add_bool_or(chosen.negated(), mine.negated())
        for before, after in pairwise(has):
            for old, new in zip(before, after, strict=True):
                passed = model.new_bool_var("")
                model.add(passed >= new - old)
                self.points.append(cost.HANDOVER * passed)
        self.points += [cost.NURSE_LOAD * load for load in loads]

    def _chain(self) -> None:
        request, model = self.request, self.model
        least, most, ideal = request.min_gap_days, request.max_gap_days, request.ideal_gap_days
        assert isinstance(least, int)
        assert isinstance(most, int)
        assert not isinstance(ideal, tuple)
        self.points.append(cost.FIRST_DAY * self.days[0])
        for (day, cell), (next_day, next_cell) in pairwise(zip(self.days, self.cells, strict=True)):
            points = model.new_int_var(0, 10**6, "")
            gap = model.new_int_var(least, most, "")
            model.add(gap == next_day - day)
            model.add_allowed_assignments([gap, points], [(g, cost.spacing(g, ideal)) for g in range(least, most + 1)])
            apart = model.new_int_var(0, CELLS, "")
            model.add_abs_equality(apart, next_cell - cell)
            self.points += [points, cost.SAME_HOUR * apart]
        if request.window_days is not None:
            model.add(self.days[-1] - self.days[0] <= request.window_days - 1)

    def least(self) -> int | None:
        """The proven least cost, ``None`` when the solver proves that there is no plan."""
        self.model.minimize(sum(self.points))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 2
        solver.parameters.max_time_in_seconds = 20
        status = solver.solve(self.model)
        assert status in (cp_model.OPTIMAL, cp_model.INFEASIBLE), solver.status_name(status)
        return int(solver.objective_value) if status == cp_model.OPTIMAL else None


@pytest.mark.parametrize(
    ("seed", "window", "weekdays"),
    [(1, None, frozenset()), (2, 10, frozenset({0, 2, 4})), (3, 9, frozenset({1, 3})), (4, None, frozenset({0, 1}))],
)
def test_the_plan_costs_what_an_independent_solver_proves_least(
    seed: int, window: int | None, weekdays: frozenset[int]
) -> None:
    days, resources, rows = middle_clinic(seed)
    request = ask(
        SHAPE,
        count=4,
        min_gap_days=1,
        max_gap_days=4,
        ideal_gap_days=2.4,
        window_days=window,
        wishes=Wishes(preferred_weekdays=weekdays),
    )
    result = search_series(request, days, resources, Taken.from_rows(rows))
    expected = Model(World(days, resources, rows), request).least()
    assert (result.best.cost if result.best else None) == expected
    assert expected is not None, "a clinic this size should have a plan, else the test shows little"
