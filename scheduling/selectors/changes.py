"""Who has changed a thing of the set-up since a form about it was opened: read off the audit trail.

The trail is written by the database in the transaction of each change, so a number of it is as good as a version on
the row, holds for things of many rows (a week of shifts), and says at once who did what.
"""

from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Max, Model, Q, QuerySet

from clinic import clock
from clinic.models import AuditEvent, OpeningHours, Resource, Shift, Site, StaffMember
from scheduling.models import Protocol, ProtocolVersion, SiteWording

#: A value is said with its name when it is no longer than this.
SHORT = 60
#: Columns that only machines read.
UNSAID = {"id", "public_id", "resource_id", "invited_at", "valid_from", "valid_until", "is_current", "created_at"}


@dataclass(frozen=True, slots=True)
class Watched:
    """What a form shows: rows by table and primary keys, and tables with the columns and values by which their rows
    belong to it, for rows that come and go.
    """

    rows: dict[str, list[str]] = field(default_factory=dict)
    parts: tuple[tuple[str, dict[str, str]], ...] = ()

    @property
    def events(self) -> QuerySet[AuditEvent]:
        """All that has happened to it."""
        found = Q(pk__in=[])
        for table, keys in self.rows.items():
            found |= Q(table=table, row__in=keys)
        for table, values in self.parts:
            found |= Q(table=table) & (Q(after__contains=values) | Q(before__contains=values))
        return AuditEvent.objects.filter(found)


@dataclass(frozen=True, slots=True)
class Change:
    """What others did meanwhile. `words` is a sentence: "Miriam Vale changed the telephone (now …)"."""

    words: str
    mark: int


def mark(watched: Watched) -> int:
    """The number of the newest change; a form carries it."""
    newest: int | None = watched.events.aggregate(newest=Max("pk"))["newest"]
    return newest or 0


def change_since(watched: Watched, seen: int) -> Change | None:
    """What was changed after `seen`, in words; None when nothing was."""
    events = list(watched.events.filter(pk__gt=seen).order_by("pk"))
    if not events:
        return None
    names = dict.fromkeys(event.actor_name or "the program" for event in events)
    said = {name: words for event in events for name, words in _columns(event)}
    what = ", ".join(said.values()) or "it"
    minutes = int((clock.now() - events[-1].at).total_seconds() // 60)
    when = "just now" if minutes < 1 else f"{minutes} min ago" if minutes < 120 else "meanwhile"
    return Change(f"{' and '.join(names)} changed {what} {when}.", events[-1].pk)


def _columns(event: AuditEvent) -> list[tuple[str, str]]:
    """What an event touched: names of columns, with the new value where that is short."""
    model = _models().get(event.table)
    if model is None:
        return []
    thing = str(model._meta.verbose_name)
    if event.operation != AuditEvent.Operation.UPDATE:
        return [(f"{event.table}", f"{thing} rows")]
    found = []
    for column, value in (event.after or {}).items():
        if column not in UNSAID:
            found.append((f"{event.table}.{column}", _said(model, column, value)))
    return found


def _said(model: type[Model], column: str, value: Any) -> str:
    names = {one.column: str(getattr(one, "verbose_name", one.name)) for one in model._meta.concrete_fields}
    name = f"“{names.get(column, column)}”"
    if isinstance(value, bool):
        return f"{name} (now {'yes' if value else 'no'})"
    is_short = isinstance(value, str | int | float) and len(str(value)) <= SHORT
    return f"{name} (now {value})" if is_short and value != "" else name


def _models() -> dict[str, type[Model]]:
    return {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


def site_details(site: Site) -> Watched:
    """The site's own row."""
    return Watched({"clinic_site": [str(site.pk)]})


def opening_week(site: Site) -> Watched:
    """The opening hours of a site."""
    keys = [str(pk) for pk in OpeningHours.objects.filter(site=site).values_list("pk", flat=True)]
    return Watched({"clinic_openinghours": keys}, (("clinic_openinghours", {"site_id": str(site.pk)}),))


def places(site: Site) -> Watched:
    """The chairs, beds and monitors of a site."""
    keys = [str(pk) for pk in Resource.objects.filter(site=site).values_list("pk", flat=True)]
    return Watched({"clinic_resource": keys}, (("clinic_resource", {"site_id": str(site.pk)}),))


def person(member: StaffMember) -> Watched:
    """A staff member with roles, sites and account."""
    key = str(member.pk)
    rows = {"clinic_staffmember": [key], "clinic_resource": [str(member.resource_id)]}
    if member.user_id is not None:
        rows["clinic_user"] = [str(member.user_id)]
    return Watched(
        rows,
        (("clinic_staffrole", {"staff_member_id": key}), ("clinic_staffmember_sites", {"staffmember_id": key})),
    )


def week_of(member: StaffMember) -> Watched:
    """Somebody's weekly shifts at every site."""
    keys = [str(pk) for pk in Shift.objects.filter(staff_member=member).values_list("pk", flat=True)]
    return Watched({"clinic_shift": keys}, (("clinic_shift", {"staff_member_id": str(member.pk)}),))


def protocol(one: Protocol) -> Watched:
    """A protocol with its versions. A save of its phases, lists or texts always touches the version's row."""
    keys = [str(pk) for pk in ProtocolVersion.objects.filter(protocol=one).values_list("pk", flat=True)]
    return Watched(
        {"scheduling_protocol": [str(one.pk)], "scheduling_protocolversion": keys},
        (
            ("scheduling_protocolversion", {"protocol_id": str(one.pk)}),
            ("scheduling_protocol_sites", {"protocol_id": str(one.pk)}),
        ),
    )


def wording(site: Site, kind: str) -> Watched:
    """The site's own words for one kind of message."""
    keys = [str(pk) for pk in SiteWording.objects.filter(site=site, kind=kind).values_list("pk", flat=True)]
    belongs = {"site_id": str(site.pk), "kind": kind}
    return Watched({"scheduling_sitewording": keys}, (("scheduling_sitewording", belongs),))
