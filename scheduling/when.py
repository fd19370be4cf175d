"""Dates and times in words, on the wall clock of a site and in the language that is active."""

from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from clinic import clock

#: From so many days on, before or behind, a short date says its year: imported findings are years old.
FAR_DAYS = 300


def day_words(moment: datetime, zone: ZoneInfo) -> str:
    """The local date of `moment` (aware) in `zone`: "Monday, December 7, 2026", or as the active language writes it."""
    # Translators: a Django date format (weekday, day, month, year); in Spanish l j \d\e F \d\e Y
    return formats.date_format(clock.local(moment, zone), _("l, F j, Y"))


def weekday_words(moment: datetime, zone: ZoneInfo) -> str:
    """The local day of the week, where it says enough: "Monday"."""
    return _formatted(clock.local(moment, zone).date(), "l", get_language())


def short_day(day: date) -> str:
    """A local date for a narrow column: "Mon Dec 7"; with its year where it lies so far away that one would take it for
    another year's.
    """
    is_far = abs((day - clock.now().date()).days) > FAR_DAYS
    return _formatted(day, "D M j, Y" if is_far else "D M j", get_language())


def time_words(moment: datetime, zone: ZoneInfo) -> str:
    """The local time of `moment` (aware) in `zone`: "9:30 a.m.", or as the active language writes it."""
    return wall_words(clock.local(moment, zone).time())


def wall_words(wall: time) -> str:
    """A time of day that is local already: "9:30 a.m.", or as the active language writes it."""
    return _formatted(wall, "TIME_FORMAT", get_language())


def stretch_words(starts: time, ends: time) -> str:
    """From when until when, local: "8 a.m." and "6 p.m." with a dash between."""
    return f"{wall_words(starts)}–{wall_words(ends)}"  # noqa: RUF001 -- an en dash, as in print


def full_stop(words: str) -> str:
    """`words` as the end of a sentence: "at 9:30 a.m." has its stop already."""
    return words if words.endswith(".") else f"{words}."


@lru_cache(maxsize=1024)  # a page of plans says the same few days and times some hundred times
def _formatted(value: date | time, pattern: str, language: str | None) -> str:
    return formats.time_format(value, pattern) if isinstance(value, time) else formats.date_format(value, pattern)


def zone_words(moment: datetime, zone: ZoneInfo) -> str:
    """What the zone is called at that moment, as short as the zone database has it: "EST" in winter, "EDT" in summer;
    "UTC+10:30" where it has no letters.
    """
    local = clock.local(moment, zone)
    name = local.tzname() or ""
    return name if name.isalpha() else f"UTC{local.isoformat()[-6:]}"
