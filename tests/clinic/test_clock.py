"""clinic.clock: the present, and local time at the edge."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from clinic import clock
from tests.searching import search

NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_now_is_aware_and_moved_by_the_offset(settings: Settings) -> None:
    settings.CLOCK_OFFSET_SECONDS = 86400
    ahead = clock.now() - datetime.now(UTC)
    assert timedelta(hours=23, minutes=59) < ahead < timedelta(hours=24, minutes=1)


def test_a_frozen_moment_holds_inside_the_block_only() -> None:
    moment = datetime(2026, 7, 1, 12, tzinfo=UTC)
    with clock.at_moment(moment):
        assert clock.now() == moment
    assert clock.now() != moment


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 7, 1, 12)  # noqa: DTZ001
    with pytest.raises(ValueError, match="aware"), clock.at_moment(naive):
        pass
    with pytest.raises(ValueError, match="without a zone"):
        clock.local(naive, NEW_YORK)


def test_nine_in_the_morning_stays_nine_across_a_clock_change() -> None:
    before, after = (clock.moment(date(2026, 10, day), time(9), NEW_YORK) for day in (30, 31))
    later = clock.moment(date(2026, 11, 2), time(9), NEW_YORK)
    assert after - before == timedelta(hours=24)
    assert later - after == timedelta(hours=49)
    assert clock.local(later, NEW_YORK).time() == time(9)


def test_a_wall_time_that_is_skipped_moves_past_the_change() -> None:
    skipped = clock.moment(date(2026, 3, 8), time(2, 30), NEW_YORK)
    assert clock.local(skipped, NEW_YORK).time() == time(3, 30)


def test_a_wall_time_that_comes_twice_means_the_first() -> None:
    twice = clock.moment(date(2026, 11, 1), time(1, 30), NEW_YORK)
    assert twice == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_a_day_has_23_25_or_24_and_a_half_hours_where_the_clocks_change() -> None:
    def hours(day: date, zone: ZoneInfo) -> float:
        start, end = clock.day_bounds(day, zone)
        return (end - start) / timedelta(hours=1)

    assert hours(date(2026, 3, 8), NEW_YORK) == 23
    assert hours(date(2026, 11, 1), NEW_YORK) == 25
    assert hours(date(2026, 4, 5), LORD_HOWE) == 24.5


@search(100)
@given(MOMENTS)
def test_a_cell_contains_its_moment(moment: datetime) -> None:
    start = clock.of_cell(clock.cell(moment))
    assert start <= moment < start + clock.CELL


@search(100)
@given(MOMENTS)
def test_an_end_is_rounded_outward_to_the_next_cell(moment: datetime) -> None:
    end = clock.of_cell(clock.cell_up(moment))
    assert moment <= end < moment + clock.CELL
