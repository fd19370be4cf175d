"""What a doctor's decision, or a patient's death, does to the visits booked. Receivers of patients.signals.

docs/decisions/clearance-covers-the-date.md: a visit is booked only where a doctor's valid yes covers its date.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from patients.models import Clearance, Patient
from scheduling import status
from scheduling.actions import booking, moving, visit_questions
from scheduling.messages import ledger
from scheduling.models import Appointment, Hold, Offer, Series
from scheduling.selectors.course_changes import is_paused
from scheduling.selectors.series_rules import local_day

Status = Appointment.Status
ON_HOLD_REASON = "A doctor's decision: no treatment until a doctor clears the patient again."


def clearance_was_decided(sender: Any, clearance: Clearance, by: Actor, **kwargs: Any) -> None:
    """Receiver of `clearance_decided`, inside the transaction of the decision."""
    apply_clearance(by=by, clearance=clearance)
    visit_questions.settle_clearance_questions(clearance.decided_by, clearance.patient_id)


def patient_has_died(sender: Any, patient: Patient, by: Actor, **kwargs: Any) -> None:
    """Receiver of `patient_died`: every visit to come is called off and nothing more is sent."""
    call_off_everything(by=by, patient=patient)


@action
def apply_clearance(*, by: Actor, clearance: Clearance) -> None:
    """Bring the patient's visits in line with the newest decision, and tell the patient that there is one.

    A yes books what it covers: a held series whole, when every date lies within its validity, else not at all; visits
    put on hold before, one by one. Anything else puts the visits to come on hold: their time stays theirs. A yes that
    leaves held dates as they are is not told: the patient would take them for settled.
    """
    running = list(
        Series.objects.running()
        .filter(patient=clearance.patient, protocol_version__needs_clearance=True)
        .select_related("site")
        .order_by("created_at")
    )
    still_held = False
    for series in running:
        if not clearance.is_yes:
            put_on_hold(by=by, series=series, reason=ON_HOLD_REASON)
        elif series.status == Series.Status.DRAFT:
            still_held |= not _confirm_if_covered(by, series, clearance)
        else:
            _take_off_hold(series, clearance)
    ledger.announce_clearance(clearance, untold=still_held)


def _confirm_if_covered(by: Actor, series: Series, clearance: Clearance) -> bool:
    """Book the held series if the yes reaches to its last date. False where its dates stay held."""
    visits = Appointment.objects.filter(series=series).blocking().values_list("starts", flat=True)
    last = max((local_day(starts, series.site) for starts in visits), default=None)
    lapsed = series.held_until is not None and series.held_until <= clock.now()
    if last is None or lapsed:
        return True
    if not _covers(clearance, last):
        return False
    booking.confirm_held(by=by, series=series)
    return True


def _covers(clearance: Clearance, day: date) -> bool:
    return clearance.is_yes and clearance.valid_until is not None and day <= clearance.valid_until


@action
def put_on_hold(*, by: Actor, series: Series, reason: str) -> Series:
    """Booked visits to come go back to held, without an end; nothing more is sent ahead of them. A draft stays as it
    is.
    """
    series, visits = booking.lock_series(series)
    if series.status != Series.Status.ACTIVE:
        return series
    for visit in _to_come(visits, Status.BOOKED):
        status.move(visit, Status.PROPOSED, reason=reason)
        ledger.withdraw(visit, "the series is on hold")
    series.status = Series.Status.ON_HOLD
    series.save(update_fields=["status"])
    return series


def _take_off_hold(series: Series, clearance: Clearance) -> None:
    """Book the held visits that the clearance covers; those after its last day wait for the next one."""
    series, visits = booking.lock_series(series)
    if series.status == Series.Status.ON_HOLD and not is_paused(series):
        series.status = Series.Status.ACTIVE
        series.save(update_fields=["status"])
    booked = []
    for visit in _to_come(visits, Status.PROPOSED):
        if _covers(clearance, local_day(visit.starts, series.site)):
            status.move(visit, Status.BOOKED)
            # Messages are bound to a version of the visit; those of the old one were withdrawn.
            visit.version += 1
            visit.save(update_fields=["version"])
            booked.append(visit)
    if booked:
        series.version += 1
        series.save(update_fields=["version"])
        ledger.announce_boosters(series, booked, [], [])


def _to_come(visits: Iterable[Appointment], of_status: str) -> list[Appointment]:
    return [visit for visit in visits if visit.status == of_status and visit.starts > clock.now()]


@action
def call_off_everything(*, by: Actor, patient: Patient) -> None:
    """Cancel every visit to come and every offer of a patient who has died. Nobody is written to."""
    reason = "The patient has died."
    for series in Series.objects.running().filter(patient=patient).select_related("site"):
        moving.end_series(by=by, series=series, reason=reason)
    for visit in Appointment.objects.blocking().filter(patient=patient, series__isnull=True):
        moving.call_off(by=by, appointment=visit, reason=reason)
    Hold.objects.filter(offer__patient=patient, offer__status=Offer.Status.OPEN).delete()
    Offer.objects.filter(patient=patient, status=Offer.Status.OPEN).update(status=Offer.Status.DECLINED)
    ledger.withdraw_patient(patient, "the patient has died")
