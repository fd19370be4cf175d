"""A few plans that really differ, so that the clerk has something to choose from.

Two plans differ when at least two visits (the one, where there is only one) fall on other dates, or the median start
differs by two hours, or one ends three days before the other. The best plan is exact; each alternative is the exact
best of one way to differ from it: other dates, an earlier end, everything later or earlier in the day.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from statistics import median

from scheduling.planner import cost
from scheduling.planner.chain import Chain
from scheduling.planner.grid import Ints
from scheduling.planner.problem import Problem
from scheduling.planner.values import CELL_MINUTES

OTHER_DATES = 2
HOURS_APART = 120 // CELL_MINUTES
DAYS_EARLIER = 3

Keep = Callable[[int, Ints], Ints]


def different(one: Chain, two: Chain) -> bool:
    """Whether two chains differ enough to be shown beside each other."""
    dates = sum(a != b for a, b in zip(one.rows, two.rows, strict=True))
    return (
        dates >= min(OTHER_DATES, len(one.rows))
        or abs(median(one.slots) - median(two.slots)) >= HOURS_APART
        or abs(one.rows[-1] - two.rows[-1]) >= DAYS_EARLIER
    )


def with_alternatives(problem: Problem, best: Chain) -> list[Chain]:
    """``best`` and up to ``request.alternatives - 1`` chains more, all different from each other, cheapest first."""
    chosen = [best]
    wanted = max(1, problem.request.alternatives)
    if wanted == 1:
        return chosen
    for stage in (_main_ways, _pairs_of_dates):
        pool = sorted((chain for chain in stage(problem, best) if chain is not None), key=lambda one: one.cost)
        for chain in pool:
            if len(chosen) < wanted and all(different(chain, other) for other in chosen):
                chosen.append(chain)
        if len(chosen) >= wanted:
            break
    return [best, *sorted(chosen[1:], key=lambda one: one.cost)]


def _main_ways(problem: Problem, best: Chain) -> Iterator[Chain | None]:
    middle, last = median(best.slots), len(best.rows) - 1
    end = best.rows[-1] - DAYS_EARLIER
    yield problem.cheapest(apart=best.rows)
    yield problem.cheapest(keep=_only(lambda index: (slice(0, end + 1) if index == last else slice(None), slice(None))))
    later, earlier = int(middle + HOURS_APART + 0.5), int(middle - HOURS_APART)
    if later < problem.slots:
        yield problem.cheapest(keep=_only(lambda index: (slice(None), slice(later, None))))
    if earlier >= 0:
        yield problem.cheapest(keep=_only(lambda index: (slice(None), slice(0, earlier + 1))))


def _pairs_of_dates(problem: Problem, best: Chain) -> Iterator[Chain | None]:
    """Two neighbours off the dates they have in the best plan, for each pair of neighbours."""
    for pair in pairwise(range(len(best.rows))):

        def keep(index: int, price: Ints, pair: tuple[int, int] = pair) -> Ints:
            if index not in pair:
                return price
            barred = price.copy()
            barred[best.rows[index]] = cost.IMPOSSIBLE
            return barred

        yield problem.cheapest(keep=keep)


def _only(where: Callable[[int], tuple[slice, slice]]) -> Keep:
    """Leave only the days and slots that ``where`` names for each visit."""

    def keep(index: int, price: Ints) -> Ints:
        part = where(index)
        kept = price.copy()
        kept[...] = cost.IMPOSSIBLE
        kept[part] = price[part]
        return kept

    return keep
