"""A few plans that really differ, so that the clerk has something to choose from.

Two plans differ when at least two visits (the one, where there is only one) fall on other dates, or the median start
differs by two hours, or one ends three days before the other. The best plan is exact; each alternative is the exact
best of one way to differ from it: other dates, an earlier end, everything later or earlier in the day.
"""

from collections.abc import Iterator
from itertools import pairwise
from statistics import median

from scheduling.planner import cost
from scheduling.planner.chain import Chain, Search
from scheduling.planner.grid import Ints
from scheduling.planner.values import CELL_MINUTES

OTHER_DATES = 2
HOURS_APART = 120 // CELL_MINUTES
DAYS_EARLIER = 3


def different(one: Chain, two: Chain) -> bool:
    """Whether two chains differ enough to be shown beside each other."""
    dates = sum(a != b for a, b in zip(one.rows, two.rows, strict=True))
    return (
        dates >= min(OTHER_DATES, len(one.rows))
        or abs(median(one.slots) - median(two.slots)) >= HOURS_APART
        or abs(one.rows[-1] - two.rows[-1]) >= DAYS_EARLIER
    )


def with_alternatives(search: Search, best: Chain, wanted: int) -> list[Chain]:
    """``best`` and chains of ``search`` beside it, ``wanted`` in all at most: all different, cheapest first."""
    chosen = [best]
    for stage in (_main_ways, _pairs_of_dates) if wanted > 1 else ():
        pool = sorted((chain for chain in stage(search, best) if chain is not None), key=lambda one: one.cost)
        for chain in pool:
            if len(chosen) < wanted and all(different(chain, other) for other in chosen):
                chosen.append(chain)
        if len(chosen) >= wanted:
            break
    return [best, *sorted(chosen[1:], key=lambda one: one.cost)]


def _main_ways(search: Search, best: Chain) -> Iterator[Chain | None]:
    middle, last = median(best.slots), len(best.rows) - 1
    end, slots = best.rows[-1] - DAYS_EARLIER, search.prices[0].shape[1]
    later, earlier = int(middle + HOURS_APART + 0.5), int(middle - HOURS_APART)
    yield search.cheapest(apart=best.rows)
    yield search.cheapest(
        lambda index, price: _without(price, slice(max(0, end + 1), None)) if index == last else price
    )
    if later < slots:
        yield search.cheapest(hours=slice(later, None))
    if earlier >= 0:
        yield search.cheapest(hours=slice(0, earlier + 1))


def _pairs_of_dates(search: Search, best: Chain) -> Iterator[Chain | None]:
    """Two neighbours off the dates they have in the best plan, for each pair of neighbours."""
    for pair in pairwise(range(len(best.rows))):

        def keep(index: int, price: Ints, pair: tuple[int, int] = pair) -> Ints:
            return _without(price, best.rows[index]) if index in pair else price

        yield search.cheapest(keep)


def _without(price: Ints, days: int | slice) -> Ints:
    kept = price.copy()
    kept[days] = cost.IMPOSSIBLE
    return kept
