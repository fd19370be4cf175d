"""Several changes, one message: what is told is the difference to what the patient knows, ten minutes after the first
change, or at once when a visit is near.
"""

from datetime import date, datetime, timedelta

import pytest
from icalendar import Calendar

from clinic import clock
from patients.models import Channel, Patient
from scheduling.messages import changes, ledger
from scheduling.messages.delivery import deliver
from scheduling.messages.letters import preview
from scheduling.models import Appointment, Message, Series
from tests.factories import NOW, Clinic
from tests.messages import world
from tests.smtp import Sink

Kind, State = Message.Kind, Message.State
HOUR = timedelta(hours=1)
LATER = NOW + changes.SETTLES


def booked(clinic: Clinic, patient: Patient) -> list[Appointment]:
    """Three visits of next week that the patient has been told of."""
    series = world.make_series(clinic, patient)
    ledger.announce_booked(series)
    world.told(Kind.BOOKED)
    return list(series.appointments.order_by("starts"))


def waiting() -> list[Message]:
    """What would go out about changes, leaders only."""
    return list(Message.objects.filter(kind__in=changes.KINDS, state=State.DUE, carried_by=None))


def stop(series: Series) -> str:
    """The series ends with what is still to come; what the patient reads of it."""
    series.appointments.update(status=Appointment.Status.CANCELLED, ending="cancelled")
    series.status, series.ended_at, series.end_reason = Series.Status.REVOKED, NOW, "the patient stops"
    bump(series)
    ledger.announce_stopped(series)
    return " ".join(preview(waiting()[-1]).text.split())


def test_two_visits_moved_within_ten_minutes_go_out_as_one_message(
    harbor: Clinic, ada: Patient, smtp_sink: Sink
) -> None:
    first, second, _third = booked(harbor, ada)
    world.move(first, first.starts + HOUR)
    with clock.at_moment(NOW + timedelta(minutes=9)):
        world.move(second, second.starts + 2 * HOUR)
        deliver()
    assert smtp_sink.to(ada.email) == []
    with clock.at_moment(LATER):
        deliver()
        deliver()
    (mail,) = smtp_sink.to(ada.email)
    body = str(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    said = " ".join(body.split())
    for line in ("April 12, 2027, 10 a.m. to 11:55", "April 14, 2027, 11 a.m. to 12:55", "April 16, 2027, 9 a.m."):
        assert line in said
    gone = said.partition("No longer valid:")[2]
    assert "April 12, 2027, 9 a.m." in gone
    assert "April 14, 2027, 9 a.m." in gone
    assert "April 16" not in gone


def test_control_without_the_wait_each_change_is_a_message_of_its_own(
    harbor: Clinic, ada: Patient, smtp_sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "SETTLES", timedelta(0))
    first, second, _third = booked(harbor, ada)
    for visit in (first, second):
        world.move(visit, visit.starts + HOUR)
        deliver()
    assert len(smtp_sink.to(ada.email)) == 2


def test_one_change_alone_keeps_its_own_words(harbor: Clinic, ada: Patient) -> None:
    first, *_others = booked(harbor, ada)
    world.move(first, first.starts + HOUR)
    (row,) = waiting()
    assert row.due_at == LATER
    assert "has a new time:" in preview(row).text


def test_a_visit_within_a_day_is_told_at_once_and_takes_along_what_waits(harbor: Clinic, ada: Patient) -> None:
    first, second, third = booked(harbor, ada)
    world.move(third, third.starts + HOUR)
    with clock.at_moment(first.starts - timedelta(hours=20)):
        world.move(second, second.starts + HOUR)
        assert [row.due_at for row in waiting()] == [LATER], "what waits since longer takes the new one along"
        world.move(first, first.starts + HOUR)
        assert max(Message.objects.filter(kind=Kind.MOVED).values_list("due_at", flat=True)) <= clock.now()
    assert [row.carries.count() for row in waiting()] == [2]


@pytest.mark.parametrize("hours", [-24 * 6.9, 24])
def test_near_is_the_old_time_or_the_new_one(harbor: Clinic, ada: Patient, hours: float) -> None:
    visit = world.make_visit(harbor, ada, NOW + timedelta(days=7) if hours < 0 else NOW + timedelta(hours=20))
    world.move(visit, visit.starts + timedelta(hours=hours) if hours > 0 else NOW + timedelta(hours=23))
    assert [row.due_at for row in waiting()] == [NOW]


def test_a_visit_moved_there_and_back_is_told_nothing(harbor: Clinic, ada: Patient, smtp_sink: Sink) -> None:
    first, *_others = booked(harbor, ada)
    known = first.starts
    world.move(first, known + HOUR)
    world.move(first, known)
    assert waiting() == []
    with clock.at_moment(LATER):
        deliver()
    assert smtp_sink.to(ada.email) == []
    assert world.kinds(appointment=first, state=State.DUE) == [Kind.REMINDER, Kind.PREPARE], "reminders go on"


def test_there_and_back_after_the_first_was_told_says_the_way_back(harbor: Clinic, ada: Patient) -> None:
    first, *_others = booked(harbor, ada)
    known = first.starts
    world.move(first, known + HOUR)
    world.told(Kind.MOVED)
    with clock.at_moment(LATER):
        world.move(first, known)
    (row,) = waiting()
    assert datetime.fromisoformat(row.context["old_starts"]) == known + HOUR


def test_what_is_taken_back_leaves_the_others_to_be_told(harbor: Clinic, ada: Patient) -> None:
    first, second, third = booked(harbor, ada)
    known = first.starts
    world.move(first, known + HOUR)
    world.move(second, second.starts + HOUR)
    world.cancel(third)
    world.move(first, known)
    (lead,) = waiting()
    assert {lead.appointment, lead.carries.get().appointment} == {second, third}
    assert lead.due_at == LATER


def test_moved_and_then_cancelled_speaks_of_the_time_that_the_patient_knows(harbor: Clinic, ada: Patient) -> None:
    first, *_others = booked(harbor, ada)
    known = first.starts
    world.move(first, known + timedelta(days=1))
    world.cancel(first)
    (row,) = waiting()
    assert row.kind == Kind.CANCELLED
    assert datetime.fromisoformat(row.context["old_starts"]) == known


def test_a_booking_that_was_not_told_yet_tells_the_new_time_by_itself(harbor: Clinic, ada: Patient) -> None:
    series = world.make_series(harbor, ada)
    ledger.announce_booked(series)
    visit = series.appointments.earliest("starts")
    world.move(visit, visit.starts + HOUR)
    consult = world.make_visit(harbor, ada, harbor.at(date(2027, 4, 20), 9))
    ledger.announce_consult(consult)
    world.move(consult, consult.starts + HOUR)
    assert waiting() == []
    assert "April 12, 2027, 10 a.m." in preview(world.only(kind=Kind.BOOKED)).text
    again = world.only(kind=Kind.CONSULT_BOOKED, state=State.DUE)
    assert again.version == consult.version


def bump(series: Series) -> None:
    """The series' dates have changed, as the action counts it."""
    series.version += 1
    series.save()


def shift(visit: Appointment, by: timedelta) -> tuple[Appointment, datetime]:
    """Another time for a visit of a re-planned series; with its old one."""
    old = visit.starts
    visit.starts, visit.ends, visit.version = old + by, visit.ends + by, visit.version + 1
    visit.save()
    return visit, old


def test_a_series_planned_anew_twice_is_told_once_from_what_the_patient_knows(harbor: Clinic, ada: Patient) -> None:
    first, second, third = booked(harbor, ada)
    series = first.series
    assert series is not None
    bump(series)
    ledger.announce_boosters(series, [], [shift(first, HOUR), shift(second, HOUR)], [])
    bump(series)
    ledger.announce_boosters(series, [], [shift(first, HOUR), shift(second, -HOUR)], [])
    world.cancel(third)
    (row,) = waiting()
    text = " ".join(preview(row).text.split())
    assert "April 12, 2027, 11 a.m. to" in text
    gone = text.partition("No longer valid:")[2]
    assert "April 12, 2027, 9 a.m." in gone
    assert "10 a.m." not in gone, "a time that the patient never knew"
    assert "April 14" not in gone, "where it was, there it is again"
    assert "April 16, 2027, 9 a.m." in gone


def test_a_stopped_series_names_the_times_that_the_patient_knows(harbor: Clinic, ada: Patient) -> None:
    first, *_others = booked(harbor, ada)
    series = first.series
    assert series is not None
    world.move(first, first.starts + HOUR)
    text = stop(series)
    (row,) = waiting()
    assert (row.kind, row.due_at) == (Kind.STOPPED, LATER)
    assert "April 12, 2027, 9 a.m." in text
    assert "10 a.m." not in text


def test_the_one_file_moves_what_moved_and_removes_what_was_cancelled(
    harbor: Clinic, ada: Patient, smtp_sink: Sink
) -> None:
    first, second, third = booked(harbor, ada)
    world.move(first, first.starts + HOUR)
    world.cancel(third)
    with clock.at_moment(LATER):
        deliver()
    (mail,) = smtp_sink.to(ada.email)
    (part,) = [one for one in mail.iter_attachments() if one.get_content_type() == "text/calendar"]
    events = {str(one["UID"]): one for one in Calendar.from_ical(str(part.get_content())).walk("VEVENT")}
    assert {pk: (int(str(one["SEQUENCE"])), str(one["STATUS"])) for pk, one in events.items()} == {
        str(first.pk): (1, "CONFIRMED"),
        str(second.pk): (0, "CONFIRMED"),
        str(third.pk): (1, "CANCELLED"),
    }
    assert events[str(first.pk)].decoded("DTSTART") == first.starts


def test_a_driver_hears_of_a_visit_moved_twice_once(harbor: Clinic, ada: Patient) -> None:
    first, *_others = booked(harbor, ada)
    ride = world.name_driver(first, world.make_companion(ada))
    world.told(Kind.COMPANION_NAMED)
    for _ in range(2):
        ride.version += 1
        ride.save()
        ledger.announce_companion(ride, settles=[ride.appointment.starts])
    assert [row.due_at for row in Message.objects.filter(kind=Kind.COMPANION_NAMED, state=State.DUE)] == [LATER]


def test_by_telephone_the_changes_of_ten_minutes_are_one_call(harbor: Clinic, ada: Patient) -> None:
    ada.channel, ada.email = Channel.CALL, ""
    ada.save()
    first, second, _third = booked(harbor, ada)
    world.move(first, first.starts + HOUR)
    world.move(second, second.starts + HOUR)
    with clock.at_moment(LATER):
        deliver()
    call = world.only(kind__in=changes.KINDS, state=State.PERSON, carried_by=None)
    assert "No longer valid" in call.body
    assert world.only(carried_by=call).state == State.PERSON


@pytest.mark.parametrize("was_told", [True, False])
def test_a_stopped_series_does_not_call_off_again_what_was_called_off_before(
    harbor: Clinic, ada: Patient, was_told: bool
) -> None:
    *_first, third = booked(harbor, ada)
    series = third.series
    assert series is not None
    series.appointments.filter(pk=third.pk).update(status=Appointment.Status.CANCELLED, ending="cancelled")
    bump(series)
    ledger.announce_boosters(series, [], [], [third])
    if was_told:
        world.told(Kind.BOOSTERS_CHANGED)
    text = stop(series)
    assert "April 12, 2027, 9 a.m." in text
    assert ("April 16, 2027, 9 a.m." in text) is not was_told
