"""A tablet of the clinic in the patient's hands: it opens one page and nothing else, and nobody is signed in on it."""

from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused
from clinic.permissions import Permission
from patients.models import ConsentForm, Measure, Patient
from scheduling.models import Link

#: For how long a tablet that was handed over asks: long enough for slow readers, too short to be left lying.
TABLET_LASTS = timedelta(minutes=60)
#: What a tablet can open, and what whoever hands it over with that must be allowed.
MAY = {
    Link.Purpose.SCREENING: Permission.EDIT_PATIENTS,
    Link.Purpose.SCORES: Permission.VIEW_CLINICAL,
    Link.Purpose.CONSENT: Permission.RECORD_CONSENT,
}


@action
def hand_over(*, by: Actor, patient: Patient, purpose: Link.Purpose, measure: Measure | None = None) -> Link:
    """A link that opens one page for the patient (`purpose`, one of MAY; of scores, the questionnaire of `measure`),
    and nothing else, in the browser of the tablet; nobody can read its token. The view that calls it signs the member
    of staff out in that browser.

    Handed over by somebody who has the patient in front of them, so no birth date is asked for. A tablet handed over
    before is shut. Raises Refused for somebody who has died or is no longer in care, and where there is no text to
    sign; NotAllowed for an actor who may not hand it over.
    """
    if by.user is None or not by.may(MAY[purpose]):
        raise NotAllowed("Your role does not cover this. Nothing was opened; ask somebody whose role does.")
    if patient.deceased_at is not None or not patient.is_active:
        raise Refused(f"{patient.name} is not in care here. Nothing was opened.")
    if purpose == Link.Purpose.CONSENT and not ConsentForm.objects.filter(is_current=True).exists():
        raise Refused("No text to sign is set up yet. Record a signature on paper, or ask a manager.")
    locks.take([locks.patient(patient.pk)])
    now = clock.now()
    Link.objects.filter(patient=patient, purpose__in=MAY, revoked_at=None).update(revoked_at=now)
    return Link.objects.create(
        token_hash=sha256(token_urlsafe().encode()).hexdigest(),
        purpose=purpose,
        measure=measure or "",
        patient=patient,
        handed_by=by.user,
        created_at=now,
        expires_at=now + TABLET_LASTS,
    )


@action
def hand_back(*, by: Actor, link: Link) -> None:
    """It is answered or signed: the tablet opens nothing any more. Twice is the same as once."""
    Link.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=clock.now())
