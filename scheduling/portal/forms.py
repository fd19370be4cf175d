"""The one form with fields that a patient fills in here: who drives, after which visits."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.models import Contact
from scheduling.portal.presenters import VisitCard

NEW = "new"


def _whole(words: str) -> str:
    """Words that no line break parts."""
    return words.replace(" ", "\N{NO-BREAK SPACE}")


class DriverForm(forms.Form):
    """A saved contact, or a new one with a name, a tick for 18 or older, and a way to be reached."""

    companion = forms.ChoiceField(label=gettext_lazy("Who drives you home?"), widget=forms.RadioSelect)
    name = forms.CharField(
        label=gettext_lazy("Their name"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Their telephone number"),
        max_length=32,
        required=False,
        widget=forms.TextInput(attrs={"class": "form-control", "type": "tel", "autocomplete": "off"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("or their email address"),
        required=False,
        widget=forms.EmailInput(attrs={"class": "form-control", "autocomplete": "off"}),
        error_messages={"invalid": gettext_lazy("This is not an email address. It looks like name@example.org.")},
    )
    is_adult = forms.BooleanField(label=gettext_lazy("This person is 18 or older"), required=False)
    visits = forms.MultipleChoiceField(
        label=gettext_lazy("For which visits?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick at least one visit.")},
    )
    agreed = forms.BooleanField(label=gettext_lazy("They have already said yes"), required=False)

    def __init__(self, *args: Any, drivers: Sequence[Contact], visits: Sequence[VisitCard], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        saved = [(str(contact.pk), contact.name) for contact in drivers]
        companion = cast(forms.ChoiceField, self.fields["companion"])
        for_visits = cast(forms.ChoiceField, self.fields["visits"])
        companion.choices = [*saved, (NEW, _("Somebody else"))]
        for_visits.choices = [(card.id, f"{card.date}, {_whole(card.starts)}") for card in visits]

    def person_fields(self) -> list[forms.BoundField]:
        """The text fields of a new person, in order."""
        return [self["name"], self["phone"], self["email"]]

    def clean(self) -> dict[str, Any]:
        """A new person needs a name, the tick, and a telephone number or an email address."""
        cleaned = super().clean() or {}
        if cleaned.get("companion") != NEW:
            return cleaned
        if not cleaned.get("name"):
            self.add_error("name", _("Write the name of the person who drives you."))
        if not cleaned.get("phone") and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("phone", _("Give a telephone number or an email address, so that we can reach them."))
        if not cleaned.get("is_adult"):
            self.add_error("is_adult", _("Whoever drives you home must be 18 or older. Tick this, or name an adult."))
        return cleaned
