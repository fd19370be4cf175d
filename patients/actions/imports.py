"""Writing what an import brought: new people, and changes to known ones that the desk has not made itself.

No message is sent for anything that is imported.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import NAMESPACE_URL, UUID, uuid5

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site
from patients.actions import imported_findings
from patients.fhir.records import FieldValue, PersonRecord
from patients.models import ImportedField, Patient, PatientIdentifier
from patients.signals import patient_died

#: What an import may bring. All of them are noted at the first import, so that a later edit by the desk can be told
#: from an untouched field.
FIELDS = (
    "given_name",
    "family_name",
    "birth_date",
    "sex",
    "language",
    "interpreter",
    "email",
    "phone",
    "address_line",
    "city",
    "state",
    "postal_code",
    "country",
    "note",
    "deceased_at",
    "is_active",
)


class Outcome(StrEnum):
    """What importing one person came to."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Imported:
    """One person of an import."""

    patient: Patient
    outcome: Outcome


@action
def import_people(*, by: Actor, site: Site, people: Sequence[PersonRecord]) -> list[Imported]:
    """Write the people of one file, all of them or none.

    A person is known by the keys of the record, and comes to `site` from now on. Raises Refused when the keys lead to
    two patients, or to one with another name and another birth date."""
    keys = {key for record in people for key in record.keys}
    known = {owner for record in people for owner in _owners(record)}
    locks.take(
        [
            locks.site(site.pk),
            *(locks.patient(uuid5(NAMESPACE_URL, "|".join(key))) for key in keys),
            *(locks.patient(owner) for owner in known),
        ]
    )
    return [_import_person(by, site, record) for record in people]


def _import_person(by: Actor, site: Site, record: PersonRecord) -> Imported:
    patient = _find(record)
    if patient is None:
        patient = _create(site, record)
        imported_findings.write(patient, record, site)
        if patient.deceased_at is not None:
            patient_died.send(sender=Patient, patient=patient, by=by)
        return Imported(patient, Outcome.NEW)
    was_alive = patient.deceased_at is None
    changed = _update(patient, record)
    changed |= _add_keys(patient, record)
    if not patient.sites.filter(pk=site.pk).exists():
        patient.sites.add(site)
        changed = True
    changed |= imported_findings.write(patient, record, site)
    if was_alive and patient.deceased_at is not None:
        patient_died.send(sender=Patient, patient=patient, by=by)
    return Imported(patient, Outcome.UPDATED if changed else Outcome.UNCHANGED)


def _owners(record: PersonRecord) -> set[UUID]:
    """The patients whom the keys of a record belong to."""
    owners: set[UUID] = set()
    for system, value in record.keys:
        owners.update(PatientIdentifier.objects.known_as(system, value).values_list("patient_id", flat=True))
    return owners


def _find(record: PersonRecord) -> Patient | None:
    """The patient whom the keys belong to; None for somebody new."""
    owners = _owners(record)
    if not owners:
        return None
    if len(owners) > 1:
        raise Refused(
            "The identifiers in the file belong to two patients here. Nothing of the file was kept; look at both "
            "records, and change the patient by hand."
        )
    patient = Patient.objects.get(pk=owners.pop())
    _check_same_person(patient, record)
    return patient


def _check_same_person(patient: Patient, record: PersonRecord) -> None:
    """Numbers are given twice by mistake: the name or the birth date has to agree, as it is here, as it was last
    imported, or as it stands on a record that was merged into this one."""
    last = dict(
        ImportedField.objects.filter(patient=patient, field__in=["family_name", "birth_date"]).values_list(
            "field", "value"
        )
    )
    family = str(record.fields["family_name"]).casefold()
    born = as_text(record.fields["birth_date"])
    people = [patient, *patient.merged_from.all()]
    if family in {last.get("family_name", "").casefold(), *(one.family_name.casefold() for one in people)}:
        return
    if born in {last.get("birth_date", ""), *(as_text(one.birth_date) for one in people)}:
        return
    raise Refused(
        f"The identifier in the file belongs to record number {patient.record_number} here, who has another family "
        "name and another birth date. Nothing of the file was kept; if it is the same person, change the patient by "
        "hand."
    )


def _create(site: Site, record: PersonRecord) -> Patient:
    # A file brings addresses, not the patient's yes to being written to: until that is asked, the desk calls.
    patient = Patient(created_at=clock.now(), mail_consent=False, **record.fields)
    patient.save()
    patient.sites.add(site)
    patient.refresh_from_db()
    PatientIdentifier.objects.bulk_create(PatientIdentifier.of(patient, system, value) for system, value in record.keys)
    ImportedField.objects.bulk_create(
        ImportedField(patient=patient, field=name, value=as_text(getattr(patient, name)), imported_at=clock.now())
        for name in FIELDS
    )
    return patient


def _update(patient: Patient, record: PersonRecord) -> bool:
    """Take over what the desk has not edited since the last import. True when something changed."""
    last = {row.field: row for row in ImportedField.objects.filter(patient=patient)}
    changed = []
    for name, value in record.fields.items():
        here, there = as_text(getattr(patient, name)), as_text(value)
        row = last.get(name)
        if there == here or here != (row.value if row is not None else ""):
            continue
        setattr(patient, name, value)
        changed.append(name)
        ImportedField.objects.update_or_create(
            patient=patient, field=name, defaults={"value": there, "imported_at": clock.now()}
        )
    if "email" in changed:
        patient.email_failed_at = None
        changed.append("email_failed_at")
    if changed:
        patient.save(update_fields=changed)
    return bool(changed)


def _add_keys(patient: Patient, record: PersonRecord) -> bool:
    known = set(patient.identifiers.values_list("system", "value"))
    fresh = [key for key in record.keys if key not in known]
    for system, value in fresh:
        PatientIdentifier.of(patient, system, value).save()
    return bool(fresh)


def as_text(value: FieldValue) -> str:
    """A field's value as ImportedField keeps it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)
