"""To whom the letter goes, and what the doctor adds."""

from typing import Any

from django import forms

from scheduling.forms import inner_helper


class LetterForm(forms.Form):
    """The addressee as it stands on the envelope, and remarks."""

    to = forms.CharField(
        label="To",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=400,
        help_text="Name and address, a line each.",
        error_messages={"required": "Say to whom it goes."},
    )
    remarks = forms.CharField(
        label="What you add to the plan", widget=forms.Textarea(attrs={"rows": 2}), max_length=1500, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = inner_helper()
