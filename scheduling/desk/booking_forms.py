"""What the clerk types to book: where, which protocol, from when on, and the choice made from what is shown.

Dates and times are local to the site. A form here checks what was typed; whether a time is free is the planner's and
the actions' to say.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypedDict, cast
from uuid import UUID

from django import forms
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.db.models import OuterRef
from django_stubs_ext import WithAnnotations

from clinic import clock
from clinic.errors import Refused
from clinic.models import Site
from clinic.models.site import Weekday
from clinic.statements import Statement
from clinic.views import refuse
from scheduling.models import Protocol, ProtocolVersion
from scheduling.selectors.series_rules import date_words

#: A first day further away than this is a slip of the pen: nobody's shifts are planned so far ahead.
FURTHEST_DAYS = 366
NO_DATE = "That is not a date. Pick one from the calendar, or write it as 2027-04-06."
NO_TIME = "That is not a time. Write it as 09:30."
#: For how long a plan may be kept while the patient asks the driver, in hours. Offered from an afternoon to a weekend;
#: KEEP_FOR is chosen beforehand.
KEEP_HOURS = ((4, "4 hours"), (24, "24 hours"), (48, "2 days"), (72, "3 days"))
KEEP_FOR = 24


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


class LoadedChoiceField(forms.TypedChoiceField):
    """One of a few rows that the page has at hand: a ModelChoiceField would ask for them three times more."""

    def __init__(self, **kwargs: Any) -> None:
        self._rows: dict[str, Any] = {}
        super().__init__(coerce=lambda key: self._rows[key], empty_value=None, **kwargs)

    def offer(self, rows: Iterable[Any]) -> None:
        """Let `rows` (model instances) be the choices, in their order."""
        self._rows = {str(row.pk): row for row in rows}
        self.choices = [(key, str(row)) for key, row in self._rows.items()]

    def __deepcopy__(self, memo: dict[int, Any]) -> "LoadedChoiceField":
        """Each form offers its own."""
        copied = super().__deepcopy__(memo)
        copied.coerce = lambda key: copied._rows[key]
        return copied


class _Offered(TypedDict):
    """What is asked of a version beside the row: the sites that offer its protocol."""

    offered_at: list[UUID]


#: A clinic has a few dozen protocols: all that are in use are read, whatever the kind.
_PROTOCOLS = Statement(lambda: Protocol.objects.filter(is_active=True).order_by("name"), 0)
_CURRENT = Statement(
    lambda: ProtocolVersion.objects.filter(is_current=True, protocol__is_active=True).annotate(
        offered_at=ArraySubquery(Site.objects.filter(protocols=OuterRef("protocol")).order_by().values("pk"))
    ),
    0,
)


class PlaceForm(forms.Form):
    """The part that both booking pages share: site, protocol and first possible day."""

    kind: Protocol.Kind
    #: All that was typed was fine, but an action refused: the page then looks again with the same values.
    refused = False
    site = LoadedChoiceField()
    protocol = LoadedChoiceField()
    first_day = DayField(label="First possible day")

    def __init__(self, *args: Any, sites: Sequence[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sites = sites
        cast(LoadedChoiceField, self.fields["site"]).offer(sites)
        cast(LoadedChoiceField, self.fields["protocol"]).offer(self._protocols())
        if len(sites) == 1:
            self.fields["site"].widget = forms.HiddenInput()

    def _protocols(self) -> Iterable[Protocol]:
        """Those of the kind that one of the sites offers, by name, each with its current version. Two queries."""
        protocols = {one.pk: one for one in _PROTOCOLS.instances(Protocol) if one.kind == self.kind}
        sites = {site.pk for site in self.sites}
        self._versions: dict[UUID, ProtocolVersion] = {}
        self._offered: dict[UUID, Collection[UUID]] = {}
        for version in cast("list[WithAnnotations[ProtocolVersion, _Offered]]", _CURRENT.instances(ProtocolVersion)):
            if version.protocol_id in protocols and sites.intersection(version.offered_at):
                version.protocol = protocols[version.protocol_id]
                self._versions[version.protocol_id] = version
                self._offered[version.protocol_id] = version.offered_at
        return [one for key, one in protocols.items() if key in self._versions]

    def clean(self) -> dict[str, Any]:
        """The protocol is offered at the site, and the first day is neither past nor far off."""
        values = super().clean() or {}
        site, protocol, first_day = values.get("site"), values.get("protocol"), values.get("first_day")
        if site and protocol and site.pk not in self._offered[protocol.pk]:
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

    def refuse(self, error: Refused) -> None:
        """Show why an action refused. What was typed stays valid, so that the page can look again."""
        kept = dict(self.cleaned_data)
        refuse(self, error)
        self.cleaned_data = kept
        self.refused = True

    @property
    def can_search(self) -> bool:
        """Whether there is something valid to look for."""
        return self.is_valid() or self.refused

    @property
    def typed(self) -> list[tuple[str, str]]:
        """Everything typed as (name, value) pairs, for other forms and links of the page to carry along."""
        pairs = []
        for bound in self:
            value = bound.value()
            values = value if isinstance(value, list | tuple) else [value]
            pairs += [(bound.html_name, str(one)) for one in values if one not in (None, "")]
        return pairs

    @property
    def version(self) -> ProtocolVersion:
        """The chosen protocol's current version. Only for a valid form."""
        return self._versions[self.cleaned_data["protocol"].pk]


class ChoiceForm(forms.Form):
    """A choice from what the page showed: `key` makes a double click one booking; `starts` are ISO moments in UTC."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    starts = forms.CharField(
        widget=forms.HiddenInput, error_messages={"required": "Choose one of the times first; nothing was booked."}
    )
    #: Of a plan: why these dates (scheduling.desk.signed_plans).
    why = forms.CharField(widget=forms.HiddenInput, required=False)
    #: The offer that was kept after a collision, where another plan is chosen than that.
    kept = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def clean_starts(self) -> list[datetime]:
        """The moments, in UTC, in the order given."""
        text = str(self.cleaned_data["starts"])
        # A consult's choice carries its doctor behind a bar: one radio button is one value.
        text, _, doctor = text.partition("|")
        if doctor:
            self.doctor = _uuid(doctor)
        return [_moment(one) for one in text.split(",")]

    doctor: UUID | None = None

    @classmethod
    def starts_of(cls, data: Any) -> list[datetime]:
        """The moments alone; none where they cannot be read."""
        form = cls(data)
        form.is_valid()
        found: list[datetime] = form.cleaned_data.get("starts", [])
        return found


class AskedForm(forms.Form):
    """The patient's request that a booking answers."""

    request = forms.UUIDField(required=False)


class KeepForm(forms.Form):
    """For how long a plan is kept."""

    hours = forms.TypedChoiceField(choices=KEEP_HOURS, coerce=int, initial=KEEP_FOR)


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
