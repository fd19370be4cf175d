"""What of a patient's record helps in an emergency, at whatever site it was written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from clinic.models import Site
from patients.models import Clearance, Condition, Contact, Flag, Observation, Patient, Screening
from patients.selectors import latest_clearance
from scheduling.models import Appointment, Order

#: Visits and readings that are shown: the last few.
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Record:
    """Contacts, findings, the last decision, visits around now with their site, and what is ordered."""

    sites: Sequence[Site]
    contacts: Sequence[Contact]
    flags: Sequence[Flag]
    conditions: Sequence[Condition]
    screening: Screening | None
    readings: Sequence[Observation]
    clearance: Clearance | None
    visits: Sequence[Appointment]
    orders: Sequence[Order]


def record_of(patient: Patient, now: datetime) -> Record:
    """Everything on one page. Nine queries."""
    return Record(
        sites=list(patient.sites.all()),
        contacts=list(patient.contacts.filter(is_active=True)),
        flags=list(patient.flags.filter(withdrawn_at=None)),
        conditions=list(patient.conditions.all()),
        screening=patient.screenings.first(),
        readings=list(patient.observations.order_by("-effective_at")[:SHOWN]),
        clearance=latest_clearance(patient),
        visits=list(
            Appointment.objects.filter(patient=patient)
            .select_related("site", "protocol_version__protocol")
            .order_by("-starts")[:SHOWN]
        ),
        orders=list(Order.objects.filter(series__patient=patient).order_by("-ordered_at")[:SHOWN]),
    )
