"""Many at once: one place is booked once, whoever comes together, and a shift is not removed under a booking.

Real threads, each with its own connection and its own transactions. The controls show that the harness would see a
double.
"""

from collections import Counter
from datetime import timedelta
from functools import partial
from itertools import permutations
from threading import Barrier, Event
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError, connection, transaction

from clinic import actions, clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import JustTaken, Refused
from clinic.models import Shift
from clinic.permissions import Role
from patients.models import Patient
from scheduling.actions import clinic_changes, cover, moving, next_best, offers, outages, placing, rescue
from scheduling.models import Appointment, Hold, Series
from scheduling.selectors.held_cells import held
from scheduling.selectors.rescue_plan import answers, propose
from scheduling.selectors.series_rules import local_day
from scheduling.selectors.stranded import booked_days, stranded
from tests.factories import FIRST_DAY, Clinic, add_shifts, make_clinic, make_patient
from tests.scheduling.helpers import (
    as_owner,
    at_once,
    best_starts,
    book,
    consult,
    keep,
    overlaps_in_holds,
    series_order,
    visits_of,
)

pytestmark = pytest.mark.django_db(transaction=True)
CLERKS = 20

CONSTRAINT = "hold_never_twice"


def race_for_one_place(clinic: Clinic) -> Counter[str]:
    """CLERKS clerks book the same six times for as many patients; what became of each, by the type's name."""
    patients = [make_patient(clinic.site, cleared=True) for _ in range(CLERKS)]
    starts = best_starts(clinic, patients[0])
    results = at_once([partial(book, clinic, patient, starts) for patient in patients])
    return Counter(type(result).__name__ for result in results)


def test_of_twenty_clerks_exactly_one_gets_the_last_place() -> None:
    assert race_for_one_place(make_clinic(chairs=1, nurses=1)) == {"Series": 1, "JustTaken": CLERKS - 1}
    assert Appointment.objects.count() == 6
    assert overlaps_in_holds() == 0


def test_the_constraint_alone_keeps_the_place_single(monkeypatch: pytest.MonkeyPatch) -> None:
    together = Barrier(CLERKS)
    monkeypatch.setattr(locks, "take", lambda wanted: together.wait(timeout=30))
    assert race_for_one_place(make_clinic(chairs=1, nurses=1)) == {"Series": 1, "JustTaken": CLERKS - 1}
    assert overlaps_in_holds() == 0


def test_control_without_locks_and_constraint_the_place_is_booked_many_times(monkeypatch: pytest.MonkeyPatch) -> None:
    together = Barrier(CLERKS)
    monkeypatch.setattr(locks, "take", lambda wanted: together.wait(timeout=30))
    with as_owner() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [CONSTRAINT])
        definition = cursor.fetchone()[0]
        cursor.execute(f"ALTER TABLE scheduling_hold DROP CONSTRAINT {CONSTRAINT}")
        try:
            outcome = race_for_one_place(make_clinic(chairs=1, nurses=1))
            doubles = overlaps_in_holds()
        finally:
            cursor.execute("TRUNCATE scheduling_hold")
            cursor.execute(f"ALTER TABLE scheduling_hold ADD CONSTRAINT {CONSTRAINT} {definition}")
    # One or two may look late enough to see what the others have written.
    assert outcome["Series"] > 1
    assert doubles > 0


def while_somebody_writes(clinic: Clinic, days: list[Any], work: Any) -> bool:
    """Whether `work` is done while somebody else holds the locks of these days; else it waits for them in vain."""
    holds_them, done = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            locks.take(locks.days(clinic.site.pk, days))
            holds_them.set()
            done.wait(timeout=30)

    def impatient() -> Any:
        holds_them.wait(timeout=30)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '500ms'")
            return work()
        finally:
            done.set()

    _, result = at_once([hold, impatient])
    if isinstance(result, OperationalError):
        assert "lock timeout" in str(result)
        return False
    assert not isinstance(result, Exception), result
    return True


def test_who_only_gives_time_back_or_takes_up_what_is_held_waits_for_no_day_and_control_a_booking_does() -> None:
    clinic = make_clinic()
    first, second, third = (make_patient(clinic.site, cleared=True) for _ in range(3))
    series = book(clinic, first)
    days = [local_day(visit.starts, clinic.site) for visit in visits_of(series)]
    by = clinic.by(Role.FRONT_DESK)
    wanted = best_starts(clinic, second)
    assert {clock.local(one, clinic.site.zone).date() for one in wanted} <= set(days)
    offer = keep(clinic, second, wanted, hours=1)

    assert while_somebody_writes(clinic, days, partial(offers.accept_offer, by=by, offer=offer, key=uuid4()))
    assert while_somebody_writes(clinic, days, partial(moving.stop_series, by=by, series=series, reason="called"))
    assert not while_somebody_writes(clinic, days, partial(book, clinic, third, best_starts(clinic, third)))
    assert overlaps_in_holds() == 0


def test_who_looks_at_every_day_waits_for_whoever_writes_on_one_of_them() -> None:
    clinic = make_clinic()
    order = series_order(clinic, make_patient(clinic.site, cleared=True))
    look = partial(next_best.keep_next_best, by=clinic.by(Role.FRONT_DESK), order=order, fixed={})
    assert not while_somebody_writes(clinic, [order.days[-1]], look)
    assert look() is not None, "the control: nothing else is in its way"


def test_what_is_about_to_lapse_is_taken_up_under_the_locks_of_its_days() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    by = clinic.by(Role.FRONT_DESK)
    order = series_order(clinic, patient)
    offer = offers.keep_plan(by=by, order=order, hours=1, key=uuid4())
    with clock.at_moment(offer.expires_at - timedelta(seconds=30)):
        accept = partial(offers.accept_offer, by=by, offer=offer, key=uuid4())
        assert not while_somebody_writes(clinic, list(order.days), accept)


def test_two_clicks_at_once_book_one_series() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    starts, key = best_starts(clinic, patient), uuid4()
    results = at_once([partial(book, clinic, patient, starts, key=key) for _ in range(6)])
    assert {result.pk for result in results} == {Series.objects.get().pk}
    assert Appointment.objects.count() == 6


def test_one_patient_booked_by_two_clerks_at_once_is_in_one_place() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    starts = best_starts(clinic, patient)
    results = at_once([partial(book, clinic, patient, starts) for _ in range(4)])
    assert Counter(type(result).__name__ for result in results) == {"Series": 1, "Refused": 3}


def test_clerks_on_the_same_days_never_lose_to_a_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "DEADLOCK_RETRIES", 0)
    clinic = make_clinic(chairs=8, nurses=4)
    patients = [make_patient(clinic.site, cleared=True) for _ in range(8)]
    starts = best_starts(clinic, patients[0])
    jobs = [
        partial(book, clinic, patient, [one + timedelta(hours=number % 3) for one in starts])
        for number, patient in enumerate(patients)
    ]
    results = at_once(jobs)
    assert not [result for result in results if isinstance(result, OperationalError)]
    assert {type(result).__name__ for result in results} <= {"Series", "JustTaken"}
    assert overlaps_in_holds() == 0


@action
def _touch(*, by: Actor, first: Patient, second: Patient, met: Barrier, tries: list[int]) -> None:
    tries.append(1)
    Patient.objects.filter(pk=first.pk).update(note=by.id)
    if len(tries) <= 2:
        met.wait(timeout=30)
    Patient.objects.filter(pk=second.pk).update(note=by.id)


def test_a_transaction_that_lost_a_deadlock_is_run_again() -> None:
    clinic = make_clinic()
    one, two = make_patient(clinic.site), make_patient(clinic.site)
    met, tries = Barrier(2), list[int]()
    results = at_once(
        [
            partial(_touch, by=Actor.system("a"), first=one, second=two, met=met, tries=tries),
            partial(_touch, by=Actor.system("b"), first=two, second=one, met=met, tries=tries),
        ]
    )
    assert results == [None, None]
    # Woken too late, the winner may meet the retry once more: at least one was run again.
    assert len(tries) >= 3


@pytest.mark.parametrize("round_", range(4))
def test_a_shift_is_never_removed_under_a_booking(round_: int) -> None:
    clinic = make_clinic(chairs=2, nurses=1)
    patient = make_patient(clinic.site, cleared=True)
    starts = [clinic.at(FIRST_DAY, 9)]
    shift = Shift.objects.get(staff_member=clinic.nurses[0], weekday=FIRST_DAY.weekday())
    removed, booked = at_once(
        [
            partial(clinic_changes.remove_shift, by=clinic.by(Role.MANAGER), shift=shift),
            partial(book, clinic, patient, starts, version=clinic.injection),
        ]
    )
    assert (removed is None) != isinstance(booked, Series)
    assert removed is None or isinstance(removed, Refused)
    assert isinstance(booked, Series | JustTaken)
    days = booked_days(clinic.site, clock.now())
    assert stranded(clinic.site, days, clock.now()) == {}


def test_control_without_the_sites_lock_a_shift_goes_from_under_a_booking(monkeypatch: pytest.MonkeyPatch) -> None:
    # Both look before either has written: the booking sees the nurse, and the manager sees no visit.
    both_have_looked = Barrier(2)
    place, look = placing.place, stranded
    monkeypatch.setattr(locks, "take", lambda wanted: None)

    def placed(*args: Any) -> Any:
        found = place(*args)
        both_have_looked.wait(timeout=30)
        return found

    def looked(*args: Any, **more: Any) -> Any:
        found = look(*args, **more)
        if Shift.objects.filter(pk=shift.pk, valid_until__isnull=False).exists():
            both_have_looked.wait(timeout=30)
        return found

    monkeypatch.setattr(placing, "place", placed)
    monkeypatch.setattr(cover, "stranded", looked)
    clinic = make_clinic(chairs=2, nurses=1)
    patient = make_patient(clinic.site, cleared=True)
    shift = Shift.objects.get(staff_member=clinic.nurses[0], weekday=FIRST_DAY.weekday())
    removed, booked = at_once(
        [
            partial(clinic_changes.remove_shift, by=clinic.by(Role.MANAGER), shift=shift),
            partial(book, clinic, patient, [clinic.at(FIRST_DAY, 9)], version=clinic.injection),
        ]
    )
    monkeypatch.undo()
    assert removed is None
    assert isinstance(booked, Series)
    assert stranded(clinic.site, booked_days(clinic.site, clock.now()), clock.now()) != {}


@pytest.mark.parametrize("round_", range(4))
def test_a_chair_taken_out_of_use_while_clerks_book_into_it_strands_nobody(round_: int) -> None:
    clinic = make_clinic(chairs=2, nurses=2)
    patients = [make_patient(clinic.site, cleared=True) for _ in range(3)]
    starts = [clinic.at(FIRST_DAY, 9)]
    out, *booked = at_once(
        [
            partial(clinic_changes.take_out_of_use, by=clinic.by(Role.MANAGER), resource=clinic.chairs[0]),
            *(partial(book, clinic, patient, starts, version=clinic.injection) for patient in patients),
        ]
    )
    wins = sum(isinstance(one, Series) for one in booked)
    assert isinstance(out, Refused) or wins <= 1
    assert {type(one).__name__ for one in booked} <= {"Series", "JustTaken"}
    assert stranded(clinic.site, booked_days(clinic.site, clock.now()), clock.now()) == {}
    assert overlaps_in_holds() == 0


def test_two_desks_agreeing_to_one_rescue_move_each_visit_once() -> None:
    clinic = make_clinic()
    visits = [
        visits_of(
            book(
                clinic, make_patient(clinic.site, cleared=True), [clinic.at(FIRST_DAY, hour)], version=clinic.injection
            )
        )[0]
        for hour in (9, 11)
    ]
    begin, end = clock.day_bounds(FIRST_DAY, clinic.site.zone)
    desk = clinic.by(Role.FRONT_DESK)
    outages.record_outage(by=desk, site=clinic.site, starts=begin, ends=end, reason="snow", key=uuid4())
    wanted = answers(propose(clinic.site, clock.now()).cases)
    seen = {visit.pk: visit.version for visit in visits}
    results = at_once(
        [
            partial(rescue.agree_rescue, by=desk, proposals=wanted, reason="snow", key=uuid4(), versions=seen)
            for _ in range(3)
        ]
    )
    assert Counter(type(result).__name__ for result in results) == {"Agreed": 1, "Stale": 2}
    assert set(Appointment.objects.values_list("version", flat=True)) == {1}
    assert overlaps_in_holds() == 0


def test_a_rescue_and_a_booking_for_one_place_do_not_both_get_it() -> None:
    clinic = make_clinic(chairs=1, nurses=1)
    lost = visits_of(
        book(clinic, make_patient(clinic.site, cleared=True), [clinic.at(FIRST_DAY, 9)], version=clinic.injection)
    )[0]
    begin, end = clock.day_bounds(FIRST_DAY, clinic.site.zone)
    desk, there = clinic.by(Role.FRONT_DESK), clinic.at(FIRST_DAY + timedelta(days=1), 9)
    outages.record_outage(by=desk, site=clinic.site, starts=begin, ends=end, reason="snow", key=uuid4())
    other = make_patient(clinic.site, cleared=True)
    agreed, booked = at_once(
        [
            partial(rescue.agree_rescue, by=desk, proposals={lost.pk: there}, reason="snow", key=uuid4()),
            partial(book, clinic, other, [there], version=clinic.injection),
        ]
    )
    assert isinstance(agreed, rescue.Agreed) != isinstance(booked, Series)
    assert isinstance(agreed, rescue.Agreed | JustTaken)
    assert isinstance(booked, Series | JustTaken)
    assert overlaps_in_holds() == 0


def test_locks_are_taken_in_one_order_whatever_order_they_are_asked_in() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site)
    asked = [
        *locks.days(clinic.site.pk, [FIRST_DAY + timedelta(days=1)]),
        locks.patient(patient.pk),
        locks.staff(7),
        locks.site(clinic.site.pk),
    ]
    expected = sorted(asked)
    assert [lock.namespace for lock in expected] == [
        locks.SITE,
        locks.STAFF,
        locks.PATIENT,
        locks.CALENDAR,
        locks.DAY,
    ]
    assert all(sorted(mixed) == expected for mixed in permutations(asked))


def test_a_doctor_of_two_sites_is_not_booked_at_both_at_once() -> None:
    here, there = make_clinic(name="Here"), make_clinic(name="There")
    add_shifts(here.doctor, there.site)
    starts = here.at(FIRST_DAY, 10)
    results = at_once(
        [
            partial(
                consult, clinic, make_patient(clinic.site), starts + timedelta(minutes=45 * late), doctor=here.doctor
            )
            for clinic, late in ((here, 0), (there, 1))
        ]
    )
    # The stretches do not overlap, so only the lock on the person keeps the way between the sites free.
    assert Counter(type(result).__name__ for result in results) == {"Appointment": 1, "JustTaken": 1}


def test_a_booking_takes_every_lock_before_it_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, cleared=True)
    starts = best_starts(clinic, patient)
    seen: list[str] = []

    def note(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        seen.append(sql)
        return execute(sql, params, many, context)

    def look(*args: Any, **kwargs: Any) -> Any:
        # Holds are read by COPY, which Django's wrapper does not see.
        seen.append("look")
        return held(*args, **kwargs)

    monkeypatch.setattr("scheduling.selectors.day_sheets.held", look)
    with connection.execute_wrapper(note):
        series = book(clinic, patient, starts)
    taken = [number for number, sql in enumerate(seen) if "pg_advisory_xact_lock" in sql]
    written = [number for number, sql in enumerate(seen) if 'INSERT INTO "scheduling_hold"' in sql]
    looked = [number for number, sql in enumerate(seen) if sql == "look"]
    # Those of site and patient, then those of the days: never one that stands before another in the order.
    assert len(taken) == 2
    # The look before the locks only finds the reasons; the one that decides comes after them.
    assert max(looked) > max(taken)
    assert written[0] > max(looked)
    assert Hold.objects.filter(appointment__in=visits_of(series)).exists()
