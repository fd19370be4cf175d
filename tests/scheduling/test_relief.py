"""Days of relief by the rule of scheduling/relief.py, each case worked out by hand.

Where the numbers come from: a fall of 30 % is Farrar et al. 2001 (doi 10.1016/S0304-3959(01)00349-9), and a "moderate"
improvement by IMMPACT (Dworkin et al. 2008, doi 10.1016/j.jpain.2007.09.005); the example of the suggestion, 24, 27
and 25 days, is the clinic's own.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from scheduling.relief import Outcome, Relief, Response, Rule, Score, response_of, suggest

FIRST = datetime(2026, 3, 2, 15, tzinfo=UTC)


def on(day: float) -> datetime:
    """So many days after the first treatment."""
    return FIRST + timedelta(days=day)


def scores(*pairs: tuple[float, float]) -> list[Score]:
    """(day, value)."""
    return [Score(on(day), value) for day, value in pairs]


def relief(values: Sequence[Score], treatments: Sequence[float] = (0,), rule: Rule | None = None) -> Relief:
    """Of the first treatment."""
    return response_of(values, [on(day) for day in treatments], rule or Rule()).reliefs[0]


BASELINE_8 = (-1, 8)


def test_relief_ends_where_the_line_to_the_first_score_that_is_back_passes_the_share_of_the_baseline() -> None:
    # 30 % under 8 is 5.6, 80 % of 8 is 6.4. From 6 on day 20 to 7 on day 28: 6.4 is 0.4 of the way, day 23.2.
    found = relief(scores(BASELINE_8, (1, 4), (10, 4), (20, 6), (28, 7)))
    assert (found.outcome, found.days, found.lowest) == (Outcome.RETURNED, 23, 4)


def test_a_score_exactly_at_the_share_ends_it_on_its_own_day() -> None:
    found = relief(scores(BASELINE_8, (1, 4), (18, 6.4)))
    assert (found.outcome, found.days) == (Outcome.RETURNED, 18)


def test_a_score_between_the_two_shares_ends_nothing() -> None:
    # 6 is no relief any more by itself (over 5.6), but it is not back (under 6.4): relief goes on to day 30 at least.
    found = relief(scores(BASELINE_8, (1, 4), (12, 6), (20, 5), (30, 6)))
    assert (found.outcome, found.days) == (Outcome.LASTS, 30)
    # The control: with one share for both, the same curve ends on the way to day 12 (6 passes 5.6 at 0.8 of 11 days).
    assert relief(scores(BASELINE_8, (1, 4), (12, 6)), rule=Rule(30, 70)).days == 9


def test_a_fall_of_less_than_the_share_is_no_relief() -> None:
    # 6 of 8 is 25 % less.
    found = relief(scores(BASELINE_8, (1, 6), (5, 7)))
    assert (found.outcome, found.days, found.lowest) == (Outcome.NONE, 0, 6)


def test_relief_may_begin_some_days_after_the_treatment_and_is_counted_from_the_treatment() -> None:
    # 7 on day 1 is not yet relief, so it ends nothing; from 5 on day 5 to 8 on day 20 6.4 is 7/15 of the way: day 12.
    found = relief(scores(BASELINE_8, (1, 7), (5, 5), (20, 8)))
    assert (found.outcome, found.days) == (Outcome.RETURNED, 12)


def test_where_the_next_treatment_came_first_relief_lasted_at_least_to_the_last_score_before_it() -> None:
    found = relief(scores(BASELINE_8, (1, 4), (12, 5), (16, 8)), treatments=(0, 14))
    assert (found.outcome, found.days, found.is_censored) == (Outcome.NEXT_CAME, 12, True)
    # The control: without the next treatment the score of day 16 ends it.
    assert relief(scores(BASELINE_8, (1, 4), (12, 5), (16, 8))).outcome == Outcome.RETURNED


def test_a_score_of_the_very_moment_of_the_next_treatment_still_speaks_of_the_one_before() -> None:
    assert relief(scores(BASELINE_8, (1, 4), (14, 8)), treatments=(0, 14)).outcome == Outcome.RETURNED


def test_the_baseline_is_the_median_of_the_four_weeks_before_the_first_treatment() -> None:
    values = scores((-60, 2), (-20, 9), (-10, 6), (-1, 7), (1, 4))
    assert response_of(values, [on(0)], Rule()).baseline == 7
    # Of an even number the mean of the middle two.
    assert response_of(values[:3] + values[4:], [on(0)], Rule()).baseline == 7.5


def test_without_a_score_of_those_weeks_the_last_one_before_counts_however_old() -> None:
    assert response_of(scores((-90, 5), (-60, 9), (1, 4)), [on(0)], Rule()).baseline == 9


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(scores((1, 4), (20, 8)), id="no score before the first treatment"),
        pytest.param(scores(BASELINE_8), id="no score after it"),
        pytest.param(scores((-1, 0), (1, 0)), id="nothing to be relieved of"),
    ],
)
def test_without_both_sides_nothing_is_claimed(values: list[Score]) -> None:
    found = relief(values)
    assert (found.outcome, found.days) == (Outcome.UNKNOWN, None)


def test_a_course_without_treatments_has_no_reliefs() -> None:
    assert response_of(scores(BASELINE_8), [], Rule()) == Response(None, ())


def reliefs(*days: int, outcome: Outcome = Outcome.RETURNED) -> tuple[Relief, ...]:
    """Treatments of one course, four weeks apart."""
    return tuple(Relief(on(28 * number), outcome, one, 3) for number, one in enumerate(days))


def test_the_suggestion_is_whole_weeks_within_the_shortest_relief_and_shows_its_data() -> None:
    said = suggest(Response(8, reliefs(24, 27, 25)), 2)
    assert said.interval_days == 21
    assert said.words == "Relief lasted 24, 27 and 25 days: every 3 weeks keeps ahead of it."


def test_under_three_reliefs_seen_to_their_end_nothing_is_suggested() -> None:
    seen = reliefs(24, 27)
    censored = reliefs(20, 21, 19, outcome=Outcome.NEXT_CAME)
    said = suggest(Response(8, (*seen, *censored)), 2)
    assert said.interval_days is None
    assert said.words == "Not enough to suggest: 2 of 5 reliefs seen to the end, 3 are needed."


def test_a_censored_relief_is_never_taken_for_a_length() -> None:
    censored = reliefs(8, outcome=Outcome.NEXT_CAME)
    assert suggest(Response(8, (*censored, *reliefs(24, 27, 25))), 2).interval_days == 21
    # The control: counted as a length, its 8 days would have suggested one week.
    assert suggest(Response(8, reliefs(8, 24, 27, 25)), 2).interval_days == 7


def test_the_newest_six_reliefs_count() -> None:
    assert suggest(Response(8, reliefs(8, 22, 23, 24, 25, 26, 27)), 2).interval_days == 21


@pytest.mark.parametrize(("shortest", "least_gap"), [(6, 2), (13, 10)])
def test_no_interval_is_suggested_that_may_not_be_set(shortest: int, least_gap: int) -> None:
    said = suggest(Response(8, reliefs(shortest, 20, 20)), least_gap)
    assert said.interval_days is None
    assert "too short" in said.words
