"""What a message to whoever drives home says of times that they were told before."""

from collections.abc import Sequence
from copy import copy
from datetime import datetime
from typing import Any
from uuid import UUID

from scheduling.messages.visit_words import visit_words, when_words
from scheduling.models import Appointment, Message

Kind = Message.Kind


def driver_words(messages: Sequence[Message], visits: Sequence[Appointment]) -> dict[str, Any]:
    """Of messages that go out as one to one companion about `visits` (with `site`). A time that they know and that the
    visit has no more is said to be `gone`; a date that they need not drive on is the one that they know.
    """
    known = _known(messages, visits)
    before = [_as_known(visit, known[visit.pk]) for visit in visits if visit.pk in known]
    if messages[0].kind == Kind.COMPANION_CANCELLED:
        others = [visit for visit in visits if visit.pk not in known]
        return {"visits": [visit_words(one) for one in sorted([*before, *others], key=lambda one: one.starts)]}
    still = {visit.ends for visit in visits}
    return {"gone": [when_words(one.ends, one.site.zone) for one in before if one.ends not in still]}


def _known(messages: Sequence[Message], visits: Sequence[Appointment]) -> dict[UUID, datetime]:
    """When the companion was last told to be there, by the visit's id; without those that were called off since."""
    sent = Message.objects.filter(
        contact=messages[0].contact_id,
        appointment__in=visits,
        kind__in=[Kind.COMPANION_NAMED, Kind.COMPANION_CANCELLED],
        state=Message.State.SENT,
    ).order_by("sent_at", "created_at")
    known: dict[UUID, datetime] = {}
    for visit, kind, context in sent.values_list("appointment_id", "kind", "context"):
        known.pop(visit, None)
        if kind == Kind.COMPANION_NAMED and "ends" in context:
            known[visit] = datetime.fromisoformat(context["ends"])
    return known


def _as_known(visit: Appointment, ends: datetime) -> Appointment:
    """The visit as it was when it ended at `ends`."""
    before = copy(visit)
    before.starts, before.ends = ends - (visit.ends - visit.starts), ends
    return before
