"""The day sheet of a site: everything the planner needs to know about some dates, in a constant number of queries.

Opening hours less holidays and closures; who and what is there, from shifts and their exceptions less closures; and
what is held, as integer cells (`held_cells`). Holds that have lapsed are left out: they are free (their rows go when a
writer meets them). Who works at several sites is busy at both, with the way between as a margin.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypedDict, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import OuterRef, QuerySet
from django_stubs_ext import WithAnnotations

from clinic import clock
from clinic.models import Site, StaffMember, StaffRole
from scheduling.planner import values
from scheduling.planner.values import SiteDay, Stretches, Taken
from scheduling.selectors.held_cells import held
from scheduling.selectors.local_days import LocalDay, as_cells, holiday_name, subtract
from scheduling.selectors.site_facts import TREATING, Asked, SiteFacts, Worker, facts_of_sites

HoldRow = tuple[int, int, int, int, int]
"""resource, first cell, cell after the last, first unit, unit after the last."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose hands or watch visits take, as a person with a name; the planner knows only the resource."""

    member: StaffMember
    roles: frozenset[str]


class _Known(TypedDict):
    """What is asked of a staff member beside the row: the roles that treat."""

    treating: list[str]


@dataclass(frozen=True, slots=True)
class Presence:
    """Who and what is there. `days` are the dates asked for on which the site is open at all; `names` those of the
    people among the `resources`, by resource.
    """

    site: Site
    zone: ZoneInfo
    days: tuple[SiteDay, ...]
    resources: tuple[values.Resource, ...]
    names: Mapping[int, str]

    @property
    def nurses(self) -> list[values.Resource]:
        """Who has hands and watches."""
        return [one for one in self.resources if "nurse" in one.roles]

    def day(self, on: date) -> SiteDay | None:
        """The sheet of one date; None when the site is closed all day."""
        return next((day for day in self.days if day.date == on), None)

    def is_open(self, start: int, end: int) -> bool:
        """Whether the cells [start, end) lie inside one open stretch."""
        return any(low <= start and end <= high for day in self.days for low, high in day.open or ())


@dataclass(frozen=True, slots=True)
class Sheet(Presence):
    """What the planner is given: who is there, and what of it is taken."""

    taken: Taken


def presence_at(dates: Mapping[Site, Collection[date]]) -> dict[Site, Presence]:
    """Who and what is at each site on its local dates (not empty), whatever is booked; one query for all sites."""
    if not dates:
        return {}
    ordered = {site: [LocalDay(on, site.zone) for on in sorted(set(some))] for site, some in dates.items()}
    found = facts_of_sites([_asked(site, days) for site, days in ordered.items()])
    return {
        site: Presence(site, site.zone, tuple(_open_days(site, days, facts)), facts.resources, facts.names)
        for (site, days), facts in zip(ordered.items(), found, strict=True)
    }


def load_sheet(site: Site, dates: Collection[date], *, now: datetime, without_visits: Collection[UUID] = ()) -> Sheet:
    """The sheet of `site` for `dates` (local dates of the site).

    `now` (aware) decides which holds have lapsed. `without_visits`: visits whose holds count as free, because they are
    about to be placed anew.
    """
    ordered = [LocalDay(on, site.zone) for on in sorted(set(dates))]
    if not ordered:
        today = LocalDay(clock.local(now, site.zone).date(), site.zone)
        facts = _facts(site, [today])
        return Sheet(site, site.zone, (), facts.resources, facts.names, Taken())
    facts = _facts(site, ordered)
    here = held([one.id for one in facts.resources], _windows(ordered), now, without_visits)
    taken = _together(here, _elsewhere(site, facts.workers, ordered, now))
    return Sheet(site, site.zone, tuple(_open_days(site, ordered, facts)), facts.resources, facts.names, taken)


def _facts(site: Site, days: Sequence[LocalDay]) -> SiteFacts:
    return facts_of_sites([_asked(site, days)])[0]


def _asked(site: Site, days: Sequence[LocalDay]) -> Asked:
    return Asked(site, [day.date for day in days], clock.of_cell(days[0].first), clock.of_cell(days[-1].end))


def _windows(days: Sequence[LocalDay]) -> list[tuple[int, int]]:
    """The days in cells, neighbours as one stretch: a few days far apart do not read what lies between them."""
    windows: list[tuple[int, int]] = []
    for day in days:
        if windows and day.first <= windows[-1][1]:
            windows[-1] = (windows[-1][0], day.end)
        else:
            windows.append((day.first, day.end))
    return windows


def people_of(site: Site) -> list[Person]:
    """Nurses and doctors who work at the site, in order of their resource."""
    their_roles = StaffRole.objects.filter(staff_member=OuterRef("pk"), role__in=TREATING)
    members = (
        StaffMember.objects.filter(is_active=True, resource__is_active=True, sites=site)
        .select_related("resource")
        .annotate(treating=ArraySubquery(their_roles.values("role")))
        .order_by("resource_id")
    )
    return [
        Person(member, frozenset(TREATING[role] for role in member.treating))
        for member in cast("QuerySet[WithAnnotations[StaffMember, _Known]]", members)
        if member.treating
    ]


def _open_days(site: Site, days: Sequence[LocalDay], facts: SiteFacts) -> Iterable[SiteDay]:
    closed = {one: [as_cells(*stretch) for stretch in stretches] for one, stretches in facts.closures.items()}
    places = [place.id for place in facts.places]
    for day in days:
        hours = facts.hours.get(day.date.weekday(), ())
        if not hours or holiday_name(site, day.date):
            continue
        is_open = subtract((day.stretch(opens, closes) for opens, closes in hours), closed.get(None, ()))
        if not is_open:
            continue
        start, end = is_open[0][0], is_open[-1][1]
        all_day: Stretches = ((start, end),)
        present: dict[int, Stretches] = {
            place: subtract(all_day, closed[place]) if place in closed else all_day for place in places
        }
        for resource, stretches in _at_work(day, facts).items():
            present[resource] = subtract(stretches, closed.get(resource, ()))
        yield SiteDay(day.date, start, day.minutes(start, end), present, is_open)


def _at_work(day: LocalDay, facts: SiteFacts) -> dict[int, list[tuple[int, int]]]:
    """Cells in which each person works on `day`: by the weekly shifts, or what replaces them on that date."""
    instead = facts.instead.get(day.date, {})
    working: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for shift in facts.shifts.get(day.date.weekday(), ()):
        if shift.resource not in instead and shift.holds_on(day.date):
            working[shift.resource].append(day.stretch(shift.starts, shift.ends))
    for resource, stretches in instead.items():
        working[resource] = [day.stretch(starts, ends) for starts, ends in stretches]
    return working


def _together(here: Taken, elsewhere: Sequence[HoldRow]) -> Taken:
    """Both as one; nobody who works at one site only pays for it."""
    if not elsewhere:
        return here
    more = Taken.from_rows(elsewhere)
    names = ("resource", "start", "end", "lower", "upper")
    return Taken(*(np.concatenate([getattr(here, name), getattr(more, name)]) for name in names))


def _elsewhere(site: Site, workers: Sequence[Worker], days: Sequence[LocalDay], now: datetime) -> list[HoldRow]:
    """Holds at other sites of people who also work here, all their units taken, widened by the way between."""
    travellers = [worker for worker in workers if worker.sites > 1]
    if not travellers:
        return []
    ids = [worker.resource.id for worker in travellers]
    ways = [-(-worker.travel_minutes // clock.CELL_MINUTES) for worker in travellers]
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
            [ids, ways, str(site.pk), days[-1].end, days[0].first, now],
        )
        rows: list[HoldRow] = cursor.fetchall()
        return rows
