"""Who was named to drive cannot: the patient hears of it and is asked again, once, however many dates it is about."""

from datetime import timedelta

import pytest

from clinic import clock
from clinic.actor import Actor
from patients.models import Channel, Contact, Patient
from scheduling.actions import rides
from scheduling.messages.delivery import deliver
from scheduling.messages.rows import TOGETHER
from scheduling.models import Appointment, Message, Ride
from tests.desk.pages import without_ids
from tests.factories import NOW, Clinic
from tests.messages import world
from tests.smtp import Sink

Kind, State = Message.Kind, Message.State
WELL = timedelta(minutes=1)


@pytest.fixture
def ben(ada: Patient) -> Contact:
    """Ada's brother."""
    return world.make_companion(ada)


@pytest.fixture
def visits(harbor: Clinic, ada: Patient, ben: Contact) -> list[Appointment]:
    """Three visits that Ben is named for, and everybody has been told of."""
    world.drop_ladders()
    made = list(world.make_series(harbor, ada).appointments.select_related("ride").order_by("starts"))
    for visit in made:
        world.name_driver(visit, ben)
    Message.objects.update(state=State.SENT, sent_at=NOW)
    return made


def decline(ben: Contact, *visits: Appointment) -> None:
    """What Ben says on his page."""
    for visit in visits:
        rides.decline_ride(by=Actor("companion", str(ben.pk), ben.name), ride=Ride.objects.get(appointment=visit))


def asked(smtp_sink: Sink) -> list[str]:
    """The subjects of what Ada got by mail."""
    return [str(mail["Subject"]) for mail in smtp_sink.to("ada@example.org")]


def test_several_dates_declined_are_one_question_to_the_patient(
    ben: Contact, visits: list[Appointment], smtp_sink: Sink
) -> None:
    decline(ben, *visits[:2])
    deliver()
    assert asked(smtp_sink) == [], "a second answer may follow within minutes"
    with clock.at_moment(NOW + TOGETHER + WELL):
        deliver()
        deliver()
    (mail,) = smtp_sink.to("ada@example.org")
    assert mail["Subject"] == "Who drives you home?"
    body = mail.get_body(("plain",))
    assert body is not None
    text = " ".join(str(body.get_content()).split())
    assert "Monday, April 12" in text
    assert "Wednesday, April 14" in text
    assert "Friday, April 16" not in text, "Ben still drives then"
    assert "Ben" not in without_ids(text)


def test_who_thinks_again_in_time_leaves_nothing_to_ask(
    ben: Contact, visits: list[Appointment], smtp_sink: Sink
) -> None:
    decline(ben, visits[0])
    rides.confirm_ride(by=Actor("companion", str(ben.pk), ben.name), ride=Ride.objects.get(appointment=visits[0]))
    with clock.at_moment(NOW + TOGETHER + WELL):
        deliver()
    assert asked(smtp_sink) == []


def test_the_second_to_decline_is_asked_about_again(
    ada: Patient, ben: Contact, visits: list[Appointment], smtp_sink: Sink
) -> None:
    decline(ben, visits[0])
    with clock.at_moment(NOW + TOGETHER + WELL):
        deliver()
    cy = world.make_companion(ada, name="Cy Park", email="cy@example.org")
    with clock.at_moment(NOW + timedelta(hours=2)):
        rides.name_companion(by=Actor("patient", str(ada.pk), ada.name), appointments=visits[:1], companion=cy)
        decline(cy, visits[0])
    with clock.at_moment(NOW + timedelta(hours=3)):
        deliver()
    assert len(asked(smtp_sink)) == 2


def test_a_wrong_person_reopens_the_ride_and_the_patient_is_asked(
    ben: Contact, visits: list[Appointment], smtp_sink: Sink
) -> None:
    rides.wrong_person(by=Actor("companion", str(ben.pk), ben.name), contact=ben)
    with clock.at_moment(NOW + TOGETHER + WELL):
        deliver()
    assert len(asked(smtp_sink)) == 1
    assert smtp_sink.to("ben@example.org") == []


def test_the_day_before_nobody_waits_for_a_second_answer(
    harbor: Clinic, ben: Contact, visits: list[Appointment], smtp_sink: Sink
) -> None:
    with clock.at_moment(harbor.at(world.NEXT_WEEK[0] - timedelta(days=1), 12)):
        decline(ben, visits[0])
        deliver()
    assert len(asked(smtp_sink)) == 1


def test_who_is_called_about_everything_is_called_when_the_day_comes_near(
    ada: Patient, ben: Contact, visits: list[Appointment]
) -> None:
    Patient.objects.filter(pk=ada.pk).update(channel=Channel.CALL)
    decline(ben, *visits)
    assert not Message.objects.filter(kind=Kind.RIDE_MISSING).exists()
