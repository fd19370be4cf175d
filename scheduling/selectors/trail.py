"""The audit trail for whoever searches it: who did what to whom, in words.

A manager reads the trail, but health data is not hers to read: values are shown only of tables that hold none
(`SHOWN`); of all others she learns what was touched, by whom and why, and which columns, not what they say.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db.models import Model, Q, QuerySet

from clinic import clock
from clinic.models import AuditEvent, Site, User
from patients.models import Patient

#: Tables whose values a manager may read: the clinic's own, who the patients are, and when they come.
SHOWN = (
    "clinic_",
    *("patients_patient", "patients_contact", "patients_consultrequest", "patients_flagcode", "patients_consentform"),
    *("scheduling_appointment", "scheduling_series", "scheduling_ride", "scheduling_offer", "scheduling_protocol"),
    *("scheduling_sitewording", "scheduling_phase", "scheduling_ladderstep", "scheduling_message"),
)
#: Tables that begin alike but hold what only clinical staff may read.
HIDDEN = frozenset({"scheduling_messageattempt", "patients_patientidentifier"})
#: Columns that only machines read.
UNSAID = frozenset({"id", "version", "created_at", "resource_id", "public_id"})
#: Characters of a value that are shown.
LONGEST = 80


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; empty fields do not narrow. `first`, `last`: local dates of the manager's first site."""

    who: str = ""
    patient: str = ""
    table: str = ""
    operation: str = ""
    first: date | None = None
    last: date | None = None

    def words(self) -> str:
        """What was looked for, as the trail keeps it of an export."""
        said = {"who": self.who, "patient": self.patient, "what": self.table, "deed": self.operation}
        days = {"from": self.first and self.first.isoformat(), "to": self.last and self.last.isoformat()}
        return ", ".join(f"{name} {value}" for name, value in {**said, **days}.items() if value) or "everything"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of what was written. `before`, `after`: empty where there was none; both None where it is hidden."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One event in words. `deed`: "changed", `thing`: "appointment" or a page that was opened."""

    event: AuditEvent
    thing: str
    deed: str
    columns: Sequence[Column]
    patient: Patient | None

    @property
    def what(self) -> str:
        """`thing` for people: a page that was opened by its name, "earlier offer", and not by its address."""
        is_page = self.event.operation == AuditEvent.Operation.OPEN
        if not is_page:
            return self.thing
        place, _colon, page = self.thing.rpartition(":")
        # Support's pages are rows of tables, which the admin names "scheduling_message_change".
        return f"row ({page.split('_')[1]})" if place == "support" else page.replace("_", " ")

    @property
    def who(self) -> str:
        """Whose hand it was."""
        return self.event.actor_name or f"the database role {self.event.database_role}"


def zone_of(user: User) -> ZoneInfo:
    """The clock that the search is read by: of the user's first site."""
    site = Site.objects.for_user(user).first()
    return site.zone if site is not None else ZoneInfo("UTC")


def found(user: User, search: Search, zone: ZoneInfo) -> QuerySet[AuditEvent]:
    """The events that fit, newest first: about patients of the user's sites, and about nobody."""
    mine = Patient.objects.for_user(user) | Patient.objects.merged_for_user(user)
    events = AuditEvent.objects.filter(Q(patient__isnull=True) | Q(patient__in=mine.values("pk"))).order_by("-pk")
    if search.who:
        events = events.filter(actor_name__icontains=search.who)
    if search.patient:
        events = events.filter(patient__in=_called(user, search.patient))
    if search.table:
        events = events.filter(table=search.table)
    if search.operation:
        events = events.filter(operation=search.operation)
    if search.first is not None:
        events = events.filter(at__gte=clock.day_bounds(search.first, zone)[0])
    if search.last is not None:
        events = events.filter(at__lt=clock.day_bounds(search.last, zone)[1])
    return events


def _called(user: User, text: str) -> list[Any]:
    """Patients by record number, or by a part of the name; merged records too."""
    mine = Patient.objects.for_user(user) | Patient.objects.merged_for_user(user)
    if text.isdecimal() and len(text) < 10:
        return list(mine.filter(record_number=int(text)).values_list("pk", flat=True))
    for word in text.split():
        mine = mine.filter(Q(given_name__icontains=word) | Q(family_name__icontains=word))
    return list(mine.values_list("pk", flat=True)[:100])


def lines(events: Sequence[AuditEvent]) -> list[Line]:
    """The events in words. One query for the patients."""
    people = Patient.objects.in_bulk({event.patient for event in events if event.patient is not None})
    return [_line(event, people.get(event.patient)) for event in events]


def _line(event: AuditEvent, patient: Patient | None) -> Line:
    model = tables().get(event.table)
    if event.operation == AuditEvent.Operation.OPEN:
        return Line(event, event.action, "took a copy of" if event.patient is None else "opened", (), patient)
    thing = str(model._meta.verbose_name) if model is not None else event.table
    return Line(event, thing, str(event.get_operation_display()), list(_columns(event, model)), patient)


def _columns(event: AuditEvent, model: type[Model] | None) -> Iterator[Column]:
    names = _names(model) if model is not None else {}
    open_to_read = event.table.startswith(SHOWN) and event.table not in HIDDEN
    before, after = event.before or {}, event.after or {}
    for column in dict.fromkeys([*before, *after]):
        if column in UNSAID or (before.get(column) in EMPTY and after.get(column) in EMPTY):
            continue
        name = names.get(column, column)
        if open_to_read:
            yield Column(name, _said(before.get(column)), _said(after.get(column)))
        else:
            yield Column(name, None, None)


#: Values that say nothing.
EMPTY: tuple[Any, ...] = (None, "", [], {})


def _said(value: Any) -> str:
    if value in EMPTY:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


@cache
def tables() -> dict[str, type[Model]]:
    """The model of each table under the trail."""
    ours = (apps.get_app_config(label) for label in ("clinic", "patients", "scheduling"))
    return {str(model._meta.db_table): model for app in ours for model in app.get_models(include_auto_created=True)}


@cache
def _names(model: type[Model]) -> dict[str, str]:
    return {str(field.column): str(field.verbose_name) for field in model._meta.concrete_fields}
