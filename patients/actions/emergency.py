"""Breaking the glass: opening the record of a patient of another site, with a reason, and a manager's look at it after.

Whoever does so must know whom they are looking for (record number, or family name and birth date): it is no way to
browse. The alarm is the row itself, which every manager concerned sees until one has looked at it, and a mail.
"""

from datetime import date, timedelta

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import Value
from django.utils.translation import gettext as _
from kombu.exceptions import KombuError

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused
from clinic.permissions import Permission
from patients.models import EmergencyAccess, Patient
from patients.search import Plain

#: Characters of a reason: a word is none.
LEAST_REASON = 10
ALARM = "patients.alarm_managers"


@action
def break_glass(
    *,
    by: Actor,
    reason: str,
    record_number: int | None = None,
    family_name: str = "",
    birth_date: date | None = None,
) -> EmergencyAccess:
    """Let the person look at one patient's record for EMERGENCY_MINUTES, and tell the managers.

    Raises:
        NotAllowed: the person's role treats nobody.
        Refused: without a proper reason; where nobody, or more than one, is found.
    """
    if by.user is None or not by.user.may(Permission.BREAK_GLASS):
        raise NotAllowed(_("Your role does not open records of other sites. Call a nurse or a doctor."))
    if len(reason.strip()) < LEAST_REASON:
        raise Refused(
            _("Say in a sentence why this cannot wait; your manager will read it. Nothing was opened."), field="reason"
        )
    patient = _one(record_number, family_name, birth_date)
    locks.take([locks.patient(patient.pk)])
    now = clock.now()
    opened = EmergencyAccess.objects.create(
        user=by.user,
        patient=patient,
        reason=reason.strip(),
        opened_at=now,
        until=now + timedelta(minutes=settings.EMERGENCY_MINUTES),
    )
    transaction.on_commit(lambda: _alarm(str(opened.pk)), robust=True)
    return opened


def _one(record_number: int | None, family_name: str, birth_date: date | None) -> Patient:
    if record_number is None and not (family_name and birth_date):
        raise Refused(
            _("Give the record number, or the family name and the birth date. Nothing was opened."), field="family_name"
        )
    wanted = {"record_number": record_number} if record_number else {"birth_date": birth_date}
    found = Patient.objects.filter(merged_into__isnull=True, **wanted)
    if not record_number:
        # Whole, but with or without its accents, as on the patients' page.
        found = found.alias(plain=Plain("family_name")).filter(plain=Plain(Value(family_name.strip())))
    people = list(found[:2])
    if len(people) != 1:
        said = _("More than one patient fits: give the record number.") if people else _("Nobody here fits that.")
        raise Refused(_("%(said)s Nothing was opened.") % {"said": said}, field="record_number")
    return people[0]


def _alarm(key: str) -> None:
    """A nudge: the row stands on the managers' page whether or not it arrives."""
    try:
        current_app.send_task(ALARM, [key], retry=False, ignore_result=True)
    except (KombuError, OSError):
        return


@action
def review_emergency(*, by: Actor, access: EmergencyAccess, review: str) -> EmergencyAccess:
    """A manager has looked at it, and says what came of it; the first one's word stands.

    Raises:
        NotAllowed: the actor may not read the audit trail, or looks at her own.
        Refused: without a word about it, or it was looked at already.
    """
    if by.user is None or not by.user.may(Permission.VIEW_AUDIT) or by.user.pk == access.user_id:
        raise NotAllowed(_("Another manager has to look at this one. Nothing was saved."))
    if not review.strip():
        raise Refused(_("Say in a few words what came of it. Nothing was saved."), field="review")
    fresh = EmergencyAccess.objects.select_for_update().get(pk=access.pk)
    if fresh.reviewed_at is not None:
        raise Refused(_("It was looked at meanwhile. Nothing was saved."), code="stale")
    fresh.reviewed_at, fresh.reviewed_by, fresh.review = clock.now(), by.user, review.strip()
    fresh.save(update_fields=["reviewed_at", "reviewed_by", "review"])
    return fresh
