"""One thing that happened on a patient's way, or is to come."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling.when import full_stop


class Topic(StrEnum):
    """What an event is about; the timeline can be narrowed to one."""

    VISITS = "visits"
    PAPERS = "papers"
    MESSAGES = "messages"
    HEALTH = "health"


@dataclass(frozen=True, slots=True)
class Event:
    """`at` (UTC) is told on the clock of `zone`. `mark` is an icon's name, `tone` one of static/parts.css; `detail` and
    `who` may be empty. `visit` or `message`: the page that tells more. `is_minor`: told only where its topic was asked
    for, as a message that was never sent. `is_ahead`: still to come, as a booked visit; what has happened never is,
    whatever time was planned for it."""

    at: datetime
    zone: ZoneInfo
    topic: Topic
    mark: str
    title: str
    detail: str = ""
    who: str = ""
    tone: str = "quiet"
    visit: UUID | None = None
    message: UUID | None = None
    is_minor: bool = False
    is_ahead: bool = False


def sentences(*parts: str) -> str:
    """The parts that say something, one after the other, each but the last with a full stop."""
    said = [part.strip() for part in parts if part.strip()]
    return " ".join([*map(full_stop, said[:-1]), *said[-1:]])
