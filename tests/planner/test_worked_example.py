"""The worked example in the planner's own description is true."""

import doctest

import scheduling.planner


def test_the_worked_example_of_the_planner_runs_as_written() -> None:
    result = doctest.testmod(scheduling.planner)
    assert result.attempted > 10
    assert result.failed == 0
