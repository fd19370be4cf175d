"""The screening questionnaire on its way to the patient by message."""

from clinic import locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused
from clinic.permissions import Permission
from patients.actions import home_site
from patients.models import Patient
from scheduling.messages import asking
from scheduling.models import Message


@action
def ask_screening(*, by: Actor, patient: Patient) -> Message:
    """Ask the patient to answer the current questions behind their link, by the way they are written to.

    What is still on its way is not sent twice. Raises Refused for somebody who has died or is no longer in care,
    NotAllowed for an actor who may not change patients.
    """
    if not by.may(Permission.EDIT_PATIENTS):
        raise NotAllowed("Your role does not cover this. Nothing was sent; ask somebody whose role does.")
    if patient.deceased_at is not None or not patient.is_active:
        raise Refused(f"{patient.name} is not in care here. Nothing was sent.")
    locks.take([locks.patient(patient.pk)])
    return asking.announce_screening(patient, home_site(patient))
