"""The one place that asks what time it is, and the one place that turns UTC into a site's local time and back.

Inside the program every moment is an aware datetime in UTC; local dates and times exist only at the edge (forms, pages,
messages, the planner's windows). Outside production `CLINIC_CLOCK_OFFSET_SECONDS` moves the clock of every process
alike.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

CELL_MINUTES = 5
CELL = timedelta(minutes=CELL_MINUTES)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_frozen: ContextVar[datetime | None] = ContextVar("frozen_now", default=None)


def now() -> datetime:
    """The present moment: aware, in UTC, moved by the configured offset."""
    frozen = _frozen.get()
    if frozen is not None:
        return frozen
    return datetime.now(UTC) + timedelta(seconds=settings.CLOCK_OFFSET_SECONDS)


@contextmanager
def at_moment(moment: datetime) -> Iterator[None]:
    """Inside the block `now()` answers `moment` (aware), in this thread or task only. For tests and demo data."""
    if moment.tzinfo is None:
        raise ValueError("the clock takes aware moments only")
    token = _frozen.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)


def today(zone: ZoneInfo) -> date:
    """The date that it is now in `zone`."""
    return local(now(), zone).date()


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """`moment` (aware) as the wall clock of `zone` shows it."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone cannot be made local")
    return moment.astimezone(zone)


def moment(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The moment in UTC at which the wall clock of `zone` shows `wall` on `day`.

    A wall time that a clock change skips means the moment as far after the change as it lies past it (02:30 becomes
    03:30); a wall
    time that comes twice means the first.
    """
    return datetime.combine(day, wall.replace(fold=0), tzinfo=zone).astimezone(UTC)


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """[midnight, next midnight) of `day` in `zone`, as UTC; 23 or 25 hours long where the clocks change."""
    return moment(day, time(0), zone), moment(day + timedelta(days=1), time(0), zone)


def cell(when: datetime) -> int:
    """The number of the 5-minute cell that `when` lies in, counted from the Unix epoch."""
    return int((when - _EPOCH) // CELL)


def cell_up(when: datetime) -> int:
    """The first cell that starts at or after `when`: the outward rounding of an end."""
    return -int((_EPOCH - when) // CELL)


def of_cell(number: int) -> datetime:
    """The start of a cell, in UTC."""
    return _EPOCH + number * CELL
