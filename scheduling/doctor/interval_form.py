"""The form that says how often boosters are to come, and in which pattern."""

import re
from typing import Any
from uuid import uuid4

from crispy_forms.layout import HTML, Div, Field
from django import forms
from django.utils.text import capfirst

from scheduling.desk.moving_forms import ListField, PairsField, aware_moment, pairs
from scheduling.forms import inner_helper
from scheduling.models import BoosterPlan
from scheduling.selectors.boosters import BoosterPreview
from scheduling.selectors.intervals import LONGEST_DAYS, SHORTEST_DAYS

Pattern = BoosterPlan.Pattern
PATTERNS = [(one.value, capfirst(one.label)) for one in Pattern]
#: No booster may be moved further than this by tolerance alone.
MOST_TOLERANCE_DAYS = 60
OUT_OF_RANGE = f"Boosters come {SHORTEST_DAYS} to {LONGEST_DAYS} days apart."
_DAY = {"type": "date"}


class IntervalForm(forms.Form):
    """How often boosters are to come, and why."""

    interval_days = forms.IntegerField(
        label="Days between boosters",
        min_value=SHORTEST_DAYS,
        max_value=LONGEST_DAYS,
        required=False,
        help_text="Seen in practice: 14 to 42 days. As needed: the smallest gap.",
        error_messages={"min_value": OUT_OF_RANGE, "max_value": OUT_OF_RANGE},
        widget=forms.NumberInput(attrs={"accesskey": "i"}),
    )
    tolerance_days = forms.IntegerField(
        label="Early or late by at most, in days", min_value=0, max_value=MOST_TOLERANCE_DAYS
    )
    reason = forms.CharField(label="Why", widget=forms.TextInput(), max_length=500)
    pattern = forms.ChoiceField(
        label="Pattern", choices=PATTERNS, required=False, widget=forms.RadioSelect, initial=Pattern.FIXED
    )
    steps = forms.CharField(
        label="Steps of a widening interval, in days",
        required=False,
        max_length=80,
        help_text="14, 21, 28, 42, say: each once, the last one from then on.",
    )
    ends_on = forms.DateField(label="Last day of boosters", required=False, widget=forms.DateInput(attrs=_DAY))
    review_on = forms.DateField(label="Look at it again on", required=False, widget=forms.DateInput(attrs=_DAY))
    extra_now = forms.BooleanField(
        label="One extra now", required=False, help_text="As soon as there is time; the interval counts from it."
    )
    moves_near = forms.BooleanField(
        label="Move a booster inside the notice period too",
        required=False,
        help_text="The patient has arranged for it: otherwise it stays.",
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid4
        more = ("pattern", "steps", "ends_on", "review_on", "extra_now", "moves_near")
        is_open = " open" if self._says_more(more) else ""
        self.helper = inner_helper(
            Div(Field("interval_days"), Field("tolerance_days"), css_class="two-fields"),
            "reason",
            HTML(f'<details class="more"{is_open}><summary>Another pattern, an end, one extra now</summary>'),
            "pattern",
            "steps",
            Div(Field("ends_on"), Field("review_on"), css_class="two-fields"),
            "extra_now",
            "moves_near",
            HTML("</details>"),
            "key",
        )

    def _says_more(self, names: tuple[str, ...]) -> bool:
        """Whether one of the fields that are folded away says something of its own."""
        given = self.data if self.is_bound else self.initial
        return any(str(given.get(name) or "") not in {"", Pattern.FIXED} for name in names)

    def clean_steps(self) -> tuple[int, ...]:
        """Whole numbers, apart by commas, blanks or arrows."""
        parts = [part for part in re.split(r"[\s,;>→-]+", self.cleaned_data["steps"]) if part]
        if not all(part.isdecimal() for part in parts):
            raise forms.ValidationError("Write the days of each step as whole numbers: 14, 21, 28, 42.")
        return tuple(int(part) for part in parts)

    def clean(self) -> dict[str, Any]:
        """Each pattern has what it needs; the tolerance stays below the interval; the hidden key is one."""
        data = super().clean() or {}
        if "key" in self.errors:
            self.add_error(None, "This form is damaged. Open the page again.")
        data["pattern"] = data.get("pattern") or Pattern.FIXED
        if data["pattern"] == Pattern.WIDENING:
            self._clean_widening(data)
        else:
            data["steps"] = ()
            if data.get("interval_days") is None and "interval_days" not in self.errors:
                self.add_error("interval_days", "Say how many days lie between boosters.")
        if data["pattern"] == Pattern.AS_NEEDED and data.get("extra_now"):
            self.add_error("extra_now", "As needed, the desk books each one when the patient asks; leave this empty.")
        interval, tolerance = data.get("interval_days"), data.get("tolerance_days")
        if interval is not None and tolerance is not None and tolerance >= interval:
            self.add_error("tolerance_days", "The tolerance must be smaller than the interval.")
        return data

    def _clean_widening(self, data: dict[str, Any]) -> None:
        steps = data.get("steps", ())
        if "steps" in self.errors:
            return
        if len(steps) < 2:
            self.add_error("steps", "A widening interval has two steps or more: 14, 21, 28, say.")
        elif not all(SHORTEST_DAYS <= step <= LONGEST_DAYS for step in steps):
            self.add_error("steps", OUT_OF_RANGE)
        else:
            data["interval_days"] = steps[-1]

    @property
    def wanted(self) -> dict[str, Any]:
        """What both the preview and the decision take. Only for a valid form."""
        names = ("interval_days", "tolerance_days", "pattern", "steps", "ends_on", "extra_now", "moves_near")
        return {name: self.cleaned_data[name] for name in names}


class SeenForm(forms.Form):
    """What the page showed, hidden in it: when the boosters would start, and the versions of those that stand."""

    starts = ListField(aware_moment)
    seen = PairsField(int)

    @classmethod
    def of(cls, preview: BoosterPreview) -> "SeenForm":
        """The form that carries `preview`."""
        starts = ",".join(one.isoformat() for one in preview.starts)
        return cls(initial={"starts": starts, "seen": pairs(preview.seen)})
