"""One visit moves, and the fewest others of its series with it; dates kept fixed stay."""

from datetime import timedelta
from uuid import uuid4

import pytest

from clinic import clock
from clinic.errors import Refused, Stale, WrongStatus
from patients.models import Contact
from scheduling.actions import course, moving
from scheduling.models import Appointment, Hold, Message, Ride
from scheduling.selectors import replanning
from scheduling.selectors.series_rules import date_words, local_day
from tests.factories import NOW
from tests.scheduling.courses import World, gaps
from tests.scheduling.helpers import bookings_are_told, consult, treat, wall

pytestmark = pytest.mark.django_db
Status = Appointment.Status
Kind = Message.Kind


@pytest.fixture
def world() -> World:
    """A series of six, booked."""
    return World()


def test_a_visit_moved_to_a_day_that_breaks_a_gap_takes_along_the_fewest_others(world: World) -> None:
    visits = world.visits
    target = wall(visits[1])[0] - timedelta(days=1)
    with pytest.raises(Refused, match="apart"):
        moving.move_visit(
            by=world.clerk,
            appointment=visits[0],
            starts=world.clinic.at(target, 9),
            reason="x",
            version=0,
        )
    plan = world.move_plan(visits[0], target)
    others = set(plan.moves) - {visits[0].pk}
    # The visit next to the new day has to leave, and goes after the last one: pushed along, all five would move.
    assert others == {visits[1].pk}
    assert wall(visits[0])[0] not in {local_day(one, world.clinic.site) for one in plan.moves.values()}
    assert all(one - clock.now() > timedelta(hours=world.clinic.site.notice_hours) for one in plan.moves.values())
    assert plan.refusal == plan.beyond == []
    moved = world.move(visits[0], plan)
    assert wall(moved)[0] == target
    assert all(2 <= gap <= 5 for gap in gaps(world.days()))
    assert {one.pk for one in visits if one.starts != Appointment.objects.get(pk=one.pk).starts} == set(plan.moves)
    assert [one.number for one in world.standing] == [1, 2, 3, 4, 5, 6]


def test_the_patient_hears_of_all_that_moved_in_one_message(world: World) -> None:
    visits = world.visits
    bookings_are_told()
    plan = world.move_plan(visits[0], wall(visits[1])[0] - timedelta(days=1))
    world.move(visits[0], plan)
    assert len(world.told()) == 1
    assert {pk for pk, _ in world.told()[0].context["moved"]} == {str(pk) for pk in plan.moves}
    assert not Message.objects.filter(kind=Kind.MOVED).exists()


def test_the_plan_gives_each_other_visit_a_reason_which_is_kept_with_it(world: World) -> None:
    visits = world.visits
    plan = world.move_plan(visits[0], wall(visits[1])[0] - timedelta(days=1))
    along = [one for one in plan.changes if one.visit is not None and one.differs and one.visit != visits[0]]
    assert all(change.why and change.why[0].startswith("Leaves ") for change in along)
    world.move(visits[0], plan)
    kept = Appointment.objects.get(pk=along[0].visit.pk)  # type: ignore[union-attr]
    assert kept.plan_reasons[0]["code"].startswith("moved_to_")


def test_a_fixed_visit_stays_when_another_moves(world: World) -> None:
    visits = world.visits
    target = wall(visits[1])[0] - timedelta(days=1)
    free = world.move_plan(visits[0], target)
    fixed = course.keep_fixed(by=world.clerk, appointment=visits[1], fixed=True)
    assert fixed.pinned
    assert world.move_plan(visits[0], target).refusal[0].startswith("The visit cannot go to")
    with pytest.raises(Refused, match="kept fixed"):
        world.move(visits[0], free)
    course.keep_fixed(by=world.clerk, appointment=visits[1], fixed=False)
    assert world.move(visits[0], free).starts == free.moves[visits[0].pk]


def test_a_visit_that_is_over_cannot_be_fixed(world: World) -> None:
    treat(world.visits[:1])
    with pytest.raises(WrongStatus, match="stays as it is"):
        course.keep_fixed(by=world.clerk, appointment=world.visits[0], fixed=True)


def test_the_same_key_moves_once(world: World) -> None:
    visits, key = world.visits, uuid4()
    plan = world.move_plan(visits[0], wall(visits[1])[0] - timedelta(days=1))
    world.move(visits[0], plan, key=key)
    world.move(visits[0], plan, key=key)
    assert len(world.told()) == 1
    assert Appointment.objects.get(pk=visits[0].pk).version == 1


def test_a_plan_made_before_another_clerk_moved_a_visit_is_stale(world: World) -> None:
    visits = world.visits
    plan = world.move_plan(visits[0], wall(visits[1])[0] - timedelta(days=1))
    moving.move_visit(
        by=world.clerk, appointment=visits[5], starts=visits[5].starts + timedelta(hours=2), reason="x", version=0
    )
    with pytest.raises(Stale, match="just changed the visits"):
        world.move(visits[0], plan)
    assert Appointment.objects.get(pk=visits[0].pk).starts == visits[0].starts


def test_others_that_break_a_gap_are_refused_whole(world: World) -> None:
    visits = world.visits
    plan = world.move_plan(visits[0], wall(visits[1])[0] - timedelta(days=1))
    before = list(Hold.objects.order_by("pk").values())
    with pytest.raises(Refused, match="apart; the series needs at least 2"):
        world.move(visits[0], plan, others={})
    assert list(Hold.objects.order_by("pk").values()) == before
    assert world.told() == []


def test_a_visit_moved_past_another_changes_places_with_it(world: World) -> None:
    visits = world.visits
    target = wall(visits[5])[0] + timedelta(days=3)
    plan = replanning.move_plan(appointment=visits[4], to_date=target, to_time=wall(visits[4])[1], now=NOW)
    assert set(plan.moves) == {visits[4].pk}
    world.move(visits[4], plan, beyond=bool(plan.beyond))
    assert [one.pk for one in world.standing[-2:]] == [visits[5].pk, visits[4].pk]
    assert [one.number for one in world.standing] == [1, 2, 3, 4, 5, 6]


def test_the_driver_of_a_visit_taken_along_is_asked_anew(world: World) -> None:
    visits = world.visits
    plan = world.move_plan(visits[0], wall(visits[1])[0] - timedelta(days=1))
    along = next(pk for pk in plan.moves if pk != visits[0].pk)
    friend = Contact.objects.create(
        patient=world.series.patient, name="Ben", phone="+15185550111", is_adult=True, may_drive=True
    )
    Ride.objects.filter(appointment=along).update(status=Ride.Status.CONFIRMED, companion=friend)
    world.move(visits[0], plan)
    assert Ride.objects.get(appointment=along).status == Ride.Status.NAMED


def test_a_consult_a_past_day_and_a_closed_one_are_refused_in_words(world: World) -> None:
    visit = world.visits[1]
    assert "is in the past" in world.move_plan(visit, wall(visit)[0] - timedelta(days=7)).refusal[0]
    sunday = wall(visit)[0] + timedelta(days=6 - wall(visit)[0].weekday())
    assert world.move_plan(visit, sunday).refusal == [f"Harbor is closed on {date_words(sunday)}. Choose another day."]
    talk = consult(world.clinic, world.series.patient, world.clinic.at(sunday - timedelta(days=2), 15))
    assert "no other visits" in world.move_plan(talk, sunday + timedelta(days=1)).refusal[0]
