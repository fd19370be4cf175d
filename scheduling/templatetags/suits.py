"""The hours that suit somebody, in one line."""

from collections.abc import Sequence
from datetime import time

from django import template
from django.utils import formats

from clinic.models.site import Weekday
from scheduling import wishes as wishes_json
from scheduling.models import EarlierWish
from scheduling.planner.values import Windows
from scheduling.wishes import MINUTES_IN_A_DAY

register = template.Library()


@register.filter
def suits(wish: EarlierWish) -> str:
    """The days and hours of a wish: "Mon, Wed from 9 a.m. until noon; driver Fri"; "any time" where nothing is said."""
    hours = wishes_json.from_json(wish.hours)
    parts = []
    if hours.patient_can is not None:
        parts.append(_windows(hours.patient_can))
    if hours.driver_can is not None:
        parts.append(f"driver {_windows(hours.driver_can)}")
    if wish.not_before is not None:
        parts.append(f"not before {formats.date_format(wish.not_before, 'D M j')}")
    return "; ".join(parts) or "any time"


def _windows(windows: Windows) -> str:
    """Weekdays with their hours; said once where they are the same on all of them."""
    days = {day: stretches for day, stretches in sorted(windows.items()) if stretches}
    names = _names(list(days))
    first = next(iter(days.values()), ())
    if any(stretches != first for stretches in days.values()):
        return "; ".join(f"{str(Weekday(day).label)[:3]}{_hours(*stretches[0])}" for day, stretches in days.items())
    return f"{names}{_hours(*first[0])}" if first else "never"


def _names(days: Sequence[int]) -> str:
    """ "every day", "Mon to Fri" for three or more in a row, else "Mon, Wed"."""
    if len(days) == len(Weekday):
        return "every day"
    short = [str(Weekday(day).label)[:3] for day in days]
    in_a_row = len(days) > 2 and days[-1] - days[0] == len(days) - 1
    return f"{short[0]} to {short[-1]}" if in_a_row else ", ".join(short)


def _hours(begin: int, end: int) -> str:
    said = f" from {_wall(begin)}" if begin else ""
    return f"{said} until {_wall(end)}" if end < MINUTES_IN_A_DAY else said


def _wall(minute: int) -> str:
    return formats.time_format(time(minute // 60, minute % 60))
