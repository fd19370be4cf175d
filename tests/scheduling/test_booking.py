"""Booking a consult and a series: whole or not at all, once, within the rules, with a sentence when it cannot be."""

from datetime import date, time, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic import clock
from clinic.errors import GateClosed, JustTaken, NotAllowed, Refused, WrongStatus
from clinic.models import Closure
from clinic.permissions import Role
from patients.models import Clearance
from scheduling.actions import booking
from scheduling.actions.moving import stop_series
from scheduling.actions.series_writing import CHOSEN, Explained
from scheduling.models import Appointment, Hold, Message, ProtocolVersion, Ride, Series
from scheduling.planner.values import Wishes
from tests.factories import FIRST_DAY, NOW, clear, make_clinic, make_patient
from tests.scheduling.helpers import best_starts, book, consult, overlaps_in_holds, visits_of, wall

pytestmark = pytest.mark.django_db
Status = Appointment.Status


def test_a_series_for_a_cleared_patient_is_booked_whole() -> None:
    clinic = make_clinic()
    series = book(clinic, make_patient(clinic.site, cleared=True))
    visits = visits_of(series)
    assert series.status == Series.Status.ACTIVE
    assert [visit.status for visit in visits] == [Status.BOOKED] * 6
    assert [visit.number for visit in visits] == [1, 2, 3, 4, 5, 6]
    assert all(Hold.objects.filter(appointment=visit, expires_at=None).count() >= 4 for visit in visits)
    assert Ride.objects.filter(appointment__series=series, status=Ride.Status.NEEDED).count() == 6
    assert Message.objects.filter(series=series, kind=Message.Kind.BOOKED).count() == 1


def test_every_date_of_a_series_keeps_why_it_was_chosen() -> None:
    clinic = make_clinic()
    series = book(clinic, make_patient(clinic.site, cleared=True))
    codes = [{reason["code"] for reason in visit.plan_reasons} for visit in visits_of(series)]
    assert "first_possible_day" in codes[0]
    assert all(codes)
    assert series.plan_terms.keys() >= {"spacing", "same_hour"}


def test_booking_and_stopping_ask_the_database_as_often_for_ten_visits_as_for_two() -> None:
    clinic = make_clinic()
    # What the clerk may do is asked once per sign-in.
    book(clinic, make_patient(clinic.site, cleared=True))
    counts, stopping = [], []
    for sessions in (2, 10):
        version = clinic.induction
        ProtocolVersion.objects.filter(pk=version.pk).update(sessions=sessions, window_days=60)
        version.refresh_from_db()
        patient = make_patient(clinic.site, cleared=True)
        starts = best_starts(clinic, patient, version=version)
        why = Explained(tuple(CHOSEN for _ in starts))
        with CaptureQueriesContext(connection) as queries:
            series = book(clinic, patient, starts, version=version, explained=why)
        counts.append(len(queries))
        with CaptureQueriesContext(connection) as queries:
            stop_series(by=clinic.by(Role.FRONT_DESK), series=series, reason="the patient called")
        stopping.append(len(queries))
    # Each statement more is felt by every booking.
    assert counts[0] == counts[1] == 29
    assert stopping[0] == stopping[1] <= 25


def test_dates_that_no_plan_has_are_booked_as_chosen() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    starts = best_starts(clinic, patient)
    starts[0] += timedelta(minutes=5)
    series = book(clinic, patient, starts)
    assert visits_of(series)[0].plan_reasons == [{"code": "pinned", "params": {}}]


def test_a_series_for_an_uncleared_patient_is_held_and_lapses() -> None:
    clinic = make_clinic()
    series = book(clinic, make_patient(clinic.site))
    first = visits_of(series)[0]
    assert series.status == Series.Status.DRAFT
    assert series.held_until == min(NOW + timedelta(days=clinic.site.uncleared_hold_days), first.starts)
    assert {visit.status for visit in visits_of(series)} == {Status.PROPOSED}
    assert set(Hold.objects.values_list("expires_at", flat=True)) == {series.held_until}
    assert Message.objects.filter(series=series).values_list("kind", flat=True).get() == Message.Kind.HELD


def test_a_clearance_that_ends_before_the_last_date_only_holds_the_series() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site)
    starts = best_starts(clinic, patient)
    last = clock.local(starts[-1], clinic.site.zone).date()
    clear(patient, clinic.site, valid_until=last - timedelta(days=1))
    assert book(clinic, patient, starts).status == Series.Status.DRAFT


def test_a_series_whose_hold_lapsed_leaves_its_time_to_others() -> None:
    clinic = make_clinic(chairs=1)
    # Later than the week for which a series may be held.
    first_day = FIRST_DAY + timedelta(days=10)
    first = book(clinic, make_patient(clinic.site), first_day=first_day)
    assert first.held_until is not None
    starts = [visit.starts for visit in visits_of(first)]
    with clock.at_moment(first.held_until):
        second = book(clinic, make_patient(clinic.site, cleared=True), starts, first_day=first_day)
        assert [visit.starts for visit in visits_of(second)] == starts
        with pytest.raises(Refused, match="lapsed"):
            booking.confirm_held(by=clinic.by(Role.DOCTOR), series=first)


def test_a_held_series_is_confirmed_once_the_patient_is_cleared() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site)
    series = book(clinic, patient)
    with pytest.raises(GateClosed):
        booking.confirm_held(by=clinic.by(Role.FRONT_DESK), series=series)
    clear(patient, clinic.site)
    confirmed = booking.confirm_held(by=clinic.by(Role.FRONT_DESK), series=series)
    assert confirmed.status == Series.Status.ACTIVE
    assert {visit.status for visit in visits_of(series)} == {Status.BOOKED}
    assert not Hold.objects.exclude(expires_at=None).exists()
    with pytest.raises(WrongStatus):
        booking.confirm_held(by=clinic.by(Role.FRONT_DESK), series=series)


def test_a_released_series_frees_its_time_and_keeps_its_visits() -> None:
    clinic = make_clinic()
    series = book(clinic, make_patient(clinic.site))
    released = booking.release_held(
        by=clinic.by(Role.FRONT_DESK), series=series, reason="The patient changed her mind."
    )
    assert released.status == Series.Status.REVOKED
    assert {visit.status for visit in visits_of(series)} == {Status.CANCELLED}
    assert {visit.status_reason for visit in visits_of(series)} == {"The patient changed her mind."}
    assert Hold.objects.count() == 0
    assert Message.objects.filter(series=series, kind=Message.Kind.RELEASED).count() == 1


def test_the_same_key_books_one_series() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    starts, key = best_starts(clinic, patient), uuid4()
    first = book(clinic, patient, starts, key=key)
    again = book(clinic, patient, starts, key=key)
    assert first == again
    assert Series.objects.count() == 1
    assert Appointment.objects.count() == 6


def test_a_key_belongs_to_one_person() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    starts, key = best_starts(clinic, patient), uuid4()
    book(clinic, patient, starts, key=key)
    with pytest.raises(Refused, match="used for something else"):
        book(clinic, patient, starts, key=key, by=clinic.by(Role.DOCTOR))


def test_a_key_whose_booking_was_refused_can_be_used_again() -> None:
    clinic = make_clinic(chairs=1)
    taken = make_patient(clinic.site, cleared=True)
    starts, key = best_starts(clinic, taken), uuid4()
    book(clinic, taken, starts)
    patient = make_patient(clinic.site, cleared=True)
    with pytest.raises(JustTaken):
        book(clinic, patient, starts, key=key)
    assert book(clinic, patient, best_starts(clinic, patient), key=key).status == Series.Status.ACTIVE


def test_a_plan_that_collides_books_nothing_and_names_the_time() -> None:
    clinic = make_clinic(chairs=1)
    first, second = make_patient(clinic.site, cleared=True), make_patient(clinic.site, cleared=True)
    starts = best_starts(clinic, first)
    book(clinic, first, starts)
    mine = best_starts(clinic, second, wishes=Wishes(preferred_from=14 * 60, preferred_until=15 * 60))
    mine[2] = starts[2]
    with pytest.raises(JustTaken) as refused:
        book(clinic, second, mine)
    assert f"{clock.local(starts[2], clinic.site.zone):%B} {clock.local(starts[2], clinic.site.zone).day}" in str(
        refused.value
    )
    assert not Appointment.objects.filter(patient=second).exists()
    assert Series.objects.count() == 1


def test_a_nurse_who_watches_enough_patients_takes_no_more() -> None:
    clinic = make_clinic(chairs=9, nurses=1, watch=4)
    patients = [make_patient(clinic.site, cleared=True) for _ in range(3)]
    starts = best_starts(clinic, patients[0])
    book(clinic, patients[0], starts)
    book(clinic, patients[1], [one + timedelta(minutes=15) for one in starts])
    with pytest.raises(JustTaken):
        book(clinic, patients[2], [one + timedelta(minutes=30) for one in starts])
    assert overlaps_in_holds() == 0


@pytest.mark.parametrize(
    ("shift", "words"),
    [
        (timedelta(days=-7), "is in the past|lies before"),
        (timedelta(days=4), "Saturday|closed"),
        (timedelta(hours=9), "opening hours"),
        (timedelta(minutes=2), "five minutes"),
    ],
)
def test_a_date_that_cannot_be_is_refused_in_words(shift: timedelta, words: str) -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    starts = [clinic.at(FIRST_DAY, 9) + shift]
    with pytest.raises(Refused, match=words):
        book(clinic, patient, starts, version=clinic.injection)
    assert not Appointment.objects.exists()


def test_a_date_before_the_first_possible_day_is_refused() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    with pytest.raises(Refused, match="first possible day"):
        book(clinic, patient, best_starts(clinic, patient), first_day=FIRST_DAY + timedelta(days=2))


def test_a_first_day_in_the_past_is_refused() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    with pytest.raises(Refused, match="in the past"):
        best_starts(clinic, patient, first_day=date(2027, 4, 2))


def test_a_gap_or_window_broken_is_refused() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    days = [date(2027, 4, day) for day in (6, 7, 9, 12, 14, 16)]
    with pytest.raises(Refused, match="1 days apart"):
        book(clinic, patient, [clinic.at(day, 9) for day in days])
    days = [date(2027, 4, 6), *(date(2027, 4, 6) + timedelta(days=number) for number in (3, 7, 10, 15, 22))]
    with pytest.raises(Refused, match="at most 5"):
        book(clinic, patient, [clinic.at(day, 9) for day in days])


def test_a_closing_time_and_a_closed_day_are_respected() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    Closure.objects.create(site=clinic.site, starts=clinic.at(FIRST_DAY, 8), ends=clinic.at(FIRST_DAY, 18))
    with pytest.raises(Refused, match="is closed on"):
        book(clinic, patient, [clinic.at(FIRST_DAY, 9)], version=clinic.injection)
    with pytest.raises(Refused, match="opening hours"):
        book(clinic, patient, [clinic.at(date(2027, 4, 7), 17, 30)], version=clinic.injection)


def test_a_public_holiday_is_closed_by_name() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    memorial_day = date(2027, 5, 31)
    with pytest.raises(Refused, match="Memorial Day"):
        book(clinic, patient, [clinic.at(memorial_day, 9)], version=clinic.injection)


def test_a_patient_who_has_died_cannot_be_booked() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True, deceased_at=date(2027, 4, 1))
    with pytest.raises(Refused, match="has died"):
        consult(clinic, patient, clinic.at(FIRST_DAY, 9))


def test_a_patient_refused_by_a_doctor_cannot_be_booked() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site)
    Clearance.objects.create(
        patient=patient,
        decision=Clearance.Decision.REFUSED,
        decided_by=clinic.doctor,
        decided_at=NOW,
        reason="Not safe.",
    )
    with pytest.raises(Refused, match="refused"):
        book(clinic, patient)


def test_a_patient_is_in_one_place_at_a_time() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    consult(clinic, patient, clinic.at(FIRST_DAY, 9))
    with pytest.raises(Refused, match="already has a visit"):
        book(clinic, patient, [clinic.at(FIRST_DAY, 9, 30)], version=clinic.injection)


def test_two_series_of_one_patient_keep_the_larger_gap() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    series = book(clinic, patient)
    second_day = wall(visits_of(series)[1])[0]
    with pytest.raises(Refused, match="too near"):
        book(clinic, patient, [clinic.at(second_day + timedelta(days=1), 15)], version=clinic.injection)


def test_nine_o_clock_stays_nine_o_clock_across_a_clock_change() -> None:
    clinic = make_clinic()
    with clock.at_moment(clinic.at(date(2027, 3, 8), 9)):
        patient = make_patient(clinic.site, cleared=True)
        nine = Wishes(preferred_from=9 * 60, preferred_until=9 * 60)
        first_day = date(2027, 3, 9)
        starts = best_starts(clinic, patient, first_day=first_day, wishes=nine)
        series = book(clinic, patient, starts, first_day=first_day, wishes=nine)
    visits = visits_of(series)
    assert [wall(visit)[1] for visit in visits] == [time(9)] * 6
    assert {visit.starts.hour for visit in visits} == {14, 13}


def test_a_consult_takes_the_doctor_and_tells_the_patient_once() -> None:
    clinic = make_clinic()
    key = uuid4()
    patient = make_patient(clinic.site)
    visit = consult(clinic, patient, clinic.at(FIRST_DAY, 9), key=key)
    assert consult(clinic, patient, clinic.at(FIRST_DAY, 9), key=key) == visit
    assert visit.practitioner == clinic.doctor
    assert list(Hold.objects.values_list("resource_id", "first_unit")) == [(clinic.doctor.resource_id, 0)]
    assert Message.objects.filter(appointment=visit, kind=Message.Kind.CONSULT_BOOKED).count() == 1
    with pytest.raises(JustTaken):
        consult(clinic, make_patient(clinic.site), clinic.at(FIRST_DAY, 9, 30))


def test_a_consult_with_the_first_free_doctor_names_who_it_is() -> None:
    clinic = make_clinic()
    assert (
        consult(clinic, make_patient(clinic.site), clinic.at(FIRST_DAY, 9), doctor=None).practitioner == clinic.doctor
    )


def test_a_nurse_may_not_book() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    with pytest.raises(NotAllowed):
        book(clinic, patient, by=clinic.by(Role.NURSE))
