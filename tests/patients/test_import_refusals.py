"""Files that are refused: whole, with a reason, and never with a traceback."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic import clock
from patients.fhir.bundle import read_bundle
from patients.fhir.json_tree import BadFile
from patients.fhir.records import PersonRecord, Surroundings
from patients.models import Patient
from tests.factories import NOW, Clinic, make_clinic
from tests.patients.bundles import Json, bundle, condition, imported, pain, patient, pressure, with_member
from tests.searching import search

WHOLE = bundle(patient(), condition(), pain(), pressure())
AS_TEXT = json.dumps(WHOLE).encode()


@pytest.fixture
def clinic() -> Clinic:
    with clock.at_moment(NOW):
        return make_clinic()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "The file is empty."),
        (b"  \n ", "The file is empty."),
        (b"given,family\nAda,Berg\n", "The file is not JSON."),
        (b"%PDF-1.7", "The file is not JSON."),
        (b"\xff\xfe{\x00}\x00", "not text in UTF-8"),
        (AS_TEXT[:-40], "cut off"),
        (AS_TEXT[: len(AS_TEXT) // 2], "cut off"),
        (AS_TEXT.replace(b'"Bundle",', b'"Bundle" ', 1), "not valid JSON from line 1"),
        (b"[]", "no FHIR resource"),
        (b"{}", "no resourceType"),
        (b'{"name": "Ada"}', "no resourceType"),
        (json.dumps(patient()).encode(), "single 'Patient', not a Bundle"),
        (b'{"resourceType": "Bundle", "type": "collection"}', "no Patient in the bundle"),
        (
            b'{"resourceType": "Bundle", "entry": [{"resource": {"resource": 1}}]}',
            "has no resourceType",
        ),
        (b"[" * 100_000, "nested too deeply"),
        (AS_TEXT.replace(b"4.0751", b"NaN", 1), "a number that cannot be read"),
        (AS_TEXT.replace(b"4.0751", b"9" * 5000, 1), "a number that cannot be read"),
        (AS_TEXT.replace(b"4.0751", b"1e99999999999999999999", 1), "a number that cannot be read"),
        (AS_TEXT.replace(b"4.0751", b"1e400", 1), "out of range"),
    ],
)
@pytest.mark.django_db
def test_a_file_that_is_no_bundle_is_refused_with_the_reason(clinic: Clinic, data: bytes, reason: str) -> None:
    result = imported(clinic.site, data)
    assert reason in result.refused
    assert not Patient.objects.exists()


NUL = "A\x00B"
ENTRY = ("entry", 0, "resource")


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ((*ENTRY, "name"), None, "no name with both"),
        ((*ENTRY, "name"), "Atencio", "Patient.name should be a list, but is text"),
        ((*ENTRY, "name", 0, "family"), ["Atencio"], "family should be text, but is a list"),
        ((*ENTRY, "name", 0, "given"), "Alberto", "given should be a list, but is text"),
        ((*ENTRY, "name", 0, "given"), [{"a": 1}], "should be text, but is an object"),
        ((*ENTRY, "name", 0, "family"), NUL, "cannot be stored"),
        ((*ENTRY, "name", 0, "family"), "\ud800", "cannot be stored"),
        ((*ENTRY, "name", 0, "family"), "x" * 121, "longer than 120"),
        ((*ENTRY, "birthDate"), None, "no birth date"),
        ((*ENTRY, "birthDate"), "1993", "only a part of a date"),
        ((*ENTRY, "birthDate"), "1993-02-30", "no calendar has"),
        ((*ENTRY, "birthDate"), "yesterday", "not a FHIR date"),
        ((*ENTRY, "birthDate"), "0001-01-01", "lies before 1850"),
        ((*ENTRY, "birthDate"), "2093-06-07", "lies in the future"),
        ((*ENTRY, "birthDate"), 19930607, "should be text, but is a number"),
        ((*ENTRY, "gender"), "M", "none of female, male"),
        ((*ENTRY, "deceasedDateTime"), "1990-01-01", "died before being born"),
        ((*ENTRY, "deceasedBoolean"), "true", "should be true or false, but is text"),
        ((*ENTRY, "telecom", 0), "555", "should be an object, but is text"),
        ((*ENTRY, "address", 0, "line"), ["x" * 201], "longer than 200"),
        ((*ENTRY, "identifier", 0, "value"), 5, "should be text, but is a number"),
        (("entry", 1, "resource", "clinicalStatus"), "active", "should be an object, but is text"),
        (("entry", 1, "resource", "clinicalStatus", "coding", 0, "code"), "perhaps", "condition-clinical"),
        (("entry", 1, "resource", "onsetDateTime"), "9999-12-31T23:59:59-14:00", "in the future"),
        (("entry", 1, "resource", "onsetDateTime"), "2007-06-04 05:28", "not a FHIR date"),
        (("entry", 1, "resource", "subject"), None, "does not say whom it is about"),
        (("entry", 1, "resource", "subject", "reference"), "Patient/other", "not in the file"),
        (("entry", 1, "resource", "code", "coding", 0, "display"), "x" * 301, "longer than 300"),
        (("entry", 2, "resource", "effectiveDateTime"), None, "no time at which"),
        (("entry", 2, "resource", "effectiveDateTime"), "2012-02-27T25:00:00Z", "no clock has"),
        (("entry", 2, "resource", "effectiveDateTime"), "1980-02-27", "before the patient's birth"),
        (("entry", 2, "resource", "valueQuantity", "value"), 11, "out of range"),
        (("entry", 2, "resource", "valueQuantity", "value"), True, "should be a number, but is true or false"),
        (("entry", 2, "resource", "valueQuantity", "value"), "4", "should be a number, but is text"),
        (("entry", 2, "resource", "valueQuantity", "comparator"), "<", "no exact value"),
        (("entry", 3, "resource", "component", 0, "valueQuantity", "code"), "kPa", "not in mm[Hg]"),
        (("entry", 3, "resource", "component", 0, "valueQuantity", "value"), 10**30, "out of range"),
        (("entry", 3, "resource", "id"), "c-84757009", ""),
        (("entry", 0), "Patient", "should be an object, but is text"),
        (("entry", 0, "resource"), [], "should be an object, but is a list"),
        (("entry",), {"0": {}}, "should be a list, but is an object"),
        (("type",), 3, "should be text, but is a number"),
    ],
)
@pytest.mark.django_db
def test_one_wrong_value_refuses_the_whole_file_and_says_where(
    clinic: Clinic, path: tuple[str | int, ...], value: Any, reason: str
) -> None:
    result = imported(clinic.site, with_member(WHOLE, path, value))
    assert reason in result.refused
    assert Patient.objects.exists() is (not reason)


@pytest.mark.django_db
def test_the_reason_never_repeats_what_it_says_about_the_patient(clinic: Clinic) -> None:
    result = imported(clinic.site, with_member(WHOLE, (*ENTRY, "name", 0, "family"), "Secretname" * 20))
    assert result.refused
    assert "Secretname" not in result.refused


@pytest.mark.django_db
def test_the_same_id_twice_is_refused(clinic: Clinic) -> None:
    assert "same id" in imported(clinic.site, bundle(patient(), condition(), condition())).refused
    assert "same id" in imported(clinic.site, bundle(patient(), pain(), pain())).refused


@pytest.mark.django_db
def test_a_directory_of_hospitals_is_passed_over(clinic: Clinic) -> None:
    result = imported(clinic.site, bundle({"resourceType": "Organization", "id": "o"}))
    assert (result.refused, result.imported) == ("", [])
    assert "no patient in it" in result.notes[0]


def _places(value: Any, way: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [way] if way else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += _places(inner, (*way, key))
    return found


PLACES = _places(WHOLE)
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.just("\x00"),
    st.just("9999-99-99"),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@search(200)
@given(path=st.sampled_from(PLACES), junk=JUNK)
def test_any_damage_anywhere_is_read_or_refused_and_nothing_else(path: tuple[str | int, ...], junk: Any) -> None:
    damaged: Json = with_member(WHOLE, path, junk)
    _read_or_refuse(json.dumps(damaged).encode())


@search(200)
@given(start=st.integers(0, len(AS_TEXT)), noise=st.binary(max_size=8), cut=st.booleans())
def test_any_bytes_anywhere_are_read_or_refused_and_nothing_else(start: int, noise: bytes, cut: bool) -> None:
    _read_or_refuse(AS_TEXT[:start] + noise + (b"" if cut else AS_TEXT[start + len(noise) :]))


def _read_or_refuse(data: bytes) -> None:
    """Nothing but BadFile may come out, and what is read has what the database wants."""
    people: list[PersonRecord] = []
    reason = ""
    try:
        people = read_bundle(data, Surroundings(country="US", zone=ZoneInfo("America/New_York"), now=NOW))
    except BadFile as error:
        reason = str(error)
    assert reason.endswith(".") if reason else people
    for person in people:
        assert person.keys
        assert person.fields["given_name"]
        assert person.fields["family_name"]
        assert person.fields["birth_date"]


@pytest.mark.django_db
@settings(search(30), suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_read_can_also_be_written(clinic: Clinic, data: st.DataObject) -> None:
    texts = [path for path in PLACES if path[-1] in {"family", "city", "value", "display", "id", "code", "text"}]
    path = data.draw(st.sampled_from(texts))
    result = imported(clinic.site, with_member(WHOLE, path, data.draw(st.text(min_size=1, max_size=130))))
    assert result.refused.endswith(".") or result.imported
    assert "cannot be kept" not in result.refused
