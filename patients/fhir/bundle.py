"""A FHIR R4 bundle: whose resources it holds, and which of them count."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from patients.fhir.clinical import is_wanted, read_condition, read_readings
from patients.fhir.json_tree import BadFile, Node, load
from patients.fhir.people import read_person
from patients.fhir.records import PersonRecord, Surroundings

#: A bundle of nothing but these describes no patient and is passed over whole (Synthea writes such files beside its
#: patients).
DIRECTORY = frozenset({"Organization", "Practitioner", "PractitionerRole", "Location", "HealthcareService", "Endpoint"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource of a bundle, with the address that others refer to it by."""

    full_url: str
    kind: str
    resource: Node


def read_bundle(data: bytes, around: Surroundings) -> list[PersonRecord]:
    """The people in a file; empty for a bundle of organisations and the like. Raises BadFile when the file is to be
    refused."""
    bundle = _bundle(load(data))
    entries = _entries(bundle)
    people: dict[str, PersonRecord] = {}
    records: list[PersonRecord] = []
    for entry in entries:
        if entry.kind == "Patient":
            record = read_person(entry.resource, entry.full_url, around)
            records.append(record)
            for address in _addresses(entry):
                if address in people:
                    raise BadFile(f"Two Patients of the file have the same address ({entry.resource.path}).")
                people[address] = record
    if not records:
        if entries and {entry.kind for entry in entries} <= DIRECTORY:
            return []
        raise BadFile("There is no Patient in the bundle.")
    for entry in entries:
        _add(entry, people, around)
    for record in records:
        _check(record)
    return records


def _bundle(root: Any) -> Node:
    if not isinstance(root, dict):
        raise BadFile("The file is JSON, but no FHIR resource.")
    kind = root.get("resourceType")
    if not isinstance(kind, str) or not kind:
        raise BadFile("The file is JSON, but no FHIR resource: it has no resourceType.")
    if kind != "Bundle":
        raise BadFile(f"The file holds a single {kind[:40]!r}, not a Bundle; export the patient as a bundle.")
    return Node(root, "Bundle")


def _entries(bundle: Node) -> list[Entry]:
    entries = []
    bundle.text("type")
    for node in bundle.nodes("entry"):
        resource = node.node("resource")
        if resource is None:
            continue
        kind = resource.text("resourceType")
        if not kind:
            raise BadFile(f"{resource.path} has no resourceType.")
        entries.append(Entry(node.text("fullUrl"), kind, Node(resource.value, f"{node.path}.{kind}")))
    return entries


def _addresses(entry: Entry) -> set[str]:
    """What a reference to the patient may read."""
    own = entry.resource.text("id")
    return {address for address in (entry.full_url, f"Patient/{own}" if own else "") if address}


def _add(entry: Entry, people: dict[str, PersonRecord], around: Surroundings) -> None:
    if entry.kind == "Condition":
        record = _subject(entry, people)
        condition = read_condition(entry.resource, entry.full_url, around)
        if record is not None and condition is not None:
            record.conditions.append(condition)
    elif entry.kind == "Observation" and is_wanted(entry.resource):
        record = _subject(entry, people)
        readings = read_readings(entry.resource, entry.full_url, around)
        if record is not None:
            record.readings.extend(readings)


def _subject(entry: Entry, people: dict[str, PersonRecord]) -> PersonRecord | None:
    """Whom a resource speaks of; None for a Group or a thing.

    Raises BadFile when it speaks of nobody, or of a patient who is not in the file: a finding must not be lost in
    silence."""
    subject = entry.resource.node("subject")
    reference = subject.text("reference").split("/_history/")[0] if subject is not None else ""
    found = people.get(reference)
    if found is None and "/Patient/" in reference:
        found = people.get("Patient/" + reference.rsplit("/Patient/", 1)[1])
    if found is not None:
        return found
    if reference.startswith(("Group/", "Device/", "Location/")):
        return None
    if not reference:
        raise BadFile(f"{entry.resource.path} does not say whom it is about.")
    raise BadFile(f"{entry.resource.path} is about a patient who is not in the file.")


def _check(record: PersonRecord) -> None:
    """Raise BadFile for what no single resource shows: the same id twice, or a reading from before the birth."""
    ids = [condition.source_id for condition in record.conditions]
    if len(set(ids)) < len(ids):
        raise BadFile("Two Conditions of one patient have the same id.")
    places = [(reading.source_id, reading.measure) for reading in record.readings]
    if len(set(places)) < len(places):
        raise BadFile("Two Observations of one patient have the same id.")
    # In UTC the day of birth may still be the day before.
    first = date.fromisoformat(str(record.fields["birth_date"])) - timedelta(days=1)
    if any(reading.effective_at.date() < first for reading in record.readings):
        raise BadFile("An Observation was made before the patient's birth, by the dates in the file.")
