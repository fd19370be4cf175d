"""What the clerk types to change a part of a series, and what is agreed to from what the page showed."""

from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError

from clinic import clock
from scheduling.desk.booking_forms import DayField, TimeField
from scheduling.desk.moving_forms import UNREADABLE, ListField, PairsField, ReasonForm, aware_moment, pairs
from scheduling.models import Series
from scheduling.selectors.replanning import Replan
from scheduling.selectors.series_rules import Spacing, spacing_of, spacing_of_protocol

#: The most infusions of a series and the most days between two, as for a protocol's version.
MOST_SESSIONS, MOST_DAYS = 60, 90


class AgreeForm(ReasonForm):
    """The plan as it was shown, to be booked exactly so, and the reason. `key` makes a double click one change."""

    key = forms.UUIDField(widget=forms.HiddenInput, error_messages={"required": UNREADABLE, "invalid": UNREADABLE})
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    moves = PairsField(aware_moment)
    added = ListField(aware_moment)
    dropped = ListField(UUID)
    seen = PairsField(int)
    beyond = forms.BooleanField(widget=forms.HiddenInput, required=False)

    @classmethod
    def of(cls, plan: Replan, version: int | None = None, reason: str = "") -> "AgreeForm":
        """The form that agrees to `plan`; `version` of the visit that it is about."""
        return cls(
            initial={
                "key": uuid4(),
                "version": version,
                "moves": pairs({pk: starts.isoformat() for pk, starts in plan.moves.items()}),
                "added": ",".join(starts.isoformat() for starts in plan.added),
                "dropped": ",".join(str(pk) for pk in plan.dropped),
                "seen": pairs(plan.seen),
                "beyond": "1" if plan.beyond else "",
                "reason": reason,
            }
        )

    def agreed(self, *names: str) -> dict[str, Any]:
        """What an action takes: the named fields and those that every one takes. Only for a valid form."""
        return {name: self.cleaned_data[name] for name in (*names, "reason", "key", "seen", "beyond")}


class WhereForm(forms.Form):
    """Where one visit is to go; without a time, at the hour that suits the series best."""

    to_date = DayField(label="Day")
    to_time = TimeField(
        label="Time, if it matters",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time", "step": "300", "class": "form-control"}, format="%H:%M"),
    )

    def clean_to_time(self) -> time | None:
        """On five minutes, as all times here."""
        wall: time | None = self.cleaned_data["to_time"]
        if wall is not None and (wall.minute % clock.CELL_MINUTES or wall.second):
            raise ValidationError("Times are given to five minutes, such as 09:35.")
        return wall


class RestForm(WhereForm):
    """Where a visit is to go, and what of its series goes along."""

    THIS, ALL = "rest", "all"
    scope = forms.ChoiceField(
        label="What moves",
        choices=[(THIS, "this visit and all after it"), (ALL, "all that is still to come")],
        initial=THIS,
        required=False,
    )


class FromForm(forms.Form):
    """From which local date on the rest is planned anew."""

    first_day = DayField(label="From which day on")

    def day(self, today: date) -> date:
        """The day typed, else today."""
        typed: date | None = self.cleaned_data.get("first_day") if self.is_valid() else None
        return max(typed or today, today)


class CourseForm(FromForm):
    """How many infusions, and how far apart."""

    sessions = forms.IntegerField(label="Infusions in all", min_value=1, max_value=MOST_SESSIONS)
    least = forms.IntegerField(label="Days between, at least", min_value=1, max_value=MOST_DAYS)
    ideal = forms.DecimalField(
        label="Days between, ideally",
        min_value=Decimal(1),
        max_value=Decimal(MOST_DAYS),
        decimal_places=2,
        max_digits=5,
    )
    most = forms.IntegerField(label="Days between, at most", min_value=1, max_value=MOST_DAYS)

    @staticmethod
    def standing(series: Series, today: date) -> dict[str, Any]:
        """What is set now."""
        spacing = spacing_of(series)
        ideal = f"{spacing.ideal:g}"
        return {
            "first_day": today,
            "sessions": series.sessions,
            "least": spacing.least,
            "ideal": ideal,
            "most": spacing.most,
        }

    def clean(self) -> dict[str, Any]:
        """The ideal lies between the two others."""
        values = super().clean() or {}
        least, ideal, most = (values.get(name) for name in ("least", "ideal", "most"))
        if least is not None and ideal is not None and most is not None and not least <= ideal <= most:
            self.add_error("ideal", "It lies between the smallest and the largest. Correct one of the three.")
        return values

    def spacing(self, series: Series) -> Spacing | None:
        """What was typed; None where that is the protocol's own. Only for a valid form."""
        values = self.cleaned_data
        typed = Spacing(values["least"], float(values["ideal"]), values["most"])
        return None if typed == spacing_of_protocol(series.protocol_version) else typed
