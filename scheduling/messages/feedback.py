"""What a provider says of a message after it took it: it arrived, it came back, its reader calls it unwanted.

A message is known by the provider's own id, which stands on the try that was accepted. Saying a thing twice is saying
it once: providers repeat themselves until they are answered.
"""

from datetime import timedelta

import structlog

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from patients.models import Channel, Contact, Patient
from scheduling.messages import settling
from scheduling.messages.routing import recipient_of
from scheduling.models import Message, MessageAttempt

State, Result = Message.State, MessageAttempt.Result

BY = Actor.system("what a provider says of messages")
#: A provider's word about an id that is not known here is about the last message to that address, of so long.
LATELY = timedelta(days=7)
#: A mail that came back for now is tried again after this: the provider has tried for hours by itself.
LATER = timedelta(hours=1)
#: So many times it may come back for now; then a person has to see to it.
MOST_RETURNS = 3
log = structlog.get_logger(__name__)


@action
def arrived(*, by: Actor, provider_id: str, detail: str = "") -> Message | None:
    """The message is in the mailbox, or on the telephone. None when it is not known."""
    row = _row(provider_id)
    if row is not None:
        _note(row, Result.DELIVERED, detail)
    return row


@action
def came_back(*, by: Actor, provider_id: str, address: str, detail: str, bad_address: bool) -> Message | None:
    """It will not arrive: it has failed, and is shown to the desk. `bad_address`: nothing will, so the next one is a
    call. None when it is not known.
    """
    row = _row(provider_id, address)
    if row is None or not _note(row, Result.BOUNCED, detail):
        return row
    _failed(row, detail)
    if bad_address:
        settling.mark_address(row)
    return row


@action
def came_back_for_now(*, by: Actor, provider_id: str, address: str, detail: str) -> Message | None:
    """It did not arrive, and may yet: a full mailbox, a server that is away. The same message goes out again, under its
    own Message-ID, and the address stays good; after MOST_RETURNS it has failed and is shown. None when not known.
    """
    row = _row(provider_id, address)
    # Each try has an id of its own at the provider, which repeats itself about one until it is answered.
    if row is None or not _note(row, Result.TEMPORARY, detail, worker=f"provider {provider_id}"[:80]):
        return row
    if row.state != State.SENT:
        return row
    again = clock.now() + LATER
    returns = row.attempt_rows.filter(result=Result.TEMPORARY, worker__startswith="provider").count()
    too_late = row.not_after is not None and row.not_after <= again
    if returns >= MOST_RETURNS or too_late:
        _failed(row, detail)
        return row
    row.state, row.last_error, row.sent_at, row.lease_until = State.DUE, detail[:400], None, again
    row.save(update_fields=["state", "last_error", "sent_at", "lease_until"])
    Message.objects.filter(carried_by=row, state=State.SENT).update(state=State.DUE, sent_at=None)
    return row


def _failed(row: Message, detail: str) -> None:
    """What had been taken will not arrive: shown to the desk, with what it carried."""
    if row.state == State.SENT:
        row.state, row.last_error = State.FAILED, detail[:400]
        row.save(update_fields=["state", "last_error"])
        Message.objects.filter(carried_by=row, state=State.SENT).update(state=State.FAILED, last_error=detail[:400])


@action
def unwanted(*, by: Actor, provider_id: str, address: str, detail: str) -> Message | None:
    """Its reader has called it unwanted: mail there would harm all other mail. The address is marked, which the desk
    sees, and the reader's yes to mail is taken back: from now on the person is called, until somebody has asked again.
    """
    row = _row(provider_id, address)
    if row is None or not _note(row, Result.COMPLAINT, detail):
        return row
    settling.mark_address(row)
    person = recipient_of(row)
    kept: type[Patient] | type[Contact] = Patient if isinstance(person, Patient) else Contact
    if person is not None:
        kept.objects.filter(pk=person.pk, email=row.address).update(mail_consent=False)
    return row


def _row(provider_id: str, address: str = "") -> Message | None:
    """The message, locked; with whom it was to."""
    rows = Message.objects.select_for_update(of=("self",)).select_related("patient", "contact")
    if provider_id:
        found = rows.filter(
            attempt_rows__result=Result.ACCEPTED, attempt_rows__detail=provider_id, carried_by__isnull=True
        ).first()
        if found is not None:
            return found
    if address:
        lately = rows.filter(address=address, channel=Channel.MAIL, sent_at__gte=clock.now() - LATELY)
        found = lately.order_by("-sent_at").first()
    else:
        found = None
    if found is None:
        log.warning("provider_speaks_of_unknown_message", provider_id=provider_id)
    return found


def _note(row: Message, result: str, detail: str, *, worker: str = "provider") -> bool:
    """Keep it in the history of the message; whether it is news."""
    _attempt, is_new = MessageAttempt.objects.get_or_create(
        message=row, result=result, worker=worker, defaults={"at": clock.now(), "detail": detail[:400]}
    )
    return is_new
