"""A site's week in numbers: how much of its chairs and of its nurses each day takes. A constant number of queries."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from clinic import clock
from clinic.models import Resource, Site, User
from scheduling.models import Appointment, Ride
from scheduling.planner.values import SiteDay, Stretches
from scheduling.selectors.board import UnitRow, here_and_away, taken_by_resource
from scheduling.selectors.day_sheets import Sheet, load_sheet
from scheduling.selectors.local_days import days_between, holiday_name, subtract
from scheduling.selectors.series_rules import local_day
from scheduling.selectors.stranded import stranded
from scheduling.selectors.weeks import monday_of

Status = Appointment.Status
DAYS = 7
#: Per cent from which little more fits: the use at which nurses limited a day in a published simulation (domain.md).
TIGHT = 85
FULL = 100


@dataclass(frozen=True, slots=True)
class Use:
    """How much of something the day takes: `taken` of `there`, both in minutes of one unit."""

    name: str
    taken: int
    there: int

    @property
    def share(self) -> float:
        """0 to 1 and beyond, where more is taken than is there now; 0 where nothing is there and nothing taken."""
        return self.taken / self.there if self.there else float(self.taken > 0)

    @property
    def percent(self) -> int:
        """The share in whole per cent."""
        return round(100 * self.share)

    @property
    def tone(self) -> str:
        """How it looks: "ok", "warn" where it is tight, "bad" where nothing is left."""
        return "bad" if self.percent >= FULL else "warn" if self.percent >= TIGHT else "ok"


@dataclass(frozen=True, slots=True)
class WeekDay:
    """One date of the week. `uses`: chairs, nurses' hands, nurses' watch; empty on a closed day. `holiday`: the
    public holiday that closes the site, or empty."""

    date: date
    is_open: bool
    holiday: str
    visits: int
    rides_missing: int
    uncovered: int
    uses: Sequence[Use]

    @property
    def scarcest(self) -> Use | None:
        """What the day has least left of; None on a closed day, and where nothing is taken."""
        most = max(self.uses, key=lambda use: use.share, default=None)
        return most if most is not None and most.taken else None


def board_week(user: User, site: Site, on: date, *, now: datetime) -> list[WeekDay]:
    """Monday to Sunday of the week that `on` (local date of `site`) lies in, as the user may see it."""
    monday = monday_of(on)
    dates = days_between(monday, monday + timedelta(days=DAYS - 1))
    sheet = load_sheet(site, dates, now=now)
    chairs = [chair.pk for chair in Resource.objects.chairs().filter(site=site)]
    nurses = {one.id: one.watch for one in sheet.nurses}
    taken = taken_by_resource(sheet)
    visits, missing = _visits(user, site, dates)
    uncovered: dict[date, int] = defaultdict(int)
    without = stranded(site, dates, now, sheet=sheet)
    for pk, day in visits.items():
        uncovered[day] += pk in without
    counts: dict[date, int] = defaultdict(int)
    for day in visits.values():
        counts[day] += 1
    return [
        WeekDay(
            date=day,
            is_open=sheet.day(day) is not None,
            holiday=holiday_name(site, day),
            visits=counts[day],
            rides_missing=missing[day],
            uncovered=uncovered[day],
            uses=_uses(sheet, day, chairs, nurses, taken),
        )
        for day in dates
    ]


def _visits(user: User, site: Site, dates: Sequence[date]) -> tuple[dict[object, date], dict[date, int]]:
    """The local date of each visit by its id, and how many of each date nobody drives home from."""
    begin, end = clock.day_bounds(dates[0], site.zone)[0], clock.day_bounds(dates[-1], site.zone)[1]
    rows = (
        Appointment.objects.for_user(user)
        .filter(site=site, starts__gte=begin, starts__lt=end)
        .exclude(status=Status.CANCELLED)
    )
    nobody = Q(ride=None) | Q(ride__status__in=Ride.MISSING)
    alone = set(
        rows.filter(nobody, status__in=Appointment.BLOCKING, protocol_version__needs_ride=True).values_list(
            "pk", flat=True
        )
    )
    found: dict[object, date] = {}
    missing: dict[date, int] = defaultdict(int)
    for pk, starts in rows.values_list("pk", "starts"):
        found[pk] = local_day(starts, site)
        missing[found[pk]] += pk in alone
    return found, missing


def _uses(
    sheet: Sheet,
    on: date,
    chairs: Sequence[int],
    nurses: Mapping[int, int],
    taken: Mapping[int, Sequence[UnitRow]],
) -> tuple[Use, ...]:
    day = sheet.day(on)
    if day is None:
        return ()
    there: dict[str, int] = defaultdict(int)
    used: dict[str, int] = defaultdict(int)
    for resource in (*chairs, *nurses):
        rows, stretches = taken.get(resource, ()), day.present.get(resource, ())
        if resource in nurses:
            rows, away = here_and_away(rows)
            stretches = subtract(stretches, away)
        present = _cells(_open_part(day, stretches))
        if resource in nurses:
            there["hands"] += present
            there["watch"] += present * nurses[resource]
        else:
            there["chairs"] += present
        for start, end, lower, upper in rows:
            # What runs past closing, the cleaning of a chair say, takes nobody's open time.
            cells = max(0, min(end, day.end) - max(start, day.start))
            if resource not in nurses:
                used["chairs"] += cells
                continue
            used["hands"] += cells if lower == 0 else 0
            used["watch"] += cells * (upper - max(lower, 1))
    minutes = clock.CELL_MINUTES
    names = {"chairs": "chairs", "hands": "nurses' hands", "watch": "nurses' watch"}
    return tuple(Use(name, used[kind] * minutes, there[kind] * minutes) for kind, name in names.items())


def _open_part(day: SiteDay, stretches: Stretches) -> list[tuple[int, int]]:
    return [
        (max(low, start), min(high, end))
        for low, high in stretches
        for start, end in day.open or ()
        if max(low, start) < min(high, end)
    ]


def _cells(stretches: Sequence[tuple[int, int]]) -> int:
    return sum(high - low for low, high in stretches)
