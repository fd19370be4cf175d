"""Making one record of two that turn out to be the same person's."""

from typing import Any

from django.db.models import Exists, Model, OuterRef, UniqueConstraint
from django.utils.translation import gettext as _

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused
from clinic.permissions import Permission
from patients.actions.imports import as_text
from patients.models import ImportedField, Patient
from patients.signals import patients_merged, patients_merging

#: What the record that stays takes from the other where its own is empty.
FILLED = ("interpreter", "email", "phone", "address_line", "city", "state", "postal_code", "country")


@action
def merge_patients(*, by: Actor, kept: Patient, other: Patient, reason: str) -> Patient:
    """Move everything of `other` to `kept`; `other` stays, out of care, and points to `kept` from now on.

    Every table that points at a patient is moved, those of other apps too: visits, series, messages, contacts, flags,
    scores, and the identifiers by which a later import finds `kept`. What `kept` has already, from the same source,
    stays where it is. Empty fields of `kept` are filled from `other`. It cannot be undone: what belonged to whom is on
    the audit trail only. Doing it twice is doing it once.

    Raises Refused where the two are one record, one was merged into a third, only one of them has died, their visits
    overlap or both have a running series (said by the receivers of `patients_merging`), or no reason is given;
    NotAllowed for who may not change patients."""
    if by.user is not None and not by.user.may(Permission.EDIT_PATIENTS):
        raise NotAllowed(_("Your role does not cover this. Nothing was changed."))
    locks.take([locks.patient(kept.pk), locks.patient(other.pk)])
    kept.refresh_from_db()
    other.refresh_from_db()
    if other.merged_into_id == kept.pk:
        return kept
    _check(kept, other, reason)
    patients_merging.send(sender=Patient, kept=kept, other=other, by=by)
    _keep_from_imports(kept, other)
    _fill(kept, other)
    _move_everything(kept, other)
    kept.sites.add(*other.sites.all())
    other.is_active, other.merged_into, other.merged_at = False, kept, clock.now()
    other.version += 1
    other.save(update_fields=["is_active", "merged_into", "merged_at", "version"])
    patients_merged.send(sender=Patient, kept=kept, other=other, by=by)
    return kept


def _check(kept: Patient, other: Patient, reason: str) -> None:
    if kept.pk == other.pk:
        raise Refused(_("That is the same record. Nothing was merged; choose another."), field="other")
    for one in (kept, other):
        if one.merged_into_id is not None:
            raise Refused(
                _(
                    "Record %(number)s was merged into another meanwhile. Nothing was merged now; look for the patient "
                    "again."
                )
                % {"number": one.record_number}
            )
    if (kept.deceased_at is None) != (other.deceased_at is None):
        raise Refused(
            _(
                "One of the two records says that the patient has died, the other does not. Nothing was merged; make "
                "them agree first."
            )
        )
    if not reason.strip():
        raise Refused(_("Say how you know that it is the same person; it is kept. Nothing was merged."), field="reason")


def _keep_from_imports(kept: Patient, other: Patient) -> None:
    """Where both were imported and differ, what stands here now counts as edited: else each file would write its own
    over the other's, by turns."""
    for row in ImportedField.objects.filter(patient=kept):
        here, there = as_text(getattr(kept, row.field)), as_text(getattr(other, row.field))
        if here != there and row.value == here:
            row.value = there
            row.save(update_fields=["value"])


def _fill(kept: Patient, other: Patient) -> None:
    changed = [name for name in FILLED if not getattr(kept, name) and getattr(other, name)]
    if "email" in changed:
        kept.email_failed_at, kept.mail_consent = other.email_failed_at, other.mail_consent
        changed += ["email_failed_at", "mail_consent"]
    for name in changed:
        setattr(kept, name, getattr(other, name))
    if other.note and other.note not in kept.note:
        kept.note = f"{kept.note}\n{other.note}".strip()
        changed.append("note")
    kept.is_active = kept.is_active or other.is_active
    kept.version += 1
    kept.save(update_fields=[*changed, "is_active", "version"])


def _move_everything(kept: Patient, other: Patient) -> None:
    """Whatever points at a patient: also tables that come later, so that none is forgotten."""
    for relation in Patient._meta.related_objects:
        model: type[Model] = relation.related_model
        name = relation.field.name
        rows = model._default_manager.filter(**{name: other})
        for columns in _unique_with(model, name):
            twins = model._default_manager.filter(
                **{name: kept}, **{column: OuterRef(column) for column in columns if column != name}
            )
            rows = rows.exclude(Exists(twins))
        rows.update(**{name: kept})


def _unique_with(model: type[Model], name: str) -> list[list[str]]:
    """The columns of the model's unique constraints that the column `name` is part of."""
    found = []
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint):
            expressions: Any = constraint.expressions
            columns = list(constraint.fields) or [str(getattr(one, "name", "")) for one in expressions]
            found.append(columns)
    return [columns for columns in found if name in columns]
