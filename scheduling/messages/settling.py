"""What becomes of a row that a worker owns: each end that it may come to, written while the lease is let go.

Called inside the actions of scheduling/messages/delivery.py. What the row carries comes to the same end with it.
"""

from datetime import datetime
from uuid import UUID

from clinic import clock
from patients.models import Channel, Contact, Patient
from scheduling.messages import rows
from scheduling.messages.post import Outcome
from scheduling.messages.routing import recipient_of
from scheduling.models import Message, MessageAttempt

State = Message.State


def skip(row: Message, reason: str) -> None:
    """No longer true, for `reason` (a phrase for staff); what it carried goes on by itself."""
    row.state, row.skip_reason = State.SKIPPED, reason
    _settle(row, "skip_reason")
    rows.set_free([row.pk])


def hand_to_a_person(row: Message, now: datetime, worker: str) -> None:
    """Put a call or a letter on the desk's list, with the words."""
    MessageAttempt.objects.create(message=row, at=now, worker=worker, result=MessageAttempt.Result.HANDED)
    row.state = State.PERSON
    _settle(row, "subject", "body", "address", "language", "channel")
    Message.objects.filter(carried_by=row, state=State.DUE).update(state=State.PERSON)


def sent(key: UUID, worker: str, now: datetime, *, alone: bool) -> bool:
    """Accepted by the mail server, or the provider of texts; False where the row is no longer this worker's.

    One statement and no more for a row that carries no others (`alone`): this is done for every message.
    """
    owned = Message.objects.filter(pk=key, state=State.SENDING, lease_by=worker)
    if not owned.update(state=State.SENT, sent_at=now, last_error="", lease_by="", lease_until=None):
        return False
    if not alone:
        Message.objects.filter(carried_by=key, state=State.DUE).update(state=State.SENT, sent_at=now)
    return True


def fail(row: Message, outcome: Outcome) -> None:
    """For good: shown to the desk. An address or number that takes nothing from us is not tried again."""
    row.state, row.last_error = State.FAILED, outcome.detail[:400]
    _settle(row, "last_error")
    Message.objects.filter(carried_by=row, state=State.DUE).update(state=State.FAILED, last_error=outcome.detail[:400])
    if outcome.bad_address:
        mark_address(row)


def mark_address(row: Message) -> None:
    """The address or number that the row went to takes nothing from us: what comes next is a call, until the desk has
    asked again.
    """
    if row.channel == Channel.TEXT:
        _no_more_texts(row)
        return
    person = recipient_of(row)
    kept: type[Patient] | type[Contact] = Patient if isinstance(person, Patient) else Contact
    if person is not None:
        kept.objects.filter(pk=person.pk, email=row.address).update(email_failed_at=clock.now())


def _no_more_texts(row: Message) -> None:
    """The number takes no text, or its owner wrote STOP."""
    person = recipient_of(row)
    if isinstance(person, Patient):
        Patient.objects.filter(pk=person.pk, phone=row.address).update(text_consent=False)
    elif person is not None:
        Contact.objects.filter(pk=person.pk, phone=row.address).update(channel=Channel.CALL)


def put_back(
    row: Message, *, due_at: datetime | None = None, not_before: datetime | None = None, error: str = ""
) -> None:
    """Due again: at another time, or not before a moment."""
    row.state, row.lease_by, row.lease_until = State.DUE, "", not_before
    row.due_at = due_at or row.due_at
    row.last_error = error[:400] or row.last_error
    row.save(update_fields=["state", "lease_by", "lease_until", "due_at", "last_error", "channel", "language"])


def _settle(row: Message, *fields: str) -> None:
    """Save the row's end, and let go of the lease."""
    row.lease_by, row.lease_until = "", None
    row.save(update_fields=["state", "lease_by", "lease_until", *fields])
