"""Importing files one by one: each is a transaction of its own, and one that is refused does not stop the rest."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.db import DataError, IntegrityError
from django.db.models import F

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site
from patients.actions.imports import Imported, Outcome, import_people
from patients.fhir.bundle import read_bundle
from patients.fhir.json_tree import BadFile
from patients.fhir.records import Surroundings
from patients.models import Patient
from patients.search import PlainName

#: Bytes. Far above a whole life's record (Synthea's longest are near 30 MB), far below what fills the memory of a
#: small server.
BIGGEST = 64 * 2**20


@dataclass(slots=True)
class FileResult:
    """What importing one file came to: people imported, or the reason why it was refused whole; `notes` for the desk
    to look at."""

    name: str
    imported: list[Imported] = field(default_factory=list)
    refused: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Totals:
    """The sums over all files."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0

    def add(self, result: FileResult) -> None:
        """Count one file in."""
        self.refused += bool(result.refused)
        for one in result.imported:
            setattr(self, one.outcome.value, getattr(self, one.outcome.value) + 1)

    def __str__(self) -> str:
        everybody = self.new + self.updated + self.unchanged
        return (
            f"imported {everybody} patients: {self.new} new, {self.updated} updated, {self.unchanged} unchanged; "
            f"{self.refused} files refused"
        )


def import_bytes(data: bytes, name: str, *, by: Actor, site: Site) -> FileResult:
    """Import one file that was read already: whole or not at all."""
    around = Surroundings(country=site.country, zone=site.zone, now=clock.now())
    try:
        people = read_bundle(data, around)
        imported = import_people(by=by, site=site, people=people)
    except BadFile as error:
        return FileResult(name, refused=str(error))
    except Refused as error:
        return FileResult(name, refused=error.message)
    except (IntegrityError, DataError) as error:
        # The rules above should have said it in better words; the database has the last one all the same.
        constraint = (
            getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) or "a rule of the database"
        )
        return FileResult(name, refused=f"What the file says cannot be kept ({constraint}).")
    result = FileResult(name, imported)
    if not people:
        result.notes.append("no patient in it, only organizations and the like; nothing was kept")
    result.notes += [note for one in imported if (note := _namesake(one))]
    return result


def _namesake(one: Imported) -> str:
    """A word of warning when a new patient may be known already under another identifier."""
    if one.outcome is not Outcome.NEW:
        return ""
    patient = one.patient
    plain = PlainName(F("given_name"), F("family_name"))
    same = (
        Patient.objects.filter(birth_date=patient.birth_date, sites__in=patient.sites.all())
        .exclude(pk=patient.pk)
        .alias(plain=plain)
        .filter(plain=Patient.objects.filter(pk=patient.pk).values(own=plain)[:1])
        .order_by("record_number")
        .first()
    )
    if same is None:
        return ""
    return f"record number {patient.record_number} may be the same person as record number {same.record_number}"


def import_path(path: Path, *, by: Actor, site: Site) -> FileResult:
    """Import one file from disk; one that cannot be read is refused."""
    try:
        if path.stat().st_size > BIGGEST:
            return FileResult(str(path), refused=f"The file is larger than {BIGGEST // 2**20} MB.")
        data = path.read_bytes()
    except OSError as error:
        return FileResult(str(path), refused=f"The file cannot be read ({error.strerror or error}).")
    return import_bytes(data, str(path), by=by, site=site)


def find_files(paths: Iterable[Path]) -> Iterator[Path | FileResult]:
    """The files that `paths` mean, each once: a file itself, of a folder every *.json below it, in order.

    What is not there, and a folder without such a file, comes as a refusal.
    """
    seen: set[Path] = set()
    for path in paths:
        if not path.is_dir():
            files = [path]
        else:
            files = sorted(file for file in path.rglob("*") if file.suffix.lower() == ".json" and file.is_file())
            if not files:
                yield FileResult(str(path), refused="There is no .json file in the folder.")
        for file in files:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield file
