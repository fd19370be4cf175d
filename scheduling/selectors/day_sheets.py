"""The day sheet of a site: everything the planner needs to know about some dates, in a constant number of queries.

Opening hours less holidays and closures; who and what is there, from shifts and their exceptions less closures; and
what
is held, as integer cells from one bare cursor. Holds that have lapsed are left out: they are free (their rows go when a
writer meets them). Who works at several sites is busy at both, with the way between as a margin.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q

from clinic import clock
from clinic.models import Closure, OpeningHours, Resource, ResourceKind, Shift, ShiftException, Site, StaffMember
from clinic.permissions import Role
from scheduling.planner import values
from scheduling.planner.values import SiteDay, Stretches, Taken
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
    places = list(
        Resource.objects.filter(site=site, is_active=True).exclude(kind=ResourceKind.STAFF).order_by("position", "id")
    )
    resources = (
        *(values.Resource(place.id, frozenset({place.kind})) for place in places),
        *(person.resource for person in people),
    )
    if not ordered:
        return Sheet(site, site.zone, (), resources, Taken())
    closures = _closures(site, ordered, {one.id for one in resources})
    shifts = _Shifts(site, ordered, people)
    days = _open_days(site, ordered, closures, [place.id for place in places], shifts)
    window = (ordered[0].first, ordered[-1].end)
    rows = _held([one.id for one in resources], window, now, without_visits)
    rows += _elsewhere(site, people, window, now)
    return Sheet(site, site.zone, tuple(days), resources, Taken.from_rows(rows))


def people_of(site: Site) -> list[Person]:
    """Nurses and doctors who work at the site, in order of their resource."""
    members = (
        StaffMember.objects.filter(is_active=True, resource__is_active=True, sites=site)
        .select_related("resource")
        .prefetch_related("role_rows", "sites")
        .order_by("resource_id")
    )
    found = []
    for member in members:
        roles = frozenset(TREATING[row.role] for row in member.role_rows.all() if row.role in TREATING)
        if roles:
            found.append(Person(member, roles, len(member.sites.all())))
    return found


def _closures(site: Site, days: Sequence[LocalDay], resource_ids: set[int]) -> dict[int | None, list[tuple[int, int]]]:
    """Closed stretches by resource id; those of the whole site under None."""
    begin, end = clock.of_cell(days[0].first), clock.of_cell(days[-1].end)
    found: dict[int | None, list[tuple[int, int]]] = defaultdict(list)
    closures = Closure.objects.filter(starts__lt=end, ends__gt=begin)
    for closure in closures.filter(Q(site=site) | Q(resource__in=resource_ids)):
        found[closure.resource_id].append(as_cells(closure.starts, closure.ends))
    return found


class _Shifts:
    """Who is there when: weekly shifts, replaced on single dates by their exceptions."""

    def __init__(self, site: Site, days: Sequence[LocalDay], people: Sequence[Person]) -> None:
        self.resource_of = {person.member.pk: person.member.resource_id for person in people}
        first, last = days[0].date, days[-1].date
        self.weekly: dict[int, list[Shift]] = defaultdict(list)
        shifts = Shift.objects.filter(site=site, staff_member__in=self.resource_of, valid_from__lte=last)
        for shift in shifts.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=first)):
            self.weekly[shift.weekday].append(shift)
        self.instead: dict[tuple[date, UUID], list[ShiftException]] = defaultdict(list)
        for exception in ShiftException.objects.filter(
            site=site, staff_member__in=self.resource_of, date__range=(first, last)
        ):
            self.instead[(exception.date, exception.staff_member_id)].append(exception)

    def on(self, day: LocalDay) -> dict[int, list[tuple[int, int]]]:
        """Cells in which each resource works on `day`."""
        present: dict[int, list[tuple[int, int]]] = defaultdict(list)
        replaced = {staff for on, staff in self.instead if on == day.date}
        for shift in self.weekly[day.date.weekday()]:
            holds = shift.valid_from <= day.date and (shift.valid_until is None or day.date <= shift.valid_until)
            if holds and shift.staff_member_id not in replaced:
                present[self.resource_of[shift.staff_member_id]].append(day.stretch(shift.starts, shift.ends))
        for staff in replaced:
            for exception in self.instead[(day.date, staff)]:
                if exception.starts is not None and exception.ends is not None:
                    present[self.resource_of[staff]].append(day.stretch(exception.starts, exception.ends))
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
        present: dict[int, Stretches] = {
            place: subtract([(start, end)], closures.get(place, ())) for place in place_ids
        }
        for resource, stretches in shifts.on(day).items():
            present[resource] = subtract(stretches, closures.get(resource, ()))
        yield SiteDay(day.date, start, day.minutes(start, end), present, is_open)


def _held(
    resource_ids: Sequence[int], window: tuple[int, int], now: datetime, without_visits: Collection[UUID]
) -> list[HoldRow]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT resource_id, start_cell, end_cell, first_unit, end_unit FROM scheduling_hold
            WHERE resource_id = ANY(%s) AND int4range(start_cell, end_cell) && int4range(%s, %s)
              AND (expires_at IS NULL OR expires_at > %s)
              AND (appointment_id IS NULL OR appointment_id <> ALL(%s::uuid[]))
            """,
            [list(resource_ids), *window, now, [str(one) for one in without_visits]],
        )
        rows: list[HoldRow] = cursor.fetchall()
        return rows


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
