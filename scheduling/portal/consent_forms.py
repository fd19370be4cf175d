"""What is drawn or typed on the clinic's tablet to sign a consent."""

from typing import Any

from django import forms

from clinic.errors import Refused
from patients.callers import PATIENT
from patients.documents import Document, read_drawing
from patients.models import Contact, Patient
from patients.selectors import signers


class SignForm(forms.Form):
    """Who signs, and a drawing or the typed name."""

    form = forms.IntegerField(widget=forms.HiddenInput)
    signer = forms.ChoiceField()
    drawing = forms.CharField(required=False, max_length=200_000, widget=forms.HiddenInput)
    typed_name = forms.CharField(required=False, max_length=120)

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.contacts = {str(contact.pk): contact for contact in signers(patient)}
        choices: Any = self.fields["signer"]
        choices.choices = [
            (PATIENT, patient.name),
            *(
                (key, f"{one.name}, {one.relationship}" if one.relationship else one.name)
                for key, one in self.contacts.items()
            ),
        ]

    def clean_drawing(self) -> Document | None:
        """The drawing as a picture; None where nothing was drawn."""
        try:
            return read_drawing(self.cleaned_data["drawing"])
        except Refused as error:
            raise forms.ValidationError(error.message) from None

    @property
    def who(self) -> Contact | None:
        """The contact who signs, of a valid form; None for the patient."""
        return self.contacts.get(self.cleaned_data["signer"])
