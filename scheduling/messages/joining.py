"""Several dues for one patient on one day are one message: the first that goes out takes the others along.

They are carried as changes are (`Message.carried_by`), so what becomes untrue leaves by itself. People who share an
address have rows of their own, and so messages of their own. Called while the rows are claimed
(scheduling/messages/claiming.py).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from clinic.models import Site
from scheduling.messages import hours
from scheduling.models import Message

Kind, State = Message.Kind, Message.State

#: What can be told together, the most telling last: of two that speak of one visit the later in this row is told.
JOINED = (Kind.SCORE_ASKED, Kind.RIDE_MISSING, Kind.REMINDER, Kind.PREPARE, Kind.TODAY)
#: What takes others along; what somebody is told on leaving waits for nothing, and so is taken along by nothing.
LEADS = frozenset({*JOINED, Kind.AFTERCARE})
#: The template of a message about several visits.
TOGETHER = "together"
#: To one patient, from one site, by one way.
Whom = tuple[UUID | None, UUID, str]


def gather(mine: Sequence[Message], sites: Mapping[UUID, Site], now: datetime) -> list[Message]:
    """Of the rows that a worker is just claiming (locked, in the order of their dues, and the patients with them) let
    the first to each patient carry what else is due for the patient until the end of the local day: of the same batch,
    and what nobody has claimed. Returns those that go out, in the same order.

    What another worker has in hand stays apart.
    """
    leads: dict[Whom, Message] = {}
    for row in sorted(filter(_leads, mine), key=lambda row: row.kind != Kind.AFTERCARE):
        leads.setdefault(_whom(row), row)
    if not leads:
        return list(mine)
    ends = {row.site_id: hours.end_of_day(now, sites[row.site_id].zone) for row in leads.values()}
    waiting = (
        Message.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(
            Q(lease_until__isnull=True) | Q(lease_until__lte=now),
            patient__in={row.patient_id for row in leads.values()},
            recipient=Message.Recipient.PATIENT,
            kind__in=JOINED,
            state=State.DUE,
            carried_by__isnull=True,
            due_at__lt=max(ends.values()),
        )
        .exclude(pk__in=[row.pk for row in mine])
    )
    carried: dict[UUID, list[UUID]] = {}
    for row in [*filter(_leads, mine), *waiting]:
        lead = leads.get(_whom(row))
        if lead is not None and lead.pk != row.pk and row.kind in JOINED and row.due_at < ends[row.site_id]:
            carried.setdefault(lead.pk, []).append(row.pk)
    for lead_key, others in carried.items():
        Message.objects.filter(pk__in=others).update(
            carried_by=lead_key, state=State.DUE, lease_by="", lease_until=None
        )
        # One that was put back may carry some itself: who waits behind it would be forgotten.
        Message.objects.filter(carried_by__in=others, state=State.DUE).update(carried_by=lead_key)
    gone = {key for others in carried.values() for key in others}
    return [row for row in mine if row.pk not in gone]


def _leads(row: Message) -> bool:
    return row.kind in LEADS and row.recipient == Message.Recipient.PATIENT


def _whom(row: Message) -> Whom:
    return row.patient_id, row.site_id, row.channel


def told_of(messages: Sequence[Message]) -> dict[UUID, Message.Kind]:
    """The most telling kind that speaks of each visit to come, by the visit's id."""
    told: dict[UUID, Message.Kind] = {}
    for row in sorted((row for row in messages if row.kind in JOINED), key=lambda row: JOINED.index(Kind(row.kind))):
        if row.appointment_id is not None and row.kind != Kind.SCORE_ASKED:
            told[row.appointment_id] = Kind(row.kind)
    return told


def template_of(messages: Sequence[Message], told: dict[UUID, Message.Kind]) -> str:
    """Whose template prints the message: the one kind that there is to tell, or the one for several visits."""
    if any(row.kind == Kind.AFTERCARE for row in messages):
        return Kind.AFTERCARE
    if not told:
        # Of no visit yet (the words of a call about rides), or of one that is over.
        return next((row.kind for row in messages if row.kind != Kind.SCORE_ASKED), Kind.SCORE_ASKED.value)
    if set(told.values()) == {Kind.RIDE_MISSING}:
        return Kind.RIDE_MISSING
    return next(iter(told.values())) if len(told) == 1 else TOGETHER
