"""Local dates of a site: as cells (opening hours, holidays, and what is subtracted from them), and in a query."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from django.db.models import DateField, DateTimeField, F, Func, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from clinic import clock
from clinic.models import Site
from scheduling.planner.values import Stretches

ONE_DAY = timedelta(days=1)
#: How the calendar marks a holiday that falls on a weekend and is kept on another day.
OBSERVED = " (observed)"


def local_date(moment: datetime | Combinable, zone: str) -> Cast:
    """The date that the clock on the wall shows at `moment` (aware, or an expression that is), worked out by the
    database where rows lie in several zones. `zone` is the field with the zone's name, such as "site__time_zone".
    """
    when = Value(moment) if isinstance(moment, datetime) else moment
    return Cast(Func(F(zone), when, function="timezone", output_field=DateTimeField()), DateField())


class LocalDay:
    """One local date, whose wall times become cells (UTC). `first` is the cell at local midnight."""

    def __init__(self, on: date, zone: ZoneInfo) -> None:
        self.date, self.zone = on, zone
        begin, end = clock.day_bounds(on, zone)
        self.first, self.end = clock.cell(begin), clock.cell_up(end)
        self._is_plain = end - begin == ONE_DAY

    def cell(self, wall: time) -> int:
        """The first cell that begins at `wall` or after it."""
        if self._is_plain:
            return self.first + -(-_minute(wall) // clock.CELL_MINUTES)
        return clock.cell_up(clock.moment(self.date, wall, self.zone))

    def stretch(self, starts: time, ends: time) -> tuple[int, int]:
        """[starts, ends) in cells, rounded inward; empty or reversed where the clocks skip all of it."""
        if self._is_plain:
            return self.cell(starts), self.first + _minute(ends) // clock.CELL_MINUTES
        return self.cell(starts), clock.cell(clock.moment(self.date, ends, self.zone))

    def minutes(self, start: int, end: int) -> Sequence[int]:
        """The local minute of the day at which each of the cells [start, end) begins."""
        if self._is_plain:
            step = clock.CELL_MINUTES
            return range((start - self.first) * step, (end - self.first) * step, step)
        walls = (clock.local(clock.of_cell(cell), self.zone) for cell in range(start, end))
        return [wall.hour * 60 + wall.minute for wall in walls]


def _minute(wall: time) -> int:
    return wall.hour * 60 + wall.minute


def days_between(first: date, last: date) -> list[date]:
    """Every date from `first` to `last`, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def as_cells(starts: datetime, ends: datetime) -> tuple[int, int]:
    """A stretch of time in cells, rounded outward: what is closed for a minute of a cell is closed for the cell."""
    return clock.cell(starts), clock.cell_up(ends)


def subtract(stretches: Iterable[tuple[int, int]], cuts: Collection[tuple[int, int]]) -> Stretches:
    """What is left of `stretches` outside all `cuts`, in order; touching stretches become one."""
    if not cuts:
        return tuple(_joined(stretches))
    holes = _joined(cuts)
    left: list[tuple[int, int]] = []
    for start, end in _joined(stretches):
        at = start
        for low, high in holes:
            if low >= end:
                break
            if low > at:
                left.append((at, low))
            at = max(at, high)
        if at < end:
            left.append((at, end))
    return tuple(left)


def _joined(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    real = [one for one in stretches if one[0] < one[1]]
    if len(real) < 2:
        return real
    for start, end in sorted(real):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def holiday_name(site: Site, on: date) -> str:
    """The public holiday that closes the site on that date; empty when there is none, or the site works through it.

    Source: the `holidays` library, by the site's country and, where the library knows it, region or state.
    """
    if not site.observes_holidays:
        return ""
    found = public_holiday(site, on)
    return "" if not found or set(holiday_names(found)) <= set(site.open_holidays) else found


def public_holiday(site: Site, on: date) -> str:
    """What the calendar of the site's country and region calls that date, whether the site is open on it or not."""
    return str(_calendar(site.country, site.holiday_region or site.state, on.year).get(on, ""))


def holiday_names(found: str) -> list[str]:
    """The names of a date of the calendar ("A; B (observed)") as a rule for every year has them: "A" and "B"."""
    return [name.removesuffix(OBSERVED).strip() for name in found.split(holidays.constants.HOLIDAY_NAME_DELIMITER)]


def regions(country: str) -> list[str]:
    """The regions of a country (ISO 3166-1 alpha-2) that have holidays of their own; none for one not known."""
    return list(holidays.list_supported_countries().get(country, []))


@lru_cache(maxsize=256)
def _calendar(country: str, region: str, year: int) -> holidays.HolidayBase:
    supported = holidays.list_supported_countries()
    if country not in supported:
        return holidays.HolidayBase(years=year)
    subdivision = region if region in supported[country] else None
    return holidays.country_holidays(country, subdiv=subdivision, years=year)
