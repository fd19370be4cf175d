"""VTIMEZONE components (RFC 5545, 3.6.5) with the yearly rules that calendar programs understand.

Written here because the iCalendar library lists single dates (RDATE), some of them an hour off, and Outlook reads
rules only.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard, vRecur

#: RFC 5545 weekdays, in the order of `date.weekday()`.
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
#: Years that a rule is read from, and then holds for: the one before the first visit, so that it is in force by then,
#: and three on.
YEARS = 4
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a zone's offset: `at` in UTC, the offsets before and after, and what the zone is called from then
    on.
    """

    at: datetime
    before: timedelta
    after: timedelta
    name: str
    is_daylight: bool

    @property
    def onset(self) -> datetime:
        """The wall time at which it comes, read on the clock that is about to change (naive, as RFC 5545 wants it)."""
        return (self.at + self.before).replace(tzinfo=None)


def timezone_for(zone: ZoneInfo, around: datetime) -> Timezone:
    """The component of `zone` with the rules in force around the aware moment `around`."""
    component = Timezone()
    component.add("tzid", zone.key)
    first_year = around.year - 1
    changes = _changes(zone, first_year)
    if not changes:
        component.add_component(_fixed(zone, around))
    for same in _by_kind(changes):
        component.add_component(_observance(same))
    return component


def _changes(zone: ZoneInfo, first_year: int) -> list[Change]:
    """Every change of offset from the start of `first_year` on, for YEARS years."""
    found = []
    moment, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(first_year + YEARS, 1, 1, tzinfo=UTC)
    while moment < end:
        following = moment + DAY
        if _offset(zone, moment) != _offset(zone, following):
            at = _instant(zone, moment, following)
            local = at.astimezone(zone)
            found.append(
                Change(
                    at,
                    _offset(zone, at - MINUTE),
                    _offset(zone, at),
                    local.tzname() or zone.key,
                    bool(local.dst()),
                )
            )
        moment = following
    return found


def _instant(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The minute at which the offset changes, between two moments with different offsets."""
    old = _offset(zone, before)
    while after - before > MINUTE:
        middle = before + (after - before) // MINUTE // 2 * MINUTE
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _by_kind(changes: Sequence[Change]) -> list[list[Change]]:
    """Changes of one kind together, each in order of time."""
    kinds: dict[tuple[bool, timedelta, timedelta], list[Change]] = {}
    for change in changes:
        kinds.setdefault((change.is_daylight, change.before, change.after), []).append(change)
    return list(kinds.values())


def _observance(same: Sequence[Change]) -> TimezoneStandard | TimezoneDaylight:
    """One kind of change, with a yearly rule where its dates follow one, else with its dates."""
    first = same[0]
    part = TimezoneDaylight() if first.is_daylight else TimezoneStandard()
    part.add("dtstart", first.onset)
    rule = _rule([change.onset for change in same])
    if rule:
        part.add("rrule", vRecur(rule))
    elif len(same) > 1:
        part.add("rdate", [change.onset for change in same[1:]])
    part.add("tzoffsetfrom", first.before)
    part.add("tzoffsetto", first.after)
    part.add("tzname", first.name)
    return part


def _rule(onsets: Sequence[datetime]) -> dict[str, object]:
    """ "The second Sunday of March" and the like, when all the dates fit one such rule, one each year; else nothing."""
    years = {onset.year for onset in onsets}
    if len(onsets) < YEARS or len(years) != len(onsets) or len({(o.month, o.weekday(), o.time()) for o in onsets}) != 1:
        return {}
    first = onsets[0]
    place = {(onset.day - 1) // 7 + 1 for onset in onsets}
    if all(onset.day > monthrange(onset.year, onset.month)[1] - 7 for onset in onsets):
        number = -1
    elif len(place) == 1:
        number = place.pop()
    else:
        return {}
    return {"freq": "yearly", "bymonth": first.month, "byday": f"{number}{WEEKDAYS[first.weekday()]}"}


def _fixed(zone: ZoneInfo, around: datetime) -> TimezoneStandard:
    """A zone whose clocks do not change."""
    part = TimezoneStandard()
    part.add("dtstart", datetime(1970, 1, 1))  # noqa: DTZ001 (RFC 5545: a local time without a zone)
    part.add("tzoffsetfrom", _offset(zone, around))
    part.add("tzoffsetto", _offset(zone, around))
    part.add("tzname", around.astimezone(zone).tzname() or zone.key)
    return part


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)
