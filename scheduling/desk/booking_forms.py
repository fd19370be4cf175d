"""What the clerk types to book: a consult's search, a series' wishes, and the choice made from what is shown.

Dates and times are local to the site. A form here checks what was typed; whether a time is free is the planner's and
the actions' to say.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError

from clinic import clock
from clinic.models import OpeningHours, Site, StaffMember
from clinic.models.site import Weekday
from clinic.permissions import Role
from scheduling.models import Appointment, Protocol, ProtocolVersion
from scheduling.planner.values import Stretches, Wishes
from scheduling.selectors.series_rules import date_words

#: A first day further away than this is a slip of the pen: nobody's shifts are planned so far ahead.
FURTHEST_DAYS = 366
NO_DATE = "That is not a date. Pick one from the calendar, or write it as 2027-04-06."
NO_TIME = "That is not a time. Write it as 09:30."
MINUTES_IN_A_DAY = 24 * 60
#: For how long a plan may be kept while the patient asks the driver, in hours. Offered from an afternoon to a weekend.
KEEP_HOURS = ((4, "4 hours"), (24, "24 hours"), (48, "2 days"), (72, "3 days"))


class DayField(forms.DateField):
    """A date that the browser may pick from a calendar; what is none is refused in words."""

    widget = forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d")
    default_error_messages = {"invalid": NO_DATE, "required": "Choose a day."}


class TimeField(forms.TimeField):
    """A local time of day, on five minutes."""

    widget = forms.TimeInput(attrs={"type": "time", "step": "300"}, format="%H:%M")
    default_error_messages = {"invalid": NO_TIME}


class WeekdaysField(forms.TypedMultipleChoiceField):
    """Some weekdays, Monday = 0; none ticked means that every day will do."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[(day.value, day.label[:3]) for day in Weekday], coerce=int, required=False, **kwargs)


class PlaceForm(forms.Form):
    """The part that both booking pages share: site, protocol and first possible day."""

    kind: Protocol.Kind
    #: All that was typed was fine, but an action refused: the page then looks again with the same values.
    refused = False
    site = forms.ModelChoiceField(Site.objects.none(), empty_label=None)
    protocol = forms.ModelChoiceField(Protocol.objects.none(), empty_label=None)
    first_day = DayField(label="First possible day")

    def __init__(self, *args: Any, sites: Sequence[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sites = sites
        ids = [site.pk for site in sites]
        self._choices("site").queryset = Site.objects.filter(pk__in=ids)
        self._choices("protocol").queryset = Protocol.objects.filter(
            is_active=True, kind=self.kind, sites__in=ids, versions__is_current=True
        ).distinct()
        if len(sites) == 1:
            self.fields["site"].widget = forms.HiddenInput()

    def _choices(self, name: str) -> Any:
        return self.fields[name]

    def clean(self) -> dict[str, Any]:
        """The protocol is offered at the site, and the first day is neither past nor far off."""
        values = super().clean() or {}
        site, protocol, first_day = values.get("site"), values.get("protocol"), values.get("first_day")
        if site and protocol and not protocol.sites.filter(pk=site.pk).exists():
            self.add_error("protocol", f"{protocol} is not offered at {site}. Choose another protocol or site.")
        if site and first_day:
            self._check_day(site, first_day)
        return values

    def _check_day(self, site: Site, first_day: date) -> None:
        today = clock.today(site.zone)
        if first_day < today:
            self.add_error("first_day", f"{date_words(first_day)} is in the past. Choose today or a later day.")
        elif first_day > today + timedelta(days=FURTHEST_DAYS):
            self.add_error(
                "first_day", f"{date_words(first_day)} is more than a year away. Choose a day within the next year."
            )

    def refuse(self, message: str, field: str = "") -> None:
        """Show why an action refused. What was typed stays valid, so that the page can look again."""
        kept = dict(self.cleaned_data)
        self.add_error(field if field in self.fields else None, message)
        self.cleaned_data = kept
        self.refused = True

    @property
    def can_search(self) -> bool:
        """Whether there is something valid to look for."""
        return self.is_valid() or self.refused

    @property
    def version(self) -> ProtocolVersion:
        """The chosen protocol's current version. Only for a valid form."""
        return ProtocolVersion.objects.select_related("protocol").get(
            protocol=self.cleaned_data["protocol"], is_current=True
        )


class ConsultForm(PlaceForm):
    """Which consult, how, with whom, from when on."""

    kind = Protocol.Kind.CONSULT
    mode = forms.ChoiceField(label="How", choices=Appointment.Mode.choices, initial=Appointment.Mode.IN_PERSON)
    doctor = forms.ModelChoiceField(StaffMember.objects.none(), required=False, empty_label="the first one free")

    def __init__(self, *args: Any, sites: Sequence[Site], **kwargs: Any) -> None:
        super().__init__(*args, sites=sites, **kwargs)
        self._choices("doctor").queryset = (
            StaffMember.objects.with_role(Role.DOCTOR).filter(sites__in=list(sites)).distinct()
        )

    @property
    def is_remote(self) -> bool:
        """Whether the consult needs no chair. Only for a valid form."""
        return bool(self.cleaned_data["mode"] != Appointment.Mode.IN_PERSON)


class SeriesForm(PlaceForm):
    """Which protocol, from when on, and what the patient and the driver can do and would like."""

    kind = Protocol.Kind.INFUSION
    patient_days = WeekdaysField(label="The patient can come on")
    patient_from = TimeField(label="not before", required=False)
    patient_until = TimeField(label="home by", required=False)
    driver_days = WeekdaysField(label="The driver can fetch on")
    driver_from = TimeField(label="from", required=False)
    driver_until = TimeField(label="until", required=False)
    preferred_days = WeekdaysField(label="Best on")
    preferred_from = TimeField(label="start between", required=False)
    preferred_until = TimeField(label="and", required=False)
    not_dates = forms.CharField(
        label="Not on these dates", required=False, max_length=400, help_text="Dates with commas between: 2027-04-09, …"
    )

    def clean_not_dates(self) -> list[date]:
        """Each date on its own, so that the sentence names the one that is none."""
        found = []
        for text in self.cleaned_data["not_dates"].replace(";", ",").split(","):
            if text.strip():
                try:
                    found.append(date.fromisoformat(text.strip()))
                except ValueError:
                    raise ValidationError(
                        f"“{text.strip()}” is not a date. Write each as 2027-04-09, with commas between."
                    ) from None
        return found

    def clean(self) -> dict[str, Any]:
        """Hours run forward, and some weekday is left on which the site is open."""
        values = super().clean()
        for who, words in (("patient", "patient's"), ("driver", "driver's"), ("preferred", "preferred")):
            begin, end = values.get(f"{who}_from"), values.get(f"{who}_until")
            if begin and end and begin >= end:
                self.add_error(
                    f"{who}_until",
                    f"The {words} hours end at {end:%H:%M}, before they begin at {begin:%H:%M}. Change one of them.",
                )
        site, days = values.get("site"), values.get("patient_days")
        if site and days:
            is_open = set(OpeningHours.objects.filter(site=site).values_list("weekday", flat=True))
            if not is_open.intersection(days):
                self.add_error("patient_days", f"{site} is closed on these weekdays. Tick at least one other.")
        return values

    def wishes(self) -> Wishes:
        """What was typed, as the planner takes it. Only for a valid form."""
        values = self.cleaned_data
        return Wishes(
            patient_can=_windows(values["patient_days"], values["patient_from"], values["patient_until"]),
            driver_can=_windows(values["driver_days"], values["driver_from"], values["driver_until"]),
            preferred_weekdays=frozenset(values["preferred_days"]),
            preferred_from=_minute(values["preferred_from"]),
            preferred_until=_minute(values["preferred_until"]),
            not_dates=frozenset(values["not_dates"]),
        )


class ChoiceForm(forms.Form):
    """A choice from what the page showed: `key` makes a double click one booking; `starts` are ISO moments in UTC."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    starts = forms.CharField(
        widget=forms.HiddenInput, error_messages={"required": "Choose one of the times first; nothing was booked."}
    )
    #: Of a plan: why these dates (scheduling.desk.signed_plans).
    why = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean_starts(self) -> list[datetime]:
        """The moments, in UTC, in the order given."""
        text = str(self.cleaned_data["starts"])
        # A consult's choice carries its doctor behind a bar: one radio button is one value.
        text, _, doctor = text.partition("|")
        if doctor:
            self.doctor = _uuid(doctor)
        return [_moment(one) for one in text.split(",")]

    doctor: UUID | None = None


class KeepForm(forms.Form):
    """For how long a plan is kept."""

    hours = forms.TypedChoiceField(choices=KEEP_HOURS, coerce=int, initial=24)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except ValueError:
        raise ValidationError("The choice could not be read. Choose again; nothing was booked.") from None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ValidationError("The choice could not be read. Choose again; nothing was booked.") from None


def _minute(wall: time | None) -> int | None:
    return wall.hour * 60 + wall.minute if wall is not None else None


def _windows(days: Sequence[int], begin: time | None, end: time | None) -> dict[int, Stretches] | None:
    """The same hours on each of `days` (none: every day); None where nothing was said at all."""
    if not days and begin is None and end is None:
        return None
    stretch = (_minute(begin) or 0, _minute(end) or MINUTES_IN_A_DAY)
    return dict.fromkeys(days or range(7), (stretch,))


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
