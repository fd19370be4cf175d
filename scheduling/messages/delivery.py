"""Delivering what is due: claim, look again, hand over, mark (design section 5, promise 2).

Claiming and marking are short transactions of their own, and no lock is held while a mail server or a
provider of texts is spoken to. A worker owns what it claimed until its lease runs out; a dead worker's rows are then
claimed by another. A message goes out a second time only where it is not known whether it was accepted, with the same
Message-ID.
"""

import os
import socket
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import DatabaseError
from django.db.models import Q

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from patients.models import Channel
from scheduling.messages import joining, letters, rows, settling
from scheduling.messages.look import why_skip
from scheduling.messages.patience import through_a_restart
from scheduling.messages.post import Closed, Outcome, PostOffice, Text, TextOffice
from scheduling.messages.routing import channel_for, recipient_of
from scheduling.messages.waiting import quiet_until
from scheduling.models import Message, MessageAttempt

State, Result = Message.State, MessageAttempt.Result

#: Rows claimed at a time: few, so that a dying worker leaves few to wait for its lease.
BATCH = 20
#: A lease outlasts the worst hand-over: MAIL, RCPT, DATA, the body and its reply may each take the timeout, and one
#: to spare.
LEASE = timedelta(seconds=6 * settings.EMAIL_TIMEOUT)
#: Seconds after which a run stops claiming, well under CELERY_TASK_TIME_LIMIT: the next tick goes on.
BUDGET = 60.0
#: Waiting before the next try doubles from one tick to an hour; after so many tries (about five hours) a person has
#: to help.
LONGEST_WAIT = timedelta(hours=1)
MAX_ATTEMPTS = 12

BY = Actor.system("delivery of messages")
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Run:
    """What one run did: rows by what became of them. `closed` says why the mail server, or the provider of texts, could
    not be used, if so; `shut` are the channels that this holds for.
    """

    sent: int = 0
    handed: int = 0
    skipped: int = 0
    postponed: int = 0
    again: int = 0
    failed: int = 0
    closed: str = ""
    shut: set[str] = field(default_factory=set)
    unfinished: bool = False

    def counts(self) -> dict[str, int]:
        """The numbers by the words that a person reads."""
        return {
            "sent": self.sent,
            "handed to the desk": self.handed,
            "skipped": self.skipped,
            "postponed": self.postponed,
            "to be tried again": self.again,
            "failed": self.failed,
        }

    @property
    def did_something(self) -> bool:
        """Whether any row was touched."""
        return any(self.counts().values())


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A row that a worker owns. `alone`: it carries no others, and will not any more, since rows are given to a lead
    before it is claimed, or as it is (joining.py).
    """

    key: UUID
    channel: str
    worker: str
    alone: bool


def _new_worker() -> str:
    """A name that no other run has."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid4().hex[:8]}"


def deliver(*, budget: float = BUDGET, more: Callable[[], None] | None = None) -> Run:
    """Deliver everything that is due now, for at most about `budget` seconds. Safe to run many times at once.

    While the mail server or the provider of texts is closed to us, what goes by other ways still goes. `more` is called
    once where there is more to do than for one worker, so that others come to help.
    """
    worker, run, started = _new_worker(), Run(), time.monotonic()
    run.skipped += through_a_restart(lambda: expire_calls(by=BY))
    with PostOffice() as post, TextOffice() as texts:
        while claimed := through_a_restart(lambda: claim(by=BY, worker=worker, limit=BATCH, without=run.shut)):
            if len(claimed) == BATCH and more is not None:
                more()
                more = None
            _deliver_batch(claimed, worker, post, texts, run)
            if time.monotonic() - started > budget:
                run.unfinished = True
                break
    return run


def _deliver_batch(claimed: dict[UUID, str], worker: str, post: PostOffice, texts: TextOffice, run: Run) -> None:
    """Take what was claimed to its end; where a way is closed, what goes by it is given back."""
    through_a_restart(lambda: joining.gather(by=BY, keys=claimed, worker=worker))
    leads = through_a_restart(lambda: _leads(claimed))
    for key, channel in claimed.items():
        try:
            _deliver_one(_Claimed(key, channel, worker, key not in leads), post, texts, run)
        except Closed as error:
            run.closed = str(error)
            run.shut.add(error.channel)
            # This one too, should it have been claimed for another way.
            waiting = [other for other, by_way in claimed.items() if by_way == error.channel or other == key]
            through_a_restart(partial(give_back, by=BY, keys=waiting, worker=worker, detail=run.closed))


@action
def claim(*, by: Actor, worker: str, limit: int = BATCH, without: Collection[str] = ()) -> dict[UUID, str]:
    """Take up to `limit` rows that are due, and that no living worker owns, for the length of a lease; none that go by
    the channels `without`.

    Returns the channel of each by its id, oldest due first.
    """
    now = clock.now()
    due = Q(state=State.DUE, due_at__lte=now) & (Q(lease_until__isnull=True) | Q(lease_until__lte=now))
    orphaned = Q(state=State.SENDING, lease_until__lte=now)
    waiting = Message.objects.filter(due | orphaned, carried_by__isnull=True)
    if without:
        waiting = waiting.exclude(channel__in=without)
    found = dict(
        waiting.select_for_update(skip_locked=True, of=("self",))
        # Those of one patient beside each other, since they go out as one message.
        .order_by("due_at", "patient", "pk")
        .values_list("pk", "channel")[:limit]
    )
    if found:
        Message.objects.filter(pk__in=found).update(state=State.SENDING, lease_by=worker, lease_until=now + LEASE)
    return found


@action
def expire_calls(*, by: Actor) -> int:
    """Take calls and letters off the desk's list that come too late by now; how many. Their reason says that nobody
    called.
    """
    return rows.skip(
        Message.objects.filter(state=State.PERSON, not_after__lte=clock.now()),
        "nobody had called before it was too late",
    )


@action
def give_back(*, by: Actor, keys: Sequence[UUID], worker: str, detail: str) -> None:
    """The mail server or the provider of texts is closed to us: what was claimed goes back as it was, uncounted, with
    `detail` on it.
    """
    owned = Message.objects.filter(pk__in=keys, state=State.SENDING, lease_by=worker)
    owned.update(state=State.DUE, lease_by="", lease_until=None, last_error=detail[:400])
    log.error("provider_closed", detail=detail)


def _deliver_one(row: _Claimed, post: PostOffice, texts: TextOffice, run: Run) -> None:
    """Take one claimed row to its end. Raises Closed; every other trouble is the row's own and is kept on it."""
    if row.channel == Channel.MAIL:
        # Before the look, so that the lease need not outlast the connecting.
        post.open()
    elif row.channel == Channel.TEXT:
        texts.open()
    try:
        ready = through_a_restart(
            lambda: look(by=BY, key=row.key, worker=row.worker, run=run, alone=row.alone),
        )
    except DatabaseError:
        raise
    except Exception as error:
        # Whatever is wrong with one message (a template, a text) must not keep the others from going out: it fails,
        # and the desk sees it.
        log.exception("message_not_written", message=str(row.key))
        _mark(row, Outcome(Result.REFUSED, f"not written: {type(error).__name__}"), run)
        return
    if ready is not None:
        _mark(row, texts.send(ready) if isinstance(ready, Text) else post.send(ready), run)


def _mark(row: _Claimed, outcome: Outcome, run: Run) -> None:
    """What a server has accepted must not be forgotten because the database is just being restarted."""
    through_a_restart(
        lambda: mark(by=BY, key=row.key, worker=row.worker, outcome=outcome, run=run, alone=row.alone),
    )


@action
def look(*, by: Actor, key: UUID, worker: str, run: Run, alone: bool = False) -> EmailMessage | Text | None:
    """Look at the subject again. A mail or text that is still true comes back ready, under a fresh lease; everything
    else is settled here. `alone`: the row is known to carry no others.

    None when the row is no longer this worker's, is skipped, waits for the morning, or is for a person to do.
    """
    now = clock.now()
    row = _owned(key, worker)
    if row is None:
        return None
    reason = why_skip(row, now)
    if reason:
        _give_up(row, reason, run)
        return None
    # Before the question of quiet hours, which hold for the way that it goes now.
    _reroute(row)
    wait = quiet_until(row, now)
    if wait is not None:
        settling.put_back(row, due_at=wait)
        run.postponed += 1
        return None
    letter = letters.write(row, [] if alone else _carried(row, now))
    row.subject, row.body, row.address = letter.subject, letter.kept, letter.address
    ready = letter.mail or letter.text
    if ready is None:
        settling.hand_to_a_person(row, now, worker)
        run.handed += 1
        return None
    row.attempts += 1
    row.lease_until = now + LEASE
    row.save(update_fields=["subject", "body", "address", "language", "channel", "attempts", "lease_until"])
    return ready


@action
def mark(*, by: Actor, key: UUID, worker: str, outcome: Outcome, run: Run, alone: bool = False) -> None:
    """Write what came of a try. Only the owner of the lease changes the row; the try itself is kept in any case.

    `alone`: the row is known to carry no others.
    """
    now = clock.now()
    MessageAttempt.objects.create(
        message_id=key, at=now, worker=worker, result=outcome.result, detail=outcome.detail[:400]
    )
    if outcome.result == Result.ACCEPTED and settling.sent(key, worker, now, alone=alone):
        run.sent += 1
        return
    row = _owned(key, worker)
    if row is None:
        log.warning("lease_lost", message=str(key), result=outcome.result)
    elif outcome.result == Result.REFUSED or row.attempts >= MAX_ATTEMPTS:
        settling.fail(row, outcome)
        run.failed += 1
    else:
        settling.put_back(row, not_before=now + wait_after(row.attempts), error=outcome.detail)
        run.again += 1


def wait_after(attempts: int) -> timedelta:
    """How long a message waits after so many tries (1 or more) that did not succeed."""
    doubled = timedelta(seconds=settings.REMINDER_TICK_SECONDS * 2 ** (attempts - 1))
    return min(doubled, LONGEST_WAIT)


def _leads(claimed: Collection[UUID]) -> set[UUID | None]:
    """Those of the rows that carry others."""
    return set(Message.objects.filter(carried_by__in=claimed).values_list("carried_by", flat=True))


def _owned(key: UUID, worker: str) -> Message | None:
    """The row, locked, while `worker` still owns it; with its people and its subject as they are now."""
    return (
        Message.objects.select_for_update(of=("self",))
        .filter(pk=key, state=State.SENDING, lease_by=worker)
        .select_related("site", "patient", "contact", "series", "appointment__ride", "appointment__site")
        .first()
    )


def _carried(row: Message, now: datetime) -> list[Message]:
    """The rows that go out with `row`; those of them that are no longer true are skipped."""
    carried = list(
        Message.objects.filter(carried_by=row, state=State.DUE)
        .select_related("patient", "contact", "series", "appointment__ride", "appointment__site")
        .order_by("due_at", "pk")
    )
    untrue = {other.pk: reason for other in carried if (reason := why_skip(other, now))}
    for key, reason in untrue.items():
        rows.skip(Message.objects.filter(pk=key), reason)
    return [other for other in carried if other.pk not in untrue]


def _give_up(row: Message, reason: str, run: Run) -> None:
    """The message is no longer true. Where a mail was tried in vain until it was too late, it failed, and is shown."""
    if row.attempts and row.not_after is not None and row.not_after <= clock.now():
        settling.fail(row, Outcome(Result.TEMPORARY, row.last_error or reason))
        run.failed += 1
    else:
        settling.skip(row, reason)
        run.skipped += 1


def _reroute(row: Message) -> None:
    """Use the way that the person is reached by today, unless a person chose the channel of this very message."""
    person = recipient_of(row)
    if person is None or row.context.get("fixed"):
        return
    row.language = person.language
    channel = channel_for(person)
    if channel == row.channel:
        return
    same = Message.objects.filter(patient=row.patient_id, appointment=row.appointment_id, series=row.series_id)
    if same.filter(contact=row.contact_id, kind=row.kind, version=row.version, channel=channel).exists():
        # The person was told by that way before; the constraint message_once keeps it from being told twice.
        return
    row.channel = channel
    Message.objects.filter(carried_by=row, state=State.DUE).update(channel=channel)
