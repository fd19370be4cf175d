"""What the clerk types to move or cancel a visit, or to stop a series."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from scheduling.desk.booking_forms import DayField


class ReasonForm(forms.Form):
    """Why; kept with what it changes, and never sent to the patient."""

    reason = forms.CharField(
        label="Why",
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why; the reason is kept with the visit."},
        help_text="Kept in the record. The patient is not sent this text.",
    )


class CancelForm(ReasonForm):
    """Why a visit is cancelled, and the version that the clerk saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)


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

    def refuse(self, message: str, field: str = "") -> None:
        """Show why the action refused."""
        kept: dict[str, Any] = dict(self.cleaned_data)
        self.add_error(field if field in self.fields else None, message)
        self.cleaned_data = kept
