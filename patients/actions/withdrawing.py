"""Taking back what was signed or authorised: it stays on the record, and counts no more."""

from django.utils.translation import gettext as _

from clinic import clock, locks
from clinic.errors import Refused
from patients.models import Authorisation, Consent


def withdraw(paper: Consent | Authorisation, reason: str) -> None:
    """Mark it withdrawn from now on, under the patient's lock; twice is once. The trail keeps the reason, an argument
    of the action that calls this.

    Raises Refused without a reason.
    """
    if not reason.strip():
        raise Refused(_("Give the reason. Nothing was saved."), field="reason")
    locks.take([locks.patient(paper.patient_id)])
    paper.refresh_from_db()
    if paper.withdrawn_at is None:
        paper.withdrawn_at = clock.now()
        paper.save(update_fields=["withdrawn_at"])
