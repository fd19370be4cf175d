"""Claiming what is due: one worker owns a row for the length of a lease, and everything due to one patient (design
section 5).

Two workers that claimed two dues of one patient in the same moment would send two messages. So whoever claims takes
the patient first; what is another worker's patient just now is left, and goes along with what that one claims.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import Q

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.models import Site
from scheduling.messages import joining, rows
from scheduling.models import Message
from scheduling.models.message import MessageQuerySet

State = Message.State

#: Rows claimed at a time: few, so that a dying worker leaves few to wait for its lease.
BATCH = 20
#: A lease outlasts the worst hand-over: MAIL, RCPT, DATA, the body and its reply may each take the timeout, and one
#: to spare.
LEASE = timedelta(seconds=6 * settings.EMAIL_TIMEOUT)
#: How far beyond the rows that it wants a worker looks for patients whom no other has: so many batches. Others hold
#: theirs for the milliseconds of one claim.
REACH = 8
#: What a row may speak of: the column, and what is loaded with it when it is looked at.
_SUBJECTS = {
    "patient_id": "patient",
    "contact_id": "contact",
    "series_id": "series",
    "appointment_id": "appointment__ride",
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that a worker owns. `alone`: it carries no others, and will not any more, since rows are given to a lead as
    it is claimed (joining.py). `about`: what has to be loaded with it, which is what it speaks of.
    """

    key: UUID
    channel: str
    worker: str
    alone: bool
    about: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """What was claimed together. `full`: there may be more. `sites`: those that it is about, with their own words, read
    once for all of it: what a site is called is no part of the look.
    """

    rows: Sequence[Claimed] = ()
    full: bool = False
    sites: Mapping[UUID, Site] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.rows)


@action
def claim(*, by: Actor, worker: str, limit: int = BATCH, without: Collection[str] = ()) -> Batch:
    """Take up to `limit` rows that are due, and that no living worker owns, for the length of a lease, oldest due
    first; none that go by the channels `without`. What else is due to their patients on that day goes along.
    """
    now = clock.now()
    due = Q(state=State.DUE, due_at__lte=now) & (Q(lease_until__isnull=True) | Q(lease_until__lte=now))
    orphaned = Q(state=State.SENDING, lease_until__lte=now)
    waiting = Message.objects.filter(due | orphaned, carried_by__isnull=True)
    if without:
        waiting = waiting.exclude(channel__in=without)
    # Those of one patient beside each other, since they go out as one message.
    waiting = waiting.order_by("due_at", "patient", "pk")
    wanted = _of_free_patients(waiting, limit)
    if not wanted:
        return Batch()
    # Again, under the locks: who had the patient a moment ago may have taken the row along.
    mine = list(waiting.filter(pk__in=wanted).select_for_update(skip_locked=True, of=("self",)))
    sites = Site.objects.prefetch_related("wordings").in_bulk({row.site_id for row in mine})
    leads = joining.gather(mine, sites, now)
    Message.objects.filter(pk__in=[row.pk for row in leads]).update(
        state=State.SENDING, lease_by=worker, lease_until=now + LEASE
    )
    return Batch(_claimed(leads, worker), len(wanted) == limit, sites)


def _of_free_patients(waiting: MessageQuerySet, limit: int) -> list[UUID]:
    """The first `limit` of the rows whose patients no other worker is claiming for; this one has them from now on,
    until its transaction ends.
    """
    found: list[UUID] = []
    seen = list(waiting.values_list("pk", "patient")[: limit * REACH])
    for begin in range(0, len(seen), limit):
        some = seen[begin : begin + limit][: limit - len(found)]
        free = locks.try_take(locks.told(patient) for _key, patient in some if patient is not None)
        found += [key for key, patient in some if patient is None or locks.told(patient) in free]
        if len(found) == limit:
            break
    return found


def _claimed(leads: Sequence[Message], worker: str) -> list[Claimed]:
    carrying = set(Message.objects.filter(carried_by__in=leads).values_list("carried_by", flat=True))
    return [
        Claimed(
            row.pk,
            row.channel,
            worker,
            alone=row.pk not in carrying,
            about=tuple(name for column, name in _SUBJECTS.items() if getattr(row, column) is not None),
        )
        for row in leads
    ]


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
def give_back(*, by: Actor, some: Sequence[Claimed], detail: str) -> None:
    """The mail server or the provider of texts is closed to us: what was claimed goes back as it was, uncounted, with
    `detail` on it.
    """
    for worker in {row.worker for row in some}:
        owned = Message.objects.filter(pk__in=[row.key for row in some], state=State.SENDING, lease_by=worker)
        owned.update(state=State.DUE, lease_by="", lease_until=None, last_error=detail[:400])
    log.error("provider_closed", detail=detail)


def owned(row: Claimed, sites: Mapping[UUID, Site]) -> Message | None:
    """The row, locked, while its worker still owns it; with its people and its subject as they are now, and the site
    as it was when it was claimed.
    """
    rows_of_worker = Message.objects.filter(pk=row.key, state=State.SENDING, lease_by=row.worker).order_by()
    for found in rows_of_worker.select_for_update(of=("self",)).select_related(*row.about):
        if found.site_id in sites:
            found.site = sites[found.site_id]
        return found
    return None
