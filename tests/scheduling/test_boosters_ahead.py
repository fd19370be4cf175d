"""Boosters roll on: whenever one is given, the next is booked after the last, around the interval that a doctor set."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from clinic import clock
from clinic.actor import Actor
from clinic.permissions import Role
from scheduling.actions import boosters, moving
from scheduling.models import Appointment, Hold, Message, Ride
from scheduling.selectors.boosters import BOOSTERS_AHEAD
from tests.factories import clear, make_patient
from tests.scheduling.helpers import book, overlaps_in_holds, treat, wall
from tests.scheduling.test_boosters import Induced

pytestmark = pytest.mark.django_db
PROGRAM = Actor.system("next boosters")


@pytest.fixture
def world() -> Induced:
    """Three boosters are booked, every three weeks."""
    world = Induced()
    with clock.at_moment(world.now):
        world.set(21)
    return world


def give_one(world: Induced) -> Appointment:
    """The next booster is given; the clock of the caller should stand after it."""
    first = world.boosters[0]
    treat([first])
    return first


def test_when_a_booster_was_given_the_next_follows_the_last_and_the_others_stay(world: Induced) -> None:
    old = {one.pk: one.starts for one in world.boosters}
    given = give_one(world)
    with clock.at_moment(given.starts + timedelta(hours=3)):
        assert boosters.roll_on(by=PROGRAM) == 1
    mine = world.boosters
    assert len(mine) == BOOSTERS_AHEAD
    assert {one.pk: one.starts for one in mine[:2]} == {pk: at for pk, at in old.items() if pk != given.pk}
    new = mine[-1]
    assert (new.number, new.status) == (4, Appointment.Status.BOOKED)
    assert 18 <= (wall(new)[0] - wall(mine[-2])[0]).days <= 24
    assert new.plan_reasons[0]["code"] != "pinned"
    assert Hold.objects.filter(appointment=new).exists()
    assert Ride.objects.filter(appointment=new).exists()
    assert overlaps_in_holds() == 0


def test_the_patient_is_told_once_however_often_the_program_looks(world: Induced) -> None:
    given = give_one(world)
    told = Message.objects.filter(series=world.series, kind=Message.Kind.BOOSTERS_CHANGED)
    before = told.count()
    with clock.at_moment(given.starts + timedelta(hours=3)):
        assert [boosters.roll_on(by=PROGRAM) for _ in range(3)] == [1, 0, 0]
    assert told.count() == before + 1


def test_it_goes_on_booster_after_booster_within_the_tolerance(world: Induced) -> None:
    days = [wall(one)[0] for one in world.boosters]
    for _ in range(4):
        given = give_one(world)
        with clock.at_moment(given.starts + timedelta(hours=3)):
            boosters.roll_on(by=PROGRAM)
        days.append(wall(world.boosters[-1])[0])
    assert all(18 <= (later - earlier).days <= 24 for earlier, later in pairwise(days))


def test_one_that_was_called_off_is_not_booked_again_unasked(world: Induced) -> None:
    last = world.boosters[-1]
    with clock.at_moment(world.now + timedelta(hours=1)):
        moving.cancel_visit(
            by=world.clinic.by(Role.FRONT_DESK), appointment=last, reason="On holiday.", version=last.version
        )
    with clock.at_moment(world.now + timedelta(days=2)):
        assert boosters.roll_on(by=PROGRAM) == 0
    assert len(world.boosters) == BOOSTERS_AHEAD - 1
    given = give_one(world)
    with clock.at_moment(given.starts + timedelta(hours=3)):
        assert boosters.roll_on(by=PROGRAM) == 1
    assert len(world.boosters) == BOOSTERS_AHEAD


def test_a_course_that_was_stopped_does_not_roll_on(world: Induced) -> None:
    given = give_one(world)
    with clock.at_moment(given.starts + timedelta(hours=3)):
        moving.stop_series(by=world.clinic.by(Role.FRONT_DESK), series=world.series, reason="Feels well.")
        assert boosters.roll_on(by=PROGRAM) == 0


def test_where_nothing_is_free_it_is_tried_again_later(world: Induced) -> None:
    given = give_one(world)
    now = given.starts + timedelta(hours=3)
    with clock.at_moment(now):
        version = world.series.protocol_version
        version.phases.update(minutes=300)  # longer than any day: nothing fits
        assert boosters.roll_on(by=PROGRAM) == 0
        version.phases.update(minutes=30)
        assert boosters.roll_on(by=PROGRAM) == 1


def test_a_booster_past_the_clearance_is_only_held(world: Induced) -> None:
    given = give_one(world)
    with clock.at_moment(given.starts + timedelta(hours=3)):
        clear(world.series.patient, world.clinic.site, valid_until=wall(world.boosters[-1])[0])
        boosters.roll_on(by=PROGRAM)
    assert world.boosters[-1].status == Appointment.Status.PROPOSED


def test_looking_for_them_is_one_query_however_many_series_there_are(
    world: Induced, django_assert_num_queries: Any
) -> None:
    with clock.at_moment(world.now):
        for _ in range(3):
            book(world.clinic, make_patient(world.clinic.site, cleared=True), first_day=wall(world.boosters[0])[0])
        with django_assert_num_queries(1):
            assert boosters.roll_on(by=PROGRAM) == 0
