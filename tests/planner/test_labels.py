"""Unit numbers: every legal count gets some, and no two holds ever share one."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.planner.labels import Row, Stretch, fit, relabel
from tests.searching import search

LOWER, UPPER, CELLS = 1, 5, 12

stretches = st.lists(
    st.builds(
        lambda start, cells, units, key: Stretch(start, start + cells, units, key),
        st.integers(0, CELLS - 1),
        st.integers(1, 6),
        st.integers(1, 3),
        st.integers(1, 9),
    ),
    max_size=12,
)


def legal(wanted: list[Stretch]) -> list[Stretch]:
    """The stretches that fit by count, taken in order."""
    used: Counter[int] = Counter()
    kept = []
    for one in wanted:
        if all(used[cell] + one.units <= UPPER - LOWER for cell in range(one.start, one.end)):
            used.update(dict.fromkeys(range(one.start, one.end), one.units))
            kept.append(one)
    return kept


def squares(rows: list[Row]) -> Counter[tuple[int, int]]:
    """How often each (cell, unit) is held."""
    return Counter(
        (cell, unit) for row in rows for cell in range(row.start, row.end) for unit in range(row.lower, row.upper)
    )


def per_cell(ones: list[Stretch]) -> Counter[tuple[int, int]]:
    """Units per (cell, key)."""
    count: Counter[tuple[int, int]] = Counter()
    for one in ones:
        for cell in range(one.start, one.end):
            count[cell, one.key] += one.units
    return count


def rows_per_cell(rows: list[Row]) -> Counter[tuple[int, int]]:
    """Units per (cell, key) of rows."""
    return per_cell([Stretch(row.start, row.end, row.upper - row.lower, row.key) for row in rows])


@search(150)
@given(stretches)
def test_a_day_that_is_legal_by_count_can_always_be_numbered_afresh(wanted: list[Stretch]) -> None:
    ones = legal(wanted)
    rows = list(relabel(ones, LOWER, UPPER))
    assert all(held == 1 for held in squares(rows).values())
    assert all(LOWER <= row.lower < row.upper <= UPPER for row in rows)
    assert rows_per_cell(rows) == per_cell(ones)
    assert {(row.start, row.end) for row in rows} <= {(one.start, one.end) for one in ones}


@search(150)
@given(stretches, st.integers(0, 12))
def test_a_need_that_is_legal_by_count_fits_without_moving_what_is_there(wanted: list[Stretch], split: int) -> None:
    ones = legal(wanted)
    there: list[Row] = []
    for one in ones[:split]:
        there += fit(there, [one], LOWER, UPPER) or ()
    added = fit(there, ones[split:], LOWER, UPPER)
    assert added is not None
    assert all(held == 1 for held in squares([*there, *added]).values())
    assert rows_per_cell(list(added)) == per_cell(ones[split:])


@search(100)
@given(stretches, st.integers(0, CELLS - 1), st.integers(1, 4))
def test_a_need_is_refused_only_where_a_cell_has_too_few_units(wanted: list[Stretch], start: int, units: int) -> None:
    ones = legal(wanted)
    there = list(relabel(ones, LOWER, UPPER))
    need = Stretch(start, start + 3, units, 99)
    fits = len(legal([*ones, need])) == len(ones) + 1
    assert (fit(there, [need], LOWER, UPPER) is not None) == fits


def test_a_need_keeps_its_unit_while_that_is_free_and_takes_neighbours_in_one_row() -> None:
    there = [Row(0, 4, 1, 2), Row(6, 9, 2, 3)]
    assert fit(there, [Stretch(0, 6, 2, 7)], 1, 5) == (Row(0, 6, 2, 4, 7),)
    assert fit(there, [Stretch(0, 9, 1, 7)], 1, 3) == (Row(0, 6, 2, 3, 7), Row(6, 9, 1, 2, 7))


def test_too_many_at_once_cannot_be_numbered() -> None:
    assert fit([Row(0, 4, 1, 5)], [Stretch(3, 5, 1)], 1, 5) is None
    with pytest.raises(ValueError, match="More than 4 units"):
        relabel([Stretch(0, 4, 3), Stretch(3, 5, 2)], 1, 5)
