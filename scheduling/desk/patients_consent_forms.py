"""What is typed and drawn about a signed consent, its scan, and the text that is signed."""

from datetime import datetime
from typing import Any

from crispy_forms.layout import Layout
from django import forms

from clinic import clock
from clinic.errors import Refused
from clinic.models import Site
from patients.callers import PATIENT
from patients.documents import Document, read_scan
from patients.models import Language, Patient
from patients.selectors import signers
from scheduling.desk.booking_forms import DayField, TimeField
from scheduling.desk.patients_forms import ActionForm, side_by_side, text_field

#: How long a consent is proposed to hold, in days, where no form says it: a year, as most forms say. Whoever records
#: it sets the date.
CONSENT_DAYS = 365
SCAN_HELP = "PDF, JPEG or PNG, up to 10 MB."
ACCEPTED = ".pdf,.jpg,.jpeg,.png,application/pdf,image/jpeg,image/png"


class ScanField(forms.FileField):
    """A scan, checked by what it contains; `cleaned_data` has a Document, or None."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.ClearableFileInput(attrs={"accept": ACCEPTED})
        super().__init__(allow_empty_file=True, help_text=SCAN_HELP, widget=widget, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Document | None:
        """Raises ValidationError with the words of the refusal."""
        upload = super().clean(data, initial)
        if not upload:
            return None
        try:
            return read_scan(upload.read())
        except Refused as error:
            raise forms.ValidationError(error.message) from None


class ConsentForm(ActionForm):
    """A consent signed on paper. Day and time are local to the patient's site."""

    form_version = text_field("Version of the form", 40, required=True, help_text="As printed at its foot.")
    signer = forms.ChoiceField(label="Who signed?")
    signed_by = text_field("Somebody else: the name", 120, help_text="Only for an adult patient.")
    relationship = text_field("Somebody else: the relationship", 60)
    signed_on = DayField(label="Signed on")
    signed_time = TimeField(label="Signed at")
    valid_until = DayField(label="Valid until")
    scan = ScanField(label="Scan of the signed form", required=False)

    def __init__(self, *args: Any, site: Site, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.site, self.patient = site, patient
        self.contacts = {str(contact.pk): contact for contact in signers(patient)}
        choices: Any = self.fields["signer"]
        choices.choices = [
            (PATIENT, f"{patient.name}, the patient"),
            *((key, f"{one.name}, {one.relationship or 'may decide'}") for key, one in self.contacts.items()),
            ("other", "somebody else"),
        ]
        self.helper.layout = Layout(
            "form_version",
            "signer",
            side_by_side("signed_by", "relationship"),
            side_by_side("signed_on", "signed_time", "valid_until"),
            "scan",
        )

    def clean(self) -> dict[str, Any]:
        """Somebody else needs a name and the relationship."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("signer") == "other":
            for name in ("signed_by", "relationship"):
                if not values.get(name):
                    self.add_error(name, "Needed when somebody else has signed.")
        return values

    @property
    def who(self) -> dict[str, Any]:
        """`signer`, `signed_by` and `relationship` of a valid form, as the action takes them."""
        chosen = self.cleaned_data["signer"]
        if chosen in self.contacts:
            return {"signer": self.contacts[chosen], "signed_by": self.contacts[chosen].name, "relationship": ""}
        if chosen == PATIENT:
            return {"signer": None, "signed_by": self.patient.name, "relationship": ""}
        return {"signer": None} | {name: self.cleaned_data[name] for name in ("signed_by", "relationship")}

    @property
    def signed_at(self) -> datetime:
        """The moment of signing, in UTC."""
        return clock.moment(self.cleaned_data["signed_on"], self.cleaned_data["signed_time"], self.site.zone)

    def refuse(self, error: Refused) -> None:
        """The action speaks of the moment; the form asks for day and time."""
        field = "signed_on" if error.field == "signed_at" else error.field
        self.add_error(field if field in self.fields else None, error.message)


class ScanForm(ActionForm):
    """The scan of a consent that was recorded without."""

    scan = ScanField(label="Scan of the signed form", error_messages={"required": "Choose the file."})


class WithdrawForm(ActionForm):
    """Why something is taken back."""

    reason = forms.CharField(label="Why", max_length=400, widget=forms.Textarea(attrs={"rows": 2}))


class TextForm(ActionForm):
    """A new version of the text that is signed."""

    version = text_field("Version", 40, required=True, help_text="For example 2027-01. It cannot be used twice.")
    valid_days = forms.IntegerField(label="A signature holds for, in days", min_value=1, max_value=3660, initial=365)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for language in Language:
            self.fields[f"text_{language}"] = forms.CharField(
                label=f"Text in {language.label}",
                required=language is Language.ENGLISH,
                max_length=20_000,
                widget=forms.Textarea(attrs={"rows": 12}),
                help_text="Leave an empty line between paragraphs." if language is Language.ENGLISH else "",
            )

    @property
    def text(self) -> dict[str, str]:
        """{language: text} of a valid form."""
        return {language.value: self.cleaned_data[f"text_{language}"] for language in Language}
