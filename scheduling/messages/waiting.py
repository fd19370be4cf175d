"""When a message has to wait, and how many have waited too long."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from clinic import clock
from patients.models import Channel
from scheduling.messages import hours
from scheduling.models import Message
from scheduling.models.message import MessageQuerySet
from scheduling.preparation import begins

#: Ticks of the beat after which a message that nobody took is overdue (issue "Reminders and rides", 6).
OVERDUE_TICKS = 5


def quiet_until(message: Message, now: datetime) -> datetime | None:
    """Until when the message has to wait because of the site's quiet hours; None when it may go out at `now`.

    Calls and letters wait for nothing: a person takes them up (docs/decisions/quiet-hours.md). What would come too late
    in the morning goes out at once: a mail at night does less harm than a breakfast before the visit.
    """
    if message.channel in {Channel.CALL, Channel.PAPER} or hours.open_at(message.site, now):
        return None
    morning = hours.next_open(message.site, now)
    last = _last_useful(message)
    return None if last is not None and last < morning + hours.TOO_SOON_TO_WAIT else morning


def late(among: MessageQuerySet) -> MessageQuerySet:
    """Those that are later than OVERDUE_TICKS, the longest first; not those that wait for another try."""
    since = clock.now() - OVERDUE_TICKS * timedelta(seconds=settings.REMINDER_TICK_SECONDS)
    waiting = Q(state=Message.State.DUE, due_at__lte=since) & (Q(lease_until__isnull=True) | Q(lease_until__lte=since))
    abandoned = Q(state=Message.State.SENDING, lease_until__lte=since)
    return among.filter(waiting | abandoned, carried_by__isnull=True).order_by("due_at", "pk")


def overdue() -> int:
    """How many messages are late, at any site: who carries them works for all."""
    return late(Message.objects.all()).count()


def none_overdue() -> bool:
    """The check of /healthz: the ledger is being worked off."""
    return overdue() == 0


def _last_useful(message: Message) -> datetime | None:
    """The moment after which the message is of little use: for preparation, when it begins."""
    kept = message.first_of_all
    if kept is not None:
        return kept
    visit = message.appointment
    if visit is None:
        return None
    if message.kind in {Message.Kind.PREPARE, Message.Kind.MOVED, Message.Kind.CONSULT_BOOKED}:
        return begins(visit)
    if message.kind == Message.Kind.CANCELLED:
        return datetime.fromisoformat(message.context["old_starts"])
    return message.not_after
