"""Forms of what the doctors decide at the chair: the nurse's question, the answer, the order."""

from typing import Any

from crispy_forms.layout import Div, Layout
from django import forms
from django.http import QueryDict
from django.utils.text import capfirst

from scheduling.actions.visit_questions import ANSWERS
from scheduling.models import Appointment, GivenRoute, Order, Question, Unit
from scheduling.models.medicine import plain
from scheduling.nurse.forms import VisitForm
from scheduling.selectors.at_the_chair import order_for


class AskForm(VisitForm):
    """What a doctor is asked."""

    slot = "ask"
    about = forms.ChoiceField(label="About", choices=[(one.value, capfirst(one.label)) for one in Question.About])
    words = forms.CharField(
        label="What the doctor should know", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def prepare(self) -> None:
        """Something else comes first: the rest have a button where they matter."""
        self.initial["about"] = Question.About.OTHER.value


#: What an answer does, where its word alone does not say it.
MEANINGS: dict[str, dict[str, str]] = {
    Question.About.RIDE: {Question.Answer.GO_AHEAD: "Waive it: the patient may go home without a companion"},
    Question.About.EARLY: {Question.Answer.GO_AHEAD: "Go ahead: the patient may leave once fit"},
    Question.About.READING: {
        Question.Answer.GO_AHEAD: "Go ahead with this reading",
        Question.Answer.NOT_TODAY: "Not today: nothing more is given; the series goes on",
        Question.Answer.SUSPEND: "Suspend the treatment: nothing more is given, and the visits to come are put on hold",
    },
}


class AnswerForm(VisitForm):
    """A doctor's answer to one question, asked or not."""

    answer = forms.ChoiceField(label="Answer", widget=forms.RadioSelect)
    reason = forms.CharField(label="Reason", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, data: QueryDict | None = None, *, visit: Appointment, about: str) -> None:
        self.about = about
        self.slot = f"answer_{about}"
        super().__init__(data, visit=visit)

    @property
    def title(self) -> str:
        """What the question is about, in words."""
        return str(Question.About(self.about).label)

    def prepare(self) -> None:
        """The answers that this question may get."""
        meanings = MEANINGS.get(self.about, {})
        offered = ANSWERS.get(self.about, ())
        self.offer("answer", [(one.value, meanings.get(one) or str(capfirst(one.label))) for one in offered])

    @property
    def facts(self) -> dict[str, Any]:
        """The answer with the question."""
        return {"about": self.about, **self.cleaned_data}


class OrderForm(VisitForm):
    """What a doctor orders. Nothing is filled in but what an earlier order said."""

    slot = "order"
    scope = forms.ChoiceField(label="The order is for", widget=forms.RadioSelect)
    drug = forms.CharField(label="Drug", max_length=80)
    route = forms.ChoiceField(label="Route", choices=[(one.value, capfirst(one.label)) for one in GivenRoute])
    least = forms.DecimalField(label="Dose, at least", max_digits=9, decimal_places=3, widget=forms.NumberInput())
    most = forms.DecimalField(label="Dose, at most", max_digits=9, decimal_places=3, widget=forms.NumberInput())
    unit = forms.ChoiceField(label="Unit", choices=Unit.choices)
    rate = forms.CharField(
        label="Rate", max_length=80, required=False, help_text="In words, as the nurse reads it: “over 40 minutes”."
    )
    others = forms.CharField(
        label="Other medicines that may be given",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line, with dose and occasion.",
    )
    note = forms.CharField(label="Note to the nurse", required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def prepare(self) -> None:
        """The standing order as it is, to be changed; for the whole series unless the visit has its own."""
        choices = [("visit", "This visit only")]
        if self.visit.series_id is not None:
            choices.insert(0, ("series", "Every visit of the series that has no order of its own"))
        self.offer("scope", choices)
        standing = order_for(self.visit)
        self.initial["scope"] = "visit" if standing is not None and standing.appointment_id else choices[0][0]
        if standing is not None:
            self.initial.update(_as_typed(standing))
        elif self.visit.protocol_version.route in GivenRoute.values:
            self.initial["route"] = self.visit.protocol_version.route
        for name in ("least", "most"):
            self.fields[name].widget.attrs.update(step="any", inputmode="decimal", autocomplete="off")
        self.helper.layout = Layout(
            "scope",
            Div("drug", "route", css_class="form-grid mb-3"),
            Div("least", "most", "unit", "rate", css_class="form-grid mb-3"),
            "others",
            "note",
        )

    @property
    def facts(self) -> dict[str, Any]:
        """The order, for the visit or for its whole series."""
        typed = dict(self.cleaned_data)
        scope = typed.pop("scope")
        return {**typed, "whole_series": scope == "series"}


def _as_typed(order: Order) -> dict[str, object]:
    return {
        "drug": order.drug,
        "route": order.route,
        "least": plain(order.least),
        "most": plain(order.most),
        "unit": order.unit,
        "rate": order.rate,
        "others": order.others,
        "note": order.note,
    }
