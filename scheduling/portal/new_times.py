"""The free times that a patient may choose from, by day, on the clock of the visit's site."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from clinic import clock
from scheduling.actions.own_visits import first_start
from scheduling.models import Appointment
from scheduling.selectors.planning import Slot, visit_slots
from scheduling.when import day_words, time_words

#: Local dates that one page looks at, and the most times that it shows.
LOOK_DAYS, MOST_TIMES = 14, 400
#: Where the search begins: so long before the visit, if that is still to come. Most who ask want a day near by.
LOOK_BEFORE = timedelta(days=3)
#: How far behind the visit (or today) the last page ends. A page further off would lead a crawler on for ever.
LOOK_BEHIND = timedelta(days=42)


def _round(slots: list[Slot], zone: ZoneInfo) -> list[Slot]:
    """Those at the full and the half hour, where there are some: enough to choose from on a phone."""
    half = [slot for slot in slots if clock.local(slot.starts, zone).minute in {0, 30}]
    return half or slots


@dataclass(frozen=True, slots=True)
class NewTimes:
    """Days with their times as (value, words): the value is ISO 8601 in UTC. `earlier` and `later`: where the page
    before and the next one begin; None where there is none.
    """

    days: list[tuple[str, list[tuple[str, str]]]]
    first: date
    last: date
    earlier: date | None
    later: date | None


def new_times(visit: Appointment, wanted: date | None, now: datetime) -> NewTimes:
    """Legal times for the visit from the local date `wanted` on (None: from a little before it); nothing too near."""
    zone = visit.site.zone
    today, its_day = clock.local(now, zone).date(), clock.local(visit.starts, zone).date()
    furthest = max(today, its_day) + LOOK_BEHIND
    first = min(max(wanted or its_day - LOOK_BEFORE, today), furthest)
    slots = visit_slots(appointment=visit, first_day=first, days=LOOK_DAYS, now=now, limit=MOST_TIMES)
    earliest = first_start(visit, now)
    by_day = groupby(
        (slot for slot in slots if slot.starts >= earliest), lambda slot: clock.local(slot.starts, zone).date()
    )
    days = []
    for _day, some in by_day:
        times = _round(list(some), zone)
        words = [(slot.starts.isoformat(), time_words(slot.starts, zone)) for slot in times]
        days.append((day_words(times[0].starts, zone), words))
    span = timedelta(days=LOOK_DAYS)
    return NewTimes(
        days=days,
        first=first,
        last=first + span - timedelta(days=1),
        earlier=max(first - span, today) if first > today else None,
        later=first + span if first + span <= furthest else None,
    )
