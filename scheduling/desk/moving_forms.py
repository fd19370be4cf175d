"""What the clerk types to move or cancel a visit, or to stop a series."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError

from clinic.errors import Refused
from clinic.views import refuse
from scheduling.desk.booking_forms import DayField

UNREADABLE = "The plan could not be read. Look at it again; nothing was changed."


class ListField(forms.CharField):
    """Hidden values with commas between, as a list."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        super().__init__(required=False, widget=forms.HiddenInput)
        self.read = read

    def to_python(self, value: Any) -> Any:
        """The values. Raises ValidationError for text that is none."""
        text = super().to_python(value) or ""
        try:
            return self.together([one for one in text.split(",") if one])
        except ValueError:
            raise ValidationError(UNREADABLE) from None

    def together(self, parts: list[str]) -> Any:
        """What the parts between the commas say. Raises ValueError for one that is none."""
        return [self.read(one) for one in parts]


class PairsField(ListField):
    """Hidden pairs "id=value,id=value" as a dict."""

    def together(self, parts: list[str]) -> Any:
        """The values by id."""
        return {UUID(name): self.read(worth) for name, worth in (one.split("=", 1) for one in parts)}


def pairs(worths: Mapping[UUID, object]) -> str:
    """The values by id as a hidden field carries them, for PairsField to read."""
    return ",".join(f"{name}={worth}" for name, worth in worths.items())


def aware_moment(text: str) -> datetime:
    """An ISO moment, in UTC. Raises ValueError for text that is none or says no zone."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a moment without a zone")
    return found.astimezone(UTC)


class ReasonForm(forms.Form):
    """Why; kept with what it changes, and never sent to the patient."""

    reason = forms.CharField(
        label="Why",
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why; the reason is kept with the visit."},
        help_text="Kept in the record. The patient is not sent this text.",
    )


class StopForm(ReasonForm):
    """Why a series ends, and the version of each visit to come that the clerk saw."""

    seen = PairsField(int)


class PauseForm(StopForm):
    """Why a course is paused, and until when."""

    until = DayField(
        label="Until",
        required=False,
        help_text="On that day it is on your work list again. Empty: until somebody calls.",
    )


class CancelForm(StopForm):
    """Why a visit is cancelled, what else of its series goes with it, and the versions that the clerk saw."""

    ONE, REST, ALL = "one", "rest", "all"
    version = forms.IntegerField(widget=forms.HiddenInput)
    scope = forms.ChoiceField(choices=[(ONE, ONE), (REST, REST), (ALL, ALL)], required=False)

    def clean_scope(self) -> str:
        """The one visit, where nothing else was said."""
        return str(self.cleaned_data["scope"] or self.ONE)


class LookForm(forms.Form):
    """From which day on other times are looked for (GET)."""

    first_day = DayField(label="Look from")


class MoveForm(forms.Form):
    """The new time, the reason, and the version that the clerk saw. `starts` is an ISO moment in UTC."""

    starts = forms.CharField(error_messages={"required": "Choose one of the times first; nothing was moved."})
    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Why",
        max_length=400,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Say why; the reason is kept with the visit."},
        help_text="Kept in the record. The patient is not sent this text.",
    )

    def clean_starts(self) -> datetime:
        """The moment in UTC."""
        try:
            return datetime.fromisoformat(str(self.cleaned_data["starts"])).astimezone(UTC)
        except ValueError:
            raise ValidationError("The time could not be read. Choose again; nothing was moved.") from None

    def refuse(self, error: Refused) -> None:
        """Show why the action refused; what was typed stays."""
        kept: dict[str, Any] = dict(self.cleaned_data)
        refuse(self, error)
        self.cleaned_data = kept
