"""Which reminders a visit gets, and when each is due: the protocol's ladder, or the default where it has none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from clinic import clock
from scheduling.messages import hours
from scheduling.models import Appointment, LadderStep, Message

Kind = Message.Kind

#: Visits of a series this close together get one message before and one after each, not three (issue "Reminders and
#: rides", 1).
CLOSE_DAYS = 3
#: Local times of the default ladder. The morning leaves the working day to call and ask.
MORNING = time(10)
#: A reminder on the day must leave this long to set out; later it would only disturb.
LEAVES_HOME = timedelta(hours=1)
#: The booking message has just said it all: a reminder due this soon afterwards is not written, and where it holds
#: the preparation, the booking message carries that instead (texts: `prepare_now`).
JUST_TOLD = {
    Kind.REMINDER: timedelta(hours=24),
    Kind.RIDE_MISSING: timedelta(hours=24),
    Kind.PREPARE: timedelta(hours=2),
    Kind.TODAY: timedelta(hours=2),
}
#: What a ladder may hold. What follows a visit is written when it ends, not when it is booked.
KINDS = tuple(JUST_TOLD)


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: so many days before the visit's local date, at a local time; `send_at` None: as early as messages may
    go out.
    """

    kind: Message.Kind
    days_before: int
    send_at: time | None


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder to be written: `at` in UTC."""

    appointment: Appointment
    kind: Message.Kind
    at: datetime


CLOSE = (Step(Kind.PREPARE, 1, MORNING),)
APART = (Step(Kind.REMINDER, 3, MORNING), Step(Kind.PREPARE, 1, MORNING), Step(Kind.TODAY, 0, None))


def dues_of(appointments: Sequence[Appointment], now: datetime) -> list[Due]:
    """The reminders still to come of these visits, seen from `now`. Needs `site` and `protocol_version` loaded.

    Three queries at most, however many visits: ladders, and the visits before them in their series.
    """
    ladders = _ladders(appointments)
    earlier = _starts_by_series(appointments)
    return [
        Due(visit, step.kind, at)
        for visit in appointments
        for step in ladders.get(visit.protocol_version_id) or _default(visit, earlier)
        if (at := _due_at(visit, step)) > now + JUST_TOLD[step.kind] and _in_time(visit, step, at)
    ]


def _due_at(visit: Appointment, step: Step) -> datetime:
    site = visit.site
    day = clock.local(visit.starts, site.zone).date() - timedelta(days=step.days_before)
    if step.kind is Kind.REMINDER:
        day = hours.not_on_a_weekend(day)
    return hours.wall_time(site, day, step.send_at or site.send_from)


def _in_time(visit: Appointment, step: Step, at: datetime) -> bool:
    """Whether the reminder comes early enough to be of use."""
    return at <= visit.starts - LEAVES_HOME if step.days_before == 0 else at < visit.starts


def _ladders(appointments: Iterable[Appointment]) -> dict[UUID, list[Step]]:
    """The rungs that each protocol version defines, by its id."""
    found: dict[UUID, list[Step]] = {}
    versions = {visit.protocol_version_id for visit in appointments}
    for row in LadderStep.objects.filter(version__in=versions, kind__in=KINDS):
        found.setdefault(row.version_id, []).append(Step(Kind(row.kind), row.days_before, row.send_at))
    return found


def _default(visit: Appointment, earlier: dict[UUID, list[datetime]]) -> Sequence[Step]:
    """One message before the visit where another of its series came a few days earlier; else the whole ladder."""
    if visit.series_id is None:
        return APART
    day = clock.local(visit.starts, visit.site.zone).date()
    gaps = (
        (day - clock.local(other, visit.site.zone).date()).days
        for other in earlier.get(visit.series_id, [])
        if other < visit.starts
    )
    return CLOSE if any(gap <= CLOSE_DAYS for gap in gaps) else APART


def _starts_by_series(appointments: Iterable[Appointment]) -> dict[UUID, list[datetime]]:
    """When the visits of each series that have not been called off start, by the series' id."""
    found: dict[UUID, list[datetime]] = {}
    series = {visit.series_id for visit in appointments if visit.series_id is not None}
    live = Appointment.objects.filter(series__in=series).exclude(status=Appointment.Status.CANCELLED)
    for series_id, starts in live.values_list("series_id", "starts"):
        if series_id is not None:
            found.setdefault(series_id, []).append(starts)
    return found
