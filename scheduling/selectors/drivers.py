"""Who may drive a patient home: an adult who was not treated that day or the day before.

Source: domain.md (a trusted adult drives home; no driving for 24 h after a treatment; couples come together).
"""

import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from clinic import clock
from patients.models import Contact, Patient
from scheduling.models import Appointment, Ending
from scheduling.when import day_words

#: A visit that ended so gave no treatment, and forbids no driving.
UNTREATED = (
    Ending.NOT_TREATED_PRESSURE,
    Ending.NOT_TREATED_ATE,
    Ending.NOT_TREATED_ILL,
    Ending.NOT_TREATED_NO_RIDE,
    Ending.NOT_TREATED_NO_CONSENT,
    Ending.NOT_TREATED_CLINIC,
)

#: Words that name a service and no person, in the languages of the pages.
SERVICES = frozenset({"taxi", "taxicab", "cab", "uber", "lyft", "bus", "autobus", "rideshare"})
ARTICLES = frozenset({"a", "an", "the", "un", "una", "el"})


def all_drivers() -> QuerySet[Contact]:
    """Saved contacts who may be asked to drive, by name, whosever they are."""
    return Contact.objects.filter(is_active=True, is_adult=True, may_drive=True, stopped_at__isnull=True).order_by(
        "name"
    )


def drivers_of(patient: Patient) -> QuerySet[Contact]:
    """The patient's saved contacts who may be asked to drive, by name."""
    return all_drivers().filter(patient=patient)


def why_not(contact: Contact, appointments: Sequence[Appointment]) -> str:
    """Why `contact` may not drive home from one of these visits (of one patient), in a sentence; empty when they may.

    The appointments need `site` loaded. It never says why a date is impossible: that would tell one patient about
    another.
    """
    name = contact.name
    if contact.stopped_at is not None or not contact.is_active:
        return _("%(name)s is no longer among the contacts. Please name somebody else.") % {"name": name}
    if not contact.is_adult:
        return _("%(name)s is not marked as 18 or older. Please name an adult.") % {"name": name}
    if not contact.may_drive:
        return _("%(name)s is not marked as somebody who may drive. Please name somebody else.") % {"name": name}
    days = [day_words(one.starts, one.site.zone) for one in treated_near(contact, appointments)]
    if len(days) > 1:
        return _("%(name)s cannot be the driver on these days: %(dates)s. Please name somebody else for them.") % {
            "name": name,
            "dates": "; ".join(days),
        }
    if days:
        return _("%(name)s cannot be the driver on %(date)s. Please name somebody else for that day.") % {
            "name": name,
            "date": days[0],
        }
    return ""


def is_a_service(name: str) -> bool:
    """Whether somebody wrote a taxi or a bus where a person's name belongs: that alone is no ride home (domain.md)."""
    words = [word for word in _plain(name).split() if word not in ARTICLES]
    # Only the first word: Uber is a family name too.
    return bool(words) and words[0] in SERVICES


def treated_near(contact: Contact, appointments: Sequence[Appointment]) -> list[Appointment]:
    """Those of `appointments` on whose local day, or the day before, the contact is treated here as a patient."""
    people = _same_person(contact)
    if not people or not appointments:
        return []
    days = [_local_day(appointment) for appointment in appointments]
    treated = _treatments(people, min(days) - timedelta(days=1), max(days))
    return [
        appointment
        for appointment, day in zip(appointments, days, strict=True)
        if any(day - timedelta(days=1) <= _local_day(other) <= day for other in treated)
    ]


def _local_day(appointment: Appointment) -> date:
    return clock.local(appointment.starts, appointment.site.zone).date()


def _treatments(people: Sequence[Patient], first: date, last: date) -> list[Appointment]:
    """Treatments of these people from one local day to another; a day wider on each side, since sites differ in
    zone.
    """
    margin = timedelta(days=1)
    zone = ZoneInfo("UTC")
    start, _end = clock.day_bounds(first - margin, zone)
    _start, end = clock.day_bounds(last + margin, zone)
    return list(
        Appointment.objects.filter(
            patient__in=people,
            starts__gte=start,
            starts__lt=end,
            status__in=[*Appointment.BLOCKING, Appointment.Status.FULFILLED],
        )
        .exclude(kind=Appointment.Kind.CONSULT)
        .exclude(ending__in=UNTREATED)
        .select_related("site")
    )


def _same_person(contact: Contact) -> list[Patient]:
    """Patients who are this contact: the same first name, and the same telephone or email.

    A shared telephone alone is no proof (people share a household's); a shared name alone neither, and would tell a
    stranger who is a patient here.
    """
    reach = Q()
    if contact.phone:
        reach |= Q(phone=contact.phone)
    if contact.email:
        reach |= Q(email__iexact=contact.email)
    if not reach:
        return []
    first = _first_name(contact.name)
    return [patient for patient in Patient.objects.filter(reach) if _first_name(patient.given_name) == first]


def _first_name(name: str) -> str:
    words = _plain(name).split()
    return words[0] if words else ""


def _plain(name: str) -> str:
    """Without case and accents."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in letters if not unicodedata.combining(character))
