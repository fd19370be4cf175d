"""A patient's whole journey as one line in time: asked, screened, cleared, booked, moved, visited, told, signed.

What is told here is read from the rows themselves, and what is no row of its own (a move, another driver) from the
audit trail: so the line cannot differ from what really happened, and costs no table.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from clinic import clock
from clinic.models import User
from clinic.permissions import Permission
from patients.models import Patient
from scheduling.selectors import timeline_people, timeline_trail, timeline_work
from scheduling.selectors.journey import Journey
from scheduling.selectors.timeline_event import Event, Topic

#: Events shown at first; who wants all of them asks for them.
SHOWN = 40


@dataclass(frozen=True, slots=True)
class Month:
    """The events of one local month, newest first. `first` is a moment in it."""

    first: datetime
    events: Sequence[Event]


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is shown: visits still to come (soonest first), then months, newest first; and how many events are left
    out. `zone`: the clock that months are told by."""

    ahead: Sequence[Event]
    months: Sequence[Month]
    left: int
    zone: ZoneInfo
    topic: Topic | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing has happened."""
        return not (self.ahead or self.months)


def timeline_of(
    patient: Patient, user: User, journey: Journey, *, topic: Topic | None = None, whole: bool = False
) -> Timeline:
    """The patient's journey as far as `user` may see it, of one topic or of all, minor events left out. `journey`: of
    the same patient and user.

    The number of queries is the same however much has happened. Scores, and the words of findings and decisions, only
    for who may see clinical data; what is about visits only at the user's sites.
    """
    zone = journey.sites[0].zone
    clinical = user.may(Permission.VIEW_CLINICAL)
    events: Iterable[Event] = (
        *timeline_people.events(patient, zone, clinical=clinical),
        *timeline_work.events(patient, user, journey, zone, clinical=clinical),
        *timeline_trail.events(patient, journey, zone),
    )
    wanted = [event for event in events if event.topic is topic or (topic is None and not event.is_minor)]
    past = sorted((event for event in wanted if not event.is_ahead), key=lambda event: event.at, reverse=True)
    shown = past if whole else past[:SHOWN]
    months = [
        Month(some[0].at, some)
        for _month, group in groupby(shown, key=lambda event: clock.local(event.at, zone).strftime("%Y-%m"))
        if (some := list(group))
    ]
    ahead = sorted((event for event in wanted if event.is_ahead), key=lambda event: event.at)
    return Timeline(ahead, months, len(past) - len(shown), zone, topic)
