"""The planner's reasons as JSON, to be kept with a visit, and as sentences for the people at the desk."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import dates

from clinic import clock
from scheduling.planner.values import Kind, Lane, Limit, Reason, Refusal, Relaxation
from scheduling.when import short_day, wall_words

DATE_KEYS = frozenset({"date", "since", "dates", "from_date"})

WORDS: Mapping[str, str] = {
    "pinned": "Kept as it was chosen.",
    "stays_booked": "Booked before; it stays where it is.",
    "first_possible_day": "The first possible day.",
    "ideal_gap": "{days} days after the visit before, as intended.",
    "overdue": "Overdue: it was to come {ideal} days after the visit before, and now comes after {days}.",
    "extra_booster": "One extra, as soon as there is time: {days} days after the visit before.",
    "nearest_possible_day": "The nearest possible day to the ideal one.",
    "cheaper_day": "A nearer day was possible, but this one suits the whole series better.",
    "chosen_day": "Not the nearest day to the ideal one, but the one that was chosen.",
    "site_closed": "The clinic is closed on {dates}.",
    "too_soon": "Too soon on {dates}.",
    "too_near_other_infusion": "Too near an infusion of another series: {dates}.",
    "gap_limit": "{dates} would leave too few or too many days between two visits.",
    "window_limit": "With {dates} the series would become too long.",
    "patient_not_that_date": "The patient cannot come on {dates}.",
    "patient_cannot": "The patient's hours leave no room on {dates}.",
    "driver_cannot": "The driver cannot fetch the patient on {dates}.",
    "patient_busy": "The patient has another visit on {dates}.",
    "after_last_day": "After the last possible day: {dates}.",
    "patient_and_driver_never_together": "The patient's and the driver's hours do not meet on {dates}.",
    "moved_because_nothing_together": "On {dates} each thing is free at some time, but never all of them at once.",
    "better_series": "Possible on {dates} too, but dearer for the visits that follow.",
    "another_choice": "The best plan has {dates}; this plan offers another choice.",
    "chosen_over": "Possible on {dates} too.",
    "moved_to_keep_gap": "Leaves {from_date}: it needs {least} to {most} days from the visit beside it.",
    "moved_to_make_room": "Leaves {from_date}, which is no longer possible for it.",
    "moved_to_keep_series_possible": "Leaves {from_date}, so that the visits around it keep their gaps.",
    "moved_along": "Moves along from {from_date}, as far as the days between the visits and the free time allow.",
    "same_hour": "At the same hour as the visit before.",
    "preferred_hours": "Within the hours that the patient prefers.",
    "best_hour": "The hour that leaves the clinic's day tidiest.",
    "hour_moved": "{minute} instead of {wanted}: {because}.",
    "rescued": "Moved when the visit lost its cover.",
    "rescue_handover": "Keeps its time; others serve it.",
    "rescue_same_day": "The same day: {minute} instead of {wanted}.",
    "rescue_other_day": "The nearest day with room.",
    "rescue_day_closed": "The clinic is closed on {date}.",
    "rescue_day_full": "Nobody is free for it on {date}.",
    "rescue_follows": "Has its cover, but has to keep the days from the visit that moves to {date}.",
    "rescue_nobody_takes_over": "It cannot move, and nobody is free to take over.",
    "rescue_gaps_leave_no_day": "No open day keeps the days between the visits of the series.",
    "rescue_outside_hours": "There is room, but only outside the hours of the patient or the driver.",
    "rescue_nothing_free": "On the days that keep the series nothing is free.",
    "breaks_patient_hours": "{weekday} {from}-{until}, outside the patient's hours",
    "breaks_driver_hours": "fetched on {weekday} at {until}, outside the driver's hours",
    "breaks_not_dates": "{date}, which the patient asked to leave out",
    "breaks_other_appointments": "{date}, when the patient has another visit",
    "breaks_last_day": "{date}, after the last possible day",
    "breaks_window": "{days} days from the first visit to the last instead of {allowed}",
    "breaks_gap_max": "a gap of {days} days before {date} instead of at most {allowed}",
    "breaks_chair_kind": "another kind of chair",
    "breaks_doctor": "another doctor",
}

LIMIT_WORDS: Mapping[Limit, str] = {
    Limit.PATIENT_HOURS: "the patient's hours",
    Limit.DRIVER_HOURS: "the driver's hours",
    Limit.NOT_DATES: "the dates left out",
    Limit.OTHER_APPOINTMENTS: "the patient's other visits",
    Limit.WINDOW: "the length of the whole series",
    Limit.LAST_DAY: "the last possible day",
    Limit.GAP_MAX: "the most days between two visits",
    Limit.CHAIR_KIND: "the kind of chair",
    Limit.DOCTOR: "the doctor",
}

LACK_WORDS: Mapping[tuple[str, str], str] = {
    (Kind.CHAIR, Lane.WHOLE): "chair",
    (Kind.MONITOR, Lane.WHOLE): "monitor",
    (Kind.NURSE, Lane.HANDS): "nurse's hands",
    (Kind.NURSE, Lane.WATCH): "nurse to watch the patient",
    (Kind.NURSE, Lane.PRESENCE): "nurse on site",
    (Kind.DOCTOR, Lane.HANDS): "doctor",
    (Kind.DOCTOR, Lane.PRESENCE): "doctor on site",
}

#: "better_<term>": what spoke against the day, by the cost's term.
TERM_WORDS: Mapping[str, str] = {
    "spacing": "the days between the visits",
    "first_day": "the wait for the first visit",
    "preferred_weekday": "the preferred weekdays",
    "preferred_hours": "the preferred hours",
    "same_hour": "keeping the same hour",
    "round_start": "starting on the quarter of an hour",
    "fragmentation": "gaps on the chairs",
    "nurse_load": "the nurses' load",
    "handover": "handing the watch over",
    "moved": "staying near the date it had",
}


def to_json(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Reasons as kept in `Appointment.plan_reasons`: dates as ISO 8601, everything else as it is."""
    return [{"code": one.code, "params": {key: _plain(value) for key, value in one.params.items()}} for one in reasons]


def from_json(rows: Iterable[Mapping[str, Any]]) -> list[Reason]:
    """The reasons that `to_json` wrote."""
    return [Reason(str(row["code"]), _params_from_json(row.get("params") or {})) for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float | bool) or value is None else int(value)


def _params_from_json(params: Mapping[str, Any]) -> dict[str, Any]:
    read = dict(params)
    for key in DATE_KEYS & read.keys():
        value = read[key]
        read[key] = tuple(map(date.fromisoformat, value)) if isinstance(value, list) else date.fromisoformat(value)
    return read


def explain(reason: Reason, zone: ZoneInfo) -> str:
    """One reason as a sentence; hours are the site's wall clock already, `zone` names whose."""
    code, params = reason.code, reason.params
    lack = _lack(code)
    if lack:
        hours = _hours(params)
        return f"No {lack} {_is(lack)} free {f'{hours} ' if hours else ''}on {_dates(params)}."
    if code.startswith("better_") and code not in WORDS:
        term = TERM_WORDS.get(code.removeprefix("better_"), "the plan as a whole")
        return f"Possible on {_dates(params)} too, but worse for {term}."
    if code == "too_soon" and len(params.get("dates") or ()) > 1:
        return f"Too soon until {_day(max(params['dates']))}."
    words = WORDS.get(code)
    if words is None:
        return f"{code.replace('_', ' ').capitalize()}."
    return _first_upper(words.format_map(_Spoken(params, zone)))


def explain_refusal(refusal: Refusal, zone: ZoneInfo) -> list[str]:
    """Why there is no plan and what would give one: the bottleneck first, then one sentence for each way out."""
    said = []
    neck = refusal.bottleneck
    if neck is not None:
        lack = LACK_WORDS.get((neck.kind, neck.lane), f"{neck.kind} {neck.lane}")
        days = formats_list([f"{_weekday(day)}s" for day in neck.weekdays])
        hours = f"between {_clock(neck.from_minute)} and {_clock(neck.until_minute)}"
        said.append(f"What is missing most often: no {lack} {_is(lack)} free {hours} on {days}.")
    said += [_relaxation(one, zone) for one in refusal.relaxations]
    if not refusal.relaxations:
        said.append(
            "Relaxing a wish or limit would not help: choose a later first day, or ask for more staff or chairs."
        )
    return said


def _relaxation(one: Relaxation, zone: ZoneInfo) -> str:
    limits = formats_list([LIMIT_WORDS[limit] for limit in one.limits])
    first = one.first
    breaches = "; ".join(dict.fromkeys(explain(breach, zone) for breach in one.breaches))
    start = f"{_day(first.date)} at {_clock(first.minute)}"
    return f"Possible if {limits} may give: first visit {start}" + (f" ({breaches})." if breaches else ".")


class _Spoken(dict[str, Any]):
    """The parameters of a reason, put into words when a sentence asks for them."""

    def __init__(self, params: Mapping[str, Any], zone: ZoneInfo) -> None:
        super().__init__(params)
        self.zone = zone

    def __missing__(self, key: str) -> str:
        return _dates(self) if key == "dates" else ""

    def __getitem__(self, key: str) -> Any:
        if key == "dates":
            return _dates(dict(self.items()))
        value = super().__getitem__(key) if key in self else self.__missing__(key)
        if isinstance(value, date):
            return _day(value)
        if key in {"minute", "wanted", "from", "until"} and isinstance(value, int):
            return _clock(value)
        if key == "weekday" and isinstance(value, int):
            return _weekday(value)
        if key == "because":
            return _because(str(value))
        return value


def _because(code: str) -> str:
    lack = _lack(code)
    if lack:
        return f"no {lack} {_is(lack)} free then"
    if code.startswith("better_"):
        return "it suits the whole series better"
    return {
        "site_closed": "the clinic is closed then",
        "too_soon": "that would be too soon",
        "patient_cannot": "the patient cannot come then",
        "driver_cannot": "the driver cannot fetch the patient then",
        "patient_busy": "the patient has another visit then",
        "another_choice": "this plan offers another choice",
        "chosen_over": "it was chosen so",
        "moved_because_nothing_together": "not everything needed is free then",
    }.get(code, code.replace("_", " "))


def _lack(code: str) -> str:
    if not code.startswith("moved_because_no_"):
        return ""
    kind, _, lane = code.removeprefix("moved_because_no_").partition("_")
    return LACK_WORDS.get((kind, lane), f"{kind} {lane}")


def _is(lack: str) -> str:
    return "are" if lack.endswith("hands") else "is"


def _hours(params: Mapping[str, Any]) -> str:
    if "from" not in params or "until" not in params:
        return ""
    return f"between {_clock(params['from'])} and {_clock(params['until'])}"


def _dates(params: Mapping[str, Any]) -> str:
    found: Sequence[date] = params.get("dates") or ([params["date"]] if "date" in params else [])
    return formats_list([_day(day) for day in found]) or "that day"


def _day(day: date) -> str:
    return short_day(day)


def _clock(minute: int) -> str:
    hour, minutes = divmod(int(minute), 60)
    return wall_words(time(hour % 24, minutes))


def _weekday(number: int) -> str:
    return str(dates.WEEKDAYS[number])


def formats_list(words: Sequence[str]) -> str:
    """Words as a list in a sentence: "a", "a and b", "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def minute_of(starts: Any, zone: ZoneInfo) -> int:
    """The local minute of the day of a moment (aware)."""
    wall = clock.local(starts, zone)
    return wall.hour * 60 + wall.minute
