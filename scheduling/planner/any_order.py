"""On which dates the visits of a series can lie so that the fewest of them leave the date they have, in any order.

The visits of a series do the same, so it does not matter which of them comes when, only on which dates there is one.
That leaves a small exact search over dates alone: the most dates kept, and of the ways to keep so many the one with the
cheapest gaps and days. Which hour, chair and nurse each visit gets is then the business of ``moves.replan``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as Date
from typing import NamedTuple

from scheduling.planner import cost

LEAVES = 1 << 40
"""More than all gaps and days together cost: one date kept outweighs them."""


@dataclass(frozen=True, slots=True)
class DatesWanted:
    """What is asked for.

    ``count``: visits to place. ``kept``: dates that visits have and may keep; ``musts``: dates on which there must be
    one, of these or new ones (whether one can be there is not asked here). ``new``: points of the cheapest start by
    date, for every date on which something new may lie. ``least``, ``most``, ``ideal``: days between neighbours;
    ``apart``: days between two neighbours (by date) that stand further apart already and may stay so. ``previous``: the
    visit before. ``window``: most days from the first visit to the last, both counted, from ``window_start`` on where
    the first is over.
    """

    count: int
    kept: frozenset[Date]
    musts: frozenset[Date]
    new: Mapping[Date, int]
    least: int
    most: int
    ideal: float
    previous: Date | None = None
    window: int | None = None
    window_start: Date | None = None
    apart: Mapping[tuple[Date, Date], int] = field(default_factory=dict)


class _Way(NamedTuple):
    """The best way so far to end on a date: points, and the dates."""

    points: int
    dates: tuple[Date, ...]


def fewest_leave(wanted: DatesWanted) -> tuple[Date, ...] | None:
    """The dates, in order; ``None`` where there is no way."""
    prices = {date: points + LEAVES for date, points in wanted.new.items()} | dict.fromkeys(wanted.kept, 0)
    for must in wanted.musts:
        prices.setdefault(must, LEAVES)
    dates = sorted(prices)
    if wanted.window is not None and wanted.window_start is not None:
        dates = [date for date in dates if (date - wanted.window_start).days < (wanted.window or 0)]
        return _best(wanted, prices, dates, None)
    free = _best(wanted, prices, dates, None)
    if free is None or wanted.window is None or (free[-1] - free[0]).days < wanted.window:
        return free
    ways = []
    for number, first in enumerate(dates):
        within = [date for date in dates[number:] if (date - first).days < wanted.window]
        found = _best(wanted, prices, within, first)
        if found is not None:
            ways.append((_points(wanted, prices, found), found))
    return min(ways)[1] if ways else None


def _best(
    wanted: DatesWanted, prices: Mapping[Date, int], dates: list[Date], first: Date | None
) -> tuple[Date, ...] | None:
    """The cheapest chain over ``dates``, on ``first`` to begin with where that is given."""
    musts = sorted(wanted.musts)
    if not wanted.musts <= set(dates):
        return None
    ways: dict[Date, _Way] = {}
    for date in dates:
        waits = musts and date > musts[0]
        if waits or (first is not None and date != first):
            continue
        gap = _gap(wanted, wanted.previous, date)
        if gap is not None:
            ways[date] = _Way(prices[date] + gap, (date,))
    for _ in range(wanted.count - 1):
        further: dict[Date, _Way] = {}
        for earlier, way in ways.items():
            limit = next((must for must in musts if must > earlier), None)
            for date in dates:
                if date <= earlier or (limit is not None and date > limit):
                    continue
                gap = _gap(wanted, earlier, date)
                if gap is None:
                    continue
                points = way.points + gap + prices[date]
                if date not in further or points < further[date].points:
                    further[date] = _Way(points, (*way.dates, date))
        ways = further
    ends = [way for date, way in ways.items() if not musts or date >= musts[-1]]
    return min(ends).dates if ends else None


def _gap(wanted: DatesWanted, earlier: Date | None, date: Date) -> int | None:
    """Points for the days between two neighbours, ``None`` where they may not lie so."""
    if earlier is None:
        return 0
    days = (date - earlier).days
    if not wanted.least <= days <= max(wanted.most, wanted.apart.get((earlier, date), 0)):
        return None
    return cost.spacing(days, wanted.ideal)


def _points(wanted: DatesWanted, prices: Mapping[Date, int], dates: tuple[Date, ...]) -> int:
    line = (wanted.previous, *dates)
    gaps = [_gap(wanted, earlier, date) or 0 for earlier, date in zip(line, dates, strict=False)]
    return sum(prices[date] for date in dates) + sum(gaps)
