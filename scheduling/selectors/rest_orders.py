"""In which order the visits of a series may come when a part of it is planned anew."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import combinations_with_replacement, islice

from scheduling.models import Appointment
from scheduling.selectors.rest import Rest

#: How many orders are tried when visits have to make room: all of them for two visits among the six of an induction.
MOST_ORDERS = 36

Order = tuple[Sequence[Appointment | None], Sequence[Appointment]]
"""The visits in the order in which they come (None: one without a place yet), and those of them that leave theirs."""


def lines_of_move(rest: Rest, mine: Appointment, to_date: date) -> list[Order]:
    """Orders in which the visits may come when `mine` goes to a date, each with those that then have to leave.

    Visits of a series do the same, so one that stands too near the date may take any place among the others: often
    one visit goes to the end, where otherwise all of them would be pushed along. First comes the order as it was.
    """
    others = [one for one in rest.coming if one.pk != mine.pk]
    near = [
        one for one in others if abs((rest.day(one) - to_date).days) < rest.spacing.least and not rest.is_fixed(one)
    ]
    at = rest.coming.index(mine)
    lines: list[Order] = [([*others[:at], mine, *others[at:]], [])]
    there = bisect_left([rest.day(one) for one in others], to_date)
    lines.append(([*others[:there], mine, *others[there:]], []))
    staying = [one for one in others if one not in near]
    there = bisect_left([rest.day(one) for one in staying], to_date)
    base = [*staying[:there], mine, *staying[there:]]
    orders = combinations_with_replacement(range(len(base) + 1), len(near))
    for gaps in islice(orders, MOST_ORDERS):
        line = list(base)
        for gap, one in reversed(list(zip(gaps, near, strict=True))):
            line.insert(gap, one)
        lines.append((line, near))
    return [*lines, ([*base, *near], near)]


def line_on(dates: Sequence[date], there: Mapping[date, Appointment], visits: Sequence[Appointment]) -> Order:
    """The visits in the order in which they come on these dates, and those that leave: `there` are the ones that stand
    on a date, the others of `visits` fill the dates that are new, and what is then left is a visit without a place.
    """
    standing = {one.pk for day, one in there.items() if day in dates}
    leaving = [one for one in visits if one.pk not in standing]
    waiting = iter(leaving)
    return [there[day] if day in there else next(waiting, None) for day in dates], leaving
