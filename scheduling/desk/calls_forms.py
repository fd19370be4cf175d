"""Forms of the call list and of one message."""

from crispy_forms.helper import FormHelper
from django import forms

from scheduling.models import Message


class OutcomeForm(forms.Form):
    """What came of a call: one of Message.Outcome, and a note."""

    outcome = forms.ChoiceField(
        choices=Message.Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what came of the call.", "invalid_choice": "Choose one of the outcomes."},
    )
    note = forms.CharField(
        required=False, max_length=500, label="Note (nothing clinical)", widget=forms.TextInput(attrs={"size": 40})
    )


class ReasonForm(forms.Form):
    """Why a message is left unsent."""

    reason = forms.CharField(
        max_length=200, label="Why does nobody need to be told?", error_messages={"required": "Write down why."}
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.helper = FormHelper()
        self.helper.form_tag = False


class LedgerFilter(forms.Form):
    """Which part of the ledger to show; what cannot be read is ignored."""

    state = forms.ChoiceField(choices=[("", "any state"), *Message.State.choices], required=False)
    kind = forms.ChoiceField(choices=[("", "about anything"), *Message.Kind.choices], required=False)
    patient = forms.UUIDField(required=False, widget=forms.HiddenInput)
