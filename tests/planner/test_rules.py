"""The rules of a visit, one by one: chairs, hands, watching, hand-over, doctors, hours and clocks."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduling.planner import cost
from scheduling.planner.search import possible_starts, search_series
from scheduling.planner.values import (
    Kind,
    Lane,
    Need,
    Phase,
    Placement,
    PlannedVisit,
    Resource,
    SeriesRequest,
    SiteDay,
    Stretches,
    Taken,
    VisitShape,
    Wishes,
)
from tests.planner.brute import World
from tests.planner.check import check_plan
from tests.planner.worlds import (
    CHAIR,
    DOCTOR,
    DOCTOR_THERE,
    HANDS,
    INFUSION,
    MONDAY,
    MONITOR,
    Row,
    ask,
    chair,
    doctor,
    first_cell,
    nurse,
    site_day,
    watch,
    workdays,
)

CLINIC = (chair(1), chair(2, "bed"), nurse(11), nurse(12))
WATCHED = VisitShape((Phase("infuse", 12, (CHAIR, watch())),))


def one_visit(
    request: SeriesRequest, days: list[SiteDay], resources: tuple[Resource, ...], rows: list[Row]
) -> PlannedVisit:
    """The one visit of the best plan, checked."""
    plan = search_series(request, days, resources, Taken.from_rows(rows)).plans[0]
    check_plan(World(days, resources, rows), request, plan)
    return plan.visits[0]


def single(shape: VisitShape, **changes: object) -> SeriesRequest:
    """A request for one visit."""
    return ask(shape, count=1, **changes)


def of_lane(visit: PlannedVisit, lane: Lane) -> list[Placement]:
    """The placements of one lane, in order of time."""
    return sorted((one for one in visit.placements if one.lane is lane), key=lambda one: one.start)


def at(minute: int) -> int:
    """The cell of a local minute on the Monday."""
    return first_cell(MONDAY, minute)


def test_one_chair_is_held_through_all_phases_and_the_cleaning() -> None:
    shape = replace(INFUSION, turnover_cells=2)
    visit = one_visit(single(shape), [site_day(MONDAY, CLINIC)], CLINIC, [])
    (held,) = of_lane(visit, Lane.WHOLE)
    assert (held.start, held.end) == (visit.start, visit.end + 2)


def test_cleaning_may_run_past_closing_but_not_into_the_next_visit() -> None:
    shape = VisitShape((Phase("infuse", 12, (CHAIR,)),), turnover_cells=6)
    day = site_day(MONDAY, CLINIC, 480, 540)
    assert [one.minute for one in possible_starts(shape, [day], [chair(1)], Taken()).starts] == [480]
    longer = site_day(MONDAY, CLINIC, 480, 600)
    taken = Taken.from_rows([(1, at(570), at(600), 0, 1)])
    assert [one.minute for one in possible_starts(shape, [longer], [chair(1)], taken).starts] == [480]


def test_a_bed_is_taken_when_only_a_bed_will_do() -> None:
    visit = one_visit(single(replace(INFUSION, chair_kinds=frozenset({"bed"}))), [site_day(MONDAY, CLINIC)], CLINIC, [])
    assert of_lane(visit, Lane.WHOLE)[0].resource == 2


def test_hands_stay_with_one_nurse_and_her_watch_comes_with_them() -> None:
    visit = one_visit(single(INFUSION), [site_day(MONDAY, CLINIC)], CLINIC, [])
    (hands,) = of_lane(visit, Lane.HANDS)
    first = of_lane(visit, Lane.WATCH)[0]
    assert (first.resource, first.start, first.end) == (hands.resource, hands.start, hands.end)


def test_a_nurse_who_works_alone_gives_her_whole_watch() -> None:
    shape = VisitShape((Phase("prepare", 3, (CHAIR, Need(Kind.NURSE, Lane.HANDS, alone=True), watch(1))),))
    visit = one_visit(single(shape), [site_day(MONDAY, CLINIC)], CLINIC, [])
    assert [one.units for one in of_lane(visit, Lane.WATCH)] == [4]
    taken = [(11, at(480), at(1080), 2, 3), (12, at(480), at(1080), 1, 2)]
    assert not search_series(single(shape), [site_day(MONDAY, CLINIC)], CLINIC, Taken.from_rows(taken)).plans


def test_legality_is_the_count_free_whatever_the_labels() -> None:
    resources = (chair(1), nurse(11, 3))
    rows = [(11, at(480), at(510), 3, 4), (11, at(510), at(540), 1, 2)]
    shape = VisitShape((Phase("infuse", 12, (CHAIR, watch(2))),))
    visit = one_visit(single(shape), [site_day(MONDAY, resources, 480, 540)], resources, rows)
    assert visit.minute == 480
    assert not search_series(
        single(replace(shape, phases=(Phase("infuse", 12, (CHAIR, watch(3))),))),
        [site_day(MONDAY, resources, 480, 540)],
        resources,
        Taken.from_rows(rows),
    ).plans


def test_the_watch_is_handed_over_where_a_shift_ends() -> None:
    away: dict[int, Stretches] = {11: ((480, 510),), 12: ((510, 540),)}
    visit = one_visit(single(WATCHED), [site_day(MONDAY, CLINIC, 480, 540, away)], CLINIC, [])
    assert [(one.resource, one.start, one.end) for one in of_lane(visit, Lane.WATCH)] == [
        (11, at(480), at(510)),
        (12, at(510), at(540)),
    ]
    assert visit.terms["handover"] == cost.HANDOVER


def test_the_watch_is_handed_over_for_lunch_and_back() -> None:
    away: dict[int, Stretches] = {11: ((480, 505), (515, 540)), 12: ((505, 515),)}
    visit = one_visit(single(WATCHED), [site_day(MONDAY, CLINIC, 480, 540, away)], CLINIC, [])
    assert [one.resource for one in of_lane(visit, Lane.WATCH)] == [11, 12, 11]
    assert visit.terms["handover"] == 2 * cost.HANDOVER


def test_hands_are_never_handed_over() -> None:
    away: dict[int, Stretches] = {11: ((480, 490),), 12: ((490, 540),)}
    shape = VisitShape((Phase("prepare", 3, (CHAIR, HANDS)),))
    starts = possible_starts(shape, [site_day(MONDAY, CLINIC, 480, 540, away)], CLINIC, Taken()).starts
    assert starts[0].minute == 490


def test_no_handover_is_counted_after_a_phase_without_a_nurse() -> None:
    away: dict[int, Stretches] = {11: ((480, 495),), 12: ((500, 540),)}
    shape = VisitShape(
        (Phase("inject", 3, (CHAIR, HANDS)), Phase("alone", 1, (CHAIR,)), Phase("rest", 8, (CHAIR, watch())))
    )
    visit = one_visit(single(shape), [site_day(MONDAY, CLINIC, 480, 540, away)], CLINIC, [])
    assert visit.terms["handover"] == 0


def test_a_less_loaded_nurse_is_chosen() -> None:
    rows = [(11, at(480), at(1080), 1, 4)]
    visit = one_visit(single(WATCHED), [site_day(MONDAY, CLINIC)], CLINIC, rows)
    assert {one.resource for one in of_lane(visit, Lane.WATCH)} == {12}


def test_one_person_cannot_be_doctor_and_nurse_with_the_same_hands() -> None:
    shape = VisitShape((Phase("inject", 2, (HANDS, DOCTOR)),))
    both = (nurse(11, 4, "doctor"),)
    assert not possible_starts(shape, [site_day(MONDAY, both)], both, Taken()).starts
    helped = (*both, doctor(21))
    placed = possible_starts(shape, [site_day(MONDAY, helped)], helped, Taken())
    hands = {one.resource for one in placed.placements(placed.starts[0].start)}
    assert hands == {11, 21}


def test_the_asked_for_doctor_serves_or_nobody() -> None:
    resources = (doctor(21), doctor(22))
    shape = VisitShape((Phase("talk", 6, (DOCTOR,)),), doctor=22)
    rows = [(22, at(480), at(510), 0, 1)]
    visit = one_visit(single(shape), [site_day(MONDAY, resources, 480, 540)], resources, rows)
    assert visit.minute == 510
    assert [one.resource for one in visit.placements] == [22]


def test_a_phone_consult_takes_the_doctor_and_no_chair() -> None:
    resources = (chair(1), doctor(21))
    found = possible_starts(
        VisitShape((Phase("talk", 6, (DOCTOR,)),)), [site_day(MONDAY, resources, 480, 540)], resources, Taken()
    )
    assert len(found.starts) == 7
    assert [one.lane for one in found.placements(found.starts[0].start)] == [Lane.HANDS]


def test_a_doctor_on_site_is_enough_for_presence_and_is_not_held() -> None:
    resources = (chair(1), doctor(21), doctor(22))
    away: dict[int, Stretches] = {21: ((480, 510),), 22: ((510, 525),)}
    rows = [(21, at(480), at(540), 0, 1)]
    shape = VisitShape((Phase("infuse", 9, (CHAIR, DOCTOR_THERE)),))
    day = site_day(MONDAY, resources, 480, 540, away)
    found = possible_starts(shape, [day], resources, Taken.from_rows(rows))
    assert [one.minute for one in found.starts] == [480]
    assert [one.resource for one in found.placements(at(480))] == [1]


def test_one_monitor_serves_every_phase_that_needs_one() -> None:
    resources = (chair(1), Resource(31, frozenset({"monitor"})), Resource(32, frozenset({"monitor"})))
    shape = VisitShape((Phase("a", 2, (CHAIR, MONITOR)), Phase("b", 2, (CHAIR,)), Phase("c", 2, (CHAIR, MONITOR))))
    rows = [(31, at(500), at(510), 0, 1)]
    visit = one_visit(single(shape), [site_day(MONDAY, resources, 480, 510)], resources, rows)
    assert {one.resource for one in visit.placements if one.resource > 30} == {32}


def test_no_visit_crosses_a_midday_closing() -> None:
    day = site_day(MONDAY, CLINIC, 480, 720, closed=(540, 600))
    minutes = [one.minute for one in possible_starts(WATCHED, [day], CLINIC, Taken()).starts]
    assert minutes == [480, *range(600, 661, 5)]


def test_nine_in_the_morning_stays_nine_when_the_clocks_change() -> None:
    # The zone's offset grows by an hour between the two days, so local 09:00 lies 12 cells earlier in UTC.
    resources = CLINIC
    winter = site_day(MONDAY, resources, 540, 660)
    date = MONDAY + timedelta(days=2)
    start = first_cell(date, 540) - 12
    summer = SiteDay(date, start, range(540, 660, 5), {one.id: ((start, start + 24),) for one in resources})
    request = ask(WATCHED, count=2)
    visits = search_series(request, [winter, summer], resources, Taken()).plans[0].visits
    assert [one.minute for one in visits] == [540, 540]
    assert visits[1].start == start
    assert visits[1].terms["same_hour"] == 0


def test_an_hour_that_the_clocks_repeat_offers_both_its_cells() -> None:
    minutes = [*range(60, 120, 5), *range(60, 180, 5)]
    start = first_cell(MONDAY, 0)
    day = SiteDay(MONDAY, start, minutes, {1: ((start, start + len(minutes)),)})
    shape = VisitShape((Phase("sit", 6, (CHAIR,)),))
    rows = [(1, start, start + 12, 0, 1)]
    found = possible_starts(shape, [day], [chair(1)], Taken.from_rows(rows)).starts
    assert found[0].minute == 60
    assert found[0].start == start + 12
    visit = search_series(single(shape), [day], [chair(1)], Taken.from_rows(rows)).plans[0].visits[0]
    assert visit.start >= start + 12


def test_ten_days_running_of_four_hours_are_planned() -> None:
    shape = VisitShape((Phase("prepare", 3, (CHAIR, HANDS, watch())), Phase("infuse", 45, (CHAIR, watch()))))
    days = [site_day(MONDAY + timedelta(days=n), CLINIC) for n in range(14)]
    request = ask(shape, count=10, min_gap_days=1, max_gap_days=1, ideal_gap_days=1, window_days=10)
    plan = search_series(request, days, CLINIC, Taken()).plans[0]
    check_plan(World(days, CLINIC, []), request, plan)
    assert [(one.date - MONDAY).days for one in plan.visits] == list(range(10))
    assert len({one.minute for one in plan.visits}) == 1


def test_an_injection_of_one_cell_is_planned() -> None:
    shape = VisitShape((Phase("inject", 1, (CHAIR, HANDS)),))
    visit = one_visit(single(shape), [site_day(MONDAY, CLINIC)], CLINIC, [])
    assert visit.end - visit.start == 1


def test_the_patients_other_appointments_and_other_series_are_kept_apart() -> None:
    days = workdays(5, CLINIC, opens=480, closes=600)
    request = single(WATCHED, busy=((at(480), at(570)),), other_days=((MONDAY + timedelta(days=2), 2),))
    assert one_visit(request, days, CLINIC, []).date == MONDAY + timedelta(days=4)


def test_the_driver_fetches_at_the_end_of_the_visit() -> None:
    request = single(WATCHED, wishes=Wishes(driver_can={0: ((600, 600),)}))
    assert one_visit(request, [site_day(MONDAY, CLINIC)], CLINIC, []).minute == 540


def test_nothing_starts_before_the_earliest_cell() -> None:
    request = single(WATCHED, earliest_cell=at(700))
    assert one_visit(request, [site_day(MONDAY, CLINIC)], CLINIC, []).start >= at(700)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (VisitShape(()), "at least one phase"),
        (VisitShape((Phase("x", 1, (Need(Kind.CHAIR, Lane.WATCH),)),)), "a chair has no watch"),
        (VisitShape((Phase("x", 1, (CHAIR, CHAIR)),)), "asks twice"),
        (VisitShape((Phase("x", 1, (Need(Kind.NURSE, Lane.HANDS, 2),)),)), "2 units of hands"),
        (VisitShape((Phase("x", 1, (Need(Kind.DOCTOR, Lane.HANDS, alone=True),)),)), "work alone"),
        (VisitShape((Phase("x", -1, ()), Phase("y", 2, ()))), "negative time"),
    ],
)
def test_a_shape_that_nobody_could_serve_is_refused_in_words(shape: VisitShape, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        possible_starts(shape, [site_day(MONDAY, CLINIC)], CLINIC, Taken())


def test_days_that_overlap_and_ids_that_repeat_are_refused() -> None:
    day = site_day(MONDAY, CLINIC)
    with pytest.raises(ValueError, match="overlap"):
        possible_starts(WATCHED, [day, day], CLINIC, Taken())
    with pytest.raises(ValueError, match="share one id"):
        possible_starts(WATCHED, [day], [chair(1), nurse(1)], Taken())


def test_a_start_that_is_not_possible_has_no_placements() -> None:
    found = possible_starts(WATCHED, [site_day(MONDAY, CLINIC)], CLINIC, Taken())
    with pytest.raises(ValueError, match="not possible"):
        found.placements(at(1070))
