"""Claim, look again, hand over, mark: each row comes to its right end, and none is sent that is no longer true."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import DatabaseError

from clinic import clock
from patients.models import Channel, Patient
from scheduling.messages import claiming, delivery, ledger, letters, rows
from scheduling.messages.claiming import claim
from scheduling.messages.delivery import BY, deliver
from scheduling.messages.post import Outcome
from scheduling.models import Appointment, Link, Message, MessageAttempt, Ride, Series
from tests.factories import NOW, Clinic, clear, make_patient
from tests.messages import world

Kind, State = Message.Kind, Message.State


def booked_consult(harbor: Clinic, patient: Patient) -> Appointment:
    """A consult next Monday at nine, announced."""
    visit = world.make_visit(harbor, patient, harbor.at(world.NEXT_WEEK[0], 9))
    ledger.announce_consult(visit)
    return visit


def run_at(moment: object) -> delivery.Run:
    """One run with the clock at that moment."""
    with clock.at_moment(moment):  # type: ignore[arg-type]
        return deliver()


def test_a_due_mail_is_sent_once_and_marked(harbor: Clinic, ada: Patient) -> None:
    booked_consult(harbor, ada)
    assert deliver().sent == 1
    assert deliver().sent == 0
    sent = world.only(kind=Kind.CONSULT_BOOKED)
    assert (sent.state, sent.sent_at, sent.address) == (State.SENT, NOW, "ada@example.org")
    assert [message.to for message in mail.outbox] == [["ada@example.org"]]
    assert sent.attempt_rows.get().result == MessageAttempt.Result.ACCEPTED


def test_what_is_not_due_yet_stays(harbor: Clinic, ada: Patient) -> None:
    booked_consult(harbor, ada)
    deliver()
    assert world.kinds(state=State.DUE) == [Kind.REMINDER, Kind.PREPARE]


def test_a_visit_cancelled_before_the_look_is_not_written_about(harbor: Clinic, ada: Patient) -> None:
    visit = booked_consult(harbor, ada)
    # Straight in the table: no action withdraws the row, so only the second look can stop it.
    Appointment.objects.filter(pk=visit.pk).update(status="cancelled", ending="cancelled")
    assert deliver().skipped == 1
    assert mail.outbox == []
    assert world.only(kind=Kind.CONSULT_BOOKED).skip_reason == "the visit was cancelled"


def test_without_the_second_look_the_cancelled_visit_is_written_about(
    harbor: Clinic, ada: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the test above sees the fault when the guard is gone."""
    visit = booked_consult(harbor, ada)
    Appointment.objects.filter(pk=visit.pk).update(status="cancelled", ending="cancelled")
    monkeypatch.setattr(delivery, "why_skip", lambda row, now: "")
    deliver()
    assert len(mail.outbox) == 1


def test_a_visit_moved_before_the_look_is_not_written_about_at_its_old_time(harbor: Clinic, ada: Patient) -> None:
    visit = booked_consult(harbor, ada)
    Appointment.objects.filter(pk=visit.pk).update(version=1)
    deliver()
    assert mail.outbox == []
    assert world.only(kind=Kind.CONSULT_BOOKED).skip_reason == "the visit has moved"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"deceased_at": NOW.date()}, "the patient has died"),
        ({"is_active": False}, "the patient is no longer in care"),
    ],
)
def test_nobody_writes_to_a_patient_who_is_gone(
    harbor: Clinic, ada: Patient, change: dict[str, object], reason: str
) -> None:
    booked_consult(harbor, ada)
    Patient.objects.update(**change)
    deliver()
    assert mail.outbox == []
    assert world.only(kind=Kind.CONSULT_BOOKED).skip_reason == reason


def test_a_companion_who_said_wrong_person_hears_nothing_more(harbor: Clinic, ada: Patient) -> None:
    ben = world.make_companion(ada)
    world.name_driver(world.make_series(harbor, ada).appointments.get(number=1), ben)
    ben.stopped_at = NOW
    ben.save()
    deliver()
    assert world.only(kind=Kind.COMPANION_NAMED).skip_reason == "the address belongs to somebody else"


def test_one_mail_tells_a_companion_all_dates_and_marks_every_row(harbor: Clinic, ada: Patient) -> None:
    ben = world.make_companion(ada)
    for visit in world.make_series(harbor, ada).appointments.order_by("starts"):
        world.name_driver(visit, ben)
    assert deliver().sent == 1
    text = str(mail.outbox[0].body)
    assert all(day in text for day in ("April 12", "April 14", "April 16"))
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}


def test_a_date_that_fell_away_is_left_out_of_the_companions_mail(harbor: Clinic, ada: Patient) -> None:
    ben = world.make_companion(ada)
    visits = list(world.make_series(harbor, ada).appointments.order_by("starts"))
    for visit in visits:
        world.name_driver(visit, ben)
    Ride.objects.filter(appointment=visits[1]).update(status=Ride.Status.NEEDED, companion=None)
    deliver()
    assert "April 14" not in str(mail.outbox[0].body)
    assert world.only(appointment=visits[1]).state == State.SKIPPED


def test_a_patient_whose_address_failed_is_called_instead(harbor: Clinic, ada: Patient) -> None:
    booked_consult(harbor, ada)
    Patient.objects.update(email_failed_at=NOW)
    assert deliver().handed == 1
    row = world.only(kind=Kind.CONSULT_BOOKED)
    assert (row.channel, row.state, row.address) == (Channel.CALL, State.PERSON, "+15185550142")


def test_a_patient_who_has_email_by_now_is_written_to(harbor: Clinic, ada: Patient) -> None:
    Patient.objects.update(email="")
    ada.refresh_from_db()
    booked_consult(harbor, ada)
    Patient.objects.update(email="new@example.org")
    assert deliver().sent == 1
    assert mail.outbox[0].to == ["new@example.org"]


def test_a_call_becomes_a_row_for_the_desk_with_the_words_to_say(harbor: Clinic) -> None:
    ben = make_patient(harbor.site, email="", given_name="Ben")
    booked_consult(harbor, ben)
    assert deliver().handed == 1
    row = world.only(kind=Kind.CONSULT_BOOKED)
    assert row.state == State.PERSON
    assert "May I speak with Ben" in row.body
    assert "/my/" not in row.body
    assert not Link.objects.exists()


def test_a_call_that_nobody_made_in_time_leaves_the_list(harbor: Clinic) -> None:
    ben = make_patient(harbor.site, email="")
    visit = booked_consult(harbor, ben)
    deliver()
    run_at(visit.starts + timedelta(minutes=1))
    assert world.only(kind=Kind.CONSULT_BOOKED).skip_reason == "nobody had called before it was too late"


def test_a_reminder_found_late_at_night_waits_for_the_morning(harbor: Clinic, ada: Patient) -> None:
    visit = booked_consult(harbor, ada)
    deliver()
    friday_night = harbor.at(world.NEXT_WEEK[0] - timedelta(days=3), 23)
    assert run_at(friday_night).postponed == 1
    assert world.only(kind=Kind.REMINDER).due_at == harbor.at(world.NEXT_WEEK[0] - timedelta(days=2), 8)
    assert visit.starts > world.only(kind=Kind.REMINDER).due_at


def test_preparation_that_would_come_after_the_last_meal_goes_out_at_night(harbor: Clinic, ada: Patient) -> None:
    series = world.make_series(harbor, ada)
    ledger.announce_booked(series)
    Message.objects.exclude(kind=Kind.PREPARE).update(state=State.SKIPPED, skip_reason="not the point")
    sunday_night = harbor.at(world.NEXT_WEEK[0] - timedelta(days=1), 23)
    run = run_at(sunday_night)
    assert (run.sent, run.postponed) == (1, 0)


def test_a_reminder_of_a_visit_that_has_begun_is_too_late(harbor: Clinic, ada: Patient) -> None:
    visit = booked_consult(harbor, ada)
    run_at(visit.starts + timedelta(minutes=5))
    assert mail.outbox == []
    assert set(Message.objects.values_list("state", flat=True)) == {State.SKIPPED}


def test_a_row_that_another_living_worker_owns_is_left_alone(harbor: Clinic, ada: Patient) -> None:
    booked_consult(harbor, ada)
    assert len(claim(by=BY, worker="first").rows) == 1
    assert not claim(by=BY, worker="second")


def test_the_rows_of_a_dead_worker_are_claimed_when_its_lease_is_over(harbor: Clinic, ada: Patient) -> None:
    booked_consult(harbor, ada)
    claim(by=BY, worker="dead")
    assert run_at(NOW + claiming.LEASE - timedelta(seconds=1)).sent == 0
    assert run_at(NOW + claiming.LEASE).sent == 1
    assert len(mail.outbox) == 1


def test_a_worker_whose_lease_was_lost_sends_nothing_and_marks_nothing(harbor: Clinic, ada: Patient) -> None:
    booked_consult(harbor, ada)
    (mine,) = claim(by=BY, worker="slow").rows
    with clock.at_moment(NOW + claiming.LEASE):
        claim(by=BY, worker="quick")
    assert delivery.look(by=BY, row=mine) == delivery.Looked()
    accepted = Outcome(MessageAttempt.Result.ACCEPTED)
    assert delivery.mark(by=BY, tried=delivery.Tried(mine, accepted)) == ()
    row = world.only(pk=mine.key)
    assert (row.state, row.lease_by) == (State.SENDING, "quick")


def test_the_lease_outlasts_the_timeouts_of_a_hand_over(settings: object) -> None:
    # MAIL, RCPT, DATA, the body, and the reply to it.
    assert 5 * timedelta(seconds=settings.EMAIL_TIMEOUT) < claiming.LEASE  # type: ignore[attr-defined]


def test_a_message_that_cannot_be_written_fails_alone(
    harbor: Clinic, ada: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked_consult(harbor, ada)
    booked_consult(harbor, make_patient(harbor.site, email="ben@example.org"))
    write = letters.write

    def broken(row: Message, carried: list[Message]) -> letters.Letter:
        if row.patient_id == ada.pk:
            raise KeyError("a text that cannot be filled")
        return write(row, carried)

    monkeypatch.setattr(letters, "write", broken)
    run = deliver()
    assert (run.sent, run.failed) == (1, 1)
    assert world.only(patient=ada, kind=Kind.CONSULT_BOOKED).last_error == "not written: KeyError"


def test_a_database_that_is_gone_is_no_fault_of_the_message(
    harbor: Clinic, ada: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked_consult(harbor, ada)

    def gone(row: Message, now: object) -> str:
        raise DatabaseError("server closed the connection")

    monkeypatch.setattr(delivery, "why_skip", gone)
    with pytest.raises(DatabaseError):
        deliver()
    assert world.only(kind=Kind.CONSULT_BOOKED).state == State.SENDING


def test_news_of_a_yes_is_not_sent_beside_the_dates_that_it_confirmed(harbor: Clinic, ada: Patient) -> None:
    ledger.announce_clearance(clear(ada, harbor.site))
    ledger.announce_booked(world.make_series(harbor, ada))
    deliver()
    assert world.only(kind=Kind.NEWS).skip_reason == "told with the dates that were confirmed"


def test_a_series_on_hold_sends_no_booking_message(harbor: Clinic, ada: Patient) -> None:
    series = world.make_series(harbor, ada)
    ledger.announce_booked(series)
    Series.objects.update(status=Series.Status.ON_HOLD)
    deliver()
    assert mail.outbox == []


def test_carried_rows_are_not_claimed_by_themselves(harbor: Clinic, ada: Patient) -> None:
    ben = world.make_companion(ada)
    for visit in world.make_series(harbor, ada).appointments.order_by("starts"):
        world.name_driver(visit, ben)
    assert len(claim(by=BY, worker="first").rows) == 1


def test_a_new_message_id_is_in_the_domain_that_mail_comes_from(settings: object) -> None:
    settings.DEFAULT_FROM_EMAIL = "Clinic <post@harbor.example>"  # type: ignore[attr-defined]
    assert rows.new_message_id().endswith("@harbor.example")
