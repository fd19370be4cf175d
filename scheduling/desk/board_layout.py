"""The day board as a table: rows of chairs, five-minute columns, visits that span some of them, phases drawn inside.

Geometry is in colspans and SVG attributes, since the pages carry no style attributes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from clinic import clock
from scheduling.models import Appointment, Ride
from scheduling.selectors.board import BoardDay, NurseLoad
from scheduling.when import time_words

#: Rows of the strip's drawing: one unit of watch is this high.
UNIT = 10


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of a drawing, in its own units."""

    x: int
    y: int
    width: int
    height: int
    kind: str


@dataclass(frozen=True, slots=True)
class Block:
    """A visit in the table: it spans `span` columns; `phases` are drawn in a box that is `span` wide and 1 high."""

    visit: Appointment
    span: int
    phases: tuple[Bar, ...]
    ride: str
    label: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing for `span` columns."""

    span: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. A chair on which facts overlap has several."""

    name: str
    note: str
    cells: tuple[Block | Gap, ...]


@dataclass(frozen=True, slots=True)
class Strip:
    """A nurse's load: bars in a box `width` wide and `height` high, the limit at its top, and the same in words."""

    name: str
    width: int
    height: int
    bars: tuple[Bar, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Board:
    """What the template draws. `hours`: (words, columns) of the head. `now_at`: per cent of the width, or None."""

    columns: int
    hours: tuple[tuple[str, int], ...]
    rows: tuple[Row, ...]
    strips: tuple[Strip, ...]
    now_at: str | None = None
    #: Where the hours begin, in per cent of the width; the first aside.
    ticks: tuple[str, ...] = ()
    listed: Sequence[Block] = field(default_factory=tuple)


#: What the ride mark says, by the ride's status; the empty text means that no mark is needed.
RIDE_WORDS: dict[str, str] = {
    Ride.Status.NEEDED: "nobody named to drive",
    Ride.Status.DECLINED: "the driver declined",
    Ride.Status.NAMED: "driver named, not confirmed",
    Ride.Status.CONFIRMED: "driver confirmed",
    Ride.Status.PICKED_UP: "picked up",
    Ride.Status.WAIVED: "ride waived by a doctor",
}


def lay_out(day: BoardDay, now: datetime) -> Board:
    """Place the day's visits in a table."""
    zone = day.site.zone
    by_chair: dict[int, list[Appointment]] = defaultdict(list)
    elsewhere: dict[str, list[Appointment]] = defaultdict(list)
    for visit in day.visits:
        chair = day.chair_of.get(visit.pk)
        if chair is not None:
            by_chair[chair].append(visit)
        else:
            elsewhere[visit.practitioner.name if visit.practitioner else "No chair"].append(visit)
    rows = [
        row
        for chair in day.chairs
        for row in _rows(chair.name, chair.get_kind_display(), by_chair.pop(chair.pk, []), day, zone)
    ]
    # Chairs that are out of use but still have visits, then consults and whatever has no chair.
    for left in by_chair.values():
        rows += _rows("Chair out of use", "", left, day, zone)
    for name in sorted(elsewhere):
        rows += _rows(name, "consults" if elsewhere[name][0].practitioner else "", elsewhere[name], day, zone)
    columns = day.end - day.first
    at = (now - clock.of_cell(day.first)) / clock.CELL
    hours = tuple(_hours(day, zone))
    return Board(
        columns=columns,
        hours=hours,
        rows=tuple(rows),
        strips=tuple(_strip(load, day, zone) for load in day.nurses),
        now_at=f"{at / columns * 100:.2f}%" if columns and 0 <= at <= columns else None,
        ticks=tuple(f"{sum(span for _, span in hours[:one]) / columns * 100:.3f}%" for one in range(1, len(hours))),
        listed=tuple(_block(visit, zone) for visit in day.visits),
    )


def _hours(day: BoardDay, zone: ZoneInfo) -> Iterator[tuple[str, int]]:
    cells = range(day.first, day.end)
    # Grouped by the moment of the local hour, so that an hour that comes twice stands there twice.
    for start, group in groupby(cells, lambda cell: clock.local(clock.of_cell(cell), zone).replace(minute=0)):
        yield time_words(start, zone), len(list(group))


def _rows(name: str, note: str, visits: Iterable[Appointment], day: BoardDay, zone: ZoneInfo) -> list[Row]:
    """The visits of one chair on as few lines as their overlaps allow; one empty line when there are none."""
    lanes: list[list[Appointment]] = [[]]
    for visit in sorted(visits, key=lambda one: one.starts):
        free = next((lane for lane in lanes if not lane or lane[-1].ends <= visit.starts), None)
        if free is None:
            lanes.append([visit])
        else:
            free.append(visit)
    return [Row(name, note, tuple(_cells(lane, day, zone))) for lane in lanes]


def _cells(lane: Iterable[Appointment], day: BoardDay, zone: ZoneInfo) -> Iterator[Block | Gap]:
    at = day.first
    for visit in lane:
        start = clock.cell(visit.starts)
        if start > at:
            yield Gap(start - at)
        block = _block(visit, zone)
        yield block
        at = start + block.span
    if at < day.end:
        yield Gap(day.end - at)


def _block(visit: Appointment, zone: ZoneInfo) -> Block:
    phases, at = [], 0
    for phase in visit.protocol_version.phases.all():
        width = -(-phase.minutes // clock.CELL_MINUTES)
        phases.append(Bar(at, 0, width, 1, phase.kind))
        at += width
    ride = _ride(visit)
    hours = f"{time_words(visit.starts, zone)} to {time_words(visit.ends, zone)}"
    words = [visit.patient.name, hours, what(visit), visit.get_status_display(), RIDE_WORDS.get(ride, "")]
    return Block(
        visit=visit,
        span=clock.cell_up(visit.ends) - clock.cell(visit.starts),
        phases=tuple(phases),
        ride=ride,
        label=", ".join(str(word) for word in words if word),
    )


def _ride(visit: Appointment) -> str:
    """The ride's status; nothing for a visit that needs none, or is over."""
    ride = getattr(visit, "ride", None)
    if not visit.protocol_version.needs_ride or visit.status not in Appointment.BLOCKING:
        return ""
    return str(ride.status) if ride is not None else str(Ride.Status.NEEDED)


def what(visit: Appointment) -> str:
    """The visit's kind and place in its series: "infusion 2 of 6", "booster 1", "consult"."""
    kind = str(visit.get_kind_display())
    if visit.kind == Appointment.Kind.INFUSION and visit.series is not None:
        return f"{kind} {visit.number} of {visit.series.sessions}"
    return kind if visit.kind == Appointment.Kind.CONSULT else f"{kind} {visit.number}"


def _strip(load: NurseLoad, day: BoardDay, zone: ZoneInfo) -> Strip:
    """The watch as bars from below, the hands as a line beneath, and where she is away as a shade."""
    top = load.limit * UNIT
    bars = [
        Bar(start - day.first, 0, end - start, top, "present")
        for low, high in load.present
        if (start := max(low, day.first)) < (end := min(high, day.end))
    ]
    bars += [
        Bar(x, top - value * UNIT, width, value * UNIT, "full" if value >= load.limit else "watch")
        for x, width, value in _runs(load.watching)
        if value
    ]
    bars += [Bar(x, top + 2, width, UNIT - 4, "hands") for x, width, value in _runs(load.hands) if value]
    most = max(load.watching, default=0)
    words = f"{load.name}: watches nobody"
    if most:
        busiest = time_words(clock.of_cell(day.first + list(load.watching).index(most)), zone)
        words = f"{load.name}: busiest at {busiest}, watch {most} of {load.limit} taken"
    return Strip(load.name, len(load.watching), top + UNIT, tuple(bars), words)


def _runs(values: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """(start, length, value) of each stretch of equal values."""
    at = 0
    for value, group in groupby(values):
        length = len(list(group))
        yield at, length, value
        at += length
