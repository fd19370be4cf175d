"""A visit as the day board draws it: its span, its phases, its status and its ride as colour, icon and words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import ClassVar
from uuid import UUID

from clinic import clock
from scheduling.desk.board_strips import Bar
from scheduling.models import Appointment, Ending, Ride
from scheduling.selectors.board import BoardDay, BoardVisit
from scheduling.templatetags.look import status_icon, tone

#: What the ride mark says, by the ride's status, and the same as short as it stands on the board.
RIDE_WORDS: dict[str, tuple[str, str]] = {
    Ride.Status.NEEDED: ("nobody named to drive", "no ride"),
    Ride.Status.DECLINED: ("the driver declined", "declined"),
    Ride.Status.NAMED: ("driver named, not confirmed", "named"),
    Ride.Status.CONFIRMED: ("driver confirmed", "ride ok"),
    Ride.Status.PICKED_UP: ("picked up", "picked up"),
    Ride.Status.WAIVED: ("ride waived by a doctor", "ride waived"),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A status as colour (`tone`), icon and words."""

    tone: str
    icon: str
    words: str


@dataclass(frozen=True, slots=True)
class Block:
    """A visit in the table: from `column` on it spans `span` columns; `phases` are drawn in a box as wide and 1 high.

    `look`: what colours it. `label`: all of it in words. `ride` is the ride's status; empty for a visit that needs
    none, or is over.
    """

    visit: BoardVisit
    column: int
    span: int
    phases: tuple[Bar, ...]
    look: str
    status: Mark
    ride: str
    ride_mark: Mark | None
    what: str
    hours: str
    label: str
    is_uncovered: bool
    chair: str
    can_move: bool

    is_visit: ClassVar[bool] = True


def block_of(
    visit: BoardVisit,
    day: BoardDay,
    names: Mapping[int, str],
    now: datetime,
    words: Callable[[datetime], str],
    bars: Callable[[UUID, int], tuple[Bar, ...]],
) -> Block:
    """The visit drawn. `names`: of the chairs, by id; `words`: a moment as the site's clock shows it; `bars`: what
    `phases_of` says of a protocol version and a span."""
    span = _span(visit)
    look = "late" if visit.is_late(now) else "overtime" if visit.is_over_time(now) else visit.status
    ride = _ride(visit) if day.versions[visit.protocol_version].needs_ride else ""
    hours = f"{words(visit.starts)} to {words(visit.ends)}"
    status, called = _status(visit, look), what(visit)
    ride_words = RIDE_WORDS[ride][0] if ride else ""
    is_uncovered = visit.id in day.uncovered
    said = [visit.name, hours, called, status.words, ride_words, "without cover" if is_uncovered else ""]
    return Block(
        visit=visit,
        column=clock.cell(visit.starts) - day.first,
        span=span,
        phases=bars(visit.protocol_version, span),
        look=look,
        status=status,
        ride=ride,
        ride_mark=Mark(tone(ride), status_icon(ride), RIDE_WORDS[ride][1]) if ride else None,
        what=called,
        hours=hours,
        label=", ".join(word for word in said if word),
        is_uncovered=is_uncovered,
        chair=names.get(day.chair_of.get(visit.id, 0), visit.practitioner or ""),
        can_move=visit.status in {Appointment.Status.PROPOSED, Appointment.Status.BOOKED},
    )


def _span(visit: BoardVisit) -> int:
    """Columns of the visit: as planned; of one that ended early, until it ended, as its time is free again."""
    ends = visit.ends
    if visit.status == Appointment.Status.FULFILLED and visit.ended_at is not None:
        ends = min(ends, visit.ended_at)
    return max(clock.cell_up(ends) - clock.cell(visit.starts), 1)


def phases_of(version: UUID, day: BoardDay, span: int) -> tuple[Bar, ...]:
    """The phases of a visit that spans `span` columns, as bars; what lies behind its end is cut off."""
    bars, at = [], 0
    for kind, minutes in day.versions[version].phases:
        width = -(-minutes // clock.CELL_MINUTES)
        if at < span:
            bars.append(Bar(at, 0, min(width, span - at), 1, kind))
        at += width
    return tuple(bars)


def _status(visit: BoardVisit, look: str) -> Mark:
    if look == "late":
        return Mark("warn", "clock-alert", "late")
    if look == "overtime":
        return Mark("warn", "timer", "over time")
    if visit.status == Appointment.Status.ARRIVED:
        return _here(visit)
    if visit.ending and visit.status == Appointment.Status.FULFILLED:
        word = str(Ending(visit.ending).label)
        return Mark("ok" if visit.ending == Ending.COMPLETED else "warn", status_icon(visit.status), word)
    return Mark(tone(visit.status), status_icon(visit.status), _label(visit.status))


def _here(visit: BoardVisit) -> Mark:
    """How far the patient is by the facts; who came late is told as long as nothing has started."""
    if visit.recovery_at is not None:
        return Mark("accent", "bed", "recovering")
    if visit.started_at is not None:
        return Mark("accent", "activity", "under way")
    minutes = int((visit.arrived_at - visit.starts).total_seconds() // 60) if visit.arrived_at is not None else 0
    if minutes >= clock.CELL_MINUTES:
        return Mark("warn", "clock-alert", f"here, {minutes} min late")
    return Mark("accent", status_icon(visit.status), _label(visit.status))


@cache
def _label(status: str) -> str:
    # The staff's pages are in English only, so that what is remembered cannot be in another language.
    return str(Appointment.Status(status).label)


def _ride(visit: BoardVisit) -> str:
    """The status of the ride that the visit needs; nothing once it is over."""
    return (visit.ride or Ride.Status.NEEDED.value) if visit.status in Appointment.BLOCKING else ""


def what(visit: BoardVisit) -> str:
    """The visit's kind and place in its series: "infusion 2 of 6", "booster 1", "consult"."""
    if visit.kind == Appointment.Kind.INFUSION and visit.sessions is not None:
        return f"infusion {visit.number} of {visit.sessions}"
    if visit.kind == Appointment.Kind.BOOSTER:
        return f"booster {visit.number}"
    words = f"consult with {visit.practitioner}" if visit.practitioner else "consult"
    is_here = visit.mode == Appointment.Mode.IN_PERSON
    return words if is_here else f"{words}, {Appointment.Mode(visit.mode).label}"
