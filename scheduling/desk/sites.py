"""Which of the user's sites a page is about, and whose record: what is looked up here is in sight of the user, or a 404
page.
"""

from typing import cast
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404

from clinic.errors import Elsewhere
from clinic.models import Site, User
from clinic.opening import opened
from clinic.statements import Statement
from patients.models import Patient
from scheduling.models import Appointment, Series

#: Asked by nearly every page.
_SITES = Statement(lambda user: Site.objects.for_user(user), 1)
_SHARED = Statement(lambda user, patient: Site.objects.for_user(user).filter(patients=patient), 2)
_PATIENT = Statement(lambda user, patient: Patient.objects.for_user(user).filter(pk=patient), 2)


def sites_of(user: User) -> list[Site]:
    """The sites where the user works, by name."""
    return _SITES.instances(Site, user.pk)


def site_or_404(user: User, pk: UUID) -> Site:
    """The site, if the user works there; Http404 otherwise."""
    return get_object_or_404(Site.objects.for_user(user), pk=pk)


def patient_or_404(user: User, pk: UUID) -> Patient:
    """The patient, if they come to one of the user's sites; Http404 otherwise, Elsewhere where the record was merged
    into another.
    """
    found = _PATIENT.instances(Patient, user.pk, pk)
    if found:
        return opened(found[0])
    gone = get_object_or_404(Patient.objects.merged_for_user(user).select_related("merged_into"), pk=pk)
    kept = cast(Patient, gone.merged_into)
    raise Elsewhere(gone.pk, kept.pk, f"Record {gone.record_number} is part of record {kept.record_number} now.")


def visit_or_404(user: User, pk: UUID) -> Appointment:
    """The visit with its series, where it is at one of the user's sites; Http404 otherwise."""
    visits = Appointment.objects.for_user(user).select_related(
        "patient", "site", "series__site", "series__patient", "practitioner", "protocol_version__protocol"
    )
    return opened(get_object_or_404(visits, pk=pk))


def series_or_404(user: User, pk: UUID) -> Series:
    """The series, where it is at one of the user's sites; Http404 otherwise."""
    found = Series.objects.for_user(user).select_related("patient", "site", "protocol_version__protocol")
    return opened(get_object_or_404(found, pk=pk))


def shared_sites(user: User, patient: Patient) -> list[Site]:
    """The sites that both the user and the patient come to, by name. Http404 when there is none."""
    sites = _SHARED.instances(Site, user.pk, patient.pk)
    if not sites:
        raise Http404
    return sites
