"""Adding and changing patients."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.utils.translation import gettext as _

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused, Stale
from clinic.models import Site
from patients.actions.checks import born_on, checked, home_site, named, what_changed
from patients.actions.contacts import add_contact
from patients.contact_points import required_email, required_phone
from patients.models import Channel, ConsultRequest, Language, Patient, Sex
from patients.selectors import has_guardian, is_minor
from patients.signals import patient_died

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
        "mail_consent",
        "text_consent",
        "essential_only",
        "address_line",
        "city",
        "state",
        "postal_code",
        "country",
        "note",
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
    mail_consent: bool = True,
    text_consent: bool = False,
    address_line: str = "",
    city: str = "",
    state: str = "",
    postal_code: str = "",
    country: str = "",
    note: str = "",
    guardian_name: str = "",
    guardian_relationship: str = "",
    guardian_phone: str = "",
    key: UUID | None = None,
) -> Patient:
    """Add a patient who comes to `site`. `phone` as typed, read by the site's country. `mail_consent` and
    `text_consent`: whether the patient agrees to be written to so.

    `key` names the submitted form: it becomes the patient's id, so that the same form sent twice makes one patient.

    Somebody under 18 needs a guardian, who is saved as the contact that may decide. Raises Refused (with `field`) for
    a missing name, an impossible birth date, telephone number or address, and for a minor without guardian."""
    today = clock.today(site.zone)
    key = key or uuid4()
    locks.take([locks.patient(key)])
    known = Patient.objects.filter(pk=key).first()
    if known is not None:
        return known
    patient = Patient(
        id=key,
        given_name=named(given_name, "given_name"),
        family_name=named(family_name, "family_name"),
        birth_date=born_on(birth_date, today),
        sex=sex,
        email=required_email(email),
        phone=required_phone(phone, site.country),
        language=language,
        interpreter=interpreter.strip(),
        channel=channel,
        mail_consent=mail_consent,
        text_consent=text_consent,
        address_line=address_line.strip(),
        city=city.strip(),
        state=state.strip(),
        postal_code=postal_code.strip(),
        country=country.strip().upper(),
        note=note.strip(),
        created_at=clock.now(),
    )
    if is_minor(patient, today) and not guardian_name.strip():
        raise _guardian_needed()
    patient.save(force_insert=True)
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


def _guardian_needed() -> Refused:
    return Refused(
        _(
            "The patient is under 18, and is taken only with a guardian: an adult who may decide. Nothing was "
            "saved; fill in the guardian's name below, or correct the birth date."
        ),
        field="guardian_name",
        code="minor_without_guardian",
    )


@action
def change_patient(*, by: Actor, patient: Patient, version: int | None = None, **changes: Any) -> Patient:
    """Change some fields of a patient (those in CHANGEABLE); a new email address, or a new yes to mail, also forgets
    that mail failed. `version`: of the record as the person saw it (None: whatever it is).

    Raises Stale when somebody else has changed the record since, saying who and what; Refused like `register_patient`,
    and TypeError for a field that is not to be changed."""
    unknown = set(changes) - CHANGEABLE
    if unknown:
        raise TypeError(f"not a field to change: {', '.join(sorted(unknown))}")
    locks.take([locks.patient(patient.pk)])
    patient.refresh_from_db()
    if version is not None and version != patient.version:
        raise Stale(what_changed(patient, version))
    site = home_site(patient)
    today = clock.today(site.zone)
    born, email, agreed = patient.birth_date, patient.email, patient.mail_consent
    for field, value in changes.items():
        setattr(patient, field, checked(field, value, site, today))
    if is_minor(patient, today) and patient.birth_date != born and not has_guardian(patient):
        raise Refused(
            _(
                "With this birth date the patient is under 18 and has no guardian. Nothing was saved; "
                "add a contact who may decide first."
            ),
            field="birth_date",
            code="minor_without_guardian",
        )
    if patient.email != email or (patient.mail_consent and not agreed):
        patient.email_failed_at = None
    patient.version += 1
    patient.save()
    return patient


@action
def record_death(*, by: Actor, patient: Patient, on: date | None) -> Patient:
    """Record that the patient died on `on` (local date), and announce it: what is booked is cancelled and nothing more
    is sent. None takes back a death that was recorded by mistake; what was cancelled stays cancelled.

    Raises Refused for a date in the future or before the birth. Doing it twice changes only the date.
    """
    locks.take([locks.patient(patient.pk)])
    patient.refresh_from_db()
    if on is not None and on > clock.today(home_site(patient).zone):
        raise Refused(_("That date lies in the future. Nothing was saved; correct it."), field="on")
    if on is not None and on < patient.birth_date:
        raise Refused(_("That date lies before the patient's birth. Nothing was saved; correct it."), field="on")
    patient.deceased_at = on
    patient.save(update_fields=["deceased_at"])
    if on is not None:
        ConsultRequest.objects.filter(patient=patient, status=ConsultRequest.Status.WAITING).update(
            status=ConsultRequest.Status.CLOSED
        )
        patient_died.send(sender=Patient, patient=patient, by=by)
    return patient
