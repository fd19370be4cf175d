"""Who called, on every form that changes something because somebody asked for it on the telephone."""

from typing import TypeVar

from django import forms

from clinic.actor import Actor
from clinic.models import User
from clinic.statements import Statement
from patients.callers import PATIENT, at_the_word_of
from patients.models import Contact, Patient

FormT = TypeVar("FormT", bound=forms.Form)
_CONTACTS = Statement(lambda patient: Contact.objects.filter(patient=patient), 1)


def with_caller(form: FormT, patient: Patient, chosen: str = "") -> FormT:
    """The form with the question who called (`chosen` beforehand); shown by templates/desk/_caller.html. Call it
    before the form is checked."""
    contacts = [
        (str(contact.pk), _words(contact)) for contact in _CONTACTS.instances(Contact, patient.pk) if contact.is_active
    ]
    form.fields["caller"] = forms.ChoiceField(
        label="Who called?",
        widget=forms.Select(attrs={"class": "form-select"}),
        required=False,
        initial=chosen,
        choices=[
            ("", "Nobody called"),
            (PATIENT, f"{patient.name}, the patient"),
            *contacts,
        ],
        help_text="Kept in the record.",
        error_messages={"invalid_choice": "That contact is no longer there. Nothing was changed; choose again."},
    )
    return form


def asked_by(user: User, form: forms.Form, patient: Patient) -> Actor:
    """Who acts, and at whose word, of a valid form. Raises Refused when the caller may not decide."""
    by, caller = Actor.of(user), form.cleaned_data.get("caller", "")
    if not caller:
        return by
    contact = None if caller == PATIENT else Contact.objects.get(pk=caller, patient=patient)
    return at_the_word_of(by, patient, contact)


def _words(contact: Contact) -> str:
    known = f"{contact.name}, {contact.relationship}" if contact.relationship else contact.name
    return known if contact.may_decide else f"{known} (may not decide)"
