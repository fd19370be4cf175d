"""What each event writes into the ledger: rows only, in the same transaction, each thing once."""

from datetime import date, datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction

from clinic import clock
from patients.models import Channel, Clearance, Patient
from scheduling.messages import ledger, rows
from scheduling.models import Appointment, Message, Ride, Series
from tests.factories import NOW, Clinic, clear, make_patient
from tests.messages import world

Kind, State = Message.Kind, Message.State


def test_a_series_is_told_in_one_message_and_each_visit_has_its_reminders(harbor: Clinic, ada: Patient) -> None:
    series = world.make_series(harbor, ada)
    ledger.announce_booked(series)
    assert world.kinds(series=series) == [Kind.BOOKED]
    for visit in series.appointments.all():
        assert world.kinds(appointment=visit) == [Kind.REMINDER, Kind.PREPARE]


def test_announcing_twice_writes_nothing_twice(harbor: Clinic, ada: Patient) -> None:
    series = world.make_series(harbor, ada)
    ledger.announce_booked(series)
    before = Message.objects.count()
    ledger.announce_booked(series)
    for visit in series.appointments.all():
        ledger.schedule_reminders(visit)
    assert Message.objects.count() == before


def test_the_database_itself_refuses_the_same_message_twice(harbor: Clinic, ada: Patient) -> None:
    ledger.announce_booked(world.make_series(harbor, ada))
    twin = world.only(kind=Kind.BOOKED)
    twin.pk = None
    twin.message_id = rows.new_message_id()
    with pytest.raises(IntegrityError, match="message_once"), transaction.atomic():
        twin.save(force_insert=True)


def test_rows_are_gone_when_the_booking_is_rolled_back(harbor: Clinic, ada: Patient) -> None:
    def book_and_fail() -> None:
        with transaction.atomic():
            ledger.announce_booked(world.make_series(harbor, ada))
            assert Message.objects.exists()
            raise RuntimeError("the booking failed after all")

    with pytest.raises(RuntimeError, match="after all"):
        book_and_fail()
    assert not Message.objects.exists()


def test_nothing_past_due_is_written(harbor: Clinic, ada: Patient) -> None:
    tomorrow = harbor.at(NOW.date() + timedelta(days=1), 9)
    ledger.announce_consult(world.make_visit(harbor, ada, tomorrow))
    assert world.kinds() == [Kind.CONSULT_BOOKED]
    assert all(message.due_at >= NOW for message in Message.objects.all())


def test_a_held_series_is_told_as_held_and_gets_no_reminders(harbor: Clinic, ada: Patient) -> None:
    ledger.announce_held(world.make_series(harbor, ada, held=True))
    assert world.kinds() == [Kind.HELD]


def test_a_moved_visit_loses_its_old_reminders_and_gets_new_ones(harbor: Clinic, ada: Patient) -> None:
    series = world.make_series(harbor, ada)
    ledger.announce_booked(series)
    world.told(Kind.BOOKED)
    visit = series.appointments.get(number=2)
    world.move(visit, visit.starts + timedelta(days=1))
    old = Message.objects.filter(appointment=visit, version=0)
    assert {(row.state, row.skip_reason) for row in old} == {(State.SKIPPED, "the visit has moved")}
    assert world.kinds(appointment=visit, version=1, state=State.DUE) == [Kind.MOVED, Kind.REMINDER, Kind.PREPARE]
    assert world.only(appointment=visit, kind=Kind.PREPARE, version=1).due_at == harbor.at(date(2027, 4, 14), 10)


def test_two_moves_before_the_patient_heard_are_told_as_one_from_the_time_that_the_patient_knows(
    harbor: Clinic, ada: Patient
) -> None:
    visit = world.make_visit(harbor, ada, harbor.at(world.NEXT_WEEK[0], 9))
    first = visit.starts
    world.move(visit, first + timedelta(hours=1))
    world.move(visit, first + timedelta(hours=2))
    waiting = world.only(kind=Kind.MOVED, state=State.DUE)
    assert datetime.fromisoformat(waiting.context["old_starts"]) == first
    assert world.only(kind=Kind.MOVED, version=1).state == State.SKIPPED


def test_a_cancelled_visit_is_told_and_nothing_else_about_it_goes_out(harbor: Clinic, ada: Patient) -> None:
    visit = world.make_visit(harbor, ada, harbor.at(world.NEXT_WEEK[0], 9))
    ledger.announce_consult(visit)
    world.cancel(visit)
    assert world.kinds(state=State.DUE) == [Kind.CANCELLED]
    assert set(Message.objects.filter(state=State.SKIPPED).values_list("skip_reason", flat=True)) == {
        "the visit was cancelled"
    }


def test_a_call_on_the_desks_list_is_withdrawn_with_its_visit(harbor: Clinic, ada: Patient) -> None:
    visit = world.make_visit(harbor, ada, harbor.at(world.NEXT_WEEK[0], 9))
    ledger.announce_consult(visit)
    Message.objects.filter(kind=Kind.PREPARE).update(state=State.PERSON, channel=Channel.CALL)
    world.cancel(visit)
    assert world.only(kind=Kind.PREPARE).state == State.SKIPPED


def test_withdrawing_leaves_what_was_sent_as_it_is(harbor: Clinic, ada: Patient) -> None:
    visit = world.make_visit(harbor, ada, harbor.at(world.NEXT_WEEK[0], 9))
    ledger.announce_consult(visit)
    Message.objects.filter(kind=Kind.REMINDER).update(state=State.SENT, sent_at=NOW)
    ledger.withdraw(visit, "the visit is over")
    assert world.only(kind=Kind.REMINDER).state == State.SENT
    assert world.only(kind=Kind.PREPARE).skip_reason == "the visit is over"


def test_a_stopped_series_is_told_in_one_message_that_names_the_dates(harbor: Clinic, ada: Patient) -> None:
    series = world.make_series(harbor, ada)
    ledger.announce_booked(series)
    Message.objects.filter(kind=Kind.BOOKED).update(state=State.SENT, sent_at=NOW)
    series.appointments.update(status=Appointment.Status.CANCELLED, ending="cancelled")
    series.status, series.ended_at, series.end_reason = Series.Status.REVOKED, NOW, "the patient stops"
    series.version += 1
    series.save()
    ledger.announce_stopped(series)
    assert world.kinds(state=State.DUE) == [Kind.STOPPED]
    assert len(world.only(kind=Kind.STOPPED).context["cancelled"]) == 3


def test_changed_boosters_are_told_once_for_all_of_them(harbor: Clinic, ada: Patient) -> None:
    series = world.make_series(harbor, ada)
    first, second, third = series.appointments.order_by("number")
    old = second.starts
    second.starts, second.ends, second.version = old + timedelta(days=1), second.ends + timedelta(days=1), 1
    second.save()
    third.status, third.ending = Appointment.Status.CANCELLED, "cancelled"
    third.save()
    series.version += 1
    series.save()
    ledger.announce_boosters(series, [first], [(second, old)], [third])
    told = world.only(series=series)
    assert (told.kind, told.version) == (Kind.BOOSTERS_CHANGED, series.version)
    assert world.kinds(appointment=third) == []
    assert world.kinds(appointment=second) == [Kind.REMINDER, Kind.PREPARE]


def test_no_change_of_boosters_is_no_message(harbor: Clinic, ada: Patient) -> None:
    ledger.announce_boosters(world.make_series(harbor, ada), [], [], [])
    assert not Message.objects.exists()


def test_a_companion_named_for_several_dates_gets_one_message(harbor: Clinic, ada: Patient) -> None:
    ben = world.make_companion(ada)
    for visit in world.make_series(harbor, ada).appointments.order_by("starts"):
        world.name_driver(visit, ben)
    lead = world.only(kind=Kind.COMPANION_NAMED, carried_by=None)
    assert lead.carries.count() == 2


def test_a_companion_who_may_not_be_told_is_not(harbor: Clinic, ada: Patient) -> None:
    ben = world.make_companion(ada, may_be_told=False)
    world.name_driver(world.make_series(harbor, ada).appointments.get(number=1), ben)
    assert not Message.objects.exists()


def test_when_the_first_of_several_dates_falls_away_the_others_are_still_told_together(
    harbor: Clinic, ada: Patient
) -> None:
    ben = world.make_companion(ada)
    rides = [world.name_driver(visit, ben) for visit in world.make_series(harbor, ada).appointments.order_by("starts")]
    rides[0].status, rides[0].companion = Ride.Status.NEEDED, None
    rides[0].save()
    ledger.announce_companion_released(rides[0], ben)
    lead = world.only(kind=Kind.COMPANION_NAMED, carried_by=None, state=State.DUE)
    left = {lead.appointment_id, lead.carries.get().appointment_id}
    assert left == {rides[1].appointment_id, rides[2].appointment_id}


def test_a_companion_who_had_not_heard_of_a_date_hears_nothing_of_its_end(harbor: Clinic, ada: Patient) -> None:
    ben = world.make_companion(ada)
    ride = world.name_driver(world.make_series(harbor, ada).appointments.get(number=1), ben)
    ledger.announce_companion_released(ride, ben)
    assert world.kinds(state=State.DUE) == []


def test_a_companion_who_had_heard_of_a_date_is_told_of_its_end(harbor: Clinic, ada: Patient) -> None:
    ben = world.make_companion(ada)
    ride = world.name_driver(world.make_series(harbor, ada).appointments.get(number=1), ben)
    Message.objects.update(state=State.SENT, sent_at=NOW)
    ledger.announce_companion_released(ride, ben)
    assert world.kinds(state=State.DUE) == [Kind.COMPANION_CANCELLED]


def test_nothing_more_is_sent_for_a_patient_who_has_died(harbor: Clinic, ada: Patient) -> None:
    series = world.make_series(harbor, ada)
    ledger.announce_booked(series)
    world.name_driver(series.appointments.get(number=1), world.make_companion(ada))
    ledger.withdraw_patient(ada, "the patient has died")
    assert set(Message.objects.values_list("state", "skip_reason")) == {(State.SKIPPED, "the patient has died")}


def test_a_doctors_no_is_told_by_a_person(harbor: Clinic, ada: Patient) -> None:
    decision = Clearance.objects.create(
        patient=ada, decision="refused", decided_by=harbor.doctor, decided_at=NOW, reason="blood pressure"
    )
    ledger.announce_clearance(decision)
    told = world.only(kind=Kind.NEWS)
    assert told.channel == Channel.CALL
    assert "refused" not in str(told.context)
    assert "blood" not in str(told.context)


def test_a_newer_decision_replaces_one_that_was_not_told_yet(harbor: Clinic, ada: Patient) -> None:
    ledger.announce_clearance(clear(ada, harbor.site))
    with clock.at_moment(NOW + timedelta(minutes=5)):
        ledger.announce_clearance(clear(ada, harbor.site))
    assert sorted(Message.objects.values_list("state", "version")) == [(State.DUE, 2), (State.SKIPPED, 1)]


def test_a_patient_who_left_alone_is_called_whatever_the_preferred_way(harbor: Clinic, ada: Patient) -> None:
    visit = world.make_series(harbor, ada).appointments.get(number=1)
    ledger.announce_left_alone(visit)
    assert sorted(Message.objects.values_list("kind", "channel")) == [
        (Kind.AFTERCARE, Channel.MAIL),
        (Kind.FOLLOW_UP, Channel.CALL),
    ]


def test_a_patient_without_email_gets_the_same_rows_as_calls(harbor: Clinic) -> None:
    ben = make_patient(harbor.site, email="")
    ledger.announce_booked(world.make_series(harbor, ben))
    assert set(Message.objects.values_list("channel", flat=True)) == {Channel.CALL}
    assert Message.objects.count() == 7


def test_a_booking_at_night_is_confirmed_in_the_morning_and_its_reminders_come_by_day(
    harbor: Clinic, ada: Patient
) -> None:
    with clock.at_moment(harbor.at(NOW.date(), 22)):
        ledger.announce_booked(world.make_series(harbor, ada))
    assert world.only(kind=Kind.BOOKED).due_at == harbor.at(NOW.date() + timedelta(days=1), 8)
    later = Message.objects.exclude(kind=Kind.BOOKED)
    assert {8 <= clock.local(row.due_at, harbor.site.zone).hour < 20 for row in later} == {True}


def test_a_cancellation_for_the_next_morning_goes_out_at_night(harbor: Clinic, ada: Patient) -> None:
    visit = world.make_visit(harbor, ada, clock.moment(NOW.date() + timedelta(days=1), time(8, 30), harbor.site.zone))
    night = harbor.at(NOW.date(), 22)
    with clock.at_moment(night):
        world.cancel(visit)
    assert world.only(kind=Kind.CANCELLED).due_at == night
