"""How figures are summed up, judged and written."""

import json
from pathlib import Path

import pytest

from scheduling.bench.measure import Figure, at_most, in_turn, percentile, summary, write_json


def figure(values: list[float], floors: list[float], limit: float = 3) -> Figure:
    return at_most("plan", "plan a series", "a bare fetch", values, floors, limit)


def test_a_figure_within_its_limit_is_met_and_one_beyond_is_missed() -> None:
    assert figure([29, 30, 31], [10, 10, 10]).ok
    assert not figure([31, 31, 31], [10, 10, 10]).ok


def test_the_ratio_is_that_of_the_medians() -> None:
    assert figure([10, 20, 900], [5, 10, 11]).ratio == 2


def test_the_95th_percentile_is_one_of_the_values() -> None:
    assert percentile(list(range(1, 101)), 0.95) == 95
    assert percentile([7], 0.95) == 7
    assert summary([3, 1, 2]) == {"min": 1, "median": 2, "p95": 3, "max": 3}


def test_what_is_measured_in_turn_is_called_alike() -> None:
    calls: list[str] = []
    times = in_turn(3, lambda: calls.append("a"), lambda: calls.append("b"), warm_up=1)
    assert calls == ["a", "b"] * 4
    assert [len(one) for one in times] == [3, 3]


def test_the_file_holds_name_median_floor_ratio_target_and_verdict(tmp_path: Path) -> None:
    write_json([figure([30, 31, 32], [10, 10, 10])], tmp_path / "bench.json")
    written = json.loads((tmp_path / "bench.json").read_text())
    assert written == [{"name": "plan", "p50": 31, "floor": 10, "ratio": 3.1, "target": "<= 3 x", "ok": False}]


def test_the_lines_say_what_was_measured_beside_what() -> None:
    lines = figure([30, 31, 32], [10, 10, 10]).noting("three plans").lines()
    assert lines[0] == "plan: plan a series"
    assert "min 30.0   median 31.0   p95 32.0   max 32.0 ms" in lines[1]
    assert "a bare fetch" in lines[2]
    assert lines[2].endswith("MISSED")
    assert lines[3].strip() == "three plans"


@pytest.mark.parametrize(("value", "shown"), [(0.5, "0.50"), (12.34, "12.3"), (12345.6, "12,346")])
def test_numbers_are_shown_as_finely_as_they_matter(value: float, shown: str) -> None:
    assert shown in figure([value], [1], 1).lines()[1]
