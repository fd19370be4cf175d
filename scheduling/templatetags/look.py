"""How things look in every template: the colour, icon and words of a status; local times; one icon tag.

`{% load look %}` gives

* ``{{ value|tone }}`` and ``{{ value|status_icon }}``: colour class and icon of a status (for components/badge.html);
* ``{{ moment|clock_time:zone }}`` "9:30 a.m.", ``{{ moment|short_day:zone }}`` "Mon Dec 7" and
  ``{{ moment|long_day:zone }}``: an aware moment on the wall clock of ``zone`` (a ZoneInfo, e.g. ``site.zone``).
  Django's own ``date`` filter would print UTC;
* ``{{ moment|zone_name:zone }}`` "EST", where times of several sites stand together;
* ``{{ closure|stretch:zone }}``: from when until when something with `starts` and `ends` lasts;
* ``{% icon "car" %}``: a decorative icon of 16 px, hidden from screen readers. Say the word beside it.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import formats
from lucide.templatetags.lucide import lucide

from clinic import clock
from scheduling import when

register = template.Library()

#: status value: (tone, icon). Tones are classes of static/parts.css: ok, wait, warn, bad, info, quiet.
STATUSES: dict[str, tuple[str, str]] = {
    # visits
    "proposed": ("wait", "hourglass"),
    "booked": ("info", "calendar-check"),
    "arrived": ("accent", "door-open"),
    "fulfilled": ("ok", "circle-check"),
    "cancelled": ("quiet", "circle-x"),
    "noshow": ("bad", "user-x"),
    # series
    "draft": ("wait", "hourglass"),
    "active": ("ok", "play"),
    "on-hold": ("warn", "pause"),
    "completed": ("ok", "circle-check"),
    "revoked": ("quiet", "octagon-x"),
    # rides
    "needed": ("bad", "car"),
    "named": ("wait", "user-check"),
    "confirmed": ("ok", "car"),
    "declined": ("bad", "user-x"),
    "picked_up": ("ok", "circle-check"),
    "waived": ("warn", "file-pen"),
    # messages
    "due": ("wait", "clock"),
    "sending": ("wait", "send"),
    "sent": ("ok", "mail-check"),
    "person": ("warn", "phone"),
    "skipped": ("quiet", "ban"),
    "failed": ("bad", "triangle-alert"),
    # offers
    "offered": ("wait", "send"),
    "open": ("wait", "hourglass"),
    "accepted": ("ok", "circle-check"),
    "expired": ("quiet", "timer-off"),
    "taken": ("quiet", "users"),
    "lapsed": ("quiet", "timer-off"),
    "withdrawn": ("quiet", "undo-2"),
    "met": ("ok", "circle-check"),
    "ended": ("quiet", "circle-x"),
    # clearance
    "cleared": ("ok", "shield-check"),
    "conditions": ("warn", "shield-alert"),
    "more": ("wait", "circle-question-mark"),
    "refused": ("bad", "shield-x"),
    "suspended": ("bad", "shield-x"),
    # a doctor's answers
    "go_ahead": ("ok", "circle-check"),
    "not_today": ("warn", "ban"),
    "suspend": ("bad", "shield-x"),
    "no": ("bad", "circle-x"),
    "seen": ("info", "eye"),
    # consult requests
    "waiting": ("wait", "clock"),
    "closed": ("quiet", "circle-x"),
}
UNKNOWN = ("quiet", "circle")


@register.filter
def tone(value: Any) -> str:
    """The colour class of a status; "quiet" for a word that has none of its own."""
    return STATUSES.get(str(value), UNKNOWN)[0]


@register.filter
def status_icon(value: Any) -> str:
    """The icon of a status."""
    return STATUSES.get(str(value), UNKNOWN)[1]


@register.simple_tag
@lru_cache(maxsize=256)  # a board draws the same few icons some hundred times
def icon(name: str, size: int = 16) -> str:
    """A decorative icon in the colour of the text around it."""
    return lucide(name, size=size, aria_hidden="true", focusable="false", **{"class": "icon"})


@register.filter
def lies_under(path: str, beginnings: str) -> bool:
    """Whether an address begins with one of some others, which stand apart by blanks."""
    return path.startswith(tuple(beginnings.split()))


@register.filter
def clock_time(moment: datetime | None, zone: ZoneInfo) -> str:
    """The wall clock of `zone` at `moment` (aware): "9:30 a.m."; empty for None."""
    return when.time_words(moment, zone) if moment else ""


@register.filter
def zone_name(moment: datetime | None, zone: ZoneInfo) -> str:
    """What `zone` is called at `moment`: "EST"; empty for None. For where times of several sites stand together."""
    return when.zone_words(moment, zone) if moment else ""


@register.filter
def short_day(moment: datetime | date | None, zone: ZoneInfo) -> str:
    """The date of `moment` in `zone`, or of a plain date: "Mon Dec 7"; empty for None."""
    return when.short_day(_day(moment, zone)) if moment else ""


@register.filter
def long_day(moment: datetime | date | None, zone: ZoneInfo) -> str:
    """The date of `moment` in `zone`, or of a plain date: "Monday, December 7, 2026"; empty for None."""
    if isinstance(moment, datetime):
        return when.day_words(moment, zone)
    return formats.date_format(moment, "l, F j, Y") if moment else ""


@register.filter
def stretch(lasting: Any, zone: ZoneInfo) -> str:
    """From when until when something with `starts` and `ends` lasts, in `zone`: "Mon Dec 14 to Tue Dec 15" where it is
    whole days (it then ends as the day after them begins), else "Mon Dec 14, 9 a.m. to noon".
    """
    first, last = _day(lasting.starts, zone), _day(lasting.ends - timedelta(microseconds=1), zone)
    begins, ends = when.short_day(first), when.short_day(last)
    if (lasting.starts, lasting.ends) == (clock.day_bounds(first, zone)[0], clock.day_bounds(last, zone)[1]):
        return begins if first == last else f"{begins} to {ends}"
    until = when.time_words(lasting.ends, zone)
    return f"{begins}, {when.time_words(lasting.starts, zone)} to {until if first == last else f'{ends}, {until}'}"


@register.filter
def month_year(moment: datetime, zone: ZoneInfo) -> str:
    """The month of `moment` in `zone`: "December 2026"."""
    return formats.date_format(_day(moment, zone), "F Y")


@register.filter
def iso_day(moment: datetime | date, zone: ZoneInfo) -> str:
    """The date of `moment` in `zone` as addresses have it: "2026-12-07"."""
    return _day(moment, zone).isoformat()


def _day(moment: datetime | date, zone: ZoneInfo) -> date:
    return clock.local(moment, zone).date() if isinstance(moment, datetime) else moment
