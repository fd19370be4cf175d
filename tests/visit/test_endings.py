"""Every real ending has its word: what it demands, whether it counts, what it gives back and what it sends."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from django.db.models import Max

from clinic import clock
from clinic.errors import GateClosed, Refused, WrongStatus
from clinic.models import ResourceKind
from clinic.permissions import Role
from patients.actions import add_contact
from patients.models import Contact
from scheduling.actions import rides
from scheduling.actions.visit import arrive, discharge, end_visit, record_no_show, start, to_recovery
from scheduling.endings import DISCHARGED, RULES, WITHOUT_DISCHARGE, meaning
from scheduling.models import Appointment, Ending, Message, Ride
from scheduling.selectors.courses import courses_of, undecided
from tests.factories import NOW, Clinic, make_patient
from tests.visit.conftest import Ward
from tests.visit.worlds import make_consult, make_given, make_series, make_visit, name_ride, set_lists

Status = Appointment.Status
NOT_TREATED = [ending for ending in WITHOUT_DISCHARGE if RULES[ending].after_start is False]


@pytest.fixture
def here(ward: Ward) -> Ward:
    """The patient has arrived, and nothing stands in the way."""
    name_ride(ward.visit, ward.companion)
    arrive(by=ward.clinic.by(Role.NURSE), appointment=ward.visit)
    ward.visit.refresh_from_db()
    return ward


@pytest.fixture
def recovering(here: Ward) -> Iterator[Ward]:
    """The drip is out, and the least time of recovery has just passed."""
    by = here.clinic.by(Role.NURSE)
    start(by=by, appointment=here.visit)
    with clock.at_moment(NOW + timedelta(minutes=55)):
        to_recovery(by=by, appointment=here.visit)
    with clock.at_moment(NOW + timedelta(minutes=115)):
        yield here


def _end(ward: Ward, ending: Ending, **fields: object) -> Appointment:
    end_visit(by=ward.clinic.by(Role.NURSE), appointment=ward.visit, ending=ending, **fields)  # type: ignore[arg-type]
    ward.visit.refresh_from_db()
    return ward.visit


def test_the_table_has_a_rule_for_every_ending() -> None:
    assert set(RULES) == set(Ending)
    assert all(rule.why for rule in RULES.values())
    assert not set(DISCHARGED) & set(WITHOUT_DISCHARGE)


def test_a_discharge_names_who_took_the_patient_home(recovering: Ward) -> None:
    with clock.at_moment(NOW + timedelta(minutes=115)):
        record = discharge(
            by=recovering.clinic.by(Role.NURSE), appointment=recovering.visit, handed_to=recovering.companion
        )
    recovering.visit.refresh_from_db()
    assert (recovering.visit.status, recovering.visit.ending) == (Status.FULFILLED, Ending.COMPLETED)
    assert recovering.visit.counts is True
    assert (record.handed_to, record.handed_to_name) == (recovering.companion, "Rosa Lind")
    assert record.ended_at == NOW + timedelta(minutes=115)
    assert Ride.objects.get().status == Ride.Status.PICKED_UP


def test_nobody_is_discharged_alone(recovering: Ward) -> None:
    with pytest.raises(GateClosed, match="Name the adult") as caught:
        discharge(by=recovering.clinic.by(Role.NURSE), appointment=recovering.visit, handed_to=None)
    recovering.visit.refresh_from_db()
    assert caught.value.field == "handed_to"
    assert recovering.visit.status == Status.ARRIVED


def test_a_patient_whose_ride_a_doctor_waived_is_discharged_alone(here: Ward) -> None:
    Ride.objects.all().delete()
    rides.waive_ride(by=here.clinic.by(Role.DOCTOR), appointment=here.visit, reason="Lives upstairs")
    start(by=here.clinic.by(Role.NURSE), appointment=here.visit)
    to_recovery(by=here.clinic.by(Role.NURSE), appointment=here.visit)
    with clock.at_moment(NOW + timedelta(hours=1)):
        discharge(by=here.clinic.by(Role.NURSE), appointment=here.visit, handed_to=None)
    here.visit.refresh_from_db()
    assert here.visit.ending == Ending.COMPLETED


def test_another_adult_can_take_the_patient_home_on_the_spot(recovering: Ward) -> None:
    brother = _contact(recovering, "Bo Lind", is_adult=True, may_drive=True)
    discharge(by=recovering.clinic.by(Role.NURSE), appointment=recovering.visit, handed_to=brother)
    ride = Ride.objects.get()
    assert (ride.status, ride.companion) == (Ride.Status.PICKED_UP, brother)


@pytest.mark.parametrize(("is_adult", "may_drive"), [(False, False), (True, False)])
def test_a_patient_is_not_handed_to_somebody_who_is_no_adult_driver(
    recovering: Ward, is_adult: bool, may_drive: bool
) -> None:
    child = _contact(recovering, "Kim Lind", is_adult=is_adult, may_drive=may_drive)
    with pytest.raises(GateClosed, match="Kim Lind"):
        discharge(by=recovering.clinic.by(Role.NURSE), appointment=recovering.visit, handed_to=child)


def test_a_patient_is_not_handed_to_another_patients_contact(recovering: Ward) -> None:
    other = make_patient(recovering.clinic.site)
    stranger = Contact.objects.create(patient=other, name="Sam Stone", is_adult=True, may_drive=True)
    with pytest.raises(GateClosed, match="not among the contacts"):
        discharge(by=recovering.clinic.by(Role.NURSE), appointment=recovering.visit, handed_to=stranger)


def test_a_discharge_waits_for_every_point_of_the_fitness_list(recovering: Ward) -> None:
    set_lists(recovering.clinic.induction, fitness=("Walks steadily", "Knows where he is"))

    def leave(fitness: Sequence[str]) -> None:
        discharge(
            by=recovering.clinic.by(Role.NURSE),
            appointment=recovering.visit,
            handed_to=recovering.companion,
            fitness=fitness,
        )

    with pytest.raises(GateClosed, match="Not fit to leave yet: Knows where he is"):
        leave(["Walks steadily"])
    leave(["Walks steadily", "Knows where he is"])
    recovering.visit.refresh_from_db()
    assert recovering.visit.record.fitness == ["Walks steadily", "Knows where he is"]


def test_a_treatment_stopped_early_counts_because_a_dose_was_given(recovering: Ward) -> None:
    discharge(
        by=recovering.clinic.by(Role.NURSE),
        appointment=recovering.visit,
        handed_to=recovering.companion,
        ending=Ending.STOPPED_EARLY,
    )
    recovering.visit.refresh_from_db()
    assert (recovering.visit.ending, recovering.visit.counts) == (Ending.STOPPED_EARLY, True)


def test_discharging_twice_keeps_the_first_word_and_sends_once(recovering: Ward) -> None:
    by = recovering.clinic.by(Role.NURSE)
    discharge(by=by, appointment=recovering.visit, handed_to=recovering.companion)
    discharge(by=by, appointment=recovering.visit, handed_to=None, ending=Ending.STOPPED_EARLY)
    recovering.visit.refresh_from_db()
    assert recovering.visit.ending == Ending.COMPLETED
    assert Message.objects.filter(kind=Message.Kind.AFTERCARE).count() == 1


def test_a_patient_whose_drip_never_started_is_not_discharged_as_treated(here: Ward) -> None:
    with pytest.raises(WrongStatus, match="never started"):
        discharge(by=here.clinic.by(Role.NURSE), appointment=here.visit, handed_to=here.companion)


def test_a_discharge_is_no_way_to_write_another_ending(recovering: Ward) -> None:
    with pytest.raises(Refused, match="no discharge"):
        discharge(
            by=recovering.clinic.by(Role.NURSE),
            appointment=recovering.visit,
            handed_to=recovering.companion,
            ending=Ending.HOSPITAL,
        )


@pytest.mark.parametrize("ending", NOT_TREATED)
def test_who_was_not_treated_does_not_count(here: Ward, ending: Ending) -> None:
    visit = _end(here, ending, note="Will call")
    assert (visit.status, visit.ending, visit.counts) == (Status.FULFILLED, ending, False)
    assert visit.record.note == "Will call"
    assert not Message.objects.filter(kind=Message.Kind.AFTERCARE).exists()


@pytest.mark.parametrize("ending", NOT_TREATED)
def test_nobody_is_written_down_as_not_treated_after_the_drip_started(recovering: Ward, ending: Ending) -> None:
    with pytest.raises(WrongStatus, match="stopped early"):
        _end(recovering, ending)


def test_leaving_alone_against_advice_needs_a_doctor_who_was_told(recovering: Ward) -> None:
    with pytest.raises(Refused, match="name who was told") as caught:
        _end(recovering, Ending.LEFT_AGAINST_ADVICE)
    assert caught.value.field == "doctor_told"
    visit = _end(recovering, Ending.LEFT_AGAINST_ADVICE, doctor_told=recovering.clinic.doctor)
    assert (visit.ending, visit.counts) == (Ending.LEFT_AGAINST_ADVICE, True)
    assert visit.record.doctor_told == recovering.clinic.doctor


def test_a_follow_up_call_is_due_when_the_patient_left_alone(recovering: Ward) -> None:
    _end(recovering, Ending.LEFT_AGAINST_ADVICE, doctor_told=recovering.clinic.doctor)
    call = Message.objects.get(kind=Message.Kind.FOLLOW_UP, channel="call")
    assert call.patient == recovering.visit.patient


def test_the_doctor_who_was_told_is_a_doctor_of_the_site(recovering: Ward) -> None:
    with pytest.raises(Refused, match="no doctor at"):
        _end(recovering, Ending.LEFT_AGAINST_ADVICE, doctor_told=recovering.clinic.clerk)


@pytest.mark.parametrize("begun", [True, False])
def test_a_hospital_transfer_counts_only_if_the_drip_was_started(here: Ward, begun: bool) -> None:
    if begun:
        start(by=here.clinic.by(Role.NURSE), appointment=here.visit)
    visit = _end(here, Ending.HOSPITAL, note="Albany Medical Center")
    assert (visit.ending, visit.counts) == (Ending.HOSPITAL, begun)


@pytest.mark.parametrize("ending", DISCHARGED)
def test_a_treatment_is_not_closed_as_done_without_a_discharge(recovering: Ward, ending: Ending) -> None:
    with pytest.raises(GateClosed, match="to whom the patient was handed"):
        _end(recovering, ending)


@pytest.mark.parametrize(("ending", "way"), [(Ending.NO_SHOW, "Did not come"), (Ending.CANCELLED, "Cancel the visit")])
def test_an_ending_with_a_way_of_its_own_is_sent_there(here: Ward, ending: Ending, way: str) -> None:
    with pytest.raises(Refused, match=way):
        _end(here, ending)


def test_a_visit_whose_patient_is_not_here_cannot_end(ward: Ward) -> None:
    with pytest.raises(WrongStatus, match="only a visit whose patient is here"):
        _end(ward, Ending.NOT_TREATED_ILL)


def test_ending_a_visit_twice_keeps_its_time(here: Ward) -> None:
    _end(here, Ending.NOT_TREATED_ATE)
    with clock.at_moment(NOW + timedelta(hours=1)):
        visit = _end(here, Ending.NOT_TREATED_ATE)
    assert visit.record.ended_at == NOW


def test_a_consult_ends_without_a_companion_and_counts_for_nothing(clinic: Clinic) -> None:
    consult = make_consult(clinic)
    arrive(by=clinic.by(Role.FRONT_DESK), appointment=consult)
    end_visit(by=clinic.by(Role.DOCTOR), appointment=consult, ending=Ending.COMPLETED)
    consult.refresh_from_db()
    assert (consult.status, consult.counts) == (Status.FULFILLED, None)
    assert not Message.objects.filter(kind=Message.Kind.AFTERCARE).exists()


def test_a_no_show_gives_the_time_back_and_does_not_count(ward: Ward) -> None:
    with clock.at_moment(NOW + timedelta(minutes=30)):
        record_no_show(by=ward.clinic.by(Role.FRONT_DESK), appointment=ward.visit)
        now = clock.cell(clock.now())
    ward.visit.refresh_from_db()
    assert (ward.visit.status, ward.visit.ending, ward.visit.counts) == (Status.NOSHOW, Ending.NO_SHOW, False)
    assert not ward.visit.holds.filter(end_cell__gt=now).exists()


def test_a_no_show_twice_is_a_no_show_once(ward: Ward) -> None:
    by = ward.clinic.by(Role.FRONT_DESK)
    record_no_show(by=by, appointment=ward.visit)
    assert record_no_show(by=by, appointment=ward.visit).status == Status.NOSHOW


def test_nobody_is_a_no_show_before_the_time_has_come(clinic: Clinic) -> None:
    visit = make_visit(clinic, starts=NOW + timedelta(minutes=5))
    with pytest.raises(Refused, match="not begun yet"):
        record_no_show(by=clinic.by(Role.FRONT_DESK), appointment=visit)


def test_a_patient_who_is_here_is_no_no_show(here: Ward) -> None:
    with pytest.raises(WrongStatus, match="did not come"):
        record_no_show(by=here.clinic.by(Role.FRONT_DESK), appointment=here.visit)


def test_an_early_end_frees_the_nurse_at_once_and_the_chair_after_its_cleaning(here: Ward) -> None:
    with clock.at_moment(NOW + timedelta(minutes=10)):
        _end(here, Ending.NOT_TREATED_ILL)
        now = clock.cell(clock.now())
    holds = here.visit.holds.all()
    staff = holds.filter(resource__kind=ResourceKind.STAFF).aggregate(last=Max("end_cell"))["last"]
    chair = holds.exclude(resource__kind=ResourceKind.STAFF).aggregate(last=Max("end_cell"))["last"]
    assert staff <= now
    assert chair == now + 2


def test_reminders_that_are_still_due_stop_when_a_visit_ends(here: Ward) -> None:
    reminder = Message.objects.create(
        site=here.clinic.site,
        patient=here.visit.patient,
        appointment=here.visit,
        recipient=Message.Recipient.PATIENT,
        kind=Message.Kind.REMINDER,
        channel="mail",
        due_at=NOW + timedelta(hours=1),
        message_id="one@clinic.example",
        created_at=NOW,
    )
    _end(here, Ending.NOT_TREATED_CLINIC)
    reminder.refresh_from_db()
    assert reminder.state == Message.State.SKIPPED
    assert "not treated" in reminder.skip_reason


def test_the_last_infusion_leaves_the_series_running_and_waiting_for_a_doctor(clinic: Clinic) -> None:
    patient = make_patient(clinic.site, cleared=True, consented=True)
    series = make_series(clinic, patient)
    for number in range(1, 6):
        make_given(clinic, series, number, NOW - timedelta(days=3 * (6 - number)))
    last = make_visit(clinic, patient=patient, series=series, number=6)
    doctor = clinic.doctor.user
    assert doctor is not None
    assert undecided(doctor) == []
    by = clinic.by(Role.NURSE)
    companion = Contact.objects.create(patient=patient, name="Rosa Lind", is_adult=True, may_drive=True)
    name_ride(last, companion)
    arrive(by=by, appointment=last)
    start(by=by, appointment=last)
    to_recovery(by=by, appointment=last)
    with clock.at_moment(NOW + timedelta(hours=1)):
        discharge(by=by, appointment=last, handed_to=companion)
    series.refresh_from_db()
    assert series.status == "active"
    (course,) = courses_of(doctor, undecided(doctor)).values()
    assert (course.series, course.treated, course.induction_done) == (series, 6, True)


def _contact(ward: Ward, name: str, *, is_adult: bool, may_drive: bool) -> Contact:
    return add_contact(
        by=ward.clinic.by(Role.NURSE),
        patient=ward.visit.patient,
        name=name,
        phone="+15185550177",
        is_adult=is_adult,
        may_drive=may_drive,
    )


@pytest.mark.parametrize(
    ("ending", "counted", "words"),
    [
        (Ending.HOSPITAL, True, "Counts toward the series: the drip was started."),
        (Ending.HOSPITAL, False, "Does not count toward the series: no dose was given."),
        (Ending.COMPLETED, True, "Counts toward the series: the whole dose was given."),
        (Ending.NO_SHOW, False, "Does not count toward the series: the patient did not come."),
    ],
)
def test_what_an_ending_meant_is_said_as_it_was_without_an_if(ending: Ending, counted: bool, words: str) -> None:
    assert meaning(ending, counted=counted) == words
