"""The plain truth that the state machine holds the database against: dictionaries, counts, and no Django query.

A cell is five minutes from the Unix epoch. The clinic of the machine keeps the wall clock of New York (wall.py), so
that local time is a subtraction here and owes nothing to the code under test.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.machine.wall import CELLS_A_DAY, EPOCH, behind_utc, behind_utc_on, is_holiday

OPENS, CLOSES = 96, 216
"""08:00 and 18:00 (tests.factories.make_clinic) in cells of the local day."""

BLOCKING = {"proposed", "booked", "arrived"}
OPEN = {"proposed", "booked"}
#: The statuses that may follow each other, written down here once more (domain.md), not taken from the code.
FOLLOWS = {
    "proposed": {"booked", "arrived", "cancelled", "noshow"},
    "booked": {"proposed", "arrived", "cancelled", "noshow"},
    "arrived": {"booked", "fulfilled", "cancelled"},
    "noshow": {"arrived"},
    "fulfilled": set(),
    "cancelled": set(),
}

Units = Counter[tuple[str, int]]
"""(what, cell) to how many: chair, hands, watch, doctor."""
HoldRow = tuple[int, int, int, int, int]
"""resource, first cell, cell after the last, first unit, unit after the last."""


def cell_of(moment: datetime) -> int:
    """The cell in which `moment` lies."""
    return int((moment - EPOCH).total_seconds()) // 300


def moment_of(cell: int) -> datetime:
    """When a cell begins, in UTC."""
    return EPOCH + timedelta(seconds=300 * cell)


def day_of(cell: int) -> date:
    """The local date of a cell."""
    return EPOCH.date() + timedelta(days=(cell - behind_utc(cell)) // CELLS_A_DAY)


def cell_at(day: date, minute: int) -> int:
    """The cell that begins at a local minute of a date."""
    return (day - EPOCH.date()).days * CELLS_A_DAY + behind_utc_on(day) + minute // 5


@dataclass(frozen=True, slots=True)
class Part:
    """One phase: cells, and the units that it takes in each of them."""

    cells: int
    hands: int = 0
    watch: int = 0
    doctor: int = 0


@dataclass(frozen=True, slots=True)
class Kind:
    """What a visit takes. `cleaning`: cells that the chair stays held after it."""

    parts: tuple[Part, ...]
    chair: bool
    cleaning: int = 0

    @property
    def cells(self) -> int:
        """Length without the cleaning."""
        return sum(part.cells for part in self.parts)

    def units(self, start: int, until: int | None = None, *, cleaned: bool = False) -> Units:
        """What it takes from `start` on; only before `until` where its end was brought forward (`cleaned`: the chair
        is cleaned after that)."""
        found: Units = Counter()
        at = start
        for part in self.parts:
            for cell in range(at, at + part.cells):
                found.update({("hands", cell): part.hands, ("watch", cell): part.watch, ("doctor", cell): part.doctor})
            at += part.cells
        last = None if until is None else until + (self.cleaning if cleaned else 0)
        chair = range(start, at + self.cleaning) if self.chair else ()
        found = Counter({key: count for key, count in found.items() if count and (until is None or key[1] < until)})
        found.update(("chair", cell) for cell in chair if last is None or cell < last)
        return found


@dataclass(slots=True)
class Visit:
    """One visit as it must be. `lapses`: when its time is free again; `freed`: from which cell it was given back;
    `counts`: whether it counts toward its series, None while that is open."""

    patient: UUID
    kind: Kind
    start: int
    status: str
    series: UUID | None = None
    what: str = "infusion"
    number: int = 1
    lapses: datetime | None = None
    freed: int | None = None
    counts: bool | None = None
    pinned: bool = False

    @property
    def end(self) -> int:
        """The cell after its last, cleaning left out."""
        return self.start + self.kind.cells

    def has_lapsed(self, now: datetime) -> bool:
        """Whether its time was held only for a while, and that is over."""
        return self.lapses is not None and self.lapses <= now

    @property
    def stands(self) -> bool:
        """Whether it takes place, or did and counted."""
        return self.status in BLOCKING or bool(self.counts)

    def holds(self, now: datetime) -> Units:
        """The units that the visit takes."""
        if self.status == "cancelled" or self.has_lapsed(now):
            return Counter()
        return self.kind.units(self.start, self.freed, cleaned=self.status == "fulfilled")


@dataclass(slots=True)
class Course:
    """One series as it must be. `sessions`: its infusions; `least`: days between two of them at the least."""

    patient: UUID
    kind: Kind
    status: str
    held_until: datetime | None = None
    sessions: int = 1
    least: int = 1
    is_induction: bool = True


@dataclass(slots=True)
class Kept:
    """One offer as it must be."""

    patient: UUID
    kind: Kind
    starts: tuple[int, ...]
    expires: datetime
    status: str = "open"


@dataclass(frozen=True, slots=True)
class Closed:
    """Cells in which a resource, or the whole site (`resource` None), is not there. `outage`: the closure's id where it
    was not planned."""

    resource: int | None
    start: int
    end: int
    outage: UUID | None = None


@dataclass(slots=True)
class Truth:
    """Everything that must be so. `covered`: the last day of each patient's clearance; None: no doctor's yes.
    `refused`: patients about whom a doctor's last word was no."""

    chairs: tuple[int, ...]
    nurses: tuple[int, ...]
    doctor: int
    watch: int
    visits: dict[UUID, Visit] = field(default_factory=dict)
    series: dict[UUID, Course] = field(default_factory=dict)
    offers: dict[UUID, Kept] = field(default_factory=dict)
    covered: dict[UUID, date | None] = field(default_factory=dict)
    refused: set[UUID] = field(default_factory=set)
    shifts_end: dict[tuple[int, int], date] = field(default_factory=dict)
    closed: list[Closed] = field(default_factory=list)

    # -- what is held --------------------------------------------------------------------------------------------

    def units(self, now: datetime) -> Units:
        """All that visits and open offers hold."""
        total: Units = Counter()
        for visit in self.visits.values():
            total.update(visit.holds(now))
        for offer in self.offers.values():
            if offer.status == "open" and offer.expires > now:
                for start in offer.starts:
                    total.update(offer.kind.units(start))
        return total

    def of_series(self, series: UUID) -> list[Visit]:
        """The visits of a series that block time."""
        return [visit for visit in self.visits.values() if visit.series == series and visit.status in BLOCKING]

    def infusions(self, series: UUID) -> list[Visit]:
        """The infusions of a series that count or are to come, in order of time."""
        mine = [one for one in self.visits.values() if (one.series, one.what) == (series, "infusion") and one.stands]
        return sorted(mine, key=lambda one: one.start)

    def number_anew(self, series: UUID, what: str = "infusion") -> None:
        """Infusions are numbered by their place in time; boosters share out the numbers that they have."""
        mine, numbers = self.infusions(series), list(range(1, self.series[series].sessions + 1))
        if what == "booster":
            mine = sorted((one for one in self.of_series(series) if one.what == what), key=lambda one: one.start)
            numbers = sorted(one.number for one in mine)
        for visit, number in zip(mine, numbers, strict=False):
            visit.number = number

    # -- who is there --------------------------------------------------------------------------------------------

    def is_open(self, cell: int) -> bool:
        """Whether visits may run in the cell."""
        day, at = day_of(cell), (cell - behind_utc(cell)) % CELLS_A_DAY
        if day.weekday() > 4 or is_holiday(day) or not OPENS <= at < CLOSES:
            return False
        return not any(one.resource is None and one.start <= cell < one.end for one in self.closed)

    def is_there(self, resource: int, cell: int) -> bool:
        """Whether a chair or a person is there in the cell."""
        day = day_of(cell)
        ends = self.shifts_end.get((resource, day.weekday()))
        away = any(one.resource == resource and one.start <= cell < one.end for one in self.closed)
        return self.is_open(cell) and not away and (ends is None or day < ends)

    def without_cover(self, held: Iterable[tuple[UUID, HoldRow]], now: datetime) -> set[UUID]:
        """Visits and open offers that what is `held` for them no longer covers: somebody or something is not there in a
        cell that is still to come, or the site is closed. Cleaning may run on."""
        lost, present = set(), cell_of(now - timedelta(seconds=1)) + 1
        for pk, one in self.visits.items():
            coming = range(max(one.start, present), one.end)
            if one.status in BLOCKING and not one.has_lapsed(now) and not all(self.is_open(cell) for cell in coming):
                lost.add(pk)
        for owner, (resource, start, end, _, _) in held:
            if owner in self.offers:
                spans = [range(at, at + self.offers[owner].kind.cells) for at in self.offers[owner].starts]
            else:
                visit = self.visits[owner]
                spans = [range(max(visit.start, present), visit.end)] if visit.status in BLOCKING else []
            cells = [cell for span in spans for cell in span if start <= cell < end]
            if not all(self.is_there(resource, cell) for cell in cells):
                lost.add(owner)
        return lost

    # -- what is legal, by counts --------------------------------------------------------------------------------

    def is_legal(self, kind: Kind, start: int, held: Iterable[HoldRow]) -> bool:
        """Whether a visit may begin at `start` beside what is `held`: a chair throughout, hands of one nurse through a
        phase, watch of any nurse in each cell, one doctor."""
        end = start + kind.cells
        if not all(self.is_open(cell) for cell in range(start, end)):
            return False
        taken = taken_units([row for row in held if row[1] < end + kind.cleaning and row[2] > start])
        if kind.chair and not any(
            all(self.is_there(chair, cell) for cell in range(start, end))
            and not any(taken[chair, "whole", cell] for cell in range(start, end + kind.cleaning))
            for chair in self.chairs
        ):
            return False
        at = start
        for part in kind.parts:
            if not self._part_is_legal(part, range(at, at + part.cells), taken):
                return False
            at += part.cells
        return True

    def _part_is_legal(self, part: Part, cells: Collection[int], taken: Counter[Any]) -> bool:
        def watches(nurse: int, cell: int) -> bool:
            return self.is_there(nurse, cell) and self.watch - taken[nurse, "watch", cell] >= part.watch

        if part.doctor:
            return all(self.is_there(self.doctor, cell) and not taken[self.doctor, "whole", cell] for cell in cells)
        if part.hands:
            return any(
                all(watches(nurse, cell) and not taken[nurse, "whole", cell] for cell in cells) for nurse in self.nurses
            )
        return all(any(watches(nurse, cell) for nurse in self.nurses) for cell in cells)

    def needs_two_labels(self, kind: Kind, start: int, held: Iterable[HoldRow]) -> bool:
        """Whether no unit of any nurse is free through the whole of some phase of `kind` that begins at `start`."""
        rows, at = list(held), start
        for part in kind.parts:
            free = [
                (nurse, label)
                for nurse in self.nurses
                for label in range(1, self.watch + 1)
                if not any(
                    row[0] == nurse and row[3] <= label < row[4] and row[1] < at + part.cells and row[2] > at
                    for row in rows
                )
            ]
            if part.watch and not free:
                return True
            at += part.cells
        return False


def taken_units(held: Iterable[HoldRow]) -> Counter[Any]:
    """(resource, "whole" or "watch", cell) to units held: unit 0 is the whole of a chair, or the hands."""
    found: Counter[Any] = Counter()
    for resource, start, end, lower, upper in held:
        for cell in range(start, end):
            if lower == 0:
                found[resource, "whole", cell] += 1
            if upper > 1:
                found[resource, "watch", cell] += upper - max(lower, 1)
    return found
