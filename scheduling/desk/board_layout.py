"""The day board as a table: rows of chairs, five-minute columns, visits that span some of them, phases drawn inside.

Geometry is in colspans and SVG attributes, since the pages carry no style attributes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from zoneinfo import ZoneInfo

from clinic import clock
from clinic.models import ResourceKind
from scheduling.desk.board_blocks import Block, block_of, phases_of
from scheduling.desk.board_gaps import Gap, Gaps
from scheduling.desk.board_strips import Strip, strips, together
from scheduling.models import Ride
from scheduling.selectors.board import BoardDay
from scheduling.when import time_words

_KINDS = {kind.value: str(kind.label) for kind in ResourceKind}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. A chair on which facts overlap has several, of which the first carries the name."""

    name: str
    note: str
    cells: tuple[Block | Gap, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """What the template draws. `hours`: (words, columns) of the head. `now_at`: per cent of the width, or None.

    `ticks`: where the hours begin, in per cent of the width; the first aside.
    """

    columns: int
    hours: tuple[tuple[str, int], ...]
    rows: tuple[Row, ...]
    strips: tuple[Strip, ...]
    together: tuple[Strip, ...]
    now_at: str | None
    ticks: tuple[str, ...]
    listed: Sequence[Block]

    def count(self, look: str) -> int:
        """How many visits look so: "arrived", "late", "overtime"."""
        return sum(block.look == look for block in self.listed)

    @property
    def late(self) -> int:
        """Patients who should be here and are not."""
        return self.count("late")

    @property
    def here(self) -> int:
        """Patients who are here."""
        return self.count("arrived") + self.count("overtime")

    @property
    def rides_missing(self) -> int:
        """Visits that nobody drives home from."""
        return sum(block.ride in Ride.MISSING for block in self.listed)


def lay_out(day: BoardDay, now: datetime) -> Board:
    """Place the day's visits in a table."""
    zone = day.site.zone
    names = {chair.pk: chair.name for chair in day.chairs}
    # Most visits begin and end at the same few times.
    words = cache(lambda moment: time_words(moment, zone))
    bars = cache(lambda version, span: phases_of(version, day, span))
    blocks = {visit.id: block_of(visit, day, names, now, words, bars) for visit in day.visits}
    by_chair: dict[int, list[Block]] = defaultdict(list)
    elsewhere: dict[str, list[Block]] = defaultdict(list)
    for block in blocks.values():
        chair = day.chair_of.get(block.visit.id)
        if chair is not None:
            by_chair[chair].append(block)
        else:
            elsewhere[block.visit.practitioner or "No chair"].append(block)
    at_now = min(max(clock.cell_up(now), day.first), day.end)
    rows = [
        row
        for chair in day.chairs
        for row in _rows(
            chair.name,
            _KINDS[chair.kind],
            by_chair.pop(chair.pk, []),
            day,
            Gaps(chair.name, day.chair_days[chair.pk], zone, at_now, words),
        )
    ]
    # Chairs that are out of use but still have visits, then consults and whatever has no chair.
    for left in by_chair.values():
        rows += _rows("Chair out of use", "", left, day, None)
    for name in sorted(elsewhere):
        rows += _rows(name, "consults" if elsewhere[name][0].visit.practitioner else "", elsewhere[name], day, None)
    columns = day.end - day.first
    at = (now - clock.of_cell(day.first)) / clock.CELL
    hours = tuple(_hours(day, zone))
    return Board(
        columns=columns,
        hours=hours,
        rows=tuple(rows),
        strips=strips(day),
        together=together(day),
        now_at=f"{at / columns * 100:.2f}%" if columns and 0 <= at <= columns else None,
        ticks=tuple(f"{sum(span for _, span in hours[:one]) / columns * 100:.3f}%" for one in range(1, len(hours))),
        listed=tuple(blocks.values()),
    )


def _hours(day: BoardDay, zone: ZoneInfo) -> Iterator[tuple[str, int]]:
    cells = range(day.first, day.end)
    # Grouped by the moment of the local hour, so that an hour that comes twice stands there twice.
    for start, group in groupby(cells, lambda cell: clock.local(clock.of_cell(cell), zone).replace(minute=0)):
        yield time_words(start, zone), len(list(group))


def _rows(name: str, note: str, blocks: Iterable[Block], day: BoardDay, gaps: Gaps | None) -> list[Row]:
    """The visits of one chair on as few lines as their overlaps allow; one empty line when there are none."""
    lanes: list[list[Block]] = [[]]
    for block in sorted(blocks, key=lambda one: one.column):
        free = next((lane for lane in lanes if not lane or lane[-1].column + lane[-1].span <= block.column), None)
        if free is None:
            lanes.append([block])
        else:
            free.append(block)
    return [
        Row(name, note, tuple(_cells(lane, day, gaps if number == 0 else None))) for number, lane in enumerate(lanes)
    ]


def _cells(lane: Iterable[Block], day: BoardDay, gaps: Gaps | None) -> Iterator[Block | Gap]:
    at = day.first
    for block in lane:
        start = day.first + block.column
        yield from _between(at, start, gaps)
        yield block
        at = start + block.span
    yield from _between(at, day.end, gaps)


def _between(start: int, end: int, gaps: Gaps | None) -> Iterator[Gap]:
    if start < end:
        yield from gaps.between(start, end) if gaps is not None else [Gap(end - start, "past")]
