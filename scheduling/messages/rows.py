"""Making, writing and withdrawing rows of the ledger. Used by the ledger and the delivery; nothing here decides what
is told.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Any
from uuid import uuid4

from django.conf import settings

from clinic import clock
from clinic.models import Site
from patients.models import Contact, Patient
from scheduling.messages import nudge
from scheduling.messages.routing import channel_for
from scheduling.models import Appointment, Message, Series
from scheduling.models.message import MessageQuerySet

Rows = MessageQuerySet
State = Message.State

#: Two rows are written together when they fall due within this of each other: the actions of one form take no longer.
TOGETHER = timedelta(minutes=10)
#: Several dues of these kinds to one person, written together, go out as one message.
CARRIED_TOGETHER = (Message.Kind.COMPANION_NAMED, Message.Kind.COMPANION_CANCELLED)


def to_patient(
    patient: Patient,
    site: Site,
    kind: Message.Kind,
    *,
    version: int,
    due_at: datetime,
    not_after: datetime | None,
    channel: str | None = None,
    appointment: Appointment | None = None,
    series: Series | None = None,
    context: dict[str, Any] | None = None,
) -> Message:
    """A row (not saved) for the patient; by the channel that the patient is reached by, unless one is given."""
    return Message(
        site=site,
        patient=patient,
        appointment=appointment,
        series=series,
        recipient=Message.Recipient.PATIENT,
        kind=kind,
        channel=channel or channel_for(patient),
        language=patient.language,
        version=version,
        context=context or {},
        due_at=due_at,
        not_after=not_after,
        message_id=new_message_id(),
        created_at=clock.now(),
    )


def to_contact(
    contact: Contact, visit: Appointment, kind: Message.Kind, *, version: int, due_at: datetime, not_after: datetime
) -> Message:
    """A row (not saved) for the companion of one visit."""
    return Message(
        site=visit.site,
        patient=visit.patient,
        appointment=visit,
        recipient=Message.Recipient.COMPANION,
        contact=contact,
        kind=kind,
        channel=channel_for(contact),
        language=contact.language,
        version=version,
        due_at=due_at,
        not_after=not_after,
        message_id=new_message_id(),
        created_at=clock.now(),
    )


def speaks_of(row: Message, *moments: datetime) -> None:
    """Keep on the row (not saved) the earliest of these moments (aware) and of what it speaks of already."""
    known = row.first_of_all
    found = [*moments, *([known] if known is not None else [])]
    if found:
        row.context = {**row.context, Message.FIRST: min(found).astimezone(UTC).isoformat()}


def new_message_id() -> str:
    """An RFC 5322 Message-ID without its brackets, in the domain that mail is sent from."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"{uuid4().hex}@{domain}"


def write(row: Message) -> None:
    """Save the row, unless the same was written before."""
    write_all([row])


def write_all(new: Iterable[Message]) -> None:
    """Save the rows, leaving out those that were written before (constraint message_once)."""
    Message.objects.bulk_create(new, ignore_conflicts=True)


def waiting() -> Rows:
    """Rows that nobody has been told of and that no worker is just sending: what can still be withdrawn."""
    return Message.objects.filter(state__in=[State.DUE, State.PERSON])


def skip(some: Rows, reason: str) -> int:
    """Mark the rows skipped for `reason` (a phrase for staff); those that they carried go on by themselves. Returns
    how many.
    """
    keys = list(some.values_list("pk", flat=True))
    if not keys:
        return 0
    count = Message.objects.filter(pk__in=keys, state__in=[State.DUE, State.PERSON]).update(
        state=State.SKIPPED, skip_reason=reason[:200], lease_by="", lease_until=None
    )
    set_free(keys)
    return count


def due_again(message: Message, at: datetime | None = None) -> Message:
    """Back in the queue, for `at` (aware), else for the next tick."""
    message.state, message.due_at, message.attempts = State.DUE, at or clock.now(), 0
    message.lease_by, message.lease_until = "", None
    message.skip_reason = message.last_error = ""
    message.sent_at, message.carried_by = None, None
    message.outcome, message.call_after = "", None
    message.save()
    nudge.after_commit()
    return message


def set_free(leads: Iterable[Any]) -> None:
    """Rows whose lead no longer goes out choose a new one among themselves."""
    left = Message.objects.filter(carried_by__in=list(leads), state=State.DUE)
    carried: dict[Any, list[Message]] = {}
    for row in left.order_by("due_at", "pk"):
        carried.setdefault(row.carried_by_id, []).append(row)
    for first, *others in carried.values():
        Message.objects.filter(pk=first.pk).update(carried_by=None)
        Message.objects.filter(pk__in=[row.pk for row in others]).update(carried_by=first)


def lead_for(row: Message) -> Message | None:
    """The row that takes `row` along: to the same person, of the same kind, due just before, and not yet claimed.

    It is locked until the transaction ends, so that no worker sends it without its companions in between.
    """
    if row.kind not in CARRIED_TOGETHER:
        return None
    return (
        Message.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(
            lease_until__isnull=True,
            patient=row.patient,
            contact=row.contact,
            kind=row.kind,
            channel=row.channel,
            state=State.DUE,
            carried_by__isnull=True,
            due_at__gt=row.due_at - TOGETHER,
            due_at__lte=row.due_at,
        )
        .order_by("created_at")
        .first()
    )
