"""The ladder of a protocol's messages in the words of whoever sets it up."""

from collections.abc import Iterable
from dataclasses import dataclass

from scheduling.actions.setup.protocols import USUAL, Rung, in_order
from scheduling.messages.look import NOT_ESSENTIAL
from scheduling.messages.reminders import AFTER
from scheduling.models import Message, ProtocolVersion
from scheduling.when import wall_words

Kind = Message.Kind

#: What a rung may be, in the order of time. Each says on which side of the visit its days are counted.
STEPS: tuple[tuple[str, str], ...] = (
    (Kind.REMINDER.value, "before: reminder"),
    (Kind.RIDE_MISSING.value, "before: who drives, if nobody is named"),
    (Kind.PREPARE.value, "before: how to prepare"),
    (Kind.TODAY.value, "on the day: reminder"),
    (Kind.SCORE_ASKED.value, "after: how are you?"),
)
NAMES = dict(STEPS)


@dataclass(frozen=True, slots=True)
class Line:
    """A rung in words: what, and when. `is_optional`: a patient may do without it."""

    name: str
    when: str
    when_close: bool
    is_optional: bool


def by_time(ladder: Iterable[Rung]) -> list[Rung]:
    """The rungs as a visit comes nearer and passes."""
    return sorted(ladder, key=lambda rung: (rung[1] if rung[0] in AFTER else -rung[1], rung[0]))


def lines_of(version: ProtocolVersion) -> list[Line]:
    """The ladder of a version in words; the usual one where it has none. Needs `ladder` prefetched."""
    own = in_order((step.kind, step.days, step.send_at, step.when_close) for step in version.ladder.all())
    return [_line(rung) for rung in by_time(own or USUAL)]


def _line(rung: Rung) -> Line:
    kind, days, send_at, when_close = rung
    side = "after" if kind in AFTER else "before"
    count = "on the day" if days == 0 else f"{days} day{'' if days == 1 else 's'} {side}"
    at = f"at {wall_words(send_at)}" if send_at is not None else "as early as messages may go out"
    name = NAMES.get(kind, kind).partition(": ")[2]
    return Line(name[:1].upper() + name[1:], f"{count}, {at}", when_close, kind in NOT_ESSENTIAL)
