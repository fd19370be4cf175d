"""On small clinics the planner's plan costs exactly as much as the best of all plans there are."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from scheduling.planner import cost
from scheduling.planner.grid import build_grid
from scheduling.planner.search import search_series
from scheduling.planner.starts import VisitTable
from scheduling.planner.values import (
    Kind,
    Lane,
    Need,
    Phase,
    Pin,
    Resource,
    SeriesRequest,
    SiteDay,
    Taken,
    VisitShape,
    Wishes,
)
from tests.planner.brute import World, best_cost, serve_cost
from tests.planner.worlds import (
    CHAIR,
    DOCTOR,
    DOCTOR_THERE,
    HANDS,
    MONDAY,
    MONITOR,
    Row,
    chair,
    doctor,
    first_cell,
    nurse,
    site_day,
    watch,
)
from tests.searching import search

ALONE = Need(Kind.NURSE, Lane.HANDS, alone=True)

SHAPES = (
    VisitShape((Phase("prepare", 1, (CHAIR, HANDS, watch())), Phase("infuse", 2, (CHAIR, watch(2))))),
    VisitShape((Phase("prepare", 2, (CHAIR, ALONE)), Phase("rest", 2, (CHAIR, watch()))), turnover_cells=1),
    VisitShape((Phase("inject", 1, (HANDS, DOCTOR)), Phase("rest", 2, (CHAIR, watch())))),
    VisitShape((Phase("talk", 2, (DOCTOR,)),)),
    VisitShape((Phase("infuse", 3, (CHAIR, watch(), DOCTOR_THERE)),), frozenset({"bed"})),
    VisitShape((Phase("start", 1, (CHAIR, HANDS)), Phase("alone", 1, ()), Phase("end", 1, (CHAIR, MONITOR, HANDS)))),
)

RESOURCES = (
    chair(1),
    chair(2, "bed"),
    nurse(11, 2),
    nurse(12, 3, "doctor"),
    doctor(21),
    Resource(31, frozenset({"monitor"})),
)


Clinic = tuple[list[SiteDay], list[Row]]


@st.composite
def clinics(
    draw: st.DrawFn, length: int = 6, fewest_days: int = 2, calm: bool = False
) -> tuple[list[SiteDay], list[Row]]:
    """A few short days with some of everything held and some people away part of the day."""
    offsets = sorted(draw(st.sets(st.integers(0, 7), min_size=fewest_days, max_size=5)))
    kinds = ("all", "all", "all", "late", "early", "lunch", *(() if calm else ("none",)))
    days, rows = [], []
    for offset in offsets:
        date = MONDAY + timedelta(days=offset)
        away = {}
        for one in RESOURCES:
            kind = draw(st.sampled_from(kinds))
            opens, closes = 480, 480 + 5 * length
            stretches = {
                "all": ((opens, closes),),
                "late": ((opens + 10, closes),),
                "early": ((opens, closes - 10),),
                "lunch": ((opens, opens + 15), (opens + 20, closes)),
                "none": (),
            }[kind]
            away[one.id] = stretches
            if draw(st.integers(0, 7 if calm else 3)) == 0:
                start = first_cell(date, opens) + draw(st.integers(0, length - 1))
                end = start + draw(st.integers(1, 3))
                lower = draw(st.integers(0, one.watch))
                rows.append((one.id, start, end, lower, draw(st.integers(lower + 1, one.watch + 1))))
        closed = draw(st.sampled_from((None, None, (495, 500))))
        days.append(site_day(date, RESOURCES, opens, closes, away, closed))
    return days, rows


@st.composite
def requests(draw: st.DrawFn, shape: VisitShape) -> SeriesRequest:
    """A request whose gaps are single numbers."""
    least = draw(st.sampled_from((1, 1, 2)))
    hours = st.tuples(st.sampled_from((480, 485, 490)), st.sampled_from((500, 505, 510))).map(lambda pair: (pair,))
    windows = st.integers(0, 4).flatmap(
        lambda die: st.none() if die else st.dictionaries(st.integers(0, 6), hours, min_size=4)
    )
    wishes = Wishes(
        patient_can=draw(windows),
        driver_can=draw(windows),
        preferred_weekdays=draw(st.frozensets(st.integers(0, 6), max_size=3)),
        preferred_from=draw(st.none() | st.just(490)),
        preferred_until=draw(st.none() | st.just(495)),
        not_dates=draw(st.sampled_from((frozenset(), frozenset(), frozenset({MONDAY + timedelta(days=2)})))),
    )
    count = draw(st.sampled_from((1, 2, 3, 3, 3)))
    pinned = MONDAY + timedelta(days=draw(st.integers(0, 7)))
    pin = Pin(draw(st.integers(0, count - 1)), pinned, draw(st.none() | st.just(first_cell(pinned, 485))))
    return SeriesRequest(
        shape=shape,
        count=count,
        pins=draw(st.sampled_from(((), (), (), (pin,)))),
        earliest_cell=draw(st.sampled_from((None, None, None, None, first_cell(MONDAY, 490)))),
        first_day=MONDAY + timedelta(days=draw(st.integers(0, 1))),
        min_gap_days=least,
        max_gap_days=least + draw(st.integers(1, 5)),
        ideal_gap_days=draw(st.sampled_from((1, 2, 2.5, 3))),
        window_days=draw(st.none() | st.integers(4, 7)),
        wishes=wishes,
        previous_day=draw(st.sampled_from((None, None, None, MONDAY - timedelta(days=1)))),
        next_day=draw(st.sampled_from((None, None, None, None, MONDAY + timedelta(days=9)))),
        other_days=draw(st.sampled_from(((), (), ((MONDAY + timedelta(days=3), 1),)))),
        busy=draw(st.just(()) | st.just(((first_cell(MONDAY, 480), first_cell(MONDAY, 490)),))),
    )


@search(120)
@given(clinic=clinics(), number=st.integers(0, len(SHAPES) - 1))
def test_every_start_costs_what_trying_all_people_and_chairs_says(clinic: Clinic, number: int) -> None:
    days, rows = clinic
    shape, world = SHAPES[number], World(days, RESOURCES, rows)
    table = VisitTable(build_grid(days, RESOURCES, Taken.from_rows(rows), pad=shape.turnover_cells), shape)
    for index, day in enumerate(days):
        for at in range(len(day.minutes)):
            expected = serve_cost(world, shape, day, day.start + at)
            found = int(table.costs[index, at])
            assert (found if found < cost.IMPOSSIBLE else None) == expected, (day.date, at)
            if expected is not None:
                assert sum(table.assign(index, at).terms.values()) == expected


@search(250)
@given(clinic=clinics(length=5, fewest_days=5, calm=True), data=st.data())
def test_a_planned_series_costs_as_little_as_any(clinic: Clinic, data: st.DataObject) -> None:
    days, rows = clinic
    # The first two shapes need most, so a quiet clinic serves the others more often.
    request = data.draw(requests(data.draw(st.sampled_from((*SHAPES, SHAPES[3], SHAPES[4], SHAPES[5])))))
    result = search_series(request, days, RESOURCES, Taken.from_rows(rows))
    expected = best_cost(World(days, RESOURCES, rows), request)
    assert (result.best.cost if result.best else None) == expected
    assert (result.refusal is None) == (expected is not None)
