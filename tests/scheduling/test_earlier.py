"""The earlier-time list: who fits a free time, who is asked, and who gets it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic import clock
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused, WrongStatus
from clinic.models import Shift
from clinic.permissions import Role
from patients.models import Patient
from scheduling.actions import earlier, earlier_answers, moving, offers
from scheduling.models import Appointment, EarlierWish, Hold, Invitation, Message, Offer, Ride
from scheduling.planner.values import Wishes
from scheduling.selectors import series_rules
from scheduling.selectors.earlier import Looking, chances_of, notice_of
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import book, consult, overlaps_in_holds, visits_of, wall

pytestmark = pytest.mark.django_db
Answer, Kind, State = Invitation.Status, Message.Kind, Message.State
#: Wednesday of the week after: a day that leaves time for everything.
SOONER = date(2027, 4, 14)
LATE = date(2027, 4, 28)


def injection(clinic: Clinic, day: date = LATE, hour: int = 9, **fields: Any) -> Appointment:
    """One booked visit of a patient of its own."""
    patient = make_patient(clinic.site, cleared=True, **fields)
    return visits_of(book(clinic, patient, [clinic.at(day, hour)], version=clinic.injection))[0]


def wish(clinic: Clinic, visit: Appointment, hours: Wishes | None = None, **fields: Any) -> EarlierWish:
    """The visit on the list, as the desk puts it there."""
    return earlier.wish_sooner(by=clinic.by(Role.FRONT_DESK), appointment=visit, hours=hours or Wishes(), **fields)


def offer(clinic: Clinic, starts: datetime, wishes: Sequence[EarlierWish], minutes: int = 120, **fields: Any) -> Offer:
    """The time offered to these."""
    order: dict[str, Any] = {"by": clinic.by(Role.FRONT_DESK), "site": clinic.site, "key": uuid4()} | fields
    return earlier.offer_time(starts=starts, wishes=wishes, minutes=minutes, **order)


def asked(offer: Offer) -> list[Invitation]:
    """The invitations of an offer, in the order of their wishes."""
    return list(offer.invitations.select_related("appointment__site", "patient", "offer").order_by("wish__created_at"))


def patient_of(invitation: Invitation) -> Actor:
    """The patient who was asked, on their page."""
    return Actor("patient", str(invitation.patient_id), invitation.patient.name)


def days_of(clinic: Clinic, **only: Any) -> list[date]:
    """The local dates on which somebody on the list could come sooner."""
    return [wall_day(clinic, one.starts) for one in Looking(clinic.site, clock.now(), **only).chances()]


def wall_day(clinic: Clinic, moment: datetime) -> date:
    return clock.local(moment, clinic.site.zone).date()


# -- the list ----------------------------------------------------------------------------------------------------------


def test_a_visit_is_on_the_list_once_and_asking_again_changes_the_hours() -> None:
    clinic = make_clinic()
    visit = injection(clinic)
    wish(clinic, visit)
    again = wish(clinic, visit, Wishes(patient_can={0: ((540, 720),)}), not_before=SOONER, note="Works Tuesdays.")
    assert EarlierWish.objects.get() == again
    assert (again.not_before, again.note, again.hours["patient_can"]) == (
        SOONER,
        "Works Tuesdays.",
        {"0": [[540, 720]]},
    )


def test_only_a_booked_visit_to_come_goes_on_the_list() -> None:
    clinic = make_clinic()
    visit = injection(clinic)
    with pytest.raises(Refused, match="on that day or before it already"):
        wish(clinic, visit, not_before=LATE)
    moving.cancel_visit(by=clinic.by(Role.FRONT_DESK), appointment=visit, reason="Ill.", version=visit.version)
    with pytest.raises(Refused, match="Only a booked visit"):
        wish(clinic, visit)


def test_a_cancelled_visit_leaves_the_list_by_itself() -> None:
    clinic = make_clinic()
    visit = injection(clinic)
    wish(clinic, visit)
    assert days_of(clinic)
    moving.cancel_visit(by=clinic.by(Role.FRONT_DESK), appointment=visit, reason="Ill.", version=visit.version)
    assert days_of(clinic) == []


# -- who fits ----------------------------------------------------------------------------------------------------------


def test_only_days_with_legal_gaps_are_offered_for_a_visit_of_a_series() -> None:
    clinic = make_clinic()
    visits = visits_of(book(clinic, make_patient(clinic.site, cleared=True)))
    wish(clinic, visits[3])
    before, mine, after = (wall(visits[number])[0] for number in (2, 3, 4))
    found = days_of(clinic)
    assert found == [
        day
        for day in (before + timedelta(days=number) for number in range(2, (mine - before).days))
        if day.weekday() < 5 and (after - day).days <= clinic.induction.max_gap_days
    ]


def test_the_hours_of_the_patient_and_the_driver_are_kept() -> None:
    clinic = make_clinic()
    hours = Wishes(patient_can={2: ((13 * 60, 18 * 60),)}, driver_can={2: ((15 * 60, 16 * 60),)})
    wish(clinic, injection(clinic), hours)
    for chance in Looking(clinic.site, NOW).chances():
        local = clock.local(chance.starts, clinic.site.zone), clock.local(chance.ends, clinic.site.zone)
        assert local[0].weekday() == 2
        assert local[0].hour >= 13
        assert 15 * 60 <= local[1].hour * 60 + local[1].minute <= 16 * 60


def test_nobody_is_asked_for_a_time_at_which_they_are_at_another_visit() -> None:
    clinic = make_clinic()
    visit = injection(clinic)
    wish(clinic, visit, Wishes(patient_can={SOONER.weekday(): ((9 * 60, 11 * 60),)}), not_before=SOONER)
    assert SOONER in days_of(clinic)
    consult(clinic, visit.patient, clinic.at(SOONER, 9, 45))
    assert SOONER not in days_of(clinic)


def test_who_fits_best_comes_first_with_reasons_in_words() -> None:
    clinic = make_clinic()
    soon, far = injection(clinic, date(2027, 4, 19)), injection(clinic, LATE, hour=11)
    wish(clinic, soon)
    wish(clinic, far)
    (chance,) = Looking(clinic.site, NOW).at(clinic.at(SOONER, 9))
    assert [fit.visit for fit in chance.fits] == [far, soon]
    assert chance.fits[0].why == ("14 days sooner than Wednesday, April 28, 2027", "on the list since today")
    with clock.at_moment(NOW + timedelta(days=1)):
        wish(clinic, injection(clinic, LATE, hour=13))
        (chance,) = Looking(clinic.site, clock.now()).at(clinic.at(SOONER, 9))
    assert chance.fits[0].visit == far, "of equals, who has waited longer"


def test_the_gaps_of_many_visits_are_those_of_each() -> None:
    clinic = make_clinic()
    visits = [visit for _ in range(2) for visit in visits_of(book(clinic, make_patient(clinic.site, cleared=True)))] + [
        injection(clinic)
    ]
    visits.append(consult(clinic, visits[0].patient, clinic.at(LATE, 15)))
    many = series_rules.neighbours_of_all(visits)
    assert {visit.pk: series_rules.neighbours_of(visit) for visit in visits} == many
    assert len(set(many.values())) > 6


def test_however_many_are_on_the_list_the_queries_are_the_same() -> None:
    clinic = make_clinic(chairs=12, nurses=6)
    counts = []
    for number in (3, 12):
        while EarlierWish.objects.count() < number:
            wish(clinic, injection(clinic, LATE, hour=8 + EarlierWish.objects.count() % 9))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert chances_of(clinic.clerk.user, NOW)  # type: ignore[arg-type]
        counts.append(len(queries))
    assert counts[0] == counts[1]


# -- what frees time ---------------------------------------------------------------------------------------------------


def closed_but_for(clinic: Clinic, day: date) -> Wishes:
    """Hours on that one weekday only."""
    return Wishes(patient_can={day.weekday(): ((0, 24 * 60),)})


def filled(clinic: Clinic, day: date) -> list[Appointment]:
    """Visits one after the other, seventy minutes each, until nothing more fits on `day`."""
    starts = clinic.at(day, 8)
    made = []
    while starts + timedelta(minutes=70) <= clinic.at(day, 18):
        patient = make_patient(clinic.site, cleared=True)
        made.append(visits_of(book(clinic, patient, [starts], version=clinic.injection))[0])
        starts += timedelta(minutes=70)
    return made


@pytest.fixture
def one_chair() -> tuple[Clinic, list[Appointment], EarlierWish]:
    """One chair, the next Wednesday full, and somebody who could only come then."""
    clinic = make_clinic(chairs=1)
    visits = filled(clinic, SOONER)
    someone = wish(clinic, injection(clinic, date(2027, 4, 20)), closed_but_for(clinic, SOONER), not_before=SOONER)
    assert days_of(clinic) == []
    return clinic, visits, someone


Full = tuple[Clinic, list[Appointment], EarlierWish]


def test_a_cancelled_visit_makes_a_chance(one_chair: Full) -> None:
    clinic, visits, someone = one_chair
    moving.cancel_visit(by=clinic.by(Role.FRONT_DESK), appointment=visits[2], reason="Ill.", version=0)
    (chance,) = Looking(clinic.site, NOW).chances()
    assert (chance.starts, [fit.wish for fit in chance.fits]) == (visits[2].starts, [someone])


def test_a_moved_visit_makes_a_chance_of_its_old_time(one_chair: Full) -> None:
    clinic, visits, _ = one_chair
    moving.move_visit(
        by=clinic.by(Role.FRONT_DESK),
        appointment=visits[2],
        starts=clinic.at(date(2027, 4, 15), 9),
        reason="Asked.",
        version=0,
    )
    assert days_of(clinic) == [SOONER]


def test_a_new_shift_makes_a_chance(one_chair: Full) -> None:
    clinic, _, someone = one_chair
    thursday = date(2027, 4, 15)
    Shift.objects.filter(weekday=thursday.weekday()).delete()
    earlier.wish_sooner(
        by=clinic.by(Role.FRONT_DESK), appointment=someone.appointment, hours=closed_but_for(clinic, thursday)
    )
    assert days_of(clinic) == []
    for member in (*clinic.nurses, clinic.doctor):
        Shift.objects.create(
            staff_member=member,
            site=clinic.site,
            weekday=thursday.weekday(),
            starts="08:00",
            ends="18:00",
            valid_from=date(2020, 1, 1),
        )
    assert thursday in days_of(clinic)


def test_a_lapsed_offer_makes_a_chance_for_others(one_chair: Full) -> None:
    clinic, visits, someone = one_chair
    moving.cancel_visit(by=clinic.by(Role.FRONT_DESK), appointment=visits[2], reason="Ill.", version=0)
    other = wish(clinic, injection(clinic, date(2027, 4, 21), hour=12), closed_but_for(clinic, SOONER))
    made = offer(clinic, visits[2].starts, [someone])
    assert SOONER not in days_of(clinic), "the time is held"
    with clock.at_moment(made.expires_at):
        assert offers.release_lapsed(by=Actor.system("beat")) == 1
        chance = next(one for one in Looking(clinic.site, clock.now()).chances() if one.starts == visits[2].starts)
    assert [fit.wish for fit in chance.fits] == [other], "who let it lapse is not asked about that day again"


# -- offering ----------------------------------------------------------------------------------------------------------


def two_asked(minutes: int = 120) -> tuple[Clinic, Offer, list[Invitation]]:
    """A time offered to two."""
    clinic = make_clinic()
    wishes = [wish(clinic, injection(clinic, LATE, hour)) for hour in (9, 12)]
    made = offer(clinic, clinic.at(SOONER, 9), wishes, minutes)
    return clinic, made, asked(made)


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


def test_a_patient_who_died_is_on_no_list() -> None:
    clinic = make_clinic()
    someone = wish(clinic, injection(clinic))
    Patient.objects.filter(pk=someone.patient_id).update(deceased_at=NOW)
    assert days_of(clinic) == []
