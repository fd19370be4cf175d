"""Unit numbers for counts: which watch unit of a nurse each hold is written on.

Legality is the count of units free in every cell. Whether a hold lies on unit 1 or 3 means nothing to anybody, but the
database keeps holds apart by unit numbers, so each needs some. A legal need always fits beside what is there, without
moving anything: it is written as as many rows as the free numbers ask for, changing numbers on the way if it must.
``relabel`` numbers a whole day afresh, with every hold on the same numbers from its start to its end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stretch:
    """``units`` units of one resource in cells ``[start, end)``. ``key`` is the caller's and comes back on the rows."""

    start: int
    end: int
    units: int
    key: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """Units ``[lower, upper)`` of one resource in cells ``[start, end)``."""

    start: int
    end: int
    lower: int
    upper: int
    key: int = 0


def fit(existing: Iterable[Row], needs: Iterable[Stretch], lower: int, upper: int) -> tuple[Row, ...] | None:
    """Rows for ``needs`` within units ``[lower, upper)`` beside ``existing``, which stay as they are.

    ``None`` when some cell has too few units free, and only then. Each unit a need holds is kept as long as it is free,
    and followed by the one that is free longest, so a need changes numbers as seldom as it can.
    """
    used = list(existing)
    added: list[Row] = []
    for need in sorted(needs, key=lambda one: (one.start, -one.units, one.key)):
        rows = _place(used, need, lower, upper)
        if rows is None:
            return None
        used += rows
        added += rows
    return tuple(added)


def relabel(stretches: Iterable[Stretch], lower: int, upper: int) -> tuple[Row, ...]:
    """Number all ``stretches`` of one resource afresh within units ``[lower, upper)``, each on its units to its end.

    In order of their starts every one takes units that are free, side by side where it can; for stretches of time this
    never fails while the counts are legal.

    Raises:
        ValueError: more units are asked for at once than there are.
    """
    ends: dict[int, int | None] = dict.fromkeys(range(lower, upper))
    rows: list[Row] = []
    for need in sorted(stretches, key=lambda one: (one.start, -one.units, one.key)):
        free = [label for label, end in ends.items() if end is None or end <= need.start]
        if len(free) < need.units:
            raise ValueError(f"More than {upper - lower} units are asked for at once.")
        chosen = _side_by_side(free, need.units)
        for label in chosen:
            ends[label] = need.end
        rows += [Row(need.start, need.end, low, high, need.key) for low, high in _ranges(chosen)]
    return tuple(rows)


def _place(used: Sequence[Row], need: Stretch, lower: int, upper: int) -> list[Row] | None:
    """Walk through the need; at each change of the free units drop what ends and take what is free longest."""
    near = [row for row in used if row.start < need.end and row.end > need.start]
    held: dict[int, int] = {}
    done: list[tuple[int, int, int]] = []
    at = need.start
    while at < need.end:
        until = {label: _free_until(near, label, at, need.end) for label in range(lower, upper)}
        for label in [label for label in held if until[label] <= at]:
            done.append((held.pop(label), at, label))
        spare = sorted(label for label in until if until[label] > at and label not in held)
        missing = need.units - len(held)
        if len(spare) < missing:
            return None
        for label in _longest(spare, until, missing):
            held[label] = at
        at = min(until[label] for label in held) if held else need.end
    done += [(start, need.end, label) for label, start in held.items()]
    rows = []
    for start, end in sorted({(start, end) for start, end, _ in done}):
        labels = sorted(label for a, b, label in done if (a, b) == (start, end))
        rows += [Row(start, end, low, high, need.key) for low, high in _ranges(labels)]
    return rows


def _free_until(rows: Sequence[Row], label: int, at: int, end: int) -> int:
    """The cell up to which ``label`` is free from ``at`` on; ``at`` itself when it is held."""
    later = [row.start for row in rows if row.lower <= label < row.upper and row.end > at]
    return max(at, min([*later, end]))


def _longest(spare: Sequence[int], until: dict[int, int], count: int) -> list[int]:
    """``count`` labels that stay free longest; among equals, side by side where that is possible."""
    if not count:
        return []
    ranked = sorted(spare, key=lambda label: (-until[label], label))
    least = until[ranked[count - 1]]
    sure = [label for label in ranked if until[label] > least]
    equal = sorted(label for label in spare if until[label] == least)
    return sure + _side_by_side(equal, count - len(sure))


def _side_by_side(free: Sequence[int], count: int) -> list[int]:
    """The first ``count`` of ``free`` (sorted) that lie side by side, else the first ``count``."""
    for first in range(len(free) - count + 1):
        if count and free[first + count - 1] - free[first] == count - 1:
            return list(free[first : first + count])
    return list(free[:count])


def _ranges(labels: Sequence[int]) -> list[tuple[int, int]]:
    """Half-open ranges of consecutive numbers."""
    ranges: list[tuple[int, int]] = []
    for label in sorted(labels):
        if ranges and ranges[-1][1] == label:
            ranges[-1] = (ranges[-1][0], label + 1)
        else:
            ranges.append((label, label + 1))
    return ranges
