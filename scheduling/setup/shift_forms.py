"""What a manager types about when people work: a weekly pattern, one date, or a stretch away."""

from collections.abc import Sequence
from typing import Any

from crispy_forms.layout import Layout
from django import forms

from clinic import clock
from clinic.models import Site, StaffMember
from scheduling.desk.booking_forms import DayField
from scheduling.setup.base_forms import HoursField, HoursOfWeek, SetupFields, grid


class WeekForm(HoursOfWeek):
    """A person's weekly shifts at a site from a first day on."""

    none = "off"
    first_day = DayField(label="From this day on")


class OneDayForm(SetupFields, forms.Form):
    """Other hours on one date, in place of the weekly shifts, or none."""

    day = DayField(label="Date")
    hours = HoursField(
        label="Hours on that day", help_text="8am-12pm, 1pm-5pm, say. Empty: the person does not work that day."
    )
    reason = forms.CharField(label="Why", max_length=200, required=False, help_text="A training, a swap with Tom.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hours"].widget.attrs["placeholder"] = "off"
        self.helper.layout = Layout(grid("day", "hours", "reason"))


class AwayForm(SetupFields, forms.Form):
    """Somebody is away for whole days: holidays, a course, parental leave."""

    first = DayField(label="Away from")
    last = DayField(label="Last day away")
    reason = forms.CharField(
        label="Why", max_length=200, required=False, help_text="Staff read it. No patient is sent it."
    )

    def __init__(self, *args: Any, site: Site, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.site = site
        self.helper.layout = Layout(grid("first", "last", "reason"))

    def clean(self) -> dict[str, Any]:
        """The two moments in UTC, as `starts` and `ends`."""
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and last and last < first:
            self.add_error("last", "The last day is before the first.")
        elif first and last:
            data["starts"] = clock.day_bounds(first, self.site.zone)[0]
            data["ends"] = clock.day_bounds(last, self.site.zone)[1]
        return data


class LikeForm(forms.Form):
    """Whose week to begin with (GET)."""

    like = forms.ModelChoiceField(
        StaffMember.objects.none(), required=False, label="Copy the week of", empty_label="nobody"
    )

    def __init__(self, *args: Any, people: Sequence[StaffMember], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["like"]
        choices.queryset = StaffMember.objects.filter(pk__in=[one.pk for one in people]).order_by("name")
