"""The rescue's heuristic beside CP-SAT, which knows the least cost of the same model: counts, gaps, windows, hours.

What is tidy is left out of the model: it breaks ties and is worth less than five minutes of anybody's day.
"""

from collections import defaultdict
from itertools import pairwise

import pytest
from ortools.sat.python import cp_model

from scheduling.planner.rescue import LEFT, MOVED, BookedVisit, Course, RescueRequest, points
from scheduling.planner.rescue_search import plan_rescue
from scheduling.planner.values import SiteDay
from tests.planner.brute import World
from tests.planner.rescues import SHORT, UNITS, check_rescue, random_rescue
from tests.planner.worlds import Row
from tests.searching import seeds

SEEDS = seeds(5)
#: CP-SAT is given so long a case, in seconds; these cases take it a second or two.
LIMIT = 20.0


class Model:
    """A rescue as a constraint program: for each visit a start or none, a chair, and a nurse in each cell."""

    def __init__(self, request: RescueRequest) -> None:
        self.request, self.model = request, cp_model.CpModel()
        columns = request.taken
        rows = zip(columns.resource, columns.start, columns.end, columns.lower, columns.upper, strict=True)
        self.rows: list[Row] = [tuple(int(value) for value in row) for row in rows]  # type: ignore[misc]
        held = [
            row for course in request.courses for visit in course.visits if not visit.stranded for row in visit.held
        ]
        for row in held:
            self.rows.remove(row)
        self.world = World(request.days, request.resources, self.rows)
        self.chairs = [one for one in request.resources if not one.watch]
        self.nurses = [one for one in request.resources if one.watch]
        self.points: list[cp_model.LinearExprT] = []
        self.unit0: dict[tuple[int, int], list[cp_model.IntVar]] = defaultdict(list)
        self.watch: dict[tuple[int, int], list[cp_model.LinearExprT]] = defaultdict(list)
        for course in request.courses:
            self._course(course)
        self._capacities()

    def _course(self, course: Course) -> None:
        dates = []
        for visit in course.visits:
            date = self.model.new_int_var(0, 10**6, "")
            self._visit(course, visit, date)
            dates.append(date)
        for (earlier, later), (least, most) in zip(pairwise(dates), course.gaps, strict=True):
            self.model.add(later - earlier >= least)
            if most is not None:
                self.model.add(later - earlier <= most)
        if course.in_window > 1:
            self.model.add(dates[course.in_window - 1] - dates[0] <= course.window_days)

    def _visit(self, course: Course, visit: BookedVisit, date: cp_model.IntVar) -> None:
        """Exactly one of: as it is (left, or covered by what it holds), or a start that chair and nurses serve."""
        stays = self.model.new_bool_var("")
        options = [stays]
        self.model.add(date == visit.date.toordinal()).only_enforce_if(stays)
        if visit.stranded:
            self.points.append(LEFT * stays)
        there = {cell: day for day in self.request.days for cell in range(day.start, day.end)}
        by_id = {one.id: one for one in self.request.resources}
        for resource, start, end, low, high in visit.held:
            for cell in range(start, end):
                if cell not in there or not self.world.here(there[cell], by_id[resource], cell):
                    continue
                if low == 0:
                    self.unit0[resource, cell].append(stays)
                else:
                    self.watch[resource, cell].append((high - low) * stays)
        for day in self.request.days:
            for start in self._starts(course, visit, day):
                chosen = self.model.new_bool_var("")
                options.append(chosen)
                self.model.add(date == day.date.toordinal()).only_enforce_if(chosen)
                paid = points(visit, day.date, start, day.minutes[start - day.start])
                self.points.append(sum(paid.values()) * chosen)
                self._serve(start, chosen)
        self.model.add_exactly_one(options)

    def _starts(self, course: Course, visit: BookedVisit, day: SiteDay) -> list[int]:
        """Starts within opening hours and wishes; those of a covered visit are its moves."""
        found = []
        spans = day.open if day.open is not None else ((day.start, day.end),)
        hours = course.wishes.patient_can
        for start in range(day.start, day.end - SHORT.cells + 1):
            if not any(low <= start and start + SHORT.cells <= high for low, high in spans):
                continue
            if start == visit.start:
                found += [start] if visit.stranded else []
                continue
            minute = day.minutes[start - day.start]
            end = minute + 5 * SHORT.cells
            if hours is None or any(low <= minute and end <= high for low, high in hours[day.date.weekday()]):
                found.append(start)
        return found

    def _serve(self, start: int, chosen: cp_model.IntVar) -> None:
        sits = [(one.id, self.model.new_bool_var("")) for one in self.chairs]
        self.model.add(sum(var for _, var in sits) == chosen)
        for number, var in sits:
            for cell in range(start, start + SHORT.cells):
                self.unit0[number, cell].append(var)
        for offset, units in enumerate(UNITS):
            has = [(one.id, self.model.new_bool_var("")) for one in self.nurses]
            self.model.add(sum(var for _, var in has) == chosen)
            for number, var in has:
                self.watch[number, start + offset].append(units * var)
                if offset == 0:
                    self.unit0[number, start].append(var)

    def _capacities(self) -> None:
        by_id = {one.id: one for one in self.request.resources}
        day_of = {cell: day for day in self.request.days for cell in range(day.start, day.end)}
        for (number, cell), used in self.unit0.items():
            free = cell in day_of and self.world.hands_free(day_of[cell], by_id[number], cell)
            self.model.add(sum(used) <= int(free))
        for (number, cell), spent in self.watch.items():
            there = self.world.watch_free(day_of[cell], by_id[number], cell) if cell in day_of else 0
            self.model.add(sum(spent) <= there)

    def least(self) -> int:
        """The least cost, proven."""
        self.model.minimize(sum(self.points))
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = LIMIT
        solver.parameters.num_workers = 2
        status = solver.solve(self.model)
        assert status == cp_model.OPTIMAL, solver.status_name(status)
        return round(solver.objective_value)


@pytest.fixture(scope="module")
def costs() -> list[tuple[int, int]]:
    """(heuristic, least) of each case, without what is tidy."""
    found = []
    for seed in SEEDS:
        request = random_rescue(seed)
        rescue = plan_rescue(request)
        check_rescue(request, rescue)
        found.append((rescue.cost - rescue.terms["tidy"], Model(request).least()))
    return found


def test_cp_sat_agrees_that_nothing_illegal_was_gained(costs: list[tuple[int, int]]) -> None:
    assert [mine >= least for mine, least in costs] == [True] * len(costs)


def test_as_many_visits_find_a_place_as_the_solver_finds_places_for(costs: list[tuple[int, int]]) -> None:
    assert [mine // LEFT for mine, _ in costs] == [least // LEFT for _, least in costs]


def test_the_moves_are_as_few_and_nearly_as_small_as_can_be(costs: list[tuple[int, int]]) -> None:
    mine, least = (sum(column) for column in zip(*costs, strict=True))
    moves = [(a % LEFT // MOVED, b % LEFT // MOVED) for a, b in costs]
    gap = (mine - least) / max(1, least)
    print(f"heuristic {mine:,}, least {least:,}, gap {gap:.2%}; moves {moves}")
    assert sum(a for a, _ in moves) <= 1.1 * sum(b for _, b in moves)
    assert mine % LEFT <= 1.1 * (least % LEFT)
