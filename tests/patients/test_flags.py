"""Which findings become flags, when they go, and when they wait for a doctor again."""

from datetime import date, timedelta

import pytest

from clinic import clock
from clinic.errors import NotAllowed, Refused
from clinic.permissions import Role
from patients import actions
from patients.models import Flag, FlagCode, FlagKind, Measure, Observation, Patient, Questionnaire
from patients.selectors import standing
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.patients.bundles import bundle, condition, imported, patient, pressure

pytestmark = pytest.mark.django_db
TODAY = date(2027, 4, 5)


@pytest.fixture
def clinic() -> Clinic:
    with clock.at_moment(NOW):
        return make_clinic()


def take_in(clinic: Clinic, *resources: dict[str, object]) -> Patient:
    result = imported(clinic.site, bundle(patient(), *resources))
    assert result.refused == ""
    return result.imported[0].patient


def clear(clinic: Clinic, person: Patient) -> None:
    with clock.at_moment(NOW + timedelta(hours=1)):
        actions.decide_clearance(
            by=clinic.by(Role.DOCTOR), patient=person, decision="cleared", valid_until=TODAY + timedelta(days=90)
        )


def answers(**changed: str) -> dict[str, str]:
    questions = Questionnaire.objects.get(is_current=True).questions
    return {question["id"]: "no" for question in questions} | changed


def screen(clinic: Clinic, person: Patient, **changed: str) -> None:
    with clock.at_moment(NOW):
        actions.record_screening(by=clinic.by(Role.NURSE), patient=person, answers=answers(**changed))


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("38341003", "active", "blood_pressure"),
        ("59621000", "recurrence", "blood_pressure"),
        ("83664006", "active", "thyroid"),
        ("53741008", "active", "heart"),
        ("19943007", "relapse", "liver"),
        ("72892002", "active", "pregnancy"),
        ("23986001", "active", "pressure"),
        ("84757009", "resolved", "seizure"),
        ("703151001", "inactive", "seizure"),
        ("58214004", "remission", "psychosis"),
        ("55680006", "resolved", "substance"),
        ("230690007", "resolved", "stroke"),
    ],
)
def test_a_condition_raises_its_flag(clinic: Clinic, code: str, status: str, kind: str) -> None:
    person = take_in(clinic, condition(code, "words", status))
    flag = person.flags.get()
    assert (flag.kind, flag.source, flag.code, flag.dated) == (kind, "condition", code, date(2007, 6, 4))
    assert f"SNOMED CT {code}, {status}" in flag.detail


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("38341003", "resolved"),
        ("72892002", "resolved"),
        ("40930008", "inactive"),
        ("22298006", "remission"),
        ("82423001", "active"),
    ],
)
def test_what_is_over_or_harmless_raises_none(clinic: Clinic, code: str, status: str) -> None:
    assert not take_in(clinic, condition(code, "words", status)).flags.exists()


def test_a_refuted_condition_raises_none(clinic: Clinic) -> None:
    refuted = condition(verificationStatus={"coding": [{"code": "refuted"}]})
    assert not take_in(clinic, refuted).flags.exists()


def test_the_coding_that_flags_is_found_among_several(clinic: Clinic) -> None:
    coded = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "G40"}]}
    coded["coding"].append({"system": "http://snomed.info/sct", "code": "84757009"})
    assert take_in(clinic, condition(code=coded)).flags.get().kind == FlagKind.SEIZURE


def test_a_flag_goes_with_its_condition_and_stays_as_a_row(clinic: Clinic) -> None:
    person = take_in(clinic, condition("38341003"))
    take_in(clinic, condition("38341003", status="resolved"))
    assert person.flags.get().withdrawn_at is not None
    assert standing(person, TODAY).open_flags == []


def test_a_flag_that_comes_back_waits_for_a_doctor_again(clinic: Clinic) -> None:
    person = take_in(clinic, condition("38341003"))
    clear(clinic, person)
    assert standing(person, TODAY).open_flags == []
    take_in(clinic, condition("38341003", status="resolved"))
    take_in(clinic, condition("38341003", status="active"))
    assert len(standing(person, TODAY).open_flags) == 1


def test_a_past_seizure_that_becomes_active_waits_for_a_doctor_again(clinic: Clinic) -> None:
    person = take_in(clinic, condition(status="resolved"))
    clear(clinic, person)
    take_in(clinic, condition(status="active"))
    assert len(standing(person, TODAY).open_flags) == 1


def test_a_new_flag_after_the_clearance_is_open_and_speaks_against(clinic: Clinic) -> None:
    person = take_in(clinic, condition())
    clear(clinic, person)
    take_in(clinic, condition(), condition("38341003"))
    now = standing(person, TODAY)
    assert [flag.kind for flag in now.open_flags] == ["blood_pressure"]
    assert "New findings wait for a doctor's decision." in now.reasons_against


def test_a_flag_that_the_page_did_not_show_stays_open(clinic: Clinic) -> None:
    person = take_in(clinic, condition(), condition("38341003"))
    shown = person.flags.get(kind="seizure")
    with clock.at_moment(NOW):
        actions.decide_clearance(
            by=clinic.by(Role.DOCTOR), patient=person, decision="cleared", valid_until=TODAY, seen=[shown.pk]
        )
    assert [flag.kind for flag in standing(person, TODAY).open_flags] == ["blood_pressure"]


def test_asking_for_more_decides_about_no_flag(clinic: Clinic) -> None:
    person = take_in(clinic, condition())
    with clock.at_moment(NOW):
        actions.decide_clearance(by=clinic.by(Role.DOCTOR), patient=person, decision="more", reason="EEG awaited")
    assert len(standing(person, TODAY).open_flags) == 1


@pytest.mark.parametrize(("systolic", "diastolic", "high"), [(160, 80, True), (120, 100, True), (159.99, 99.9, False)])
def test_a_high_pressure_raises_a_flag_from_160_over_100(
    clinic: Clinic, systolic: float, diastolic: float, high: bool
) -> None:
    assert take_in(clinic, pressure(systolic, diastolic)).flags.exists() is high


def test_only_the_latest_pressure_counts(clinic: Clinic) -> None:
    person = take_in(
        clinic, pressure(190, 110, at="2012-01-01T10:00:00Z"), pressure(120, 80, at="2013-01-01T10:00:00Z")
    )
    assert not person.flags.exists()
    take_in(clinic, pressure(170, 90, at="2014-01-01T03:00:00Z"))
    flag = person.flags.get()
    assert (flag.source, flag.dated) == ("reading", date(2013, 12, 31))
    assert "170/90 mmHg on 2013-12-31" in flag.detail


def test_a_quiet_reading_takes_back_what_nobody_has_decided(clinic: Clinic) -> None:
    person = take_in(clinic, pressure(190, 110, at="2012-01-01T10:00:00Z"))
    take_in(clinic, pressure(120, 80, at="2013-01-01T10:00:00Z"))
    assert standing(person, TODAY).open_flags == []


def test_one_high_reading_after_the_decision_does_not_stop_a_series(clinic: Clinic) -> None:
    person = take_in(clinic, pressure(190, 110, at="2012-01-01T10:00:00Z"))
    clear(clinic, person)
    take_in(clinic, pressure(195, 112, at="2013-01-01T10:00:00Z"))
    assert standing(person, TODAY).open_flags == []


def test_a_reading_during_an_infusion_raises_no_flag_and_one_at_rest_does(clinic: Clinic) -> None:
    person = make_patient(clinic.site)

    def measure(source_id: str, resting: bool) -> None:
        for half, value in ((Measure.SYSTOLIC, 171), (Measure.DIASTOLIC, 80)):
            actions.record_observation(
                by=clinic.by(Role.NURSE),
                patient=person,
                measure=half,
                value=value,
                effective_at=NOW,
                source=Observation.Source.STAFF,
                source_id=source_id,
                resting=resting,
            )

    with clock.at_moment(NOW):
        measure("during", resting=False)
        assert not person.flags.exists()
        measure("before", resting=True)
    assert "171/80" in person.flags.get().detail


@pytest.mark.parametrize("answer", ["yes", "unsure"])
def test_an_answer_raises_its_flag(clinic: Clinic, answer: str) -> None:
    person = make_patient(clinic.site)
    screen(clinic, person, seizure=answer)
    flag = person.flags.get()
    assert (flag.kind, flag.source) == ("seizure", "answer")


def test_the_same_answer_again_is_no_new_finding_and_a_no_takes_it_back(clinic: Clinic) -> None:
    person = make_patient(clinic.site)
    screen(clinic, person, thyroid="yes")
    clear(clinic, person)
    screen(clinic, person, thyroid="yes")
    assert standing(person, TODAY).open_flags == []
    screen(clinic, person)
    assert person.flags.get().withdrawn_at is not None


@pytest.mark.parametrize("wrong", [{"seizure": "maybe"}, {"seizure": ""}, {"unknown-question": "yes"}])
def test_a_screening_with_a_hole_is_refused(clinic: Clinic, wrong: dict[str, str]) -> None:
    person = make_patient(clinic.site)
    with pytest.raises(Refused):
        actions.record_screening(by=clinic.by(Role.NURSE), patient=person, answers=answers() | wrong)
    assert not person.screenings.exists()


def test_every_question_comes_in_both_languages_and_flags_a_known_kind() -> None:
    for question in Questionnaire.objects.get(is_current=True).questions:
        assert question["text"]["en"]
        assert question["text"]["es"]
        assert question["flag"] in FlagKind.values


def test_a_code_that_a_doctor_adds_flags_what_was_imported_before(clinic: Clinic) -> None:
    person = take_in(clinic, condition("73211009", "Diabetes mellitus"))
    assert not person.flags.exists()
    doctor = clinic.by(Role.DOCTOR)
    actions.add_flag_code(by=doctor, code="73211009", display="Diabetes", kind="other")
    assert person.flags.get().kind == "other"
    actions.add_flag_code(by=doctor, code="73211009", display="Diabetes", kind="heart")
    assert person.flags.get(withdrawn_at=None).kind == "heart"


def test_only_a_doctor_extends_the_table_of_codes(clinic: Clinic) -> None:
    with pytest.raises(NotAllowed):
        actions.add_flag_code(by=clinic.by(Role.NURSE), code="1", display="x", kind="heart")
    with pytest.raises(Refused):
        actions.add_flag_code(by=clinic.by(Role.DOCTOR), code=" ", display="x", kind="heart")
    assert not FlagCode.objects.filter(code="1").exists()
    assert not Flag.objects.exists()
