"""Visits that change under the messages about them, with the moment at which each change was there for all to see.

They are changed straight in the table, and the rows of the ledger are left alone: so only the second look (promise 2)
can keep their messages back.
"""

import random
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F

from clinic import clock
from clinic.models import AuditEvent
from scheduling.drill.house import surely
from scheduling.messages import claiming
from scheduling.models import Appointment, Message

State = Message.State


class Changes:
    """The messages whose visit was cancelled or moved, each with when that had been committed (UTC, the drill's
    clock).
    """

    def __init__(self, messages: Sequence[Message], chance: random.Random) -> None:
        self._left = [one for one in messages if one.appointment_id is not None]
        chance.shuffle(self._left)
        self._chance = chance
        self.made: dict[UUID, datetime] = {}

    def make(self, number: int = 1) -> None:
        """Cancel or move the visits of so many more messages that have not gone out."""
        for _ in range(number):
            while self._left:
                message = self._left.pop()
                if surely(lambda key=message.pk: Message.objects.filter(pk=key, state=State.DUE).exists()):  # type: ignore[misc]
                    surely(lambda visit=message.appointment_id: self._change(visit))  # type: ignore[misc]
                    self.made[message.pk] = clock.now()
                    break

    def _change(self, visit: UUID) -> None:
        found = Appointment.objects.filter(pk=visit, version=0)
        if self._chance.random() < 0.5:
            found.update(status=Appointment.Status.CANCELLED, ending="cancelled", version=F("version") + 1)
        else:
            found.update(version=F("version") + 1)

    def wrongly_written(self) -> list[UUID]:
        """The messages that a look found fit to be sent although it began after the change."""
        return [key for key, changed_at in self.made.items() if any(at > changed_at for at in _looks(key))]


def _looks(key: UUID) -> list[datetime]:
    """When the looks began after which the message was handed over: each renews the lease from its own beginning.

    Read off the audit trail, which keeps every look, and of each row what has changed in it.
    """
    found, lease = [], ""
    for event in AuditEvent.objects.filter(table=Message._meta.db_table, row=str(key)).order_by("pk"):
        after = event.after or {}
        lease = after.get("lease_until") or lease
        if event.action == "look" and "attempts" in after:
            found.append(datetime.fromisoformat(lease) - claiming.LEASE)
    return found
