"""The nurses' load as drawings: how many patients each watches against her limit, and when her hands are taken."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from zoneinfo import ZoneInfo

import numpy as np

from clinic import clock
from scheduling.planner.values import Stretches
from scheduling.selectors.board import BoardDay, NurseLoad
from scheduling.when import time_words

#: Rows of a drawing: one unit of watch is this high.
UNIT = 10
#: How high the drawing of all nurses together is, whatever their number.
TOGETHER = 28


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle of a drawing, in its own units."""

    x: int
    y: float
    width: int
    height: float
    kind: str


@dataclass(frozen=True, slots=True)
class Strip:
    """A load: bars in a box `width` wide and `height` high, and the same in words. `note`: the limit in short."""

    name: str
    note: str
    width: int
    height: int
    bars: tuple[Bar, ...]
    words: str


def strips(day: BoardDay) -> tuple[Strip, ...]:
    """One for each nurse of the day."""
    return tuple(_of_nurse(load, day) for load in day.nurses)


def together(day: BoardDay) -> tuple[Strip, ...]:
    """All nurses as two strips, watch and hands; none where no nurse works."""
    if not day.nurses:
        return ()
    width = day.end - day.first
    limits, people = np.zeros(width, dtype=np.int64), np.zeros(width, dtype=np.int64)
    for load in day.nurses:
        for start, end in _inside(load.present, day):
            limits[start:end] += load.limit
            people[start:end] += 1
    watching = np.sum([load.watching for load in day.nurses], axis=0)
    hands = np.sum([load.hands for load in day.nurses], axis=0)
    zone = day.site.zone
    return (
        _of_all("All watching", "patients", watching.tolist(), limits.tolist(), day.first, zone),
        _of_all("All hands", "nurses", hands.tolist(), people.tolist(), day.first, zone),
    )


def _of_nurse(load: NurseLoad, day: BoardDay) -> Strip:
    """The watch as bars from below, the hands as a line beneath, and where she works as a ground."""
    top = load.limit * UNIT
    bars = [Bar(start, 0, end - start, top, "present") for start, end in _inside(load.present, day)]
    bars += [
        Bar(x, top - value * UNIT, width, value * UNIT, "full" if value >= load.limit else "watch")
        for x, width, value in _runs(load.watching)
        if value
    ]
    bars += [Bar(x, top + 2, width, UNIT - 4, "hands") for x, width, value in _runs(load.hands) if value]
    words = f"{load.name}: watches nobody"
    most = max(load.watching, default=0)
    if most:
        busiest = time_words(clock.of_cell(day.first + list(load.watching).index(most)), day.site.zone)
        words = f"{load.name}: busiest at {busiest}, watch {most} of {load.limit} taken"
    return Strip(load.name, f"limit {load.limit}", len(load.watching), top + UNIT, tuple(bars), words)


def _of_all(name: str, unit: str, taken: Sequence[int], limits: Sequence[int], first: int, zone: ZoneInfo) -> Strip:
    """What is taken of what is there, cell by cell; the ground is as high as the limit at that time."""
    most = max((*limits, *taken, 1))
    scale = TOGETHER / most
    bars = [
        Bar(x, TOGETHER - value * scale, width, value * scale, "present") for x, width, value in _runs(limits) if value
    ]
    at = 0
    for (value, limit), group in groupby(zip(taken, limits, strict=True)):
        width = len(list(group))
        if value:
            kind = "full" if value >= limit else "watch"
            bars.append(Bar(at, TOGETHER - value * scale, width, value * scale, kind))
        at += width
    shares = [(value / limit if limit else 2.0, value) for value, limit in zip(taken, limits, strict=True) if value]
    words = f"{name}: nothing is taken"
    if shares:
        tightest = max(shares)
        cell = next(
            number
            for number, (value, limit) in enumerate(zip(taken, limits, strict=True))
            if value and (value / limit if limit else 2.0, value) == tightest
        )
        when = time_words(clock.of_cell(first + cell), zone)
        words = f"{name}: tightest at {when}, {taken[cell]} of {limits[cell]} {unit} taken"
    return Strip(name, f"limit {max(limits, default=0)}", len(taken), TOGETHER, tuple(bars), words)


def _inside(stretches: Stretches, day: BoardDay) -> Iterator[tuple[int, int]]:
    """The stretches as columns of the board."""
    for low, high in stretches:
        if (start := max(low, day.first)) < (end := min(high, day.end)):
            yield start - day.first, end - day.first


def _runs(values: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """(start, length, value) of each stretch of equal values."""
    at = 0
    for value, group in groupby(values):
        length = len(list(group))
        yield at, length, value
        at += length
