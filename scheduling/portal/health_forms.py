"""What is asked behind the patient's link about the patient: the birth date, and today's score."""

from datetime import date
from typing import Any, cast

from django import forms
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: The oldest year that a birth date is taken to lie in.
FIRST_YEAR = 1900


def _number(name: str, digits: int) -> forms.TextInput:
    attrs = {"class": "form-control", "inputmode": "numeric", "maxlength": str(digits), "autocomplete": name}
    return forms.TextInput(attrs=attrs)


class BirthDateForm(forms.Form):
    """Month, day and year apart, the month by its name: no order of numbers has to be guessed."""

    month = forms.TypedChoiceField(
        label=gettext_lazy("Month"),
        coerce=int,
        widget=forms.Select(attrs={"class": "form-select", "autocomplete": "bday-month"}),
        required=False,
    )
    day = forms.IntegerField(label=gettext_lazy("Day"), widget=_number("bday-day", 2), required=False)
    year = forms.IntegerField(label=gettext_lazy("Year"), widget=_number("bday-year", 4), required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        names = [(number, str(name).capitalize()) for number, name in MONTHS.items()]
        cast(forms.ChoiceField, self.fields["month"]).choices = [("", _("Month")), *names]

    def clean(self) -> dict[str, Any]:
        """One date, in `born`. What is no date is not counted as a wrong answer."""
        values = super().clean() or {}
        try:
            born = date(values.get("year") or 0, values.get("month") or 0, values.get("day") or 0)
        except (ValueError, TypeError):
            born = None
        if born is None or not born.year >= FIRST_YEAR or born > self.today:
            raise forms.ValidationError(
                _("This is not a birth date. Choose the month, and write the day and the year.")
            )
        values["born"] = born
        return values


class ScoreForm(forms.Form):
    """How strong the pain is today, 0 to 10 (patients.models.RANGES)."""

    value = forms.TypedChoiceField(
        label=gettext_lazy("How strong is your pain today?"),
        coerce=int,
        choices=[(number, str(number)) for number in range(11)],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a number from 0 to 10.")},
    )
