"""What a manager types about a site: who and where it is, which holidays it keeps."""

from typing import Any
from zoneinfo import available_timezones

from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError

from clinic.models import Site
from patients.contact_points import read_phone
from scheduling.actions.setup.sites import FIELDS
from scheduling.desk.booking_forms import TimeField
from scheduling.messages.discretion import listed, telling_words
from scheduling.selectors.local_days import regions
from scheduling.setup.base_forms import SetupFields, grid

#: Shown first in the list of time zones; the rest follows by name.
USUAL_ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
)

#: Fields that have a place of their own on the page.
PLACED = frozenset(
    {
        *("name", "neutral_name", "address_line", "city", "state", "postal_code", "country", "time_zone", "phone"),
        *("emergency_phone", "email", "send_from", "send_until", "notice_hours", "uncleared_hold_days"),
        *("patients_move", "observes_holidays", "holiday_region", "is_active"),
    }
)


class SiteForm(SetupFields, forms.ModelForm):  # type: ignore[type-arg]  # subscriptable for type checkers only
    """A site. A neutral name that says the treatment has to be meant so."""

    send_from = TimeField(label="Messages go out from", initial="08:00")
    send_until = TimeField(label="until", initial="20:00")
    meant_so = forms.BooleanField(
        label="The neutral name is meant so", required=False, help_text="Tick this to keep the name all the same."
    )

    class Meta:
        model = Site
        fields = [one.name for one in Site._meta.concrete_fields if one.name in FIELDS]
        labels = {
            "name": "Name used inside",
            "neutral_name": "Neutral name, used in messages",
            "country": "Country (two letters)",
            "state": "State or region",
            "notice_hours": "A cancellation is late inside so many hours",
            "uncleared_hold_days": "Days a series is held for a patient who is not cleared",
            "holiday_region": "Region whose holidays hold",
            "driver_notice_hours": "Hours a patient needs to find a driver",
            "offer_minutes": "Minutes an earlier time is held for who is asked",
            "relief_drop_percent": "Relief: the score falls by so many %",
            "relief_return_percent": "Relief ends: the score is back at so many % of its baseline",
            "score_asked_after_days": "Days without a score until the patient is asked, once",
            "phq9_in_clinic": "PHQ-9 in the clinic only",
            "crisis_phone": "Crisis line",
            "alert_minutes": "Minutes until the next person is told of an answer about self-harm",
            "proposed_months": "Months ahead for which boosters are proposed",
            "offers_boosters": "Boosters are offered, not booked unasked",
            "patients_move": "Patients move visits themselves",
            "is_active": "In use",
        }
        help_texts = {
            "name": "Staff see this one.",
            "neutral_name": "Patients, and whoever sees their screen, read this one: it must say nothing about the "
            "treatment. “Harborside Practice”, say.",
            "time_zone": "All times at the site are on this clock, whatever the computer says.",
            "phone": "Patients are told to call this number.",
            "emergency_phone": "Named in the message after a visit.",
            "email": "Answers to messages go here.",
            "country": "US, say. Decides how telephone numbers are read and which holidays there are.",
            "holiday_region": "Leave it empty to go by the state.",
            "notice_hours": "Nobody is moved to an earlier time with less notice, either.",
            "patients_move": "On their page they take a free time that keeps every gap, at once. Not ticked, they ask, "
            "and the desk answers. They can cancel in any case, and the desk is told.",
            "driver_notice_hours": "No earlier time is offered later than that.",
            "is_active": "Out of use, nothing can be booked here. What happened stays on record.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"] = forms.ChoiceField(
            label="Time zone", choices=_zones(), help_text=self.fields["time_zone"].help_text
        )
        is_new = self.instance._state.adding
        if is_new:
            del self.fields["is_active"]
        asked = self.is_bound and bool(telling_words(self.data.get("neutral_name", "")))
        if not asked:
            self.fields["meant_so"].widget = forms.HiddenInput()
        # A rule that the page does not know yet stands with the other rules.
        rest = [name for name in self.Meta.fields if name in self.fields and name not in PLACED]
        self.helper.layout = Layout(
            Fieldset("What it is called", grid("name", "neutral_name"), "meant_so"),
            Fieldset(
                "Where it is",
                grid("address_line", "city"),
                grid("state", "postal_code", "country"),
                grid("time_zone", "phone", "emergency_phone", "email"),
            ),
            Fieldset(
                "Rules",
                grid("send_from", "send_until"),
                grid("notice_hours", "uncleared_hold_days", *rest, level=True),
                "patients_move",
                grid("observes_holidays", "holiday_region"),
                *([] if is_new else ["is_active"]),
            ),
        )

    def clean_phone(self) -> str:
        """A number that can be called, as it was written."""
        phone = str(self.cleaned_data["phone"]).strip()
        if read_phone(phone, str(self.data.get("country") or "US").strip().upper()) is None:
            raise ValidationError("That is no telephone number that can be called. Write it with its area code.")
        return phone

    def clean_country(self) -> str:
        """Two letters."""
        country = str(self.cleaned_data["country"]).strip().upper()
        if len(country) != 2 or not country.isalpha():
            raise ValidationError("Write the country with two letters: US, MX, ES.")
        return country

    def clean_holiday_region(self) -> str:
        """One of the regions of the country that have holidays of their own, or empty."""
        region = str(self.cleaned_data["holiday_region"]).strip()
        known = regions(str(self.data.get("country") or "US").strip().upper())
        by_upper = {one.upper(): one for one in known}
        if region and region.upper() not in by_upper:
            some = ", ".join(known) if known else "none; leave it empty"
            raise ValidationError(f"No holidays are known for “{region}”. Known here: {some}.")
        return by_upper.get(region.upper(), "")

    def clean(self) -> dict[str, Any]:
        """A neutral name that says the treatment is asked about once; hours are in order."""
        values: dict[str, Any] = super().clean() or {}
        found = telling_words(values.get("neutral_name", ""))
        if found and not values.get("meant_so"):
            self.add_error(
                "neutral_name",
                f"{listed(found)} may tell whoever sees the message what the patient is treated for. Choose another "
                "name, or tick the box below to keep it.",
            )
        if values.get("send_from") and values.get("send_until") and values["send_from"] >= values["send_until"]:
            self.add_error("send_until", "Messages go out until later than they begin.")
        return values

    @property
    def values(self) -> dict[str, Any]:
        """What the actions take. Only for a valid form."""
        return {name: value for name, value in self.cleaned_data.items() if name in self.Meta.fields}


def _zones() -> list[Any]:
    rest = sorted(
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/"))
    )
    return [
        ("", "Choose the time zone"),
        ("Usual", [(name, name.replace("_", " ")) for name in USUAL_ZONES]),
        ("All", [(name, name.replace("_", " ")) for name in rest if name not in USUAL_ZONES]),
    ]
