"""Planning a series: with its loading beside the bare fetch, and at ten years of history beside one."""

from datetime import date
from itertools import count
from typing import Any

from django.db import connection

from clinic import clock
from clinic.models import Site
from scheduling.bench.measure import Figure, Work, at_most, in_turn
from scheduling.bench.world import World, one_year
from scheduling.desk.booking_series import PLANS
from scheduling.planner.values import SeriesRequest, SeriesResult, Wishes
from scheduling.selectors import planning
from scheduling.selectors.day_sheets import Sheet

#: What the patients of this bench can do and like; they come in turn, so that no figure hangs on one question.
_UNTIL_THREE: dict[int, tuple[tuple[int, int], ...]] = dict.fromkeys(range(5), ((480, 900),))
WISHES = (
    Wishes(),
    Wishes(preferred_weekdays=frozenset({0, 2, 4}), preferred_from=540, preferred_until=720),
    Wishes(patient_can=_UNTIL_THREE),
    Wishes(driver_can=dict.fromkeys((0, 1, 3, 4), ((660, 1080),))),
)


def question(world: World, wishes: Wishes) -> dict[str, Any]:
    """What the booking page asks: the best six infusions from tomorrow on, for a patient without visits."""
    return {
        "site": world.bench.site,
        "version": world.bench.series,
        "wishes": wishes,
        "first_day": world.bench.first_day,
        "patient": world.patients[0],
        "now": clock.now(),
        "alternatives": PLANS,
    }


def plan(world: World, wishes: Wishes) -> SeriesResult:
    """The best plan and the alternatives, read from the database."""
    return planning.plan_series(**question(world, wishes))


def ask(world: World, wishes: Wishes, last: date | None = None) -> tuple[SeriesRequest, Sheet]:
    """The same question, read but not searched; up to the `last` date, or as far as it may ever be looked for."""
    return planning.series_question(**question(world, wishes), last_day=last)


def planner_of(world: World) -> Work:
    """A function that plans for one wish after the other."""
    turn = count()
    return lambda: plan(world, WISHES[next(turn) % len(WISHES)])


def near(world: World) -> date:
    """The last date that a plan reads where it finds one: four weeks."""
    return planning.last_days(world.bench.series, world.bench.first_day)[0]


def bare_fetch(world: World) -> list[tuple[Any, ...]]:
    """The holds that such a plan reads, by a bare cursor: integer cells, one row a hold."""
    site: Site = world.bench.site
    first, _ = clock.day_bounds(world.bench.first_day, site.zone)
    _, last = clock.day_bounds(near(world), site.zone)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT resource_id, start_cell, end_cell, first_unit, end_unit FROM scheduling_hold"
            " WHERE resource_id = ANY(%s::bigint[]) AND int4range(start_cell, end_cell) && int4range(%s, %s)",
            [list(world.bench.resources), clock.cell(first), clock.cell(last)],
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def plan_beside_fetch(world: World) -> Figure:
    """Load and search for the best series and its alternatives, beside the bare fetch of the same holds."""
    _, sheet = ask(world, WISHES[0], near(world))
    rows = len(bare_fetch(world))
    if rows != len(sheet.taken.resource):
        raise ValueError(f"The plan reads {len(sheet.taken.resource)} holds and its floor {rows}: not the same work.")
    looked = [planning.look_for_series(**question(world, wishes)) for wishes in WISHES]
    if any(one.last != near(world) for one in looked):
        raise ValueError("A plan of this bench is found in four weeks; one was not, and read more than its floor.")
    found = [len(one.result.plans) for one in looked]
    values, floors = in_turn(world.options.times(200), planner_of(world), lambda: bare_fetch(world))
    figure = at_most(
        "plan",
        "plan the best six-visit series and alternatives (load and search)",
        f"a bare cursor fetching the same {rows:,} holds",
        values,
        floors,
        3,
    )
    return figure.noting(f"plans found for the {len(WISHES)} questions asked in turn: {', '.join(map(str, found))}")


def ten_years_beside_one(world: World) -> Figure:
    """The same with ten years of history behind it, beside the same at one year."""
    old: list[float] = []
    young: list[float] = []
    batches = 4 if world.options.quick else 10
    # In batches that take turns, since each change of database is a new connection.
    for _ in range(batches):
        old += in_turn(8, planner_of(world))[0]
        with one_year():
            young += in_turn(8, planner_of(world))[0]
    return at_most("years", f"the same at {world.holds:,} holds", "the same at one year of history", old, young, 1.3)
