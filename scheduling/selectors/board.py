"""The day board's reads: a site's visits of one local date, where they take place, what else is taken, who is there.

A constant number of queries, however many visits the day has. Visits come as plain values: of a board with some hundred
of them, models with their seven relations would cost more than everything else.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import numpy as np
from django.db.models import CharField
from django.db.models.functions import Cast

from clinic import clock
from clinic.models import CHAIRS, Resource, Site
from scheduling.models import Appointment
from scheduling.planner.grid import Longs
from scheduling.planner.values import Stretches
from scheduling.selectors.coverage import Held, held_between, uncovered, uncovered_plans
from scheduling.selectors.day_sheets import Sheet, load_sheet
from scheduling.selectors.known_shapes import Booked, Shapes
from scheduling.selectors.local_days import holiday_name, subtract
from scheduling.selectors.shapes import KnownVersion, known_versions

Status = Appointment.Status
_BLOCKING = frozenset(status.value for status in Appointment.BLOCKING)
UnitRow = tuple[int, int, int, int]
"""first cell, cell after the last, first unit, unit after the last."""


@dataclass(frozen=True, slots=True)
class BoardVisit:
    """One visit as the board shows it. Times are UTC; empty text or None where there is nothing to say.

    `id`: as text, as links and holds have it; a UUID of each would be made only to be written out again. `ride`: the
    ride's status as recorded. The moments from `arrived_at` to `ended_at` are those of the record.
    """

    id: str
    version: int
    starts: datetime
    ends: datetime
    status: str
    kind: str
    number: int
    sessions: int | None
    ending: str
    mode: str
    protocol_version: UUID
    ride: str | None
    companion: str | None
    doctor: int | None
    practitioner: str | None
    patient: UUID
    given_name: str
    family_name: str
    arrived_at: datetime | None
    started_at: datetime | None
    recovery_at: datetime | None
    ended_at: datetime | None
    fact_chair: int | None

    @property
    def name(self) -> str:
        """The patient, given name first."""
        return f"{self.given_name} {self.family_name}"

    def is_late(self, now: datetime) -> bool:
        """Whether the patient should be here and is not."""
        return self.status in {Status.PROPOSED, Status.BOOKED} and self.starts < now

    def is_over_time(self, now: datetime) -> bool:
        """Whether the patient should have left and has not."""
        return self.status == Status.ARRIVED and self.ends < now


_COLUMNS = (
    *(Cast("id", CharField()), "version", "starts", "ends", "status", "kind", "number", "series__sessions", "ending"),
    *("mode", "protocol_version_id", "ride__status", "ride__companion__name"),
    *("practitioner__resource_id", "practitioner__name", "patient_id", "patient__given_name", "patient__family_name"),
    *("record__arrived_at", "record__started_at", "record__recovery_at", "record__ended_at", "record__chair_id"),
)


@dataclass(frozen=True, slots=True)
class ChairDay:
    """What one chair does on the date, in cells: where it can be used at all, and what is taken.

    `cleaning`: after visits. `kept`: for somebody who has not said yes yet (a plan kept, an earlier time offered).
    `free`: usable and not taken.
    """

    open: Stretches
    cleaning: Stretches
    kept: Stretches
    free: Stretches


@dataclass(frozen=True, slots=True)
class NurseLoad:
    """One nurse's day in cells: `watching` and `hands` count units taken in each cell of [first, end) of the board.

    `present`: the cells in which she works. `limit`: the patients she may watch at once.
    """

    name: str
    limit: int
    present: Stretches
    watching: Sequence[int]
    hands: Sequence[int]


@dataclass(frozen=True, slots=True)
class BoardDay:
    """What happens at a site on one local date.

    `first` and `end`: the cells that the board shows, whole hours around opening hours and visits; equal when there is
    nothing to show. `holiday`: the public holiday that closes the site, or empty. `chair_of`: the resource that a visit
    takes place in, by the visit's id; by fact, else by plan. `versions`: the protocol versions of the visits.
    `uncovered`: visits of the day, and plans kept for it, without cover.
    """

    site: Site
    date: date
    first: int
    end: int
    is_open: bool
    holiday: str
    chairs: Sequence[Resource]
    chair_days: Mapping[int, ChairDay]
    visits: Sequence[BoardVisit]
    cancelled: Sequence[BoardVisit]
    chair_of: Mapping[str, int]
    versions: Mapping[UUID, KnownVersion]
    nurses: Sequence[NurseLoad]
    uncovered: Collection[str]


def board_day(site: Site, on: date, *, now: datetime) -> BoardDay:
    """The visits of `on` (local date of `site`, one of those that the user may see) with all that the board draws."""
    first, last = clock.day_bounds(on, site.zone)
    rows = (
        Appointment.objects.filter(site=site, starts__gte=first, starts__lt=last)
        .order_by("starts", "patient__family_name", "id")
        .values_list(*_COLUMNS)
    )
    everything = [BoardVisit(*row) for row in rows]
    visits = [visit for visit in everything if visit.status != Status.CANCELLED]
    sheet = load_sheet(site, [on], now=now)
    start, end = _extent(site, sheet, visits)
    chairs = list(Resource.objects.filter(site=site, kind__in=CHAIRS))
    held = held_between([site], first, last, now)
    places, taken = _chairs_held(held, {chair.pk for chair in chairs}), taken_by_resource(sheet)
    chairs = [chair for chair in chairs if chair.is_active]
    versions = known_versions({visit.protocol_version for visit in visits})
    return BoardDay(
        site=site,
        date=on,
        first=start,
        end=end,
        is_open=bool(sheet.days),
        holiday=holiday_name(site, on),
        chairs=chairs,
        chair_days=_chair_days(sheet, chairs, visits, places, taken, (start, end)),
        visits=visits,
        cancelled=[visit for visit in everything if visit.status == Status.CANCELLED],
        chair_of={visit: chair for visit, chair, _, _ in places}
        | {visit.id: visit.fact_chair for visit in visits if visit.fact_chair is not None},
        versions=versions,
        nurses=_loads(sheet, taken, start, end),
        uncovered=_uncovered(sheet, on, visits, held, Shapes(versions), now),
    )


def _chairs_held(held: Held, chairs: Collection[int]) -> list[tuple[str, int, int, int]]:
    """(visit, chair, first cell, cell after the last) of what the visits hold, cleaning included.

    A visit keeps its chair throughout, so that its many holds of it are one stretch.
    """
    found = []
    for visit, rows in held.of_visits.items():
        own = [(resource, start, end) for resource, start, end, _ in rows if resource in chairs]
        if own:
            found.append((visit, own[0][0], min(row[1] for row in own), max(row[2] for row in own)))
    return found


def _uncovered(
    sheet: Sheet, on: date, visits: Iterable[BoardVisit], held: Held, shapes: Shapes, now: datetime
) -> set[str]:
    """Visits still to come and kept plans that are not covered as things stand."""
    booked = (
        Booked(one.id, one.patient, one.starts, one.ends, one.protocol_version, one.mode, one.doctor)
        for one in visits
        if one.status in _BLOCKING and one.ends > now
    )
    plans = {str(one) for one in uncovered_plans(sheet, held, [on])}
    return plans.union(uncovered(sheet, booked, held, now, shapes))


def _chair_days(
    sheet: Sheet,
    chairs: Sequence[Resource],
    visits: Sequence[BoardVisit],
    held: Iterable[tuple[str, int, int, int]],
    taken: Mapping[int, Sequence[UnitRow]],
    board: tuple[int, int],
) -> dict[int, ChairDay]:
    spans = {visit.id: (clock.cell(visit.starts), clock.cell_up(visit.ends)) for visit in visits}
    during, own = defaultdict(list), defaultdict(list)
    for visit, place, start, end in held:
        if visit in spans:
            during[place].append(spans[visit])
        own[place].append((start, end))
    days = {}
    for chair in chairs:
        present = sheet.days[0].present.get(chair.pk, ()) if sheet.days else ()
        is_open = subtract(present, subtract([board], sheet.days[0].open or ())) if sheet.days else ()
        stretches = [(start, end) for start, end, _, _ in taken.get(chair.pk, ())]
        days[chair.pk] = ChairDay(
            open=is_open,
            cleaning=subtract(own[chair.pk], during[chair.pk]),
            kept=subtract(stretches, own[chair.pk]),
            free=subtract(is_open, stretches),
        )
    return days


def taken_by_resource(sheet: Sheet) -> dict[int, list[UnitRow]]:
    """All that is held, by the resource's id."""
    taken = defaultdict(list)
    columns = (sheet.taken.resource, sheet.taken.start, sheet.taken.end, sheet.taken.lower, sheet.taken.upper)
    for resource, start, stop, lower, upper in zip(*(np.asarray(one).tolist() for one in columns), strict=True):
        taken[resource].append((start, stop, lower, upper))
    return taken


def here_and_away(rows: Sequence[UnitRow]) -> tuple[list[UnitRow], list[tuple[int, int]]]:
    """A nurse's holds here, and the stretches that she spends at another site, with the way there.

    Those come as one row of hands and watch together (selectors.day_sheets), which no visit takes, beside the rows of
    the visits that she has there.
    """
    away = [(start, end) for start, end, lower, upper in rows if lower == 0 and upper > 1]
    here = [row for row in rows if not any(start <= row[0] and row[1] <= end for start, end in away)]
    return here, away


def _extent(site: Site, sheet: Sheet, visits: Sequence[BoardVisit]) -> tuple[int, int]:
    """Whole local hours around what is open and what is booked, in cells."""
    lows = [low for day in sheet.days for low, _ in day.open or ()] + [clock.cell(visit.starts) for visit in visits]
    highs = [high for day in sheet.days for _, high in day.open or ()] + [clock.cell_up(visit.ends) for visit in visits]
    if not lows:
        return 0, 0
    first, end = min(lows), max(highs)
    while clock.local(clock.of_cell(first), site.zone).minute:
        first -= 1
    while clock.local(clock.of_cell(end), site.zone).minute:
        end += 1
    return first, end


def _loads(sheet: Sheet, taken: Mapping[int, Sequence[UnitRow]], first: int, end: int) -> list[NurseLoad]:
    day = sheet.days[0] if sheet.days else None
    loads = []
    for nurse in sheet.nurses:
        present = day.present.get(nurse.id, ()) if day is not None else ()
        rows, away = here_and_away(taken.get(nurse.id, ()))
        present = subtract(present, away)
        if not (present or rows):
            continue
        starts, stops, lower, upper = np.asarray(rows, dtype=np.int64).reshape(-1, 4).T
        begin, until = np.clip(starts, first, end) - first, np.clip(stops, first, end) - first
        watching = _in_each_cell(end - first, begin, until, upper - np.maximum(lower, 1))
        hands = _in_each_cell(end - first, begin, until, (lower == 0).astype(np.int64))
        loads.append(NurseLoad(sheet.names[nurse.id], nurse.watch, present, watching, hands))
    return loads


def _in_each_cell(cells: int, begin: Longs, until: Longs, amount: Longs) -> list[int]:
    """How much is taken in each cell by stretches [begin, until) that take `amount` each."""
    steps = np.zeros(cells + 1, dtype=np.int64)
    np.add.at(steps, begin, amount)
    np.subtract.at(steps, until, amount)
    taken: list[int] = steps[:-1].cumsum().tolist()
    return taken
