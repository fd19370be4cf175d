"""What lies between the visits of a chair: free time to book, cleaning, time kept for somebody, closed hours."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from clinic import clock
from scheduling.selectors.board import ChairDay
from scheduling.selectors.local_days import subtract

#: Free time shorter than this, in cells, is not offered: the shortest visit with its preparation takes longer.
LEAST_GAP = 6


@dataclass(frozen=True, slots=True)
class Gap:
    """No visit for `span` columns: `kind` is "free", "cleaning", "kept", "closed" or "past".

    A free one says how long it is (`words`), for whom reads instead of looks where and when (`label`), and from when
    something could be booked (`since`: "10:15").
    """

    span: int
    kind: str
    words: str = ""
    label: str = ""
    since: str = ""

    is_visit: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Gaps:
    """What lies between the visits of one chair. `now`: a cell; `words`: a moment as the site's clock shows it."""

    name: str
    day: ChairDay
    zone: ZoneInfo
    now: int
    words: Callable[[datetime], str]

    def between(self, start: int, end: int) -> Iterator[Gap]:
        """The cells [start, end), in order."""
        pieces = [
            *((low, high, "closed") for low, high in subtract([(start, end)], self.day.open)),
            *((low, high, "cleaning") for low, high in _common(self.day.cleaning, start, end)),
            *((low, high, "kept") for low, high in _common(self.day.kept, start, end)),
        ]
        at = start
        for low, high, kind in sorted(pieces):
            yield from self._free(at, low)
            if high > at:
                yield Gap(high - max(low, at), kind)
            at = max(at, high)
        yield from self._free(at, end)

    def _free(self, start: int, end: int) -> Iterator[Gap]:
        ahead = min(max(start, self.now), end)
        if start < ahead:
            yield Gap(ahead - start, "past")
        if ahead >= end:
            return
        if end - ahead < LEAST_GAP:
            yield Gap(end - ahead, "free")
            return
        long = duration_words(end - ahead)
        since, until = clock.of_cell(ahead), clock.of_cell(end)
        hours = f"{self.words(since)} to {self.words(until)}"
        yield Gap(
            end - ahead,
            "free",
            long,
            f"{self.name} is free for {long}, {hours}",
            f"{clock.local(since, self.zone):%H:%M}",
        )


def _common(stretches: Iterable[tuple[int, int]], start: int, end: int) -> Iterator[tuple[int, int]]:
    for low, high in stretches:
        if max(low, start) < min(high, end):
            yield max(low, start), min(high, end)


def duration_words(cells: int) -> str:
    """So many cells as people say it: "45 min", "2 h", "1 h 40"."""
    hours, minutes = divmod(cells * clock.CELL_MINUTES, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes:02d}" if minutes else f"{hours} h"
