"""The day sheet of a site: everything the planner needs to know about some dates, in a constant number of queries.

Opening hours less holidays and closures; who and what is there, from shifts and their exceptions less closures; and
what
is held, as integer cells (`held_cells`). Holds that have lapsed are left out: they are free (their rows go when a
writer meets them). Who works at several sites is busy at both, with the way between as a margin.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import NamedTuple, TypedDict, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import OuterRef, Q, QuerySet
from django_stubs_ext import WithAnnotations

from clinic import clock
from clinic.models import (
    Closure,
    OpeningHours,
    Resource,
    ResourceKind,
    Shift,
    ShiftException,
    Site,
    StaffMember,
    StaffRole,
)
from clinic.permissions import Role
from scheduling.planner import values
from scheduling.planner.values import SiteDay, Stretches, Taken
from scheduling.selectors.held_cells import held
from scheduling.selectors.local_days import LocalDay, as_cells, holiday_name, subtract

HoldRow = tuple[int, int, int, int, int]
"""resource, first cell, cell after the last, first unit, unit after the last."""

TREATING = {Role.NURSE.value: "nurse", Role.DOCTOR.value: "doctor"}
"""The roles that the planner places; front desk and managers hold no time."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose hands or watch visits take: the resource, who it is, and how it is at other sites too."""

    member: StaffMember
    roles: frozenset[str]
    sites: int

    @property
    def resource(self) -> values.Resource:
        """The person as the planner sees them; only nurses watch."""
        watch = self.member.watch_limit if "nurse" in self.roles else 0
        return values.Resource(self.member.resource_id, self.roles, watch)


class _Known(TypedDict):
    """What is asked of a staff member beside the row: the roles that treat, and the sites."""

    treating: list[str]
    at_sites: list[UUID]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the planner is given. `days` are the dates asked for on which the site is open at all."""

    site: Site
    zone: ZoneInfo
    days: tuple[SiteDay, ...]
    resources: tuple[values.Resource, ...]
    taken: Taken

    def day(self, on: date) -> SiteDay | None:
        """The sheet of one date; None when the site is closed all day."""
        return next((day for day in self.days if day.date == on), None)

    def is_open(self, start: int, end: int) -> bool:
        """Whether the cells [start, end) lie inside one open stretch."""
        return any(low <= start and end <= high for day in self.days for low, high in day.open or ())


def load_sheet(site: Site, dates: Collection[date], *, now: datetime, without_visits: Collection[UUID] = ()) -> Sheet:
    """The sheet of `site` for `dates` (local dates of the site).

    `now` (aware) decides which holds have lapsed. `without_visits`: visits whose holds count as free, because they are
    about to be placed anew.
    """
    ordered = [LocalDay(on, site.zone) for on in sorted(set(dates))]
    people = people_of(site)
    places = Resource.objects.filter(site=site, is_active=True).exclude(kind=ResourceKind.STAFF)
    kinds = dict(places.order_by("position", "id").values_list("id", "kind"))
    resources = (
        *(values.Resource(place, frozenset({kind})) for place, kind in kinds.items()),
        *(person.resource for person in people),
    )
    if not ordered:
        return Sheet(site, site.zone, (), resources, Taken())
    closures = _closures(site, ordered, {one.id for one in resources})
    shifts = _Shifts(site, ordered, people)
    days = _open_days(site, ordered, closures, list(kinds), shifts)
    window = (ordered[0].first, ordered[-1].end)
    here = held([one.id for one in resources], window, now, without_visits)
    taken = _together(here, _elsewhere(site, people, window, now))
    return Sheet(site, site.zone, tuple(days), resources, taken)


def people_of(site: Site) -> list[Person]:
    """Nurses and doctors who work at the site, in order of their resource."""
    their_roles = StaffRole.objects.filter(staff_member=OuterRef("pk"), role__in=TREATING)
    their_sites = StaffMember.sites.through.objects.filter(staffmember=OuterRef("pk"))
    members = (
        StaffMember.objects.filter(is_active=True, resource__is_active=True, sites=site)
        .select_related("resource")
        .annotate(
            treating=ArraySubquery(their_roles.values("role")), at_sites=ArraySubquery(their_sites.values("site_id"))
        )
        .order_by("resource_id")
    )
    return [
        Person(member, frozenset(TREATING[role] for role in member.treating), len(member.at_sites))
        for member in cast("QuerySet[WithAnnotations[StaffMember, _Known]]", members)
        if member.treating
    ]


def _closures(site: Site, days: Sequence[LocalDay], resource_ids: set[int]) -> dict[int | None, list[tuple[int, int]]]:
    """Closed stretches by resource id; those of the whole site under None."""
    begin, end = clock.of_cell(days[0].first), clock.of_cell(days[-1].end)
    found: dict[int | None, list[tuple[int, int]]] = defaultdict(list)
    closures = Closure.objects.filter(starts__lt=end, ends__gt=begin)
    concerned = closures.filter(Q(site=site) | Q(resource__in=resource_ids))
    for resource, starts, ends in concerned.values_list("resource_id", "starts", "ends"):
        found[resource].append(as_cells(starts, ends))
    return found


class _Weekly(NamedTuple):
    """One weekly shift of one person."""

    staff_member_id: UUID
    starts: time
    ends: time
    valid_from: date
    valid_until: date | None


class _Shifts:
    """Who is there when: weekly shifts, replaced on single dates by their exceptions."""

    def __init__(self, site: Site, days: Sequence[LocalDay], people: Sequence[Person]) -> None:
        self.resource_of = {person.member.pk: person.member.resource_id for person in people}
        first, last = days[0].date, days[-1].date
        ours = Q(site=site, staff_member__in=self.resource_of)
        self.weekly: dict[int, list[_Weekly]] = defaultdict(list)
        shifts = Shift.objects.filter(ours, valid_from__lte=last)
        shifts = shifts.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=first))
        # Tuples: the fifty shifts of a site come with every look at it, and as objects they cost as much as its holds.
        for weekday, *shift in shifts.values_list("weekday", *_Weekly._fields):
            self.weekly[weekday].append(_Weekly(*shift))
        self.instead: dict[tuple[date, UUID], list[tuple[time | None, time | None]]] = defaultdict(list)
        exceptions = ShiftException.objects.filter(ours, date__range=(first, last))
        for on, staff, starts, ends in exceptions.values_list("date", "staff_member_id", "starts", "ends"):
            self.instead[(on, staff)].append((starts, ends))

    def on(self, day: LocalDay) -> dict[int, list[tuple[int, int]]]:
        """Cells in which each resource works on `day`."""
        present: dict[int, list[tuple[int, int]]] = defaultdict(list)
        replaced = {staff for on, staff in self.instead if on == day.date}
        for shift in self.weekly[day.date.weekday()]:
            holds = shift.valid_from <= day.date and (shift.valid_until is None or day.date <= shift.valid_until)
            if holds and shift.staff_member_id not in replaced:
                present[self.resource_of[shift.staff_member_id]].append(day.stretch(shift.starts, shift.ends))
        for staff in replaced:
            for starts, ends in self.instead[(day.date, staff)]:
                if starts is not None and ends is not None:
                    present[self.resource_of[staff]].append(day.stretch(starts, ends))
        return present


def _open_days(
    site: Site,
    days: Sequence[LocalDay],
    closures: dict[int | None, list[tuple[int, int]]],
    place_ids: Sequence[int],
    shifts: _Shifts,
) -> Iterable[SiteDay]:
    hours: dict[int, list[OpeningHours]] = defaultdict(list)
    for row in OpeningHours.objects.filter(site=site):
        hours[row.weekday].append(row)
    for day in days:
        rows = hours.get(day.date.weekday(), ())
        if not rows or holiday_name(site, day.date):
            continue
        is_open = subtract((day.stretch(row.opens, row.closes) for row in rows), closures.get(None, ()))
        if not is_open:
            continue
        start, end = is_open[0][0], is_open[-1][1]
        all_day: Stretches = ((start, end),)
        present: dict[int, Stretches] = {
            place: subtract(all_day, closures[place]) if place in closures else all_day for place in place_ids
        }
        for resource, stretches in shifts.on(day).items():
            present[resource] = subtract(stretches, closures.get(resource, ()))
        yield SiteDay(day.date, start, day.minutes(start, end), present, is_open)


def _together(here: Taken, elsewhere: Sequence[HoldRow]) -> Taken:
    """Both as one; nobody who works at one site only pays for it."""
    if not elsewhere:
        return here
    more = Taken.from_rows(elsewhere)
    names = ("resource", "start", "end", "lower", "upper")
    return Taken(*(np.concatenate([getattr(here, name), getattr(more, name)]) for name in names))


def _elsewhere(site: Site, people: Sequence[Person], window: tuple[int, int], now: datetime) -> list[HoldRow]:
    """Holds at other sites of people who also work here, all their units taken, widened by the way between."""
    travellers = [person for person in people if person.sites > 1]
    if not travellers:
        return []
    ids = [person.member.resource_id for person in travellers]
    ways = [-(-person.member.travel_minutes // clock.CELL_MINUTES) for person in travellers]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT hold.resource_id, hold.start_cell - way.cells, hold.end_cell + way.cells, 0, hold.capacity
            FROM scheduling_hold AS hold
            JOIN unnest(%s::bigint[], %s::int[]) AS way(resource_id, cells) USING (resource_id)
            LEFT JOIN scheduling_appointment AS visit ON visit.id = hold.appointment_id
            LEFT JOIN scheduling_offer AS offer ON offer.id = hold.offer_id
            WHERE coalesce(visit.site_id, offer.site_id) <> %s
              AND hold.start_cell < %s + way.cells AND hold.end_cell > %s - way.cells
              AND (hold.expires_at IS NULL OR hold.expires_at > %s)
            """,
            [ids, ways, str(site.pk), window[1], window[0], now],
        )
        rows: list[HoldRow] = cursor.fetchall()
        return rows
