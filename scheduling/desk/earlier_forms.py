"""What the clerk types for the earlier-time list: the hours that suit, and whom to ask for how long."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, cast
from uuid import UUID

from django import forms

from clinic import clock
from scheduling import wishes as wishes_json
from scheduling.actions.earlier import MOST_MINUTES
from scheduling.desk.booking_forms import DayField, TimeField, WeekdaysField
from scheduling.desk.booking_wishes import HoursForm, words_of
from scheduling.models import Appointment, EarlierWish
from scheduling.planner.values import Wishes
from scheduling.selectors.earlier import TO_ANSWER

#: For how long a time may be held, in minutes; the site's own length is among them.
HOLD_MINUTES = (30, 60, 120, 240, 480, 1440)


class WishForm(HoursForm):
    """The days and hours at which the patient could come sooner, and at which somebody could drive home."""

    spans = (("patient", "patient's"), ("driver", "driver's"))
    patient_days = WeekdaysField(label="The patient can come on")
    patient_from = TimeField(label="not before", required=False)
    patient_until = TimeField(label="home by", required=False)
    driver_days = WeekdaysField(label="The driver can fetch on")
    driver_from = TimeField(label="from", required=False)
    driver_until = TimeField(label="until", required=False)
    not_before = DayField(label="Not before this day", required=False)
    note = forms.CharField(
        label="Note", max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    @staticmethod
    def standing(wish: EarlierWish | None) -> dict[str, Any]:
        """What was said before, as the form shows it."""
        if wish is None:
            return {}
        words = words_of(wishes_json.from_json(wish.hours))
        return words | {"not_before": wish.not_before, "note": wish.note}

    def hours(self) -> Wishes:
        """What was typed, as the planner takes it. Only for a valid form."""
        return Wishes(patient_can=self.windows("patient"), driver_can=self.windows("driver"))


class OfferForm(forms.Form):
    """Who is asked, and for how long the time is held. `key` makes a double click one offer."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    wishes = forms.TypedMultipleChoiceField(
        coerce=UUID,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Tick at least one person. Nothing was offered.",
            "invalid_choice": "Somebody ticked is no longer among those who fit. Nothing was offered; look again.",
        },
    )
    minutes = forms.TypedChoiceField(label="Hold the time for", coerce=int)

    def __init__(self, *args: Any, wishes: Sequence[EarlierWish], minutes: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        who = cast(forms.ChoiceField, self.fields["wishes"])
        who.choices = [(str(wish.pk), wish.patient.name) for wish in wishes]
        usual = min(max(minutes, TO_ANSWER // timedelta(minutes=1)), MOST_MINUTES)
        how_long = cast(forms.ChoiceField, self.fields["minutes"])
        how_long.choices = [(one, minutes_words(one)) for one in sorted({*HOLD_MINUTES, usual})]
        self.fields["minutes"].initial = usual


class AnswerForm(forms.Form):
    """What somebody said on the telephone."""

    answer = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])


class EndForm(forms.Form):
    """Why a visit leaves the list; need not be said."""

    reason = forms.CharField(max_length=200, required=False)


def minutes_words(minutes: int) -> str:
    """A length of time in words: "45 minutes", "2 hours", "1 day"."""
    number, unit = (minutes, "minute")
    if minutes % 1440 == 0:
        number, unit = minutes // 1440, "day"
    elif minutes % 60 == 0:
        number, unit = minutes // 60, "hour"
    return f"{number} {unit}{'' if number == 1 else 's'}"


def suggested(visit: Appointment) -> dict[str, Any]:
    """What the series was planned with: a first guess at the hours that suit."""
    if visit.series is None:
        return {}
    words = words_of(wishes_json.from_json(visit.series.wishes))
    return {name: value for name, value in words.items() if name.startswith(("patient_", "driver_"))}


def last_day(visit: Appointment) -> date:
    """The last local date that would be sooner."""
    return clock.local(visit.starts, visit.site.zone).date() - timedelta(days=1)
