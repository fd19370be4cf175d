"""Plans begin at times that can be said on the telephone, where nothing that anybody wished for stands against it."""

import numpy as np
import pytest

from scheduling.planner import cost, wishes
from scheduling.planner.search import search_series
from scheduling.planner.values import SeriesRequest, SiteDay, Taken, Wishes
from tests.planner.worlds import INFUSION, MONDAY, Row, ask, chair, nurse, site_day, workdays

CLINIC = (chair(1), nurse(11))
FROM_TEN = Wishes(preferred_from=600)


def minutes(request: SeriesRequest, days: list[SiteDay], rows: list[Row] | None = None) -> list[int]:
    """The local starts of the best plan."""
    plan = search_series(request, days, CLINIC, Taken.from_rows(rows or [])).plans[0]
    return [visit.minute for visit in plan.visits]


def test_a_plan_keeps_to_the_quarters_of_the_hour() -> None:
    days = workdays(21, CLINIC, opens=490, closes=1075)
    assert all(minute % 15 == 0 for minute in minutes(ask(wishes=FROM_TEN), days))


def test_without_the_term_a_tidy_chair_decides_for_an_odd_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wishes, "ROUND_START", np.zeros(60, dtype=np.int32))
    days = workdays(21, CLINIC, opens=490, closes=1075)
    assert any(minute % 15 for minute in minutes(ask(wishes=FROM_TEN), days))


def test_an_odd_time_today_is_taken_before_a_round_one_tomorrow() -> None:
    one = ask(count=1, min_gap_days=1, max_gap_days=1, ideal_gap_days=1)
    length = 5 * INFUSION.cells
    days = [site_day(MONDAY, CLINIC, 545, 545 + length), *workdays(7, CLINIC)[1:]]
    assert minutes(one, days) == [545]


def test_the_hour_costs_least_then_its_quarters_then_the_rest() -> None:
    assert cost.round_start(600) == 0
    assert {cost.round_start(minute) for minute in (615, 630, 645)} == {cost.QUARTER_START}
    assert {cost.round_start(minute) for minute in (605, 620, 655)} == {cost.ODD_START}
    assert 0 < cost.QUARTER_START < cost.ODD_START < cost.FIRST_DAY
