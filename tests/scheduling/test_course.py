"""The rest of a series planned anew, one infusion more or fewer, an early end, another spacing."""

from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from clinic import clock
from clinic.errors import NotAllowed, Refused, Stale
from clinic.permissions import Role
from scheduling.actions import course, moving
from scheduling.models import Appointment, Hold, Message, Ride, Series
from scheduling.selectors import neighbours, replanning, rest_search, series_rules
from scheduling.selectors.replanning import Replan
from scheduling.selectors.series_rules import Spacing
from tests.factories import NOW, clear, make_clinic, make_patient
from tests.scheduling.courses import World, at_noon_after, gaps, lose
from tests.scheduling.helpers import at_once, book, treat, visits_of, wall

pytestmark = pytest.mark.django_db
Status = Appointment.Status
Kind = Message.Kind


@pytest.fixture
def world() -> World:
    """A series of six, booked."""
    return World()


# -- the rest anew -----------------------------------------------------------------------------------------------------


def test_a_lost_visit_comes_back_at_the_end_and_nothing_else_moves(world: World) -> None:
    visits = world.visits
    treat(visits[:1])
    lose(visits[1])
    with clock.at_moment(at_noon_after(visits[1])):
        plan = world.rest_plan()
        assert (plan.moves, len(plan.added)) == ({}, 1)
        world.replan(plan)
        stands = world.standing
        assert [one.number for one in stands] == [1, 2, 3, 4, 5, 6]
        assert stands[-1].starts == plan.added[0]
        assert stands[-1].status == Status.BOOKED
        assert all(gap >= 2 for gap in gaps(world.days()))
        assert Hold.objects.filter(appointment=stands[-1]).exists()
        assert Ride.objects.filter(appointment=stands[-1]).exists()
        assert len(world.told()) == 1


def test_visits_before_the_first_day_leave_and_the_others_stay_where_they_can(world: World) -> None:
    visits = world.visits
    first_day = wall(visits[1])[0] + timedelta(days=1)
    plan = world.rest_plan(first_day)
    assert {visits[0].pk, visits[1].pk} == set(plan.moves)
    world.replan(plan, first_day)
    assert all(day >= first_day for day in world.days())
    assert all(2 <= gap <= 5 for gap in gaps(world.days()))
    assert Appointment.objects.filter(series=world.series).count() == 6


def test_a_fixed_date_is_kept_when_the_rest_is_planned_anew(world: World) -> None:
    visits = world.visits
    course.keep_fixed(by=world.clerk, appointment=visits[0], fixed=True)
    plan = world.rest_plan(wall(visits[3])[0])
    assert visits[0].pk not in plan.moves
    assert next(one for one in plan.changes if one.visit == visits[0]).why == ["Kept fixed."]


def test_a_series_that_became_too_long_is_planned_all_the_same_and_says_so(world: World) -> None:
    visits = world.visits
    treat(visits[:1])
    for visit in visits[1:]:
        lose(visit)
    with clock.at_moment(visits[5].starts + timedelta(days=14)):
        clear(world.series.patient, world.clinic.site)
        plan = world.rest_plan()
        assert len(plan.added) == 5
        assert any("instead of" in sentence for sentence in plan.beyond)
        with pytest.raises(Refused, match=r"at most 5|are allowed"):
            world.replan(plan, beyond=False)
        assert len(world.standing) == 1
        world.replan(plan)
        assert len(world.standing) == 6


def test_more_visits_than_are_missing_are_refused(world: World) -> None:
    extra = world.clinic.at(world.days()[-1] + timedelta(days=3), 9)
    plan = world.rest_plan()
    with pytest.raises(Refused, match="a doctor may add one"):
        world.replan(plan, added=[extra])
    with pytest.raises(Refused, match="Nothing would change"):
        world.replan(plan)


def test_a_lost_visit_is_not_planned_beyond_the_clearance() -> None:
    world = World()
    visits = world.visits
    treat(visits[:1])
    lose(visits[1])
    with clock.at_moment(at_noon_after(visits[1])):
        clear(world.series.patient, world.clinic.site, valid_until=world.days()[-1])
        with pytest.raises(Refused, match="clearance does not reach"):
            world.replan(world.rest_plan())


def test_a_lost_visit_is_planned_again_only_once(world: World) -> None:
    visits = world.visits
    lose(visits[0])
    with clock.at_moment(at_noon_after(visits[0])):
        plan = world.rest_plan()
        world.replan(plan)
        with pytest.raises(Stale):
            world.replan(plan)
        with pytest.raises(Refused, match="0 infusions of this series are still to be planned"):
            world.replan(plan, seen=None)


def test_a_held_series_is_not_planned_anew() -> None:
    clinic = make_clinic()
    series = book(clinic, make_patient(clinic.site))
    plan = replanning.rest_plan(series=series, first_day=clock.today(clinic.site.zone), now=NOW)
    assert plan.refusal[0].startswith("This series is held for a doctor's clearance.")


# -- more, fewer, an early end, another spacing ------------------------------------------------------------------------


def test_a_doctor_adds_an_infusion_and_the_protocol_version_stays(world: World) -> None:
    plan = world.rest_plan(sessions=7)
    assert (plan.moves, len(plan.added), plan.dropped) == ({}, 1, [])
    changed = world.change(plan, 7)
    assert (changed.sessions, changed.protocol_version_id) == (7, world.series.protocol_version_id)
    assert [one.number for one in world.standing] == list(range(1, 8))
    assert len(world.told()) == 1


def test_the_front_desk_may_not_add_an_infusion(world: World) -> None:
    plan = world.rest_plan(sessions=7)
    with pytest.raises(NotAllowed, match="Only a doctor"):
        world.change(plan, 7, by=world.clerk)
    assert len(world.standing) == 6


def test_fewer_infusions_drop_the_last_ones(world: World) -> None:
    visits = world.visits
    plan = world.rest_plan(sessions=4)
    assert set(plan.dropped) == {visits[4].pk, visits[5].pk}
    world.change(plan, 4)
    assert [one.status for one in world.visits] == [Status.BOOKED] * 4 + [Status.CANCELLED] * 2
    assert not Hold.objects.filter(appointment__in=visits[4:]).exists()


def test_a_wider_spacing_moves_what_it_must_and_binds_every_later_change(world: World) -> None:
    spacing = Spacing(4, 5.0, 7)
    plan = world.rest_plan(spacing=spacing)
    assert plan.refusal == []
    world.change(plan, 6, spacing)
    assert all(4 <= gap <= 7 for gap in gaps(world.days()))
    with pytest.raises(Refused, match="needs at least 4"):
        move_nearer(world)


def move_nearer(world: World) -> Appointment:
    """Move the second infusion towards the first, to a weekday."""
    visit = world.visits[1]
    days = 2 if visit.starts.weekday() in (2, 3, 4) else 4
    starts = visit.starts - timedelta(days=days)
    return moving.move_visit(by=world.clerk, appointment=visit, starts=starts, reason="x", version=visit.version)


def test_control_by_the_protocols_spacing_alone_the_doctors_would_be_broken(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    spacing = Spacing(4, 5.0, 7)
    world.change(world.rest_plan(spacing=spacing), 6, spacing)
    monkeypatch.setattr(neighbours, "spacing_of", lambda series: Spacing(series.protocol_version.min_gap_days, 5.0, 7))
    move_nearer(world)
    assert min(gaps(world.days())) < 4


def with_another_series_between(world: World) -> Appointment:
    """An injection of the same patient, two days from the nearest infusion of the series."""
    days = world.days()
    weekdays = [day for n in range(30) if (day := days[1] + timedelta(days=n)).weekday() < 5]
    day = next(day for day in weekdays if min(abs((day - one).days) for one in days) == 2)
    starts = world.clinic.at(day, 15)
    (visit,) = visits_of(book(world.clinic, world.series.patient, [starts], version=world.clinic.injection))
    return visit


def nearest(world: World, visit: Appointment) -> int:
    """Days between the visit and the nearest infusion of the series."""
    return min(abs((day - wall(visit)[0]).days) for day in world.days())


def test_a_wider_spacing_moves_visits_that_would_stay_too_near_another_series(world: World) -> None:
    other = with_another_series_between(world)
    spacing = Spacing(3, 4.0, 9)
    assert nearest(world, other) == 2
    plan = world.rest_plan(spacing=spacing)
    assert plan.refusal == []
    world.change(plan, 6, spacing)
    assert nearest(world, other) >= 3


def test_a_fixed_visit_that_would_be_too_near_another_series_is_named(world: World) -> None:
    other = with_another_series_between(world)
    near = next(one for one in world.visits if abs((wall(one)[0] - wall(other)[0]).days) == 2)
    Appointment.objects.filter(pk=near.pk).update(pinned=True)
    (said,) = world.rest_plan(spacing=Spacing(3, 4.0, 9)).refusal
    assert "is kept fixed, and with this spacing too near an infusion of another series" in said


def test_control_a_wider_spacing_that_leaves_a_visit_too_near_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = with_another_series_between(world)
    spacing = Spacing(3, 4.0, 9)
    known = series_rules.other_infusion_days

    def as_before(*args: Any, **given: Any) -> Any:
        return known(*args, **(given | {"least": None}))

    with monkeypatch.context() as patch:
        # Planned by the gap of before, as it was once: then a visit stays beside the other series.
        patch.setattr(series_rules, "other_infusion_days", as_before)
        plan = world.rest_plan(spacing=spacing)
    before = world.days()
    with pytest.raises(Refused, match="at least 3 days must lie between"):
        world.change(plan, 6, spacing)
    assert world.days() == before
    assert nearest(world, other) == 2


def test_the_protocols_own_spacing_comes_back_as_it_was_shown(world: World) -> None:
    wider = Spacing(3, 4, 7)
    world.change(world.rest_plan(sessions=6, spacing=wider), 6, wider)
    plan = world.rest_plan(sessions=6, spacing=None)
    series = world.change(plan, 6, None)
    assert (series.min_gap_days, series.max_gap_days) == (None, None)
    assert all(2 <= gap <= 5 for gap in gaps(world.days()))


def test_a_spacing_nearer_than_the_protocols_is_refused(world: World) -> None:
    plan = world.rest_plan()
    with pytest.raises(Refused, match="at least 2 days"):
        world.change(plan, 6, Spacing(1, 2.0, 3))
    with pytest.raises(Refused, match="between the smallest and the largest"):
        world.change(plan, 6, Spacing(3, 2.0, 5))


def test_dates_that_do_not_make_up_the_number_are_refused(world: World) -> None:
    plan = world.rest_plan(sessions=7)
    with pytest.raises(Refused, match="make 6 infusions, not 7"):
        world.change(plan, 7, added=[])


def test_fewer_than_were_given_are_not_possible(world: World) -> None:
    treat(world.visits[:3])
    plan = world.rest_plan(sessions=2)
    assert plan.refusal == ["3 infusions were given, have begun or are kept fixed; fewer are not possible."]


def test_a_dropped_infusion_makes_the_series_one_shorter(world: World) -> None:
    visits = world.visits
    plan = world.rest_plan(without=visits[2])
    assert plan.dropped == [visits[2].pk]
    order: dict[str, Any] = {"reason": "Enough.", "version": 0, "key": uuid4(), "seen": plan.seen}
    series = course.drop_visit(by=world.clerk, appointment=visits[2], moves=plan.moves, **order)
    assert series.sessions == 5
    assert [one.number for one in world.standing] == [1, 2, 3, 4, 5]
    assert all(2 <= gap <= 5 for gap in gaps(world.days()))
    assert Appointment.objects.get(pk=visits[2].pk).status == Status.CANCELLED
    assert len(world.told()) == 1
    assert not Message.objects.filter(kind=Kind.CANCELLED).exists()


def moved_to(plan: Replan, world: World) -> set[date]:
    """The local dates on which the plan puts a visit that was not there."""
    zone = world.clinic.site.zone
    return {clock.local(starts, zone).date() for starts in plan.moves.values()}


def test_nothing_else_is_moved_to_the_day_of_a_dropped_infusion(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    spacing = Spacing(2, 3.0, 3)
    world.change(world.rest_plan(spacing=spacing), 6, spacing)
    dropped = world.visits[2]
    plan = world.rest_plan(without=dropped)
    assert plan.moves
    assert wall(dropped)[0] not in moved_to(plan, world)
    # The control: without a barred day the last visit comes there, as the smallest change.
    monkeypatch.setattr(replanning, "Search", lambda *args, barred=None, **others: rest_search.Search(*args, **others))
    assert wall(dropped)[0] in moved_to(world.rest_plan(without=dropped), world)


def test_an_early_end_frees_the_rest_and_counts_what_was_given(world: World) -> None:
    visits = world.visits
    treat(visits[:3])
    with clock.at_moment(at_noon_after(visits[2])):
        done = course.finish_early(by=world.clerk, series=world.series, reason="Relief after three.")
    assert (done.sessions, done.status, done.stage) == (3, Series.Status.ACTIVE, Series.Stage.INDUCTION)
    assert [one.status for one in world.visits] == [Status.FULFILLED] * 3 + [Status.CANCELLED] * 3
    assert not Hold.objects.exists()
    assert len(world.told()) == 1


def test_an_induction_with_nothing_given_or_somebody_here_does_not_end_early(world: World) -> None:
    with pytest.raises(Refused, match="stop the series instead"):
        course.finish_early(by=world.clerk, series=world.series, reason="No.")
    treat(world.visits[:1])
    Appointment.objects.filter(pk=world.visits[1].pk).update(status=Status.ARRIVED)
    with pytest.raises(Refused, match="is here for an infusion now"):
        course.finish_early(by=world.clerk, series=world.series, reason="No.")
    assert len(world.standing) == 6


def test_nobody_changes_a_series_without_a_reason(world: World) -> None:
    visits = world.visits
    with pytest.raises(Refused, match="Say why"):
        world.move(visits[0], world.move_plan(visits[0], wall(visits[1])[0] - timedelta(days=1)), reason=" ")
    with pytest.raises(Refused, match="Say why"):
        course.finish_early(by=world.clerk, series=world.series, reason="")


def test_a_nurse_may_not_change_a_series(world: World) -> None:
    nurse = world.clinic.by(Role.NURSE)
    with pytest.raises(NotAllowed):
        course.keep_fixed(by=nurse, appointment=world.visits[0], fixed=True)
    with pytest.raises(NotAllowed):
        course.finish_early(by=nurse, series=world.series, reason="No.")


@pytest.mark.django_db(transaction=True)
def test_two_clerks_at_once_plan_a_lost_visit_again_once() -> None:
    world = World()
    visits = world.visits
    treat(visits[:1])
    lose(visits[1])
    with clock.at_moment(at_noon_after(visits[1])):
        plans = [world.rest_plan(), world.rest_plan()]
        results = at_once([partial(world.replan, plan) for plan in plans])
    assert sorted(type(one).__name__ for one in results) == ["Series", "Stale"]
    assert len(world.standing) == 6
