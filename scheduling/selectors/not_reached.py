"""Whom our messages do not reach any more: the desk has to ask, and mend what is written down."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from clinic.models import Site
from patients.models import Channel, Contact, Patient
from patients.selectors import guardian_of_each, minors
from scheduling.models import Appointment, Ride

#: Who would rather be called is no work.
BY_MAIL = Q(channel=Channel.MAIL) | Q(phone="")


def patients_not_reached(sites: Collection[Site], now: datetime) -> QuerySet[Any]:
    """Patients with visits to come whose mail does not arrive, or who called it unwanted: until somebody has asked,
    each message is a call.
    """
    to_come = _to_come(sites, now).filter(patient=OuterRef("pk"))
    return Patient.objects.living().filter(BY_MAIL, Exists(to_come), email_failed_at__isnull=False)


def contacts_not_reached(sites: Collection[Site], now: datetime) -> QuerySet[Any]:
    """The same of who is named to drive home from a visit to come, and of who is told of one in a minor's stead; and
    where somebody answered "wrong person" for a patient with visits to come, until the contact is mended or put aside.
    """
    to_come = _to_come(sites, now)
    of_the_patient = Exists(to_come.filter(patient=OuterRef("patient")))
    drives = Exists(to_come.filter(ride__companion=OuterRef("pk"), ride__status__in=Ride.SETTLED))
    is_told = minors(now.date(), "patient__") & Q(of_the_patient, pk=guardian_of_each())
    wrong = Q(of_the_patient, stopped_at__isnull=False)
    fails = BY_MAIL & Q(drives | is_told, stopped_at=None)
    # As the index of such contacts has it.
    not_reached = Q(email_failed_at__isnull=False) | Q(stopped_at__isnull=False)
    living = Patient.objects.living()
    return Contact.objects.filter(not_reached, wrong | fails, is_active=True, patient__in=living)


def _to_come(sites: Collection[Site], now: datetime) -> QuerySet[Appointment]:
    return Appointment.objects.blocking().filter(site__in=sites, ends__gt=now)
