"""What happened to one message and who did it, read off the audit trail: nothing of it has to be kept twice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clinic.models import AuditEvent
from scheduling.models import Message

State, Outcome = Message.State, Message.Outcome

#: Columns that changed, by name, with what they became.
After = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened: when (UTC), who did it, and what, in a few words; `detail` is
    what a server said, or a person wrote."""

    at: datetime
    who: str
    what: str
    detail: str = ""


def history_of(message: Message) -> list[Step]:
    """The steps of a message, oldest first. What only prepares the next one (claiming, looking) is left out."""
    trail = AuditEvent.objects.filter(table=Message._meta.db_table, row=str(message.pk)).order_by("pk")
    return [step for event in trail if (step := _step(event)) is not None]


def _step(event: AuditEvent) -> Step | None:
    after: After = event.after or {}
    if event.operation == AuditEvent.Operation.INSERT:
        return Step(event.at, _who(event), "Planned")
    if event.operation != AuditEvent.Operation.UPDATE:
        return None
    told = (_DEEDS.get(event.action) or _what_became)(after)
    return Step(event.at, _who(event), *told) if told is not None else None


def _who(event: AuditEvent) -> str:
    name = event.actor_name or "the program"
    return f"{name}, asked by {event.caller_name}" if event.caller_name else name


def _what_became(after: After) -> tuple[str, str] | None:
    """By the state that it came to, whatever action took it there."""
    state, trouble = after.get("state"), str(after.get("last_error") or "")
    if state == State.SENT:
        return "Accepted by the server", ""
    if state == State.FAILED:
        return "Given up", trouble
    if state == State.SKIPPED:
        return "Taken out", str(after.get("skip_reason") or "")
    if state == State.PERSON:
        return "Put on the call list", ""
    if state == State.DUE and trouble:
        return "Refused for now; it is tried again later", trouble
    if state == State.DUE and "due_at" in after:
        return "Waits for the sending hours", ""
    return None


def _closed(after: After) -> tuple[str, str] | None:
    return "Waits: the server could not be reached", str(after.get("last_error") or "")


def _called(after: After) -> tuple[str, str] | None:
    outcome = str(after.get("outcome") or "")
    return "Called", str(Outcome(outcome).label) if outcome in Outcome.values else ""


#: What persons do, and what the state alone does not tell.
_DEEDS: dict[str, Callable[[After], tuple[str, str] | None]] = {
    "send_again": lambda after: ("Put into the queue again", ""),
    "write_instead": lambda after: ("Taken off the call list, to be written", ""),
    "call_instead": lambda after: ("Made a call", ""),
    "leave_unsent": lambda after: ("Left unsent", str(after.get("skip_reason") or "")),
    "record_call": _called,
    "give_back": _closed,
}
