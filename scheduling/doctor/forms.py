"""The form by which a doctor clears a patient, or does not."""

from typing import Any
from uuid import UUID

from crispy_forms.layout import Div, Fieldset
from django import forms
from django.utils.text import capfirst

from patients.actions import DIASTOLIC_LIMITS, SYSTOLIC_LIMITS, Terms
from patients.models import MOST_EXTRA_WATCH, Clearance
from scheduling.forms import inner_helper

DECISIONS = [(decision.value, capfirst(decision.label)) for decision in Clearance.Decision]
#: The end of a clearance that the form proposes, in days from today: half a year. The doctor sets the date.
PROPOSED_VALIDITY_DAYS = 183
#: Fields that start with what the last yes had.
KEPT = ("conditions", "systolic_limit", "diastolic_limit", "extra_watch", "needs_bed", "letter_from")
#: What the conditions of a yes may be, as the action holds them.
BOUNDS = {"systolic_limit": SYSTOLIC_LIMITS, "diastolic_limit": DIASTOLIC_LIMITS, "extra_watch": (0, MOST_EXTRA_WATCH)}


class ClearanceForm(forms.Form):
    """A decision, with what it needs: a last day for a yes, conditions for a conditional one, a reason for a no."""

    decision = forms.ChoiceField(label="Decision", choices=DECISIONS, widget=forms.RadioSelect)
    valid_until = forms.DateField(
        label="A yes holds until",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The last day on which a drip may start.",
    )
    conditions = forms.CharField(
        label="Other conditions",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="In your words; whoever runs the visit reads them. What stands above the program sees to by itself.",
    )
    systolic_limit = forms.IntegerField(label="Systolic up to", required=False, help_text="mmHg on the day")
    diastolic_limit = forms.IntegerField(label="Diastolic up to", required=False, help_text="mmHg on the day")
    extra_watch = forms.IntegerField(
        label="Extra watch units", required=False, help_text="Added to each phase that a nurse watches"
    )
    needs_bed = forms.BooleanField(label="A bed instead of a recliner", required=False)
    letter_from = forms.CharField(
        label="A letter is needed from",
        max_length=120,
        required=False,
        help_text="“the cardiologist”: no drip starts until somebody has ticked that it is here.",
    )
    reason = forms.CharField(
        label="Reason",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="For “more information needed”, “refused” and “suspended”. It is kept here and sent to nobody.",
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (least, most) in BOUNDS.items():
            self.fields[name].widget.attrs.update(min=least, max=most, inputmode="numeric", autocomplete="off")
        self.helper = inner_helper(
            "decision",
            "valid_until",
            Fieldset(
                "Conditions",
                Div("systolic_limit", "diastolic_limit", "extra_watch", css_class="form-grid mb-3"),
                "needs_bed",
                "letter_from",
                "conditions",
                css_class="conditions",
            ),
            "reason",
            "seen",
        )

    @property
    def terms(self) -> Terms:
        """What the program is to see to."""
        data = self.cleaned_data
        return Terms(
            systolic_limit=data["systolic_limit"],
            diastolic_limit=data["diastolic_limit"],
            needs_bed=data["needs_bed"],
            extra_watch=data["extra_watch"] or 0,
            letter_from=data["letter_from"],
        )

    def clean(self) -> dict[str, Any]:
        """`seen` becomes ids: a finding that came in after the page was shown is not decided upon. Conditions that the
        page had filled in from the last yes go with a conditional yes only; what a doctor typed is never dropped.
        """
        data = super().clean() or {}
        if data.get("decision") != Clearance.Decision.CONDITIONS and not set(KEPT) & set(self.changed_data):
            data |= dict.fromkeys(KEPT, "") | {"systolic_limit": None, "diastolic_limit": None, "needs_bed": False}
            data["extra_watch"] = 0
        try:
            data["seen"] = [UUID(one) for one in data.get("seen", "").split()]
        except ValueError:
            self.add_error(None, "The list of findings on this page is damaged. Open the page again.")
        return data
