"""The made-up days of the bench site are legal, and as full as they claim to be."""

from collections import Counter

from scheduling.bench.days import CELLS, CHAIRS, KINDS, NURSES, RESOURCES, SHARE, FullDay, full_day, workdays
from scheduling.planner.values import Phase, VisitShape
from tests.planner.worlds import CHAIR, DOCTOR, HANDS, INFUSION, MONDAY, watch

SHAPES = {
    "consult": VisitShape((Phase("talk", 9, (DOCTOR,)),)),
    "long": VisitShape(
        (
            Phase("prepare", 3, (CHAIR, HANDS, watch())),
            Phase("infuse", 48, (CHAIR, watch(2))),
            Phase("recover", 12, (CHAIR, watch())),
        ),
        turnover_cells=2,
    ),
    "series": INFUSION,
    "short": VisitShape((Phase("prepare", 5, (CHAIR, HANDS, watch())), Phase("recover", 9, (CHAIR, watch())))),
}


def a_day() -> FullDay:
    return full_day(1, SHAPES)


def test_no_unit_is_held_twice_at_once_and_none_that_there_is_not() -> None:
    held = Counter(
        (resource, unit, cell)
        for visit in a_day().visits
        for resource, start, end, low, high in visit.holds
        for unit in range(low, high)
        for cell in range(start, end)
    )
    assert set(held.values()) == {1}
    capacity = {one.id: 1 + one.watch for one in RESOURCES}
    assert all(unit < capacity[resource] for resource, unit, _ in held)


def test_the_scarcest_is_taken_as_far_as_said() -> None:
    day = a_day()
    chairs = sum(
        min(end, CELLS) - start
        for visit in day.visits
        for resource, start, end, _, _ in visit.holds
        if resource < CHAIRS
    )
    assert SHARE <= day.share < SHARE + 0.05
    assert chairs / (CHAIRS * CELLS) <= day.share + 1e-9


def test_every_kind_of_visit_is_there_and_lies_within_opening_hours() -> None:
    visits = a_day().visits
    assert {visit.shape for visit in visits} == set(KINDS)
    assert all(0 <= visit.start < visit.end <= CELLS for visit in visits)
    infusions = [visit for visit in visits if visit.shape == "series"]
    assert all(any(CHAIRS <= row[0] < CHAIRS + NURSES for row in visit.holds) for visit in infusions)


def test_the_same_seed_makes_the_same_day() -> None:
    assert a_day() == a_day()


def test_workdays_leave_out_weekends() -> None:
    assert [day.weekday() for day in workdays(MONDAY, MONDAY.replace(day=9))] == [0, 1, 2, 3, 4, 0, 1]
