"""The search for a rescue: greedy by fewest options, then better by taking a few courses off and putting them back."""

import random
from collections import defaultdict
from collections.abc import Hashable, Sequence
from datetime import date as Date

from scheduling.planner.rescue import MOVED, Course, Rescue, RescueRequest
from scheduling.planner.rescue_answer import Key, unmoved, write_rescue
from scheduling.planner.rescue_options import NOWHERE, Choice, Elsewhere, Options, Place, elsewhere_of
from scheduling.planner.seats import Seat, Seats, rows_of, seat_all
from scheduling.planner.values import Placement

TOGETHER = 4
"""So many courses at most are taken off at once; more cost more time than they find (measured)."""
ROUNDS_A_COURSE = 1
MOST_ROUNDS = 40
TRIES = 5
"""So often places that were chosen elsewhere are seated in another order before others are looked for."""


def plan_rescue(request: RescueRequest) -> Rescue:
    """Re-plan every stranded visit of ``request`` together. The same request gives the same rescue.

    Raises:
        ValueError: two days overlap, or a course has the wrong number of gaps or contradicts itself as it is booked.
    """
    for course in request.courses:
        if len(course.gaps) != len(course.visits) - 1:
            raise ValueError(f"Course {course.key} needs {len(course.visits) - 1} gaps, not {len(course.gaps)}.")
        if course.breaks([visit.date for visit in course.visits]) is not None:
            raise ValueError(f"Course {course.key} breaks its own gaps as it is booked.")
    given_up: frozenset[Hashable] = frozenset()
    while True:
        search = _Search(request, given_up)
        if request.days:
            search.greedy()
            search.improve(_rounds(request))
        rescue, is_sound = search.result()
        left = given_up | {one.key for one in rescue.left}
        if is_sound or left == given_up:
            return rescue
        # A visit that is left keeps what it holds, and another was given some of that: once more around it.
        given_up = left


def take_over(request: RescueRequest, wanted: Sequence[Choice]) -> Rescue | None:
    """The rescue that takes the ``wanted`` choice of each course, in their order, and looks on from there. A course
    whose places find no seats is placed anew; ``None`` where the whole does not find its seats at once.
    """
    pairs = zip(request.courses, wanted, strict=True)
    visits = [one for course, choice in pairs for one in zip(course.visits, choice.places, strict=True)]
    search = _Search(request, frozenset(visit.key for visit, place in visits if visit.stranded and not place.served))
    search.adopt(wanted)
    search.improve(_rounds(request))
    rescue, is_sound = search.result()
    return rescue if is_sound else None


def _rounds(request: RescueRequest) -> int:
    return min(MOST_ROUNDS, ROUNDS_A_COURSE * len(request.courses)) if request.rounds is None else request.rounds


class _Search:
    """The days and what is chosen so far; a course without a choice has been taken off."""

    def __init__(self, request: RescueRequest, given_up: frozenset[Hashable]) -> None:
        self.request, self.given_up = request, given_up
        self.seats = Seats(request.days, request.resources, request.taken, request.shapes)
        for course in request.courses:
            for visit in course.visits:
                self.seats.hold(visit.held if visit.key in given_up else ())
        self.options = Options(request, self.seats, given_up)
        self.chosen: list[Choice | None] = [None] * len(request.courses)
        self.placed: dict[Key, tuple[Placement, ...]] = {}
        same: dict[Hashable, list[int]] = defaultdict(list)
        for number, course in enumerate(request.courses):
            same[course.patient].append(number)
        self.kin = [[one for one in same[course.patient] if one != n] for n, course in enumerate(request.courses)]

    # -- putting on and taking off -------------------------------------------------------------------------------

    def best(self, number: int) -> Choice:
        """The best choice for a course that is taken off."""
        courses = self.request.courses
        return self.options.best(courses[number], self._elsewhere(number))

    def _elsewhere(self, number: int) -> Elsewhere:
        courses = self.request.courses
        if not self.kin[number]:
            return NOWHERE
        return elsewhere_of(courses[number], {courses[one]: self.chosen[one] for one in self.kin[number]})

    def put(self, number: int, choice: Choice) -> None:
        """Hold what ``choice`` takes; followers that leave give their own time back."""
        course = self.request.courses[number]
        for index, (visit, place) in enumerate(zip(course.visits, choice.places, strict=True)):
            if place.served:
                if not visit.stranded:
                    self.seats.free(visit.held)
                found = self.seats.put(Seat((number, index), course.shape, place.start))
                if found is None:
                    raise ValueError(f"The days have changed under course {course.key}.")
                self.placed[number, index] = found
        self.chosen[number] = choice

    def drop(self, number: int) -> None:
        """Take a course off again."""
        choice, course = self.chosen[number], self.request.courses[number]
        if choice is None:
            return
        for index, visit in enumerate(course.visits):
            placements = self.placed.pop((number, index), None)
            if placements is not None:
                self.seats.free(rows_of(placements))
                if not visit.stranded:
                    self.seats.hold(visit.held)
        self.chosen[number] = None

    # -- the search ----------------------------------------------------------------------------------------------

    def greedy(self) -> None:
        """Who can only be handed over, then who can keep the time, then the rest, fewest options first."""
        courses = self.request.courses
        by_time = sorted(range(len(courses)), key=lambda one: (_first(courses[one]), str(courses[one].key)))
        stuck = [one for one in by_time if not any(v.stranded and v.may_move for v in courses[one].visits)]
        for number in stuck:
            self.put(number, self.best(number))
        rest = []
        for number in [one for one in by_time if one not in set(stuck)]:
            choice = self.best(number)
            if choice.cost < MOVED:
                self.put(number, choice)
            else:
                rest.append(number)
        rest.sort(key=lambda one: self.options.days_possible(courses[one]))
        for number in rest:
            self.put(number, self.best(number))

    def adopt(self, wanted: Sequence[Choice]) -> None:
        """Put every course where ``wanted`` has it; whoever finds no seats goes first at the next try, and is placed
        anew after the last.
        """
        courses = self.request.courses
        order, late = sorted(range(len(courses)), key=lambda one: _first(courses[one])), list[int]()
        for _ in range(TRIES):
            for number in order:
                self.drop(number)
            late = [number for number in order if not self._takes(number, wanted[number])]
            order = late + [number for number in order if number not in late]
            if not late:
                return
        for number in late:
            self.put(number, self.best(number))

    def _takes(self, number: int, choice: Choice) -> bool:
        priced = self.options.priced(self.request.courses[number], choice)
        if priced is not None:
            self.put(number, priced)
        return priced is not None

    def improve(self, rounds: int) -> None:
        """Take a costly course and a few that lie where it would rather be off, and put them back in another order."""
        chance = random.Random(20)  # noqa: S311 -- the same rescue each time, nothing secret
        for _ in range(rounds):
            group = self._group(chance)
            if not group:
                return
            self._try(group, chance)

    def _try(self, group: list[int], chance: random.Random) -> None:
        old = [(number, self.chosen[number]) for number in group]
        held = {key: self.placed[key] for key in self.placed if key[0] in set(group)}
        before = sum(choice.cost for _, choice in old if choice is not None)
        for number in group:
            self.drop(number)
        first, others = group[0], group[1:]
        chance.shuffle(others)
        after = 0
        for number in [first, *others] if chance.random() < 0.7 else [*others, first]:
            choice = self.best(number)
            self.put(number, choice)
            after += choice.cost
        if after >= before or any(self._came_back_in_vain(number) for number in group):
            self._restore(old, held)

    def _came_back_in_vain(self, number: int) -> bool:
        """Whether a visit of the course stays after all where it had left, and somebody else has been put there."""
        course, choice = self.request.courses[number], self.chosen[number]
        stays = () if choice is None else zip(course.visits, choice.places, strict=True)
        return any(self.seats.is_over(visit.held) for visit, place in stays if not place.served and not visit.stranded)

    def _restore(self, old: Sequence[tuple[int, Choice | None]], held: dict[Key, tuple[Placement, ...]]) -> None:
        for number, _ in old:
            self.drop(number)
        for (number, index), placements in held.items():
            visit = self.request.courses[number].visits[index]
            if not visit.stranded:
                self.seats.free(visit.held)
            self.seats.hold(rows_of(placements))
        self.placed |= held
        for number, choice in old:
            self.chosen[number] = choice

    def _group(self, chance: random.Random) -> list[int]:
        """A course that has moved or was left, and up to three that lie where it could be."""
        costly = [n for n, choice in enumerate(self.chosen) if choice is not None and choice.cost >= MOVED]
        costly = [n for n in costly if self._has_hope(n)]
        if not costly:
            return []
        costly.sort(key=lambda one: -self._cost(one))
        target = chance.choice(costly[: max(1, len(costly) // 3)] if chance.random() < 0.7 else costly)
        wanted = self._wanted(target)
        near = [
            number
            for number in {key[0] for key in self.placed}
            if number != target and any(place.served and place.date in wanted for place in self._places(number))
        ]
        near.sort()
        return [target, *chance.sample(near, min(len(near), chance.randint(1, TOGETHER - 1)))]

    def _has_hope(self, number: int) -> bool:
        """Whether others could make room for the course: not where the gaps leave it no open day at all."""
        course = self.request.courses[number]
        lost = [index for index, visit in enumerate(course.visits) if visit.stranded]
        return any(place.served for place in self._places(number)) or any(
            course.visits[index].date in self.seats.number or self.options.open_dates(course, index) for index in lost
        )

    def _cost(self, number: int) -> int:
        choice = self.chosen[number]
        return 0 if choice is None else choice.cost

    def _places(self, number: int) -> Sequence[Place]:
        choice = self.chosen[number]
        return () if choice is None else choice.places

    def _wanted(self, number: int) -> set[Date]:
        """The dates where the course's stranded visits would rather be: nearer to their own than they are now."""
        course, choice = self.request.courses[number], self.chosen[number]
        dates: set[Date] = set()
        for index, visit in enumerate(course.visits):
            if visit.stranded and choice is not None:
                place = choice.places[index]
                away = abs((place.date - visit.date).days) if place.served else None
                near = [*self.options.open_dates(course, index), visit.date]
                dates |= {date for date in near if away is None or abs((date - visit.date).days) <= away}
        return dates

    # -- the answer ----------------------------------------------------------------------------------------------

    def result(self) -> tuple[Rescue, bool]:
        """The proposals; and whether all of them find their seats at once beside what those without a place keep, as
        they will have to when they are agreed to.
        """
        request = self.request
        chosen = [choice if choice is not None else unmoved(request.courses[n]) for n, choice in enumerate(self.chosen)]
        fresh = Seats(request.days, request.resources, request.taken, request.shapes)
        seats: list[Seat[Key]] = []
        for number, (course, choice) in enumerate(zip(request.courses, chosen, strict=True)):
            for index, (visit, place) in enumerate(zip(course.visits, choice.places, strict=True)):
                if place.served:
                    fresh.free(() if visit.stranded else visit.held)
                    seats.append(Seat((number, index), course.shape, place.start))
                elif visit.stranded:
                    fresh.hold(visit.held)
        placed, missing = seat_all(fresh, seats)
        if missing:
            return write_rescue(request, chosen, dict(self.placed), self.options), False
        return write_rescue(request, chosen, placed, Options(request, fresh, self.given_up)), True


def _first(course: Course) -> int:
    return min(visit.start for visit in course.visits if visit.stranded)
