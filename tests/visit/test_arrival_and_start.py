"""Arrival is always recorded; the drip starts only with clearance, consent and a companion. Each gate has a control
beside it.
"""

from datetime import timedelta

import pytest

from clinic import clock
from clinic.errors import GateClosed, Refused, WrongStatus
from clinic.permissions import Role
from patients.models import Clearance, Consent, Flag, FlagKind
from scheduling.actions import rides
from scheduling.actions.visit import arrive, record_checkin, record_no_show, start, to_recovery, undo_arrival
from scheduling.models import Appointment, Ride, VisitRecord
from scheduling.selectors.gates import GateKind, shut_gates
from tests.factories import NOW, Clinic, make_patient, make_staff
from tests.visit.conftest import Ward
from tests.visit.worlds import make_consult, make_given, make_series, make_visit, name_ride, set_lists

Status = Appointment.Status


def test_an_arrival_is_recorded_when_everything_is_missing(clinic: Clinic) -> None:
    visit = make_visit(clinic)
    arrive(by=clinic.by(Role.FRONT_DESK), appointment=visit)
    visit.refresh_from_db()
    assert visit.status == Status.ARRIVED
    assert visit.record.arrived_at == NOW
    assert {gate.kind for gate in shut_gates(visit)} == {GateKind.CLEARANCE, GateKind.CONSENT, GateKind.COMPANION}


def test_arriving_twice_keeps_the_first_time(ward: Ward) -> None:
    by = ward.clinic.by(Role.NURSE)
    arrive(by=by, appointment=ward.visit)
    with clock.at_moment(NOW + timedelta(minutes=20)):
        arrive(by=by, appointment=ward.visit)
    assert VisitRecord.objects.get(appointment=ward.visit).arrived_at == NOW


def test_an_arrival_at_a_held_visit_is_recorded_and_its_time_no_longer_lapses(clinic: Clinic) -> None:
    visit = make_visit(clinic, status=Status.PROPOSED)
    visit.holds.update(expires_at=NOW + timedelta(hours=1))
    arrive(by=clinic.by(Role.FRONT_DESK), appointment=visit)
    visit.refresh_from_db()
    assert visit.status == Status.ARRIVED
    assert not visit.holds.exclude(expires_at=None).exists()


def test_an_arrival_at_a_cancelled_visit_is_a_fact_and_the_status_stays(clinic: Clinic) -> None:
    visit = make_visit(clinic, status=Status.CANCELLED, ending="cancelled")
    arrive(by=clinic.by(Role.FRONT_DESK), appointment=visit)
    visit.refresh_from_db()
    assert visit.status == Status.CANCELLED
    assert visit.record.arrived_at == NOW


def test_somebody_recorded_as_not_having_come_can_arrive_after_all(ward: Ward) -> None:
    by = ward.clinic.by(Role.FRONT_DESK)
    record_no_show(by=by, appointment=ward.visit)
    arrive(by=by, appointment=ward.visit)
    ward.visit.refresh_from_db()
    assert (ward.visit.status, ward.visit.ending, ward.visit.counts) == (Status.ARRIVED, "", None)


def test_an_arrival_after_the_visit_was_planned_anew_stays_a_fact_only(ward: Ward) -> None:
    by = ward.clinic.by(Role.FRONT_DESK)
    record_no_show(by=by, appointment=ward.visit)
    make_visit(ward.clinic, starts=NOW + timedelta(days=1), patient=ward.visit.patient, series=ward.visit.series)
    arrive(by=by, appointment=ward.visit)
    ward.visit.refresh_from_db()
    assert ward.visit.status == Status.NOSHOW
    assert ward.visit.record.arrived_at == NOW


def test_a_wrong_arrival_is_taken_back_with_a_reason(ward: Ward) -> None:
    by = ward.clinic.by(Role.FRONT_DESK)
    arrive(by=by, appointment=ward.visit)
    with pytest.raises(Refused, match="Say why"):
        undo_arrival(by=by, appointment=ward.visit, reason=" ")
    undo_arrival(by=by, appointment=ward.visit, reason="The other Ada")
    ward.visit.refresh_from_db()
    assert (ward.visit.status, ward.visit.record.arrived_at) == (Status.BOOKED, None)


def test_an_arrival_is_not_taken_back_once_the_drip_runs(started: Ward) -> None:
    with pytest.raises(WrongStatus, match="has not started"):
        undo_arrival(by=started.clinic.by(Role.NURSE), appointment=started.visit, reason="The other Ada")


@pytest.fixture
def arrived(ward: Ward) -> Ward:
    """Everything is there: the control of every gate."""
    name_ride(ward.visit, ward.companion)
    arrive(by=ward.clinic.by(Role.NURSE), appointment=ward.visit)
    ward.visit.refresh_from_db()
    return ward


@pytest.fixture
def started(arrived: Ward) -> Ward:
    """The drip runs."""
    start(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit)
    return arrived


def test_a_drip_starts_when_nothing_stands_in_the_way_and_notes_where_and_by_whom(arrived: Ward) -> None:
    record = start(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit)
    assert record.started_at == NOW
    assert record.chair == arrived.clinic.chairs[0]
    assert record.nurse == arrived.clinic.nurses[0]


def test_another_chair_and_nurse_than_planned_are_recorded_and_no_hold_changes(arrived: Ward) -> None:
    before = set(arrived.visit.holds.values_list("resource_id", "start_cell", "end_cell", "first_unit"))
    chair, nurse = arrived.clinic.chairs[2], arrived.clinic.nurses[1]
    start(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit, chair=chair, nurse=nurse)
    record = VisitRecord.objects.get(appointment=arrived.visit)
    assert (record.chair, record.nurse) == (chair, nurse)
    assert set(arrived.visit.holds.values_list("resource_id", "start_cell", "end_cell", "first_unit")) == before


def test_starting_twice_keeps_the_first_time(started: Ward) -> None:
    with clock.at_moment(NOW + timedelta(minutes=9)):
        record = start(by=started.clinic.by(Role.NURSE), appointment=started.visit)
    assert record.started_at == NOW


def test_a_visit_whose_patient_has_not_arrived_cannot_start(ward: Ward) -> None:
    name_ride(ward.visit, ward.companion)
    with pytest.raises(WrongStatus, match="Record the arrival first"):
        start(by=ward.clinic.by(Role.NURSE), appointment=ward.visit)


def test_a_drip_does_not_start_uncleared(arrived: Ward) -> None:
    Clearance.objects.all().delete()
    with pytest.raises(GateClosed, match="No doctor has cleared"):
        start(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit)


def test_a_drip_does_not_start_after_the_clearance_has_ended(arrived: Ward) -> None:
    today = clock.today(arrived.clinic.site.zone)
    Clearance.objects.update(valid_until=today)
    assert shut_gates(arrived.visit) == []
    Clearance.objects.update(valid_until=today - timedelta(days=1))
    with pytest.raises(GateClosed, match="ended on April 4, 2027"):
        start(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit)


def test_the_day_of_a_clearance_is_that_of_the_site_and_not_of_utc(arrived: Ward) -> None:
    Clearance.objects.update(valid_until=clock.today(arrived.clinic.site.zone))
    # 23:30 in Albany, which is the next day in UTC.
    with clock.at_moment(NOW + timedelta(hours=14, minutes=30)):
        assert shut_gates(arrived.visit) == []
    with clock.at_moment(NOW + timedelta(hours=15, minutes=1)):
        assert {gate.kind for gate in shut_gates(arrived.visit)} == {GateKind.CLEARANCE}


def test_a_drip_does_not_start_after_a_doctor_suspended_the_patient(arrived: Ward) -> None:
    Clearance.objects.create(
        patient=arrived.visit.patient,
        decision="suspended",
        decided_by=arrived.clinic.doctor,
        decided_at=NOW + timedelta(minutes=1),
        reason="New palpitations",
    )
    with pytest.raises(GateClosed) as caught:
        start(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit)
    assert "suspended" in caught.value.message
    assert "palpitations" not in caught.value.message


def test_a_new_finding_shuts_the_gate_until_a_doctor_has_decided(arrived: Ward) -> None:
    flag = Flag.objects.create(
        patient=arrived.visit.patient,
        kind=FlagKind.SEIZURE,
        source=Flag.Source.STAFF,
        detail="Seizure last week",
        source_id="note",
        found_at=NOW,
    )
    with pytest.raises(GateClosed, match="One finding is newer"):
        start(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit)
    flag.decided_in = Clearance.objects.get()
    flag.save()
    assert start(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit).started_at == NOW


def test_a_drip_does_not_start_without_a_valid_consent(arrived: Ward) -> None:
    Consent.objects.update(valid_until=clock.today(arrived.clinic.site.zone) - timedelta(days=1))
    with pytest.raises(GateClosed, match="No signed consent"):
        start(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit)


def test_a_drip_does_not_start_under_a_consent_that_was_withdrawn(arrived: Ward) -> None:
    Consent.objects.update(withdrawn_at=NOW)
    with pytest.raises(GateClosed, match="No signed consent"):
        start(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit)


@pytest.mark.parametrize("status", ["needed", "declined"])
def test_a_drip_does_not_start_without_a_companion(arrived: Ward, status: str) -> None:
    Ride.objects.update(status=status, companion=None)
    with pytest.raises(GateClosed, match="home"):
        start(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit)
    assert VisitRecord.objects.get(appointment=arrived.visit).started_at is None


def test_a_drip_does_not_start_when_nobody_was_ever_asked_to_drive(arrived: Ward) -> None:
    Ride.objects.all().delete()
    with pytest.raises(GateClosed, match="Nobody is named to drive"):
        start(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit)


def test_a_companion_who_turned_out_to_be_the_wrong_person_opens_no_gate(arrived: Ward) -> None:
    arrived.companion.stopped_at = NOW
    arrived.companion.save()
    with pytest.raises(GateClosed, match="Rosa Lind"):
        start(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit)


def test_a_drip_starts_when_a_doctor_has_waived_the_ride(arrived: Ward) -> None:
    Ride.objects.all().delete()
    rides.waive_ride(by=arrived.clinic.by(Role.DOCTOR), appointment=arrived.visit, reason="Stays in the ward next door")
    assert start(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit).started_at == NOW


def test_every_shut_gate_is_named_at_once(clinic: Clinic) -> None:
    visit = make_visit(clinic)
    arrive(by=clinic.by(Role.NURSE), appointment=visit)
    with pytest.raises(GateClosed) as caught:
        start(by=clinic.by(Role.NURSE), appointment=visit)
    for part in ("No doctor has cleared", "No signed consent", "Nobody is named"):
        assert part in caught.value.message


def test_a_consult_needs_neither_clearance_nor_consent_nor_ride(clinic: Clinic) -> None:
    consult = make_consult(clinic)
    arrive(by=clinic.by(Role.FRONT_DESK), appointment=consult)
    assert start(by=clinic.by(Role.DOCTOR), appointment=consult).started_at == NOW


def test_a_chair_of_another_site_is_refused(arrived: Ward) -> None:
    chair = arrived.clinic.chairs[0]
    chair.is_active = False
    chair.save()
    with pytest.raises(Refused, match="no chair in use") as caught:
        start(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit, chair=chair)
    assert caught.value.field == "chair"


def test_somebody_who_is_no_nurse_here_cannot_be_noted_as_one(arrived: Ward) -> None:
    clerk = make_staff(arrived.clinic.site, "Al Berg", Role.FRONT_DESK)
    with pytest.raises(Refused, match="no nurse"):
        start(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit, nurse=clerk)


def test_the_check_in_answers_are_kept_whatever_they_are(arrived: Ward) -> None:
    set_lists(arrived.clinic.induction, checkin=("Anything to eat?", "Feeling ill?"))
    by = arrived.clinic.by(Role.NURSE)
    record_checkin(by=by, appointment=arrived.visit, checkin={"Anything to eat?": "yes"})
    record_checkin(by=by, appointment=arrived.visit, checkin={"Feeling ill?": "no", "Anything to eat?": "no"})
    assert VisitRecord.objects.get(appointment=arrived.visit).checkin == {
        "Anything to eat?": "no",
        "Feeling ill?": "no",
    }


@pytest.mark.parametrize("answers", [{"Shoe size?": "yes"}, {"Anything to eat?": "perhaps"}])
def test_an_answer_that_is_not_on_the_list_is_refused(arrived: Ward, answers: dict[str, str]) -> None:
    set_lists(arrived.clinic.induction, checkin=("Anything to eat?",))
    with pytest.raises(Refused, match="Nothing was recorded"):
        record_checkin(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit, checkin=answers)


def test_recovery_follows_a_started_drip_once(started: Ward) -> None:
    by = started.clinic.by(Role.NURSE)
    with clock.at_moment(NOW + timedelta(minutes=55)):
        to_recovery(by=by, appointment=started.visit)
    with clock.at_moment(NOW + timedelta(minutes=70)):
        record = to_recovery(by=by, appointment=started.visit)
    assert record.recovery_at == NOW + timedelta(minutes=55)


def test_there_is_no_recovery_from_a_drip_that_never_started(arrived: Ward) -> None:
    with pytest.raises(WrongStatus, match="none running"):
        to_recovery(by=arrived.clinic.by(Role.NURSE), appointment=arrived.visit)


def test_a_partner_treated_the_day_before_opens_no_gate(arrived: Ward) -> None:
    partner = make_patient(arrived.clinic.site, given_name="Rosa", family_name="Lind", phone=arrived.companion.phone)
    assert shut_gates(arrived.visit) == []
    make_given(arrived.clinic, make_series(arrived.clinic, partner), 1, NOW - timedelta(days=1))
    assert {gate.kind for gate in shut_gates(arrived.visit)} == {GateKind.COMPANION}
