"""How a person is reached: by the way they asked for, else by what is possible. Nobody is left out: the telephone is
the last resort.
"""

from copy import copy

from django.conf import settings

from patients.models import Channel, Contact, Patient
from patients.selectors import who_is_told
from scheduling.models import Message


def channel_for(person: Patient | Contact) -> Channel:
    """The channel of a message to this person now.

    What goes to somebody under 18 goes to the guardian, and so by the guardian's way. Mail needs the patient's consent
    and an address that has not bounced; a text needs the consent, a number, and a provider (settings.TEXTS_GO_OUT).
    A call or letter that has no number or address to go to becomes a mail where there is one; else it stays on the
    call list, which says that a number is missing.
    """
    if isinstance(person, Patient):
        person = who_is_told(person)
    by_mail = person.reachable_by_mail
    wished = Channel(person.channel)
    if wished is Channel.MAIL and by_mail:
        return Channel.MAIL
    if wished is Channel.TEXT and _text_works(person):
        return Channel.TEXT
    if wished is Channel.PAPER and isinstance(person, Patient) and person.address_line:
        return Channel.PAPER
    if not person.phone and by_mail:
        return Channel.MAIL
    return Channel.CALL


def recipient_of(message: Message) -> Patient | Contact | None:
    """The person whom the message goes to; None for one to the desk. Needs `patient` and `contact` loaded."""
    if message.recipient == Message.Recipient.PATIENT:
        return who_is_told(message.patient) if message.patient is not None else None
    return message.contact


def way_now(message: Message) -> tuple[str, str]:
    """The language and the channel in which a message that waits would go out now. Needs `patient` and `contact`."""
    person = recipient_of(message)
    if person is None or message.context.get("fixed"):
        return message.language, message.channel
    channel = channel_for(person)
    if channel != message.channel and message.same_by(channel).exists():
        # The person was told by that way before; the constraint message_once keeps it from being told twice.
        return person.language, message.channel
    return person.language, channel


def as_it_goes(message: Message) -> Message:
    """A copy of a message that waits, in the language and by the channel of now; nothing is written."""
    found = copy(message)
    found.language, found.channel = way_now(message)
    return found


def address_of(person: Patient | Contact, channel: str) -> str:
    """The address, number or postal address that `channel` uses; empty where there is none."""
    if channel == Channel.MAIL:
        return person.email
    if channel == Channel.PAPER and isinstance(person, Patient):
        place = f"{person.postal_code} {person.city}".strip()
        return ", ".join(part for part in [person.address_line, place, person.state] if part)[:254]
    return person.phone


def _text_works(person: Patient | Contact) -> bool:
    """A contact's number is given for being told, so it needs no second tick."""
    asked = person.reachable_by_text if isinstance(person, Patient) else bool(person.phone)
    return asked and settings.TEXTS_GO_OUT
