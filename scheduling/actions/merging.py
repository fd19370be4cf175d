"""What stands against making one record of two, and what becomes of the visits. Receivers of patients.signals."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Max

from clinic.actor import Actor
from clinic.errors import Refused
from patients.models import Patient
from patients.selectors import latest_clearance
from scheduling.actions import clearance as clearances
from scheduling.models import Appointment, Message, Series
from scheduling.when import day_words, time_words


def patients_merge(sender: Any, kept: Patient, other: Patient, by: Actor, **kwargs: Any) -> None:
    """Receiver of `patients_merging`, under the locks of both patients.

    Raises:
        Refused: both have a running series, or a visit of the one overlaps a visit of the other.
    """
    series, visits = _running(kept, other), _overlapping(kept, other)
    if series is not None:
        raise Refused(
            f"Both records have a running series: {_series_words(series[0])}, and {_series_words(series[1])}. "
            "Nothing was merged; finish or stop one of them first.",
            code="both_in_a_series",
        )
    if visits is not None:
        raise Refused(
            f"Their visits overlap: record {kept.record_number} on {_when(visits[0])}, record {other.record_number} "
            f"on {_when(visits[1])}. Nothing was merged; move or cancel one of them first.",
            code="visits_overlap",
        )
    _make_way(kept, other)


def patients_were_merged(sender: Any, kept: Patient, other: Patient, by: Actor, **kwargs: Any) -> None:
    """Receiver of `patients_merged`: a doctor's no on either record holds for all of it."""
    latest = latest_clearance(kept)
    if latest is None or latest.is_yes:
        return
    running = Series.objects.running().filter(patient=kept, protocol_version__needs_clearance=True)
    for series in running.select_related("site"):
        clearances.put_on_hold(by=by, series=series, reason=clearances.ON_HOLD_REASON)


def _running(kept: Patient, other: Patient) -> Sequence[Series] | None:
    found = (
        Series.objects.running().filter(patient__in=[kept, other]).select_related("site", "protocol_version__protocol")
    )
    first = {series.patient_id: series for series in found}
    return [first[kept.pk], first[other.pk]] if len(first) == 2 else None


def _overlapping(kept: Patient, other: Patient) -> tuple[Appointment, Appointment] | None:
    visits = Appointment.objects.blocking().filter(patient__in=[kept, other]).select_related("site").order_by("starts")
    mine = [visit for visit in visits if visit.patient_id == kept.pk]
    theirs = [visit for visit in visits if visit.patient_id == other.pk]
    return next(((one, two) for one in mine for two in theirs if one.starts < two.ends and two.starts < one.ends), None)


def _make_way(kept: Patient, other: Patient) -> None:
    """Messages about the patient alone differ in their version only: those of `other` count on from `kept`'s."""
    alone = Message.objects.filter(appointment=None, series=None, consult_request=None)
    highest = alone.filter(patient=kept).aggregate(highest=Max("version"))["highest"]
    if highest is not None:
        alone.filter(patient=other).update(version=F("version") + highest + 1)


def _series_words(series: Series) -> str:
    return f"{series.protocol_version.protocol} at {series.site}"


def _when(visit: Appointment) -> str:
    zone = visit.site.zone
    return f"{day_words(visit.starts, zone)}, {time_words(visit.starts, zone)} ({visit.site})"
