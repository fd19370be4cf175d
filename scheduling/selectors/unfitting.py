"""Booked visits that do not hold what a doctor's conditions have come to ask for. Computed, as all cover is."""

from uuid import UUID

from clinic import clock
from patients.models import Clearance
from scheduling.models import Appointment
from scheduling.selectors.coverage import Stranded
from scheduling.selectors.series_rules import local_day
from scheduling.selectors.stranded import stranded


def unfitting_visits(clearance: Clearance) -> list[Stranded]:
    """The patient's booked visits that do not hold what the conditions of this yes ask for, soonest first. Of them
    everything that lacks its cover: somebody who is missing as well is re-planned for both. No query without conditions
    that change what a visit takes.
    """
    if not clearance.is_yes or not (clearance.needs_bed or clearance.extra_watch):
        return []
    now = clock.now()
    visits = Appointment.objects.blocking().filter(
        patient=clearance.patient_id, starts__gt=now, protocol_version__needs_clearance=True
    )
    found: dict[UUID, Stranded] = {}
    mine = list(visits.select_related("site").order_by("starts"))
    for site in {visit.site for visit in mine}:
        found |= stranded(site, {local_day(visit.starts, site) for visit in mine if visit.site == site}, now)
    return [found[visit.pk] for visit in mine if visit.pk in found]
