"""Conditions of a clearance that the program acts on: a limit on the day, a bed, extra watch units, a letter."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.actor import Actor
from clinic.errors import GateClosed, NotAllowed, Refused
from clinic.models import Resource, ResourceKind
from clinic.permissions import Role
from patients.actions import Terms, decide_clearance, record_observation, tick_letter
from patients.models import Clearance, Contact, Patient
from patients.selectors import latest_clearance
from scheduling.actions import booking, moving
from scheduling.actions.series_writing import SeriesOrder
from scheduling.actions.visit import arrive, start
from scheduling.actions.visit_notes import record_reading
from scheduling.models import Appointment, Hold, Series
from scheduling.planner.values import Wishes
from scheduling.selectors.care import pressure_limits, special_cares
from scheduling.selectors.ends_ahead import Lacks, ending_before_visits
from scheduling.selectors.gates import GateKind, shut_gates
from scheduling.selectors.planning import plan_series
from scheduling.selectors.shapes import shape_for
from scheduling.selectors.stranded import stranded
from tests import factories
from tests.factories import FIRST_DAY, NOW, Clinic, make_chair, make_patient
from tests.visit.doctors import clearance_url, make_flag, sign_in, text_of
from tests.visit.worlds import make_visit, name_ride

UNTIL = date(2027, 10, 1)
BED = Terms(needs_bed=True)
WATCH = Terms(extra_watch=1)


def decide(clinic: Clinic, patient: Patient, terms: Terms | None = None, **fields: Any) -> Clearance:
    """The doctor's conditional yes, a second after what was decided before."""
    values: dict[str, Any] = {"decision": "conditions", "valid_until": UNTIL} | fields
    with clock.at_moment(NOW + timedelta(seconds=patient.clearances.count())):
        return decide_clearance(by=clinic.by(Role.DOCTOR), patient=patient, terms=terms, **values)


def driver_of(patient: Patient) -> Contact:
    """An adult who drives the patient home."""
    return Contact.objects.create(
        patient=patient, name="Ben Quill", phone="+15185550188", is_adult=True, may_be_told=True, may_drive=True
    )


def book(clinic: Clinic, patient: Patient) -> Series:
    """The best plan for the patient's six infusions, booked."""
    wishes, now = Wishes(), clock.now()
    plan = plan_series(
        site=clinic.site, version=clinic.induction, wishes=wishes, first_day=FIRST_DAY, patient=patient, now=now
    ).plans[0]
    starts = tuple(clock.of_cell(visit.start) for visit in plan.visits)
    order = SeriesOrder(patient, clinic.site, clinic.induction, FIRST_DAY, wishes, starts)
    return booking.book_series(by=clinic.by(Role.FRONT_DESK), order=order, key=uuid4())


def chairs_of(series: Series) -> set[str]:
    """What kinds of chairs the series holds."""
    held = Hold.objects.filter(appointment__series=series, resource__kind__in=["recliner", "bed"])
    return set(held.values_list("resource__kind", flat=True))


def most_watched(series: Series) -> int:
    """The most watch units that one visit of the series holds in any phase."""
    found: dict[tuple[Any, int], int] = {}
    for hold in Hold.objects.filter(appointment__series=series, resource__kind="staff", first_unit__gte=1):
        for cell in range(hold.start_cell, hold.end_cell):
            key = (hold.appointment_id, cell)
            found[key] = found.get(key, 0) + hold.end_unit - hold.first_unit
    return max(found.values())


@pytest.fixture
def bed(clinic: Clinic) -> Resource:
    """One bed beside the recliners."""
    return make_chair(clinic.site, "Bed 1", ResourceKind.BED)


def test_a_series_of_somebody_who_needs_a_bed_is_planned_on_beds(clinic: Clinic, bed: Resource) -> None:
    plain, cared = make_patient(clinic.site, cleared=True), make_patient(clinic.site)
    decide(clinic, cared, BED)

    assert chairs_of(book(clinic, cared)) == {"bed"}
    assert chairs_of(book(clinic, plain)) == {"recliner"}, "the control: nobody else is put to bed"


def test_without_a_bed_there_is_no_plan_and_no_booking(clinic: Clinic) -> None:
    patient = make_patient(clinic.site)
    decide(clinic, patient, BED)

    result = plan_series(
        site=clinic.site,
        version=clinic.induction,
        wishes=Wishes(),
        first_day=FIRST_DAY,
        patient=patient,
        now=clock.now(),
    )

    assert result.refusal is not None


def test_an_extra_watch_unit_is_held_in_every_phase_that_is_watched(clinic: Clinic) -> None:
    patient, other = make_patient(clinic.site), make_patient(clinic.site, cleared=True)
    decide(clinic, patient, WATCH)

    assert most_watched(book(clinic, patient)) == 3
    assert most_watched(book(clinic, other)) == 2


def test_a_visit_moved_later_stays_in_a_bed(clinic: Clinic, bed: Resource) -> None:
    patient = make_patient(clinic.site)
    decide(clinic, patient, BED)
    series = book(clinic, patient)
    visit = series.appointments.order_by("starts").last()
    assert visit is not None

    moving.move_visit(
        by=clinic.by(Role.FRONT_DESK),
        appointment=visit,
        starts=visit.starts + timedelta(hours=2),
        reason="asked",
        version=visit.version,
    )

    assert chairs_of(series) == {"bed"}


@pytest.mark.parametrize("terms", [BED, WATCH], ids=["bed", "watch"])
def test_what_was_booked_before_is_found_and_re_planned_with_what_has_no_cover(
    clinic: Clinic, bed: Resource, terms: Terms
) -> None:
    patient, other = make_patient(clinic.site, cleared=True), make_patient(clinic.site, cleared=True)
    series, untouched = book(clinic, patient), book(clinic, other)
    days = {clock.local(visit.starts, clinic.site.zone).date() for visit in Appointment.objects.all()}
    assert stranded(clinic.site, days, clock.now()) == {}, "the control: all is covered before the decision"

    decide(clinic, patient, terms)

    lost = stranded(clinic.site, days, clock.now())
    assert set(lost) == set(series.appointments.values_list("pk", flat=True))
    assert not set(lost) & set(untouched.appointments.values_list("pk", flat=True))


def test_the_doctor_is_told_which_booked_visits_do_not_fit(clinic: Clinic, bed: Resource) -> None:
    patient = make_patient(clinic.site, cleared=True)
    series = book(clinic, patient)
    doctor = sign_in(clinic, Role.DOCTOR)

    with clock.at_moment(NOW + timedelta(minutes=1)):
        page = doctor.post(
            clearance_url(patient),
            {"decision": "conditions", "valid_until": "2027-10-01", "needs_bed": "on"},
            follow=True,
        )

    assert "Booked without what you ask for" in text_of(page)
    assert ".. " not in text_of(page)
    assert latest_clearance(patient).needs_bed  # type: ignore[union-attr]
    desk = sign_in(clinic, Role.FRONT_DESK).get(reverse("desk:rescue", args=[clinic.site.pk]))
    assert patient.name in text_of(desk)
    assert series.appointments.count() == 6


def test_a_suspended_patient_keeps_the_bed_and_a_plain_yes_drops_it(clinic: Clinic) -> None:
    patient = make_patient(clinic.site)
    decide(clinic, patient, BED)
    decide(clinic, patient, decision="suspended", valid_until=None, reason="a rash")
    assert special_cares()[patient.pk].bed
    assert shape_for(clinic.induction, patient).chair_kinds == {"bed"}

    decide(clinic, patient, decision="cleared")

    assert special_cares() == {}
    assert "recliner" in shape_for(clinic.induction, patient).chair_kinds


def test_the_lower_limit_of_protocol_and_doctor_holds_at_the_gate(clinic: Clinic) -> None:
    clinic.induction.systolic_limit, clinic.induction.diastolic_limit = 160, 100
    clinic.induction.save()
    visit = make_visit(clinic, consented=True)
    decide(clinic, visit.patient, Terms(systolic_limit=140))
    name_ride(visit, driver_of(visit.patient))
    arrive(by=clinic.by(Role.NURSE), appointment=visit)
    visit = Appointment.objects.get(pk=visit.pk)

    record_reading(by=clinic.by(Role.NURSE), appointment=visit, values={"systolic": 150, "diastolic": 90})

    limits = pressure_limits(visit)
    assert (limits.systolic, limits.diastolic) == (140, 100)
    assert [gate.sentence for gate in shut_gates(visit)] == [
        "The last reading is over the limit that the doctor set for this patient."
    ]
    record_reading(by=clinic.by(Role.NURSE), appointment=visit, values={"systolic": 139, "diastolic": 90})
    assert shut_gates(visit) == []


def test_a_limit_of_the_doctor_alone_asks_for_a_reading(clinic: Clinic) -> None:
    visit = make_visit(clinic, cleared=True, consented=True)
    assert GateKind.READING not in {gate.kind for gate in shut_gates(visit)}, "the control: the protocol limits nothing"

    decide(clinic, visit.patient, Terms(diastolic_limit=95))

    assert GateKind.READING in {gate.kind for gate in shut_gates(visit)}


def test_no_drip_starts_until_the_letter_is_ticked(clinic: Clinic) -> None:
    visit = make_visit(clinic, consented=True)
    clearance = decide(clinic, visit.patient, Terms(letter_from="the cardiologist"))
    name_ride(visit, driver_of(visit.patient))
    nurse = clinic.by(Role.NURSE)
    arrive(by=nurse, appointment=visit)
    visit = Appointment.objects.get(pk=visit.pk)
    assert [gate.kind for gate in shut_gates(visit)] == [GateKind.LETTER]
    with pytest.raises(GateClosed, match="letter from the cardiologist"):
        start(by=nurse, appointment=visit)

    tick_letter(by=nurse, clearance=clearance)
    tick_letter(by=nurse, clearance=clearance)

    assert shut_gates(visit) == []
    again = decide(clinic, visit.patient, Terms(letter_from="The cardiologist", extra_watch=1))
    assert not again.waits_for_a_letter, "the same letter is still here"
    assert decide(clinic, visit.patient, Terms(letter_from="the neurologist")).waits_for_a_letter


def test_the_desk_sees_the_letter_coming_and_ticks_it_on_the_patients_page(clinic: Clinic) -> None:
    patient = make_patient(clinic.site, consented=True)
    decide(clinic, patient, Terms(letter_from="the cardiologist"))
    book(clinic, patient)
    desk = sign_in(clinic, Role.FRONT_DESK)
    user = clinic.clerk.user
    assert user is not None
    assert [row.lacks for row in ending_before_visits(user, clock.now())] == [Lacks.LETTER]
    page = text_of(desk.get(reverse("desk:patient", args=[patient.pk])))
    assert "A letter from the cardiologist is still to come." in page
    assert "Nothing stands against a treatment today." not in page

    answer = desk.post(reverse("doctor:clearance_letter", args=[patient.pk]), follow=True)

    assert "The letter from the cardiologist is here." in text_of(answer)
    assert "Nothing stands against a treatment today." in text_of(answer)
    assert ending_before_visits(user, clock.now()) == []


def test_a_letter_of_an_older_decision_cannot_be_ticked_nor_by_somebody_without_the_right(clinic: Clinic) -> None:
    patient = make_patient(clinic.site)
    old = decide(clinic, patient, Terms(letter_from="the cardiologist"))
    with clock.at_moment(NOW + timedelta(minutes=1)):
        new = decide(clinic, patient, BED)

    with pytest.raises(Refused, match="decided anew"):
        tick_letter(by=clinic.by(Role.NURSE), clearance=old)
    with pytest.raises(Refused, match="No letter"):
        tick_letter(by=clinic.by(Role.NURSE), clearance=new)
    with pytest.raises(NotAllowed):
        tick_letter(by=Actor.system("test"), clearance=new)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"systolic_limit": "20"}, "number from 90 to 220"),
        ({"systolic_limit": "130", "diastolic_limit": "135"}, "The upper limit lies above the lower one"),
        ({"extra_watch": "9"}, "number from 0 to 3"),
        ({"systolic_limit": "high"}, "Enter a whole number"),
        ({"decision": "cleared", "needs_bed": "on"}, "Conditions go with"),
        ({"decision": "refused", "reason": "no", "letter_from": "the cardiologist"}, "Conditions go with"),
    ],
)
def test_conditions_that_cannot_be_are_refused_and_what_was_typed_stays(
    clinic: Clinic, data: dict[str, str], sentence: str
) -> None:
    patient = make_patient(clinic.site)
    doctor: Client = sign_in(clinic, Role.DOCTOR)

    page = doctor.post(
        clearance_url(patient), {"decision": "conditions", "valid_until": "2027-10-01", "conditions": "water"} | data
    )

    assert page.status_code == 422
    assert sentence in text_of(page)
    assert "water" in text_of(page)
    assert not Clearance.objects.exists()


def test_the_next_decision_starts_with_the_conditions_of_the_last_yes(clinic: Clinic) -> None:
    patient = make_patient(clinic.site)
    decide(clinic, patient, Terms(systolic_limit=150, needs_bed=True), conditions="A sister stays with her")

    initial = sign_in(clinic, Role.DOCTOR).get(clearance_url(patient)).context["form"].initial

    assert (initial["systolic_limit"], initial["needs_bed"]) == (150, True)
    assert initial["conditions"] == "A sister stays with her"


def test_the_conditions_are_read_in_words_where_the_visit_is_run(clinic: Clinic) -> None:
    visit = make_visit(clinic, consented=True)
    decide(clinic, visit.patient, Terms(160, 95, needs_bed=True, extra_watch=2, letter_from="the cardiologist"))

    text = text_of(sign_in(clinic, Role.NURSE).get(reverse("nurse:visit", args=[visit.pk])))

    for words in (
        "blood pressure at most 160/95 mmHg on the day",
        "a bed instead of a recliner",
        "2 extra watch units of the nurse",
        "a letter from the cardiologist (not here yet)",
    ):
        assert words in text
    assert clock.now() == factories.NOW


def test_another_decision_drops_what_the_page_had_filled_in_and_never_what_was_typed(clinic: Clinic) -> None:
    patient = make_patient(clinic.site)
    decide(clinic, patient, Terms(systolic_limit=150, needs_bed=True), conditions="A sister stays with her")
    doctor = sign_in(clinic, Role.DOCTOR)
    initial = doctor.get(clearance_url(patient)).context["form"].initial
    as_filled = {name: str(value) for name, value in initial.items() if value} | {"needs_bed": "on"}

    typed = doctor.post(
        clearance_url(patient), as_filled | {"decision": "suspended", "reason": "a rash", "systolic_limit": "140"}
    )
    with clock.at_moment(NOW + timedelta(minutes=1)):
        done = doctor.post(clearance_url(patient), as_filled | {"decision": "suspended", "reason": "a rash"})

    assert typed.status_code == 422
    assert "Conditions go with" in text_of(typed)
    assert done.status_code == 302
    latest = latest_clearance(patient)
    assert latest is not None
    assert (latest.decision, latest.condition_words) == ("suspended", [])


def test_a_flag_of_the_blood_pressure_stands_beside_the_last_readings(clinic: Clinic) -> None:
    patient = make_patient(clinic.site)
    nurse = clinic.by(Role.NURSE)
    for measure, value in (("systolic", 152), ("diastolic", 95)):
        record_observation(
            by=nurse, patient=patient, measure=measure, value=value, effective_at=NOW, source="staff", source_id="one"
        )
    make_flag(patient, kind="blood_pressure", source="answer", detail="Yes: Do you have high blood pressure?")

    text = text_of(sign_in(clinic, Role.DOCTOR).get(clearance_url(patient)))

    assert 'Last readings: <span class="num nowrap">152/95 (Apr 5, 2027)</span>' in text
