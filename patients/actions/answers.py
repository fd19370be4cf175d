"""Questionnaires as patients answer them, the alert that an answer about self-harm raises, other treatments."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext as _

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused
from clinic.models import Site, StaffMember
from clinic.permissions import Permission, Role
from patients.actions.checks import home_site
from patients.actions.findings import record_observation
from patients.models import (
    AlertNotice,
    Clearance,
    Measure,
    Observation,
    OtherTreatment,
    Patient,
    SafetyAlert,
    ScoreSheet,
)
from patients.questionnaires import INSTRUMENTS, asks_for_help


@action
def answer_questionnaire(
    *,
    by: Actor,
    patient: Patient,
    measure: str,
    items: Sequence[int],
    key: UUID,
    source: str = Observation.Source.PATIENT,
    answered_at: datetime | None = None,
) -> ScoreSheet:
    """Keep the answers (in order, patients/questionnaires.py) and their total. The same key again keeps them once.

    An answer above zero to PHQ-9's item 9 raises an alert for a named clinician, with a notice to be sent at once.
    `answered_at` is aware, now unless given.

    Raises:
        Refused: an item without an answer, an answer out of range, a time in the future or before the birth, another
            value of the same measure at that very time.
        NotAllowed: a patient answers for somebody else.
    """
    if by.kind == "patient" and by.id != str(patient.pk):
        raise NotAllowed(_("This page is not yours."))
    locks.take([locks.patient(patient.pk)])
    done = ScoreSheet.objects.filter(pk=key, patient=patient).first()
    if done is not None:
        return done
    instrument, moment = INSTRUMENTS[Measure(measure)], answered_at or clock.now()
    try:
        total = instrument.total(items)
    except ValueError:
        raise Refused(
            _("Every question needs an answer from 0 to %(most)s. Nothing was saved; what you chose is kept.")
            % {"most": instrument.most}
        ) from None
    record_observation(
        by=by,
        patient=patient,
        measure=measure,
        value=total,
        effective_at=moment,
        source=source,
        source_id=str(key),
    )
    sheet = ScoreSheet.objects.create(
        id=key,
        patient=patient,
        measure=measure,
        items=list(items),
        answered_at=moment,
        source=source,
        recorded_by=by.user,
    )
    if asks_for_help(measure, items):
        raise_alert(sheet)
    return sheet


def raise_alert(sheet: ScoreSheet) -> SafetyAlert:
    """A named clinician has to see these answers; the first notice is due now. Called inside an action."""
    site, now = home_site(sheet.patient), clock.now()
    named = clinician_for(sheet.patient, site)
    alert = SafetyAlert.objects.create(patient=sheet.patient, site=site, sheet=sheet, raised_at=now, assigned_to=named)
    if named is not None:
        AlertNotice.objects.create(alert=alert, to=named, step=0, due_at=now)
    return alert


def clinician_for(patient: Patient, site: Site) -> StaffMember | None:
    """Who has to look: the doctor who decided last about the patient, if still at the site, else its first by name."""
    doctors = StaffMember.objects.with_role(Role.DOCTOR).filter(sites=site)
    latest = Clearance.objects.filter(patient=patient).order_by("-decided_at").values_list("decided_by", flat=True)
    own = doctors.filter(pk__in=latest[:1]).first()
    return own or doctors.order_by("name").first()


@action
def acknowledge_alert(*, by: Actor, alert: SafetyAlert, what_was_done: str) -> SafetyAlert:
    """A clinician has seen it and says what was done; nobody else is told any more. Twice is once.

    Raises:
        NotAllowed: the actor is no doctor.
        Refused: nothing is said about what was done.
    """
    member = by.staff_member
    if member is None or not by.may(Permission.DECIDE_CLEARANCE):
        raise NotAllowed(_("Only a doctor can acknowledge this. Nothing was changed."))
    if not what_was_done.strip():
        raise Refused(_("Say what was done. Nothing was saved."), field="what_was_done")
    locks.take([locks.patient(alert.patient_id)])
    alert.refresh_from_db()
    if alert.acknowledged_at is None:
        alert.acknowledged_at, alert.acknowledged_by = clock.now(), member
        alert.what_was_done = what_was_done.strip()
        alert.save(update_fields=["acknowledged_at", "acknowledged_by", "what_was_done"])
    return alert


@action
def note_treatment(
    *, by: Actor, patient: Patient, kind: str, name: str, since: date, until: date | None = None
) -> OtherTreatment:
    """Note what else the patient does or takes, from a day on; `until` is its last day, none while it goes on.

    Raises:
        Refused: no name, a day before the birth or in the future, or an end before the beginning.
    """
    locks.take([locks.patient(patient.pk)])
    if not name.strip():
        raise Refused(_("Say what it is. Nothing was saved."), field="name")
    _check_since(patient, since)
    _check_until(since, until)
    return OtherTreatment.objects.create(
        patient=patient,
        kind=kind,
        name=name.strip(),
        since=since,
        until=until,
        recorded_at=clock.now(),
        recorded_by=by.user,
    )


@action
def end_treatment(*, by: Actor, treatment: OtherTreatment, until: date) -> OtherTreatment:
    """Say on which day it ended.

    Raises:
        Refused: that day lies before the first one.
    """
    locks.take([locks.patient(treatment.patient_id)])
    _check_until(treatment.since, until)
    treatment.until = until
    treatment.save(update_fields=["until"])
    return treatment


def _check_since(patient: Patient, since: date) -> None:
    if since < patient.birth_date:
        raise Refused(_("That date lies before the patient's birth. Nothing was saved."), field="since")
    if since > clock.today(home_site(patient).zone):
        raise Refused(_("That day lies in the future. Nothing was saved; correct it."), field="since")


def _check_until(since: date, until: date | None) -> None:
    if until is not None and until < since:
        raise Refused(_("The last day lies before the first one. Nothing was saved."), field="until")
