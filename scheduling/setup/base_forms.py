"""What the forms of the set-up share: the mark of what was seen, the visits that a change would strand, and hours
typed as people write them.
"""

import re
from collections.abc import Sequence
from datetime import date, time
from http import HTTPStatus
from itertools import pairwise
from typing import Any
from uuid import UUID

from crispy_forms.layout import Div
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator

from clinic.errors import Refused
from clinic.models import Weekday
from clinic.views import form_status
from scheduling.actions.cover import StrandsVisits
from scheduling.actions.setup.seen import ChangedMeanwhile
from scheduling.forms import inner_helper
from scheduling.selectors.coverage import Stranded

Stretch = tuple[time, time]
_STRETCH = re.compile(
    r"(\d{1,2})(?:[:.](\d{2}))?\s*([ap])?\.?(?:m\.?)?\s*(?:-|\u2013|\u2014|to|until)\s*(\d{1,2})(?:[:.](\d{2}))?\s*([ap])?\.?(?:m\.?)?",
    re.IGNORECASE,
)
#: A copy of one day's hours onto the other working days, asked for before saving.
COPY = "copy"
WORKING_DAYS = range(5)
NO_HOURS = "“{}” could not be read. Write hours like 8am-12pm, 1pm-5:30pm; leave the field empty for none."


class SetupFields:
    """Mixed into every form of the set-up, before the form class."""

    #: Visits that the change would strand, once an action has refused it.
    lost: tuple[Stranded, ...] = ()

    def __init__(self, *args: Any, seen: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        form: Any = self
        form.fields["seen"] = forms.IntegerField(required=False, widget=forms.HiddenInput, initial=seen)
        form.fields["accepted"] = forms.CharField(required=False, widget=forms.MultipleHiddenInput)
        #: Whether the form asks why anyhow; else only when visits would be stranded.
        self.asks_why = "reason" in form.fields
        form.fields.setdefault("reason", forms.CharField(required=False, max_length=200))
        self.helper = inner_helper()

    @property
    def ticked(self) -> list[UUID]:
        """Visits that may stay without cover: those whose boxes were ticked."""
        form: Any = self
        keys = form.data.getlist(form.add_prefix("accepted")) if form.is_bound else []
        return [UUID(key) for key in keys if _is_uuid(key)]

    @property
    def still_ticked(self) -> list[UUID]:
        """Of these, those that are not asked about again."""
        asked = {one.id for one in self.lost}
        return [key for key in self.ticked if key not in asked]

    @property
    def consent(self) -> dict[str, Any]:
        """What actions take about stranded visits, and the mark of what was seen."""
        form: Any = self
        return {
            "accepted": self.ticked,
            "reason": form.cleaned_data.get("reason") or "",
            "seen": form.cleaned_data.get("seen"),
        }

    def refuse(self, error: Refused) -> None:
        """Show why the action refused: beside its field, or with the visits that stand in the way."""
        form: Any = self
        if isinstance(error, ChangedMeanwhile):
            form.data = form.data.copy()
            form.data[form.add_prefix("seen")] = str(error.mark)
        if isinstance(error, StrandsVisits):
            self.lost = error.lost
            count = len(error.lost)
            form.add_error(
                None,
                f"{count} booked visit{'s' if count > 1 else ''} would lose {'their' if count > 1 else 'its'} cover by "
                "this, and nobody else is free at the time. Nothing was changed; what you typed is kept.",
            )
            return
        shown = error.field in form.fields and not form.fields[error.field].widget.is_hidden and error.field != "reason"
        form.add_error(error.field if shown else None, error.message)

    @property
    def status(self) -> int:
        """The HTTP status of a page that shows the form: 422 when what was sent is refused."""
        form: Any = self
        return form_status(form)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def grid(*fields: str, level: bool = False) -> Div:
    """Fields side by side where there is room; `level`: the boxes of a line at one height, however long the labels."""
    return Div(*fields, css_class="form-grid level" if level else "form-grid")


class SearchedDayField(forms.DateField):
    """A day to look from or until: none so far off that the calendar ends beside it."""

    default_validators = [MinValueValidator(date(1900, 1, 1)), MaxValueValidator(date(2999, 12, 31))]


class HoursField(forms.CharField):
    """Stretches of a day as people write them: "8-12, 13-17:30", "8 a.m. to noon"; empty for none.

    Cleans to (from, until) local times in order. An hour of 1 to 6 that ends a stretch earlier than it began, without
    "a" or "p", is taken for the afternoon: "8-5".
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("max_length", 120)
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"autocomplete": "off", "placeholder": "closed", "class": "form-control"})
        )
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Stretches as text; what was typed stays as it was."""
        return value if isinstance(value, str) or value is None else hours_text(value)

    def clean(self, value: Any) -> Any:
        """A list of (from, until). Raises ValidationError in words."""
        return read_hours(str(super().clean(value)))


def read_hours(text: str) -> list[Stretch]:
    """The stretches that `text` says, in order. Raises ValidationError for what cannot be read, or overlaps."""
    found: list[Stretch] = []
    for part in re.split(r"[,;]| and ", text):
        if part.strip():
            found.append(_stretch(part.strip()))
    found.sort()
    if any(one[1] > two[0] for one, two in pairwise(found)):
        raise ValidationError(f"Two stretches of “{text.strip()}” overlap.")
    return found


def _stretch(text: str) -> Stretch:
    match = _STRETCH.fullmatch(re.sub(r"\bnoon\b", "12pm", text, flags=re.IGNORECASE))
    if match is None:
        raise ValidationError(NO_HOURS.format(text))
    hour, minute, half, last_hour, last_minute, last_half = match.groups()
    starts = _clock(hour, minute, half)
    ends = _clock(last_hour, last_minute, last_half)
    if starts is not None and ends is not None and ends <= starts and last_half is None and int(last_hour) <= 6:
        ends = time(ends.hour + 12, ends.minute)
    if starts is None or ends is None:
        raise ValidationError(NO_HOURS.format(text))
    if ends <= starts:
        raise ValidationError(f"“{text}” ends before it starts.")
    return starts, ends


def _clock(hour: str, minute: str | None, half: str | None) -> time | None:
    number = int(hour)
    if half is not None and 1 <= number <= 12:
        number = number % 12 + (12 if half.lower() == "p" else 0)
    try:
        return time(number, int(minute or 0))
    except ValueError:
        return None


def hours_text(stretches: Sequence[Stretch]) -> str:
    """Stretches as they are typed: "8am-12pm, 1pm-5:30pm"."""
    return ", ".join(f"{_short(starts)}-{_short(ends)}" for starts, ends in stretches)


def _short(wall: time) -> str:
    minutes = f":{wall.minute:02d}" if wall.minute else ""
    return f"{wall.hour % 12 or 12}{minutes}{'am' if wall.hour < 12 else 'pm'}"


class HoursOfWeek(SetupFields, forms.Form):
    """A week of hours, one field a day. Sent with COPY, the first day's hours are put onto the other working days, to
    be looked at before anything is saved.
    """

    #: What an empty day means.
    none = "closed"

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        self.copied = data is not None and COPY in data
        if self.copied:
            data = data.copy()
            for day in WORKING_DAYS:
                data[f"day_{day}"] = data.get("day_0", "")
        super().__init__(data, **kwargs)
        for weekday in Weekday:
            self.fields[f"day_{weekday.value}"] = HoursField(label=weekday.label)
            self.fields[f"day_{weekday.value}"].widget.attrs["placeholder"] = self.none

    @property
    def days(self) -> list[Any]:
        """The seven fields."""
        return [self[f"day_{day.value}"] for day in Weekday]

    @property
    def week(self) -> dict[int, Any]:
        """The stretches of each weekday. Only for a valid form."""
        return {day.value: self.cleaned_data[f"day_{day.value}"] for day in Weekday}

    @property
    def status(self) -> int:
        """Copying is no fault."""
        return HTTPStatus.OK if self.copied else super().status
