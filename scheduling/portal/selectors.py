"""What the pages behind links show: visits to come, and who drives."""

from collections.abc import Sequence
from datetime import datetime

from clinic.models import Site
from patients.models import Contact, Patient
from scheduling.models import Appointment, Ride


def visits_to_come(patient: Patient, now: datetime) -> list[Appointment]:
    """The patient's visits that are not over at `now`, soonest first, each with its site, texts, ride and requests."""
    return list(
        Appointment.objects.blocking()
        .filter(patient=patient, ends__gt=now)
        .select_related("site", "patient", "protocol_version", "practitioner", "series", "ride__companion")
        .prefetch_related("protocol_version__texts", "change_requests")
        .order_by("starts")
    )


def rides_to_come(contact: Contact, now: datetime) -> list[Ride]:
    """The rides that the companion is named for (or has declined), not over at `now`, soonest first."""
    return list(
        Ride.objects.filter(
            companion=contact,
            status__in=[Ride.Status.NAMED, Ride.Status.CONFIRMED, Ride.Status.DECLINED],
            appointment__status__in=Appointment.BLOCKING,
            appointment__ends__gt=now,
        )
        .select_related("appointment__site", "companion")
        .order_by("appointment__starts")
    )


def site_of(patient: Patient, visits: Sequence[Appointment]) -> Site | None:
    """The site that the page speaks for: that of the next visit, else the patient's first."""
    return visits[0].site if visits else patient.sites.order_by("name").first()
