"""What is typed about patients and their contacts. A form checks that there is something; the actions say whether it
is right."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from crispy_forms.bootstrap import InlineRadios
from crispy_forms.layout import Div, Fieldset, Layout
from django import forms
from django.core.files.uploadedfile import UploadedFile

from clinic.errors import Refused
from clinic.models import Site
from clinic.views import form_status, refuse
from patients.models import Channel, Language, Questionnaire, Sex
from scheduling.desk.booking_forms import DayField
from scheduling.forms import inner_helper

ANSWERS = (("no", "No"), ("yes", "Yes"), ("unsure", "Not sure"))


class ActionForm(forms.Form):
    """A form whose last word an action has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = inner_helper()

    def carried_out(self, deed: Callable[[], object]) -> bool:
        """Whether the form was sent, is valid, and the action took it; where not, the form says why. `deed` calls the
        action."""
        if not self.is_valid():
            return False
        try:
            deed()
        except Refused as error:
            self.refuse(error)
            return False
        return True

    def refuse(self, error: Refused) -> None:
        """Show why the action refused, beside the field that it speaks of."""
        refuse(self, error)

    def see_again(self, name: str, value: int) -> None:
        """Keep what was typed, and take the clerk to have seen the thing as it is now: the hidden field `name`."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data[name] = str(value)
        self.data = data

    @property
    def status(self) -> int:
        """The HTTP status of a page that shows the form: 422 when what was sent is refused."""
        return form_status(self)

    def offer_sites(self, sites: Sequence[Site]) -> None:
        """Let `site` be one of these; nothing to choose where there is only one."""
        choices: Any = self.fields["site"]
        choices.queryset = Site.objects.filter(pk__in=[site.pk for site in sites])
        choices.initial = sites[0] if sites else None
        if len(sites) == 1:
            choices.widget = forms.HiddenInput()


def side_by_side(*fields: str) -> Div:
    """Fields side by side where there is room."""
    width = "col-sm-6" if len(fields) == 2 else "col-sm-4"
    return Div(*(Div(field, css_class=width) for field in fields), css_class="row")


def text_field(label: str, limit: int, **kwargs: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=limit, **({"required": False} | kwargs))


class PersonFields(ActionForm):
    """Who a patient is and how to reach him or her."""

    given_name = text_field("Given names", 120, required=True)
    family_name = text_field("Family name", 120, required=True)
    birth_date = DayField(label="Birth date", error_messages={"required": "The birth date is needed."})
    sex = forms.ChoiceField(label="Sex", choices=Sex.choices, initial=Sex.UNKNOWN)
    phone = text_field("Telephone", 40, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}))
    email = text_field("Email", 254, widget=forms.TextInput(attrs={"type": "email", "autocomplete": "off"}))
    channel = forms.ChoiceField(
        label="Wishes to be reached by",
        choices=Channel.choices,
        initial=Channel.MAIL,
        help_text="Where that cannot be used, the desk gets a call to make.",
    )
    mail_consent = forms.BooleanField(
        label="Agrees to email", required=False, help_text="Without it no mail goes out, even to a known address."
    )
    text_consent = forms.BooleanField(label="Agrees to text messages", required=False)
    language = forms.ChoiceField(label="Language", choices=Language.choices, initial=Language.ENGLISH)
    interpreter = text_field("Needs an interpreter for", 40)
    address_line = text_field("Street address", 200)
    city = text_field("City", 80)
    state = text_field("State or region", 40)
    postal_code = text_field("Postal code", 20)
    country = text_field("Country (two letters)", 2)
    note = text_field(
        "Note for the front desk",
        2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Nothing clinical: everybody at the desk reads it.",
    )

    def _person(self) -> list[Any]:
        return [
            side_by_side("given_name", "family_name"),
            side_by_side("birth_date", "sex"),
            Fieldset(
                "How to reach",
                side_by_side("phone", "email"),
                side_by_side("text_consent", "mail_consent"),
                side_by_side("channel", "language", "interpreter"),
            ),
            Fieldset(
                "Address", "address_line", side_by_side("city", "state"), side_by_side("postal_code", "country"), "note"
            ),
        ]


class NewPatientForm(PersonFields):
    """A new patient; a guardian for somebody under 18; and a tick when a like person is known already."""

    site = forms.ModelChoiceField(Site.objects.none(), label="Comes to", empty_label=None)
    guardian_name = text_field("Guardian's name", 120)
    guardian_relationship = text_field("Relationship", 60)
    guardian_phone = text_field("Guardian's telephone", 40, widget=forms.TextInput(attrs={"type": "tel"}))
    anyway = forms.BooleanField(label="This is somebody else: save the new patient", required=False)
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, sites: Sequence[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_sites(sites)
        self.fields["key"].initial = uuid4
        self.helper.layout = Layout(
            "key",
            "site",
            *self._person(),
            Fieldset(
                "Guardian (for a patient under 18)",
                side_by_side("guardian_name", "guardian_relationship", "guardian_phone"),
            ),
        )


class EditPatientForm(PersonFields):
    """A known patient; `version` is that of the record as the clerk saw it."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    is_active = forms.BooleanField(
        label="In care here", required=False, help_text="Without the tick nothing can be booked and nothing is sent."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper.layout = Layout("version", *self._person(), "is_active")


class ContactForm(ActionForm):
    """A person of the patient's."""

    name = text_field("Name", 120, required=True)
    relationship = text_field("Relationship to the patient", 60)
    phone = text_field("Telephone", 40, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}))
    email = text_field("Email", 254, widget=forms.TextInput(attrs={"type": "email", "autocomplete": "off"}))
    channel = forms.ChoiceField(label="Wishes to be reached by", choices=Channel.choices, initial=Channel.TEXT)
    language = forms.ChoiceField(label="Language", choices=Language.choices, initial=Language.ENGLISH)
    is_adult = forms.BooleanField(label="Is 18 or older", required=False)
    may_drive = forms.BooleanField(label="May drive the patient home", required=False)
    may_be_told = forms.BooleanField(label="May be told about visits", required=False)
    may_decide = forms.BooleanField(label="May decide for the patient (guardian)", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper.layout = Layout(
            side_by_side("name", "relationship"),
            side_by_side("phone", "email"),
            *(name for name in ("mail_consent",) if name in self.fields),
            side_by_side("channel", "language"),
            "is_adult",
            "may_drive",
            "may_be_told",
            "may_decide",
            *(name for name in ("is_active", "seen") if name in self.fields),
        )


class EditContactForm(ContactForm):
    """A known contact, who may also be put aside; `seen` is the newest change that the clerk saw."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    mail_consent = forms.BooleanField(
        label="Agrees to email",
        required=False,
        help_text="Taken back by the program when they report our mail as unwanted: ask, and tick it again on a yes.",
    )
    is_active = forms.BooleanField(label="Still a contact of the patient's", required=False)


class DeathForm(ActionForm):
    """The day a patient died; empty takes it back."""

    on = DayField(
        label="Died on",
        required=False,
        help_text="Leave it empty only to take back a death that was recorded by mistake.",
    )


class ScreeningForm(ActionForm):
    """The current questions, none answered beforehand: an answer that nobody gave must not be kept."""

    medicines = text_field("Medicines taken now", 4000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, questionnaire: Questionnaire, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ids = [question["id"] for question in questionnaire.questions]
        for question in questionnaire.questions:
            text = question["text"]
            self.fields[question["id"]] = forms.ChoiceField(
                label=text["en"],
                help_text=text[language] if language != "en" and language in text else "",
                choices=ANSWERS,
                widget=forms.RadioSelect,
                error_messages={"required": "Answer yes, no or not sure."},
            )
        self.helper.layout = Layout(*(InlineRadios(name) for name in self.ids), "medicines")

    @property
    def answers(self) -> dict[str, str]:
        """{question id: answer} of a valid form."""
        return {name: self.cleaned_data[name] for name in self.ids}


class FilesInput(forms.ClearableFileInput):
    """A file input that takes several."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, as a list."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Each file by itself; empty ones are let through, for the importer to name them in its refusal."""
        one = super().clean
        return (
            [one(item, initial) for item in data] if isinstance(data, list | tuple) and data else [one(data, initial)]
        )


class ImportForm(ActionForm):
    """FHIR bundles to import."""

    site = forms.ModelChoiceField(Site.objects.none(), label="The patients come to", empty_label=None)
    bundles = FilesField(
        label="FHIR R4 bundles (.json)",
        allow_empty_file=True,
        help_text="Up to 100 files at once. Each is imported whole or not at all; nobody is sent a message.",
        error_messages={"required": "Choose at least one file."},
        widget=FilesInput(attrs={"accept": ".json,application/json,application/fhir+json"}),
    )

    def __init__(self, *args: Any, sites: Sequence[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_sites(sites)
        self.helper.layout = Layout("site", "bundles")

    def uploads(self) -> list[UploadedFile[Any]]:
        """The files of a valid form."""
        found: list[UploadedFile[Any]] = self.cleaned_data["bundles"]
        return found
