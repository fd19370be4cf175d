"""What a person does with a message: make the call, send it again, call instead or write instead, or leave it unsent,
with a reason.
"""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused, WrongStatus
from patients.models import Channel, Contact, Patient
from scheduling.messages import rows
from scheduling.messages.look import why_skip
from scheduling.messages.routing import channel_for, recipient_of
from scheduling.models import Message, MessageAttempt

State, Outcome = Message.State, Message.Outcome

#: States that a message can be sent again from.
ENDED = (State.SENT, State.FAILED, State.SKIPPED)
#: How long before a call is of no use it comes back at the latest, whatever was agreed.
LAST_CHANCE = timedelta(minutes=30)


@action
def record_call(*, by: Actor, message: Message, outcome: str, note: str = "", until: datetime | None = None) -> Message:
    """Write what came of a call (or a letter). An outcome of Message.DONE takes it off the list; after one of
    Message.LATER it comes back at `until` (aware; None: it stays), and in time before it would be of no use.

    Raises WrongStatus when it is not on the list (any more), Refused for an outcome that there is not.
    """
    if outcome not in Outcome.values:
        raise Refused(_("Choose what came of the call."), field="outcome")
    message = _on_the_list(message)
    now = clock.now()
    word = Outcome(outcome)
    message.outcome, message.done_by = word, by.user
    message.call_after = _comes_back(message, until, now) if word in Message.LATER else None
    message.note = "\n".join(part for part in [message.note, note.strip()] if part)
    if word in Message.DONE:
        message.state, message.sent_at = State.SENT, now
    message.save(update_fields=["outcome", "done_by", "note", "state", "sent_at", "call_after"])
    Message.objects.filter(carried_by=message, state=State.PERSON).update(
        state=message.state, sent_at=message.sent_at, outcome=word, done_by=by.user, call_after=message.call_after
    )
    _note_try(message, by, str(word.label))
    return message


@action
def send_again(*, by: Actor, message: Message) -> Message:
    """Put a message that was sent, failed or was skipped back into the queue; it is looked at again before it goes.

    It gets a new Message-ID: this one is meant to arrive beside an earlier one. A mail that failed is tried at its
    address once more. Raises WrongStatus while it is still on its way, Refused when its time has passed.
    """
    message = _locked(message)
    if message.state not in ENDED:
        raise WrongStatus(_("This message is still on its way. Nothing was changed."))
    if message.not_after is not None and message.not_after <= clock.now():
        raise Refused(_("It is too late for this message to be of use. Nothing was sent; call the person instead."))
    if message.state == State.FAILED:
        _try_the_address_again(message)
    message.message_id = rows.new_message_id()
    return rows.due_again(message)


@action
def call_instead(*, by: Actor, message: Message) -> Message:
    """Put a message that failed, or still waits, on the call list.

    Raises WrongStatus when it was sent or is for a person already, and Refused when nobody needs to be told any more.
    """
    message = _locked(message)
    if message.state not in {State.FAILED, State.DUE}:
        raise WrongStatus(
            _("This message is “%(state)s”. Only one that failed or waits can become a call.")
            % {"state": message.get_state_display()}
        )
    if message.channel != Channel.CALL and message.same_by(Channel.CALL).exists():
        raise Refused(_("A call about the same thing is on the list already. Nothing was changed."))
    message.channel = Channel.CALL
    if reason := why_skip(message, clock.now()):
        raise Refused(
            _("Nobody needs to be told this any more: %(reason)s. Open the message, and leave it unsent.")
            % {"reason": reason}
        )
    message.context = {**message.context, "fixed": True}
    return rows.due_again(message)


@action
def write_instead(*, by: Actor, message: Message) -> Message:
    """Take a message off the call list and send it the way that its reader can be reached by now, with what it carries.

    Raises WrongStatus when it is not on the list (any more), Refused where a call is still the only way.
    """
    message = _on_the_list(message)
    channel = writes_by(message)
    if channel is None:
        raise Refused(_("Only a call reaches this person. Note the yes to email or texts on the patient's page first."))
    if message.same_by(channel).exists():
        raise Refused(_("This was written to the same person already. Nothing was changed."))
    message.channel = channel
    message.context.pop("fixed", None)
    Message.objects.filter(carried_by=message, state=State.PERSON).update(state=State.DUE, channel=channel)
    return rows.due_again(message)


def writes_by(message: Message) -> Channel | None:
    """By which channel its reader could be written to by now; None where only a person reaches them."""
    person = recipient_of(message)
    channel = channel_for(person) if person is not None else None
    return channel if channel in {Channel.MAIL, Channel.TEXT} else None


@action
def leave_unsent(*, by: Actor, message: Message, reason: str) -> Message:
    """Take a message that waits, failed or is for a person to do out of the work, with the reason.

    Raises Refused without a reason, WrongStatus when it was sent, skipped, or is being sent.
    """
    if not reason.strip():
        raise Refused(_("Say why nobody needs to be told; it is kept with the message."), field="reason")
    message = _locked(message)
    if message.state not in {State.DUE, State.PERSON, State.FAILED}:
        raise WrongStatus(
            _("This message is “%(state)s” and cannot be left out any more.") % {"state": message.get_state_display()}
        )
    message.state, message.skip_reason = State.SKIPPED, reason.strip()[:200]
    message.lease_by, message.lease_until, message.done_by = "", None, by.user
    message.save(update_fields=["state", "skip_reason", "lease_by", "lease_until", "done_by"])
    rows.set_free([message.pk])
    return message


def _try_the_address_again(message: Message) -> None:
    """Forget that mail to its reader failed; but not that the reader wants none."""
    person = recipient_of(message)
    if isinstance(person, Patient):
        Patient.objects.filter(pk=person.pk, mail_consent=True).update(email_failed_at=None)
    elif person is not None:
        Contact.objects.filter(pk=person.pk, mail_consent=True).update(email_failed_at=None)


def _locked(message: Message) -> Message:
    """The row as it is now; a worker that is just claiming it is waited for."""
    return Message.objects.select_for_update(of=("self",)).get(pk=message.pk)


def _on_the_list(message: Message) -> Message:
    """The same of one that is for a person to do. Raises WrongStatus for any other."""
    message = _locked(message)
    if message.state != State.PERSON:
        raise WrongStatus(
            _("This is no longer on the call list: it is “%(state)s”. Nothing was changed.")
            % {"state": message.get_state_display()}
        )
    return message


def _comes_back(message: Message, until: datetime | None, now: datetime) -> datetime | None:
    """When it stands on the list again; None for at once."""
    if until is None:
        return None
    latest = message.not_after - LAST_CHANCE if message.not_after is not None else until
    back = min(until, latest)
    return back if back > now else None


def _note_try(message: Message, by: Actor, what: str) -> None:
    MessageAttempt.objects.create(
        message=message, at=clock.now(), worker=by.name[:80], result=MessageAttempt.Result.HANDED, detail=what[:400]
    )
