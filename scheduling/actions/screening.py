"""The screening questionnaire on its way to the patient: by message, or on a tablet that staff hand over."""

from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused
from clinic.permissions import Permission
from patients.actions import home_site
from patients.models import Patient
from scheduling.messages import asking
from scheduling.models import Link, Message

#: For how long a tablet that was handed over asks: long enough for slow readers, too short to be left lying.
TABLET_LASTS = timedelta(minutes=60)


@action
def ask_screening(*, by: Actor, patient: Patient) -> Message:
    """Ask the patient to answer the current questions behind their link, by the way they are written to.

    What is still on its way is not sent twice. Raises Refused for somebody who has died or is no longer in care,
    NotAllowed for an actor who may not change patients.
    """
    _check(by, patient)
    locks.take([locks.patient(patient.pk)])
    return asking.announce_screening(patient, home_site(patient))


@action
def hand_over(*, by: Actor, patient: Patient) -> Link:
    """A link that opens the questions, and nothing else, in the browser of the tablet; nobody can read its token.

    Handed over by somebody who has the patient in front of them, so no birth date is asked for. A tablet handed over
    before is shut. Raises as `ask_screening`.
    """
    _check(by, patient)
    locks.take([locks.patient(patient.pk)])
    now = clock.now()
    open_ones = Link.objects.filter(patient=patient, purpose=Link.Purpose.SCREENING, revoked_at=None)
    open_ones.update(revoked_at=now)
    return Link.objects.create(
        token_hash=sha256(token_urlsafe().encode()).hexdigest(),
        purpose=Link.Purpose.SCREENING,
        patient=patient,
        created_at=now,
        expires_at=now + TABLET_LASTS,
    )


@action
def hand_back(*, by: Actor, link: Link) -> None:
    """The questions are answered: the tablet opens nothing any more. Twice is the same as once."""
    Link.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=clock.now())


def _check(by: Actor, patient: Patient) -> None:
    if not by.may(Permission.EDIT_PATIENTS):
        raise NotAllowed("Your role does not cover this. Nothing was sent; ask somebody whose role does.")
    if patient.deceased_at is not None or not patient.is_active:
        raise Refused(f"{patient.name} is not in care here. Nothing was sent.")
