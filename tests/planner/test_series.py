"""A whole series: spacing, pins, parts of a series, alternatives, reasons, refusals."""

from datetime import date, timedelta
from itertools import combinations, pairwise

import pytest

from scheduling.planner import cost
from scheduling.planner.alternatives import different
from scheduling.planner.grid import build_grid
from scheduling.planner.problem import Problem
from scheduling.planner.refusal import listed_limits
from scheduling.planner.search import search_series
from scheduling.planner.values import Limit, Pin, Plan, SeriesRequest, SeriesResult, Taken, VisitShape, Wishes
from tests.planner.brute import World
from tests.planner.check import check_plan
from tests.planner.worlds import INFUSION, MONDAY, Row, ask, bench_world, chair, doctor, first_cell, nurse, workdays

CLINIC = (chair(1), chair(2), nurse(11), nurse(12), doctor(21))
DAYS = workdays(28, CLINIC)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


def planned(request: SeriesRequest, rows: list[Row] | None = None) -> SeriesResult:
    """The result for the four-week clinic."""
    result = search_series(request, DAYS, CLINIC, Taken.from_rows(rows or []))
    for plan in result.plans:
        check_plan(World(DAYS, CLINIC, rows or []), request, plan)
    return result


def dates(plan: Plan) -> list[int]:
    """Days after the first Monday."""
    return [(visit.date - MONDAY).days for visit in plan.visits]


def codes(plan: Plan, index: int) -> list[str]:
    """The reason codes of one visit."""
    return [reason.code for reason in plan.visits[index].reasons]


def test_a_free_clinic_gives_monday_wednesday_friday_at_one_hour() -> None:
    plan = planned(ask(ideal_gap_days=(2, 2, 3, 2, 2))).plans[0]
    assert dates(plan) == [0, 2, 4, 7, 9, 11]
    assert len({visit.minute for visit in plan.visits}) == 1
    assert codes(plan, 0)[0] == "first_possible_day"
    assert codes(plan, 1) == ["ideal_gap", "same_hour"]


def test_twice_a_week_comes_from_an_ideal_of_three_and_a_half_days() -> None:
    plan = planned(ask(min_gap_days=3, max_gap_days=4, ideal_gap_days=3.5)).plans[0]
    assert {b - a for a, b in pairwise(dates(plan))} <= {3, 4}
    assert plan.terms["spacing"] == 5 * 100


def test_the_window_holds_from_the_first_visit_to_the_last() -> None:
    wishes = Wishes(patient_can=dict.fromkeys((0, 1, 3, 4), ((480, 1080),)))
    request = ask(min_gap_days=1, max_gap_days=7, ideal_gap_days=3, wishes=wishes, window_days=11)
    free = planned(ask(min_gap_days=1, max_gap_days=7, ideal_gap_days=3, wishes=wishes)).plans[0]
    assert dates(free)[-1] - dates(free)[0] > 10
    for plan in planned(request).plans:
        assert dates(plan)[-1] - dates(plan)[0] <= 10


def test_a_window_that_is_running_ends_where_it_began_to_count() -> None:
    request = ask(count=3, previous_day=MONDAY, first_day=TUESDAY, window_days=8, window_start=MONDAY)
    assert dates(planned(request).plans[0])[-1] <= 7


def test_a_pin_keeps_its_date_and_hour_against_the_wishes() -> None:
    start = first_cell(MONDAY + timedelta(days=3), 900)
    wishes = Wishes(patient_can=dict.fromkeys(range(5), ((480, 800),)))
    plan = planned(ask(pins=(Pin(1, MONDAY + timedelta(days=3), start),), wishes=wishes)).plans[0]
    assert plan.visits[1].start == start
    assert plan.visits[1].reasons[0].code == "pinned"
    assert all(visit.minute < 800 for visit in plan.visits if visit.index != 1)


def test_a_pin_without_an_hour_swaps_one_date() -> None:
    plan = planned(ask(pins=(Pin(1, MONDAY + timedelta(days=3)),))).plans[0]
    assert dates(plan)[1] == 3


def test_a_booked_visit_is_not_placed_again_even_where_nothing_is_free() -> None:
    start = first_cell(WEDNESDAY, 600)
    rows = [(n, first_cell(WEDNESDAY, 480), first_cell(WEDNESDAY, 1080), 0, 1) for n in (1, 2)]
    plan = planned(ask(pins=(Pin(1, WEDNESDAY, start, booked=True),)), rows).plans[0]
    assert plan.visits[1].placements == ()
    assert plan.visits[1].start == start
    assert codes(plan, 1) == ["stays_booked"]


def test_the_rest_of_a_series_follows_the_visit_before_and_leads_to_the_one_after() -> None:
    request = ask(
        count=2, first_day=TUESDAY, previous_day=MONDAY, previous_minute=600, next_day=MONDAY + timedelta(days=7),
        ideal_gap_days=(2, 2, 3),
    )  # fmt: skip
    plan = planned(request).plans[0]
    assert dates(plan) == [2, 4]
    assert [visit.minute for visit in plan.visits] == [600, 600]
    assert plan.terms["spacing"] == 0
    assert plan.terms["first_day"] == 0


def test_boosters_keep_to_the_interval_within_its_tolerance() -> None:
    days = workdays(140, CLINIC)
    request = ask(
        count=4, first_day=TUESDAY, previous_day=MONDAY, min_gap_days=(11, 18, 18, 18), max_gap_days=(17, 24, 24, 24),
        ideal_gap_days=(14, 21, 21, 21),
    )  # fmt: skip
    plan = search_series(request, days, CLINIC, Taken()).plans[0]
    assert dates(plan) == [14, 35, 56, 77]


def test_alternatives_differ_from_each_other_and_cost_no_less_than_the_best() -> None:
    plans = planned(ask(window_days=14)).plans
    assert len(plans) == 3
    assert all(plan.cost >= plans[0].cost for plan in plans)
    assert [plan.cost for plan in plans] == sorted(plan.cost for plan in plans)
    problem = Problem(ask(), build_grid(DAYS, CLINIC, Taken()))
    best = problem.cheapest()
    assert best is not None
    assert not different(best, best)
    assert all(
        sum(a.date != b.date for a, b in zip(one.visits, two.visits, strict=True)) >= 2
        or abs(one.visits[2].minute - two.visits[2].minute) >= 60
        for one, two in combinations(plans, 2)
    )


def test_one_alternative_asked_for_is_one_plan() -> None:
    assert len(planned(ask(alternatives=1)).plans) == 1


def test_a_date_moved_for_want_of_hands_says_so_with_the_hours_looked_at() -> None:
    opens, closes = first_cell(WEDNESDAY, 480), first_cell(WEDNESDAY, 1080)
    rows = [(11, opens, closes, 0, 1), (12, opens, closes, 0, 1)]
    plan = planned(ask(count=2, ideal_gap_days=2, pins=(Pin(0, MONDAY),)), rows).plans[0]
    assert dates(plan) == [0, 3]
    reason = plan.visits[1].reasons[1]
    assert reason.code == "moved_because_no_nurse_hands"
    assert reason.params["date"] == WEDNESDAY
    assert (reason.params["from"], reason.params["until"]) == (480, 970)


def test_a_date_the_patient_cannot_and_a_closed_one_are_named() -> None:
    wishes = Wishes(not_dates=frozenset({MONDAY}), patient_can=dict.fromkeys((0, 2, 3, 4), ((480, 1080),)))
    plan = planned(ask(wishes=wishes)).plans[0]
    assert codes(plan, 0)[:3] == ["nearest_possible_day", "patient_not_that_date", "patient_cannot"]
    sunday = MONDAY - timedelta(days=1)
    assert codes(planned(ask(first_day=sunday)).plans[0], 0)[:2] == ["nearest_possible_day", "site_closed"]


def test_the_days_before_the_first_possible_one_are_too_soon_and_not_said_to_be_closed() -> None:
    request = ask(count=1, previous_day=MONDAY - timedelta(days=5), first_day=MONDAY, ideal_gap_days=2, max_gap_days=7)
    assert codes(planned(request).plans[0], 0)[:2] == ["nearest_possible_day", "too_soon"]
    assert "site_closed" not in codes(planned(request).plans[0], 0)


def test_a_preferred_weekday_that_moves_a_date_is_named_with_its_points() -> None:
    plan = planned(ask(count=1, wishes=Wishes(preferred_weekdays=frozenset({1})))).plans[0]
    assert dates(plan) == [1]
    assert plan.visits[0].reasons[1].code == "better_preferred_weekday"
    assert plan.visits[0].reasons[1].params["points"] == cost.PREFERRED_WEEKDAY


def test_preferred_hours_are_kept_and_named() -> None:
    plan = planned(ask(wishes=Wishes(preferred_from=840, preferred_until=900))).plans[0]
    assert all(840 <= visit.minute <= 900 for visit in plan.visits)
    assert codes(plan, 0)[-1] == "preferred_hours"
    assert plan.terms["preferred_hours"] == 0


def test_a_driver_who_never_can_is_the_one_limit_to_relax() -> None:
    wishes = Wishes(driver_can={6: ((600, 700),)}, preferred_from=600)
    result = planned(ask(wishes=wishes, last_day=MONDAY + timedelta(days=20)))
    assert result.plans == ()
    assert result.refusal is not None
    assert [one.limits for one in result.refusal.relaxations] == [(Limit.DRIVER_HOURS,)]
    relaxation = result.refusal.relaxations[0]
    assert relaxation.first.date == MONDAY
    assert {reason.code for reason in relaxation.breaches} == {"breaks_driver_hours"}
    assert len(relaxation.breaches) == 6


def test_a_relaxed_limit_is_broken_by_as_few_visits_as_possible() -> None:
    wishes = Wishes(driver_can={0: ((480, 1080),), 2: ((480, 1080),)})
    result = planned(ask(count=3, max_gap_days=3, wishes=wishes))
    assert result.refusal is not None
    broken = {one.limits: one.breaches for one in result.refusal.relaxations}
    assert len(broken[(Limit.DRIVER_HOURS,)]) == 1
    assert [reason.code for reason in broken[(Limit.GAP_MAX,)]] == ["breaks_gap_max"]


@pytest.mark.parametrize(
    "request_",
    [
        ask(wishes=Wishes(driver_can={6: ((0, 1440),)}, patient_can={5: ((0, 1440),)})),
        ask(window_days=5),
        ask(count=2, last_day=TUESDAY, wishes=Wishes(not_dates=frozenset({MONDAY}))),
        ask(VisitShape(INFUSION.phases, frozenset({"bed"})), count=2, window_days=1),
        ask(VisitShape(INFUSION.phases, doctor=99), wishes=Wishes(driver_can={6: ((0, 1440),)})),
    ],
)
def test_no_smaller_set_of_limits_would_have_done(request_: SeriesRequest) -> None:
    result = planned(request_)
    assert result.refusal is not None
    problem = Problem(request_, build_grid(DAYS, CLINIC, Taken()))
    limits = listed_limits(problem)
    possible = [
        frozenset(chosen)
        for size in range(len(limits) + 1)
        for chosen in combinations(limits, size)
        if problem.cheapest(frozenset(chosen)) is not None
    ]
    smallest = min(len(one) for one in possible)
    found = {frozenset(one.limits) for one in result.refusal.relaxations}
    assert found == {one for one in possible if len(one) == smallest}


def test_the_bottleneck_names_what_is_short_and_when() -> None:
    rows = [(n, first_cell(day.date, 480), first_cell(day.date, 1080), 0, 1) for day in DAYS for n in (11, 12)]
    result = planned(ask(), rows)
    assert result.refusal is not None
    assert result.refusal.relaxations == ()
    short = result.refusal.bottleneck
    assert short is not None
    assert (short.kind, short.lane) == ("nurse", "hands")
    assert short.weekdays == (0, 1, 2, 3, 4)
    assert (short.from_minute, short.until_minute, short.dates) == (480, 970, 20)


def test_no_days_at_all_is_a_refusal_and_no_crash() -> None:
    result = search_series(ask(), [], CLINIC, Taken())
    assert result.plans == ()
    assert result.refusal is not None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"count": 0}, "at least one visit"),
        ({"min_gap_days": 0}, "different days"),
        ({"min_gap_days": 5}, "larger than the largest"),
        ({"ideal_gap_days": (2, 2)}, "There are 5 gaps, but 2 values for the ideal gap"),
        ({"window_days": 0}, "window of a series"),
        ({"pins": (Pin(6, MONDAY),)}, "no visit 7"),
        ({"pins": (Pin(1, MONDAY), Pin(1, TUESDAY))}, "pinned twice"),
        ({"pins": (Pin(1, MONDAY, booked=True),)}, "when it starts"),
    ],
)
def test_a_request_that_contradicts_itself_is_refused_in_words(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        planned(ask(INFUSION, **changes))


def test_a_busy_clinic_gets_legal_plans_on_every_count() -> None:
    days, resources, taken = bench_world(seed=5, days=15, chairs=6, nurses=3)
    rows = [tuple(int(one) for one in row) for row in zip(
        taken.resource, taken.start, taken.end, taken.lower, taken.upper, strict=True
    )]  # fmt: skip
    request = ask(count=4)
    result = search_series(request, days, resources, taken)
    assert result.plans
    for plan in result.plans:
        check_plan(World(days, resources, rows), request, plan)  # type: ignore[arg-type]


def test_the_first_day_of_a_series_may_be_a_date_without_opening() -> None:
    plan = planned(ask(first_day=date(2027, 3, 6))).plans[0]
    assert plan.visits[0].date == date(2027, 3, 8)
