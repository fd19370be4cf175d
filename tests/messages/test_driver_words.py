"""What whoever drives home reads when a visit moved: the new time, and which one that they know no longer holds."""

from datetime import date, timedelta

import pytest

from clinic import clock
from patients.models import Contact, Patient
from scheduling.actions import rides
from scheduling.messages.delivery import deliver
from scheduling.messages.rows import TOGETHER
from scheduling.models import Appointment, Message
from tests.factories import NOW, Clinic, make_patient
from tests.messages import world
from tests.smtp import Sink

LATER = NOW + TOGETHER + timedelta(minutes=1)


@pytest.fixture
def ben(ada: Patient) -> Contact:
    """Ada's brother."""
    return world.make_companion(ada)


@pytest.fixture
def visits(harbor: Clinic, ada: Patient, ben: Contact, smtp_sink: Sink) -> list[Appointment]:
    """Three visits, of which Ben has been told to be there at 10:55."""
    world.drop_ladders()
    made = list(world.make_series(harbor, ada).appointments.select_related("ride").order_by("starts"))
    for visit in made:
        world.name_driver(visit, ben)
    deliver()
    return made


def moved_and_told(clinic: Clinic, visit: Appointment, *days: date) -> None:
    """The visit goes to 1 p.m. of each of these days in turn; then messages go out, later, once."""
    for day in days:
        world.move(visit, clinic.at(day, 13))
        rides.visit_moved(visit)
    with clock.at_moment(LATER):
        deliver()


def last_to_ben(smtp_sink: Sink) -> str:
    """The text of the newest mail to Ben, in one line."""
    body = smtp_sink.to("ben@example.org")[-1].get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


def test_a_new_time_names_the_one_that_no_longer_holds(
    harbor: Clinic, visits: list[Appointment], smtp_sink: Sink
) -> None:
    assert "No longer valid" not in last_to_ben(smtp_sink), "the control: the first message of it"
    moved_and_told(harbor, visits[1], world.NEXT_WEEK[1] + timedelta(days=1))
    text = last_to_ben(smtp_sink)
    assert "Thursday, April 15, 2027: be there at 2:55 p.m." in text
    assert "No longer valid: - Wednesday, April 14, 2027, 10:55 a.m. (EDT)" in text
    assert "April 12" not in text


def test_moved_twice_before_it_was_told_names_only_what_the_driver_knows(
    harbor: Clinic, visits: list[Appointment], smtp_sink: Sink
) -> None:
    moved_and_told(harbor, visits[1], *(world.NEXT_WEEK[1] + timedelta(days=days) for days in (1, 5)))
    text = last_to_ben(smtp_sink)
    assert "Monday, April 19, 2027: be there at 2:55 p.m." in text
    assert "Wednesday, April 14" in text
    assert "April 15" not in text


def test_who_cannot_drive_at_the_new_time_is_told_of_the_day_that_they_know(
    harbor: Clinic, ben: Contact, visits: list[Appointment], smtp_sink: Sink
) -> None:
    # Ben is a patient too, and treated on the day to which the visit moves.
    day = world.NEXT_WEEK[2] + timedelta(days=3)
    ben_himself = make_patient(harbor.site, given_name="Ben", family_name="Quill", email=ben.email, phone=ben.phone)
    world.make_series(harbor, ben_himself, [day])
    moved_and_told(harbor, visits[2], day)
    mails = [str(one["Subject"]) for one in smtp_sink.to("ben@example.org")]
    assert "You need not come to Harbor Day Center" in mails
    off = next(one for one in smtp_sink.to("ben@example.org") if "need not come" in str(one["Subject"]))
    body = off.get_body(("plain",))
    assert body is not None
    text = str(body.get_content())
    assert "Friday, April 16, 2027" in text
    assert "April 19" not in text


def test_where_one_of_several_dates_called_off_is_near_all_are_told_at_once_and_in_one_message(
    harbor: Clinic, visits: list[Appointment], smtp_sink: Sink
) -> None:
    before = len(smtp_sink.to("ben@example.org"))
    with clock.at_moment(harbor.at(world.NEXT_WEEK[0] - timedelta(days=1), 12)):
        rides.visits_cancelled(visits)
        deliver()
    assert len(smtp_sink.to("ben@example.org")) == before + 1
    text = last_to_ben(smtp_sink)
    assert "April 12" in text
    assert "April 16" in text


def test_a_time_called_off_before_is_not_called_off_again(
    harbor: Clinic, ben: Contact, visits: list[Appointment], smtp_sink: Sink
) -> None:
    rides.visits_cancelled(visits[:1])
    with clock.at_moment(LATER):
        deliver()
        Message.objects.filter(state=Message.State.DUE).update(due_at=clock.now())
        deliver()
    assert "need not come" in str(smtp_sink.to("ben@example.org")[-1]["Subject"])
    with clock.at_moment(LATER + timedelta(hours=1)):
        visits[0].refresh_from_db()
        visits[0].starts, visits[0].ends = visits[0].starts + timedelta(hours=3), visits[0].ends + timedelta(hours=3)
        visits[0].save()
        visits[0].ride.refresh_from_db()
        world.name_driver(visits[0], ben)
        deliver()
    text = last_to_ben(smtp_sink)
    assert "be there at 1:55 p.m." in text
    assert "No longer valid" not in text
