"""What a doctor decides about a patient."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused
from clinic.models import StaffMember
from clinic.permissions import Permission
from patients.actions.checks import home_site
from patients.models import MOST_EXTRA_WATCH, Clearance, Flag, Patient
from patients.selectors import latest_clearance
from patients.signals import clearance_decided

_YES = frozenset(Clearance.YES)
#: mmHg. What a limit on the day may be: below it nobody would be treated, above it it would stop nobody.
SYSTOLIC_LIMITS, DIASTOLIC_LIMITS = (90, 220), (50, 140)


@dataclass(frozen=True, slots=True)
class Terms:
    """The conditions of a yes that the program acts on. Limits in mmHg on the day of the visit (None: no limit);
    `needs_bed`: the visits take a bed; `extra_watch`: units added to each phase's share of a nurse's watch;
    `letter_from`: whose letter has to be here before a drip starts."""

    systolic_limit: int | None = None
    diastolic_limit: int | None = None
    needs_bed: bool = False
    extra_watch: int = 0
    letter_from: str = ""

    @property
    def are_any(self) -> bool:
        """Whether there is one at all."""
        return self != Terms()


@action
def decide_clearance(
    *,
    by: Actor,
    patient: Patient,
    decision: str,
    valid_until: date | None = None,
    conditions: str = "",
    terms: Terms | None = None,
    reason: str = "",
    seen: Collection[UUID] | None = None,
) -> Clearance:
    """Record a doctor's decision and announce it (`clearance_decided`, in this transaction).

    `valid_until` (local date of the site) is the last day that a yes holds; `conditions` are words for people, `terms`
    what the program acts on; `seen` are the ids of the flags that the page showed (None: all open ones), which count as
    decided from now on, unless the decision is to ask for more. A letter that was here already for the last yes is here
    for this one. Raises NotAllowed for anybody but a doctor; Refused for a yes without a day to come or for a patient
    who died, for a conditional yes without a condition, for terms of another decision or out of range, for a no without
    a reason."""
    doctor = _doctor(by)
    locks.take([locks.patient(patient.pk)])
    patient.refresh_from_db()
    choice, wanted = _choice(decision), terms or Terms()
    _check_terms(choice, wanted)
    named = bool(conditions.strip()) or wanted.are_any
    _check_words(choice, valid_until, reason, clock.today(home_site(patient).zone), names_conditions=named)
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
        **asdict(replace(wanted, letter_from=wanted.letter_from.strip())),
        **_letter_seen(patient, wanted),
    )
    if choice is not Clearance.Decision.MORE:
        for flag in Flag.objects.filter(patient=patient, decided_in=None, withdrawn_at=None):
            if seen is None or flag.pk in seen:
                flag.decided_in = clearance
                flag.save(update_fields=["decided_in"])
    clearance_decided.send(sender=Clearance, clearance=clearance, by=by)
    return clearance


def _doctor(by: Actor) -> StaffMember:
    doctor = by.staff_member
    if doctor is None or not by.may(Permission.DECIDE_CLEARANCE):
        raise NotAllowed(_("Only a doctor may clear or refuse a patient. Nothing was changed."))
    return doctor


def _choice(decision: str) -> Clearance.Decision:
    try:
        return Clearance.Decision(decision)
    except ValueError:
        raise Refused(_("Choose a decision. Nothing was saved."), field="decision") from None


def _check_words(
    choice: Clearance.Decision, valid_until: date | None, reason: str, today: date, *, names_conditions: bool
) -> None:
    if choice in _YES:
        if valid_until is None:
            raise Refused(_("Say until when the clearance holds. Nothing was saved."), field="valid_until")
        if valid_until < today:
            raise Refused(
                _("The clearance would have ended already. Nothing was saved; choose a day to come."),
                field="valid_until",
            )
        if choice is Clearance.Decision.CONDITIONS and not names_conditions:
            raise Refused(_("Name the conditions. Nothing was saved."), field="conditions")
    elif not reason.strip():
        raise Refused(_("Give the reason. Nothing was saved."), field="reason")


def _check_terms(choice: Clearance.Decision, terms: Terms) -> None:
    if terms.are_any and choice is not Clearance.Decision.CONDITIONS:
        raise Refused(
            _("Conditions go with “cleared with conditions”. Nothing was saved; choose that, or empty them."),
            field="decision",
        )
    for field, value, (least, most) in (
        ("systolic_limit", terms.systolic_limit, SYSTOLIC_LIMITS),
        ("diastolic_limit", terms.diastolic_limit, DIASTOLIC_LIMITS),
        ("extra_watch", terms.extra_watch, (0, MOST_EXTRA_WATCH)),
    ):
        if value is not None and not least <= value <= most:
            raise Refused(
                _("That is a number from %(least)s to %(most)s. Nothing was saved; correct it.")
                % {"least": least, "most": most},
                field=field,
            )
    if (terms.systolic_limit or SYSTOLIC_LIMITS[1]) <= (terms.diastolic_limit or 0):
        raise Refused(
            _("The upper limit lies above the lower one. Nothing was saved; correct one of them."),
            field="diastolic_limit",
        )


def _letter_seen(patient: Patient, terms: Terms) -> dict[str, Any]:
    """When the letter that is asked for came, where it has been asked for before and is here."""
    last = Clearance.objects.filter(patient=patient, letter_from__iexact=terms.letter_from.strip()).first()
    if not terms.letter_from.strip() or last is None or last.letter_seen_at is None:
        return {}
    return {"letter_seen_at": last.letter_seen_at, "letter_seen_by": last.letter_seen_by}


@action
def tick_letter(*, by: Actor, clearance: Clearance) -> Clearance:
    """The letter that a conditional yes waits for is here: a drip may start. Ticking twice is the same as once.

    Raises NotAllowed for whoever may not record papers; Refused where none is asked for, or a newer decision stands.
    """
    if not by.may(Permission.RECORD_CONSENT):
        raise NotAllowed(_("Your role does not cover this. Nothing was changed; ask somebody whose role does."))
    locks.take([locks.patient(clearance.patient_id)])
    latest = latest_clearance(clearance.patient)
    if latest is None or latest.pk != clearance.pk:
        raise Refused(_("A doctor has decided anew meanwhile. Nothing was changed; look at the newest decision."))
    if not latest.letter_from:
        raise Refused(_("No letter is asked for. Nothing was changed."))
    if latest.letter_seen_at is None:
        latest.letter_seen_at, latest.letter_seen_by = clock.now(), by.user
        latest.save(update_fields=["letter_seen_at", "letter_seen_by"])
    return latest
