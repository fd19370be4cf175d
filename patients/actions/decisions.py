"""What a doctor decides about a patient."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused
from clinic.models import StaffMember
from clinic.permissions import Permission
from patients.actions.checks import home_site
from patients.models import Clearance, Flag, Patient
from patients.signals import clearance_decided

_YES = frozenset({Clearance.Decision.CLEARED, Clearance.Decision.CONDITIONS})


@action
def decide_clearance(
    *,
    by: Actor,
    patient: Patient,
    decision: str,
    valid_until: date | None = None,
    conditions: str = "",
    reason: str = "",
    seen: Collection[UUID] | None = None,
) -> Clearance:
    """Record a doctor's decision and announce it (`clearance_decided`, in this transaction).

    `valid_until` (local date of the site) is the last day that a yes holds; `seen` are the ids of the flags that the
    page showed (None: all open ones), which count as decided from now on, unless the decision is to ask for more.
    Raises NotAllowed for anybody but a doctor; Refused for a yes without a day to come or for a patient who died, for
    conditions without words, for a no without a reason."""
    doctor = _doctor(by)
    locks.take([locks.patient(patient.pk)])
    patient.refresh_from_db()
    choice = _choice(decision)
    _check_words(choice, valid_until, conditions, reason, clock.today(home_site(patient).zone))
    if choice in _YES and patient.deceased_at is not None:
        raise Refused(_("The patient has died. Nothing was saved."), field="decision")
    clearance = Clearance.objects.create(
        patient=patient,
        decision=choice,
        decided_by=doctor,
        decided_at=clock.now(),
        valid_until=valid_until if choice in _YES else None,
        conditions=conditions.strip(),
        reason=reason.strip(),
    )
    if choice is not Clearance.Decision.MORE:
        for flag in Flag.objects.filter(patient=patient, decided_in=None, withdrawn_at=None):
            if seen is None or flag.pk in seen:
                flag.decided_in = clearance
                flag.save(update_fields=["decided_in"])
    clearance_decided.send(sender=Clearance, clearance=clearance, by=by)
    return clearance


def _doctor(by: Actor) -> StaffMember:
    doctor = StaffMember.objects.filter(user=by.user, is_active=True).first() if by.user is not None else None
    if doctor is None or by.user is None or not by.user.may(Permission.DECIDE_CLEARANCE):
        raise NotAllowed(_("Only a doctor may clear or refuse a patient. Nothing was changed."))
    return doctor


def _choice(decision: str) -> Clearance.Decision:
    try:
        return Clearance.Decision(decision)
    except ValueError:
        raise Refused(_("Choose a decision. Nothing was saved."), field="decision") from None


def _check_words(
    choice: Clearance.Decision, valid_until: date | None, conditions: str, reason: str, today: date
) -> None:
    if choice in _YES:
        if valid_until is None:
            raise Refused(_("Say until when the clearance holds. Nothing was saved."), field="valid_until")
        if valid_until < today:
            raise Refused(
                _("The clearance would have ended already. Nothing was saved; choose a day to come."),
                field="valid_until",
            )
        if choice is Clearance.Decision.CONDITIONS and not conditions.strip():
            raise Refused(_("Name the conditions. Nothing was saved."), field="conditions")
    elif not reason.strip():
        raise Refused(_("Give the reason. Nothing was saved."), field="reason")
