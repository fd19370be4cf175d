"""One message as it goes out: a mail with its headers and calendar file, a text, the words of a call, or a letter."""

from dataclasses import dataclass
from email.utils import format_datetime, formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db.models import Q
from django.utils import translation

from clinic import clock
from patients.models import Channel
from scheduling.messages import joining, links, short, texts
from scheduling.messages.calendar import FILE_NAME, calendar_file, method_of
from scheduling.messages.content import Content, content_of
from scheduling.messages.post import Text
from scheduling.messages.routing import address_of, recipient_of
from scheduling.models import Link, Message

Kind = Message.Kind

#: Kinds that bring the dates as a calendar file. Dates that are only held get none: they would look final.
WITH_CALENDAR = frozenset(
    {Kind.BOOKED, Kind.CONSULT_BOOKED, Kind.MOVED, Kind.CANCELLED, Kind.STOPPED, Kind.BOOSTERS_CHANGED}
)
#: Kinds whose texts have a place for the link to the recipient's page.
WITH_LINK = frozenset(
    {
        Kind.BOOKED,
        Kind.HELD,
        Kind.CONSULT_BOOKED,
        Kind.MOVED,
        Kind.BOOSTERS_CHANGED,
        Kind.REMINDER,
        Kind.PREPARE,
        Kind.TODAY,
        Kind.RIDE_MISSING,
        Kind.COMPANION_NAMED,
        Kind.COMPANION_CANCELLED,
        Kind.PICK_UP,
        Kind.CANCELLED,
        Kind.EARLIER_OFFER,
        Kind.SCREENING,
        Kind.SCORE_ASKED,
        Kind.DATES_OFFERED,
        joining.TOGETHER,
    }
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in words. `mail` is set when it goes by mail, `text` when by text message; `kept` is its text without
    the link, or the words to say.
    """

    subject: str
    kept: str
    address: str
    mail: EmailMessage | None
    text: Text | None = None


def write(message: Message, carried: list[Message]) -> Letter:
    """Write the message, telling what `carried` tell too. A mail or text gets a new link to its reader's page.

    Needs `site`, `patient`, `contact`, `series` and `appointment` loaded.
    """
    person = recipient_of(message)
    address = address_of(person, message.channel) if person is not None else ""
    by_mail, by_text = message.channel == Channel.MAIL, message.channel == Channel.TEXT
    with translation.override(message.language):
        content = content_of(message, carried)
        link = _link(message, content) if _has_link(message, content) else ""
        rendered = short.render(message, content, link) if by_text else texts.render(message, content, link)
        mail = _mail(message, content, rendered, address, link) if by_mail else None
    text = Text(address, rendered.text, message.message_id) if by_text else None
    return Letter(rendered.subject[:200], rendered.kept, address, mail, text)


def preview(message: Message) -> texts.Rendered:
    """The message as it would go out now, for staff to read; no link is made."""
    with translation.override(message.language):
        content = content_of(message, list(message.carries.filter(state=Message.State.DUE)))
        link = texts.LINK_LEFT_OUT if _has_link(message, content) else ""
        written = short.render if message.channel == Channel.TEXT else texts.render
        return written(message, content, link)


def _has_link(message: Message, content: Content) -> bool:
    """Whether there is a page to lead to: none after the last visit was called off, and who is just leaving needs none,
    unless the message tells more.
    """
    if message.channel not in {Channel.MAIL, Channel.TEXT}:
        return False
    if content.template == Kind.AFTERCARE:
        tells = ("asks_score", "prepare", "medicines")
        return any(content.words.get(name) for name in tells)
    return content.template in WITH_LINK and (content.template != Kind.CANCELLED or bool(content.words["visits"]))


def _link(message: Message, content: Content) -> str:
    if message.patient is None:
        raise LookupError("a message with a link is about a patient")
    to_companion = message.recipient == Message.Recipient.COMPANION
    return links.issue(
        patient=message.patient,
        purpose=Link.Purpose.COMPANION if to_companion else Link.Purpose.PATIENT,
        contact=message.contact if to_companion else None,
        message=message,
        # Whoever is no longer needed is not led by those visits any more.
        visits=() if message.kind == Kind.COMPANION_CANCELLED else content.visits,
    )


def _mail(message: Message, content: Content, rendered: texts.Rendered, address: str, link: str) -> EmailMessage:
    site = message.site
    headers = {
        "Message-ID": f"<{message.message_id}>",
        "Date": format_datetime(clock.now()),
        # RFC 3834: no out-of-office answers, please.
        "Auto-Submitted": "auto-generated",
        "Content-Language": message.language,
    }
    first = _first_of_thread(message)
    if first:
        headers |= {"In-Reply-To": f"<{first}>", "References": f"<{first}>"}
    if content.words["optional"] and link:
        # RFC 8058: one press in the mail program, without opening anything.
        headers |= {
            "List-Unsubscribe": f"<{links.stopping(link)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    mail = EmailMultiAlternatives(
        subject=rendered.subject,
        body=rendered.text,
        from_email=formataddr((site.neutral_name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[address],
        reply_to=[site.email] if site.email else None,
        headers=headers,
    )
    mail.attach_alternative(rendered.html, "text/html")
    if message.kind in WITH_CALENDAR and content.visits:
        method = method_of(content.visits)
        mail.attach(FILE_NAME, calendar_file(content.visits), f"text/calendar; method={method}")
    return mail


def _first_of_thread(message: Message) -> str:
    """The Message-ID of the first mail to this person about the same series, or the same visit where it is of none, so
    that mail programs show them as one conversation. Empty for the first, and for what speaks of neither.
    """
    visit = message.appointment
    series = message.series_id or (visit.series_id if visit is not None else None)
    about = Q(series=series) | Q(appointment__series=series) if series else Q(appointment=message.appointment_id)
    if series is None and message.appointment_id is None:
        return ""
    mails = Message.objects.filter(
        about,
        patient=message.patient_id,
        recipient=message.recipient,
        contact=message.contact_id,
        channel=Channel.MAIL,
        sent_at__isnull=False,
        carried_by__isnull=True,
    )
    return mails.exclude(pk=message.pk).order_by("sent_at").values_list("message_id", flat=True).first() or ""
