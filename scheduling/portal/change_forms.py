"""What a patient says when a date no longer suits: which time, when it would be better, whether
sooner if a time comes free, or that it is called off.
"""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any, cast

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic import clock
from clinic.models import OpeningHours
from scheduling.models import Appointment, EarlierWish
from scheduling.planner.values import Wishes
from scheduling.wishes import MINUTES_IN_A_DAY, from_json

#: How far ahead a patient may ask: as far as the desk books.
FURTHEST = timedelta(days=366)


class LookForm(forms.Form):
    """From which day on free times are shown (GET, `from`)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # "from" is a word of the language, so it cannot stand as an attribute of the class.
        self.fields["from"] = forms.DateField(
            label=_("Show times from"),
            widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
        )


class TakeForm(forms.Form):
    """A free time chosen, and the version of the visit that the patient saw."""

    version = forms.IntegerField()
    starts = forms.DateTimeField(
        error_messages={
            "required": gettext_lazy("Choose one of the times first. Nothing was changed."),
            "invalid": gettext_lazy("Choose one of the times first. Nothing was changed."),
        }
    )


class CancelForm(forms.Form):
    """That a visit is called off, and anything that the clinic should know."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    words = forms.CharField(
        label=gettext_lazy("Anything we should know? For example, when another date would suit."),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
    )


class ChangeForm(forms.Form):
    """The days and hours that suit better, and a line in the patient's own words."""

    first_day = forms.DateField(
        label=gettext_lazy("Not before this day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("This is not a date.")},
    )
    days = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Days that suit you"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    begin = forms.TimeField(
        label=gettext_lazy("Not before"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time", "step": "300", "class": "form-control"}, format="%H:%M"),
        error_messages={"invalid": gettext_lazy("This is not a time.")},
    )
    end = forms.TimeField(
        label=gettext_lazy("Home by"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time", "step": "300", "class": "form-control"}, format="%H:%M"),
        error_messages={"invalid": gettext_lazy("This is not a time.")},
    )
    words = forms.CharField(
        label=gettext_lazy("Anything else we should know?"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
    )

    def __init__(self, *args: Any, visit: Appointment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.visit = visit
        open_on = OpeningHours.objects.filter(site=visit.site).values_list("weekday", flat=True)
        days = cast(forms.ChoiceField, self.fields["days"])
        days.choices = [(day, str(WEEKDAYS[day])) for day in sorted(set(open_on))]

    def clean_first_day(self) -> date | None:
        """Not past, and not years ahead."""
        day: date | None = self.cleaned_data["first_day"]
        today = clock.today(self.visit.site.zone)
        if day is not None and not today <= day <= today + FURTHEST:
            raise forms.ValidationError(_("Choose a day from today on, within a year."))
        return day

    def clean(self) -> dict[str, Any]:
        """Hours run forward."""
        values = super().clean() or {}
        begin, end = values.get("begin"), values.get("end")
        if begin and end and begin >= end:
            self.add_error("end", _("This time comes before the other. Change one of them."))
        return values

    def wishes(self) -> Wishes:
        """What suits, as the planner takes it. Only for a valid form."""
        days: Sequence[int] = self.cleaned_data["days"]
        begin, end = self.cleaned_data["begin"], self.cleaned_data["end"]
        if not days and begin is None and end is None:
            return Wishes()
        stretch = (_minute(begin) or 0, _minute(end) or MINUTES_IN_A_DAY)
        return Wishes(patient_can=dict.fromkeys(days or range(7), (stretch,)))


class SoonerForm(ChangeForm):
    """The days and hours that suit, as for another time; what is asked is said by the page."""

    words = forms.CharField(
        label=gettext_lazy("Anything else we should know?"),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "class": "form-control"}),
    )

    @staticmethod
    def standing(wish: EarlierWish | None) -> dict[str, Any]:
        """What was said before, as the form shows it: the days, and the hours where they are those of every day."""
        if wish is None:
            return {}
        said: dict[str, Any] = {"first_day": wish.not_before, "words": wish.note}
        can = from_json(wish.hours).patient_can
        if not can:
            return said
        begin, end = min(one[0][0] for one in can.values()), max(one[-1][1] for one in can.values())
        said["days"] = sorted(can)
        said["begin"] = _wall(begin) if begin else None
        said["end"] = _wall(end) if end < MINUTES_IN_A_DAY else None
        return said


def _minute(wall: time | None) -> int | None:
    return wall.hour * 60 + wall.minute if wall is not None else None


def _wall(minute: int) -> time:
    return time(*divmod(minute, 60))
