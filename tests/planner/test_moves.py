"""Moving one visit moves the fewest others: compared with trying every set of visits that may move."""

import random
from datetime import date as Date
from datetime import timedelta
from itertools import combinations

import pytest

from scheduling.planner.moves import move_visit, replan
from scheduling.planner.search import search_series
from scheduling.planner.values import MoveResult, Pin, Refusal, Taken, Wishes
from tests.planner.brute import World
from tests.planner.check import check_plan
from tests.planner.worlds import MONDAY, Row, ask, chair, first_cell, nurse, workdays
from tests.searching import seeds

CLINIC = (chair(1), nurse(11))
DAYS = workdays(28, CLINIC, opens=480, closes=660)
AT = 540


def series(*offsets: int) -> list[tuple[Date, int]]:
    """Visits so many days after the first Monday, at 09:00."""
    dates = [MONDAY + timedelta(days=one) for one in offsets]
    return [(date, first_cell(date, AT)) for date in dates]


NOW = series(0, 2, 4, 7, 9, 11)


def test_a_visit_with_room_around_it_moves_alone() -> None:
    friday = MONDAY + timedelta(days=4)
    result = move_visit(ask(), DAYS, CLINIC, Taken(), NOW, 2, to_date=friday, to_start=first_cell(friday, 500))
    assert isinstance(result, MoveResult)
    assert result.moved == ()
    assert result.plan.visits[2].placements
    assert [bool(visit.placements) for visit in result.plan.visits] == [False, False, True, False, False, False]


def test_visits_too_near_to_the_new_date_move_with_it_and_say_why() -> None:
    result = move_visit(ask(), DAYS, CLINIC, Taken(), NOW, 3, to_date=MONDAY + timedelta(days=8))
    assert isinstance(result, MoveResult)
    check_plan(World(DAYS, CLINIC, []), ask(), result.plan)
    # Tuesday the 9th leaves too little room before Wednesday's visit, and that one then before Friday's.
    assert result.moved == (4, 5)
    reason = result.reasons[0]
    assert reason.code == "moved_to_keep_gap"
    assert (reason.params["index"], reason.params["beside"]) == (4, 3)


def test_without_a_date_the_visit_leaves_the_one_it_has() -> None:
    result = move_visit(ask(max_gap_days=5), DAYS, CLINIC, Taken(), NOW, 5)
    assert isinstance(result, MoveResult)
    assert result.moved == ()
    assert result.plan.visits[5].date != NOW[5][0]


def test_a_visit_that_stays_needs_nothing_free() -> None:
    rows = [(1, start, start + 23, 0, 1) for _, start in NOW[:5]]
    result = move_visit(ask(max_gap_days=5), DAYS, CLINIC, Taken.from_rows(rows), NOW, 5)
    assert isinstance(result, MoveResult)
    assert result.moved == ()


def test_a_pinned_visit_stays_so_that_a_move_may_be_refused() -> None:
    pinned = ask(pins=(Pin(4, NOW[4][0], NOW[4][1], booked=True),))
    result = move_visit(pinned, DAYS, CLINIC, Taken(), NOW, 3, to_date=MONDAY + timedelta(days=8))
    assert isinstance(result, Refusal)


def test_a_refused_move_says_what_would_make_it_possible() -> None:
    request = ask(wishes=Wishes(patient_can={6: ((480, 660),)}))
    result = move_visit(request, DAYS, CLINIC, Taken(), NOW, 5)
    assert isinstance(result, Refusal)
    assert result.relaxations[0].plan.visits[0].placements == ()


def test_moving_a_visit_that_is_not_there_or_pinned_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="Visit 7 cannot be moved"):
        move_visit(ask(), DAYS, CLINIC, Taken(), NOW, 6)
    with pytest.raises(ValueError, match="take its pin off"):
        move_visit(ask(pins=(Pin(1, NOW[1][0]),)), DAYS, CLINIC, Taken(), NOW, 1)
    with pytest.raises(ValueError, match="reach over every visit"):
        move_visit(ask(), DAYS[:5], CLINIC, Taken(), NOW, 1)


def test_a_lost_visit_is_added_at_the_end_and_nothing_else_moves() -> None:
    left = NOW[2:]
    request = ask(count=5, previous_day=NOW[0][0], previous_minute=AT, max_gap_days=4)
    result = replan(request, DAYS, CLINIC, Taken(), [*left, None])
    assert isinstance(result, MoveResult)
    assert result.moved == ()
    assert [(visit.date, visit.start) for visit in result.plan.visits[:4]] == left
    assert 2 <= (result.plan.visits[4].date - left[-1][0]).days <= 4
    assert result.plan.visits[4].minute == AT


def test_a_visit_that_must_leave_takes_along_only_whom_it_must() -> None:
    request = ask(first_day=MONDAY + timedelta(days=4), anchors=tuple(date for date, _ in NOW))
    # Monday and Wednesday lie before the first day; Friday can no longer be the third.
    result = replan(request, DAYS, CLINIC, Taken(), [None, None, *NOW[2:]])
    assert isinstance(result, MoveResult)
    check_plan(World(DAYS, CLINIC, []), request, result.plan)
    assert result.plan.visits[0].date >= request.first_day
    assert result.moved == (2, 3, 4, 5)
    assert {reason.code for reason in result.reasons} <= {"moved_to_keep_gap", "moved_to_keep_series_possible"}


def test_pins_are_kept_when_the_rest_is_planned_anew() -> None:
    pins = (Pin(3, *NOW[3], booked=True),)
    result = replan(ask(count=6, pins=pins), DAYS, CLINIC, Taken(), [*NOW[:4], None, None])
    assert isinstance(result, MoveResult)
    assert (result.plan.visits[3].date, result.plan.visits[3].start) == NOW[3]


def test_places_that_do_not_fit_the_request_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match="2 places were given for a series of 6"):
        replan(ask(), DAYS, CLINIC, Taken(), NOW[:2])
    with pytest.raises(ValueError, match="reach over every visit"):
        replan(ask(), DAYS[:3], CLINIC, Taken(), NOW)


@pytest.mark.parametrize("seed", seeds(8))
def test_no_smaller_set_of_visits_could_have_moved(seed: int) -> None:
    chance = random.Random(seed)
    rows: list[Row] = []
    for day in DAYS:
        if chance.random() < 0.4:
            start = day.start + chance.randrange(30)
            rows.append((1, start, start + 12, 0, 1))
    index, target = chance.randrange(6), MONDAY + timedelta(days=chance.choice((1, 3, 8, 10, 14, 15)))
    request = ask(max_gap_days=chance.choice((3, 4, 5)), window_days=16)
    result = move_visit(request, DAYS, CLINIC, Taken.from_rows(rows), NOW, index, to_date=target)
    expected = None
    for size in range(6):
        for others in combinations([one for one in range(6) if one != index], size):
            stay = [Pin(one, *NOW[one], booked=True) for one in range(6) if one not in others and one != index]
            pins = (Pin(index, target), *stay)
            again = ask(max_gap_days=request.max_gap_days, window_days=16, pins=pins, alternatives=1)
            if search_series(again, DAYS, CLINIC, Taken.from_rows(rows)).plans:
                expected = size if expected is None else expected
        if expected is not None:
            break
    assert (len(result.moved) if isinstance(result, MoveResult) else None) == expected
