"""What is written down at the chair: readings and their limits, doses beside the order, pauses, effects, events."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clinic.errors import GateClosed, Refused, WrongStatus
from clinic.permissions import Role
from scheduling.actions.visit import arrive, discharge, start, to_recovery
from scheduling.actions.visit_drip import note_place, pause, resume
from scheduling.actions.visit_notes import note_effects, record_event, record_reading, strike, tell_doctor
from scheduling.actions.visit_questions import answer_doctor
from scheduling.models import AdverseEvent, Message, Pause, Question, Reading, SideEffect
from scheduling.models.reading import PLAUSIBLE
from scheduling.selectors.at_the_chair import over_limits, stop_at
from scheduling.selectors.gates import GateKind, shut_gates
from scheduling.selectors.visits import phase_due, reading_due
from tests.factories import NOW, Clinic, make_staff
from tests.visit.conftest import Ward
from tests.visit.worlds import later, make_visit, name_ride

FINE: dict[str, Any] = {"systolic": 128, "diastolic": 80}
HIGH: dict[str, Any] = {"systolic": 172, "diastolic": 96}


@pytest.fixture
def limited(ward: Ward) -> Ward:
    """The patient is here, and the protocol limits blood pressure and saturation."""
    version = ward.clinic.induction
    version.systolic_limit, version.diastolic_limit, version.spo2_least = 160, 100, 92
    version.reading_every_minutes = 15
    version.save()
    name_ride(ward.visit, ward.companion)
    arrive(by=ward.clinic.by(Role.NURSE), appointment=ward.visit)
    ward.visit.refresh_from_db()
    return ward


@pytest.fixture
def running(limited: Ward) -> Ward:
    """The drip runs, after a reading within the limits."""
    measure(limited, FINE)
    start(by=limited.clinic.by(Role.NURSE), appointment=limited.visit)
    limited.visit.refresh_from_db()
    return limited


def measure(ward: Ward, values: dict[str, Any]) -> Reading:
    return record_reading(by=ward.clinic.by(Role.NURSE), appointment=ward.visit, values=values)


def test_a_drip_does_not_start_before_the_pressure_was_taken_where_the_protocol_limits_it(limited: Ward) -> None:
    with pytest.raises(GateClosed, match="has not been taken"):
        start(by=limited.clinic.by(Role.NURSE), appointment=limited.visit)
    measure(limited, {"spo2": 98})
    with pytest.raises(GateClosed, match="has not been taken"):
        start(by=limited.clinic.by(Role.NURSE), appointment=limited.visit)
    measure(limited, FINE)
    assert shut_gates(limited.visit) == []


def test_a_protocol_without_limits_asks_for_no_reading(ward: Ward) -> None:
    name_ride(ward.visit, ward.companion)
    arrive(by=ward.clinic.by(Role.NURSE), appointment=ward.visit)
    measure(ward, {"systolic": 240, "diastolic": 130})
    assert shut_gates(ward.visit) == []


def test_a_reading_over_the_limit_keeps_the_drip_from_starting_until_a_new_one_is_within(limited: Ward) -> None:
    measure(limited, HIGH)
    assert {gate.kind for gate in shut_gates(limited.visit)} == {GateKind.READING}
    with later(10):
        measure(limited, FINE)
        assert start(by=limited.clinic.by(Role.NURSE), appointment=limited.visit).started_at is not None
    assert [one.over for one in limited.visit.readings.order_by("at")] == [["systolic"], []]


def test_a_later_saturation_does_not_hide_a_high_pressure(limited: Ward) -> None:
    measure(limited, HIGH)
    with later(5):
        measure(limited, {"spo2": 99})
    assert stop_at(limited.visit) is not None


def test_on_the_limit_is_within_it(limited: Ward) -> None:
    visit = limited.visit
    assert over_limits(visit, {"systolic": 160, "diastolic": 100, "spo2": 92}) == []
    assert over_limits(visit, {"systolic": 161, "diastolic": 101, "spo2": 91}) == ["systolic", "diastolic", "spo2"]


def test_a_reading_over_the_limit_stops_a_running_drip_and_not_the_series(running: Ward) -> None:
    with later(20):
        measure(running, HIGH)
        with pytest.raises(GateClosed, match="rest and measure again"):
            resume(by=running.clinic.by(Role.NURSE), appointment=running.visit)
    assert Pause.objects.get().why == Pause.Why.READING
    running.visit.series.refresh_from_db()  # type: ignore[union-attr]
    assert running.visit.series.status == "active"  # type: ignore[union-attr]
    with later(30):
        measure(running, FINE)
        resume(by=running.clinic.by(Role.NURSE), appointment=running.visit)
    assert Pause.objects.get().until == NOW + timedelta(minutes=30)


def test_a_doctor_says_go_ahead_for_the_readings_so_far_and_not_for_a_new_one(running: Ward) -> None:
    nurse, doctor = running.clinic.by(Role.NURSE), running.clinic.by(Role.DOCTOR)
    with later(20):
        measure(running, HIGH)
    with later(25):
        answer_doctor(by=doctor, appointment=running.visit, about="reading", answer="go_ahead", reason="Known, at ease")
        resume(by=nurse, appointment=running.visit)
    with later(35):
        measure(running, HIGH)
        with pytest.raises(GateClosed):
            resume(by=nurse, appointment=running.visit)


def test_a_pause_makes_the_drip_end_later(running: Ward) -> None:
    by = running.clinic.by(Role.NURSE)
    planned = phase_due(running.visit)
    assert planned is not None
    with later(10):
        pause(by=by, appointment=running.visit, why="line")
    with later(22):
        resume(by=by, appointment=running.visit)
        assert phase_due(running.visit) == planned + timedelta(minutes=12)


def test_pausing_and_going_on_twice_is_the_same_as_once(running: Ward) -> None:
    by = running.clinic.by(Role.NURSE)
    for _ in range(2):
        pause(by=by, appointment=running.visit, why="patient")
    for _ in range(2):
        resume(by=by, appointment=running.visit)
    assert Pause.objects.count() == 1


def test_recovery_ends_a_pause(running: Ward) -> None:
    by = running.clinic.by(Role.NURSE)
    pause(by=by, appointment=running.visit, why="effect")
    to_recovery(by=by, appointment=running.visit)
    assert Pause.objects.get().until is not None
    with pytest.raises(WrongStatus, match="No drip is running"):
        pause(by=by, appointment=running.visit, why="effect")


@pytest.mark.parametrize("field", sorted(PLAUSIBLE))
def test_what_cannot_be_true_of_anybody_is_refused_by_the_action_and_by_the_database(running: Ward, field: str) -> None:
    low, high = PLAUSIBLE[field]
    for value in (low - 1, high + 1):
        values = beside(field, value)
        with pytest.raises(Refused) as caught:
            measure(running, values)
        assert caught.value.field == field
        with pytest.raises(IntegrityError, match="reading_"), transaction.atomic():
            write_directly(running, values)
    for value in (low, high):
        assert write_directly(running, beside(field, value)).pk


def beside(field: str, value: int) -> dict[str, Any]:
    """The value, with the other number of a pressure where it is one."""
    other = {"systolic": {"diastolic": 20 if value < 60 else 60}, "diastolic": {"systolic": 300}}
    return {**other.get(field, {}), field: value}


def write_directly(ward: Ward, values: dict[str, Any]) -> Reading:
    """Past every check of the action."""
    return Reading.objects.create(appointment=ward.visit, at=NOW, recorded_at=NOW, stage="during", **values)


@pytest.mark.parametrize("values", [{}, {"systolic": 120}, {"diastolic": 80}, {"systolic": 80, "diastolic": 120}])
def test_a_reading_by_halves_or_the_wrong_way_round_is_refused(running: Ward, values: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="othing was saved"):
        measure(running, values)
    with pytest.raises(IntegrityError), transaction.atomic():
        write_directly(running, values)


def test_no_reading_before_the_arrival(clinic: Clinic) -> None:
    visit = make_visit(clinic)
    with pytest.raises(WrongStatus, match="Record the arrival first"):
        record_reading(by=clinic.by(Role.NURSE), appointment=visit, values=FINE)


def test_the_next_reading_is_due_by_the_protocol(running: Ward) -> None:
    assert reading_due(running.visit) == NOW + timedelta(minutes=15)
    with later(12):
        measure(running, FINE)
    assert reading_due(running.visit) == NOW + timedelta(minutes=27)


def test_a_note_is_struck_out_with_a_reason_and_stays(running: Ward) -> None:
    by = running.clinic.by(Role.NURSE)
    with later(20):
        wrong = measure(running, HIGH)
    with pytest.raises(Refused, match="Say why"):
        strike(by=by, appointment=running.visit, kind="reading", note_id=wrong.pk, reason=" ")
    strike(by=by, appointment=running.visit, kind="reading", note_id=wrong.pk, reason="The other Ada's cuff")
    wrong.refresh_from_db()
    assert (wrong.struck_reason, wrong.systolic) == ("The other Ada's cuff", 172)
    assert stop_at(running.visit) is None


def test_effects_are_kept_one_by_one(running: Ward) -> None:
    by = running.clinic.by(Role.NURSE)
    note_effects(by=by, appointment=running.visit, kinds=["nausea", "other"], strength="moderate", words="Cold hands")
    found = {one.kind: (one.strength, one.words) for one in SideEffect.objects.all()}
    assert found == {"nausea": ("moderate", ""), "other": ("moderate", "Cold hands")}
    with pytest.raises(Refused, match="in words"):
        note_effects(by=by, appointment=running.visit, kinds=["other"], strength="mild")


def event(ward: Ward, **fields: Any) -> AdverseEvent:
    values: dict[str, Any] = {"what": "Fainted", "severity": "severe", "action_taken": "Laid flat, oxygen"}
    return record_event(by=ward.clinic.by(Role.NURSE), appointment=ward.visit, **(values | fields))


def test_a_severe_event_that_no_doctor_knows_of_keeps_the_patient_here(running: Ward) -> None:
    by = running.clinic.by(Role.NURSE)
    event(running)
    to_recovery(by=by, appointment=running.visit)
    with later(61):
        with pytest.raises(GateClosed, match="Tell a doctor now"):
            discharge(by=by, appointment=running.visit, handed_to=running.companion)
        tell_doctor(by=by, appointment=running.visit, doctor=running.clinic.doctor)
        discharge(by=by, appointment=running.visit, handed_to=running.companion)
    assert AdverseEvent.objects.get().doctor_told == running.clinic.doctor
    assert Question.objects.get(about="event").answer == "seen"


@pytest.mark.parametrize("severity", ["mild", "moderate"])
def test_a_lesser_event_keeps_nobody_here_and_is_still_on_the_doctors_list(running: Ward, severity: str) -> None:
    by = running.clinic.by(Role.NURSE)
    event(running, severity=severity)
    assert Question.objects.waiting().get().words == "Fainted"
    to_recovery(by=by, appointment=running.visit)
    with later(61):
        discharge(by=by, appointment=running.visit, handed_to=running.companion)


def test_a_doctor_who_has_seen_the_event_knows_of_it(running: Ward) -> None:
    event(running)
    answer_doctor(by=running.clinic.by(Role.DOCTOR), appointment=running.visit, about="event", answer="seen")
    assert AdverseEvent.objects.get().doctor_told == running.clinic.doctor


def test_who_was_told_is_a_doctor_of_the_site(running: Ward) -> None:
    with pytest.raises(Refused, match="no doctor at"):
        event(running, doctor_told=running.clinic.clerk)


def test_a_follow_up_call_is_on_the_call_list_for_its_day(running: Ward) -> None:
    event(running, doctor_told=running.clinic.doctor, call_on=date(2027, 4, 7))
    call = Message.objects.get(kind=Message.Kind.FOLLOW_UP)
    assert call.channel == "call"
    assert call.due_at == running.clinic.at(date(2027, 4, 7), 8)
    with pytest.raises(Refused, match="has passed"):
        event(running, call_on=date(2027, 4, 4))


def test_the_call_of_a_patient_reached_by_telephone_stands_beside_what_to_do_afterwards(running: Ward) -> None:
    patient = running.visit.patient
    patient.email = ""
    patient.save()
    by = running.clinic.by(Role.NURSE)
    event(running, doctor_told=running.clinic.doctor, call_on=date(2027, 4, 7))
    to_recovery(by=by, appointment=running.visit)
    with later(61):
        discharge(by=by, appointment=running.visit, handed_to=running.companion)
    calls = Message.objects.filter(channel="call", appointment=running.visit, state="due")
    assert set(calls.values_list("kind", flat=True)) >= {"aftercare", "follow_up"}


def test_another_chair_and_nurse_are_recorded_while_the_drip_runs(running: Ward) -> None:
    by = running.clinic.by(Role.NURSE)
    before = set(running.visit.holds.values_list("pk", flat=True))
    record = note_place(
        by=by, appointment=running.visit, chair=running.clinic.chairs[2], nurse=running.clinic.nurses[1]
    )
    assert (record.chair, record.nurse) == (running.clinic.chairs[2], running.clinic.nurses[1])
    assert set(running.visit.holds.values_list("pk", flat=True)) == before
    stranger = make_staff(running.clinic.site, "Ora Lane", Role.FRONT_DESK)
    with pytest.raises(Refused, match="no nurse at"):
        note_place(by=by, appointment=running.visit, chair=None, nurse=stranger)
