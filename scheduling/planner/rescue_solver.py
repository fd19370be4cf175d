"""A rescue improved by CP-SAT, where OR-tools is installed: all visits at once, from the heuristic's answer on.

It chooses among a bounded list of starts for each visit, at the points of ``rescue.py``. What it decides becomes
a rescue only through the seats that the heuristic uses too (``rescue_search.take_over``), and only where it costs less.

Time is bounded, so one and the same request may get another rescue at another time.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import combinations, pairwise
from typing import Any

from scheduling.planner.rescue import LEFT, BookedVisit, Course, Proposal, Rescue, RescueRequest, points
from scheduling.planner.rescue_cover import Cover, Starts
from scheduling.planner.rescue_options import Choice, Options, Place
from scheduling.planner.rescue_search import take_over
from scheduling.planner.seats import Seats

EACH_DAY = 12
"""So many starts of a visit are tried on each day at most, half of them the day's cheapest."""
APART = 4
"""The other half lies so many cells from any other, so that not everybody wants the same quarter of an hour."""
MOST = 80
"""So many starts of a visit are tried at most, the cheapest."""
WORKERS = 8
"""Threads of the solver, whose ways of searching are more than the cores of a small machine; fewer find less."""


def is_there() -> bool:
    """Whether OR-tools is installed."""
    return find_spec("ortools") is not None


def improve_rescue(request: RescueRequest, rescue: Rescue, seconds: float) -> Rescue:
    """``rescue``, or a cheaper one that CP-SAT finds within ``seconds``; building its model takes a second or so more.

    ``rescue`` is what ``plan_rescue`` gave for ``request``. It comes back as it is where OR-tools is not installed,
    where nothing better is found, and where what was found cannot be seated.
    """
    if seconds <= 0 or not rescue.proposals or not is_there():
        return rescue
    wanted = _Model(request, rescue).solve(seconds)
    found = take_over(request, wanted) if wanted is not None else None
    return found if found is not None and found.cost < rescue.cost else rescue


@dataclass(slots=True)
class _Visit:
    """A visit that may get a place: ``stays`` or exactly one of ``chosen``, a variable for each of ``places``."""

    visit: BookedVisit
    stays: Any
    places: list[Place]
    chosen: list[Any] = field(default_factory=list)
    date: Any = None
    start: Any = None
    moves: Any = None


class _Model:
    """The constraint program. ``told``: the heuristic's proposals, which it begins with."""

    def __init__(self, request: RescueRequest, rescue: Rescue) -> None:
        from ortools.sat.python import cp_model

        self.cp, self.request = cp_model, request
        self.model: Any = cp_model.CpModel()
        self.told: dict[Hashable, Proposal] = {one.key: one for one in rescue.proposals}
        self.seats = Seats(request.days, request.resources, request.taken, request.shapes)
        self.cost: list[Any] = []
        free = [self._can_follow(course) for course in request.courses]
        for course, can_follow in zip(request.courses, free, strict=True):
            for visit in course.visits if can_follow else ():
                self.seats.free(() if visit.stranded else visit.held)
        self.options = Options(request, self.seats)
        self.cover = Cover(self.model, request, self.seats)
        self.courses = [self._course(*pair) for pair in zip(request.courses, free, strict=True)]
        self._patients()
        self.cover.close()
        self.model.minimize(sum(self.cost))

    def solve(self, seconds: float) -> list[Choice] | None:
        """What it chose for each course when the time was over; ``None`` where it found nothing at all."""
        solver = self.cp.CpSolver()
        solver.parameters.max_time_in_seconds = seconds
        solver.parameters.num_workers = WORKERS
        # Trying out every variable first would take half of the time that there is (measured).
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.symmetry_level = 0
        if solver.solve(self.model) not in (self.cp.OPTIMAL, self.cp.FEASIBLE):
            return None
        wanted = []
        for visits in self.courses:
            places = []
            for one in visits:
                at = [place for place, var in zip(one.places, one.chosen, strict=True) if solver.boolean_value(var)]
                places.append(at[0] if at else _as_it_is(one.visit))
            wanted.append(Choice(tuple(places), sum(place.cost for place in places)))
        return wanted

    # -- what may be chosen --------------------------------------------------------------------------------------

    def _can_follow(self, course: Course) -> bool:
        """Covered visits move only in a course that the heuristic could not rescue without that."""
        told = [self.told[visit.key] for visit in course.visits if visit.key in self.told]
        return any(one.follows or one.new_start is None for one in told)

    def _course(self, course: Course, can_follow: bool) -> list[_Visit]:
        visits = [self._visit(course, index, can_follow) for index in range(len(course.visits))]
        for (earlier, later), (least, most) in zip(pairwise(visits), course.gaps, strict=True):
            self.model.add(later.date - earlier.date >= max(1, least))
            if most is not None:
                self.model.add(later.date - earlier.date <= most)
        if course.in_window > 1:
            self.model.add(visits[course.in_window - 1].date - visits[0].date <= course.window_days)
        lost = [one.moves for one in visits if one.visit.stranded]
        for one in visits:
            if not one.visit.stranded:
                self.model.add(sum(lost) >= one.moves)
        return visits

    def _visit(self, course: Course, index: int, can_follow: bool) -> _Visit:
        visit, model = course.visits[index], self.model
        told = self.told.get(visit.key)
        is_free = visit.stranded or (can_follow and visit.may_move)
        places = self._places(course, index, can_follow, told) if is_free else []
        one = _Visit(visit, model.new_bool_var(""), places, [model.new_bool_var("") for _ in places])
        model.add_exactly_one([one.stays, *one.chosen])
        pairs = list(zip(places, one.chosen, strict=True))
        one.start = model.new_int_var(*_span([visit.start, *(place.start for place in places)]), "")
        dates = [visit.date.toordinal(), *(place.date.toordinal() for place in places)]
        one.date = model.new_int_var(*_span(dates), "")
        model.add(one.start == visit.start * one.stays + sum(place.start * var for place, var in pairs))
        model.add(one.date == dates[0] * one.stays + sum(place.date.toordinal() * var for place, var in pairs))
        one.moves = sum(var for place, var in pairs if place.start != visit.start)
        self.cost += [place.cost * var for place, var in pairs]
        self.cost += [LEFT * one.stays] if visit.stranded else []
        if is_free or can_follow:
            self.cover.keep(visit.held, one.stays)
        self._hint(one, told)
        if places:
            self.cover.serve(course, Starts(places, one.chosen, one.start, told))
        return one

    def _places(self, course: Course, index: int, can_follow: bool, told: Proposal | None) -> list[Place]:
        """The cheapest starts, and the heuristic's own."""
        visit = course.visits[index]
        found = self.options.starts(course, index, followers=can_follow, each_day=EACH_DAY, apart=APART)[:MOST]
        if told is None or told.new_start is None or told.new_date is None:
            return found
        if all(place.start != told.new_start for place in found):
            day = self.seats.days[self.seats.number[told.new_date]]
            minute = day.minutes[told.new_start - day.start]
            price = sum(points(visit, told.new_date, told.new_start, minute).values())
            found.append(Place(told.new_date, told.new_start, minute, price, served=True))
        return found

    def _hint(self, one: _Visit, told: Proposal | None) -> None:
        start = told.new_start if told is not None else None
        self.model.add_hint(one.stays, start is None)
        self.model.add_hint(one.start, one.visit.start if start is None else start)
        date = told.new_date if told is not None and told.new_date is not None else one.visit.date
        self.model.add_hint(one.date, date.toordinal())
        for place, var in zip(one.places, one.chosen, strict=True):
            self.model.add_hint(var, place.start == start)

    # -- one patient ---------------------------------------------------------------------------------------------

    def _patients(self) -> None:
        """A visit that moves meets no other course of its patient, and keeps its infusions' days apart."""
        same: dict[Hashable, list[tuple[Course, list[_Visit]]]] = defaultdict(list)
        for course, visits in zip(self.request.courses, self.courses, strict=True):
            same[course.patient].append((course, visits))
        for courses in same.values():
            for (course, visits), (other, others) in combinations(courses, 2):
                apart = max(course.least_gap, other.least_gap) if course.least_gap and other.least_gap else 0
                for one in visits:
                    for two in others:
                        self._apart(one, two, course.shape.cells, other.shape.cells, apart)

    def _apart(self, one: _Visit, two: _Visit, cells: int, other_cells: int, days: int) -> None:
        """Where one of the two moves, either it ends before the other begins or the other way round."""
        first = self.model.new_bool_var("")
        for mover in (one, two):
            if not mover.places:
                continue
            moves = self.model.new_bool_var("")
            self.model.add(mover.moves == moves)
            for order, before, after, size in ((first, one, two, cells), (first.negated(), two, one, other_cells)):
                self.model.add(after.start >= before.start + size).only_enforce_if(moves, order)
                self.model.add(after.date >= before.date + days).only_enforce_if(moves, order)


def _as_it_is(visit: BookedVisit) -> Place:
    return Place(visit.date, visit.start, visit.minute, LEFT if visit.stranded else 0, served=False)


def _span(values: Sequence[int]) -> tuple[int, int]:
    return min(values), max(values)
