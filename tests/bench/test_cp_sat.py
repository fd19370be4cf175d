"""The constraint program that the benchmark measures the planner against says the same as the planner."""

import pytest

from scheduling.bench.cp_sat import SeriesModel
from scheduling.planner.problem import pose
from scheduling.planner.search import search_series
from scheduling.planner.values import Taken, Wishes
from tests.planner.test_against_cp_sat import SHAPE, middle_clinic
from tests.planner.worlds import ask


@pytest.mark.parametrize(
    ("seed", "window", "weekdays"), [(1, None, frozenset()), (2, 10, frozenset({0, 2, 4})), (3, 9, frozenset({1, 3}))]
)
def test_the_constraint_program_proves_the_planners_cost(
    seed: int, window: int | None, weekdays: frozenset[int]
) -> None:
    days, resources, rows = middle_clinic(seed)
    taken = Taken.from_rows(rows)
    request = ask(
        SHAPE,
        count=4,
        min_gap_days=1,
        max_gap_days=4,
        ideal_gap_days=2.4,
        window_days=window,
        wishes=Wishes(preferred_weekdays=weekdays),
    )
    best = search_series(request, days, resources, taken).best
    answer = SeriesModel(pose(request, tuple(days), tuple(resources), taken)).solve(20)
    assert answer.proven
    assert best is not None, "a clinic this size should have a plan, else the test shows little"
    assert answer.cost == best.cost
