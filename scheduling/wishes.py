"""Wishes of a series as JSON, for `Series.wishes` and `Offer.wishes`, and back.

The JSON form: `{"patient_can": {"0": [[480, 720]]} or null, "driver_can": the same, "preferred_weekdays": [0, 2],
"preferred_from": 540 or null,
"preferred_until": 600 or null, "not_dates": ["2027-04-09"]}`. Weekdays count from Monday = 0, times are local minutes
of the day.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from scheduling.planner.values import Windows, Wishes

MINUTES_IN_A_DAY = 24 * 60


def to_json(wishes: Wishes) -> dict[str, Any]:
    """The JSON form of `wishes`."""
    return {
        "patient_can": _windows_to_json(wishes.patient_can),
        "driver_can": _windows_to_json(wishes.driver_can),
        "preferred_weekdays": sorted(wishes.preferred_weekdays),
        "preferred_from": wishes.preferred_from,
        "preferred_until": wishes.preferred_until,
        "not_dates": sorted(day.isoformat() for day in wishes.not_dates),
    }


def from_json(form: Mapping[str, Any]) -> Wishes:
    """The wishes that `form` says; an empty mapping means none at all.

    Raises:
        ValueError: a weekday, minute or date that is none.
    """
    return Wishes(
        patient_can=_windows_from_json(form.get("patient_can")),
        driver_can=_windows_from_json(form.get("driver_can")),
        preferred_weekdays=frozenset(_weekday(day) for day in form.get("preferred_weekdays") or ()),
        preferred_from=_minute(form.get("preferred_from")),
        preferred_until=_minute(form.get("preferred_until")),
        not_dates=frozenset(date.fromisoformat(day) for day in form.get("not_dates") or ()),
    )


def _windows_to_json(windows: Windows | None) -> dict[str, list[list[int]]] | None:
    if windows is None:
        return None
    return {str(day): [[start, end] for start, end in stretches] for day, stretches in sorted(windows.items())}


def _windows_from_json(form: Mapping[str, Any] | None) -> Windows | None:
    if form is None:
        return None
    windows: dict[int, tuple[tuple[int, int], ...]] = {}
    for day, stretches in form.items():
        windows[_weekday(day)] = tuple(_stretch(start, end) for start, end in stretches)
    return windows


def _weekday(day: Any) -> int:
    number = int(day)
    if not 0 <= number <= 6:
        raise ValueError(f"{day!r} is no weekday: Monday is 0, Sunday is 6.")
    return number


def _minute(given: Any) -> int | None:
    if given is None:
        return None
    minute = int(given)
    if not 0 <= minute <= MINUTES_IN_A_DAY:
        raise ValueError(f"{given!r} is no minute of the day.")
    return minute


def _stretch(start: Any, end: Any) -> tuple[int, int]:
    first, last = _minute(start), _minute(end)
    if first is None or last is None or first >= last:
        raise ValueError(f"From {start!r} until {end!r} is no stretch of a day.")
    return first, last
