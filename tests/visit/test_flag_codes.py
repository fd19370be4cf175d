"""The table of codes that raise flags, as a doctor works with it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse_lazy

from clinic.errors import NotAllowed
from clinic.permissions import Role
from patients.actions import add_flag_code, remove_flag_code
from patients.models import Condition, Flag, FlagCode, FlagKind
from tests.factories import Clinic, make_patient
from tests.visit.doctors import answer_screening, count_queries, sign_in, text_of

CODES = reverse_lazy("doctor:flag_codes")


@pytest.fixture
def doctor(clinic: Clinic) -> Client:
    """The doctor at her desk."""
    return sign_in(clinic, Role.DOCTOR)


def test_a_new_code_flags_conditions_that_were_imported_before(clinic: Clinic, doctor: Client) -> None:
    patient = make_patient(clinic.site)
    Condition.objects.create(
        patient=patient,
        source_id="one",
        system="http://snomed.info/sct",
        code="999000001",
        display="A rare disease of the heart",
        clinical_status="active",
    )
    data = {"system": "http://snomed.info/sct", "code": "999000001", "display": "Rare heart disease", "kind": "heart"}
    response = doctor.post(CODES, data, follow=True)
    assert "Rare heart disease" in text_of(response)
    assert Flag.objects.get(patient=patient).kind == FlagKind.HEART


def test_a_code_that_is_there_already_is_changed_and_not_doubled(clinic: Clinic, doctor: Client) -> None:
    code = FlagCode.objects.create(code="999000001", display="Rare heart disease", kind="heart")
    data = {"system": code.system, "code": code.code, "display": "Rare liver disease", "kind": "liver"}
    doctor.post(CODES, data)
    code.refresh_from_db()
    assert (code.display, code.kind) == ("Rare liver disease", "liver")


def test_a_code_without_a_meaning_is_refused(clinic: Clinic, doctor: Client) -> None:
    response = doctor.post(CODES, {"code": "999000001", "kind": "heart", "system": "x"})
    assert response.status_code == 422
    assert not FlagCode.objects.filter(code="999000001").exists()


@pytest.mark.parametrize(
    ("looked_for", "found"),
    [
        ({"q": "fibril atrial"}, {"Atrial fibrillation"}),
        ({"q": "49436004"}, {"Atrial fibrillation"}),
        ({"q": "tramadol"}, {"an opioid; deep sedation, and breathing"}),
        ({"q": "fibril", "kind": "liver"}, set()),
    ],
)
def test_a_code_is_found_by_any_words_of_its_meaning_by_its_number_and_by_its_flag(
    doctor: Client, looked_for: dict[str, str], found: set[str]
) -> None:
    page = doctor.get(CODES, looked_for)
    shown = {code.display for code in page.context["codes"]}
    assert found <= shown if found else shown == set()
    assert len(shown) < 5
    assert len(doctor.get(CODES).context["codes"]) > 200, "the control: all of them without a search"


def test_a_kind_that_does_not_exist_shows_the_whole_table(doctor: Client) -> None:
    assert len(doctor.get(CODES, {"kind": "nothing"}).context["codes"]) == FlagCode.objects.count()


def test_a_code_is_chosen_from_the_table_changed_and_taken_out_with_its_flags(clinic: Clinic, doctor: Client) -> None:
    patient, code = make_patient(clinic.site), FlagCode.objects.get(code="49436004")
    Condition.objects.create(
        patient=patient,
        source_id="one",
        system=code.system,
        code=code.code,
        display=code.display,
        clinical_status="active",
    )
    url = f"{CODES}?change={code.pk}"
    form = doctor.get(url).context["form"]
    assert (form["code"].value(), form["kind"].value()) == (code.code, "heart")
    data = {"system": code.system, "code": code.code, "display": code.display, "kind": "other"}
    doctor.post(url, data)
    assert Flag.objects.get(patient=patient, withdrawn_at=None).kind == "other"
    assert "raises no flag any more" in text_of(doctor.post(url, {"remove": "1"}, follow=True))
    assert not FlagCode.objects.filter(pk=code.pk).exists()
    assert not Flag.objects.filter(patient=patient, withdrawn_at=None).exists()
    assert doctor.get(url).status_code == 404


def test_a_medicine_added_to_the_table_flags_whoever_wrote_it_down_before_and_taken_out_does_not(
    clinic: Clinic,
) -> None:
    patient, by = make_patient(clinic.site), clinic.by(Role.DOCTOR)
    screening = answer_screening(patient)
    screening.medicines = "Kratom tea; aspirin"
    screening.save()
    values: dict[str, Any] = {"by": by, "code": "Kratom", "display": "acts like an opioid", "system": "medicine"}
    row = add_flag_code(kind="interaction", **values)
    assert row.code == "kratom"
    assert patient.flags.get().detail == "Takes kratom: acts like an opioid"
    add_flag_code(kind="substance", **values)
    assert patient.flags.get(withdrawn_at=None).kind == FlagKind.SUBSTANCE
    remove_flag_code(by=by, row=row)
    assert not patient.flags.filter(withdrawn_at=None).exists()


def test_a_medicine_of_two_words_would_never_be_found_and_is_refused(doctor: Client) -> None:
    data = {"system": "medicine", "code": "St John", "display": "lowers other drugs", "kind": "interaction"}
    response = doctor.post(CODES, data)
    assert response.status_code == 422
    assert "known by one word" in text_of(response)
    assert response.context["form"]["code"].value() == "St John"


def test_only_a_doctor_takes_a_code_out(clinic: Clinic) -> None:
    row = FlagCode.objects.get(code="49436004")
    with pytest.raises(NotAllowed):
        remove_flag_code(by=clinic.by(Role.MANAGER), row=row)
    assert FlagCode.objects.filter(pk=row.pk).exists()


def test_the_table_asks_as_many_queries_for_three_hundred_codes_more(
    doctor: Client, django_assert_max_num_queries: Any
) -> None:
    few = count_queries(doctor, str(CODES), django_assert_max_num_queries)
    FlagCode.objects.bulk_create(FlagCode(code=str(n), display=f"Code {n}", kind="other") for n in range(300))
    assert count_queries(doctor, str(CODES), django_assert_max_num_queries) == few
