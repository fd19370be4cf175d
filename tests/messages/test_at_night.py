"""What arises in the quiet hours and cannot wait for the morning: who reads it at eight has had breakfast, or is on
the way.
"""

from datetime import datetime, time, timedelta
from typing import Any

import pytest

from clinic import clock
from patients.models import Channel, Patient
from scheduling.messages import ledger, short
from scheduling.messages.content import content_of
from scheduling.messages.delivery import deliver
from scheduling.models import Appointment, Message, Series
from tests.factories import NOW, Clinic
from tests.messages import world

Kind, State = Message.Kind, Message.State
MONDAY = NOW.date()
TOMORROW, LATER = MONDAY + timedelta(days=1), MONDAY + timedelta(days=4)


@pytest.fixture
def nine(harbor: Clinic) -> datetime:
    """Nine in the evening: messages go out again at eight. The protocol wants no food for six hours."""
    world.drop_ladders()
    return harbor.at(MONDAY, 21)


def booked(harbor: Clinic, patient: Patient, *at: tuple[Any, int]) -> list[Appointment]:
    """The visits of a series, which has been told."""
    series = world.make_series(harbor, patient, [day for day, _hour in at], at=time(at[0][1], 30))
    ledger.announce_booked(series)
    Message.objects.all().delete()
    return list(series.appointments.select_related("site", "patient", "protocol_version", "series").order_by("starts"))


@pytest.mark.parametrize(("day", "hour", "at_once"), [(TOMORROW, 8, True), (TOMORROW, 12, True), (LATER, 8, False)])
def test_a_booking_for_the_morning_is_told_in_the_evening(
    harbor: Clinic, ada: Patient, mailoutbox: list[Any], nine: datetime, day: Any, hour: int, at_once: bool
) -> None:
    """At half past twelve, too: the last meal is at half past six. The control waits."""
    with clock.at_moment(nine):
        ledger.announce_booked(world.make_series(harbor, ada, [day], at=time(hour, 30)))
        deliver()
    assert len(mailoutbox) == at_once
    if at_once:
        assert "Nothing to eat after" in mailoutbox[0].body
    else:
        assert world.only(kind=Kind.BOOKED).due_at == harbor.at(TOMORROW, 8)


def test_a_text_in_the_evening_tells_how_to_prepare_for_each_of_the_next_days(
    harbor: Clinic, ada: Patient, nine: datetime
) -> None:
    """What is told at once leaves tomorrow's message about the day after as it is; what has none is in the booking."""
    days = [TOMORROW, TOMORROW + timedelta(days=1), LATER]
    with clock.at_moment(nine):
        ledger.announce_booked(world.make_series(harbor, ada, days, at=time(12)))
        row = world.only(kind=Kind.BOOKED)
        row.channel = Channel.TEXT
        link = "https://visits.example/my/" + "x" * 32
        text = short.render(row, content_of(row), link).text
    assert "Nothing to eat after 6 a.m." in text
    assert world.only(kind=Kind.PREPARE, appointment__number=2).due_at > harbor.at(TOMORROW, 14)
    Message.objects.filter(kind=Kind.PREPARE, appointment__number=2).delete()
    with clock.at_moment(nine):
        text = short.render(row, content_of(row), link).text
        assert "Tuesday: Nothing to eat after 6 a.m." in text or "How to prepare is on your page." in text


@pytest.mark.parametrize(("day", "hour", "to_day", "to_hour"), [(LATER, 12, TOMORROW, 12), (TOMORROW, 8, LATER, 12)])
def test_a_move_to_or_from_the_morning_is_told_in_the_evening(
    harbor: Clinic,
    ada: Patient,
    mailoutbox: list[Any],
    nine: datetime,
    day: Any,
    hour: int,
    to_day: Any,
    to_hour: int,
) -> None:
    with clock.at_moment(nine):
        (visit,) = booked(harbor, ada, (day, hour))
        world.move(visit, harbor.at(to_day, to_hour, 30))
        deliver()
    assert [mail.subject.split(":")[0] for mail in mailoutbox] == ["New time for your visit at Harbor Day Center"]


def test_a_series_that_ends_is_told_before_the_patient_sets_out(
    harbor: Clinic, ada: Patient, mailoutbox: list[Any], nine: datetime
) -> None:
    with clock.at_moment(nine):
        booked(harbor, ada, (TOMORROW, 8), (LATER, 8))
        series = Series.objects.get()
        series.appointments.update(status=Appointment.Status.CANCELLED, ending="cancelled")
        series.status, series.ended_at, series.end_reason = Series.Status.REVOKED, nine, "no benefit"
        series.save()
        ledger.announce_stopped(series)
        deliver()
    assert len(mailoutbox) == 1


def test_new_dates_of_a_series_are_told_before_the_last_meal(
    harbor: Clinic, ada: Patient, mailoutbox: list[Any], nine: datetime
) -> None:
    with clock.at_moment(nine):
        first, _second = booked(harbor, ada, (TOMORROW, 12), (LATER, 12))
        Series.objects.update(version=1)
        ledger.announce_boosters(Series.objects.get(), [first], [], [])
        deliver()
    assert len(mailoutbox) == 1


def test_what_waits_for_the_morning_goes_out_when_a_change_makes_it_urgent(
    harbor: Clinic, ada: Patient, mailoutbox: list[Any], nine: datetime
) -> None:
    """A booking of the evening is moved to the next morning before anybody was told: nothing else tells it."""
    with clock.at_moment(nine):
        series = world.make_series(harbor, ada, [LATER])
        ledger.announce_booked(series)
        deliver()
        assert mailoutbox == []
        visit = series.appointments.select_related("site", "patient", "protocol_version", "series").get()
        world.move(visit, harbor.at(TOMORROW, 8, 30))
        deliver()
    assert [mail.subject for mail in mailoutbox] == ["Your visit at Harbor Day Center"]
    assert "April 6" in mailoutbox[0].body


def test_a_change_that_can_wait_is_taken_along_by_one_that_cannot(
    harbor: Clinic, ada: Patient, mailoutbox: list[Any], nine: datetime
) -> None:
    with clock.at_moment(nine):
        near, far = booked(harbor, ada, (TOMORROW, 8), (LATER, 8))
        world.move(far, harbor.at(LATER, 14))
        deliver()
        assert mailoutbox == []
        world.cancel(near)
        deliver()
    (mail,) = mailoutbox
    assert mail.body.count("2 p.m.") == 1
