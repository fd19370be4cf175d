"""The exact search: the cheapest chain of visits over (visit, day, hour), by dynamic programming.

Neighbours are tied by two things only: the days between them and the difference of their local hours. So the best
cost of a chain that ends with visit k on a day at an hour needs the best costs of visit k-1 and nothing else:

    best[k][day, hour] = price[k][day, hour] + min over gap of ( spacing(gap)
                         + min over hour' of ( best[k-1][day - gap, hour'] + SAME_HOUR * |hour - hour'| ) )

The inner minimum is a distance transform: two running minimums over the hours, one each way, which is exact because
the price of the distance is linear. A window from first to last visit is first left out; when
the best chain keeps it anyway, it is the best within it too. Otherwise the same recursion runs again for every first
day that may still be the best, on an axis of days counted from the first visit, which ends where the window does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile

import numpy as np

from scheduling.planner import cost
from scheduling.planner.grid import Bools, Ints, Longs

FIRST_DAYS_AT_ONCE = 3
"""First days that are searched side by side at first, then twice as many each time. Of some thirty days seldom more
than these come into question (measured)."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Days between two neighbours: least, most, ideal."""

    least: int
    most: int
    ideal: float

    def allows(self, days: int) -> bool:
        """Whether ``days`` lies within the limits."""
        return self.least <= days <= self.most

    def price(self, days: int) -> int:
        """Points for ``days``, IMPOSSIBLE outside the limits."""
        return cost.spacing(days, self.ideal) if self.allows(days) else cost.IMPOSSIBLE


@dataclass(frozen=True, slots=True)
class Chain:
    """Calendar row and hour slot of each visit, and the cost of the whole."""

    rows: tuple[int, ...]
    slots: tuple[int, ...]
    cost: int


Keep = Callable[[int, Ints], Ints]
"""What a visit (its index) may still have of its prices [calendar day, hour slot]; the same array where that is all."""


class Search:
    """A search for the cheapest chain, and others over the same visits that narrow it.

    ``prices``: per visit, [calendar day, hour slot] in points. ``gaps``: one fewer. ``window``: most days from the
    first visit to the last, both counted. What the best costs are up to a visit is found once, for all searches that
    leave the prices so far as they are.
    """

    def __init__(self, prices: Sequence[Ints], gaps: Sequence[Gap], window: int | None = None) -> None:
        self.prices, self.gaps, self.window = list(prices), gaps, window

    @cached_property
    def _trunk(self) -> list[Ints]:
        return _layers(self.prices, self.gaps, None)

    def cheapest(
        self, keep: Keep | None = None, apart: Sequence[int] | None = None, hours: slice = slice(None)
    ) -> Chain | None:
        """The cheapest chain, or ``None``; ties go to the earlier end and hour.

        ``keep`` may narrow the prices of each visit, ``hours`` the hour slots of all. ``apart``: calendar rows of
        another chain, from which this one must differ in the dates of at least two visits (of one, where there is only
        one).
        """
        prices = self.prices if keep is None else [keep(index, price) for index, price in enumerate(self.prices)]
        prices = prices if hours == slice(None) else [price[:, hours] for price in prices]
        found = self._free(prices, apart)
        if found is not None and self.window is not None and found.rows[-1] - found.rows[0] >= self.window:
            found = _solve_within(prices, self.gaps, self.window, apart)
        if found is None or not hours.start:
            return found
        return replace(found, slots=tuple(slot + hours.start for slot in found.slots))

    def _free(self, prices: Sequence[Ints], apart: Sequence[int] | None) -> Chain | None:
        """The cheapest chain, the window left out."""
        if apart is None:
            same = sum(1 for _ in takewhile(lambda pair: pair[0] is pair[1], zip(prices, self.prices, strict=True)))
            layers = _layers(prices, self.gaps, None, self._trunk[:same] if same else ())
        else:
            rows = np.arange(prices[0].shape[0])
            layers = _layers(prices, self.gaps, [rows == row for row in apart])
        at = np.unravel_index(int(layers[-1].argmin()), layers[-1].shape)
        if layers[-1][at] >= cost.IMPOSSIBLE:
            return None
        same_rows = None if apart is None else list(apart)
        return _walk_back(layers, prices, self.gaps, (int(at[0]), int(at[1]), int(at[2])), same_rows)


def _solve_within(
    prices: Sequence[Ints], gaps: Sequence[Gap], window: int, apart: Sequence[int] | None
) -> Chain | None:
    """One search per first day, some of them side by side; a first day that cannot be the best is left out.

    What a chain from that day on costs without the window is the least that it can cost within. The days are searched
    in that order, until the next one promises more than what is found.
    """
    bounds = _least_from(prices, gaps)
    firsts = np.flatnonzero(bounds < cost.IMPOSSIBLE)
    firsts = firsts[np.argsort(bounds[firsts], kind="stable")]
    best: Chain | None = None
    at, step = 0, FIRST_DAYS_AT_ONCE
    while at < len(firsts) and (best is None or bounds[firsts[at]] <= best.cost):
        some = np.sort(firsts[at : at + step])
        found = _solve_from(some, prices, gaps, window, apart)
        if found is not None and (best is None or (found.cost, found.rows[0]) < (best.cost, best.rows[0])):
            best = found
        at, step = at + step, 2 * step
    return best


def _least_from(prices: Sequence[Ints], gaps: Sequence[Gap]) -> Ints:
    """[day]: the least cost of a chain whose first visit is on that day, the window left out: read backwards in time,
    it is the best cost of a chain that ends there."""
    layers = _layers([price[::-1] for price in reversed(prices)], list(reversed(gaps)), None)
    least: Ints = layers[-1][0].min(axis=1)[::-1]
    return least


def _solve_from(
    firsts: Longs, prices: Sequence[Ints], gaps: Sequence[Gap], window: int, apart: Sequence[int] | None
) -> Chain | None:
    """The best chain within the window that begins on one of ``firsts``: days are counted from the first visit."""
    if window < len(prices):
        return None
    absolute = firsts[:, None] + np.arange(window)[None, :]
    padded = [np.pad(price, ((0, window), (0, 0)), constant_values=cost.IMPOSSIBLE) for price in prices]
    local = [price[absolute] for price in padded]
    local[0][:, 1:] = cost.IMPOSSIBLE
    layers = _layers(local, gaps, None if apart is None else [absolute == row for row in apart])
    level, first, day, slot = (int(one) for one in np.unravel_index(int(layers[-1].argmin()), layers[-1].shape))
    if layers[-1][level, first, day, slot] >= cost.IMPOSSIBLE:
        return None
    offset = int(firsts[first])
    same = None if apart is None else [row - offset for row in apart]
    own = [price[first] for price in local]
    found = _walk_back([layer[:, first] for layer in layers], own, gaps, (level, day, slot), same)
    return Chain(tuple(row + offset for row in found.rows), found.slots, found.cost)


def _layers(
    prices: Sequence[Ints], gaps: Sequence[Gap], same: Sequence[Bools] | None, known: Sequence[Ints] = ()
) -> list[Ints]:
    """Best costs per visit, [dates that differ so far, ..., day, slot]; the first axis is 1 long unless asked for.

    ``same[k]``: on which days visit k would keep its date of the other chain. ``known``: those of the first visits.
    """
    reached: list[Ints] = list(known)
    need = min(2, len(prices))
    for number, price in enumerate(prices[len(reached) :], start=len(reached)):
        if number:
            came = _reach(reached[-1], gaps[number - 1])
        else:
            came = np.zeros((1 if same is None else need + 1, *price.shape), dtype=np.int32)
            came[1:] = cost.IMPOSSIBLE
        if same is not None:
            came = _count_differences(came, same[number][..., None])
        reached.append(np.minimum(came + price, cost.IMPOSSIBLE))
    if same is not None:
        reached[-1][:need] = cost.IMPOSSIBLE
    return reached


def _count_differences(came: Ints, kept: Bools) -> Ints:
    """Move each chain one level up where its date differs from the other chain's; the top level stays the top."""
    moved = np.full_like(came, cost.IMPOSSIBLE)
    moved[1:] = came[:-1]
    moved[-1] = np.minimum(moved[-1], came[-1])
    return np.where(kept, came, moved)


def _reach(best: Ints, gap: Gap) -> Ints:
    """What it costs to come to each day and hour from the visit before, its own price left out."""
    spread = same_hour(best)
    came = np.full_like(best, cost.IMPOSSIBLE)
    for days in range(gap.least, min(gap.most, best.shape[-2] - 1) + 1):
        later = came[..., days:, :]
        np.minimum(later, spread[..., :-days, :] + cost.spacing(days, gap.ideal), out=later)
    return came


def same_hour(best: Ints) -> Ints:
    """For every hour the least of (cost at another hour + price of the difference).

    Exact, because the price is linear: from earlier hours it is a running minimum of ``best`` less the price from the
    first hour on; from later hours the same in reverse.
    """
    ramp = np.arange(best.shape[-1], dtype=np.int32) * cost.SAME_HOUR
    rising = np.minimum.accumulate(best - ramp, axis=-1) + ramp
    falling = np.minimum.accumulate((best + ramp)[..., ::-1], axis=-1)[..., ::-1] - ramp
    return np.minimum(rising, falling)


def _walk_back(
    layers: Sequence[Ints],
    prices: Sequence[Ints],
    gaps: Sequence[Gap],
    end: tuple[int, int, int],
    same: Sequence[int] | None,
) -> Chain:
    """Follow the best costs back from ``end`` (level, day, slot) of the last visit."""
    level, day, slot = end
    total = int(layers[-1][end])
    rows, slots = [day], [slot]
    for number in range(len(layers) - 1, 0, -1):
        gap, before = gaps[number - 1], layers[number - 1]
        earlier = np.arange(max(0, day - gap.most), day - gap.least + 1)
        spacing = np.asarray([cost.spacing(day - int(one), gap.ideal) for one in earlier])[:, None]
        distance = np.abs(np.arange(before.shape[-1]) - slot)[None, :] * cost.SAME_HOUR
        choices = _levels_before(level, before.shape[0] - 1, same is None or same[number] == day)
        wanted = int(layers[number][level, day, slot]) - int(prices[number][day, slot])
        for choice in choices:
            sums = before[choice][earlier] + spacing + distance
            at = int(sums.argmin())
            if int(sums.flat[at]) == wanted:
                level = choice
                day, slot = int(earlier[at // sums.shape[1]]), at % sums.shape[1]
                break
        rows.append(day)
        slots.append(slot)
    return Chain(tuple(reversed(rows)), tuple(reversed(slots)), total)


def _levels_before(level: int, top: int, kept: bool) -> list[int]:
    """From which counts of differing dates a chain can come to ``level``."""
    if kept:
        return [level]
    if level == top:
        return [level, level - 1] if level else [level]
    return [level - 1]
