"""What is typed when something has happened, and what is chosen for each visit that lost its cover by it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from clinic import clock
from clinic.models import Resource, Site
from scheduling.desk.booking_forms import DayField, TimeField

WHOLE_SITE = "site"
UNREADABLE = "This list could not be read any more. Nothing was changed; it is shown anew."


class OutageForm(forms.Form):
    """Who or what is out (`what`: the word "site", or a resource's public id), from when until when, and why."""

    what = forms.CharField(error_messages={"required": "Say who or what is out; nothing was written down."})
    first_day = DayField(label="From")
    first_time = TimeField(label="Time")
    last_day = DayField(label="Until")
    last_time = TimeField(label="Time")
    reason = forms.CharField(
        label="Why", max_length=200, required=False, help_text="Kept with the closure. No patient is sent this text."
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, site: Site, resources: Sequence[Resource], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.site = site
        self.by_id = {str(one.public_id): one for one in resources}

    def clean_what(self) -> dict[str, Any]:
        """Which of `site` and `resource` is out, as the action takes it."""
        what = str(self.cleaned_data["what"])
        if what == WHOLE_SITE:
            return {"site": self.site}
        if what not in self.by_id:
            raise ValidationError("That is nobody and nothing of this site. Nothing was written down; choose again.")
        return {"resource": self.by_id[what]}

    def clean(self) -> dict[str, Any]:
        """The two moments, in UTC, as `starts` and `ends`."""
        data: dict[str, Any] = super().clean() or {}
        for name, day, wall in (("starts", "first_day", "first_time"), ("ends", "last_day", "last_time")):
            if data.get(day) is not None and data.get(wall) is not None:
                data[name] = clock.moment(data[day], data[wall], self.site.zone)
        if "starts" in data and "ends" in data and data["ends"] <= data["starts"]:
            self.add_error("last_time", "It ends after it starts. Nothing was written down; what you typed is kept.")
        return data


def usual_times(site: Site, day: date, now: datetime) -> dict[str, Any]:
    """From now (or midnight, where the date is not today) until the end of the date: what is meant most often."""
    local = clock.local(now, site.zone)
    first = local.time().replace(second=0, microsecond=0) if day == local.date() else time(0)
    return {"first_day": day, "first_time": first, "last_day": day, "last_time": time(23, 55)}


class AgreeForm(forms.Form):
    """Why the visits move, and the key that makes two clicks one."""

    reason = forms.CharField(
        label="What happened",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Say what happened; it is kept with the visits."},
        help_text="Kept in the record. No patient is sent this text.",
    )
    key = forms.UUIDField(widget=forms.HiddenInput)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen on the page, by visit; `choices` by case, to be shown again when it cannot be done."""

    proposals: dict[UUID, datetime | None] = field(default_factory=dict)
    versions: dict[UUID, int] = field(default_factory=dict)
    to_call: list[UUID] = field(default_factory=list)
    choices: dict[str, str] = field(default_factory=dict)


def read_choices(post: QueryDict) -> Chosen:
    """The choices of a posted page: `case` names them, `choice-NAME` is take, call or leave, and `step-NAME` gives each
    visit as "id version start", the start an ISO moment in UTC or "-".

    Raises:
        ValidationError: it is not what the page had written.
    """
    chosen = Chosen()
    for name in post.getlist("case"):
        choice = post.get(f"choice-{name}", "leave")
        if choice not in {"take", "call", "leave"}:
            raise ValidationError(UNREADABLE)
        chosen.choices[name] = choice
        for step in post.getlist(f"step-{name}"):
            visit, version, starts = _step(step)
            chosen.versions[visit] = version
            chosen.proposals[visit] = starts if choice == "take" else None
            if choice == "call":
                chosen.to_call.append(visit)
    return chosen


def _step(text: str) -> tuple[UUID, int, datetime | None]:
    try:
        visit, version, starts = text.split(" ")
        moment = None if starts == "-" else datetime.fromisoformat(starts)
        if moment is not None and moment.tzinfo is None:
            raise ValueError(starts)
        return UUID(visit), int(version), moment.astimezone(UTC) if moment is not None else None
    except ValueError:
        raise ValidationError(UNREADABLE) from None
