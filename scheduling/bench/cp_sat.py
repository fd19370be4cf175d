"""The series search as a constraint program, for CP-SAT: an independent solver that proves its answer.

It shares with the planner the counts of what is free and the weights of the cost, not the way of searching. It is
handed more than the planner: which starts the wishes allow, and what the cheapest chair of each start costs. What it
decides are the days, the hours and the nurse of every cell, as the planner does by its two dynamic programs.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from ortools.sat.python import cp_model

from scheduling.planner import cost
from scheduling.planner.demand import NurseBlock, read_shape
from scheduling.planner.grid import Bools
from scheduling.planner.problem import Problem
from scheduling.planner.starts import VisitTable
from scheduling.planner.values import Kind, VisitShape

#: Both cores of the machine that the figures are stated for.
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What the solver says: the cost of its best series (None: it has none), whether that is proven, milliseconds."""

    cost: int | None
    proven: bool
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Start:
    """A start that wishes, opening hours and chairs allow, and some nurse in each step: day number and cell in the
    grid, and its points for wishes and chair."""

    day: int
    at: int
    points: int


@dataclass(frozen=True, slots=True)
class Step:
    """What one nurse serves without a change: cells [first, last) of the visit. `free` [nurse, day, cell]: whether she
    can, for a visit that starts there. `joined`: passing the patient on to another nurse here is a hand-over."""

    cells: int
    free: Bools
    joined: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """The decisions of one visit: on which calendar row it is (one of `days` is true), and its hour slot."""

    days: dict[int, Any]
    slot: Any

    def row(self) -> Any:
        """The calendar row as an expression."""
        return sum(row * there for row, there in self.days.items())


class SeriesModel:
    """One series over one grid. `problem` must have been posed without pins."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.request, self.grid = problem, problem.request, problem.grid
        self.model = cp_model.CpModel()
        self.points: list[Any] = []
        self.nurses = self.grid.with_role({"nurse"}).tolist()
        self.steps = self._steps()
        self.starts = self._starts()
        visits = [self._visit() for _ in range(self.request.count)]
        self._chain(visits)

    def solve(self, seconds: float) -> Answer:
        """The least cost, as far as it is found within the time."""
        self.model.minimize(sum(self.points))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = WORKERS
        solver.parameters.max_time_in_seconds = seconds
        status = solver.solve(self.model)
        found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
        proven = status in (cp_model.OPTIMAL, cp_model.INFEASIBLE)
        return Answer(round(solver.objective_value) if found else None, proven, solver.wall_time * 1000)

    def _starts(self) -> list[Start]:
        problem = self.problem
        without_nurses = VisitTable(self.grid, _without(self.request.shape, Kind.NURSE)).costs
        allowed = problem.firm & (without_nurses < cost.IMPOSSIBLE)
        for mask in (*problem.limits.values(), *(step.free.any(axis=0) for step in self.steps)):
            allowed = allowed & mask
        prices = without_nurses + problem.wished
        return [Start(day, at, int(prices[day, at])) for day, at in zip(*np.nonzero(allowed), strict=True)]

    def _steps(self) -> list[Step]:
        steps: list[Step] = []
        for block in read_shape(self.request.shape).nurse:
            free = self._free(block)
            if block.hands:
                steps.append(Step(block.cells, _throughout(free, block.offset, block.cells), block.joined))
            else:
                steps += [
                    Step(1, _throughout(free, block.offset + cell, 1), bool(cell) or block.joined)
                    for cell in range(block.cells)
                ]
        return steps

    def _free(self, block: NurseBlock) -> Bools:
        """[nurse, day, cell]: whether each nurse can give this cell to the block."""
        units = np.asarray([self.grid.resources[row].watch for row in self.nurses])[:, None, None]
        wanted = np.maximum(units, block.watch) if block.alone else block.watch
        free: Bools = self.grid.here[self.nurses] & (self.grid.watch_free[self.nurses] >= wanted)
        if block.hands:
            free = free & self.grid.unit0_free[self.nurses]
        return free

    def _visit(self) -> Visit:
        model, problem = self.model, self.problem
        chosen = [model.new_bool_var("") for _ in self.starts]
        model.add_exactly_one(chosen)
        pairs = list(zip(self.starts, chosen, strict=True))
        self.points += [start.points * one for start, one in pairs if start.points]
        on_day = {day: model.new_bool_var("") for day in sorted({start.day for start in self.starts})}
        for day, there in on_day.items():
            model.add(sum(one for start, one in pairs if start.day == day) == there)
        self._serve(pairs, on_day)
        slot = model.new_int_var(0, problem.slots, "")
        hours = [problem.slot(int(self.grid.minutes[start.day, start.at])) for start in self.starts]
        model.add(slot == sum(hour * one for hour, one in zip(hours, chosen, strict=True)))
        return Visit({int(problem.row_of[day]): there for day, there in on_day.items()}, slot)

    def _serve(self, pairs: list[tuple[Start, Any]], on_day: dict[int, Any]) -> None:
        """One nurse for each step, able at the chosen start; her load and each hand-over cost."""
        model, before = self.model, None
        paid: list[Any] = []
        for step in self.steps:
            serves = [model.new_bool_var("") for _ in self.nurses]
            model.add_exactly_one(serves)
            most = 10 * step.cells * cost.NURSE_LOAD
            load = model.new_int_var(0, most, "")
            paid.append(load)
            for place, (row, she) in enumerate(zip(self.nurses, serves, strict=True)):
                model.add_at_most_one(
                    [she, *(one for start, one in pairs if not step.free[place, start.day, start.at])]
                )
                price = {day: int(self.grid.load[row, day]) * step.cells * cost.NURSE_LOAD for day in on_day}
                model.add(load >= sum(price[day] * there for day, there in on_day.items()) - most * (1 - she))
            if before is not None and step.joined:
                passed = model.new_bool_var("")
                paid.append(cost.HANDOVER * passed)
                for old, new in zip(before, serves, strict=True):
                    model.add(passed >= new - old)
            before = serves
        # Says nothing new, but spares the solver most of its proof: no start costs less than its best nurses do.
        model.add(sum(paid) >= sum(self._least_load(start) * one for start, one in pairs))
        self.points += paid

    def _least_load(self, start: Start) -> int:
        """Points that the nurses of a start cost at least: each step served by the idlest who can."""
        loads = self.grid.load[self.nurses, start.day]
        least = [int(loads[step.free[:, start.day, start.at]].min()) * step.cells for step in self.steps]
        return cost.NURSE_LOAD * sum(least)

    def _chain(self, visits: list[Visit]) -> None:
        """The days of neighbours as a flow from each day of a visit to the days that the gap allows for the next."""
        model, request, problem = self.model, self.request, self.problem
        waited = (request.first_day - problem.base).days
        self.points += [cost.FIRST_DAY * (row - waited) * there for row, there in visits[0].days.items()]
        for gap, (one, following) in zip(problem.gaps_between(), pairwise(visits), strict=True):
            steps = {
                (row, row + days): model.new_bool_var("")
                for row in one.days
                for days in range(gap.least, gap.most + 1)
                if row + days in following.days
            }
            self.points += [gap.price(later - row) * step for (row, later), step in steps.items()]
            for row, there in one.days.items():
                model.add(sum(step for (before, _), step in steps.items() if before == row) == there)
            for row, there in following.days.items():
                model.add(sum(step for (_, later), step in steps.items() if later == row) == there)
            apart = model.new_int_var(0, problem.slots, "")
            model.add(apart >= following.slot - one.slot)
            model.add(apart >= one.slot - following.slot)
            self.points.append(cost.SAME_HOUR * apart)
        if request.window_days is not None:
            model.add(visits[-1].row() - visits[0].row() <= request.window_days - 1)


def _without(shape: VisitShape, kind: Kind) -> VisitShape:
    phases = (
        replace(phase, needs=tuple(need for need in phase.needs if need.kind is not kind)) for phase in shape.phases
    )
    return replace(shape, phases=tuple(phases))


def _throughout(free: Bools, offset: int, cells: int) -> Bools:
    """[nurse, day, cell]: free in all of the `cells` cells that begin `offset` after that cell."""
    padded = np.pad(free, ((0, 0), (0, 0), (0, offset + cells)))
    parts = [padded[:, :, offset + cell : offset + cell + free.shape[2]] for cell in range(cells)]
    whole: Bools = np.logical_and.reduce(parts)
    return whole
