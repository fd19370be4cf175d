"""How near a visit is, in opening days: Monday's gaps are called about on Friday."""

from datetime import date, timedelta

import pytest

from scheduling.opening_days import Nearness, last_near_day, nearness, next_nearer, opening_days_left

#: A Monday.
MONDAY = date(2027, 4, 5)
THURSDAY, FRIDAY, SATURDAY, SUNDAY = (MONDAY - timedelta(days=back) for back in (4, 3, 2, 1))


def on_weekdays(day: date) -> bool:
    return day.weekday() < 5


def always(day: date) -> bool:
    return True


def never(day: date) -> bool:
    return False


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (THURSDAY - timedelta(days=1), Nearness.AHEAD),
        (THURSDAY, Nearness.SOON),
        (FRIDAY, Nearness.LAST),
        (SATURDAY, Nearness.LAST),
        (SUNDAY, Nearness.LAST),
        (MONDAY, Nearness.TODAY),
        (MONDAY + timedelta(days=1), Nearness.TODAY),
    ],
)
def test_mondays_gaps_are_called_about_on_friday(today: date, expected: Nearness) -> None:
    assert nearness(today, MONDAY, on_weekdays) is expected


def test_counted_in_plain_days_monday_would_be_called_about_on_sunday() -> None:
    assert nearness(FRIDAY, MONDAY, always) is Nearness.AHEAD
    assert nearness(SUNDAY, MONDAY, always) is Nearness.LAST


def test_a_holiday_before_the_weekend_brings_the_call_forward() -> None:
    def friday_off(day: date) -> bool:
        return on_weekdays(day) and day != FRIDAY

    assert nearness(THURSDAY, MONDAY, friday_off) is Nearness.LAST
    assert nearness(THURSDAY - timedelta(days=1), MONDAY, friday_off) is Nearness.SOON


def test_the_furthest_near_day_is_where_nearness_ends() -> None:
    for start in range(14):
        today = MONDAY + timedelta(days=start)
        last = last_near_day(today, on_weekdays)
        assert last > today
        assert nearness(today, last, on_weekdays) is not Nearness.AHEAD
        assert nearness(today, last + timedelta(days=1), on_weekdays) is Nearness.AHEAD


def test_it_gets_nearer_step_by_step_until_the_day_itself() -> None:
    today: date | None = MONDAY - timedelta(days=7)
    steps = []
    while today is not None:
        steps.append((today, nearness(today, MONDAY, on_weekdays)))
        today = next_nearer(today, MONDAY, on_weekdays)

    assert steps == [
        (MONDAY - timedelta(days=7), Nearness.AHEAD),
        (THURSDAY, Nearness.SOON),
        (FRIDAY, Nearness.LAST),
        (MONDAY, Nearness.TODAY),
    ]


def test_a_site_that_never_opens_does_not_search_for_ever() -> None:
    far = MONDAY + timedelta(days=400)
    assert opening_days_left(MONDAY, far, never) == 0
    assert nearness(MONDAY, far, never) is Nearness.LAST
    assert last_near_day(MONDAY, never) - MONDAY <= timedelta(days=31)
