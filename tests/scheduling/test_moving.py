"""Moving and calling off: the gaps are kept, the time changes hands at once, everybody is told once, nothing is
deleted.
"""

from datetime import date, datetime, timedelta

import pytest

from clinic import clock
from clinic.errors import JustTaken, Refused, Stale, WrongStatus
from clinic.permissions import Role
from patients.models import Clearance, Patient
from patients.signals import clearance_decided, patient_died
from scheduling.actions import moving
from scheduling.models import Appointment, Hold, Message, Series
from scheduling.selectors import planning
from tests.factories import FIRST_DAY, NOW, Clinic, clear, make_clinic, make_patient
from tests.scheduling.helpers import book, bookings_are_told, consult, treat, visits_of, wall

pytestmark = pytest.mark.django_db
Status = Appointment.Status
Kind = Message.Kind


def booked(chairs: int = 3) -> tuple[Clinic, Series, list[Appointment]]:
    """A clinic and a booked series of six."""
    clinic = make_clinic(chairs=chairs)
    series = book(clinic, make_patient(clinic.site, cleared=True))
    return clinic, series, visits_of(series)


def move(clinic: Clinic, visit: Appointment, starts: datetime, version: int | None = None) -> Appointment:
    """Move as the front desk does."""
    return moving.move_visit(
        by=clinic.by(Role.FRONT_DESK),
        appointment=visit,
        starts=starts,
        reason="The driver cannot come.",
        version=visit.version if version is None else version,
    )


def test_a_moved_visit_gives_back_its_time_and_takes_the_new() -> None:
    clinic, series, visits = booked()
    bookings_are_told()
    visit, old = visits[2], visits[2].starts
    new = old + timedelta(hours=3)
    moved = move(clinic, visit, new)
    assert (moved.starts, moved.ends - moved.starts) == (new, timedelta(minutes=115))
    assert moved.version == 1
    cells = Hold.objects.filter(appointment=visit).values_list("start_cell", flat=True)
    assert min(cells) == clock.cell(new)
    assert Appointment.objects.filter(series=series).count() == 6
    told = Message.objects.get(appointment=visit, kind=Kind.MOVED)
    assert told.context["old_starts"] == old.isoformat()


def test_a_held_visit_whose_time_has_lapsed_is_not_moved_to_a_time_that_nothing_holds() -> None:
    clinic = make_clinic()
    series = book(clinic, make_patient(clinic.site))
    visit = visits_of(series)[-1]
    assert series.held_until is not None
    with clock.at_moment(series.held_until), pytest.raises(Refused) as no:
        move(clinic, visit, visit.starts + timedelta(hours=3))
    assert no.value.code == "lapsed"
    assert Appointment.objects.get(pk=visit.pk).starts == visit.starts


def test_a_visit_may_move_by_less_than_its_own_length() -> None:
    clinic, _, visits = booked(chairs=1)
    assert move(clinic, visits[0], visits[0].starts + timedelta(minutes=15)).version == 1


def test_a_move_that_breaks_a_gap_is_refused_and_the_visit_stays() -> None:
    clinic, _, visits = booked()
    next_day = wall(visits[2])[0] - timedelta(days=1)
    with pytest.raises(Refused, match="apart; the series needs at least 2"):
        move(clinic, visits[1], clinic.at(next_day, 9))
    visits[1].refresh_from_db()
    assert visits[1].version == 0
    assert Hold.objects.filter(appointment=visits[1]).exists()


def test_a_move_that_makes_the_series_too_long_is_refused() -> None:
    clinic, _, visits = booked()
    late = date(2027, 4, 6) + timedelta(days=24)
    with pytest.raises(Refused, match=r"at most 5|longer than its protocol"):
        move(clinic, visits[5], clinic.at(late, 9))


def test_a_move_onto_taken_time_leaves_the_visit_where_it_was() -> None:
    clinic = make_clinic(chairs=1)
    first = visits_of(
        book(clinic, make_patient(clinic.site, cleared=True), [clinic.at(FIRST_DAY, 9)], version=clinic.injection)
    )
    second = visits_of(
        book(clinic, make_patient(clinic.site, cleared=True), [clinic.at(FIRST_DAY, 12)], version=clinic.injection)
    )
    before = list(Hold.objects.order_by("pk").values())
    with pytest.raises(JustTaken, match="just been taken"):
        move(clinic, second[0], first[0].starts)
    assert list(Hold.objects.order_by("pk").values()) == before


def test_the_second_of_two_clerks_is_told_what_changed() -> None:
    clinic, _, visits = booked()
    move(clinic, visits[0], visits[0].starts + timedelta(hours=1))
    with pytest.raises(Stale, match="Somebody else has changed this visit"):
        move(clinic, visits[0], visits[0].starts + timedelta(hours=2), version=0)
    with pytest.raises(Stale):
        moving.cancel_visit(by=clinic.by(Role.FRONT_DESK), appointment=visits[0], reason="Ill.", version=0)


def test_a_visit_does_not_move_beyond_the_clearance() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site)
    clear(patient, clinic.site, valid_until=FIRST_DAY)
    visit = visits_of(book(clinic, patient, [clinic.at(FIRST_DAY, 9)], version=clinic.injection))[0]
    with pytest.raises(Refused, match="clearance does not reach"):
        move(clinic, visit, clinic.at(FIRST_DAY + timedelta(days=1), 9))


def test_a_visit_that_has_begun_is_not_moved() -> None:
    clinic, _, visits = booked()
    Appointment.objects.filter(pk=visits[0].pk).update(status=Status.ARRIVED)
    with pytest.raises(WrongStatus, match="here"):
        move(clinic, visits[0], visits[0].starts + timedelta(hours=1))


def test_legal_new_times_keep_the_gaps_and_leave_out_the_present_one() -> None:
    clinic, _, visits = booked()
    slots = planning.visit_slots(appointment=visits[1], first_day=FIRST_DAY, days=14, now=NOW, limit=10_000)
    before, after = wall(visits[0])[0], wall(visits[2])[0]
    days = {clock.local(slot.starts, clinic.site.zone).date() for slot in slots}
    assert days
    assert all((day - before).days >= 2 and (after - day).days >= 2 for day in days)
    assert visits[1].starts not in {slot.starts for slot in slots}
    assert move(clinic, visits[1], slots[0].starts).starts == slots[0].starts


def test_a_cancelled_visit_stays_with_its_reason_and_frees_its_time() -> None:
    clinic, series, visits = booked()
    cancelled = moving.cancel_visit(by=clinic.by(Role.FRONT_DESK), appointment=visits[3], reason="A cold.", version=0)
    assert (cancelled.status, cancelled.ending, cancelled.status_reason) == ("cancelled", "cancelled", "A cold.")
    assert not Hold.objects.filter(appointment=visits[3]).exists()
    assert Appointment.objects.filter(series=series).count() == 6
    assert Message.objects.filter(appointment=visits[3], kind=Kind.CANCELLED).count() == 1
    waiting = Message.objects.filter(appointment=visits[3], kind=Kind.REMINDER, state=Message.State.DUE)
    assert not waiting.exists()
    with pytest.raises(Stale):
        moving.cancel_visit(by=clinic.by(Role.FRONT_DESK), appointment=visits[3], reason="Again.", version=0)


def test_a_cancellation_needs_a_reason() -> None:
    clinic, _, visits = booked()
    with pytest.raises(Refused, match="Say why"):
        moving.cancel_visit(by=clinic.by(Role.FRONT_DESK), appointment=visits[0], reason=" ", version=0)


def test_a_stopped_series_frees_the_future_and_keeps_the_past() -> None:
    clinic, series, visits = booked()
    treat(visits[:2])
    stopped = moving.stop_series(by=clinic.by(Role.FRONT_DESK), series=series, reason="No benefit.")
    assert (stopped.status, stopped.end_reason) == (Series.Status.REVOKED, "No benefit.")
    assert [visit.status for visit in visits_of(series)] == ["fulfilled"] * 2 + ["cancelled"] * 4
    assert not Hold.objects.exists()
    assert Message.objects.filter(series=series, kind=Kind.STOPPED).count() == 1
    with pytest.raises(WrongStatus):
        moving.stop_series(by=clinic.by(Role.FRONT_DESK), series=series, reason="Again.")


def decide(clinic: Clinic, patient: Patient, decision: str, valid_until: date | None = None) -> None:
    """A doctor decides, and the people's side says so."""
    clearance = Clearance.objects.create(
        patient=patient,
        decision=decision,
        decided_by=clinic.doctor,
        decided_at=clock.now(),
        valid_until=valid_until,
        reason="Seen today.",
    )
    clearance_decided.send(sender=Clearance, clearance=clearance, by=clinic.by(Role.DOCTOR))


def test_a_clearance_books_the_held_series_it_covers() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site)
    series = book(clinic, patient)
    last = wall(visits_of(series)[-1])[0]
    decide(clinic, patient, "cleared", last - timedelta(days=1))
    series.refresh_from_db()
    assert series.status == Series.Status.DRAFT
    assert not Message.objects.filter(kind=Kind.NEWS).exists(), "nobody is told of a yes that settles nothing"
    with clock.at_moment(NOW + timedelta(hours=1)):
        decide(clinic, patient, "cleared", last)
    series.refresh_from_db()
    assert series.status == Series.Status.ACTIVE
    assert {visit.status for visit in visits_of(series)} == {Status.BOOKED}
    assert Message.objects.filter(kind=Kind.NEWS).count() == 1


def test_a_no_leaves_a_held_series_to_lapse() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site)
    series = book(clinic, patient)
    decide(clinic, patient, "refused")
    series.refresh_from_db()
    assert series.status == Series.Status.DRAFT
    assert Hold.objects.exists()


def test_a_suspension_holds_every_visit_to_come_and_a_yes_books_them_again() -> None:
    clinic, series, visits = booked()
    patient = series.patient
    held = Hold.objects.count()
    with clock.at_moment(NOW + timedelta(hours=1)):
        decide(clinic, patient, "suspended")
    series.refresh_from_db()
    assert series.status == Series.Status.ON_HOLD
    assert {visit.status for visit in visits_of(series)} == {Status.PROPOSED}
    assert Hold.objects.count() == held
    assert not Message.objects.filter(appointment__in=visits, state=Message.State.DUE).exists()
    with clock.at_moment(NOW + timedelta(hours=2)):
        decide(clinic, patient, "cleared", wall(visits[3])[0])
    series.refresh_from_db()
    assert series.status == Series.Status.ACTIVE
    assert [visit.status for visit in visits_of(series)] == [Status.BOOKED] * 4 + [Status.PROPOSED] * 2
    assert Message.objects.filter(appointment=visits[3], kind=Kind.REMINDER, state=Message.State.DUE).exists()
    assert Message.objects.filter(series=series, kind=Kind.BOOSTERS_CHANGED).count() == 1


def test_a_death_calls_everything_off_and_writes_to_nobody() -> None:
    clinic, series, _ = booked()
    patient = series.patient
    consult(clinic, patient, clinic.at(FIRST_DAY, 15))
    patient_died.send(sender=Patient, patient=patient, by=clinic.by(Role.DOCTOR))
    assert not Hold.objects.exists()
    assert not Appointment.objects.blocking().filter(patient=patient).exists()
    assert not Message.objects.filter(patient=patient, state=Message.State.DUE).exists()
