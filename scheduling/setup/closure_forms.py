"""What a manager types to close a site, or something in it, for a while."""

from collections.abc import Iterable, Sequence
from datetime import time
from typing import Any

from crispy_forms.layout import Layout
from django import forms

from clinic import clock
from clinic.models import Resource, Site
from scheduling.desk.booking_forms import DayField, TimeField
from scheduling.setup.base_forms import SetupFields, grid

WHOLE_SITE = "site"


class ClosureForm(SetupFields, forms.Form):
    """What is closed, from when until when (local; without times: whole days), and why."""

    what = forms.ChoiceField(label="What is closed")
    first = DayField(label="First day")
    first_time = TimeField(label="Closes at", required=False)
    last = DayField(label="Last day")
    last_time = TimeField(label="Opens again at", required=False)
    reason = forms.CharField(
        label="Why", max_length=200, required=False, help_text="Staff read it. No patient is sent it."
    )

    def __init__(self, *args: Any, site: Site, places: Iterable[Resource], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.site = site
        self.by_id = {str(one.public_id): one for one in places}
        what: Any = self.fields["what"]
        what.choices = [(WHOLE_SITE, f"All of {site}"), *((key, one.name) for key, one in self.by_id.items())]
        self.fields["first_time"].help_text = self.fields["last_time"].help_text = "Empty: the whole day."
        self.helper.layout = Layout(grid("what", "reason"), grid("first", "first_time", "last", "last_time"))

    @property
    def closed(self) -> dict[str, Any]:
        """Which of `site` and `resource` is closed, as the action takes it. Only for a valid form."""
        what = self.cleaned_data["what"]
        return {"site": self.site} if what == WHOLE_SITE else {"resource": self.by_id[what]}

    def clean(self) -> dict[str, Any]:
        """The two moments in UTC, as `starts` and `ends`."""
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if not first or not last:
            return data
        zone = self.site.zone
        data["starts"] = clock.moment(first, data.get("first_time") or time(0), zone)
        data["ends"] = (
            clock.moment(last, data["last_time"], zone) if data.get("last_time") else clock.day_bounds(last, zone)[1]
        )
        if data["ends"] <= data["starts"]:
            self.add_error("last", "It ends after it starts. Nothing was changed; what you typed is kept.")
        return data


class HolidaysForm(SetupFields, forms.Form):
    """On which of the coming public holidays the site is open all the same."""

    open_on = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, names: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["open_on"]
        choices.choices = [(name, name) for name in names]

    @property
    def open_names(self) -> list[str]:
        """What is ticked, to be shown again."""
        data: Any = self.data
        return list(data.getlist("open_on"))
