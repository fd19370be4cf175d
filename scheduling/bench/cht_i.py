"""The public benchmark CHT-I: one real day clinic's demand for series of visits (Troyes, 2019), placed as it comes.

One cell stands for half an hour here, the grain of the data; the planner does not mind how long its cells are. A visit
is a consultation with a doctor where one is asked for (half an hour, no chair), then the installation in a chair by a
nurse's hands (half an hour), then the treatment in that chair under a nurse's eyes. Rest days are exact: so many days
lie between two visits. A patient is taken whole or not at all.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from scheduling.planner import cost
from scheduling.planner.search import PossibleStarts, possible_starts
from scheduling.planner.values import (
    CELL_MINUTES,
    Kind,
    Lane,
    Need,
    Phase,
    Placement,
    Resource,
    SiteDay,
    Taken,
    VisitShape,
)

DAYS, SLOTS = 28, 22
CHAIRS, NURSES, WATCH, DOCTORS = 10, 6, 6, 2
_MONDAY = date(2027, 1, 4)
#: Cells between the first slots of two days: any number above SLOTS keeps the days apart.
_DAY_CELLS = 100
RESOURCES = (
    *(Resource(number, frozenset({"recliner"})) for number in range(CHAIRS)),
    *(Resource(100 + number, frozenset({"nurse"}), WATCH) for number in range(NURSES)),
    *(Resource(200 + number, frozenset({"doctor"})) for number in range(DOCTORS)),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit asked for: days after the patient's first one, with a consultation or not, half-hours of treatment."""

    day: int
    consult: bool
    treatment: int

    @property
    def slots(self) -> int:
        """How long the patient is here, in half-hours."""
        return int(self.consult) + 1 + self.treatment

    def shape(self) -> VisitShape:
        """The same for the planner."""
        chair = Need(Kind.CHAIR, Lane.WHOLE)
        phases = [
            Phase("install", 1, (chair, Need(Kind.NURSE, Lane.HANDS), Need(Kind.NURSE, Lane.WATCH))),
            Phase("treat", self.treatment, (chair, Need(Kind.NURSE, Lane.WATCH))),
        ]
        if self.consult:
            phases.insert(0, Phase("consult", 1, (Need(Kind.DOCTOR, Lane.HANDS),)))
        return VisitShape(tuple(phase for phase in phases if phase.cells))


Wanted = tuple[Visit, ...]
"""What one patient asks for: the visits in order, the first on day 0."""


def read_demand(folder: Path) -> list[Wanted]:
    """All patients of all files, in the order of the files' names and of their numbers.

    Raises:
        ValueError: a file is not of CHT-I; the sentence names it.
    """
    demand = []
    for path in sorted(folder.glob("*.json")):
        try:
            patients = json.loads(path.read_text(encoding="utf-8"))["demands"]
            demand += [_wanted(patient["rdvDemands"]) for patient in patients]
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise ValueError(f"{path.name} is not an instance of CHT-I: {error}") from error
    return demand


def _wanted(visits: Sequence[dict[str, int]]) -> Wanted:
    found, day = [], 0
    for number, visit in enumerate(visits):
        # The data counts the days of rest in between; the first visit has none to keep.
        day += visit["afterLastRequest"] + 1 if number else 0
        found.append(Visit(day, bool(visit["needingConsultation"]), visit["treatmentDuration"]))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Place:
    """Where one patient's visits lie: the day of the first one (0 to 27), and the half-hour at which each begins."""

    first: int
    slots: tuple[int, ...]


class Calendar:
    """The 28 days while patients are placed, each on the least cost at the moment of asking."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, int, int, int, int]] = []
        self._days = [self._day(number) for number in range(DAYS)]

    @staticmethod
    def _day(number: int) -> SiteDay:
        start = number * _DAY_CELLS
        there = {one.id: ((start, start + SLOTS),) for one in RESOURCES}
        minutes = range(0, SLOTS * CELL_MINUTES, CELL_MINUTES)
        return SiteDay(_MONDAY + timedelta(days=number), start, minutes, there)

    def place(self, wanted: Wanted) -> Place | None:
        """Place all visits of one patient on the cheapest first day and hours; None, and nothing placed, where there
        is no room for all of them."""
        taken = Taken.from_rows(self._rows)
        tables = {visit: possible_starts(visit.shape(), self._days, RESOURCES, taken) for visit in wanted}
        best = {visit: _cheapest_by_day(table) for visit, table in tables.items()}
        options = [
            (cost.FIRST_DAY * first + sum(best[visit][first + visit.day][0] for visit in wanted), first)
            for first in range(DAYS - wanted[-1].day)
            if all(first + visit.day in best[visit] for visit in wanted)
        ]
        if not options:
            return None
        _, first = min(options)
        starts = [best[visit][first + visit.day][1] for visit in wanted]
        for visit, start in zip(wanted, starts, strict=True):
            self._rows += [_row(one) for one in tables[visit].placements(start)]
        return Place(first, tuple(start % _DAY_CELLS for start in starts))


def _cheapest_by_day(table: PossibleStarts) -> dict[int, tuple[int, int]]:
    """Per day number the least cost of a start and that start, the earliest of equals."""
    found: dict[int, tuple[int, int]] = {}
    for one in table.starts:
        day = one.start // _DAY_CELLS
        if day not in found or one.cost < found[day][0]:
            found[day] = (one.cost, one.start)
    return found


def _row(placement: Placement) -> tuple[int, int, int, int, int]:
    low = 1 if placement.lane is Lane.WATCH else 0
    return placement.resource, placement.start, placement.end, low, low + placement.units
