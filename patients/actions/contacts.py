"""The people around a patient: who may be told, who decides, who drives."""

from typing import Any

from django.utils.translation import gettext as _

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from patients.actions.checks import checked, home_site, named
from patients.contact_points import required_email, required_phone
from patients.models import Channel, Contact, Patient

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
        "mail_consent",
        "may_be_told",
        "may_decide",
        "may_drive",
        "is_active",
    }
)


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
        name=named(name, "name"),
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
    """Change some fields of a contact (those in CONTACT_CHANGEABLE); a new email address, or a new yes to mail, also
    forgets that mail failed. A new address in place of one that wanted no mail is a new yes; one in place of that
    where somebody said "wrong person" may be written to.

    Raises Refused like `add_contact`, and TypeError for a field that is not to be changed.
    """
    unknown = set(changes) - CONTACT_CHANGEABLE
    if unknown:
        raise TypeError(f"not a field to change: {', '.join(sorted(unknown))}")
    locks.take([locks.patient(contact.patient_id)])
    contact.refresh_from_db()
    site, email, agreed = home_site(contact.patient), contact.email, contact.mail_consent
    wrong = contact.wrong_way if contact.stopped_at is not None else ""
    for field, value in changes.items():
        setattr(contact, field, checked(field, value, site, clock.today(site.zone)))
    if contact.email not in {email, ""} and not agreed:
        contact.mail_consent = True
    if contact.email != email or (contact.mail_consent and not agreed):
        contact.email_failed_at = None
    if wrong and wrong not in {contact.email, contact.phone}:
        contact.stopped_at, contact.stopped_way = None, ""
    _check_adult(contact)
    contact.save()
    return contact


def _check_adult(contact: Contact) -> None:
    if contact.may_drive and not contact.is_adult:
        raise Refused(
            _("Only somebody who is 18 or older may drive the patient home. Nothing was saved."), field="is_adult"
        )
    if contact.may_decide and not contact.is_adult:
        raise Refused(
            _("Only somebody who is 18 or older may decide for the patient. Nothing was saved."), field="is_adult"
        )
