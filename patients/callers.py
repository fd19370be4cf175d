"""Who asks for a change on the telephone: the patient, or a contact who may decide."""

from dataclasses import replace

from django.utils.translation import gettext as _

from clinic import clock
from clinic.actor import Actor, Caller
from clinic.errors import Refused
from patients.actions.checks import home_site
from patients.models import Contact, Patient
from patients.selectors import is_minor

#: The caller's id on the audit trail when the patient calls.
PATIENT = "patient"


def at_the_word_of(by: Actor, patient: Patient, contact: Contact | None) -> Actor:
    """`by`, acting at the word of the patient (`contact` None) or of a contact: the trail names the caller.

    Raises Refused for a contact who may not decide for the patient, and for a minor who calls alone.
    """
    if contact is None:
        if is_minor(patient, clock.today(home_site(patient).zone)):
            raise Refused(
                _(
                    "%(patient)s is under 18 and does not decide alone. Nothing was changed; call a contact who may "
                    "decide, and choose that contact here."
                )
                % {"patient": patient.name},
                field="caller",
                code="caller_may_not_decide",
            )
        return replace(by, caller=Caller(PATIENT, patient.name))
    if contact.patient_id != patient.pk or not contact.is_active or not contact.may_decide:
        raise Refused(
            _(
                "%(contact)s may not decide for %(patient)s. Nothing was changed; call %(patient)s back and choose the "
                "patient here, or note on the contact's page that this contact may decide."
            )
            % {"contact": contact.name, "patient": patient.name},
            field="caller",
            code="caller_may_not_decide",
        )
    return replace(by, caller=Caller(str(contact.pk), contact.name))
