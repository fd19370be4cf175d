"""The screening questions in the patient's language, none answered beforehand."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.models import Questionnaire

ANSWERS = (("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No")), ("unsure", gettext_lazy("I am not sure")))


class OwnScreeningForm(forms.Form):
    """One question a field. `version` is that of the questions as they were read."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, questionnaire: Questionnaire, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ids = [question["id"] for question in questionnaire.questions]
        self.initial.setdefault("version", questionnaire.version)
        for question in questionnaire.questions:
            text = question["text"]
            self.fields[question["id"]] = forms.ChoiceField(
                label=text.get(language) or text["en"],
                choices=ANSWERS,
                widget=forms.RadioSelect,
                error_messages={"required": _("Please answer this one too: yes, no, or not sure.")},
            )
        self.fields["medicines"] = forms.CharField(
            label=_("Which medicines do you take now? Write them as they stand on the box."),
            max_length=4000,
            required=False,
            widget=forms.Textarea(attrs={"class": "form-control", "rows": 4}),
        )

    def questions(self) -> list[forms.BoundField]:
        """The questions in order."""
        return [self[name] for name in self.ids]

    @property
    def answers(self) -> dict[str, str]:
        """{question id: answer} of a valid form."""
        return {name: self.cleaned_data[name] for name in self.ids}
