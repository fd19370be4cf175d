"""Small and middle clinics for the planner's tests. All times are made up; nothing depends on today's date."""

import random
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from scheduling.planner.search import possible_starts
from scheduling.planner.values import (
    Kind,
    Lane,
    Need,
    Phase,
    Placement,
    Resource,
    SeriesRequest,
    SiteDay,
    Stretches,
    Taken,
    VisitShape,
)

MONDAY = date(2027, 3, 1)
DAY_CELLS = 288
BASE = 6_000_000

CHAIR = Need(Kind.CHAIR, Lane.WHOLE)
HANDS = Need(Kind.NURSE, Lane.HANDS)
DOCTOR = Need(Kind.DOCTOR, Lane.HANDS)
MONITOR = Need(Kind.MONITOR, Lane.WHOLE)
DOCTOR_THERE = Need(Kind.DOCTOR, Lane.PRESENCE)

Row = tuple[int, int, int, int, int]


def watch(units: int = 1) -> Need:
    """A watch need."""
    return Need(Kind.NURSE, Lane.WATCH, units)


INFUSION = VisitShape(
    (
        Phase("prepare", 3, (CHAIR, HANDS, watch(1))),
        Phase("infuse", 8, (CHAIR, watch(2))),
        Phase("recover", 12, (CHAIR, watch(1))),
    )
)


def chair(number: int, role: str = "recliner") -> Resource:
    """A chair."""
    return Resource(number, frozenset({role}))


def nurse(number: int, units: int = 4, *more: str) -> Resource:
    """A nurse; ``more`` roles."""
    return Resource(number, frozenset({"nurse", *more}), units)


def doctor(number: int) -> Resource:
    """A doctor."""
    return Resource(number, frozenset({"doctor"}))


def first_cell(day: date, minute: int = 0) -> int:
    """The cell of a local minute at a site whose zone is UTC."""
    return BASE + (day - MONDAY).days * DAY_CELLS + minute // 5


def site_day(
    day: date,
    resources: Iterable[Resource],
    opens: int = 480,
    closes: int = 1080,
    away: dict[int, Stretches] | None = None,
    closed: tuple[int, int] | None = None,
) -> SiteDay:
    """A day with everybody there from opening to closing, save whose presence ``away`` gives instead (in minutes)."""
    start, end = first_cell(day, opens), first_cell(day, closes)
    present: dict[int, Stretches] = {one.id: ((start, end),) for one in resources}
    for number, stretches in (away or {}).items():
        present[number] = tuple((first_cell(day, a), first_cell(day, b)) for a, b in stretches)
    gap = None if closed is None else ((start, first_cell(day, closed[0])), (first_cell(day, closed[1]), end))
    return SiteDay(day, start, range(opens, closes, 5), present, gap)


def workdays(count: int, resources: Sequence[Resource], first: date = MONDAY, **hours: int) -> list[SiteDay]:
    """The open days (Monday to Friday) of the next ``count`` calendar days."""
    dates = [first + timedelta(days=one) for one in range(count)]
    return [site_day(day, resources, **hours) for day in dates if day.weekday() < 5]  # type: ignore[arg-type]


def rows_of(placements: Iterable[Placement]) -> list[Row]:
    """Taken rows of placements; only counts matter, so watch labels are simply 1..units."""
    rows = []
    for one in placements:
        low = 1 if one.lane is Lane.WATCH else 0
        rows.append((one.resource, one.start, one.end, low, low + one.units))
    return rows


def ask(shape: VisitShape = INFUSION, **changes: object) -> SeriesRequest:
    """A request for six visits, two to four days apart, from Monday on."""
    given: dict[str, object] = {
        "shape": shape,
        "count": 6,
        "first_day": MONDAY,
        "min_gap_days": 2,
        "max_gap_days": 4,
        "ideal_gap_days": 2.4,
    }
    return SeriesRequest(**{**given, **changes})  # type: ignore[arg-type]


def bench_world(
    seed: int = 1,
    days: int = 28,
    chairs: int = 20,
    nurses: int = 8,
    share: float = 0.8,
    opens: int = 480,
    closes: int = 1080,
) -> tuple[list[SiteDay], list[Resource], Taken]:
    """A clinic whose scarcest resource is about ``share`` taken with infusions laid at random legal times."""
    chance = random.Random(seed)
    resources = [chair(100 + n) for n in range(chairs)] + [nurse(200 + n) for n in range(nurses)]
    resources += [doctor(300), doctor(301)]
    dates = [MONDAY + timedelta(days=n) for n in range(days)]
    calendar = [site_day(one, resources, opens, closes) for one in dates]
    rows: list[Row] = []
    cells = (closes - opens) // 5
    # An infusion takes 3 + 16 + 12 watch units and 23 cells of a chair; whole visits fill about 88 % of either.
    visits = int(share * 0.88 * min(nurses * 4 * cells / 31, chairs * cells / 23))
    for day in calendar:
        mine: list[Row] = []
        for _ in range(visits):
            found = possible_starts(INFUSION, [day], resources, Taken.from_rows(mine))
            if not found.starts:
                break
            cheap = sorted(found.starts, key=lambda one: (one.cost, chance.random()))[:3]
            mine += rows_of(found.placements(chance.choice(cheap).start))
        rows += mine
    return calendar, resources, Taken.from_rows(rows)
