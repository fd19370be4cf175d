"""The ladder around a visit: what follows it, what visits close together get, and dues of one day told as one."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from clinic import clock
from patients.models import Channel, Patient
from scheduling.messages import asking, ledger, reminders, short, texts
from scheduling.messages.content import content_of
from scheduling.messages.delivery import Run, deliver
from scheduling.models import Appointment, LadderStep, Message, ProposedBooster, Ride
from tests.factories import NOW, Clinic, make_patient
from tests.messages import world

Kind, State = Message.Kind, Message.State
MONDAY = NOW.date()


@pytest.fixture(autouse=True)
def _usual(harbor: Clinic) -> None:
    world.drop_ladders()


def run_at(moment: datetime) -> Run:
    """What a worker does then."""
    with clock.at_moment(moment):
        return deliver()


def leave(visit: Appointment, moment: datetime) -> None:
    """The patient is discharged."""
    visit.status, visit.ending = Appointment.Status.FULFILLED, "completed"
    visit.save()
    with clock.at_moment(moment):
        ledger.visit_over(visit, "the visit is over")
        ledger.announce_discharged(visit)


def ask_after(harbor: Clinic, days: int = 7) -> None:
    """The protocol asks so many days after a visit how it goes, where no other is close."""
    LadderStep.objects.create(
        version=harbor.induction, kind=Kind.SCORE_ASKED, days=days, send_at=time(10), when_close=False
    )


def visit_of(patient: Patient, number: int) -> Appointment:
    """One visit of the patient's series."""
    return patient.appointments.select_related("site", "patient", "protocol_version", "series").get(number=number)


# --- what follows a visit


def test_a_week_after_the_last_visit_the_patient_is_asked_how_it_goes(
    harbor: Clinic, ada: Patient, mailoutbox: list[Any]
) -> None:
    ask_after(harbor)
    world.make_series(harbor, ada, [MONDAY])
    leave(visit_of(ada, 1), harbor.at(MONDAY, 12))
    row = world.only(kind=Kind.SCORE_ASKED)
    assert row.due_at == harbor.at(MONDAY + timedelta(days=7), 10)
    run_at(row.due_at)
    assert mailoutbox[-1].subject == "How are you? A question from Harbor Day Center"
    assert len(world.tokens_in(mailoutbox[-1].body)) == 1


def test_visits_close_together_get_one_message_before_and_one_after_each(harbor: Clinic, ada: Patient) -> None:
    series = world.make_series(harbor, ada, [MONDAY + timedelta(days=days) for days in (7, 9, 11)])
    ledger.announce_booked(series)
    with clock.at_moment(harbor.at(MONDAY + timedelta(days=9), 12)):
        leave(visit_of(ada, 2), clock.now())
    about = Message.objects.filter(appointment__number=2)
    assert sorted(about.values_list("kind", flat=True)) == [Kind.AFTERCARE, Kind.PREPARE]


def test_what_is_close_is_the_protocols_to_say(harbor: Clinic, ada: Patient) -> None:
    harbor.induction.close_days = 1
    harbor.induction.save()
    ledger.announce_booked(world.make_series(harbor, ada))
    assert set(world.kinds(appointment__number=2)) == {Kind.REMINDER, Kind.PREPARE, Kind.TODAY}


def test_a_step_of_ones_own_ladder_may_go_out_between_close_visits_too(harbor: Clinic, ada: Patient) -> None:
    for kind, close in ((Kind.REMINDER, True), (Kind.TODAY, False)):
        LadderStep.objects.create(version=harbor.induction, kind=kind, days=1, send_at=time(9), when_close=close)
    ledger.announce_booked(world.make_series(harbor, ada))
    assert world.kinds(appointment__number=1) == [Kind.REMINDER, Kind.TODAY]
    assert world.kinds(appointment__number=2) == [Kind.REMINDER]


def test_what_can_wait_after_a_weekends_visit_comes_on_monday(harbor: Clinic, ada: Patient) -> None:
    ask_after(harbor)
    saturday = MONDAY + timedelta(days=5)
    world.make_series(harbor, ada, [saturday])
    leave(visit_of(ada, 1), harbor.at(saturday, 12))
    assert world.only(kind=Kind.SCORE_ASKED).due_at == harbor.at(saturday + timedelta(days=9), 10)


def test_whom_the_program_asks_on_a_weekend_is_asked_on_monday(harbor: Clinic, ada: Patient) -> None:
    """Where the protocol has no rung for it, the days are counted from the visit, and may end on a Saturday."""
    series = world.make_series(harbor, ada, [MONDAY])
    saturday = MONDAY + timedelta(days=12)
    offered = ProposedBooster(series=series, starts=harbor.at(saturday + timedelta(days=9), 9))
    with clock.at_moment(harbor.at(saturday, 9)):
        asking.announce_score_asked(visit_of(ada, 1))
        asking.announce_dates_offered(series, [offered])
    monday = harbor.at(saturday + timedelta(days=2), 8)
    assert [row.due_at for row in Message.objects.filter(kind__in=[Kind.SCORE_ASKED, Kind.DATES_OFFERED])] == [
        monday
    ] * 2


def test_nobody_is_asked_between_visits_close_together(harbor: Clinic, ada: Patient) -> None:
    ask_after(harbor, days=1)
    world.make_series(harbor, ada, [MONDAY, MONDAY + timedelta(days=2)])
    leave(visit_of(ada, 1), harbor.at(MONDAY, 12))
    assert Kind.SCORE_ASKED not in world.kinds()


# --- nothing past due


@pytest.mark.parametrize(("hour", "due"), [(9, "10:00 the same day"), (22, "the next morning")])
def test_what_would_follow_on_the_day_of_the_booking_is_in_the_booking(
    harbor: Clinic, ada: Patient, mailoutbox: list[Any], hour: int, due: str
) -> None:
    visit_day = MONDAY + timedelta(days=1 if hour == 9 else 2)
    LadderStep.objects.create(version=harbor.induction, kind=Kind.PREPARE, days=1, send_at=time(17))
    moment = harbor.at(MONDAY, hour)
    with clock.at_moment(moment):
        ledger.announce_booked(world.make_series(harbor, ada, [visit_day]))
    assert world.kinds() == [Kind.BOOKED], due
    run_at(world.only(kind=Kind.BOOKED).due_at)
    assert "Nothing to eat after" in mailoutbox[0].body


@pytest.mark.parametrize(("days", "told_at_once"), [(1, True), (4, False)])
def test_a_reminder_on_the_day_is_too_late_to_tell_when_to_stop_eating(
    harbor: Clinic, ada: Patient, mailoutbox: list[Any], days: int, told_at_once: bool
) -> None:
    """Booked for tomorrow, an hour after the message about preparation would have gone: only the one of the day is
    left, and comes after breakfast. A visit further off (the control) has its own message in time.
    """
    with clock.at_moment(harbor.at(MONDAY, 11)):
        ledger.announce_booked(world.make_series(harbor, ada, [MONDAY + timedelta(days=days)]))
        assert Kind.TODAY in world.kinds()
        deliver()
    (mail,) = mailoutbox
    assert ("Nothing to eat after 3 a.m." in mail.body) is told_at_once
    assert ("you hear from us before the visit" in " ".join(mail.body.split())) is not told_at_once


def test_a_visit_moved_there_and_back_keeps_what_is_due_today(harbor: Clinic, ada: Patient) -> None:
    """Nothing is told of such a move, so nothing else would say how to prepare."""
    visit = world.make_series(harbor, ada, [MONDAY + timedelta(days=1)]).appointments.get()
    starts = visit.starts
    with clock.at_moment(harbor.at(MONDAY, 9)):
        for moment in (starts + timedelta(hours=2), starts):
            world.move(visit, moment)
    assert [row.kind for row in Message.objects.filter(state=State.DUE, due_at__date=MONDAY)] == [Kind.PREPARE]


# --- several on one day


def three_on_one_day(harbor: Clinic, patient: Patient) -> datetime:
    """A visit today, one tomorrow, one in three days; what is told of each is due this morning. Returns when."""
    series = world.make_series(harbor, patient, [MONDAY + timedelta(days=days) for days in (7, 8, 10)], at=time(15))
    with clock.at_moment(harbor.at(MONDAY, 9)):
        ledger.announce_booked(series)
        Message.objects.filter(kind=Kind.BOOKED).update(state=State.SENT, sent_at=clock.now())
    Message.objects.exclude(kind=Kind.BOOKED).delete()
    due = harbor.at(MONDAY + timedelta(days=7), 8)
    for number, kind, wait in (
        (1, Kind.TODAY, timedelta(0)),
        (2, Kind.PREPARE, timedelta(hours=1)),
        (3, Kind.REMINDER, timedelta(hours=2)),
        (3, Kind.PREPARE, timedelta(days=2)),
    ):
        visit = visit_of(patient, number)
        with clock.at_moment(harbor.at(MONDAY, 9)):
            row = Message(patient=patient, site=harbor.site, appointment=visit, recipient="patient", kind=kind)
            row.channel, row.due_at, row.not_after = Channel.MAIL, due + wait, visit.starts
            row.message_id, row.created_at, row.version = f"{kind}{number}@clinic.example", clock.now(), visit.version
            row.save()
    return due


def test_several_dues_of_one_day_are_one_message(harbor: Clinic, ada: Patient, mailoutbox: list[Any]) -> None:
    run = run_at(three_on_one_day(harbor, ada))
    assert run.sent == 1
    (mail,) = mailoutbox
    assert mail.subject == "Today at 3 p.m.: your visit at Harbor Day Center", "what is on the day says so"
    assert [mail.body.count(f"April {day}, 2027, 3 p.m.") for day in (12, 13, 15)] == [1, 1, 1]
    assert "Monday, April 12, 2027: Nothing to eat after" in mail.body.replace("\n  ", " ")
    assert "Tuesday, April 13, 2027: Nothing to eat after" in mail.body.replace("\n  ", " ")
    assert "Thursday, April 15, 2027: Nothing" not in mail.body
    assert world.kinds(state=State.DUE) == [Kind.PREPARE]
    assert len(world.tokens_in(mail.body)) == 1


def test_a_text_about_several_visits_tells_how_to_prepare_for_each_with_its_day(harbor: Clinic, ada: Patient) -> None:
    """A consult today and an infusion tomorrow: when to stop eating must not be left to the page."""
    day = MONDAY + timedelta(days=7)
    consult = world.make_visit(harbor, ada, harbor.at(day, 15))
    infusion = world.make_series(harbor, ada, [day + timedelta(days=1)]).appointments.get()
    told = [
        Message(patient=ada, site=harbor.site, appointment=visit, recipient="patient", kind=kind, channel=Channel.TEXT)
        for visit, kind in ((consult, Kind.TODAY), (infusion, Kind.PREPARE))
    ]
    for row in told:
        row.due_at = row.created_at = clock.now()
    content = content_of(told[0], told[1:])
    link = "https://visits.example/my/" + "x" * 32
    text = short.render(told[0], content, link).text
    assert text.startswith("Today at 3 p.m.: your visit at Harbor Day Center")
    assert "Tuesday: Nothing to eat after 3 a.m." in text
    assert "until the day after your visit" in texts.render(told[0], content).text.replace("\n", " "), (
        "one needs a ride"
    )
    content.words["prepare_briefly"] = ["Nothing to eat after 3 a.m."] * 20
    assert "How to prepare is on your page." in short.render(told[0], content, link).text


def test_what_became_untrue_is_not_told_with_the_others(harbor: Clinic, ada: Patient, mailoutbox: list[Any]) -> None:
    due = three_on_one_day(harbor, ada)
    Appointment.objects.filter(number=2).update(status=Appointment.Status.CANCELLED, ending="cancelled")
    run_at(due)
    (mail,) = mailoutbox
    assert "April 13" not in mail.body
    assert world.only(kind=Kind.PREPARE, appointment__number=2).state == State.SKIPPED


def test_two_dues_about_one_visit_are_the_more_telling_one(harbor: Clinic, ada: Patient, mailoutbox: list[Any]) -> None:
    """After a worker was down for two days."""
    ledger.announce_booked(world.make_series(harbor, ada, [MONDAY + timedelta(days=7)]))
    world.told(Kind.BOOKED)
    run_at(harbor.at(MONDAY + timedelta(days=6), 11))
    (mail,) = mailoutbox
    assert mail.subject.startswith("How to prepare for your visit at Harbor Day Center")


def test_people_who_share_an_address_get_a_message_each(harbor: Clinic, ada: Patient, mailoutbox: list[Any]) -> None:
    ben = make_patient(harbor.site, email=ada.email)
    for person in (ada, ben):
        ledger.announce_booked(world.make_series(harbor, person, [MONDAY + timedelta(days=7)]))
    world.told(Kind.BOOKED)
    run_at(harbor.at(MONDAY + timedelta(days=6), 11))
    assert [mail.to for mail in mailoutbox] == [[ada.email], [ada.email]]
    assert sorted(mail.body.split(",")[0] for mail in mailoutbox) == sorted(
        f"Hello {person.given_name}" for person in (ada, ben)
    )


def test_on_leaving_the_patient_hears_how_to_prepare_for_tomorrow(
    harbor: Clinic, ada: Patient, mailoutbox: list[Any]
) -> None:
    """Visits on two days in a row: the preparation waits for the end of the first, and goes out with its aftercare."""
    days = [MONDAY + timedelta(days=7), MONDAY + timedelta(days=8)]
    ledger.announce_booked(world.make_series(harbor, ada, days))
    world.told(Kind.BOOKED)
    prepare = world.only(kind=Kind.PREPARE, appointment__number=2)
    assert prepare.due_at == harbor.at(days[0], 9) + world.LONG + reminders.AFTER_ANOTHER
    Message.objects.filter(appointment__number=1).delete()
    leave(visit_of(ada, 1), harbor.at(days[0], 11))
    run_at(harbor.at(days[0], 11))
    (mail,) = mailoutbox
    assert mail.subject == "After your visit at Harbor Day Center"
    assert "Nothing to eat after" in mail.body
    assert not deliver().sent
    left = world.only(kind=Kind.AFTERCARE)
    left.channel = Channel.TEXT
    text = short.render(left, content_of(left, list(left.carries.all()))).text
    assert "Tuesday: Nothing to eat after 3 a.m." in text, "of which day, since a text names no date"


def test_rides_asked_for_and_preparation_are_one_message(harbor: Clinic, ada: Patient, mailoutbox: list[Any]) -> None:
    day = date(2027, 4, 14)
    for kind in (Kind.PREPARE, Kind.RIDE_MISSING):
        LadderStep.objects.create(version=harbor.induction, kind=kind, days=1, send_at=time(10))
    ledger.announce_booked(world.make_series(harbor, ada, [day]))
    world.told(Kind.BOOKED)
    run_at(harbor.at(day - timedelta(days=1), 10))
    assert [mail.subject.split(" ")[0] for mail in mailoutbox] == ["How"]
    assert Ride.objects.get().status == Ride.Status.NEEDED
    assert "Who drives you home?" in mailoutbox[0].body
