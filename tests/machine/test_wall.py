"""The machine's own calendar is the one that the world keeps, in every year that its clock may come to."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest

from tests.machine import wall
from tests.machine.truth import cell_at, cell_of, day_of

YEARS = range(2024, 2045)


@pytest.mark.parametrize("year", YEARS)
def test_the_clock_and_the_holidays_are_those_of_new_york(year: int) -> None:
    zone = ZoneInfo("America/New_York")
    known = holidays.country_holidays("US", subdiv="NY", years=year)
    at = datetime(year, 1, 1, 5, tzinfo=UTC)
    while at.astimezone(zone).year == year:
        local = at.astimezone(zone)
        behind = local.utcoffset()
        assert behind == -timedelta(minutes=5 * wall.behind_utc(cell_of(at)))
        assert day_of(cell_of(at)) == local.date()
        if local.hour == 9:
            assert cell_at(local.date(), 9 * 60) == cell_of(at)
            if local.weekday() < 5:
                assert wall.is_holiday(local.date()) == (local.date() in known), local.date()
        at += timedelta(hours=1)


def test_control_a_day_off_that_is_forgotten_is_seen() -> None:
    assert wall.is_holiday(date(2027, 10, 11))
    assert not wall.is_holiday(date(2027, 10, 12))
