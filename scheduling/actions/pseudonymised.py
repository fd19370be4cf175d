"""What becomes of the work when a patient is to be forgotten. Receiver of patients.signals."""

from typing import Any

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from patients.models import Patient
from scheduling.models import Appointment, ChangeRequest, Link, Message, MessageAttempt, Ride


def patient_was_pseudonymised(sender: Any, patient: Patient, by: Actor, **kwargs: Any) -> None:
    """Words and addresses go; visits, what was given and what was measured stay.

    Raises:
        Refused: a visit is still to come.
    """
    now = clock.now()
    if Appointment.objects.blocking().filter(patient=patient, ends__gt=now).exists():
        raise Refused("A visit is still to come. Cancel it first; nothing was changed.", code="visit_to_come")
    messages = Message.objects.filter(patient=patient)
    MessageAttempt.objects.filter(message__in=messages).update(detail="")
    messages.update(address="", subject="", body="", context={}, note="", last_error="")
    Link.objects.filter(patient=patient, revoked_at=None).update(revoked_at=now)
    ChangeRequest.objects.filter(appointment__patient=patient).update(words="", answer="")
    Ride.objects.filter(appointment__patient=patient).update(call_note="")
