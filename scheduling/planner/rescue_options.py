"""Where the visits of one course could go, as the days stand now, and the cheapest way to place them all."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date as Date
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from scheduling.planner import cost, wishes
from scheduling.planner.grid import Bools
from scheduling.planner.rescue import DAY, HOUR, LEFT, MOST_DAYS, MOVED, BookedVisit, Course, RescueRequest, points
from scheduling.planner.seats import Seats
from scheduling.planner.starts import VisitTable
from scheduling.planner.values import SeriesRequest, Stretches, Wishes

NEVER = 1 << 60
Points = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Place:
    """One option for a visit: the cheapest start of a day. ``served``: it takes a chair and people there; a visit that
    keeps the cover it has, or is left without, does not.
    """

    date: Date
    start: int
    minute: int
    cost: int
    served: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A place for every visit of a course, in order, and their cost together."""

    places: tuple[Place, ...]
    cost: int


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where the same patient's other courses stand in this rescue: when they keep the patient busy, and the days that
    their infusions keep free around them.
    """

    busy: Stretches = ()
    other_days: tuple[tuple[Date, int], ...] = ()


NOWHERE = Elsewhere()


class Options:
    """Options of courses on ``seats``; each is worked out once for as long as its day does not change.

    ``given_up``: the keys of stranded visits that are left as they are, so that they keep what they hold.
    """

    def __init__(self, request: RescueRequest, seats: Seats, given_up: frozenset[Hashable] = frozenset()) -> None:
        self.request, self.seats, self.given_up = request, seats, given_up
        self._masks: dict[tuple[Hashable, int, bool], Bools] = {}
        self._known: dict[tuple[Hashable, int, int], tuple[VisitTable, Place | None]] = {}

    def best(self, course: Course, elsewhere: Elsewhere = NOWHERE) -> Choice:
        """The cheapest choice; covered visits of the course move only where one would otherwise be left."""
        alone = self._solve(course, elsewhere, followers=False)
        can_follow = any(visit.may_move and not visit.stranded for visit in course.visits)
        if alone.cost < LEFT or not can_follow:
            return alone
        return min(alone, self._solve(course, elsewhere, followers=True), key=lambda one: one.cost)

    def days_possible(self, course: Course) -> int:
        """On how many days, all visits together, a stranded visit of the course could be placed by itself."""
        bounds = self._bounds(course, followers=False)
        return sum(
            place.served
            for index, visit in enumerate(course.visits)
            if visit.stranded
            for place in self._places(course, index, bounds[index], NOWHERE)
        )

    def would_fit(self, course: Course, index: int, *, without_wishes: bool = False) -> bool:
        """Whether visit ``index`` has a place between its neighbours as booked; ``without_wishes``: at any hour."""
        asked = replace(course, key=(course.key, "any hour"), wishes=Wishes()) if without_wishes else course
        bounds = self._bounds(asked, followers=False)
        return any(place.served for place in self._places(asked, index, bounds[index], NOWHERE))

    def open_dates(self, course: Course, index: int) -> list[Date]:
        """Open days other than its own on which visit ``index`` would keep the gaps to its neighbours as booked."""
        low, high = self._bounds(course, followers=False)[index]
        own = course.visits[index].date
        return [day.date for day in self.seats.days if low <= day.date <= high and day.date != own]

    def starts(self, course: Course, index: int, *, followers: bool, each_day: int, apart: int) -> list[Place]:
        """Several starts of each day that the gaps leave to visit ``index``, cheapest first: at most ``each_day``, half
        of them the day's cheapest, the others ``apart`` cells or more from every other.
        """
        visit, (low, high) = course.visits[index], self._bounds(course, followers=followers)[index]
        found: list[Place] = []
        for number, day in enumerate(self.seats.days):
            own = day.date == visit.date and visit.stranded
            if own or (visit.may_move and low < high and low <= day.date <= high):
                table = self.seats.table(number, course.shape)
                prices = self._prices(course, visit, number, table, NOWHERE)
                found += [self._at(number, table, at, int(prices[at])) for at in _spread(prices, each_day, apart)]
        return sorted(found, key=lambda one: one.cost)

    def priced(self, course: Course, choice: Choice) -> Choice | None:
        """The same choice at what it costs as the days stand; ``None`` where one of its places is not free."""
        places = []
        for visit, place in zip(course.visits, choice.places, strict=True):
            if place.served:
                number = self.seats.number[place.date]
                table = self.seats.table(number, course.shape)
                tidy = int(table.costs[0, place.start - self.seats.days[number].start])
                if tidy >= cost.IMPOSSIBLE:
                    return None
                paid = points(visit, place.date, place.start, place.minute)
                place = replace(place, cost=sum(paid.values()) + tidy)
            places.append(place)
        return Choice(tuple(places), sum(place.cost for place in places))

    # -- one course ----------------------------------------------------------------------------------------------

    def _solve(self, course: Course, elsewhere: Elsewhere, *, followers: bool) -> Choice:
        """The cheapest way through all visits, by dynamic programming over (visit, date)."""
        bounds = self._bounds(course, followers=followers)
        options = [list(self._places(course, i, bound, elsewhere)) for i, bound in enumerate(bounds)]
        # The window runs from the first visit, so every date of that one is tried by itself. Leaving everything as it
        # is keeps the rules of the course, so there is always a way.
        firsts = [[first] for first in options[0]] if course.in_window > 1 else [options[0]]
        chains = (_chain(course, [first, *options[1:]]) for first in firsts)
        return min((chain for chain in chains if chain is not None), key=lambda one: one.cost)

    def _bounds(self, course: Course, *, followers: bool) -> list[tuple[Date, Date]]:
        """The first and last date that the gaps and the window leave to each visit."""
        days = self.seats.days
        first, last = (days[0].date, days[-1].date) if days else (Date.max, Date.min)
        low, high = [], []
        for visit in course.visits:
            free = visit.may_move and (visit.stranded or followers)
            low.append(min(first, visit.date) if free else visit.date)
            high.append(max(last, visit.date) if free else visit.date)
        size = len(low)
        for i in range(1, size):
            least, most = course.gaps[i - 1]
            low[i] = max(low[i], low[i - 1] + timedelta(days=least))
            high[i] = high[i] if most is None else min(high[i], high[i - 1] + timedelta(days=most))
        for i in range(size - 2, -1, -1):
            least, most = course.gaps[i]
            high[i] = min(high[i], high[i + 1] - timedelta(days=least))
            low[i] = low[i] if most is None else max(low[i], low[i + 1] - timedelta(days=most))
        if course.in_window > 1:
            window, end = timedelta(days=course.window_days), course.in_window - 1
            for i in range(course.in_window):
                low[i], high[i] = max(low[i], low[end] - window), min(high[i], high[0] + window)
        return list(zip(low, high, strict=True))

    def _places(self, course: Course, index: int, bound: tuple[Date, Date], elsewhere: Elsewhere) -> Iterator[Place]:
        """The options of one visit: as it is, and the cheapest start of each day within ``bound``."""
        visit, (low, high) = course.visits[index], bound
        yield Place(visit.date, visit.start, visit.minute, LEFT if visit.stranded else 0, served=False)
        if visit.key in self.given_up:
            return
        for number, day in enumerate(self.seats.days):
            own = day.date == visit.date
            if not (low <= day.date <= high or own):
                continue
            # A visit that must not move may still be handed over; a covered one stays for nothing.
            if (own and visit.stranded) or (visit.may_move and low < high):
                place = self._place(course, index, number, elsewhere)
                if place is not None:
                    yield place

    def _place(self, course: Course, index: int, number: int, elsewhere: Elsewhere) -> Place | None:
        table = self.seats.table(number, course.shape)
        key = (course.key, index, number)
        known = self._known.get(key)
        if elsewhere is NOWHERE and known is not None and known[0] is table:
            return known[1]
        place = self._cheapest(course, course.visits[index], number, table, elsewhere)
        if elsewhere is NOWHERE:
            self._known[key] = (table, place)
        return place

    def _cheapest(
        self, course: Course, visit: BookedVisit, number: int, table: VisitTable, elsewhere: Elsewhere
    ) -> Place | None:
        """The cheapest start of a day for a visit that may move there, or keep its time there."""
        prices = self._prices(course, visit, number, table, elsewhere)
        at = int(prices.argmin())
        return self._at(number, table, at, int(prices[at])) if int(prices[at]) < NEVER else None

    def _at(self, number: int, table: VisitTable, at: int, price: int) -> Place:
        day = self.seats.days[number]
        return Place(day.date, day.start + at, int(table.grid.minutes[0, at]), price, served=True)

    def _prices(
        self, course: Course, visit: BookedVisit, number: int, table: VisitTable, elsewhere: Elsewhere
    ) -> Points:
        """[cell]: the points of each start of a day, NEVER where the visit cannot go."""
        day, minutes = self.seats.days[number], table.grid.minutes[0]
        cells = day.start + np.arange(len(minutes))
        days = min(MOST_DAYS, abs((day.date - visit.date).days))
        apart = np.abs(minutes.astype(np.int64) - visit.minute) // 5
        tidy = table.costs[0].astype(np.int64)
        prices: Points = MOVED + DAY * days**2 + HOUR * apart + tidy
        soon = np.where(cells > visit.start, self.request.earliest_cell, self.request.earlier_cell)
        allowed = self._mask(course, number, table, elsewhere) & (cells >= soon)
        prices[~allowed] = NEVER
        if not visit.may_move:
            prices[:] = NEVER
        at_own = cells == visit.start
        # Time that was agreed already is within the wishes, whatever they say now; but the day must have room.
        prices[at_own] = tidy[at_own] if visit.stranded else NEVER
        prices[tidy >= cost.IMPOSSIBLE] = NEVER
        return prices

    def _mask(self, course: Course, number: int, table: VisitTable, elsewhere: Elsewhere) -> Bools:
        """Where wishes, clearance, other visits and the patient's other infusions allow a start."""
        key = (course.key, number, elsewhere is NOWHERE)
        if elsewhere is NOWHERE and key in self._masks:
            return self._masks[key]
        asked = SeriesRequest(
            shape=course.shape,
            count=1,
            first_day=Date.min,
            min_gap_days=1,
            max_gap_days=1,
            ideal_gap_days=1,
            wishes=course.wishes,
            busy=course.busy + elsewhere.busy,
            other_days=course.other_days + elsewhere.other_days,
            last_day=course.last_day,
        )
        mask: Bools = wishes.firm_mask(table.grid, asked)[0]
        for one in wishes.limit_masks(table.grid, asked).values():
            mask &= one[0]
        if elsewhere is NOWHERE:
            self._masks[key] = mask
        return mask


def _spread(prices: Points, most: int, apart: int) -> list[int]:
    """Cells in order of price: at first as they come, then only those ``apart`` or more from every one before."""
    found: list[int] = []
    for at in np.argsort(prices, kind="stable").tolist():
        if len(found) >= most or int(prices[at]) >= NEVER:
            break
        if 2 * len(found) < most or all(abs(at - other) >= apart for other in found):
            found.append(at)
    return found


def _chain(course: Course, options: Sequence[Sequence[Place]]) -> Choice | None:
    """The cheapest series of places, one option for each visit, with every gap and the window kept."""
    layer: dict[Date, tuple[int, tuple[Place, ...]]] = {}
    for place in options[0]:
        _keep(layer, place, place.cost, ())
    window = timedelta(days=course.window_days)
    for index in range(1, len(options)):
        least, most = course.gaps[index - 1]
        following: dict[Date, tuple[int, tuple[Place, ...]]] = {}
        for place in options[index]:
            for before, (spent, chain) in layer.items():
                days = (place.date - before).days
                inside = index >= course.in_window or place.date - chain[0].date <= window
                if inside and max(1, least) <= days and (most is None or days <= most):
                    _keep(following, place, spent + place.cost, chain)
        layer = following
    if not layer:
        return None
    spent, chain = min(layer.values(), key=lambda one: one[0])
    return Choice(chain, spent)


def _keep(layer: dict[Date, tuple[int, tuple[Place, ...]]], place: Place, spent: int, chain: tuple[Place, ...]) -> None:
    known = layer.get(place.date)
    if known is None or spent < known[0]:
        layer[place.date] = (spent, (*chain, place))


def elsewhere_of(course: Course, others: Mapping[Course, Choice | None]) -> Elsewhere:
    """What the other courses of the same patient, as they now stand, leave to ``course``."""
    busy: list[tuple[int, int]] = []
    days: list[tuple[Date, int]] = []
    for other, choice in others.items():
        # A course that is being placed anew stands nowhere, but its covered visits stay.
        stays = [(visit.date, visit.start) for visit in other.visits if not visit.stranded]
        where = [(place.date, place.start) for place in choice.places] if choice is not None else stays
        busy += [(start, start + other.shape.cells) for _, start in where]
        if course.least_gap and other.least_gap:
            days += [(date, max(course.least_gap, other.least_gap)) for date, _ in where]
    return Elsewhere(tuple(busy), tuple(days))
