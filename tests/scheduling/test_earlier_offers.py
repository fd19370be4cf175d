"""Offering an earlier time, and who gets it."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from clinic import clock
from clinic.errors import NotAllowed, Refused, WrongStatus
from clinic.permissions import Role
from scheduling.actions import earlier_answers, moving
from scheduling.models import Appointment, EarlierWish, Hold, Invitation, Message, Offer, Ride
from scheduling.selectors.earlier import Looking, notice_of
from tests.factories import NOW, make_clinic, make_patient
from tests.scheduling.earlier_list import (
    LATE,
    SOONER,
    asked,
    closed_but_for,
    days_of,
    filled,
    injection,
    offer,
    patient_of,
    two_asked,
    wall_day,
    wish,
)
from tests.scheduling.helpers import book, consult, overlaps_in_holds, visits_of, wall

pytestmark = pytest.mark.django_db
Answer, Kind, State = Invitation.Status, Message.Kind, Message.State


# -- offering ----------------------------------------------------------------------------------------------------------


def test_an_offer_to_two_holds_the_time_once_and_asks_both() -> None:
    clinic, made, both = two_asked()
    assert [one.status for one in both] == [Answer.OPEN] * 2
    assert made.expires_at == NOW + timedelta(minutes=120)
    chairs = Hold.objects.filter(offer=made, resource__in=clinic.chairs)
    assert [hold.start_cell for hold in chairs] == [clock.cell(clinic.at(SOONER, 9))]
    told = Message.objects.filter(kind=Kind.EARLIER_OFFER)
    assert {row.patient_id for row in told} == {one.patient_id for one in both}
    assert {row.not_after for row in told} == {made.expires_at}


def test_the_same_form_sent_twice_is_one_offer() -> None:
    clinic = make_clinic()
    someone, key = wish(clinic, injection(clinic)), uuid4()
    first = offer(clinic, clinic.at(SOONER, 9), [someone], key=key)
    assert offer(clinic, clinic.at(SOONER, 9), [someone], key=key) == first
    assert Message.objects.filter(kind=Kind.EARLIER_OFFER).count() == 1


def test_who_is_being_asked_is_not_asked_about_another_time() -> None:
    clinic, _, both = two_asked()
    with pytest.raises(Refused, match="no longer suits"):
        offer(clinic, clinic.at(SOONER, 14), [both[0].wish])


def test_visits_that_need_different_things_are_not_offered_one_time() -> None:
    clinic = make_clinic()
    wishes = [
        wish(clinic, injection(clinic)),
        wish(clinic, consult(clinic, make_patient(clinic.site), clinic.at(LATE, 14))),
    ]
    with pytest.raises(Refused, match="need different things"):
        offer(clinic, clinic.at(SOONER, 9), wishes)


def test_an_offer_lapses_before_it_is_too_late_to_fast_and_to_find_a_driver() -> None:
    clinic = make_clinic()
    visits = visits_of(book(clinic, make_patient(clinic.site, cleared=True), first_day=date(2027, 4, 12)))
    someone = wish(clinic, visits[0])
    assert notice_of(visits[0]) == timedelta(hours=12)
    day = wall(visits[0])[0] - timedelta(days=1)
    if day.weekday() > 4:
        day -= timedelta(days=2)
    starts = clinic.at(day, 9)
    with clock.at_moment(starts - timedelta(hours=13)):
        made = offer(clinic, starts, [someone], minutes=240)
    assert made.expires_at == starts - timedelta(hours=12)


@pytest.mark.parametrize(("driver_hours", "fasting", "notice"), [(0, 6, 6), (3, 6, 6), (8, 6, 8), (0, None, 1)])
def test_the_notice_is_the_longer_of_fasting_and_the_driver(
    driver_hours: int, fasting: int | None, notice: int
) -> None:
    clinic = make_clinic()
    visit = visits_of(book(clinic, make_patient(clinic.site, cleared=True)))[0]
    visit.site.driver_notice_hours = driver_hours
    visit.protocol_version.fasting_food_hours, visit.protocol_version.fasting_fluids_hours = fasting, None
    assert notice_of(visit) == timedelta(hours=notice)
    Ride.objects.filter(appointment=visit).update(status=Ride.Status.WAIVED, waived_by=clinic.doctor, waiver_reason="x")
    waived = Appointment.objects.select_related("ride", "site", "protocol_version").get(pk=visit.pk)
    waived.site.driver_notice_hours = 30
    assert notice_of(waived) == timedelta(hours=6)


def test_a_time_too_soon_for_fasting_or_a_driver_is_neither_shown_nor_offered() -> None:
    clinic = make_clinic()
    someone = wish(clinic, injection(clinic))
    starts = clinic.at(SOONER, 9)
    latest = starts - timedelta(hours=12, minutes=30)
    with clock.at_moment(latest):
        assert Looking(clinic.site, clock.now()).at(starts)
    with clock.at_moment(latest + timedelta(minutes=1)):
        assert Looking(clinic.site, clock.now()).at(starts) == []
        with pytest.raises(Refused, match="too late to prepare for it and to find a driver"):
            offer(clinic, starts, [someone])


# -- answering ---------------------------------------------------------------------------------------------------------


def test_the_first_yes_moves_the_visit_and_the_other_is_told_kindly() -> None:
    clinic, made, (first, second) = two_asked()
    Message.objects.filter(kind=Kind.EARLIER_OFFER).update(state=State.SENT, sent_at=NOW)
    old = second.appointment.starts
    moved = earlier_answers.accept(by=patient_of(second), invitation=second)
    assert (moved.starts, moved.version) == (clinic.at(SOONER, 9), 1)
    made.refresh_from_db()
    assert made.status == Offer.Status.ACCEPTED
    assert [one.status for one in asked(made)] == [Answer.TAKEN, Answer.ACCEPTED]
    assert not Hold.objects.filter(offer=made).exists()
    assert Hold.objects.filter(appointment=moved, start_cell=clock.cell(moved.starts)).exists()
    assert not Hold.objects.filter(start_cell=clock.cell(old), appointment=moved).exists(), "the old time is free"
    assert overlaps_in_holds() == 0
    over = Message.objects.get(kind=Kind.EARLIER_OVER)
    assert over.patient == first.patient
    second.wish.refresh_from_db()
    first.wish.refresh_from_db()
    assert (second.wish.status, first.wish.status) == (EarlierWish.Status.MET, EarlierWish.Status.WAITING)


def test_yes_twice_is_the_same_as_once() -> None:
    _, _, (first, _second) = two_asked()
    moved = earlier_answers.accept(by=patient_of(first), invitation=first)
    assert earlier_answers.accept(by=patient_of(first), invitation=first) == moved
    moved.refresh_from_db()
    assert moved.version == 1


def test_who_is_too_late_reads_that_the_time_is_taken() -> None:
    _, _, (first, second) = two_asked()
    earlier_answers.accept(by=patient_of(first), invitation=first)
    with pytest.raises(Refused, match="Somebody else was a little quicker") as refused:
        earlier_answers.accept(by=patient_of(second), invitation=second)
    assert refused.value.code == "taken"


def test_who_has_not_heard_of_an_offer_does_not_hear_of_its_end() -> None:
    _, _, (first, second) = two_asked()
    earlier_answers.accept(by=patient_of(first), invitation=first)
    assert not Message.objects.filter(kind=Kind.EARLIER_OVER).exists()
    assert Message.objects.get(patient=second.patient, kind=Kind.EARLIER_OFFER).state == State.SKIPPED


def test_a_lapsed_offer_can_no_longer_be_accepted_even_before_its_rows_are_gone() -> None:
    _, made, (first, _) = two_asked()
    with clock.at_moment(made.expires_at), pytest.raises(Refused, match="This offer is over"):
        earlier_answers.accept(by=patient_of(first), invitation=first)


def test_a_visit_that_has_changed_since_is_not_moved_by_an_old_offer() -> None:
    clinic, _, (first, _) = two_asked()
    visit = first.appointment
    moving.move_visit(
        by=clinic.by(Role.FRONT_DESK), appointment=visit, starts=clinic.at(LATE, 14), reason="Asked.", version=0
    )
    with pytest.raises(Refused, match="has changed since you were asked"):
        earlier_answers.accept(by=patient_of(first), invitation=first)
    assert offer(clinic, clinic.at(SOONER, 14), [first.wish]), "and is asked again as it is now"


def test_when_everybody_says_no_the_time_is_free_at_once() -> None:
    clinic, made, (first, second) = two_asked()
    earlier_answers.decline(by=patient_of(first), invitation=first)
    assert Hold.objects.filter(offer=made).exists()
    earlier_answers.decline(by=patient_of(second), invitation=second)
    earlier_answers.decline(by=patient_of(second), invitation=second)
    made.refresh_from_db()
    assert (made.status, Hold.objects.filter(offer=made).exists()) == (Offer.Status.DECLINED, False)
    assert SOONER not in days_of(clinic), "neither is asked about that day again"
    with pytest.raises(Refused):
        earlier_answers.accept(by=patient_of(first), invitation=first)


def test_a_yes_is_not_taken_back_by_a_no() -> None:
    _, _, (first, _) = two_asked()
    earlier_answers.accept(by=patient_of(first), invitation=first)
    with pytest.raises(WrongStatus, match="said yes"):
        earlier_answers.decline(by=patient_of(first), invitation=first)


def test_the_desk_takes_an_offer_back_and_who_was_told_is_told() -> None:
    clinic, made, (first, _) = two_asked()
    Message.objects.filter(kind=Kind.EARLIER_OFFER, patient=first.patient).update(state=State.SENT, sent_at=NOW)
    earlier_answers.take_back(by=clinic.by(Role.FRONT_DESK), offer=made)
    assert not Hold.objects.filter(offer=made).exists()
    assert [one.status for one in asked(made)] == [Answer.WITHDRAWN] * 2
    assert Message.objects.get(kind=Kind.EARLIER_OVER).patient == first.patient
    assert SOONER in days_of(clinic), "they may be asked again"


def test_nobody_answers_for_somebody_else() -> None:
    clinic, made, (first, second) = two_asked()
    with pytest.raises(NotAllowed):
        earlier_answers.accept(by=patient_of(second), invitation=first)
    with pytest.raises(NotAllowed):
        earlier_answers.decline(by=clinic.by(Role.NURSE), invitation=first)
    assert [one.status for one in asked(made)] == [Answer.OPEN] * 2


def test_the_old_time_of_who_came_sooner_is_itself_a_chance() -> None:
    clinic = make_clinic(chairs=1)
    filled(clinic, SOONER)
    wednesday = [one for one in Appointment.objects.order_by("starts") if wall_day(clinic, one.starts) == SOONER]
    first = wish(clinic, wednesday[3], closed_but_for(clinic, date(2027, 4, 9)))
    second = wish(clinic, injection(clinic, date(2027, 4, 20)), closed_but_for(clinic, SOONER), not_before=SOONER)
    made = offer(clinic, clinic.at(date(2027, 4, 9), 9), [first])
    (invitation,) = asked(made)
    old = invitation.appointment.starts
    earlier_answers.accept(by=clinic.by(Role.FRONT_DESK), invitation=invitation)
    assert [(one.starts, [fit.wish for fit in one.fits]) for one in Looking(clinic.site, NOW).chances()] == [
        (old, [second])
    ]


def test_who_drives_is_asked_anew_when_a_visit_comes_sooner() -> None:
    _, _, (first, _) = two_asked()
    ride = Ride.objects.get(appointment=first.appointment)
    ben = first.patient.contacts.create(
        name="Ben Quill", is_adult=True, may_drive=True, may_be_told=True, phone="+15185550188"
    )
    Ride.objects.filter(pk=ride.pk).update(status=Ride.Status.CONFIRMED, companion=ben)
    earlier_answers.accept(by=patient_of(first), invitation=first)
    ride.refresh_from_db()
    assert ride.status == Ride.Status.NAMED
