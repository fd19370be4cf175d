"""The screening questions: the current version to read, and to change into the next one."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods

from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from patients.actions import QuestionText, publish_questionnaire
from patients.models import FlagKind, Questionnaire

#: Empty rows below the questions, for new ones.
NEW_ROWS = 2


class QuestionForm(forms.Form):
    """One question: its texts and the flag that a yes or a not sure raises; `left_out` ends it."""

    name = forms.CharField(required=False, widget=forms.HiddenInput)
    english = forms.CharField(
        label="English",
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
    )
    spanish = forms.CharField(
        label="Spanish",
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control", "lang": "es"}),
    )
    flag = forms.ChoiceField(
        label="Raises",
        required=False,
        choices=[("", "No flag"), *((kind.value, capfirst(kind.label)) for kind in FlagKind)],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    left_out = forms.BooleanField(
        label="Leave it out", required=False, widget=forms.CheckboxInput(attrs={"class": "form-check-input"})
    )

    @property
    def text(self) -> QuestionText | None:
        """The question as typed; None for an empty row, or one that is left out."""
        data = self.cleaned_data
        if not data or data["left_out"] or not (data["name"] or data["english"].strip() or data["spanish"].strip()):
            return None
        return QuestionText(data["name"], data["english"], data["spanish"], data["flag"])


QuestionFormSet: Any = forms.formset_factory(QuestionForm, extra=NEW_ROWS, max_num=60, absolute_max=60)


class VersionForm(forms.Form):
    """The version that the page was opened on."""

    seen = forms.IntegerField(widget=forms.HiddenInput)


@require_http_methods(["GET", "POST"])
@needs(Permission.DECIDE_CLEARANCE)
def questionnaire(request: StaffRequest) -> HttpResponse:
    """Every question in a row of its own; saving makes the next version."""
    current = Questionnaire.objects.get(is_current=True)
    data = request.POST if request.method == "POST" else None
    rows = QuestionFormSet(data, initial=[_as_typed(one) for one in current.questions], prefix="q")
    form = VersionForm(data, initial={"seen": current.version})
    if data is not None and rows.is_valid() and form.is_valid():
        texts = [text for row in rows if (text := row.text) is not None]
        try:
            made = publish_questionnaire(by=Actor.of(request.user), questions=texts, seen=form.cleaned_data["seen"])
        except Refused as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"Version {made.version} is asked from now on.")
            return redirect("doctor:questionnaire")
    context = {"form": form, "rows": rows, "current": current}
    return render(request, "doctor/questionnaire.html", context, status=422 if data is not None else 200)


def _as_typed(question: dict[str, Any]) -> dict[str, str]:
    text = question["text"]
    return {
        "name": question["id"],
        "english": text["en"],
        "spanish": text.get("es", ""),
        "flag": question.get("flag") or "",
    }
