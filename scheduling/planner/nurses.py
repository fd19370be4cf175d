"""Who of the nurses serves a visit: a shortest path over its cells, found for all starts at once.

A state is "this nurse has the patient". Staying costs her load for the cell, passing the patient on costs a hand-over.
A phase with hands is one step, since hands stay with one nurse all through it; a phase of watching alone is one step a
cell. After a phase without a nurse nobody has the patient, so taking her up again costs no hand-over.
"""

from itertools import pairwise

import numpy as np

from scheduling.planner import cost
from scheduling.planner.demand import Demand, NurseBlock
from scheduling.planner.grid import Bools, Grid, Ints, Longs, ahead, anybody, free_for
from scheduling.planner.values import Lane, Placement

BLOCKED = 1 << 20
"""Penalty for one impossible cell; a visit's cells of them still fit into 32 bits, and no real path costs as much."""

EVERYWHERE = (slice(None), slice(None))


class NursePaths:
    """The nurses (``rows`` of the grid) over the blocks of ``demand``.

    ``barred`` in the methods: the grid row of a nurse whose hands are the doctor's hands of this very visit.
    """

    def __init__(self, grid: Grid, demand: Demand, rows: Longs) -> None:
        self.grid, self.demand, self.rows = grid, demand, rows
        self._watch = np.asarray([grid.resources[row].watch for row in rows.tolist()], dtype=np.int16)
        self._doctor_phases = {phase for phase, _ in demand.doctor}
        self._here = grid.here[rows]
        self._hands = grid.unit0_free[rows]
        self._units = grid.watch_free[rows]
        self._load = grid.load[rows].astype(np.int32) * cost.NURSE_LOAD
        self._priced: dict[int | None, Ints] = {}

    def _free(self, block: NurseBlock, barred: int | None, at: tuple[int | slice, slice]) -> Bools:
        """Whether each nurse can give each cell ``at`` (day, cells) to ``block``."""
        here = self._here[:, *at]
        watch = self._watch.reshape(-1, *[1] * (here.ndim - 1))
        least = np.maximum(watch, block.watch) if block.alone else block.watch
        free: Bools = here & (self._units[:, *at] >= least)
        if block.hands:
            free &= self._hands[:, *at]
            if barred is not None and block.phase in self._doctor_phases:
                free[self.rows == barred] = False
        return free

    def price(self, barred: int | None) -> Ints:
        """[day, cell]: least points for load and hand-overs of a visit that starts there, else IMPOSSIBLE."""
        if barred not in self._priced:
            self._priced[barred] = self._price(barred)
        return self._priced[barred]

    def _price(self, barred: int | None) -> Ints:
        shape = self.grid.open.shape
        if not len(self.rows):
            return np.full(shape, cost.IMPOSSIBLE, dtype=np.int32)
        load = self._load[:, :, None]
        path = np.zeros((len(self.rows), *shape), dtype=np.int32)
        watching: dict[int, Ints] = {}
        for block in self.demand.nurse:
            np.minimum(path, path.min(axis=0) + (cost.HANDOVER if block.joined else 0), out=path)
            if block.hands:
                ok = free_for(self._free(block, barred, EVERYWHERE), block.cells)
                path += ahead(np.where(ok, load * block.cells, BLOCKED), block.offset, BLOCKED)
                continue
            if block.watch not in watching:
                cell = np.where(self._free(block, barred, EVERYWHERE), load, BLOCKED)
                padding = ((0, 0), (0, 0), (0, self.demand.cells))
                watching[block.watch] = np.pad(cell, padding, constant_values=BLOCKED)
            for step in range(block.cells):
                if step:
                    np.minimum(path, path.min(axis=0) + cost.HANDOVER, out=path)
                first = block.offset + step
                path += watching[block.watch][:, :, first : first + shape[1]]
        least = path.min(axis=0)
        return np.where(least >= BLOCKED, cost.IMPOSSIBLE, least).astype(np.int32, copy=False)

    def hands_possible(self) -> Bools:
        """[day, cell]: some nurse's hands are free through each phase that needs them, whatever the watch."""
        possible = np.ones(self.grid.open.shape, dtype=np.bool_)
        free = self._here & self._hands
        for block in self.demand.nurse:
            if block.hands:
                possible &= ahead(anybody(free_for(free, block.cells)), block.offset, False)
        return possible

    def walk(self, day: int, at: int, barred: int | None) -> tuple[list[int], dict[str, int]]:
        """The nurse (grid row) of each step for a start at cell ``at`` of day number ``day``, and what they cost."""
        steps = self._steps(day, at, barred)
        alone = np.asarray([price for price, _ in steps]).sum(axis=0)
        if int(alone.min()) == int(self.price(barred)[day, at]):
            # One nurse all through costs no more than any hand-over would: no need to walk.
            return [int(self.rows[alone.argmin()])] * len(steps), {"nurse_load": int(alone.min()), "handover": 0}
        return self._walk(steps)

    def _walk(self, steps: list[tuple[list[int], int]]) -> tuple[list[int], dict[str, int]]:
        """The cheapest path over the steps, hand-overs and all, walked back from its end."""
        reach = [steps[0][0]]
        for price, change in steps[1:]:
            pass_on = min(reach[-1]) + change
            reach.append([min(old, pass_on) + new for old, new in zip(reach[-1], price, strict=True)])
        chosen, handovers = [reach[-1].index(min(reach[-1]))], 0
        for number in range(len(steps) - 1, 0, -1):
            before, change = reach[number - 1], steps[number][1]
            least = min(before)
            stay = before[chosen[-1]] <= least + change
            chosen.append(chosen[-1] if stay else before.index(least))
            handovers += 0 if stay else change
        chosen.reverse()
        loads = sum(price[nurse] for (price, _), nurse in zip(steps, chosen, strict=True))
        return [int(self.rows[one]) for one in chosen], {"nurse_load": loads, "handover": handovers}

    def _steps(self, day: int, at: int, barred: int | None) -> list[tuple[list[int], int]]:
        """Per step the price of each nurse and of passing the patient on, as lists: quicker than arrays this small."""
        steps: list[tuple[list[int], int]] = []
        load = self._load[:, day]
        for block in self.demand.nurse:
            start = at + block.offset
            free = self._free(block, barred, (day, slice(start, start + block.cells)))
            change = cost.HANDOVER if block.joined else 0
            if block.hands:
                steps.append((np.where(free.all(axis=1), load * block.cells, BLOCKED).tolist(), change))
                continue
            cells = np.where(free, load[:, None], BLOCKED).T.tolist()
            steps += [(cell, cost.HANDOVER if step else change) for step, cell in enumerate(cells)]
        return steps

    def placements(self, nurses: list[int], base: int) -> list[Placement]:
        """What the nurses of ``walk`` hold in a visit that starts at cell number ``base``."""
        placements: list[Placement] = []
        turn = iter(nurses)
        for block in self.demand.nurse:
            start, end = base + block.offset, base + block.offset + block.cells
            if block.hands:
                one = self.grid.resources[next(turn)]
                placements.append(Placement(one.id, Lane.HANDS, 1, start, end, block.phase))
                units = one.watch if block.alone else block.watch
                if units:
                    placements.append(Placement(one.id, Lane.WATCH, units, start, end, block.phase))
                continue
            ids = [self.grid.resources[next(turn)].id for _ in range(block.cells)]
            changes = [0, *(cell for cell in range(1, len(ids)) if ids[cell] != ids[cell - 1]), len(ids)]
            for first, last in pairwise(changes):
                placements.append(
                    Placement(ids[first], Lane.WATCH, block.watch, start + first, start + last, block.phase)
                )
        return placements
