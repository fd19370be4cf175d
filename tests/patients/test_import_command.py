"""`manage.py import_fhir`: what it prints, and how it ends."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from clinic import clock
from patients.models import Patient
from tests.factories import NOW, Clinic, make_clinic
from tests.patients.bundles import bundle, condition, patient

pytestmark = pytest.mark.django_db

#: Seventeen synthetic people, where a checkout of the project has them beside it.
SYNTHEA = Path(__file__).resolve().parents[3] / "shared" / "data" / "synthea"


@pytest.fixture
def clinic() -> Clinic:
    with clock.at_moment(NOW):
        return make_clinic()


def run(*arguments: object) -> tuple[list[str], int]:
    """The lines printed and the exit status."""
    out = StringIO()
    status = 0
    try:
        with clock.at_moment(NOW):
            call_command("import_fhir", *map(str, arguments), stdout=out)
    except SystemExit as error:
        status = int(error.code or 0)
    return out.getvalue().splitlines(), status


def write(path: Path, number: int) -> Path:
    one = patient(identifier=[{"system": "s", "value": str(number)}], name=[{"family": f"N{number}", "given": ["A"]}])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(bundle(one, condition())))
    return path


def test_a_folder_is_searched_to_the_bottom_and_the_last_line_has_the_sums(clinic: Clinic, tmp_path: Path) -> None:
    write(tmp_path / "one.json", 1)
    write(tmp_path / "deep" / "er" / "two.JSON", 2)
    (tmp_path / "readme.txt").write_text("not looked at")
    lines, status = run(tmp_path)
    assert lines[-1] == "imported 2 patients: 2 new, 0 updated, 0 unchanged; 0 files refused"
    assert status == 0
    lines, status = run(tmp_path)
    assert lines[-1] == "imported 2 patients: 0 new, 0 updated, 2 unchanged; 0 files refused"


def test_a_damaged_file_is_named_and_the_rest_goes_on(clinic: Clinic, tmp_path: Path) -> None:
    good = write(tmp_path / "b.json", 1)
    (tmp_path / "a.json").write_bytes(good.read_bytes()[:200])
    (tmp_path / "c.json").write_text("{}")
    lines, status = run(tmp_path)
    assert any(line.startswith(f"refused {tmp_path / 'a.json'}: ") and "cut off" in line for line in lines)
    assert lines[-1] == "imported 1 patients: 1 new, 0 updated, 0 unchanged; 2 files refused"
    assert status == 1


def test_a_file_given_by_name_is_read_whatever_it_is_called(clinic: Clinic, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Dear colleague")
    lines, status = run(write(tmp_path / "export.fhir", 1), tmp_path / "notes.txt", tmp_path / "absent.json")
    assert any("notes.txt: The file is not JSON." in line for line in lines)
    assert any("absent.json: The file cannot be read" in line for line in lines)
    assert lines[-1] == "imported 1 patients: 1 new, 0 updated, 0 unchanged; 2 files refused"
    assert status == 1


def test_an_empty_folder_is_said_to_be_empty(clinic: Clinic, tmp_path: Path) -> None:
    lines, status = run(tmp_path)
    assert "no .json file in the folder" in lines[-2]
    assert status == 1


def test_a_file_named_twice_is_read_once(clinic: Clinic, tmp_path: Path) -> None:
    one = write(tmp_path / "one.json", 1)
    lines, _status = run(one, tmp_path, one)
    assert lines[-1] == "imported 1 patients: 1 new, 0 updated, 0 unchanged; 0 files refused"


def test_one_bad_patient_of_a_file_keeps_out_the_others(clinic: Clinic, tmp_path: Path) -> None:
    second = patient(id="b2", identifier=[{"system": "s", "value": "2"}], birthDate="1993")
    (tmp_path / "two.json").write_text(json.dumps(bundle(patient(), second)))
    _lines, status = run(tmp_path)
    assert status == 1
    assert not Patient.objects.exists()


def test_the_site_is_the_first_by_name_unless_one_is_named(clinic: Clinic, tmp_path: Path) -> None:
    with clock.at_moment(NOW):
        other = make_clinic(name="Albany")
    write(tmp_path / "one.json", 1)
    lines, _status = run(tmp_path)
    assert lines[0] == "importing into Albany"
    run(tmp_path, "--site", "harbor")
    assert set(Patient.objects.get().sites.all()) == {clinic.site, other.site}
    with pytest.raises(CommandError, match="no site called 'Moon'"):
        run(tmp_path, "--site", "Moon")


@pytest.mark.skipif(not SYNTHEA.is_dir(), reason="the Synthea sample data is not beside this checkout")
def test_all_sample_patients_are_imported_once_and_flagged(clinic: Clinic) -> None:
    lines, status = run(SYNTHEA)
    assert (lines[-1], status) == ("imported 17 patients: 17 new, 0 updated, 0 unchanged; 0 files refused", 0)
    lines, status = run(SYNTHEA)
    assert (lines[-1], status) == ("imported 17 patients: 0 new, 0 updated, 17 unchanged; 0 files refused", 0)
    atencio = Patient.objects.get(family_name="Atencio")
    assert set(atencio.flags.values_list("kind", flat=True)) == {"seizure"}
    berge = Patient.objects.get(family_name="Berge")
    assert {"thyroid", "heart", "stroke", "blood_pressure"} <= set(berge.flags.values_list("kind", flat=True))
    assert atencio.observations.filter(measure="pain").exists()
