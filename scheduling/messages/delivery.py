"""Delivering what is due: claim, look again, hand over, mark (design section 5, promise 2).

Claiming and marking are short transactions of their own, and no lock is held while a mail server or a
provider of texts is spoken to. A worker owns what it claimed until its lease runs out; a dead worker's rows are then
claimed by another. A message goes out a second time only where it is not known whether it was accepted, with the same
Message-ID.
"""

import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import DatabaseError

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.models import Site
from patients.models import Channel
from scheduling.messages import letters, rows, settling
from scheduling.messages.claiming import BATCH, LEASE, Batch, Claimed, claim, expire_calls, give_back, owned
from scheduling.messages.look import why_skip
from scheduling.messages.patience import through_a_restart
from scheduling.messages.post import Closed, Outcome, PostOffice, Text, TextOffice
from scheduling.messages.routing import way_now
from scheduling.messages.waiting import quiet_until
from scheduling.models import Message, MessageAttempt

State, Result = Message.State, MessageAttempt.Result

#: Seconds after which a run stops claiming, well under CELERY_TASK_TIME_LIMIT: the next tick goes on.
BUDGET = 60.0
#: Waiting before the next try doubles from one tick to an hour; after so many tries (about five hours) a person has
#: to help.
LONGEST_WAIT = timedelta(hours=1)
MAX_ATTEMPTS = 12

BY = Actor.system("delivery of messages")
NO_SITES: Mapping[UUID, Site] = {}
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

    def count(self, *words: str) -> None:
        """Rows came to these ends, in the names of the fields."""
        for word in words:
            setattr(self, word, getattr(self, word) + 1)

    @property
    def did_something(self) -> bool:
        """Whether any row was touched."""
        return any(self.counts().values())


@dataclass(frozen=True, slots=True)
class Tried:
    """A row that was handed over, and what came of it: not written down yet."""

    row: Claimed
    outcome: Outcome


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
        while batch := through_a_restart(lambda: claim(by=BY, worker=worker, limit=BATCH, without=run.shut)):
            if batch.full and more is not None:
                more()
                more = None
            _deliver_batch(batch, post, texts, run)
            if time.monotonic() - started > budget:
                run.unfinished = True
                break
    return run


def _deliver_batch(batch: Batch, post: PostOffice, texts: TextOffice, run: Run) -> None:
    """Take what was claimed to its end; where a way is closed, what goes by it is given back.

    What came of a try is written down with the look at the next row, in one transaction: half as many commits, and
    still one message in flight at most. Before anything that takes time (a connection to be made) it is written alone.
    """
    tried: Tried | None = None
    for place, row in enumerate(batch.rows):
        if row.channel in run.shut:
            continue
        try:
            if tried is not None and not _stands(row, post):
                _mark(tried, run)
                tried = None
            if row.channel == Channel.MAIL:
                # Before the look, so that the lease need not outlast the connecting.
                post.open()
            elif row.channel == Channel.TEXT:
                texts.open()
            ready = _next(row, batch.sites, tried, run)
            tried = None
            if ready is not None:
                tried = Tried(row, texts.send(ready) if isinstance(ready, Text) else post.send(ready))
        except Closed as error:
            run.closed = str(error)
            run.shut.add(error.channel)
            # This one too, should it have been claimed for another way.
            waiting = [other for other in batch.rows[place:] if other.channel == error.channel or other == row]
            through_a_restart(partial(give_back, by=BY, some=waiting, detail=run.closed))
    if tried is not None:
        _mark(tried, run)


def _stands(row: Claimed, post: PostOffice) -> bool:
    """Whether nothing has to be connected for this row."""
    return row.channel not in {Channel.MAIL, Channel.TEXT} or (row.channel == Channel.MAIL and post.stands)


def _next(row: Claimed, sites: Mapping[UUID, Site], tried: Tried | None, run: Run) -> EmailMessage | Text | None:
    """Write down what came of `tried`, and look at the next row; what is ready to go, if anything is.

    Raises DatabaseError; every other trouble is the row's own and is kept on it.
    """
    try:
        looked = through_a_restart(lambda: look(by=BY, row=row, sites=sites, tried=tried))
    except Exception as error:
        if tried is not None:
            # It went with the look that failed, and must not be forgotten.
            _mark(tried, run)
        if isinstance(error, DatabaseError):
            raise
        # Whatever is wrong with one message (a template, a text) must not keep the others from going out: it fails,
        # and the desk sees it.
        log.exception("message_not_written", message=str(row.key))
        _mark(Tried(row, Outcome(Result.REFUSED, f"not written: {type(error).__name__}")), run)
        return None
    run.count(*looked.came)
    return looked.ready


def _mark(tried: Tried, run: Run) -> None:
    """What a server has accepted must not be forgotten because the database is just being restarted."""
    run.count(*through_a_restart(lambda: mark(by=BY, tried=tried)))


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look found: a mail or text that is ready to go, and what became of rows, in the words of `Run`."""

    ready: EmailMessage | Text | None = None
    came: tuple[str, ...] = ()


@action
def look(*, by: Actor, row: Claimed, sites: Mapping[UUID, Site] = NO_SITES, tried: Tried | None = None) -> Looked:
    """Look at the subject again. A mail or text that is still true comes back ready, under a fresh lease; everything
    else is settled here. What came of the last try (`tried`) is written down before, in the same transaction.

    Nothing is ready when the row is no longer this worker's, is skipped, waits for the morning, or is for a person.
    """
    before = mark(by=by, tried=tried) if tried is not None else ()
    now = clock.now()
    message = owned(row, sites)
    if message is None:
        return Looked(came=before)
    reason = why_skip(message, now)
    if reason:
        return Looked(came=(*before, _give_up(message, reason)))
    # Before the question of quiet hours, which hold for the way that it goes now.
    _reroute(message)
    wait = quiet_until(message, now)
    if wait is not None:
        settling.put_back(message, due_at=wait)
        return Looked(came=(*before, "postponed"))
    letter = letters.write(message, [] if row.alone else _carried(message, now))
    message.subject, message.body, message.address = letter.subject, letter.kept, letter.address
    ready = letter.mail or letter.text
    if ready is None:
        settling.hand_to_a_person(message, now, row.worker)
        return Looked(came=(*before, "handed"))
    message.attempts += 1
    message.lease_until = now + LEASE
    message.save(update_fields=["subject", "body", "address", "language", "channel", "attempts", "lease_until"])
    return Looked(ready, before)


@action
def mark(*, by: Actor, tried: Tried) -> tuple[str, ...]:
    """Write what came of a try; what became of the row, in the word of `Run`. Only the owner of the lease changes the
    row; the try itself is kept in any case.
    """
    now, row, outcome = clock.now(), tried.row, tried.outcome
    MessageAttempt.objects.create(
        message_id=row.key, at=now, worker=row.worker, result=outcome.result, detail=outcome.detail[:400]
    )
    if outcome.result == Result.ACCEPTED and settling.sent(row.key, row.worker, now, alone=row.alone):
        return ("sent",)
    message = owned(row, NO_SITES)
    if message is None:
        log.warning("lease_lost", message=str(row.key), result=outcome.result)
        return ()
    if outcome.result == Result.REFUSED or message.attempts >= MAX_ATTEMPTS:
        settling.fail(message, outcome)
        return ("failed",)
    settling.put_back(message, not_before=now + wait_after(message.attempts), error=outcome.detail)
    return ("again",)


def wait_after(attempts: int) -> timedelta:
    """How long a message waits after so many tries (1 or more) that did not succeed."""
    doubled = timedelta(seconds=settings.REMINDER_TICK_SECONDS * 2 ** (attempts - 1))
    return min(doubled, LONGEST_WAIT)


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


def _give_up(row: Message, reason: str) -> str:
    """The message is no longer true. Where a mail was tried in vain until it was too late, it failed, and is shown."""
    if row.attempts and row.not_after is not None and row.not_after <= clock.now():
        settling.fail(row, Outcome(Result.TEMPORARY, row.last_error or reason))
        return "failed"
    settling.skip(row, reason)
    return "skipped"


def _reroute(row: Message) -> None:
    """Use the way that the person is reached by today, unless a person chose the channel of this very message."""
    row.language, channel = way_now(row)
    if channel != row.channel:
        row.channel = channel
        Message.objects.filter(carried_by=row, state=State.DUE).update(channel=channel)
