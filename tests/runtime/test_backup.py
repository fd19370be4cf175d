"""The rehearsal: a backup is restored into a fresh database and agrees; one that was tampered with does not."""

import os
import stat
from io import StringIO
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections

from clinic import backup, seals
from clinic.models import AuditEvent
from clinic.runtime.cluster import OWNER_ROLE
from patients.models import Patient
from tests.database import cluster
from tests.factories import make_clinic, make_patient

#: The command makes it known as it begins; a test may use only what is known before.
connections.databases.setdefault("restored", dict(connections.databases["default"]))
pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner", "restored"])


@pytest.fixture
def keys(tmp_path: Path) -> tuple[str, Path]:
    """A public key, and the file with its secret half."""
    identity = pyrage.x25519.Identity.generate()
    file = tmp_path / "identity.txt"
    file.write_text(f"# kept somewhere else\n{identity}\n")
    return str(identity.to_public()), file


@pytest.fixture
def clinic_with_upload(tmp_path: Path, settings: Any) -> None:
    """Patients, a sealed trail, and one upload."""
    clinic = make_clinic()
    for _ in range(3):
        make_patient(clinic.site, given_name="Zelda")
    seals.seal()
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    (settings.MEDIA_ROOT / "scan.pdf").write_bytes(b"%PDF-1.7 a scan")


def fresh(name: str) -> str:
    """The owner's address of a new, empty database."""
    server = cluster()
    server.create_database(name, template="template0")
    return server.url(OWNER_ROLE, name)


@pytest.mark.usefixtures("clinic_with_upload")
def test_the_rehearsal_from_backup_to_a_verified_restore(tmp_path: Path, keys: tuple[str, Path]) -> None:
    public, identity = keys
    file, out = tmp_path / "clinic.age", StringIO()

    call_command("backup", file, recipient=public, stdout=out)

    assert f"Head {seals.head()}" in out.getvalue()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"Zelda" not in file.read_bytes()
    assert not list(Path(settings.CLINIC_DATA).glob("backup-*")), "nothing unencrypted stays behind"
    url = fresh(f"restored_{os.getpid()}")
    call_command("restore", file, identity=identity, into=url, files=tmp_path / "again", stdout=out)
    assert "the audit trail is whole" in out.getvalue()
    assert (tmp_path / "again" / "scan.pdf").read_bytes() == b"%PDF-1.7 a scan"

    owner = connections["restored"]
    with owner.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM patients_patient WHERE given_name = 'Zelda'")
        assert cursor.fetchone() == (3,)
        cursor.execute("SELECT has_table_privilege('clinic_app', 'clinic_auditevent', 'UPDATE')")
        assert cursor.fetchone() == (False,), "the application's rights are restored, and no more"
        cursor.execute("SELECT has_table_privilege('clinic_app', 'patients_patient', 'UPDATE')")
        assert cursor.fetchone() == (True,)
        cursor.execute("UPDATE patients_patient SET note = 'x'")
        cursor.execute("SELECT count(*) FROM clinic_auditevent WHERE after ->> 'note' = 'x'")
        assert cursor.fetchone() == (3,), "the triggers came along"
        cursor.execute("DELETE FROM clinic_auditevent WHERE id = (SELECT min(id) FROM clinic_auditevent)")
    manifest = {"counts": backup.counts("default"), "head": str(seals.head())}
    assert any("is missing" in sentence for sentence in backup.compare(manifest, "restored"))
    assert any("clinic_auditevent has" in sentence for sentence in backup.compare(manifest, "restored"))
    with pytest.raises(CommandError, match="has tables already"):
        call_command("restore", file, identity=identity, into=url)
    owner.close()


@pytest.mark.usefixtures("clinic_with_upload")
def test_the_program_restores_into_its_own_database_when_that_is_empty(
    tmp_path: Path, keys: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way to another major version of the embedded PostgreSQL."""
    public, identity = keys
    file, out = tmp_path / "clinic.age", StringIO()
    call_command("backup", file, recipient=public, stdout=StringIO())
    with pytest.raises(CommandError, match="has tables already"):
        call_command("restore", file, identity=identity)

    name = fresh(f"moved_{os.getpid()}").rpartition("/")[2]
    monkeypatch.setitem(connections.databases["owner"], "NAME", name)
    call_command("restore", file, identity=identity, stdout=out)
    assert "the audit trail is whole" in out.getvalue()
    assert connections["restored"].settings_dict["NAME"] == name
    connections["restored"].close()

    monkeypatch.delitem(connections.databases, "owner")
    with pytest.raises(CommandError, match="--into"):
        call_command("restore", file, identity=identity)


def test_a_wrong_key_or_a_broken_file_restores_nothing(tmp_path: Path, keys: tuple[str, Path]) -> None:
    public, identity = keys
    file = tmp_path / "clinic.age"
    call_command("backup", file, recipient=public, stdout=StringIO())
    url = fresh(f"untouched_{os.getpid()}")
    other = tmp_path / "other.txt"
    other.write_text(str(pyrage.x25519.Identity.generate()))
    with pytest.raises(CommandError, match="cannot be read with this key"):
        call_command("restore", file, identity=other, into=url)
    whole = bytearray(file.read_bytes())
    whole[-100] ^= 1
    file.write_bytes(whole)
    with pytest.raises(CommandError, match="cannot be read with this key"):
        call_command("restore", file, identity=identity, into=url)
    assert backup.counts("restored") == {}
    connections["restored"].close()


def test_a_backup_needs_a_key_and_overwrites_nothing(tmp_path: Path, keys: tuple[str, Path]) -> None:
    with pytest.raises(CommandError, match="must be an age public key"):
        call_command("backup", tmp_path / "a.age", recipient="")
    (tmp_path / "b.age").write_text("yesterday's")
    with pytest.raises(CommandError, match="overwrites nothing"):
        call_command("backup", tmp_path / "b.age", recipient=keys[0])
    assert (tmp_path / "b.age").read_text() == "yesterday's"


def test_without_a_fitting_pg_dump_it_says_what_is_needed(
    tmp_path: Path, keys: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(CommandError, match=r"pg_dump of PostgreSQL 18 is needed.*postgresql-client-18"):
        call_command("backup", tmp_path / "a.age", recipient=keys[0])
    assert not (tmp_path / "a.age").exists()


def test_a_key_or_an_address_that_is_none_is_said_in_a_sentence(tmp_path: Path, keys: tuple[str, Path]) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("restore", tmp_path / "a.age", identity=tmp_path / "none", into="postgres://nobody@127.0.0.1/x")
    with pytest.raises(CommandError, match="nowhere"):
        call_command("restore", tmp_path / "a.age", identity=keys[1], into="nowhere://x")


def test_the_counts_see_a_row() -> None:
    before = backup.counts("default")
    Patient.objects.all().delete()
    make_clinic()

    assert backup.counts("default")["clinic_site"] == before["clinic_site"] + 1
    assert backup.counts("default")["clinic_auditevent"] == AuditEvent.objects.count()
