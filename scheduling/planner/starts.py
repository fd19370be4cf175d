"""Every legal start of one visit on every day, each with the cheapest choice of chair, doctor, monitor and nurses.

Visits of a series lie on different days, so what a start costs in resources does not depend on the other visits:
one table [day, cell] of least costs is all that the search needs. Chairs, doctors and monitors do not influence
each other; nurses are a shortest path over the cells of the visit, found for all starts at once. The one tie is a
person who is both doctor and nurse and would need her hands twice: then the table is the best over who the doctor is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scheduling.planner import cost
from scheduling.planner.demand import Demand, read_shape
from scheduling.planner.grid import Bools, Grid, Ints, Longs, ahead, anybody, free_for
from scheduling.planner.nurses import NursePaths
from scheduling.planner.values import CHAIR_ROLES, Kind, Lane, Placement, VisitShape

Factor = tuple[Kind, Lane]


@dataclass(frozen=True, slots=True)
class Assignment:
    """The placements of one visit and their part of the cost, by term."""

    placements: tuple[Placement, ...]
    terms: dict[str, int]


class VisitTable:
    """Least resource costs of one visit shape over a grid.

    ``costs`` [day, cell]: points for starting there, at or above ``cost.IMPOSSIBLE`` where that is not legal.
    ``fits`` [day, cell]: the visit lies inside one open stretch. ``factors``: for each kind and lane that the visit
    needs, where it could be met if it were the only need.
    """

    def __init__(self, grid: Grid, shape: VisitShape) -> None:
        self.grid, self.shape = grid, shape
        self.demand: Demand = read_shape(shape)
        self.fits: Bools = free_for(grid.open, self.demand.cells)
        self.factors: dict[Factor, Bools] = {}
        self._placed: dict[tuple[int, int], Assignment] = {}
        self.chairs = self._chairs()
        self.doctors = self._of_role("doctor", self.shape.doctor)
        self.nurses = NursePaths(grid, self.demand, grid.with_role({"nurse"}))
        self.monitors = grid.with_role({"monitor"})
        self._doctor_ok = self._spans_free(self.doctors, self.demand.doctor)
        self._monitor_ok = self._spans_free(self.monitors, self.demand.monitor)
        self._chair_costs = self._price_chairs()
        self._doctor_choices = self._who_is_doctor()
        self.costs: Ints = self._price()

    # -- who may serve -------------------------------------------------------------------------------------------

    def _of_role(self, role: str, only: int | None) -> Longs:
        rows = self.grid.with_role({role})
        keep = [row for row in rows.tolist() if only is None or self.grid.resources[row].id == only]
        return np.asarray(keep, dtype=np.int64)

    def _chairs(self) -> Longs:
        if not self.shape.chair_kinds:
            return self.grid.with_role(CHAIR_ROLES)
        return self.grid.with_role(self.shape.chair_kinds & CHAIR_ROLES)

    def _spans_free(self, rows: Longs, spans: tuple[tuple[int, tuple[int, int]], ...]) -> Bools:
        """[row, day, cell]: the same resource is there and free in every one of ``spans``."""
        free = self.grid.here[rows] & self.grid.unit0_free[rows]
        ok = np.ones_like(free)
        for _, (first, last) in spans:
            ok &= ahead(free_for(free, last - first), first, False)
        return ok

    # -- what each choice costs ----------------------------------------------------------------------------------

    def _price_chairs(self) -> Ints:
        """[chair, day, cell]: points for the free pieces left on that chair, IMPOSSIBLE where it cannot serve."""
        grid, rows = self.grid, self.chairs
        priced = np.zeros((len(rows), *grid.open.shape), dtype=np.int32)
        if self.demand.chair is None:
            return priced
        first, last = self.demand.chair
        hold = last - first + self.shape.turnover_cells
        here, clear = grid.here[rows], grid.unit0_free[rows]
        ok = free_for(here, last - first) & free_for(clear, hold)
        index = np.arange(grid.width, dtype=np.int16)
        usable = here & clear & grid.open
        last_busy = np.maximum.accumulate(np.where(usable, np.int16(-1), index), axis=-1)
        next_busy = np.where(usable, np.int16(grid.width), index)
        next_busy = np.minimum.accumulate(next_busy[..., ::-1], axis=-1)[..., ::-1]
        before = np.zeros_like(last_busy)
        before[..., 1:] = np.maximum(index[:-1] - last_busy[..., :-1], 0)
        run_on = next_busy - index
        after = ahead(run_on, hold, 0)
        waste = np.where(before < hold, before, 0) + np.where(after < hold, after, 0)
        at_hold = np.where(ok, waste.astype(np.int32) * cost.FRAGMENTATION, cost.IMPOSSIBLE)
        priced[...] = ahead(at_hold, first, cost.IMPOSSIBLE)
        return priced

    def _price(self) -> Ints:
        shape = self.grid.open.shape
        possible = self.fits.copy()
        for factor, ok in self._simple_factors():
            self.factors[factor] = self.factors[factor] & ok if factor in self.factors else ok
            possible &= ok
        total = np.where(possible, 0, cost.IMPOSSIBLE).astype(np.int32)
        if self.demand.chair is not None:
            total += _least(self._chair_costs, shape)
        if self.demand.nurse:
            total += self._price_nurses()
        return np.minimum(total, cost.IMPOSSIBLE)

    def _simple_factors(self) -> Iterator[tuple[Factor, Bools]]:
        if self.demand.chair is not None:
            yield (Kind.CHAIR, Lane.WHOLE), _least(self._chair_costs, self.grid.open.shape) < cost.IMPOSSIBLE
        if self.demand.doctor:
            yield (Kind.DOCTOR, Lane.HANDS), anybody(self._doctor_ok)
        if self.demand.monitor:
            yield (Kind.MONITOR, Lane.WHOLE), anybody(self._monitor_ok)
        for kind, (first, last) in self.demand.presence:
            rows = self.doctors if kind is Kind.DOCTOR else self.grid.with_role({kind.value})
            somebody = free_for(anybody(self.grid.here[rows]), last - first)
            yield (kind, Lane.PRESENCE), ahead(somebody, first, False)

    # -- people --------------------------------------------------------------------------------------------------

    def _price_nurses(self) -> Ints:
        free = self.nurses.price(None)
        hands = self.nurses.hands_possible()
        if any(block.hands for block in self.demand.nurse):
            self.factors[(Kind.NURSE, Lane.HANDS)] = hands
        if any(block.watch for block in self.demand.nurse):
            self.factors[(Kind.NURSE, Lane.WATCH)] = (free < cost.IMPOSSIBLE) | ~hands
        if not self._doctor_choices:
            return free
        best = np.full(self.grid.open.shape, cost.IMPOSSIBLE, dtype=np.int32)
        for barred, members in self._doctor_choices:
            able = anybody(self._doctor_ok[members])
            best = np.where(able, np.minimum(best, self.nurses.price(barred)), best)
        return best

    def _who_is_doctor(self) -> list[tuple[int | None, list[int]]]:
        """Who the doctor may be, where that matters to the nurses: (nurse whose hands are then barred, doctors)."""
        shared = {block.phase for block in self.demand.nurse if block.hands} & {
            phase for phase, _ in self.demand.doctor
        }
        nurses = set(self.nurses.rows.tolist())
        both = [at for at, row in enumerate(self.doctors.tolist()) if row in nurses]
        if not shared or not both:
            return []
        only_doctors = [at for at in range(len(self.doctors)) if at not in both]
        choices: list[tuple[int | None, list[int]]] = [(None, only_doctors)] if only_doctors else []
        return choices + [(int(self.doctors[at]), [at]) for at in both]

    # -- one start, in full --------------------------------------------------------------------------------------

    def assign(self, day: int, at: int) -> Assignment:
        """The cheapest placements for a legal start at cell ``at`` of day number ``day``; ties go to the lower id.

        Raises:
            ValueError: the start is not legal.
        """
        key = (day, at)
        if key not in self._placed:
            if self.costs[day, at] >= cost.IMPOSSIBLE:
                raise ValueError(f"No legal start at cell {at} of {self.grid.days[day].date}.")
            self._placed[key] = self._assign(day, at)
        return self._placed[key]

    def _assign(self, day: int, at: int) -> Assignment:
        base = int(self.grid.starts[day]) + at
        placements: list[Placement] = []
        terms = {"fragmentation": 0, "nurse_load": 0, "handover": 0}
        if self.demand.chair is not None:
            first, last = self.demand.chair
            column = self._chair_costs[:, day, at]
            best = int(column.argmin())
            terms["fragmentation"] = int(column[best])
            chair = self.grid.resources[int(self.chairs[best])].id
            end = base + last + self.shape.turnover_cells
            placements.append(Placement(chair, Lane.WHOLE, 1, base + first, end, self.demand.chair_phase))
        monitors = np.flatnonzero(self._monitor_ok[:, day, at]) if self.demand.monitor else np.zeros(0, dtype=np.int64)
        for phase, (first, last) in self.demand.monitor:
            monitor = self.grid.resources[int(self.monitors[monitors[0]])].id
            placements.append(Placement(monitor, Lane.WHOLE, 1, base + first, base + last, phase))
        doctor, nurses, paid = self._assign_people(day, at)
        terms |= paid
        for phase, (first, last) in self.demand.doctor:
            one = self.grid.resources[doctor].id
            placements.append(Placement(one, Lane.HANDS, 1, base + first, base + last, phase))
        placements += self.nurses.placements(nurses, base)
        return Assignment(tuple(placements), terms)

    def _assign_people(self, day: int, at: int) -> tuple[int, list[int], dict[str, int]]:
        """Grid row of the doctor (-1: none needed), the nurse's row for each step, and what the nurses cost."""
        able = self._doctor_ok[:, day, at]
        if not self._doctor_choices:
            first = int(self.doctors[able.argmax()]) if self.demand.doctor else -1
            return (first, *(self.nurses.walk(day, at, None) if self.demand.nurse else ([], {})))
        found = []
        for barred, members in self._doctor_choices:
            free = [int(self.doctors[one]) for one in members if able[one]]
            if free:
                nurses, paid = self.nurses.walk(day, at, barred)
                found.append((sum(paid.values()), free[0], nurses, paid))
        _, doctor, nurses, paid = min(found, key=lambda one: one[:2])
        return doctor, nurses, paid


def _least(priced: Ints, shape: tuple[int, ...]) -> Ints:
    """The least over the first axis, IMPOSSIBLE where there is nobody to choose from."""
    if not len(priced):
        return np.full(shape, cost.IMPOSSIBLE, dtype=np.int32)
    least: Ints = priced.min(axis=0)
    return least
