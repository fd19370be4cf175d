"""A person asks, as the law allows, to be forgotten: names, numbers and words go; what was done, when, by whom, stays.

The record keeps its number, its year of birth and what the clinic must be able to account for: visits, doses, readings,
decisions. What the audit trail says of the person is erased by `manage.py pseudonymise` after this, with the owner's
rights (clinic/erasure.py); the chain shows that it was.
"""

from datetime import date

from django.utils.translation import gettext as _

from clinic import locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from patients.models import ConsentDocument, Patient
from patients.signals import patient_pseudonymised

ERASED = "erased"


@action
def pseudonymise(*, by: Actor, patient: Patient, reason: str) -> list[Patient]:
    """Take away what says who the patient is, from this record and from those merged into it; all of them.

    Announces `patient_pseudonymised`, whose receivers do the same with what they keep. May be run again.

    Raises:
        Refused: without a reason, or where a receiver has something against it (a visit to come).
    """
    if not reason.strip():
        raise Refused(_("Say why: the request, and its date. Nothing was changed."), field="reason")
    records = [patient, *patient.merged_from.all()]
    locks.take([locks.patient(one.pk) for one in records])
    for one in records:
        one.refresh_from_db()
        _forget(one)
        patient_pseudonymised.send(sender=Patient, patient=one, by=by)
    return records


def _forget(patient: Patient) -> None:
    patient.given_name, patient.family_name = "Former patient", str(patient.record_number)
    patient.birth_date = date(patient.birth_date.year, 1, 1)
    if patient.deceased_at is not None:
        patient.deceased_at = date(patient.deceased_at.year, 12, 31)
    for name in ("email", "phone", "address_line", "city", "postal_code", "note", "interpreter"):
        setattr(patient, name, "")
    patient.is_active = patient.mail_consent = patient.text_consent = False
    patient.version += 1
    patient.save()
    patient.identifiers.all().delete()
    patient.imported_fields.all().delete()
    patient.contacts.update(
        name="Contact",
        phone="",
        email="",
        stopped_way="",
        is_active=False,
        may_be_told=False,
        may_decide=False,
        may_drive=False,
    )
    patient.consult_requests.update(
        name=ERASED, email="", phone=ERASED, complaint="", tried="", best_times="", status="closed"
    )
    patient.consents.update(signed_by=ERASED)
    ConsentDocument.objects.filter(consent__patient=patient).delete()
    patient.screenings.update(medicines="")
    patient.authorisations.update(reference="")
