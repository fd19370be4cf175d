"""What only the audit trail knows of a patient's way: moves, cancellations, who drives instead of whom, and contacts.

The events of one action are one event: six visits of a series that was stopped are told once.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from django.db.models import Q

from clinic import clock
from clinic.models import AuditEvent
from patients.models import Contact, Patient
from scheduling.models import Appointment, Ride
from scheduling.selectors.journey import Journey
from scheduling.selectors.timeline_event import Event, Topic, sentences
from scheduling.when import time_words

VISITS, RIDES, CONTACTS = "scheduling_appointment", "scheduling_ride", "patients_contact"
#: What a contact may do, by the columns that say so.
RIGHTS = {"may_be_told": "be told", "may_decide": "decide", "may_drive": "drive"}


def events(patient: Patient, journey: Journey, zone: ZoneInfo) -> Iterator[Event]:
    """Moves, cancellations, companions and contacts, in no order. Two queries."""
    visits = {str(visit.pk): visit for visit in journey.visits}
    rides = {str(visit.ride.pk): visit for visit in visits.values() if getattr(visit, "ride", None) is not None}
    contacts = {str(contact.pk): contact for contact in Contact.objects.filter(patient=patient)}
    trail = AuditEvent.objects.filter(
        Q(table=VISITS, row__in=list(visits), operation="update", after__has_any_keys=["starts", "status"])
        | Q(table=RIDES, row__in=list(rides), operation="update", after__has_any_keys=["companion_id", "status"])
        | Q(table=CONTACTS, row__in=list(contacts), operation__in=["insert", "update"])
    ).order_by("transaction", "table", "id")
    for (_transaction, table), group in groupby(trail, key=lambda event: (event.transaction, event.table)):
        some = list(group)
        if table == VISITS:
            yield from _moved(some, visits)
            yield from _cancelled(some, visits)
        elif table == RIDES:
            yield from _drivers(some, rides, contacts)
        else:
            yield from _contacts(some, contacts, zone)


def _moved(some: Sequence[AuditEvent], visits: dict[str, Appointment]) -> Iterator[Event]:
    moved = [event for event in some if "starts" in (event.after or {})]
    if not moved:
        return
    first = visits[moved[0].row]
    words = [_from_to(event, visits[event.row].site.zone) for event in moved]
    title = "Visit moved" if len(moved) == 1 else f"{len(moved)} visits moved"
    detail = sentences("; ".join(words), moved[0].reason)
    yield Event(
        moved[0].at,
        first.site.zone,
        Topic.VISITS,
        "calendar-clock",
        title,
        detail,
        _who(moved[0]),
        "info",
        first.pk if len(moved) == 1 else None,
    )


def _cancelled(some: Sequence[AuditEvent], visits: dict[str, Appointment]) -> Iterator[Event]:
    gone = [event for event in some if (event.after or {}).get("status") == Appointment.Status.CANCELLED]
    if not gone:
        return
    first = visits[gone[0].row]
    times = "; ".join(_when(visits[event.row].starts, visits[event.row].site.zone) for event in gone)
    title = "Visit cancelled" if len(gone) == 1 else f"{len(gone)} visits cancelled"
    reason = first.status_reason or gone[0].reason
    yield Event(
        gone[0].at,
        first.site.zone,
        Topic.VISITS,
        "calendar-x",
        title,
        sentences(times, reason),
        _who(gone[0]),
        "quiet",
        first.pk if len(gone) == 1 else None,
    )


def _drivers(
    some: Sequence[AuditEvent], rides: dict[str, Appointment], contacts: dict[str, Contact]
) -> Iterator[Event]:
    """Who drives, by visits that were answered for together. Being picked up is told with the end of the visit."""
    told = [event for event in some if (event.after or {}).get("status") != Ride.Status.PICKED_UP]
    for words, group in groupby(told, key=lambda event: _driver_words(event, contacts)):
        events = list(group)
        visits = [rides[event.row] for event in events]
        times = "; ".join(dict.fromkeys(_when(visit.starts, visit.site.zone) for visit in visits))
        yield Event(events[0].at, visits[0].site.zone, Topic.VISITS, "car", words, times, _who(events[0]))


def _driver_words(event: AuditEvent, contacts: dict[str, Contact]) -> str:
    after = event.after or {}
    if after.get("companion_id"):
        contact = contacts.get(str(after["companion_id"]))
        return f"{contact.name if contact is not None else 'Somebody'} is named to drive"
    if "companion_id" in after:
        return "Nobody is named to drive any more"
    return f"Ride home: {Ride.Status(after['status']).label}" if after.get("status") else "Ride home changed"


def _contacts(some: Sequence[AuditEvent], contacts: dict[str, Contact], zone: ZoneInfo) -> Iterator[Event]:
    for event in some:
        contact, after = contacts[event.row], event.after or {}
        if event.operation == AuditEvent.Operation.INSERT:
            may = [word for name, word in RIGHTS.items() if after.get(name)]
            detail = f"may {', '.join(may)}" if may else ""
            yield Event(event.at, zone, Topic.PAPERS, "users", f"Contact added: {contact.name}", detail, _who(event))
        elif after.keys() & {*RIGHTS, "is_active", "stopped_at"}:
            yield Event(event.at, zone, Topic.PAPERS, "users", _contact_words(contact, after), "", _who(event))


def _contact_words(contact: Contact, after: dict[str, object]) -> str:
    if after.get("stopped_at"):
        return f"{contact.name} says: wrong person. Nothing more is sent there"
    if "is_active" in after:
        return f"{contact.name} is a contact again" if after["is_active"] else f"{contact.name} is no longer a contact"
    changed = [f"{'may' if after[name] else 'may not'} {word}" for name, word in RIGHTS.items() if name in after]
    return f"{contact.name} {', '.join(changed) or 'was changed'}"


def _from_to(event: AuditEvent, zone: ZoneInfo) -> str:
    before, after = event.before or {}, event.after or {}
    old, new = (datetime.fromisoformat(str(values["starts"])) for values in (before, after))
    return f"from {_when(old, zone)} to {_when(new, zone)}"


def _when(moment: datetime, zone: ZoneInfo) -> str:
    local = clock.local(moment, zone)
    return f"{local:%a} {local:%b} {local.day}, {time_words(moment, zone)}"


def _who(event: AuditEvent) -> str:
    called = f", asked on the telephone by {event.caller_name}" if event.caller_name else ""
    return f"{event.actor_name}{called}"
