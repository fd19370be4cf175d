"""What a fact collides with: a visit that began late, runs over or sits in another chair is in the way of one to come.

Facts change no hold, so nothing here refuses anything: it lists whom a fact hits, by how much, and what could be done.
Reads only; queries do not grow with the visits but for the times offered.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from clinic import clock
from clinic.models import CHAIRS, Resource, ResourceKind, Site
from scheduling.models import Appointment, Hold, Phase
from scheduling.selectors.at_the_chair import paused_for
from scheduling.selectors.planning import Slot, visit_slots
from scheduling.selectors.visits import minutes_of, record_or_none

Status = Appointment.Status
#: How many of the visits hit get new times worked out; the rest are only listed.
OFFERED = 6


@dataclass(frozen=True, slots=True)
class Hit:
    """One visit to come that a visit under way is in the way of.

    `until` is when the chair (`is_chair`) or nurse in the way is expected to be free (UTC), `what` its name.
    `other_chairs` are free for the whole visit; `slot` is the first legal later time (None: none today).
    """

    visit: Appointment
    cause: Appointment
    what: str
    is_chair: bool
    until: datetime
    other_chairs: tuple[str, ...]
    slot: Slot | None

    @property
    def minutes(self) -> int:
        """By how much the visit would start later at `slot`."""
        return int((self.slot.starts - self.visit.starts).total_seconds() // 60) if self.slot is not None else 0


@dataclass(frozen=True, slots=True)
class _Row:
    """One hold of the day, in cells."""

    resource: int
    start: int
    end: int
    units: int
    is_watch: bool


@dataclass(frozen=True, slots=True)
class _Course:
    """How a visit under way is expected to go on: where, and until which cells it is watched and sits.

    `watch`: (cell from which, nurse) in order of time, the first for all before it as well.
    """

    visit: Appointment
    chair: int | None
    watch: tuple[tuple[int, int], ...]
    infuses_until: int
    leaves_at: int
    chair_free: int

    def nurse_at(self, cell: int) -> int | None:
        """Who watches in a cell."""
        begun = [nurse for since, nurse in self.watch if since <= cell]
        return begun[-1] if begun else next((nurse for _since, nurse in self.watch), None)

    def watched_until(self, nurse: int) -> int:
        """The cell from which this nurse no longer watches: the patient leaves, or is handed over."""
        ends = [since for since, _nurse in self.watch[1:]] + [self.leaves_at]
        mine = [end for (_since, one), end in zip(self.watch, ends, strict=True) if one == nurse]
        return min(max(mine), self.leaves_at)


def _drip_ends(visit: Appointment, now: datetime) -> tuple[datetime, datetime]:
    """When the drip of a visit under way is expected to end, and its patient to leave (UTC), by the facts so far and
    the protocol's times. A phase that lasts longer than planned is taken to end now.
    """
    record = record_or_none(visit)
    recover = minutes_of(visit, Phase.Kind.RECOVER)
    if record is not None and record.recovery_at is not None:
        return record.recovery_at, max(now, record.recovery_at + recover)
    infuse = minutes_of(visit, Phase.Kind.INFUSE, Phase.Kind.TALK)
    if record is not None and record.started_at is not None:
        end = max(now, record.started_at + infuse + paused_for(visit.pauses.all(), now))
    else:
        end = max(now, visit.starts + minutes_of(visit, Phase.Kind.PREPARE)) + infuse
    return end, end + recover


def hits_at(
    site: Site, day: date, *, now: datetime, cause: Appointment | None = None, offered: int = OFFERED
) -> list[Hit]:
    """Whom the visits under way at `site` hit on the local `day`, soonest first; each visit once. With `cause` only
    whom that one hits: the times of the others are not worked out. The first `offered` of them get a new time.
    """
    first, last = clock.day_bounds(day, site.zone)
    visits = list(
        Appointment.objects.blocking()
        .filter(site=site, starts__gte=first, starts__lt=last)
        .exclude(kind=Appointment.Kind.CONSULT)
        .select_related("site", "patient", "series", "protocol_version", "practitioner", "record__chair")
        .select_related("record__nurse__resource")
        .prefetch_related("protocol_version__phases__needs", "pauses")
        .order_by("starts")
    )
    under_way = [visit for visit in visits if visit.status == Status.ARRIVED]
    if not under_way:
        return []
    rows = _rows(visits)
    courses = [_course(visit, rows[visit.pk], now) for visit in under_way]
    to_come = [visit for visit in visits if visit.status != Status.ARRIVED and visit.ends > now]
    held = {row.resource for some in rows.values() for row in some}
    held |= {nurse for course in courses for _since, nurse in course.watch}
    names = dict(Resource.objects.filter(pk__in=held).values_list("pk", "name"))
    chairs = list(Resource.objects.chairs().filter(site=site).values_list("pk", "name"))
    found: dict[UUID, tuple[Appointment, _Course, str, int, bool]] = {}
    for course in courses:
        for visit in to_come:
            in_the_way = _chair_taken(course, rows[visit.pk], clock.cell(now))
            if in_the_way is not None and (visit.pk not in found or found[visit.pk][3] < in_the_way):
                name = names.get(course.chair or 0, "The chair")
                found[visit.pk] = (visit, course, name, in_the_way, True)
    for visit, course, nurse, until in _overloads(courses, to_come, rows, clock.cell(now)):
        found.setdefault(visit.pk, (visit, course, names.get(nurse, "The nurse"), until, False))
    wanted = [one for one in found.values() if cause is None or one[1].visit == cause]
    in_order = sorted(wanted, key=lambda one: one[0].starts)
    return [
        _hit(*one, free=_free_chairs(one[0], chairs, rows, courses), day=day, now=now, offer=number < offered)
        for number, one in enumerate(in_order)
    ]


def _hit(
    visit: Appointment,
    course: _Course,
    what: str,
    until_cell: int,
    is_chair: bool,
    *,
    free: tuple[str, ...],
    day: date,
    now: datetime,
    offer: bool,
) -> Hit:
    until = clock.of_cell(until_cell)
    slots = visit_slots(appointment=visit, first_day=day, days=1, now=now) if offer else []
    slot = next((one for one in slots if one.starts >= until and one.starts > visit.starts), None)
    return Hit(visit, course.visit, what, is_chair, until, free, slot)


def _rows(visits: Sequence[Appointment]) -> dict[UUID, list[_Row]]:
    """What each visit holds of chairs and of watching; one query."""
    found: dict[UUID, list[_Row]] = defaultdict(list)
    holds = Hold.objects.filter(appointment__in=visits).values_list(
        "appointment_id", "resource_id", "resource__kind", "start_cell", "end_cell", "first_unit", "end_unit"
    )
    for visit_id, resource, kind, start, end, lower, upper in holds.order_by("start_cell", "first_unit"):
        is_watch = kind == ResourceKind.STAFF and lower > 0
        if visit_id is not None and (is_watch or kind in CHAIRS):
            found[visit_id].append(_Row(resource, start, end, upper - lower, is_watch))
    return found


def _course(visit: Appointment, rows: Sequence[_Row], now: datetime) -> _Course:
    record = record_or_none(visit)
    drip, leaves = _drip_ends(visit, now)
    planned_chair = next((row.resource for row in rows if not row.is_watch), None)
    chair = record.chair_id if record is not None and record.chair_id is not None else planned_chair
    nurse = record.nurse.resource_id if record is not None and record.nurse is not None else None
    end = clock.cell_up(leaves)
    cleaning = -(-visit.protocol_version.turnover_minutes // clock.CELL_MINUTES)
    return _Course(visit, chair, _watch(rows, nurse), clock.cell_up(drip), end, end + cleaning)


def _watch(rows: Sequence[_Row], recorded: int | None) -> tuple[tuple[int, int], ...]:
    """Who watches from which cell on. A planned hand-over is taken to happen as planned, and whoever is recorded
    already to have been handed the patient by then; somebody who was not planned at all keeps the watch to the end.
    """
    planned: list[tuple[int, int]] = []
    for row in rows:
        if row.is_watch and (not planned or planned[-1][1] != row.resource):
            planned.append((row.start, row.resource))
    if recorded is None:
        return tuple(planned)
    at = next((number for number, (_since, nurse) in enumerate(planned) if nurse == recorded), None)
    return tuple(planned[at:]) if at is not None else ((0, recorded),)


def _chair_taken(course: _Course, rows: Sequence[_Row], now: int) -> int | None:
    """The cell from which the chair is free, where the course sits on the chair when the visit is to begin."""
    for row in rows:
        if not row.is_watch and row.resource == course.chair and row.start < course.chair_free and row.end > now:
            return course.chair_free
    return None


def _overloads(
    courses: Sequence[_Course], to_come: Sequence[Appointment], rows: dict[UUID, list[_Row]], now: int
) -> list[tuple[Appointment, _Course, int, int]]:
    """(visit hit, who is in the way, nurse, cell from which it fits) for nurses who would watch more than they may."""
    watching = {nurse for course in courses for _since, nurse in course.watch}
    limits = dict(Resource.objects.filter(pk__in=watching).values_list("pk", "capacity"))
    found = []
    for nurse, capacity in limits.items():
        mine = [course for course in courses if any(one == nurse for _since, one in course.watch)]
        for visit in to_come:
            for row in (row for row in rows[visit.pk] if row.is_watch and row.resource == nurse):
                over = _over_at(row, mine, to_come, rows, nurse, capacity - 1)
                if over is not None:
                    last, until = max(
                        ((course, course.watched_until(nurse)) for course in mine), key=lambda one: one[1]
                    )
                    found.append((visit, last, nurse, max(until, now)))
                    break
    return found


def _over_at(
    row: _Row,
    mine: Sequence[_Course],
    to_come: Sequence[Appointment],
    rows: dict[UUID, list[_Row]],
    nurse: int,
    limit: int,
) -> int | None:
    """The first cell of `row` in which the nurse would watch more than `limit`, because of who is under way."""
    for cell in range(row.start, row.end):
        watched = sum(_watch_units(course, cell) for course in mine if course.nurse_at(cell) == nurse)
        if not watched:
            continue
        planned = sum(
            one.units
            for visit in to_come
            for one in rows[visit.pk]
            if one.is_watch and one.resource == nurse and one.start <= cell < one.end
        )
        if watched + planned > limit:
            return cell
    return None


def _watch_units(course: _Course, cell: int) -> int:
    """How many patients' worth of watching the visit takes in a cell, by its protocol's phases."""
    if cell >= course.leaves_at:
        return 0
    kind = Phase.Kind.INFUSE if cell < course.infuses_until else Phase.Kind.RECOVER
    return sum(
        need.units
        for phase in course.visit.protocol_version.phases.all()
        if phase.kind == kind
        for need in phase.needs.all()
        if need.lane == "watch"
    )


def _free_chairs(
    visit: Appointment, chairs: Sequence[tuple[int, str]], rows: dict[UUID, list[_Row]], courses: Sequence[_Course]
) -> tuple[str, ...]:
    """The names of chairs that nobody holds or sits on from the visit's start to its end."""
    first, end = clock.cell(visit.starts), clock.cell_up(visit.ends)
    # Whoever is here sits where she sits, not where it was planned.
    elsewhere = {visit.pk, *(course.visit.pk for course in courses)}
    held = {
        row.resource
        for owner, some in rows.items()
        for row in some
        if owner not in elsewhere and not row.is_watch and row.start < end and row.end > first
    }
    sat_on = {course.chair for course in courses if course.chair_free > first}
    return tuple(name for key, name in chairs if key not in held | sat_on)
