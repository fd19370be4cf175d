"""What a site has and when, asked in one statement: places, people, hours, shifts, and what differs on some dates.

Every look at free time begins with these few rows. Asked one table at a time they cost more than the ten thousand
holds that are read after them (`manage.py bench --only plan`): seven statements, each put together anew by the ORM.
So PostgreSQL gathers them as JSON values, for any number of sites at once.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, TypeVar

from django.db import connection

from clinic.models import ResourceKind, Site
from clinic.permissions import Role
from scheduling.planner.values import Resource

Key = TypeVar("Key")
Value = TypeVar("Value")

TREATING = {Role.NURSE.value: "nurse", Role.DOCTOR.value: "doctor"}
"""The roles that the planner places; front desk and managers hold no time."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody who treats here. `sites`: at how many sites; `travel_minutes` lie between two of them."""

    name: str
    resource: Resource
    sites: int
    travel_minutes: int


@dataclass(frozen=True, slots=True)
class WeeklyShift:
    """A weekly stretch of one person, in local time; `until` None: without an end."""

    resource: int
    starts: time
    ends: time
    since: date
    until: date | None

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a date of its weekday."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """Everything about a site that does not depend on what is booked.

    `places`: chairs, beds and monitors in their order. `hours` and `shifts` by weekday, in local time. `instead`: for a
    date and a person's resource, the stretches that replace the weekly ones. `closures`: by resource, those of the
    whole site under None, as aware moments.
    """

    places: tuple[Resource, ...]
    workers: tuple[Worker, ...]
    hours: dict[int, list[tuple[time, time]]]
    shifts: dict[int, list[WeeklyShift]]
    instead: dict[date, dict[int, list[tuple[time, time]]]]
    closures: dict[int | None, list[tuple[datetime, datetime]]]

    @property
    def resources(self) -> tuple[Resource, ...]:
        """Places, then people."""
        return (*self.places, *(worker.resource for worker in self.workers))

    @property
    def names(self) -> dict[int, str]:
        """Of the people, by resource."""
        return {worker.resource.id: worker.name for worker in self.workers}


@dataclass(frozen=True, slots=True)
class Asked:
    """For which local dates (not empty) a site's facts are asked: all lie between `begin` and `end` (aware)."""

    site: Site
    dates: Collection[date]
    begin: datetime
    end: datetime


_SELECT = """
SELECT asked.number, facts.* FROM unnest(
    %(sites)s::uuid[], %(firsts)s::date[], %(lasts)s::date[], %(begins)s::timestamptz[], %(ends)s::timestamptz[]
) WITH ORDINALITY AS asked(site, first, last, begin, "end", number) CROSS JOIN LATERAL (
WITH places AS (
    SELECT id, kind, position FROM clinic_resource WHERE site_id = asked.site AND is_active AND kind <> %(staff)s
), people AS (
    SELECT member.id, member.name, member.resource_id, member.travel_minutes, resource.capacity,
           array_agg(DISTINCT held.role) AS roles,
           (SELECT count(*) FROM clinic_staffmember_sites AS works WHERE works.staffmember_id = member.id) AS sites
    FROM clinic_staffmember AS member
    JOIN clinic_staffmember_sites AS here ON here.staffmember_id = member.id AND here.site_id = asked.site
    JOIN clinic_resource AS resource ON resource.id = member.resource_id AND resource.is_active
    JOIN clinic_staffrole AS held ON held.staff_member_id = member.id AND held.role = ANY(%(roles)s)
    WHERE member.is_active
    GROUP BY member.id, resource.capacity
)
SELECT
    (SELECT json_agg(json_build_array(id, kind) ORDER BY position, id) FROM places),
    (SELECT json_agg(json_build_array(name, resource_id, roles, capacity, sites, travel_minutes) ORDER BY resource_id)
     FROM people),
    (SELECT json_agg(json_build_array(weekday, opens, closes) ORDER BY weekday, opens)
     FROM clinic_openinghours WHERE site_id = asked.site),
    (SELECT json_agg(json_build_array(weekday, resource_id, starts, ends, valid_from, valid_until) ORDER BY starts)
     FROM clinic_shift AS shift JOIN people ON people.id = shift.staff_member_id
     WHERE site_id = asked.site AND valid_from <= asked.last AND (valid_until IS NULL OR valid_until >= asked.first)),
    (SELECT json_agg(json_build_array(date, resource_id, starts, ends) ORDER BY starts)
     FROM clinic_shiftexception AS exception JOIN people ON people.id = exception.staff_member_id
     WHERE site_id = asked.site AND date BETWEEN asked.first AND asked.last),
    (SELECT json_agg(json_build_array(resource_id, starts, ends))
     FROM clinic_closure
     WHERE starts < asked."end" AND ends > asked.begin
       AND (site_id = asked.site OR resource_id IN (SELECT id FROM places UNION SELECT resource_id FROM people)))
) AS facts
"""


def facts_of_sites(asked: Sequence[Asked]) -> list[SiteFacts]:
    """The facts of each site asked about, in that order; one query for all of them."""
    values: dict[str, Any] = {
        "staff": ResourceKind.STAFF.value,
        "roles": list(TREATING),
        "sites": [str(one.site.pk) for one in asked],
        "firsts": [min(one.dates) for one in asked],
        "lasts": [max(one.dates) for one in asked],
        "begins": [one.begin for one in asked],
        "ends": [one.end for one in asked],
    }
    with connection.cursor() as cursor:
        cursor.execute(_SELECT, values)
        rows = sorted(cursor.fetchall(), key=lambda row: int(row[0]))
    return [_facts(*(value or [] for value in row[1:])) for row in rows]


def _facts(
    places: list[Any],
    people: list[Any],
    hours: list[Any],
    shifts: list[Any],
    exceptions: list[Any],
    closures: list[Any],
) -> SiteFacts:
    """What json_agg gave, each as lists of columns."""
    return SiteFacts(
        places=tuple(Resource(one, frozenset({kind})) for one, kind in places),
        workers=tuple(_worker(*row) for row in people),
        hours=_grouped((weekday, (_time(opens), _time(closes))) for weekday, opens, closes in hours),
        shifts=_grouped((weekday, _shift(*row)) for weekday, *row in shifts),
        instead=_instead(exceptions),
        closures=_grouped((one, (_moment(starts), _moment(ends))) for one, starts, ends in closures),
    )


def _grouped(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, list[Value]]:
    found: dict[Key, list[Value]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found


def _worker(name: str, resource: int, roles: list[str], capacity: int, sites: int, travel_minutes: int) -> Worker:
    """Only nurses watch: unit 0 are the hands, each other one a patient watched."""
    named = frozenset(TREATING[role] for role in roles)
    watch = capacity - 1 if "nurse" in named else 0
    return Worker(name, Resource(resource, named, watch), sites, travel_minutes)


def _shift(resource: int, starts: str, ends: str, since: str, until: str | None) -> WeeklyShift:
    last = date.fromisoformat(until) if until is not None else None
    return WeeklyShift(resource, _time(starts), _time(ends), date.fromisoformat(since), last)


def _instead(rows: Iterable[list[Any]]) -> dict[date, dict[int, list[tuple[time, time]]]]:
    """A row without hours says that the person is not there at all; the entry stays, empty."""
    found: dict[date, dict[int, list[tuple[time, time]]]] = defaultdict(lambda: defaultdict(list))
    for on, resource, starts, ends in rows:
        stretches = found[date.fromisoformat(on)][resource]
        if starts is not None:
            stretches.append((_time(starts), _time(ends)))
    return found


def _time(value: str) -> time:
    return time.fromisoformat(value)


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(value)
