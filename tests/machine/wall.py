"""The wall clock and the holidays of Albany, New York, by their rules, for whatever year the machine's clock comes to.

Written down here once more, so that the plain truth owes nothing to the code under test or to its libraries.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CELLS_A_DAY = 288
WINTER, SUMMER = 60, 48
"""Cells by which New York is behind UTC: five hours, four while it saves daylight."""
MONDAY, TUESDAY, THURSDAY, SATURDAY, SUNDAY = 0, 1, 3, 5, 6


def behind_utc(cell: int) -> int:
    """Cells by which the wall clock is behind UTC in a cell."""
    first, last = _summer((EPOCH + timedelta(minutes=5 * cell)).year)
    return SUMMER if first <= cell < last else WINTER


def behind_utc_on(day: date) -> int:
    """The same for the working hours of a local date: the clock changes at night."""
    return behind_utc((day - EPOCH.date()).days * CELLS_A_DAY + CELLS_A_DAY // 2 + WINTER)


@cache
def _summer(year: int) -> tuple[int, int]:
    """From two in the morning of the second Sunday in March until two of the first in November, in cells."""
    first, last = _nth(year, 3, SUNDAY, 2), _nth(year, 11, SUNDAY, 1)
    two = 2 * 12
    return _midnight(first) + two + WINTER, _midnight(last) + two + SUMMER


def _midnight(day: date) -> int:
    return (day - EPOCH.date()).days * CELLS_A_DAY


def is_holiday(day: date) -> bool:
    """Whether the state of New York has a holiday, or keeps one that falls on a weekend."""
    return day in _holidays(day.year)


@cache
def _holidays(year: int) -> frozenset[date]:
    """New Year's Day of the next year is kept in this one when it is a Saturday."""
    fixed = [(1, 1), (2, 12), (6, 19), (7, 4), (11, 11), (12, 25)]
    dates = [date(year, month, day) for month, day in fixed] + [date(year + 1, 1, 1)]
    kept = [day - timedelta(days=1) for day in dates if day.weekday() == SATURDAY]
    kept += [day + timedelta(days=1) for day in dates if day.weekday() == SUNDAY]
    moving = [
        _nth(year, 1, MONDAY, 3),
        _nth(year, 2, MONDAY, 3),
        _nth(year, 6, MONDAY, 1) - timedelta(days=7),
        _nth(year, 9, MONDAY, 1),
        _nth(year, 10, MONDAY, 2),
        _nth(year, 11, MONDAY, 1) + timedelta(days=1),
        _nth(year, 11, THURSDAY, 4),
    ]
    # The last Monday of May is a week before the first of June; Susan B. Anthony's day is kept where it falls.
    return frozenset([*dates, *kept, *moving, date(year, 2, 15)])


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
