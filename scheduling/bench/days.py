"""What a full day at the bench site looks like: visits laid by the planner until the scarcest resource is taken.

A day is made once and stamped on many dates. Cells count from opening; resources are numbers from 0.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from scheduling.planner.labels import Stretch, relabel
from scheduling.planner.search import possible_starts
from scheduling.planner.values import Lane, Placement, Resource, SiteDay, Taken, VisitShape

CHAIRS, NURSES, DOCTORS, WATCH = 20, 8, 2, 4
#: 08:00 to 18:00 in cells of five minutes, and the local minute of opening.
CELLS, OPENS = 120, 480
#: How much of the scarcest of nurses' hands, watch units and chairs is taken.
SHARE = 0.8
#: What a day is filled with, in this order, and how many of each at most: consults, four-hour infusions, the infusions
#: of a series, injections in what is left. The mixture makes some 300 holds a day.
KINDS = {"consult": 10, "long": 16, "series": CELLS, "short": CELLS}
RESOURCES = (
    *(Resource(number, frozenset({"recliner"})) for number in range(CHAIRS)),
    *(Resource(CHAIRS + number, frozenset({"nurse"}), WATCH) for number in range(NURSES)),
    *(Resource(CHAIRS + NURSES + number, frozenset({"doctor"})) for number in range(DOCTORS)),
)
_SOME_DAY = date(2027, 1, 4)

Row = tuple[int, int, int, int, int]
"""resource, first cell, cell after the last, first unit, unit after the last."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A visit on its day: the name of its shape, its first cell and the cell after its last, and what serves it."""

    shape: str
    start: int
    end: int
    placements: tuple[Placement, ...]


@dataclass(frozen=True, slots=True)
class DayVisit:
    """One visit of a full day: the name of its shape, the cells in which the patient is here, its holds."""

    shape: str
    start: int
    end: int
    holds: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class FullDay:
    """A day's visits, and the share taken of the scarcest resource."""

    visits: tuple[DayVisit, ...]
    share: float


def full_day(seed: int, shapes: Mapping[str, VisitShape]) -> FullDay:
    """A day on which SHARE of the scarcest resource is taken, or a little more. `shapes`: by the names in KINDS.

    As at a real clinic it was fuller once: it is filled as far as it goes, then visits are called off at random.
    """
    chance = random.Random(seed)  # noqa: S311 -- the same days in each run, nothing secret
    laid: list[Laid] = []
    for name, most in KINDS.items():
        for _ in range(most):
            one = _lay(name, shapes[name], laid, chance)
            if one is None:
                break
            laid.append(one)
    order = [one for one in laid if one.shape != "consult"]
    chance.shuffle(order)
    for one in order:
        without = [other for other in laid if other is not one]
        if share_taken(without) >= SHARE:
            laid = without
    return FullDay(_labelled(laid), share_taken(laid))


def _lay(name: str, shape: VisitShape, laid: Iterable[Laid], chance: random.Random) -> Laid | None:
    """One more visit at its cheapest start, of equal ones any; None where none is left."""
    there = {one.id: ((0, CELLS),) for one in RESOURCES}
    day = SiteDay(_SOME_DAY, 0, range(OPENS, OPENS + 5 * CELLS, 5), there)
    # Only counts matter here; the labels come at the end.
    rows = [(p.resource, p.start, p.end, low, low + p.units) for p in _placements(laid) for low in [_first_unit(p)]]
    found = possible_starts(shape, [day], RESOURCES, Taken.from_rows(rows))
    if not found.starts:
        return None
    start = min(found.starts, key=lambda one: (one.cost, chance.random())).start
    return Laid(name, start, start + shape.cells, found.placements(start))


def share_taken(laid: Iterable[Laid]) -> float:
    """The share that is taken of the scarcest of chairs, nurses' hands and watch units."""
    taken: dict[str, int] = defaultdict(int)
    for one in _placements(laid):
        if one.resource < CHAIRS + NURSES:
            # The cleaning of a chair may run past closing; that part is nobody's scarce time.
            taken[one.lane.value] += one.units * (min(one.end, CELLS) - one.start)
    capacity = {Lane.WHOLE: CHAIRS, Lane.HANDS: NURSES, Lane.WATCH: NURSES * WATCH}
    return max(taken[lane.value] / (units * CELLS) for lane, units in capacity.items())


def _labelled(laid: Iterable[Laid]) -> tuple[DayVisit, ...]:
    """The visits with a unit number on every hold."""
    holds: dict[int, list[Row]] = defaultdict(list)
    watched: dict[int, list[Stretch]] = defaultdict(list)
    visits = list(laid)
    for number, visit in enumerate(visits):
        for one in visit.placements:
            if one.lane is Lane.WATCH:
                watched[one.resource].append(Stretch(one.start, one.end, one.units, key=number))
            else:
                holds[number].append((one.resource, one.start, one.end, 0, 1))
    for nurse, stretches in watched.items():
        for row in relabel(stretches, 1, 1 + WATCH):
            holds[row.key].append((nurse, row.start, row.end, row.lower, row.upper))
    return tuple(
        DayVisit(visit.shape, visit.start, visit.end, tuple(holds[number])) for number, visit in enumerate(visits)
    )


def _placements(laid: Iterable[Laid]) -> list[Placement]:
    return [placement for one in laid for placement in one.placements]


def _first_unit(placement: Placement) -> int:
    return 1 if placement.lane is Lane.WATCH else 0


def workdays(first: date, last: date) -> list[date]:
    """Mondays to Fridays from `first` to `last`, both included."""
    every = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in every if day.weekday() < 5]
