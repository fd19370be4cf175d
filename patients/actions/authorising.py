"""Paid and authorised sessions."""

from datetime import date
from uuid import UUID, uuid4

from django.utils.translation import gettext as _

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from patients.actions.withdrawing import withdraw
from patients.models import Authorisation, Patient


@action
def authorise_sessions(
    *,
    by: Actor,
    patient: Patient,
    kind: str,
    sessions: int,
    valid_from: date,
    valid_until: date | None = None,
    payer: str = "",
    reference: str = "",
    key: UUID | None = None,
) -> Authorisation:
    """Note that `sessions` are paid for or authorised, from a local day until another (None: without an end). `key`
    names the submitted form: the same one twice makes one.

    Raises Refused for no sessions, or an end before the beginning.
    """
    if sessions < 1:
        raise Refused(_("Say how many sessions, one at least. Nothing was saved."), field="sessions")
    if valid_until is not None and valid_until < valid_from:
        raise Refused(_("It would end before it begins. Nothing was saved; correct the dates."), field="valid_until")
    locks.take([locks.patient(patient.pk)])
    key = key or uuid4()
    known = Authorisation.objects.filter(pk=key, patient=patient).first()
    if known is not None:
        return known
    return Authorisation.objects.create(
        id=key,
        patient=patient,
        kind=Authorisation.Kind(kind),
        payer=payer.strip(),
        sessions=sessions,
        valid_from=valid_from,
        valid_until=valid_until,
        reference=reference.strip(),
        created_at=clock.now(),
        recorded_by=by.user,
    )


@action
def withdraw_authorisation(*, by: Actor, authorisation: Authorisation, reason: str) -> Authorisation:
    """It was taken back or entered by mistake: it covers nothing any more, and stays on the record. Twice is once.

    Raises Refused without a reason.
    """
    withdraw(authorisation, reason)
    return authorisation
