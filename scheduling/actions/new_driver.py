"""Somebody who drives a patient home and is not among the contacts yet."""

from django.utils.translation import gettext as _

from clinic import locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from patients.actions import add_contact, home_site
from patients.contact_points import required_phone
from patients.models import Contact, Patient
from scheduling.selectors.drivers import is_a_service


@action
def save_driver(
    *,
    by: Actor,
    patient: Patient,
    name: str,
    relationship: str = "",
    phone: str = "",
    email: str = "",
    is_adult: bool,
) -> Contact:
    """Save a contact who drives and may be told of the visits; nobody is saved twice.

    Raises Refused when the person is not an adult, is a service or cannot be reached, and whatever `add_contact`
    refuses.
    """
    if not is_adult:
        raise Refused(_("Whoever drives home must be 18 or older: please tick it, or name an adult."), field="is_adult")
    if is_a_service(name):
        raise Refused(_("A taxi alone is no ride home: an adult has to come with you. Name that person."), field="name")
    if not phone.strip() and not email.strip():
        raise Refused(
            _("Give a telephone number or an email address, so that we can send the pick-up time."), field="phone"
        )
    locks.take([locks.patient(patient.pk)])
    return _known(patient, name, phone, email) or add_contact(
        by=by,
        patient=patient,
        name=name,
        relationship=relationship,
        phone=phone,
        email=email,
        is_adult=True,
        may_be_told=True,
        may_drive=True,
    )


def _known(patient: Patient, name: str, phone: str, email: str) -> Contact | None:
    """The contact saved before under this name and email or telephone, now marked as somebody who drives.

    Raises Refused for a telephone number that is none.
    """
    number = required_phone(phone, home_site(patient).country)
    for contact in Contact.objects.filter(
        patient=patient, name__iexact=name.strip(), is_active=True, stopped_at__isnull=True
    ):
        by_mail = bool(email.strip()) and contact.email.casefold() == email.strip().casefold()
        by_phone = bool(number) and contact.phone == number
        if by_mail or by_phone:
            contact.is_adult = contact.may_drive = contact.may_be_told = True
            contact.save(update_fields=["is_adult", "may_drive", "may_be_told"])
            return contact
    return None
