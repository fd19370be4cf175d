"""What staff type about how a patient does: a total, another treatment, what was done about an alert."""

from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django import forms
from django.utils.text import capfirst

from clinic import clock
from patients.models import RANGES, SCORES, Measure, OtherTreatment
from scheduling.forms import inner_helper


class TotalForm(forms.Form):
    """One score as a total, with the local day and hour of the patient's home site."""

    measure = forms.ChoiceField(
        label="Score",
        choices=[(one.value, capfirst(str(one.label))) for one in SCORES],
        initial=Measure.PAIN,
        help_text="The answer to question 9 of a PHQ-9 is not known from a total: ask, or hand over the tablet.",
    )
    value = forms.DecimalField(label="Value", max_digits=5, decimal_places=2)
    day = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}))
    hour = forms.TimeField(label="At", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        now = clock.local(clock.now(), zone)
        self.fields["key"].initial = uuid4
        self.fields["day"].initial = now.date().isoformat()
        self.fields["hour"].initial = now.strftime("%H:%M")
        self.helper = inner_helper()

    def clean(self) -> dict[str, Any]:
        """The value fits the score; day and hour become one moment (aware)."""
        data = super().clean() or {}
        value, measure = data.get("value"), data.get("measure")
        if value is not None and measure:
            low, high = RANGES[Measure(measure)]
            if not low <= value <= high:
                self.add_error("value", f"{capfirst(str(Measure(measure).label))}: a number from {low} to {high}.")
        if data.get("day") and data.get("hour"):
            data["effective_at"] = clock.moment(data["day"], data["hour"], self.zone)
        return data


class TreatmentForm(forms.Form):
    """What else the patient does or takes."""

    kind = forms.ChoiceField(
        label="Kind", choices=[(one.value, capfirst(str(one.label))) for one in OtherTreatment.Kind]
    )
    name = forms.CharField(label="What", max_length=120, help_text="“Physical therapy, twice a week”, say.")
    since = forms.DateField(label="Since", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(
        label="Last day", required=False, widget=forms.DateInput(attrs={"type": "date"}), help_text="Empty: goes on."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = inner_helper()


class EndForm(forms.Form):
    """The last day of another treatment."""

    until = forms.DateField(label="Last day", widget=forms.DateInput(attrs={"type": "date"}))


class SeenForm(forms.Form):
    """What was done about an answer that worries."""

    what_was_done = forms.CharField(
        label="What was done",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        help_text="Whom you spoke to, what was agreed, what follows. It is kept with the answers.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = inner_helper()
