"""How near a visit is, counted in days on which somebody is at the desk to call about it.

"Unnamed or declined at 48 and 24 hours, counted in opening days" (issue "Reminders and rides", 2): Monday's gaps are
called about on Friday, since nobody is there on Saturday and Sunday. Dates are local to the site; nothing here asks
what day it is.
"""

from collections.abc import Callable
from datetime import date, timedelta
from enum import IntEnum

IsOpen = Callable[[date], bool]
"""Whether the site is open on that local date."""

#: No visit is looked for further ahead than this: a site that never opens must not search for ever.
FURTHEST = timedelta(days=31)
_ONE = timedelta(days=1)


class Nearness(IntEnum):
    """How pressing it is that something is still missing for a visit; the higher, the more."""

    AHEAD = 0
    #: 48 hours: two opening days are left, today among them.
    SOON = 1
    #: 24 hours: today is the last opening day before the visit, or past it.
    LAST = 2
    #: The visit is today, or was to be.
    TODAY = 3


def opening_days_left(today: date, day: date, is_open: IsOpen) -> int:
    """Opening days from `today` on (itself included) before `day`; 0 when `day` has come."""
    left, on = 0, today
    while on < day and on - today <= FURTHEST:
        left += is_open(on)
        on += _ONE
    return left


def nearness(today: date, day: date, is_open: IsOpen) -> Nearness:
    """How near a visit on `day` is, seen from `today`."""
    if day <= today:
        return Nearness.TODAY
    left = opening_days_left(today, day, is_open)
    if left <= 1:
        return Nearness.LAST
    return Nearness.SOON if left == 2 else Nearness.AHEAD


def last_near_day(today: date, is_open: IsOpen) -> date:
    """The furthest date whose visits are not AHEAD any more, seen from `today`."""
    day = today
    while day - today < FURTHEST and nearness(today, day + _ONE, is_open) is not Nearness.AHEAD:
        day += _ONE
    return day


def next_nearer(today: date, day: date, is_open: IsOpen) -> date | None:
    """The date from which a visit on `day` is nearer than it is on `today`; None when it cannot get any nearer."""
    here = nearness(today, day, is_open)
    if here is Nearness.TODAY:
        return None
    on = today + _ONE
    while on < day and nearness(on, day, is_open) is here:
        on += _ONE
    return on
