"""Which messages a visit gets besides news of it, and when each is due: the ladder of its protocol, or the usual one.

docs/decisions/the-ladder.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from clinic import clock
from patients.models import Channel
from scheduling.messages import hours
from scheduling.models import Appointment, LadderStep, Message
from scheduling.preparation import begins

Kind = Message.Kind

#: Local time of the usual ladder. The morning leaves the working day to call and ask.
MORNING = time(10)
#: A reminder on the day must leave this long to set out; later it would only disturb.
LEAVES_HOME = timedelta(hours=1)
#: Where another visit ends on the day before, how to prepare comes so long after its planned end: the message of that
#: visit's end takes it along, and nobody is written to twice (scheduling/messages/joining.py).
AFTER_ANOTHER = timedelta(hours=1)
#: The booking message has just said it all: a reminder due this soon afterwards, or on the same day, is not written,
#: and where it holds the preparation, the booking message carries that instead (texts: `prepare_now`).
JUST_TOLD = {
    Kind.REMINDER: timedelta(hours=24),
    Kind.RIDE_MISSING: timedelta(hours=24),
    Kind.PREPARE: timedelta(hours=2),
    Kind.TODAY: timedelta(hours=2),
}
#: What a ladder may hold: written when a visit is booked, and when it has really ended.
BEFORE = tuple(JUST_TOLD)
AFTER = (Kind.SCORE_ASKED,)
KINDS = (*BEFORE, *AFTER)
#: What can wait does not come on a weekend: ahead of a visit it comes on Friday, after one on Monday.
CAN_WAIT = frozenset({Kind.REMINDER, Kind.SCORE_ASKED})
#: Days for which an answer to "how are you?" is of use.
ASKED_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: so many days before the visit's local date (or after it, for what follows a visit), at a local time;
    `send_at` None: as early as messages may go out. `when_close`: also where visits of the series are close together.
    """

    kind: Message.Kind
    days: int
    send_at: time | None
    when_close: bool


@dataclass(frozen=True, slots=True)
class Due:
    """A message to be written: `at` in UTC."""

    appointment: Appointment
    kind: Message.Kind
    at: datetime


#: Where a protocol says nothing. Visits close together get one message before each, and one after (the aftercare, which
#: is no rung: it goes out whenever somebody is discharged). How it goes is then asked as the site says
#: (Site.score_asked_after_days); a rung of a protocol's own comes in place of that.
USUAL = (
    Step(Kind.REMINDER, 3, MORNING, when_close=False),
    Step(Kind.PREPARE, 1, MORNING, when_close=True),
    Step(Kind.TODAY, 0, None, when_close=False),
)


def dues_of(appointments: Sequence[Appointment], now: datetime, *, told: bool = True) -> list[Due]:
    """The reminders still to come of these visits, seen from `now`. Needs `site` and `protocol_version` loaded.
    `told`: news of the visits goes out now, or as soon as the quiet hours end where it can wait for that, and tells
    what would follow at once.

    Three queries at most, however many visits: ladders, and the visits beside them in their series.
    """
    ladders = _ladders(appointments)
    series = _series_of(appointments)
    first = min(map(begins, appointments), default=None)
    found = []
    for visit in appointments:
        others = series.get(visit.series_id, [])
        news = hours.soonest(visit.site, now, Channel.MAIL, first) if told else None
        for step in _steps(visit, ladders, BEFORE, close=_is_close(visit, (end for _, end in others), before=True)):
            at = _due_at(visit, step, others)
            if at > now and not _just_told(visit, step, at, news) and _in_time(visit, step, at):
                found.append(Due(visit, step.kind, at))
    return found


def dues_after(appointment: Appointment, now: datetime) -> list[Due]:
    """What follows a visit that has ended, seen from `now`. Needs `site` and `protocol_version` loaded."""
    starts = (start for start, _ in _series_of([appointment]).get(appointment.series_id, []))
    close = _is_close(appointment, starts, before=False)
    dues = [
        Due(appointment, step.kind, _due_after(appointment, step))
        for step in _steps(appointment, _ladders([appointment]), AFTER, close=close)
    ]
    return [due for due in dues if due.at > now]


def _steps(
    visit: Appointment, ladders: dict[UUID, list[Step]], kinds: Sequence[Message.Kind], *, close: bool
) -> Iterable[Step]:
    """The rungs of some kinds that this visit gets."""
    for step in ladders.get(visit.protocol_version_id) or USUAL:
        if step.kind in kinds and (step.when_close or not close) and _fits(visit, step.kind):
            yield step


def _fits(visit: Appointment, kind: Message.Kind) -> bool:
    """Nobody is asked how a consult went."""
    return kind != Kind.SCORE_ASKED or visit.series_id is not None


def _due_at(visit: Appointment, step: Step, others: Sequence[tuple[datetime, datetime]]) -> datetime:
    site = visit.site
    day = clock.local(visit.starts, site.zone).date() - timedelta(days=step.days)
    if step.kind in CAN_WAIT:
        day = hours.not_on_a_weekend(day)
    at = hours.wall_time(site, day, step.send_at or site.send_from)
    if step.kind != Kind.PREPARE:
        return at
    ends = [end for _, end in others if end < visit.starts and clock.local(end, site.zone).date() == day]
    if not ends:
        return at
    over = clock.local(max(ends) + AFTER_ANOTHER, site.zone)
    return max(at, hours.wall_time(site, day, over.time())) if over.date() == day else at


def _due_after(visit: Appointment, step: Step) -> datetime:
    site = visit.site
    day = clock.local(visit.starts, site.zone).date() + timedelta(days=step.days)
    if step.kind in CAN_WAIT:
        day = hours.monday_after_a_weekend(day)
    return hours.wall_time(site, day, step.send_at or site.send_from)


def _just_told(visit: Appointment, step: Step, at: datetime, news: datetime | None) -> bool:
    """Whether news that goes out at that time (None: there is none) says it all a moment before."""
    if news is None:
        return False
    zone = visit.site.zone
    return at <= news + JUST_TOLD[step.kind] or clock.local(at, zone).date() <= clock.local(news, zone).date()


def _in_time(visit: Appointment, step: Step, at: datetime) -> bool:
    """Whether the reminder comes early enough to be of use."""
    return at <= visit.starts - LEAVES_HOME if step.days == 0 else at < visit.starts


def _ladders(appointments: Iterable[Appointment]) -> dict[UUID, list[Step]]:
    """The rungs that each protocol version defines, by its id."""
    found: dict[UUID, list[Step]] = {}
    versions = {visit.protocol_version_id for visit in appointments}
    for row in LadderStep.objects.filter(version__in=versions, kind__in=KINDS):
        step = Step(Kind(row.kind), row.days, row.send_at, row.when_close)
        found.setdefault(row.version_id, []).append(step)
    return found


def _is_close(visit: Appointment, others: Iterable[datetime], *, before: bool) -> bool:
    """Whether another visit of the series is a few days before this one (or after it), by the protocol's count."""
    day = _day(visit, visit.starts)
    gaps = ((day - _day(visit, one)).days * (1 if before else -1) for one in others)
    return any(0 < gap <= visit.protocol_version.close_days for gap in gaps)


def _day(visit: Appointment, moment: datetime) -> date:
    return clock.local(moment, visit.site.zone).date()


def _series_of(appointments: Iterable[Appointment]) -> dict[UUID | None, list[tuple[datetime, datetime]]]:
    """When the visits of each series that have not been called off start and end, by the series' id."""
    found: dict[UUID | None, list[tuple[datetime, datetime]]] = {}
    series = {visit.series_id for visit in appointments if visit.series_id is not None}
    if not series:
        return found
    live = Appointment.objects.filter(series__in=series).exclude(status=Appointment.Status.CANCELLED)
    for series_id, starts, ends in live.values_list("series_id", "starts", "ends"):
        found.setdefault(series_id, []).append((starts, ends))
    return found
