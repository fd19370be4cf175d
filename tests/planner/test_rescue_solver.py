"""CP-SAT as an optional extra of a rescue: never worse than the heuristic, as legal, and not there where not wanted."""

import sys
from dataclasses import replace

import pytest

from scheduling.planner import rescue_solver
from scheduling.planner.rescue import LEFT, Rescue, RescueRequest
from scheduling.planner.rescue_options import Choice, Place
from scheduling.planner.rescue_search import plan_rescue, take_over
from scheduling.planner.rescue_solver import improve_rescue, is_there
from tests.planner.rescues import SHORT, ask_rescue, check_rescue, random_rescue, single, team, week
from tests.searching import seeds

SECONDS = 5.0


def badly_placed() -> tuple[RescueRequest, Rescue]:
    """Two visits of a closed Wednesday, and a rescue that sends one of them two days away without need."""
    resources = team()
    days = week(resources)
    request = ask_rescue([single(key, days[2], 500) for key in "ab"], [days[0], days[1], days[3]], resources)
    far = ask_rescue([single(key, days[2], 500) for key in "ab"], [days[0]], resources)
    return request, plan_rescue(far)


@pytest.mark.parametrize("seed", seeds(8))
def test_what_the_solver_says_is_legal_and_never_worse(seed: int) -> None:
    request = random_rescue(seed, courses=8)
    plain = plan_rescue(request)
    solved = improve_rescue(request, plain, SECONDS)
    check_rescue(request, solved)
    assert solved.cost <= plain.cost
    assert len(solved.left) <= len(plain.left)


def test_a_rescue_that_is_not_the_best_is_made_better() -> None:
    request, plain = badly_placed()
    solved = improve_rescue(request, plain, SECONDS)
    check_rescue(request, solved)
    assert solved.cost < plain.cost
    assert {abs((one.new_date - one.old_date).days) for one in solved.proposals if one.new_date} == {1}


def test_it_is_off_unless_it_is_given_time() -> None:
    request, plain = badly_placed()
    assert improve_rescue(request, plain, 0) is plain


def test_without_or_tools_the_heuristics_rescue_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    request, plain = badly_placed()
    assert is_there()
    monkeypatch.setitem(sys.modules, "ortools", None)
    assert not is_there()
    assert improve_rescue(request, plain, SECONDS) is plain


def test_an_answer_that_finds_no_seats_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    request, plain = badly_placed()
    monkeypatch.setattr(rescue_solver, "take_over", lambda *_: None)
    assert improve_rescue(request, plain, SECONDS) is plain


def test_places_that_do_not_all_fit_are_taken_as_far_as_they_do_and_the_rest_is_placed_anew() -> None:
    resources = team(chairs=1)
    days = week(resources)
    request = ask_rescue([single(key, days[2], 500) for key in "ab"], [days[1]], resources)
    same = Place(days[1].date, days[1].start + 4, 500, 0, served=True)
    rescue = take_over(request, [Choice((same,), 0), Choice((same,), 0)])
    assert rescue is not None
    check_rescue(request, rescue)
    starts = sorted(one.new_start or 0 for one in rescue.proposals)
    assert not rescue.left
    assert starts[1] - starts[0] >= SHORT.cells


def test_two_infusions_of_one_patient_stay_apart_for_the_solver_too() -> None:
    request, plain = badly_placed()
    courses = [replace(course, patient="same", least_gap=2) for course in request.courses]
    asked = replace(request, courses=tuple(courses))
    first = plan_rescue(asked)
    solved = improve_rescue(asked, first, SECONDS)
    dates = sorted(one.new_date for one in solved.proposals if one.new_date)
    assert (dates[1] - dates[0]).days >= 2
    assert solved.cost <= first.cost
    assert plain.cost < LEFT
