"""Working on a chosen plan: appraised as it stands, one date swapped with the fewest others moved."""

from dataclasses import replace
from datetime import date as Date
from datetime import timedelta

import pytest

from scheduling.planner.moves import move_visit
from scheduling.planner.search import search_series
from scheduling.planner.swaps import Worked, appraise, targets, work_on
from scheduling.planner.values import MoveResult, Pin, Refusal, Taken, Wishes
from tests.planner.brute import World
from tests.planner.check import check_plan
from tests.planner.worlds import MONDAY, ask, chair, first_cell, nurse, workdays

CLINIC = (chair(1), nurse(11))
DAYS = workdays(28, CLINIC, opens=480, closes=660)
ASK = ask(window_days=21)


def at(offset: int, minute: int = 540) -> tuple[Date, int]:
    """A place so many days after the first Monday."""
    date = MONDAY + timedelta(days=offset)
    return date, first_cell(date, minute)


PLAN = [at(offset) for offset in (0, 2, 4, 7, 9, 11)]


def places_of(worked: object) -> list[tuple[Date, int]]:
    """Where the visits of a plan stand."""
    assert isinstance(worked, Worked)
    return [(visit.date, visit.start) for visit in worked.plan.visits]


def test_the_best_plan_appraised_is_the_best_plan() -> None:
    best = search_series(ASK, DAYS, CLINIC, Taken()).plans[0]

    found = appraise(ASK, DAYS, CLINIC, Taken(), [(visit.date, visit.start) for visit in best.visits])

    assert found.plan is not None
    assert (found.plan.cost, found.plan.terms) == (best.cost, best.terms)
    assert [visit.placements for visit in found.plan.visits] == [visit.placements for visit in best.visits]


def test_a_place_that_is_taken_or_not_wished_is_lost() -> None:
    date, start = PLAN[2]
    taken = Taken.from_rows([(1, start, start + 3, 0, 1)])
    assert appraise(ASK, DAYS, CLINIC, taken, PLAN).lost == (2,)

    wishes = replace(ASK, wishes=Wishes(not_dates=frozenset({date})))
    assert appraise(wishes, DAYS, CLINIC, Taken(), PLAN).lost == (2,)
    pinned = replace(wishes, pins=(Pin(2, date, start),))
    assert appraise(pinned, DAYS, CLINIC, Taken(), PLAN).lost == ()


def test_a_plan_that_breaks_a_gap_or_the_window_is_none() -> None:
    assert appraise(ASK, DAYS, CLINIC, Taken(), [*PLAN[:5], at(10)]).plan is None
    assert appraise(replace(ASK, window_days=11), DAYS, CLINIC, Taken(), PLAN).plan is None
    assert appraise(replace(ASK, window_days=12), DAYS, CLINIC, Taken(), PLAN).plan is not None


def test_one_date_is_swapped_and_the_others_stay() -> None:
    friday_early = at(4, 500)

    worked = work_on(ASK, DAYS, CLINIC, Taken(), PLAN, Pin(2, *friday_early))

    assert places_of(worked) == [*PLAN[:2], friday_early, *PLAN[3:]]
    assert isinstance(worked, Worked)
    assert worked.moved == ()
    assert [reason.code for reason in worked.plan.visits[2].reasons] == ["pinned"]
    check_plan(World(DAYS, CLINIC, []), ASK, worked.plan)


def test_a_swap_that_breaks_a_gap_moves_as_few_as_moving_a_booked_visit_would() -> None:
    tuesday = MONDAY + timedelta(days=8)

    worked = work_on(ASK, DAYS, CLINIC, Taken(), PLAN, Pin(3, tuesday))
    moved = move_visit(ASK, DAYS, CLINIC, Taken(), PLAN, 3, to_date=tuesday)

    assert isinstance(worked, Worked)
    assert isinstance(moved, MoveResult)
    assert (worked.moved, worked.reasons) == (moved.moved, moved.reasons)
    assert worked.moved != ()


def test_fixed_dates_are_never_moved_along() -> None:
    tuesday = MONDAY + timedelta(days=8)
    free = work_on(ASK, DAYS, CLINIC, Taken(), PLAN, Pin(3, tuesday))
    assert isinstance(free, Worked)
    assert 4 in free.moved

    assert isinstance(
        work_on(replace(ASK, pins=(Pin(4, *PLAN[4]),)), DAYS, CLINIC, Taken(), PLAN, Pin(3, tuesday)), Refusal
    )


def test_what_was_taken_meanwhile_goes_near_and_the_rest_stays() -> None:
    long_days = workdays(28, CLINIC, opens=480, closes=1080)
    _, start = PLAN[2]
    taken = Taken.from_rows([(1, start, start + 3, 0, 1)])

    worked = work_on(ASK, long_days, CLINIC, taken, PLAN)

    assert isinstance(worked, Worked)
    assert worked.lost == (2,)
    assert worked.plan.visits[2].date == PLAN[2][0]
    assert [place for number, place in enumerate(places_of(worked)) if number != 2] == [*PLAN[:2], *PLAN[3:]]


def test_every_target_is_possible_and_moves_as_many_as_it_says() -> None:
    found = targets(ASK, DAYS, CLINIC, Taken(), PLAN, 3, within_days=4)

    assert found
    assert PLAN[3][1] not in [start.start for target in found for start in target.starts]
    assert PLAN[3][0] in [target.date for target in found], "another hour of the same day"
    for target in found:
        worked = work_on(ASK, DAYS, CLINIC, Taken(), PLAN, Pin(3, target.date, target.starts[0].start))
        assert isinstance(worked, Worked)
        assert len(worked.moved) == target.moves, target.date


def test_targets_outside_the_wishes_say_so() -> None:
    thursday = at(3)[0]
    wishes = Wishes(not_dates=frozenset({thursday}))

    found = {
        one.date: one for one in targets(replace(ASK, wishes=wishes), DAYS, CLINIC, Taken(), PLAN, 1, within_days=4)
    }

    assert not any(start.is_wished for start in found[thursday].starts)


def test_as_many_places_as_visits_are_asked_for() -> None:
    with pytest.raises(ValueError, match="places"):
        appraise(ASK, DAYS, CLINIC, Taken(), PLAN[:3])
