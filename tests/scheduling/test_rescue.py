"""What has happened is written down, and the visits that lost their cover are re-planned together and agreed to."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest

from clinic import clock
from clinic.errors import JustTaken, NotAllowed, Refused, Stale, WrongStatus
from clinic.models import AuditEvent, Closure
from clinic.permissions import ROLE_PERMISSIONS, Permission, Role
from patients.models import Clearance, Contact
from scheduling.actions import outages, rescue, rides, visit
from scheduling.models import Appointment, Hold, Message, Ride
from scheduling.selectors.rescue_plan import SiteRescue, answers, propose, without_cover
from tests.factories import FIRST_DAY, NOW, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import book, bookings_are_told, consult, overlaps_in_holds, visits_of

pytestmark = pytest.mark.django_db
TUESDAY, WEDNESDAY, THURSDAY = FIRST_DAY, FIRST_DAY + timedelta(days=1), FIRST_DAY + timedelta(days=2)


def injection(clinic: Clinic, starts: datetime, **fields: Any) -> Appointment:
    """One visit of a patient of its own."""
    patient = make_patient(clinic.site, cleared=True, consented=True, **fields)
    return visits_of(book(clinic, patient, [starts], version=clinic.injection))[0]


def series_of(clinic: Clinic, days: list[date], hour: int = 9) -> list[Appointment]:
    """Six infusions on these dates."""
    patient = make_patient(clinic.site, cleared=True)
    return visits_of(book(clinic, patient, [clinic.at(day, hour) for day in days]))


#: Two infusions a week, so that each may move by a day either way.
TWICE_A_WEEK = [TUESDAY + timedelta(days=days) for days in (0, 3, 7, 10, 14, 17)]


def snow(clinic: Clinic, day: date = TUESDAY, **changes: Any) -> outages.Outage:
    """The whole site is closed on a date."""
    begin, end = clock.day_bounds(day, clinic.site.zone)
    what: dict[str, Any] = {
        "by": clinic.by(Role.FRONT_DESK),
        "site": clinic.site,
        "starts": begin,
        "ends": end,
        "reason": "snow",
        "key": uuid4(),
    } | changes
    return outages.record_outage(**what)


def ill(clinic: Clinic, number: int = 0, day: date = TUESDAY, **changes: Any) -> outages.Outage:
    """A nurse is out on a date."""
    return snow(clinic, day, site=None, resource=clinic.nurses[number].resource, reason="ill", **changes)


def agree(clinic: Clinic, wanted: Mapping[UUID, datetime | None], **changes: Any) -> rescue.Agreed:
    """The desk agrees."""
    what: dict[str, Any] = {"by": clinic.by(Role.FRONT_DESK), "reason": "snow", "key": uuid4()} | changes
    return rescue.agree_rescue(proposals=wanted, **what)


def proposed(clinic: Clinic) -> SiteRescue:
    """The whole proposal for the site, as the page shows it."""
    return propose(clinic.site, clock.now())


def nurse_of(clinic: Clinic, visit_: Appointment) -> int:
    """The number of the nurse who watches."""
    ids = [nurse.resource_id for nurse in clinic.nurses]
    return ids.index(visit_.holds.filter(resource__in=ids).latest("start_cell").resource_id)


def to(visit: Appointment) -> datetime:
    """Where a visit is now."""
    visit.refresh_from_db()
    return visit.starts


# -- what has happened -----------------------------------------------------------------------------------------------


def test_what_has_happened_is_never_refused_and_names_who_has_no_cover() -> None:
    clinic = make_clinic(nurses=1)
    lost, safe = injection(clinic, clinic.at(TUESDAY, 9)), injection(clinic, clinic.at(WEDNESDAY, 9))
    outage = snow(clinic)
    assert [one.id for one in outage.without_cover] == [lost.pk]
    assert outage.closure.reason == "snow"
    assert to(safe) == clinic.at(WEDNESDAY, 9)


def test_the_same_form_twice_writes_one_closure() -> None:
    clinic = make_clinic()
    key = uuid4()
    assert snow(clinic, key=key).closure == snow(clinic, key=key).closure
    assert Closure.objects.count() == 1


@pytest.mark.parametrize("role", [role for role in Role if Permission.VIEW_SCHEDULE in ROLE_PERMISSIONS[role]])
def test_everybody_who_works_here_may_say_what_has_happened(role: Role) -> None:
    clinic = make_clinic()
    assert snow(clinic, by=clinic.by(role)).closure.pk


def test_an_outage_that_makes_no_sense_is_refused_in_words() -> None:
    clinic = make_clinic()
    with pytest.raises(Refused, match="ends after it starts"):
        snow(clinic, ends=clinic.at(TUESDAY, 0))
    with pytest.raises(Refused, match="either a site or one chair"):
        snow(clinic, resource=clinic.chairs[0])


def test_an_outage_that_is_over_sooner_gives_the_visits_their_cover_back() -> None:
    clinic = make_clinic(nurses=1)
    injection(clinic, clinic.at(TUESDAY, 15))
    outage = ill(clinic)
    assert without_cover(clinic.site, clock.now())
    outages.take_back_outage(by=clinic.by(Role.NURSE), closure=outage.closure, ends=clinic.at(TUESDAY, 12))
    assert without_cover(clinic.site, clock.now()) == []
    outages.take_back_outage(by=clinic.by(Role.NURSE), closure=outage.closure, ends=outage.closure.starts)
    assert not Closure.objects.exists()


# -- the whole, agreed to --------------------------------------------------------------------------------------------


def test_a_nurse_is_ill_and_another_takes_over_without_a_word_to_the_patient() -> None:
    clinic = make_clinic(nurses=2)
    visits = [injection(clinic, clinic.at(TUESDAY, hour)) for hour in (9, 11, 14)]
    ill(clinic, nurse_of(clinic, visits[0]))
    plan = proposed(clinic)
    told = Message.objects.count()
    agreed = agree(clinic, answers(plan.cases))
    assert (agreed.taken_over, agreed.moved, agreed.left) == (len(plan.taken_over), 0, 0)
    assert plan.taken_over
    assert not plan.moves
    assert without_cover(clinic.site, clock.now()) == []
    assert Message.objects.count() == told
    assert {visit.holds.count() for visit in visits} == {4}


def test_a_snow_day_moves_with_every_gap_kept_and_each_patient_is_told_once() -> None:
    clinic = make_clinic(chairs=4, nurses=3)
    courses = [series_of(clinic, TWICE_A_WEEK, hour) for hour in (9, 12, 15)]
    bookings_are_told()
    snow(clinic, TWICE_A_WEEK[1])
    plan = proposed(clinic)
    assert not plan.left
    agreed = agree(clinic, answers(plan.cases))
    assert agreed.moved >= 3
    assert without_cover(clinic.site, clock.now()) == []
    assert overlaps_in_holds() == 0
    for course in courses:
        days = [clock.local(to(visit), clinic.site.zone).date() for visit in course]
        gaps = [(b - a).days for a, b in pairwise(days)]
        assert min(gaps) >= 2
        assert max(gaps) <= 5
        news = Message.objects.filter(patient=course[0].patient, kind__in=["moved", "boosters_changed"], state="due")
        assert news.count() == 1
    moved = Appointment.objects.get(pk=courses[0][1].pk)
    assert moved.status_reason == "snow"
    assert moved.plan_reasons == [{"code": "rescued", "params": {}}]


def test_several_visits_of_one_series_make_one_message() -> None:
    clinic = make_clinic()
    course = series_of(clinic, TWICE_A_WEEK)
    begin, end = clinic.at(TWICE_A_WEEK[1], 0), clinic.at(TWICE_A_WEEK[2] + timedelta(days=1), 0)
    snow(clinic, starts=begin, ends=end)
    plan = proposed(clinic)
    assert len([new for new in answers(plan.cases).values() if new is not None]) > 1
    agree(clinic, answers(plan.cases))
    news = Message.objects.filter(patient=course[0].patient, kind__in=["moved", "boosters_changed"], state="due")
    assert [one.kind for one in news] == ["boosters_changed"]


def test_the_companion_is_asked_anew_once_for_all_that_moved() -> None:
    clinic = make_clinic()
    course = series_of(clinic, TWICE_A_WEEK)
    ben = Contact.objects.create(
        patient=course[0].patient, name="Ben", email="ben@example.org", is_adult=True, may_drive=True, may_be_told=True
    )
    desk = clinic.by(Role.FRONT_DESK)
    rides.name_companion(by=desk, appointments=course, companion=ben, confirmed=True)
    snow(clinic, TWICE_A_WEEK[1])
    with clock.at_moment(NOW + timedelta(hours=1)):
        agree(clinic, answers(propose(clinic.site, clock.now()).cases))
    ride = Ride.objects.get(appointment=course[1])
    assert (ride.status, ride.companion) == (Ride.Status.NAMED, ben)
    waiting = Message.objects.filter(contact=ben, state="due", created_at__gt=NOW, carried_by=None)
    assert waiting.count() == 1


def test_the_same_agreement_twice_moves_once() -> None:
    clinic = make_clinic()
    visit_ = injection(clinic, clinic.at(TUESDAY, 9))
    snow(clinic)
    key, wanted = uuid4(), answers(proposed(clinic).cases)
    first = agree(clinic, wanted, key=key)
    assert agree(clinic, wanted, key=key) == first
    visit_.refresh_from_db()
    assert visit_.version == 1


# -- parts of it -----------------------------------------------------------------------------------------------------


def test_what_is_left_stays_where_it_is_and_on_the_list_with_a_note_to_call() -> None:
    clinic = make_clinic()
    taken, left = injection(clinic, clinic.at(TUESDAY, 9)), injection(clinic, clinic.at(TUESDAY, 11))
    snow(clinic)
    wanted = answers(proposed(clinic).cases) | {left.pk: None}
    agreed = agree(clinic, wanted, to_call=[left.pk, taken.pk])
    assert (agreed.moved, agreed.left) == (1, 1)
    assert to(left) == clinic.at(TUESDAY, 9 + 2)
    assert left.status_reason == "Call the patient about a new time: snow"
    assert [one.id for one in without_cover(clinic.site, clock.now())] == [left.pk]
    assert to(taken) != clinic.at(TUESDAY, 9)
    assert taken.status_reason == "snow"
    trail = AuditEvent.objects.filter(table="scheduling_appointment", row=str(left.pk)).latest("at")
    assert (trail.action, trail.reason) == ("agree_rescue", "snow")


def test_the_desk_may_choose_another_time_than_the_one_proposed() -> None:
    clinic = make_clinic()
    visit_ = injection(clinic, clinic.at(TUESDAY, 9))
    snow(clinic)
    agree(clinic, {visit_.pk: clinic.at(THURSDAY, 16)})
    assert to(visit_) == clinic.at(THURSDAY, 16)


def test_a_time_that_breaks_a_gap_is_refused_and_nothing_moves() -> None:
    clinic = make_clinic()
    course = series_of(clinic, TWICE_A_WEEK)
    other = injection(clinic, clinic.at(TWICE_A_WEEK[1], 14))
    snow(clinic, TWICE_A_WEEK[1])
    wanted = {course[1].pk: clinic.at(TWICE_A_WEEK[2] - timedelta(days=1), 9), other.pk: clinic.at(THURSDAY, 9)}
    with pytest.raises(Refused, match="would not keep the days between its visits"):
        agree(clinic, wanted)
    assert to(other) == clinic.at(TWICE_A_WEEK[1], 14)


def test_a_time_past_the_clearance_is_refused() -> None:
    clinic = make_clinic()
    visit_ = injection(clinic, clinic.at(TUESDAY, 9))
    Clearance.objects.filter(patient=visit_.patient).update(valid_until=TUESDAY)
    snow(clinic)
    assert proposed(clinic).left
    with pytest.raises(Refused, match=r"clearance for .* ends on"):
        agree(clinic, {visit_.pk: clinic.at(WEDNESDAY, 9)})


def test_a_time_taken_meanwhile_is_named_and_nothing_moves() -> None:
    clinic = make_clinic(chairs=1, nurses=1)
    first, second = injection(clinic, clinic.at(TUESDAY, 9)), injection(clinic, clinic.at(TUESDAY, 14))
    snow(clinic)
    wanted = {first.pk: clinic.at(WEDNESDAY, 9), second.pk: clinic.at(WEDNESDAY, 11)}
    injection(clinic, clinic.at(WEDNESDAY, 11))
    with pytest.raises(JustTaken, match=rf"record {second.patient.record_number}.* at 11 a.m. has just been taken"):
        agree(clinic, wanted)
    assert to(first) == clinic.at(TUESDAY, 9)


def test_a_visit_changed_meanwhile_makes_the_list_stale() -> None:
    clinic = make_clinic()
    visit_ = injection(clinic, clinic.at(TUESDAY, 9))
    snow(clinic)
    with pytest.raises(Stale, match="Somebody has changed the visit"):
        agree(clinic, {visit_.pk: clinic.at(WEDNESDAY, 9)}, versions={visit_.pk: 7})
    Appointment.objects.filter(pk=visit_.pk).update(status="cancelled", ending="cancelled")
    with pytest.raises(Stale):
        agree(clinic, {visit_.pk: clinic.at(WEDNESDAY, 9)})


def test_only_who_may_book_agrees_and_always_with_a_reason() -> None:
    clinic = make_clinic()
    visit_ = injection(clinic, clinic.at(TUESDAY, 9))
    with pytest.raises(NotAllowed):
        agree(clinic, {visit_.pk: None}, by=clinic.by(Role.NURSE))
    with pytest.raises(Refused, match="Say what happened"):
        agree(clinic, {visit_.pk: None}, reason=" ")


def test_visits_of_two_sites_are_not_replanned_together() -> None:
    here, there = make_clinic(name="Here"), make_clinic(name="There")
    wanted = {injection(one, one.at(TUESDAY, 9)).pk: one.at(WEDNESDAY, 9) for one in (here, there)}
    with pytest.raises(Refused, match="several sites"):
        agree(here, wanted)


# -- who is here already, and what is not an infusion ----------------------------------------------------------------


@pytest.fixture
def under_way() -> Iterator[tuple[Clinic, Appointment]]:
    """Half past nine on Tuesday: an injection given at nine, its patient recovering, and one nurse goes home ill."""
    clinic = make_clinic(nurses=2)
    seen = injection(clinic, clinic.at(TUESDAY, 9))
    with clock.at_moment(clinic.at(TUESDAY, 9)):
        visit.arrive(by=clinic.by(Role.FRONT_DESK), appointment=seen)
    with clock.at_moment(clinic.at(TUESDAY, 9, 30)):
        yield clinic, seen


def test_who_is_being_treated_stays_in_the_chair_and_gets_another_nurse(under_way: tuple[Clinic, Appointment]) -> None:
    clinic, seen = under_way
    number, chair = nurse_of(clinic, seen), seen.holds.get(resource__in=clinic.chairs)
    ill(clinic, number, starts=clock.now())
    agreed = agree(clinic, answers(proposed(clinic).cases))
    assert (agreed.taken_over, agreed.moved) == (1, 0)
    half_past = clock.cell(clock.now())
    mine = seen.holds.filter(resource=clinic.nurses[number].resource)
    assert {hold.end_cell for hold in mine.filter(start_cell__lt=half_past)} == {
        clock.cell(clinic.at(TUESDAY, 9, 10)),
        half_past,
    }
    assert not mine.filter(end_cell__gt=half_past).exists()
    rest = seen.holds.get(resource=clinic.nurses[1 - number].resource)
    assert (rest.start_cell, rest.end_cell) == (half_past, clock.cell(seen.ends))
    assert rest.phase == 1
    assert seen.holds.get(resource__in=clinic.chairs) == chair
    assert without_cover(clinic.site, clock.now()) == []


def test_who_is_being_treated_is_never_given_another_time(under_way: tuple[Clinic, Appointment]) -> None:
    clinic, seen = under_way
    snow(clinic, starts=clock.now(), ends=clinic.at(TUESDAY, 18))
    plan = proposed(clinic)
    assert [step.why for case in plan.left for step in case.steps] == [
        ("It cannot move, and nobody is free to take over.",)
    ]
    with pytest.raises(WrongStatus, match="has begun"):
        agree(clinic, {seen.pk: clinic.at(WEDNESDAY, 9)})
    assert to(seen) == clinic.at(TUESDAY, 9)


def test_a_consult_waits_for_its_own_doctor() -> None:
    clinic = make_clinic()
    talk = consult(clinic, make_patient(clinic.site), clinic.at(TUESDAY, 9))
    begin, end = clock.day_bounds(TUESDAY, clinic.site.zone)
    snow(clinic, site=None, resource=clinic.doctor.resource, starts=begin, ends=end)
    agree(clinic, answers(proposed(clinic).cases))
    assert clock.local(to(talk), clinic.site.zone).date() != TUESDAY
    assert set(talk.holds.values_list("resource_id", flat=True)) == {clinic.doctor.resource_id}


def test_a_held_series_moves_and_still_lapses() -> None:
    clinic = make_clinic()
    course = visits_of(book(clinic, make_patient(clinic.site), [clinic.at(day, 9) for day in TWICE_A_WEEK]))
    snow(clinic, TWICE_A_WEEK[1])
    agree(clinic, answers(proposed(clinic).cases))
    assert course[0].series is not None
    assert set(Hold.objects.values_list("expires_at", flat=True)) == {course[0].series.held_until}
