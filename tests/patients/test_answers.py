"""Questionnaires: their totals against worked examples, and what follows an answer about self-harm."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core import mail

from clinic import clock
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused
from clinic.permissions import Role
from patients import actions
from patients.models import AlertNotice, Measure, Observation, Patient, SafetyAlert, ScoreSheet
from patients.questionnaires import FIQR, INSTRUMENTS, PAIN, PHQ9
from scheduling.actions.alerts import SUBJECT, look_after_alerts, send_notices, tell_next
from scheduling.selectors.alerts import bare_total_of, bare_totals
from scheduling.selectors.work_counts import counts_for
from tests.desk.pages import without_ids
from tests.factories import NOW, Clinic, make_clinic, make_patient, make_staff

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("alerts that wait")


@pytest.fixture
def clinic() -> Clinic:
    """A clinic whose doctor can be written to."""
    found = make_clinic()
    user = found.doctor.user
    assert user is not None
    user.email = "gray@clinic.example"
    user.save()
    return found


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    """A patient of the clinic."""
    return make_patient(clinic.site, cleared=True)


def by(patient: Patient) -> Actor:
    """The patient as the actor."""
    return Actor("patient", str(patient.pk), patient.name)


def manager_has_mail(clinic: Clinic) -> None:
    """A manager has an address, too."""
    assert clinic.manager.user is not None
    clinic.manager.user.email = "reyes@clinic.example"
    clinic.manager.user.save()


def answer(patient: Patient, measure: str, items: list[int], **changes: object) -> ScoreSheet:
    """The patient answers on the page."""
    order: dict[str, object] = {"by": by(patient), "patient": patient, "measure": measure, "items": items}
    return actions.answer_questionnaire(**(order | {"key": uuid4()} | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("items", "total"),
    [
        pytest.param([10] * 21, "100.00", id="all worst: 90/3 + 20 + 100/2"),
        pytest.param([0] * 21, "0.00", id="all best"),
        # Bennett et al. 2009: function is divided by 3, overall impact by 1, symptoms by 2.
        pytest.param([5] * 9 + [6, 7] + [4] * 10, "48.00", id="45/3 + 13 + 40/2"),
        pytest.param([1] + [0] * 20, "0.33", id="a third of a point, to two decimals"),
        pytest.param([0] * 9 + [1, 0] + [0] * 10, "1.00", id="overall impact counts whole"),
        pytest.param([0] * 20 + [1], "0.50", id="a symptom counts half"),
    ],
)
def test_the_fiqr_weighs_its_domains(items: list[int], total: str) -> None:
    assert FIQR.total(items) == Decimal(total)


def test_the_phq9_is_the_sum_of_nine_answers_up_to_three() -> None:
    # Kroenke, Spitzer, Williams 2001: 0-27.
    assert PHQ9.total([3] * 9) == 27
    assert PHQ9.total([1, 2, 3, 0, 0, 1, 2, 3, 0]) == 12


def test_the_questionnaires_have_as_many_items_as_their_sources() -> None:
    assert {one.measure: (one.count, one.most) for one in INSTRUMENTS.values()} == {
        Measure.PAIN: (1, 10),
        Measure.FIQR: (21, 10),
        Measure.PHQ9: (9, 3),
    }
    assert [len(part.items) for part in FIQR.parts] == [9, 2, 10]


@pytest.mark.parametrize("items", [[11], [-1], [], [1, 2]])
def test_answers_out_of_range_or_too_few_make_no_total(items: list[int]) -> None:
    with pytest.raises(ValueError, match="answers from 0 to 10"):
        PAIN.total(items)


def test_answers_are_kept_item_by_item_with_their_total(patient: Patient) -> None:
    sheet = answer(patient, "fiqr", [5] * 9 + [6, 7] + [4] * 10)
    total = Observation.objects.get(patient=patient)
    assert (int(total.value), total.source_id, total.source) == (48, str(sheet.pk), "patient")


def test_the_same_form_sent_twice_is_kept_once(patient: Patient) -> None:
    key = uuid4()
    assert answer(patient, "phq9", [1] * 9, key=key) == answer(patient, "phq9", [1] * 9, key=key)
    assert (Observation.objects.count(), SafetyAlert.objects.count()) == (1, 1)


def test_an_answer_out_of_range_is_refused_and_nothing_is_kept(patient: Patient) -> None:
    with pytest.raises(Refused, match="from 0 to 3"):
        answer(patient, "phq9", [4] + [0] * 8)
    assert not Observation.objects.exists()


def test_nobody_answers_for_somebody_else(clinic: Clinic, patient: Patient) -> None:
    with pytest.raises(NotAllowed):
        answer(patient, "pain", [3], by=by(make_patient(clinic.site)))


def test_two_values_of_one_score_at_one_moment_are_refused_in_a_sentence(clinic: Clinic, patient: Patient) -> None:
    with clock.at_moment(NOW):
        answer(patient, "pain", [3])
        with pytest.raises(Refused, match="at that very time already"):
            answer(patient, "pain", [7])
        # The control: the same value is the same fact, and a minute later it may be another.
        answer(patient, "pain", [3])
    with clock.at_moment(NOW + timedelta(minutes=1)):
        answer(patient, "pain", [7])
    assert sorted(Observation.objects.values_list("value", flat=True)) == [3, 3, 7]


def test_item_nine_above_zero_asks_a_named_clinician_whatever_the_total(clinic: Clinic, patient: Patient) -> None:
    answer(patient, "phq9", [0] * 8 + [1])
    alert = SafetyAlert.objects.get()
    assert alert.assigned_to == clinic.doctor
    # The control: every other answer at its worst raises none.
    answer(patient, "phq9", [3] * 8 + [0])
    assert SafetyAlert.objects.count() == 1


def test_the_doctor_who_decided_about_the_patient_is_named_before_others(clinic: Clinic, patient: Patient) -> None:
    make_staff(clinic.site, "Aaron Abel", Role.DOCTOR)
    answer(patient, "phq9", [0] * 8 + [2])
    assert SafetyAlert.objects.get().assigned_to == clinic.doctor


def test_the_clinician_is_told_at_once_and_others_step_by_step_without_a_word_of_what(
    clinic: Clinic, patient: Patient
) -> None:
    second = make_staff(clinic.site, "Zoe Zander", Role.DOCTOR)
    for member, address in ((second, "zander@clinic.example"), (clinic.manager, "reyes@clinic.example")):
        assert member.user is not None
        member.user.email = address
        member.user.save()
    told = []
    with clock.at_moment(NOW):
        answer(patient, "phq9", [0] * 8 + [1])
    for minutes in (0, 14, 15, 29, 30, 44):
        with clock.at_moment(NOW + timedelta(minutes=minutes)):
            look_after_alerts(by=SYSTEM)
        told.append([one.to[0] for one in mail.outbox])
    gray, zander, reyes = "gray@clinic.example", "zander@clinic.example", "reyes@clinic.example"
    assert told == [[gray], [gray], [gray, zander], [gray, zander], *[[gray, zander, reyes]] * 2]
    for one in mail.outbox:
        said = without_ids(f"{one.subject} {one.body}")
        assert one.subject == SUBJECT
        assert not any(word in said for word in (patient.given_name, patient.family_name, "PHQ", "harm", "dead"))


def test_nobody_acknowledges_and_it_goes_round_again_until_somebody_does(clinic: Clinic, patient: Patient) -> None:
    manager_has_mail(clinic)
    with clock.at_moment(NOW):
        answer(patient, "phq9", [0] * 8 + [1])
    told = {}
    for minutes in range(0, 121, 5):
        mail.outbox.clear()
        with clock.at_moment(NOW + timedelta(minutes=minutes)):
            look_after_alerts(by=SYSTEM)
        if mail.outbox:
            told[minutes] = [one.to[0].partition("@")[0] for one in mail.outbox]
    assert told == {0: ["gray"], 30: ["reyes"], 45: ["gray"], 75: ["reyes"], 90: ["gray"], 120: ["reyes"]}
    with clock.at_moment(NOW + timedelta(minutes=121)):
        alert = SafetyAlert.objects.get()
        actions.acknowledge_alert(by=clinic.by(Role.DOCTOR), alert=alert, what_was_done="Called.")
    mail.outbox.clear()
    with clock.at_moment(NOW + timedelta(days=1)):
        look_after_alerts(by=SYSTEM)
    assert not mail.outbox


def test_a_manager_is_asked_to_reach_a_doctor(clinic: Clinic, patient: Patient) -> None:
    manager_has_mail(clinic)
    with clock.at_moment(NOW):
        answer(patient, "phq9", [0] * 8 + [1])
    with clock.at_moment(NOW + timedelta(hours=1)):
        look_after_alerts(by=SYSTEM)
    to_doctor, to_manager = (one.body for one in sorted(mail.outbox, key=lambda one: one.to[0]))
    assert f"reach a doctor of {clinic.site.neutral_name}" in to_manager
    assert "reach a doctor" not in to_doctor


def test_after_a_night_without_a_worker_each_is_told_once_and_not_for_all_the_rounds_missed(
    clinic: Clinic, patient: Patient
) -> None:
    manager_has_mail(clinic)
    with clock.at_moment(NOW):
        answer(patient, "phq9", [0] * 8 + [1])
    with clock.at_moment(NOW + timedelta(hours=9)):
        look_after_alerts(by=SYSTEM)
    assert sorted(one.to[0] for one in mail.outbox) == ["gray@clinic.example", "reyes@clinic.example"]


def test_once_acknowledged_nobody_else_is_told(clinic: Clinic, patient: Patient) -> None:
    with clock.at_moment(NOW):
        answer(patient, "phq9", [0] * 8 + [1])
        look_after_alerts(by=SYSTEM)
        alert = SafetyAlert.objects.get()
        actions.acknowledge_alert(by=clinic.by(Role.DOCTOR), alert=alert, what_was_done="Called; a friend stays.")
    make_staff(clinic.site, "Zoe Zander", Role.DOCTOR)
    with clock.at_moment(NOW + timedelta(hours=2)):
        look_after_alerts(by=SYSTEM)
    assert AlertNotice.objects.count() == 1
    assert alert.acknowledged_by == clinic.doctor


def test_only_a_doctor_acknowledges_and_says_what_was_done(clinic: Clinic, patient: Patient) -> None:
    answer(patient, "phq9", [0] * 8 + [1])
    alert = SafetyAlert.objects.get()
    with pytest.raises(NotAllowed):
        actions.acknowledge_alert(by=clinic.by(Role.NURSE), alert=alert, what_was_done="Called.")
    with pytest.raises(Refused, match="what was done"):
        actions.acknowledge_alert(by=clinic.by(Role.DOCTOR), alert=alert, what_was_done="  ")


def test_a_mail_server_that_is_down_costs_no_notice(
    clinic: Clinic, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*args: object, **kwargs: object) -> None:
        raise ConnectionRefusedError("no mail today")

    answer(patient, "phq9", [0] * 8 + [1])
    with monkeypatch.context() as patched:
        patched.setattr("scheduling.actions.alerts.EmailMessage.send", down)
        assert send_notices(by=SYSTEM) == 0
    assert AlertNotice.objects.get().last_error == "no mail today"
    with clock.at_moment(clock.now() + timedelta(minutes=46)):
        tell_next(by=SYSTEM)
        assert AlertNotice.objects.filter(to=clinic.doctor).count() == 1, "no second mail behind one not sent yet"
        assert send_notices(by=SYSTEM) == 1
    assert AlertNotice.objects.get(to=clinic.doctor).sent_at is not None


def test_another_treatment_begins_after_the_birth_and_ends_after_it_began(clinic: Clinic, patient: Patient) -> None:
    nurse = clinic.by(Role.NURSE)
    with pytest.raises(Refused, match="before the patient's birth"):
        actions.note_treatment(by=nurse, patient=patient, kind="physical", name="PT", since=date(1970, 1, 1))
    since = date(2026, 5, 4)
    with pytest.raises(Refused, match="before the first one"):
        actions.note_treatment(
            by=nurse, patient=patient, kind="physical", name="PT", since=since, until=date(2026, 5, 1)
        )
    noted = actions.note_treatment(by=nurse, patient=patient, kind="physical", name="PT twice a week", since=since)
    with pytest.raises(Refused):
        actions.end_treatment(by=nurse, treatment=noted, until=date(2026, 5, 3))
    actions.end_treatment(by=nurse, treatment=noted, until=date(2026, 6, 30))
    noted.refresh_from_db()
    assert noted.until == date(2026, 6, 30)


def typed(clinic: Clinic, patient: Patient, value: object, days_ago: int = 0) -> None:
    """A nurse writes down the total of a PHQ-9 filled in on paper."""
    actions.record_observation(
        by=clinic.by(Role.NURSE),
        patient=patient,
        measure="phq9",
        value=value,  # type: ignore[arg-type]
        effective_at=clock.now() - timedelta(days=days_ago),
        source="staff",
    )


def test_of_a_total_nobody_knows_item_nine_until_all_nine_are_answered(clinic: Clinic, patient: Patient) -> None:
    doctor = clinic.doctor.user
    assert doctor is not None
    typed(clinic, patient, 14, days_ago=3)
    found = bare_total_of(patient)
    assert found is not None
    assert (found.value, found.needs_item_nine) == (Decimal(14), False)
    assert [one.patient for one in bare_totals(doctor)] == [patient]
    answer(patient, "phq9", [1] * 8 + [0])
    assert bare_total_of(patient) is None
    assert bare_totals(doctor) == []


@pytest.mark.parametrize(("value", "known", "needs"), [(0, True, False), (24, False, False), (25, False, True)])
def test_a_total_tells_item_nine_only_at_its_ends(
    clinic: Clinic, patient: Patient, value: int, known: bool, needs: bool
) -> None:
    """Eight items make 24 at most (8 x 3), and nine make 0 only where all are 0."""
    typed(clinic, patient, value)
    found = bare_total_of(patient)
    assert (found is None) == known
    assert (found is not None and found.needs_item_nine) == needs


def test_an_old_total_stands_on_the_patients_pages_and_not_on_the_doctors_list(
    clinic: Clinic, patient: Patient
) -> None:
    doctor = clinic.doctor.user
    assert doctor is not None
    typed(clinic, patient, 14, days_ago=20)
    assert bare_total_of(patient) is not None
    assert bare_totals(doctor) == []


def test_a_phq9_with_a_fraction_is_refused_in_a_sentence(clinic: Clinic, patient: Patient) -> None:
    with pytest.raises(Refused, match="whole number"):
        typed(clinic, patient, "14.5")
    assert not Observation.objects.filter(measure=Measure.PHQ9).exists()


def test_an_answer_that_worries_counts_in_the_navigation_until_it_is_acknowledged(
    clinic: Clinic, patient: Patient
) -> None:
    doctor = clinic.doctor.user
    assert doctor is not None
    before = counts_for(doctor, clock.now()).decide
    answer(patient, "phq9", [0] * 8 + [1])
    assert counts_for(doctor, clock.now()).decide == (before or 0) + 1
    alert = SafetyAlert.objects.get()
    actions.acknowledge_alert(by=Actor.of(doctor), alert=alert, what_was_done="Spoke to the patient.")
    assert counts_for(doctor, clock.now()).decide == before
