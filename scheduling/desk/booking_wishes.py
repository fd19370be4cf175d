"""What the patient and the driver can do and would like, as the clerk types it, and a plan that is worked on.

Days and times are local to the site.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.http import urlencode

from clinic import clock
from clinic.models import OpeningHours, Site, StaffMember
from clinic.permissions import Role
from scheduling.desk.booking_forms import PlaceForm, TimeField, WeekdaysField
from scheduling.desk.wish_words import read
from scheduling.models import Appointment, Protocol
from scheduling.planner.values import Stretches, Wishes
from scheduling.when import wall_words
from scheduling.wishes import MINUTES_IN_A_DAY

#: Reads one date, as 4/9/2027 or as 2027-04-09.
DAY = forms.DateField()


class HoursForm(forms.Form):
    """When somebody can come or drive: fields "<who>_days", "<who>_from" and "<who>_until", of which the hours run
    forward.
    """

    #: How the names of the fields begin, and whose hours they are.
    spans: Sequence[tuple[str, str]] = ()

    def clean(self) -> dict[str, Any]:
        """Hours run forward."""
        values = super().clean() or {}
        for who, words in self.spans:
            begin, end = values.get(f"{who}_from"), values.get(f"{who}_until")
            if begin and end and begin >= end:
                self.add_error(
                    f"{who}_until",
                    f"The {words} hours end at {wall_words(end)}, before they begin ({wall_words(begin)}). "
                    "Change one of them.",
                )
        return values

    def windows(self, who: str) -> dict[int, Stretches] | None:
        """The same hours on each day ticked (none: every day); None where nothing was said. Only for a valid form."""
        days, begin, end = (self.cleaned_data[f"{who}_{part}"] for part in ("days", "from", "until"))
        if not days and begin is None and end is None:
            return None
        stretch = (_minute(begin) or 0, _minute(end) or MINUTES_IN_A_DAY)
        return dict.fromkeys(days or range(7), (stretch,))


class SaidForm(HoursForm, PlaceForm):
    """When the patient can come: in fields, and in words that are read into the fields when they are new."""

    words = forms.CharField(
        label="In the patient's words",
        required=False,
        max_length=300,
        widget=forms.TextInput(
            attrs={"placeholder": "not Tuesdays, after 10:00, driver only Mon/Wed/Fri", "autocomplete": "off"}
        ),
    )
    #: The words that were read into the fields before: read once, so that the clerk can change what they gave.
    read = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)
    patient_days = WeekdaysField(label="The patient can come on")
    patient_from = TimeField(label="not before", required=False)
    patient_until = TimeField(label="home by", required=False)

    spans: Sequence[tuple[str, str]] = (("patient", "patient's"),)

    def __init__(self, data: Any = None, *args: Any, sites: Sequence[Site], **kwargs: Any) -> None:
        self.unread: list[str] = []
        super().__init__(self._with_words(data, sites), *args, sites=sites, **kwargs)

    def _with_words(self, data: Any, sites: Sequence[Site]) -> Any:
        """`data` with the words read into the fields that they speak of."""
        words = str((data or {}).get("words") or "").strip()
        if not words or words == str(data.get("read") or "").strip():
            return data
        found = read(words, clock.today(sites[0].zone))
        self.unread = found.unread
        merged = data.copy() if isinstance(data, QueryDict) else QueryDict(urlencode(data), mutable=True)
        for name, value in found.fields.items():
            if name in self.base_fields:
                merged.setlist(name, [str(one) for one in value] if isinstance(value, list) else [value])
        merged["read"] = words
        return merged

    def clean(self) -> dict[str, Any]:
        """Some weekday is left on which the site is open."""
        values = super().clean()
        site, days = values.get("site"), values.get("patient_days")
        if site and days:
            is_open = set(OpeningHours.objects.filter(site=site).values_list("weekday", flat=True))
            if not is_open.intersection(days):
                self.add_error("patient_days", f"{site} is closed on these weekdays. Tick at least one other.")
        return values

    def wishes(self) -> Wishes:
        """What was typed, as the planner takes it. Only for a valid form."""
        return Wishes(patient_can=self.windows("patient"))


class ConsultForm(SaidForm):
    """Which consult, how, with whom, from when on."""

    kind = Protocol.Kind.CONSULT
    mode = forms.ChoiceField(label="How", choices=Appointment.Mode.choices, initial=Appointment.Mode.IN_PERSON)
    doctor = forms.ModelChoiceField(StaffMember.objects.none(), required=False, empty_label="the first one free")

    def __init__(self, *args: Any, sites: Sequence[Site], **kwargs: Any) -> None:
        super().__init__(*args, sites=sites, **kwargs)
        doctors = cast("forms.ModelChoiceField[StaffMember]", self.fields["doctor"])
        doctors.queryset = StaffMember.objects.with_role(Role.DOCTOR).filter(sites__in=list(sites)).distinct()

    @property
    def is_remote(self) -> bool:
        """Whether the consult needs no chair. Only for a valid form."""
        return bool(self.cleaned_data["mode"] != Appointment.Mode.IN_PERSON)


class SeriesForm(SaidForm):
    """Which protocol, from when on, and what the patient and the driver can do and would like."""

    kind = Protocol.Kind.INFUSION
    spans = (("patient", "patient's"), ("driver", "driver's"), ("preferred", "preferred"))
    driver_days = WeekdaysField(label="The driver can fetch on")
    driver_from = TimeField(label="from", required=False)
    driver_until = TimeField(label="until", required=False)
    preferred_days = WeekdaysField(label="Best on")
    preferred_from = TimeField(label="start between", required=False)
    preferred_until = TimeField(label="and", required=False)
    not_dates = forms.CharField(
        label="Not on these dates", required=False, max_length=400, help_text="Dates with commas between: 4/9/2027, …"
    )

    def clean_not_dates(self) -> list[date]:
        """Each date on its own, so that the sentence names the one that is none."""
        found: list[date] = []
        for text in self.cleaned_data["not_dates"].replace(";", ",").split(","):
            if text.strip():
                try:
                    found.append(DAY.clean(text))
                except ValidationError:
                    raise ValidationError(
                        f"“{text.strip()}” is not a date. Write each as 4/9/2027, with commas between."
                    ) from None
        return found

    def wishes(self) -> Wishes:
        """What was typed, as the planner takes it. Only for a valid form."""
        values = self.cleaned_data
        return replace(
            super().wishes(),
            driver_can=self.windows("driver"),
            preferred_weekdays=frozenset(values["preferred_days"]),
            preferred_from=_minute(values["preferred_from"]),
            preferred_until=_minute(values["preferred_until"]),
            not_dates=frozenset(values["not_dates"]),
        )


class WorkForm(forms.Form):
    """A plan that the clerk works on, as the page's address carries it. What cannot be read is left out, and said.

    `plan`: starts as ISO moments with commas between; `fixed`: "3@<start>" for each date that stays; `swap`: the number
    of the visit that gets another date; `to`: its new start; `further`: whether to look as far as a series may lie.
    """

    plan = forms.CharField(required=False)
    fixed = forms.CharField(required=False)
    swap = forms.IntegerField(required=False, min_value=1)
    to = forms.CharField(required=False)
    further = forms.BooleanField(required=False)

    def clean_plan(self) -> list[datetime]:
        """The starts, in UTC, in order of time."""
        return sorted(moments(self.cleaned_data["plan"]))

    def clean_fixed(self) -> dict[int, datetime]:
        """Number of the visit to its start."""
        found = {}
        for pair in filter(None, self.cleaned_data["fixed"].split(",")):
            number, _, start = pair.partition("@")
            if not number.isdigit() or int(number) < 1:
                raise ValidationError("A fixed date could not be read. Fix it again.")
            found[int(number)] = moments(start)[0]
        return found

    def clean_to(self) -> datetime | None:
        """The new start, in UTC."""
        return next(iter(moments(self.cleaned_data["to"])), None)

    def value(self, name: str) -> Any:
        """A field's value; what stands for nothing where it could not be read."""
        nothing: dict[str, Any] = {"plan": [], "fixed": {}}
        return self.cleaned_data.get(name, nothing.get(name)) if self.is_valid() else nothing.get(name)


def moments(text: str) -> list[datetime]:
    """ISO moments with commas between, in UTC. Raises ValidationError for what is none."""
    try:
        found = [datetime.fromisoformat(one.strip()) for one in text.split(",") if one.strip()]
    except ValueError:
        raise ValidationError("The dates of the plan could not be read. Choose again; nothing was booked.") from None
    if any(one.tzinfo is None for one in found):
        raise ValidationError("The dates of the plan could not be read. Choose again; nothing was booked.")
    return [one.astimezone(UTC) for one in found]


def fixed_words(fixed: Mapping[int, datetime]) -> str:
    """What `WorkForm` reads back as `fixed`."""
    return ",".join(f"{number}@{start.isoformat()}" for number, start in sorted(fixed.items()))


def _minute(wall: time | None) -> int | None:
    return wall.hour * 60 + wall.minute if wall is not None else None


def words_of(wishes: Wishes) -> dict[str, Any]:
    """What `SeriesForm` would have been given to yield `wishes`: for a plan that lapsed and is planned anew."""
    data: dict[str, Any] = {}
    for who, windows in (("patient", wishes.patient_can), ("driver", wishes.driver_can)):
        if windows:
            begin, end = next(iter(windows.values()))[0]
            data[f"{who}_days"] = sorted(windows) if len(windows) < 7 else []
            data |= {f"{who}_from": _wall(begin) if begin else "", f"{who}_until": _wall(end)}
    data["preferred_days"] = sorted(wishes.preferred_weekdays)
    data |= {"preferred_from": _wall(wishes.preferred_from), "preferred_until": _wall(wishes.preferred_until)}
    data["not_dates"] = ", ".join(day.isoformat() for day in sorted(wishes.not_dates))
    return {name: value for name, value in data.items() if value not in ("", [], None)}


def _wall(minute: int | None) -> str:
    return "" if minute is None or minute >= MINUTES_IN_A_DAY else f"{minute // 60:02d}:{minute % 60:02d}"
