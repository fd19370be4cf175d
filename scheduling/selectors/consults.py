"""Which consult suits a patient: the first, or a follow-up (docs/decisions/consults.md)."""

from clinic.models import Site
from patients.models import Patient
from scheduling.models import Appointment, Protocol, Series


def seen_before(patient: Patient) -> bool:
    """Whether the patient has had a consult here, or a series."""
    had = Appointment.objects.filter(
        patient=patient, kind=Appointment.Kind.CONSULT, status=Appointment.Status.FULFILLED
    )
    return had.exists() or Series.objects.filter(patient=patient).exists()


def fitting_protocol(site: Site, patient: Patient) -> Protocol | None:
    """The consult to begin with: a follow-up for who was seen before, else the other; None where the site has none."""
    offered = Protocol.objects.filter(
        is_active=True, kind=Protocol.Kind.CONSULT, sites=site, versions__is_current=True
    ).order_by("name")
    return offered.filter(is_follow_up=seen_before(patient)).first() or offered.first()
