"""Who works when at a site, week by week, as a manager reads it: shifts, what replaces them, and what closes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q

from clinic import clock
from clinic.models import Closure, OpeningHours, Shift, ShiftException, Site, StaffMember
from clinic.permissions import Role
from scheduling.selectors.local_days import holiday_name

Stretch = tuple[time, time]
TREATING = {Role.NURSE.value, Role.DOCTOR.value}
MIDNIGHT = time(0)


@dataclass(frozen=True, slots=True)
class DayOfWeek:
    """One date of the week at the site. `why_closed` is empty where it is open."""

    date: date
    hours: tuple[Stretch, ...]
    why_closed: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One person on one date. `differs`: not what the weekly shifts say; `note`: why. `shut`: the site is closed."""

    date: date
    stretches: tuple[Stretch, ...]
    differs: bool = False
    note: str = ""
    shut: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One person's week at the site. `treats`: nurse or doctor; the planner counts on nobody else."""

    member: StaffMember
    roles: tuple[str, ...]
    does: str
    cells: tuple[Cell, ...]
    treats: bool

    @property
    def minutes(self) -> int:
        """All that the person works here in the week, on days on which the site is open."""
        there = (cell for cell in self.cells if not cell.shut)
        return sum(_minute(ends) - _minute(starts) for cell in there for starts, ends in cell.stretches)

    @property
    def hours(self) -> str:
        """The same in hours: "37.5"."""
        return f"{self.minutes / 60:.1f}".removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Cover:
    """How many nurses and doctors are there on one date: fewest and most while the site is open."""

    date: date
    nurses: tuple[int, int]
    doctors: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Week:
    """A week at a site, from Monday."""

    monday: date
    days: tuple[DayOfWeek, ...]
    rows: tuple[Row, ...]

    @property
    def cover(self) -> list[Cover]:
        """Nurses and doctors of each date."""
        return [
            Cover(day.date, *(self._count(number, day, role) for role in (Role.NURSE, Role.DOCTOR)))
            for number, day in enumerate(self.days)
        ]

    def _count(self, number: int, day: DayOfWeek, role: Role) -> tuple[int, int]:
        theirs = [row.cells[number].stretches for row in self.rows if role.value in row.roles]
        counts = [
            sum(any(_minute(starts) <= minute < _minute(ends) for starts, ends in one) for one in theirs)
            for opens, closes in day.hours
            for minute in range(_minute(opens), _minute(closes), clock.CELL_MINUTES)
        ]
        return (min(counts), max(counts)) if counts else (0, 0)


def monday_of(on: date) -> date:
    """The Monday of the week of a date."""
    return on - timedelta(days=on.weekday())


def week_at(site: Site, monday: date) -> Week:
    """The week from `monday` (local) at a site. A constant number of queries."""
    dates = [monday + timedelta(days=number) for number in range(7)]
    begin, end = clock.day_bounds(dates[0], site.zone)[0], clock.day_bounds(dates[-1], site.zone)[1]
    members = list(
        StaffMember.objects.filter(sites=site, is_active=True).select_related("resource").prefetch_related("role_rows")
    )
    closures = list(
        Closure.objects.filter(
            Q(site=site) | Q(resource__in=[one.resource_id for one in members]), starts__lt=end, ends__gt=begin
        )
    )
    shifts = Shift.objects.filter(site=site, staff_member__in=members, valid_from__lte=dates[-1])
    weekly: dict[object, list[Shift]] = defaultdict(list)
    for shift in shifts.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=dates[0])).order_by("starts"):
        weekly[shift.staff_member_id].append(shift)
    instead: dict[object, list[ShiftException]] = defaultdict(list)
    for one in ShiftException.objects.filter(site=site, staff_member__in=members, date__range=(dates[0], dates[-1])):
        instead[(one.staff_member_id, one.date)].append(one)
    days = _days(site, dates, [one for one in closures if one.site_id == site.pk])
    rows = []
    for member in members:
        away = [one for one in closures if one.resource_id == member.resource_id]
        cells = [
            _cell(site, day.date, weekly[member.pk], instead.get((member.pk, day.date), []), away, shut=not day.hours)
            for day in days
        ]
        roles = tuple(sorted(row.role for row in member.role_rows.all()))
        words = ", ".join(str(Role(role).label) for role in roles)
        rows.append(Row(member, roles, words, tuple(cells), bool(TREATING & set(roles))))
    rows.sort(key=lambda row: (not row.treats, Role.NURSE.value not in row.roles, row.member.name))
    return Week(monday, days, tuple(rows))


def _days(site: Site, dates: Sequence[date], closures: Sequence[Closure]) -> tuple[DayOfWeek, ...]:
    hours: dict[int, list[Stretch]] = defaultdict(list)
    for row in OpeningHours.objects.filter(site=site).order_by("opens"):
        hours[row.weekday].append((row.opens, row.closes))
    found = []
    for day in dates:
        holiday = holiday_name(site, day)
        is_open, cut = _without(site, day, hours[day.weekday()], closures)
        why = holiday or ("" if is_open else _why(cut) if hours[day.weekday()] else "closed")
        found.append(DayOfWeek(day, () if holiday else tuple(is_open), why))
    return tuple(found)


def _why(closures: Sequence[Closure]) -> str:
    return closures[0].reason or "closed" if closures else "closed"


def _cell(
    site: Site,
    day: date,
    weekly: Sequence[Shift],
    instead: Sequence[ShiftException],
    away: Sequence[Closure],
    *,
    shut: bool,
) -> Cell:
    note = ""
    if instead:
        stretches = [(one.starts, one.ends) for one in instead if one.starts is not None and one.ends is not None]
        note = instead[0].reason or ("other hours" if stretches else "off")
    else:
        stretches = [
            (shift.starts, shift.ends)
            for shift in weekly
            if shift.weekday == day.weekday()
            and shift.valid_from <= day
            and (shift.valid_until is None or day <= shift.valid_until)
        ]
    left, cut = _without(site, day, stretches, away)
    if cut and left != stretches:
        note = cut[0].reason or "away"
    return Cell(day, tuple(left), bool(instead) or left != stretches, note, shut)


def _without(
    site: Site, day: date, stretches: Sequence[Stretch], closures: Sequence[Closure]
) -> tuple[list[Stretch], list[Closure]]:
    """What is left of local stretches outside the closures, and which of these fall on the day."""
    begin, end = clock.day_bounds(day, site.zone)
    cut = [one for one in closures if one.starts < end and one.ends > begin]
    left = list(stretches)
    for one in cut:
        first = _wall(site, one.starts, begin)
        last = _wall(site, one.ends, begin) if one.ends < end else None
        pieces = []
        for starts, ends in left:
            if starts < first:
                pieces.append((starts, min(ends, first)))
            if last is not None and ends > last:
                pieces.append((max(starts, last), ends))
        left = pieces
    return left, cut


def _wall(site: Site, moment: datetime, begin: datetime) -> time:
    """The wall clock at `moment`, or midnight where it lies before the day."""
    return MIDNIGHT if moment <= begin else clock.local(moment, site.zone).time()


def _minute(wall: time) -> int:
    return wall.hour * 60 + wall.minute


def pattern_of(member: StaffMember, site: Site, on: date) -> dict[int, list[Stretch]]:
    """The weekly shifts of somebody at a site that hold on a date, by weekday."""
    found: dict[int, list[Stretch]] = defaultdict(list)
    held = Shift.objects.filter(staff_member=member, site=site, valid_from__lte=on)
    for shift in held.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=on)).order_by("starts"):
        found[shift.weekday].append((shift.starts, shift.ends))
    return dict(found)


def changes_ahead(member: StaffMember, site: Site, today: date) -> list[date]:
    """Local dates after today from which on the person's weekly shifts at the site are others."""
    shifts = Shift.objects.filter(staff_member=member, site=site)
    begins = shifts.filter(valid_from__gt=today).values_list("valid_from", flat=True)
    ends = shifts.filter(valid_until__gte=today).values_list("valid_until", flat=True)
    return sorted({*begins, *(day + timedelta(days=1) for day in ends if day is not None)})
