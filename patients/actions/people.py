"""Adding and changing patients and their contacts."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site
from patients.contact_points import required_email, required_phone
from patients.models import Channel, Contact, Language, Patient, Sex
from patients.selectors import ADULT_YEARS, age_on, has_guardian
from patients.signals import patient_died

#: Born longer ago than this is a slip of the pen: the longest life on record lasted 122 years (Jeanne Calment,
#: 1875-1997).
OLDEST_YEARS = 125

#: What `change_patient` may change.
CHANGEABLE = frozenset(
    {
        "given_name",
        "family_name",
        "birth_date",
        "sex",
        "language",
        "interpreter",
        "email",
        "phone",
        "channel",
        "address_line",
        "city",
        "state",
        "postal_code",
        "country",
        "note",
        "is_active",
    }
)
#: What `change_contact` may change.
CONTACT_CHANGEABLE = frozenset(
    {
        "name",
        "relationship",
        "phone",
        "email",
        "language",
        "channel",
        "is_adult",
        "may_be_told",
        "may_decide",
        "may_drive",
        "is_active",
    }
)


@action
def register_patient(
    *,
    by: Actor,
    site: Site,
    given_name: str,
    family_name: str,
    birth_date: date,
    sex: str = Sex.UNKNOWN,
    email: str = "",
    phone: str = "",
    language: str = Language.ENGLISH,
    interpreter: str = "",
    channel: str = Channel.MAIL,
    address_line: str = "",
    city: str = "",
    state: str = "",
    postal_code: str = "",
    country: str = "",
    note: str = "",
    guardian_name: str = "",
    guardian_relationship: str = "",
    guardian_phone: str = "",
) -> Patient:
    """Add a patient who comes to `site`. `phone` as typed, read by the site's country.

    Somebody under 18 needs a guardian, who is saved as the contact that may decide. Raises Refused (with `field`) for
    a missing name, a birth date in the future or too long ago, a telephone number or address that is none, and for a
    minor without guardian."""
    today = clock.today(site.zone)
    patient = Patient(
        given_name=_named(given_name, "given_name"),
        family_name=_named(family_name, "family_name"),
        birth_date=_born(birth_date, today),
        sex=sex,
        email=required_email(email),
        phone=required_phone(phone, site.country),
        language=language,
        interpreter=interpreter.strip(),
        channel=channel,
        address_line=address_line.strip(),
        city=city.strip(),
        state=state.strip(),
        postal_code=postal_code.strip(),
        country=country.strip().upper(),
        note=note.strip(),
        created_at=clock.now(),
    )
    if age_on(birth_date, today) < ADULT_YEARS and not guardian_name.strip():
        raise Refused(
            _(
                "The patient is under 18, and is taken only with a guardian: an adult who may decide. Nothing was "
                "saved; fill in the guardian's name below, or correct the birth date."
            ),
            field="guardian_name",
            code="minor_without_guardian",
        )
    patient.save()
    patient.sites.add(site)
    if guardian_name.strip():
        add_contact(
            by=by,
            patient=patient,
            name=guardian_name,
            relationship=guardian_relationship or _("guardian"),
            phone=required_phone(guardian_phone, site.country, field="guardian_phone"),
            is_adult=True,
            may_be_told=True,
            may_decide=True,
        )
    # The number comes from the database's sequence.
    patient.refresh_from_db(fields=["record_number"])
    return patient


@action
def change_patient(*, by: Actor, patient: Patient, **changes: Any) -> Patient:
    """Change some fields of a patient (those in CHANGEABLE); a new email address also forgets that mail to the old
    one failed.

    Raises Refused like `register_patient`, and TypeError for a field that is not to be changed.
    """
    unknown = set(changes) - CHANGEABLE
    if unknown:
        raise TypeError(f"not a field to change: {', '.join(sorted(unknown))}")
    locks.take([locks.patient(patient.pk)])
    patient.refresh_from_db()
    site = home_site(patient)
    today = clock.today(site.zone)
    born, email = patient.birth_date, patient.email
    for field, value in changes.items():
        setattr(patient, field, _checked(field, value, site, today))
    is_minor = age_on(patient.birth_date, today) < ADULT_YEARS
    if is_minor and patient.birth_date != born and not has_guardian(patient):
        raise Refused(
            _(
                "With this birth date the patient is under 18 and has no guardian. Nothing was saved; "
                "add a contact who may decide first."
            ),
            field="birth_date",
            code="minor_without_guardian",
        )
    if patient.email != email:
        patient.email_failed_at = None
    patient.save()
    return patient


@action
def record_death(*, by: Actor, patient: Patient, on: date) -> Patient:
    """Record that the patient died on `on` (local date), and announce it: what is booked is cancelled and nothing
    more is sent.

    Raises Refused for a date in the future or before the birth. Doing it twice changes only the date.
    """
    locks.take([locks.patient(patient.pk)])
    patient.refresh_from_db()
    if on > clock.today(home_site(patient).zone):
        raise Refused(_("That date lies in the future. Nothing was saved; correct it."), field="on")
    if on < patient.birth_date:
        raise Refused(_("That date lies before the patient's birth. Nothing was saved; correct it."), field="on")
    patient.deceased_at = on
    patient.save(update_fields=["deceased_at"])
    patient_died.send(sender=Patient, patient=patient, by=by)
    return patient


@action
def add_contact(
    *,
    by: Actor,
    patient: Patient,
    name: str,
    relationship: str = "",
    phone: str = "",
    email: str = "",
    is_adult: bool = False,
    may_be_told: bool = False,
    may_decide: bool = False,
    may_drive: bool = False,
    language: str | None = None,
    channel: str | None = None,
) -> Contact:
    """Add a person of the patient's. `language` is the patient's unless given; `channel` follows from what is known:
    mail, else text.

    Raises Refused for a missing name, a number or address that is none, and for a minor who would drive or decide.
    """
    country = home_site(patient).country
    contact = Contact(
        patient=patient,
        name=_named(name, "name"),
        relationship=relationship.strip(),
        phone=required_phone(phone, country),
        email=required_email(email),
        language=language or patient.language,
        is_adult=is_adult,
        may_be_told=may_be_told,
        may_decide=may_decide,
        may_drive=may_drive,
    )
    contact.channel = channel or (Channel.MAIL if contact.email or not contact.phone else Channel.TEXT)
    _check_adult(contact)
    contact.save()
    return contact


@action
def change_contact(*, by: Actor, contact: Contact, **changes: Any) -> Contact:
    """Change some fields of a contact (those in CONTACT_CHANGEABLE).

    Raises Refused like `add_contact`, and TypeError for a field that is not to be changed.
    """
    unknown = set(changes) - CONTACT_CHANGEABLE
    if unknown:
        raise TypeError(f"not a field to change: {', '.join(sorted(unknown))}")
    locks.take([locks.patient(contact.patient_id)])
    contact.refresh_from_db()
    site = home_site(contact.patient)
    for field, value in changes.items():
        setattr(contact, field, _checked(field, value, site, clock.today(site.zone)))
    _check_adult(contact)
    contact.save()
    return contact


def home_site(patient: Patient) -> Site:
    """The first of the patient's sites by name: whose country reads numbers and whose clock says what day it is.

    Raises Refused for a patient who comes to no site.
    """
    site = patient.sites.order_by("name").first()
    if site is None:
        raise Refused(_("The patient comes to no site. Nothing was saved; ask a manager to add one."))
    return site


def _checked(field: str, value: Any, site: Site, today: date) -> Any:
    if field in {"given_name", "family_name", "name"}:
        return _named(value, field)
    if field == "birth_date":
        return _born(value, today)
    if field == "email":
        return required_email(value)
    if field == "phone":
        return required_phone(value, site.country)
    return value.strip() if isinstance(value, str) else value


def _named(name: str, field: str) -> str:
    if not name.strip():
        raise Refused(_("A name is missing. Nothing was saved; fill it in."), field=field)
    return " ".join(name.split())


def _born(day: date, today: date) -> date:
    if day > today:
        raise Refused(_("The birth date lies in the future. Nothing was saved; correct it."), field="birth_date")
    if age_on(day, today) > OLDEST_YEARS:
        raise Refused(
            _("The birth date lies more than %(years)s years ago. Nothing was saved; check the year.")
            % {"years": OLDEST_YEARS},
            field="birth_date",
        )
    return day


def _check_adult(contact: Contact) -> None:
    if contact.may_drive and not contact.is_adult:
        raise Refused(
            _("Only somebody who is 18 or older may drive the patient home. Nothing was saved."), field="is_adult"
        )
    if contact.may_decide and not contact.is_adult:
        raise Refused(
            _("Only somebody who is 18 or older may decide for the patient. Nothing was saved."), field="is_adult"
        )
