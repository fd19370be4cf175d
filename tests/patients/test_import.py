"""What an import keeps, what it leaves alone, and what it changes the second time."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from clinic import clock
from clinic.actor import Actor
from clinic.models import AuditEvent
from clinic.permissions import Role
from patients import actions
from patients.actions.imports import Outcome
from patients.models import Condition, Measure, Observation, Patient
from patients.selectors import standing
from patients.signals import patient_died
from scheduling.models import Message
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.patients.bundles import HERE, bundle, condition, imported, pain, patient, pressure

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    with clock.at_moment(NOW):
        return make_clinic()


def outcomes(clinic: Clinic, *resources: dict[str, object], kind: str = "transaction") -> list[Outcome]:
    result = imported(clinic.site, bundle(*resources, kind=kind))
    assert result.refused == ""
    return [one.outcome for one in result.imported]


def test_a_patient_comes_with_name_numbers_and_address(clinic: Clinic) -> None:
    assert outcomes(clinic, patient()) == [Outcome.NEW]
    person = Patient.objects.get()
    assert person.name == "Alberto José Atencio"
    assert (person.birth_date, person.sex, person.language) == (date(1993, 6, 7), "male", "es")
    assert (person.phone, person.email) == ("+15559619901", "")
    assert (person.address_line, person.city, person.postal_code) == ("849 Koch Crossroad", "Boston", "02108")
    assert list(person.sites.all()) == [clinic.site]


def test_government_numbers_are_not_kept(clinic: Clinic) -> None:
    outcomes(clinic, patient())
    person = Patient.objects.get()
    assert [str(key) for key in person.identifiers.all()] == ["https://records.example/synthetic|p-1"]
    assert not AuditEvent.objects.filter(after__value="999-61-3984").exists()


def test_conditions_pain_and_pressure_come_along_and_the_rest_is_passed_over(clinic: Clinic) -> None:
    other = {"resourceType": "Claim", "id": "x", "patient": 5}
    weight = pain(70, code={"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}, subject=None)
    outcomes(clinic, patient(), condition(), pain(), pressure(), other, weight)
    assert Condition.objects.get().code == "84757009"
    values = dict(Observation.objects.values_list("measure", "value"))
    assert values == {"pain": Decimal("4.08"), "systolic": Decimal("124.13"), "diastolic": Decimal("83.15")}
    assert Observation.objects.get(measure=Measure.PAIN).effective_at == datetime(2012, 2, 27, 5, 28, 45, tzinfo=UTC)


def test_the_same_file_twice_writes_nothing(clinic: Clinic) -> None:
    resources = (patient(), condition(), pain(), pressure(180, 90))
    outcomes(clinic, *resources)
    before = AuditEvent.objects.count()
    assert outcomes(clinic, *resources) == [Outcome.UNCHANGED]
    assert AuditEvent.objects.count() == before


def test_a_newer_file_changes_what_the_desk_left_alone(clinic: Clinic) -> None:
    outcomes(clinic, patient())
    with clock.at_moment(NOW):
        actions.change_patient(by=clinic.by(Role.FRONT_DESK), patient=Patient.objects.get(), phone="518 555 0100")
    newer = patient(
        telecom=[{"system": "phone", "value": "555-000-1111"}, {"system": "email", "value": "alberto@example.org"}],
        name=[{"family": "Atencio Ruiz", "given": ["Alberto"]}],
    )
    assert outcomes(clinic, newer) == [Outcome.UPDATED]
    person = Patient.objects.get()
    assert (person.phone, person.email, person.name) == ("+15185550100", "alberto@example.org", "Alberto Atencio Ruiz")
    assert outcomes(clinic, newer) == [Outcome.UNCHANGED]


def test_a_number_that_the_desk_removed_stays_removed(clinic: Clinic) -> None:
    outcomes(clinic, patient())
    with clock.at_moment(NOW):
        actions.change_patient(by=clinic.by(Role.FRONT_DESK), patient=Patient.objects.get(), phone="")
    assert outcomes(clinic, patient()) == [Outcome.UNCHANGED]
    assert Patient.objects.get().phone == ""


def test_what_a_newer_file_does_not_mention_stays(clinic: Clinic) -> None:
    outcomes(clinic, patient(), condition())
    assert outcomes(clinic, patient(telecom=None, address=None)) == [Outcome.UNCHANGED]
    assert Patient.objects.get().phone == "+15559619901"
    assert Condition.objects.count() == 1


def test_new_ids_for_old_findings_make_no_second_ones(clinic: Clinic) -> None:
    outcomes(clinic, patient(), condition(), pain())
    other = {"reference": "urn:uuid:other-patient"}
    again = outcomes(
        clinic, patient(id="other-patient"), condition(id="other", subject=other), pain(id="another", subject=other)
    )
    assert again == [Outcome.UNCHANGED]
    assert (Condition.objects.count(), Observation.objects.count()) == (1, 1)


def test_a_finding_entered_in_error_goes_again(clinic: Clinic) -> None:
    outcomes(clinic, patient(), condition(), pain())
    wrong = condition(verificationStatus={"coding": [{"code": "entered-in-error"}]})
    assert outcomes(clinic, patient(), wrong, pain(status="entered-in-error")) == [Outcome.UPDATED]
    assert (Condition.objects.count(), Observation.objects.count()) == (0, 0)


def test_two_sites_share_one_patient(clinic: Clinic) -> None:
    with clock.at_moment(NOW):
        other = make_clinic(name="Hill", time_zone="America/Denver")
    outcomes(clinic, patient())
    result = imported(other.site, bundle(patient()))
    assert [one.outcome for one in result.imported] == [Outcome.UPDATED]
    assert set(Patient.objects.get().sites.all()) == {clinic.site, other.site}


def test_a_bundle_may_hold_several_patients_and_mix_up_nobody(clinic: Clinic) -> None:
    second = patient(id="b2", identifier=[{"system": "s", "value": "2"}], name=[{"family": "Berg", "given": ["Ada"]}])
    about_second = condition(subject={"reference": "Patient/b2"})
    assert outcomes(clinic, patient(), second, about_second, kind="collection") == [Outcome.NEW, Outcome.NEW]
    assert Condition.objects.get().patient.family_name == "Berg"


@pytest.mark.parametrize(
    "reference", [HERE, f"Patient/{HERE.removeprefix('urn:uuid:')}", "https://x.example/fhir/Patient/{id}/_history/3"]
)
def test_a_reference_may_be_written_in_three_ways(clinic: Clinic, reference: str) -> None:
    subject = {"reference": reference.replace("{id}", HERE.removeprefix("urn:uuid:"))}
    outcomes(clinic, patient(), condition(subject=subject))
    assert Condition.objects.count() == 1


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([{"family": "Cronin387", "given": ["Adam631"]}], "Adam631 Cronin387"),
        (
            [
                {"use": "maiden", "family": "Old", "given": ["Ann"]},
                {"use": "usual", "family": "Everyday", "given": ["Annie"]},
                {"use": "official", "family": "Official", "given": ["Ann", "Marie"]},
            ],
            "Ann Marie Official",
        ),
        ([{"text": "Mary Ann Evans"}], "Mary Ann Evans"),
        ([{"use": "official"}, {"family": "O'Hara", "given": [None, "Cary"]}], "Cary O'Hara"),
    ],
)
def test_the_name_that_a_patient_goes_by_is_found(
    clinic: Clinic, names: list[dict[str, object]], expected: str
) -> None:
    outcomes(clinic, patient(name=names))
    assert Patient.objects.get().name == expected


def test_a_mobile_number_goes_first_and_the_others_are_noted(clinic: Clinic) -> None:
    points = [
        {"system": "phone", "value": "555-111-2222", "use": "home"},
        {"system": "phone", "value": "+44 20 7946 0018", "use": "work"},
        {"system": "phone", "value": "(555) 333-4444", "use": "mobile"},
        {"system": "phone", "value": "ask at the desk", "use": "home"},
        {"system": "phone", "value": "555-999-9999", "use": "old"},
        {"system": "email", "value": "not an address"},
        {"system": "fax", "value": "555-111-3333"},
    ]
    outcomes(clinic, patient(telecom=points))
    person = Patient.objects.get()
    assert (person.phone, person.email) == ("+15553334444", "")
    assert "ask at the desk" in person.note
    assert "not an address" in person.note
    assert "+15551112222, +442079460018" in person.note
    assert "9999" not in person.note


def test_another_language_asks_for_an_interpreter(clinic: Clinic) -> None:
    outcomes(clinic, patient(communication=[{"language": {"coding": [{"code": "pt-BR", "display": "Portuguese"}]}}]))
    person = Patient.objects.get()
    assert (person.language, person.interpreter) == ("en", "Portuguese")


def test_a_death_is_taken_over_and_announced_once(clinic: Clinic) -> None:
    heard: list[object] = []

    def hear(**kwargs: object) -> None:
        heard.append(kwargs["patient"])

    outcomes(clinic, patient())
    patient_died.connect(hear)
    try:
        dead = patient(deceasedDateTime="2026-12-24T05:00:00-05:00")
        assert outcomes(clinic, dead) == [Outcome.UPDATED]
        assert outcomes(clinic, dead) == [Outcome.UNCHANGED]
    finally:
        patient_died.disconnect(hear)
    assert len(heard) == 1
    assert Patient.objects.get().deceased_at == date(2026, 12, 24)


def test_a_death_without_a_date_makes_none_up(clinic: Clinic) -> None:
    outcomes(clinic, patient(deceasedBoolean=True))
    person = Patient.objects.get()
    assert (person.deceased_at, person.is_active) == (None, False)
    assert "has died, and not when" in person.note


def test_a_minor_is_imported_and_treated_only_with_a_guardian(clinic: Clinic) -> None:
    outcomes(clinic, patient(birthDate="2015-01-01"))
    minor = Patient.objects.get()
    against = "The patient is under 18 and no contact may decide for them."
    assert against in standing(minor, date(2027, 4, 5)).reasons_against
    actions.add_contact(
        by=clinic.by(Role.FRONT_DESK), patient=minor, name="Luz Atencio", is_adult=True, may_decide=True
    )
    assert against not in standing(minor, date(2027, 4, 5)).reasons_against


def test_an_import_sends_nothing(clinic: Clinic) -> None:
    telecom = [{"system": "email", "value": "alberto@example.org"}]
    outcomes(clinic, patient(telecom=telecom), condition(), pain())
    outcomes(clinic, patient(telecom=telecom, deceasedDateTime="2026-12-24"), condition(), pain())
    assert not Message.objects.exists()


def test_a_number_given_to_somebody_else_is_not_overwritten(clinic: Clinic) -> None:
    outcomes(clinic, patient())
    other = patient(name=[{"family": "Berg", "given": ["Ada"]}], birthDate="1950-01-01")
    result = imported(clinic.site, bundle(other))
    assert "belongs to record number" in result.refused
    assert Patient.objects.get().name == "Alberto José Atencio"


def test_identifiers_of_two_patients_are_refused(clinic: Clinic) -> None:
    outcomes(clinic, patient())
    outcomes(clinic, patient(identifier=[{"system": "s", "value": "2"}]))
    both = patient(identifier=[{"system": "https://records.example/synthetic", "value": "p-1"}])
    both["identifier"].append({"system": "s", "value": "2"})
    assert "belong to two patients" in imported(clinic.site, bundle(both)).refused


def test_a_namesake_is_imported_and_pointed_out(clinic: Clinic) -> None:
    with clock.at_moment(NOW):
        make_patient(clinic.site, given_name="alberto jose", family_name="ATENCIO", birth_date=date(1993, 6, 7))
    result = imported(clinic.site, bundle(patient()))
    assert Patient.objects.count() == 2
    assert "may be the same person" in result.notes[0]


def test_a_record_without_identifiers_is_known_by_its_id(clinic: Clinic) -> None:
    assert outcomes(clinic, patient(identifier=None)) == [Outcome.NEW]
    assert outcomes(clinic, patient(identifier=None)) == [Outcome.UNCHANGED]


def test_the_trail_says_that_an_import_wrote_it(clinic: Clinic) -> None:
    outcomes(clinic, patient())
    event = AuditEvent.objects.get(table="patients_patient", operation="insert")
    assert (event.actor_kind, event.action) == (Actor.system("x").kind, "import_people")
