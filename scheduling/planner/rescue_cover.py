"""Chairs and people in the constraint program of a rescue (``rescue_solver.py``): who may serve which start, by counts.

One chair, one doctor, one monitor for each visit and one pair of hands for each phase that needs them, each by itself.
What is watched counts as the units of all nurses together in each cell, so that it may change hands at any; and as many
needs of a size fit as there are nurses with that many units. Which nurse watches whom is left to the seats.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from scheduling.planner.demand import NurseBlock, Span, read_shape
from scheduling.planner.grid import Grid
from scheduling.planner.rescue import Course, Proposal, RescueRequest
from scheduling.planner.rescue_options import Place
from scheduling.planner.seats import Row, Seats
from scheduling.planner.values import CHAIR_ROLES


@dataclass(slots=True)
class Starts:
    """The starts among which a visit chooses, a variable for each; ``start``: the chosen one's cell, as a variable.

    ``told``: what the heuristic proposes, for the solver to begin with.
    """

    places: Sequence[Place]
    chosen: Sequence[Any]
    start: Any
    told: Proposal | None


@dataclass(slots=True)
class Cover:
    """What the visits put into ``model`` take of ``seats``, on which nothing of them is held. ``close`` it at the end.

    ``unit0``: by resource, the intervals in which its unit 0 is held. ``watched`` and ``kept``: by cell, units and the
    variable that takes them, for a new place and for what a visit keeps.
    """

    model: Any
    request: RescueRequest
    seats: Seats
    unit0: dict[int, list[Any]] = field(default_factory=lambda: defaultdict(list))
    watched: dict[int, list[tuple[int, Any]]] = field(default_factory=lambda: defaultdict(list))
    kept: dict[int, list[tuple[int, Any]]] = field(default_factory=lambda: defaultdict(list))

    def serve(self, course: Course, starts: Starts) -> None:
        """Whichever start is chosen, somebody and something serves it."""
        shape = course.shape
        demand = read_shape(shape)
        if demand.chair is not None:
            kinds = shape.chair_kinds & CHAIR_ROLES or CHAIR_ROLES
            self._one_of(self._with(kinds), starts, [demand.chair], cleaned=shape.turnover_cells)
        if demand.doctor:
            doctors = [one for one in self._with({"doctor"}) if shape.doctor in {None, one}]
            self._one_of(doctors, starts, [span for _, span in demand.doctor])
        if demand.monitor:
            self._one_of(self._with({"monitor"}), starts, [span for _, span in demand.monitor])
        for block in demand.nurse:
            units, span = self._units(block), (block.offset, block.offset + block.cells)
            if block.hands:
                self._one_of(self._with({"nurse"}), starts, [span], units=units)
            for place, var in zip(starts.places, starts.chosen, strict=True):
                for cell in range(place.start + span[0], place.start + span[1]):
                    self.watched[cell].append((units, var))

    def keep(self, held: Iterable[Row], stays: Any) -> None:
        """What a visit holds counts for as long as it stays as it is."""
        there = {one.id for one in self.request.resources}
        for resource, start, end, low, high in held:
            if resource not in there:
                continue
            if low <= 0 < high:
                held_so = self.model.new_optional_fixed_size_interval_var(start, end - start, stays, "")
                self.unit0[resource].append(held_so)
            units = high - max(low, 1)
            for cell in range(start, end) if units > 0 else ():
                number = self.seats.day_of(cell)
                if number is not None and self._is_here(number, resource, cell):
                    self.kept[cell].append((units, stays))

    def close(self) -> None:
        """Nothing is held twice, and in each cell no more is watched than the nurses can."""
        for intervals in self.unit0.values():
            self.model.add_no_overlap(intervals)
        nurses = [self.seats.line_of(one.id) for one in self.request.resources if one.watch]
        for cell, wanted in self.watched.items():
            number = self.seats.day_of(cell)
            if number is None:
                continue
            free = self._grid(number).watch_free[nurses, 0, cell - self.seats.days[number].start].clip(0)
            kept = self.kept[cell]
            # What is left as it is may be more than its nurses can: it was booked so, and nothing joins it.
            most = max(int(free.sum()), sum(units for units, _ in kept))
            self.model.add(sum(units * var for units, var in [*wanted, *kept]) <= most)
            for size in {units for units, _ in wanted if units > 1}:
                self.model.add(sum(var for units, var in wanted if units >= size) <= int((free // size).sum()))

    def _with(self, roles: Iterable[str]) -> list[int]:
        wanted = frozenset(roles)
        return [one.id for one in self.request.resources if one.roles & wanted]

    def _units(self, block: NurseBlock) -> int:
        """What a block takes of the watch; alone, all units of a nurse, be she the one who has the fewest."""
        fewest = min((one.watch for one in self.request.resources if "nurse" in one.roles), default=0)
        return max(block.watch, fewest) if block.alone else block.watch

    def _one_of(
        self, resources: Sequence[int], starts: Starts, spans: Sequence[Span], *, cleaned: int = 0, units: int = 0
    ) -> None:
        """One of ``resources`` gives its unit 0, and can give ``units`` of its watch, in ``spans`` of the visit."""
        has = []
        for resource in resources:
            var = self.model.new_bool_var("")
            has.append(var)
            pairs = zip(starts.places, starts.chosen, strict=True)
            barred = [chosen for place, chosen in pairs if not self._is_free(resource, place, spans, cleaned, units)]
            self.model.add_at_most_one([*barred, var])
            for low, high in spans:
                size = high - low + cleaned
                held = self.model.new_optional_fixed_size_interval_var(starts.start + low, size, var, "")
                self.unit0[resource].append(held)
            self.model.add_hint(var, _is_told(starts.told, resource, spans[0][0]))
        self.model.add(sum(has) == sum(starts.chosen))

    def _is_free(self, resource: int, place: Place, spans: Sequence[Span], cleaned: int, units: int) -> bool:
        number = self.seats.number[place.date]
        grid, line = self._grid(number), self.seats.line_of(resource)
        at = place.start - self.seats.days[number].start
        return all(
            grid.here[line, 0, at + low : at + high].all()
            and grid.unit0_free[line, 0, at + low : at + high + cleaned].all()
            and (not units or int(grid.watch_free[line, 0, at + low : at + high].min()) >= units)
            for low, high in spans
        )

    def _is_here(self, number: int, resource: int, cell: int) -> bool:
        at = cell - self.seats.days[number].start
        return bool(self._grid(number).here[self.seats.line_of(resource), 0, at])

    def _grid(self, number: int) -> Grid:
        return self.seats.table(number, self.request.courses[0].shape).grid


def _is_told(told: Proposal | None, resource: int, offset: int) -> bool:
    """Whether the heuristic has this resource begin ``offset`` cells into the visit."""
    if told is None or told.new_start is None:
        return False
    return any(one.resource == resource and one.start == told.new_start + offset for one in told.placements)
