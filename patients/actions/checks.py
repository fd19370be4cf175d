"""What every action about people checks of what was typed, in words for the person who typed it."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from clinic.errors import Refused
from clinic.models import AuditEvent, Site
from patients.contact_points import required_email, required_phone
from patients.models import Patient
from patients.selectors import age_on

#: Born longer ago than this is a slip of the pen: the longest life on record lasted 122 years (Jeanne Calment,
#: 1875-1997).
OLDEST_YEARS = 125


def home_site(patient: Patient) -> Site:
    """The first of the patient's sites by name: whose country reads numbers and whose clock says what day it is.

    Raises Refused for a patient who comes to no site.
    """
    site = patient.sites.order_by("name").first()
    if site is None:
        raise Refused(_("The patient comes to no site. Nothing was saved; ask a manager to add one."))
    return site


def checked(field: str, value: Any, site: Site, today: date) -> Any:
    """The value to keep in a field of a patient or contact; `today` is the site's date. Raises Refused for it."""
    if field in {"given_name", "family_name", "name"}:
        return named(value, field)
    if field == "birth_date":
        return born_on(value, today)
    if field == "email":
        return required_email(value)
    if field == "phone":
        return required_phone(value, site.country)
    return value.strip() if isinstance(value, str) else value


def named(name: str, field: str) -> str:
    """A name with single blanks. Raises Refused for `field` when it is empty."""
    if not name.strip():
        raise Refused(_("A name is missing. Nothing was saved; fill it in."), field=field)
    return " ".join(name.split())


def born_on(day: date, today: date) -> date:
    """A birth date. Raises Refused when it lies after `today` (the site's date) or more than OLDEST_YEARS before."""
    if day > today:
        raise Refused(_("The birth date lies in the future. Nothing was saved; correct it."), field="birth_date")
    if age_on(day, today) > OLDEST_YEARS:
        raise Refused(
            _("The birth date lies more than %(years)s years ago. Nothing was saved; check the year.")
            % {"years": OLDEST_YEARS},
            field="birth_date",
        )
    return day


def what_changed(patient: Patient, since: int) -> str:
    """A sentence for whoever opened the record at version `since`: who has changed what on it after that."""
    changes = AuditEvent.objects.filter(
        table="patients_patient", row=str(patient.pk), operation="update", after__version__gt=since
    )
    columns = {name for event in changes for name in event.after or {}} - {"version"}
    words = [str(field.verbose_name) for field in Patient._meta.concrete_fields if field.column in columns]
    people = dict.fromkeys(event.actor_name or _("somebody") for event in changes)
    return _(
        "%(people)s has changed this record since you opened it: %(what)s. Nothing was saved; what you typed is kept "
        "below. Compare it with the record, then save again."
    ) % {"people": ", ".join(people) or _("Somebody"), "what": ", ".join(words) or _("its standing")}
