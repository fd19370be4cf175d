"""Clinics on which something has happened, small and made up, and a check that a rescue keeps what it must keep."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from scheduling.planner.rescue import BookedVisit, Course, Rescue, RescueRequest
from scheduling.planner.search import possible_starts
from scheduling.planner.seats import rows_of
from scheduling.planner.values import CHAIR_ROLES, Lane, Phase, Resource, SiteDay, Taken, VisitShape, Wishes
from tests.planner.worlds import CHAIR, HANDS, MONDAY, Row, chair, first_cell, nurse, site_day, watch

SHORT = VisitShape(
    (
        Phase("prepare", 1, (CHAIR, HANDS, watch())),
        Phase("infuse", 2, (CHAIR, watch(2))),
        Phase("recover", 2, (CHAIR, watch())),
    )
)
#: Of each cell of SHORT: watch units, and whether the hands are needed.
UNITS = (1, 2, 2, 1, 1)
OPENS, CELLS = 480, 18
BEFORE = first_cell(MONDAY) - 288


def team(chairs: int = 3, nurses: int = 2, units: int = 3) -> list[Resource]:
    """Chairs from 1 on, nurses from 11 on."""
    return [chair(1 + n) for n in range(chairs)] + [nurse(11 + n, units) for n in range(nurses)]


def week(resources: Sequence[Resource], days: int = 5) -> list[SiteDay]:
    """Short days from Monday on, everybody there."""
    return [site_day(MONDAY + timedelta(days=n), resources, OPENS, OPENS + 5 * CELLS) for n in range(days)]


def booked(
    key: object, day: SiteDay, minute: int, *, stranded: bool = True, may_move: bool = True, held: Sequence[Row] = ()
) -> BookedVisit:
    """A visit at a local minute of a day."""
    start = day.start + (minute - day.minutes[0]) // 5
    return BookedVisit(key, day.date, start, minute, stranded, may_move, tuple(held))


def single(key: object, day: SiteDay, minute: int, **changes: object) -> Course:
    """A course of one stranded visit, bound to nothing."""
    course = Course(key, key, SHORT, (booked(key, day, minute),))
    return replace(course, **changes)  # type: ignore[arg-type]


def ask_rescue(
    courses: Sequence[Course], days: Sequence[SiteDay], resources: Sequence[Resource], rows: Sequence[Row] = ()
) -> RescueRequest:
    """A request in which everything is still to come."""
    taken = Taken.from_rows(list(rows))
    return RescueRequest(tuple(courses), tuple(days), tuple(resources), taken, BEFORE, BEFORE)


def random_rescue(seed: int, courses: int = 6) -> RescueRequest:
    """A week with much of it taken; on Wednesday the site is closed from some time on, or a nurse is ill.

    About half of the visits belong to series of two or three with gaps; some patients cannot come at all hours.
    """
    chance = random.Random(seed)
    resources = team()
    days = week(resources)
    rows: list[Row] = []
    made = [_course(n, chance, days, resources, rows) for n in range(courses)]
    for day in days:
        _fill(day, resources, rows, chance.randint(2, 4), chance)
    wednesday = days[2]
    if chance.random() < 0.5:
        ill = 11 + chance.randrange(2)
        present = {number: there for number, there in wednesday.present.items() if number != ill}
        days[2] = replace(wednesday, present=present)
        lost = {v.key for c in made for v in c.visits if v.date == wednesday.date and any(r[0] == ill for r in v.held)}
    else:
        until = wednesday.start + chance.choice((0, 8))
        days[2] = replace(wednesday, open=((wednesday.start, until),) if until > wednesday.start else ())
        lost = {v.key for c in made for v in c.visits if v.date == wednesday.date and v.start + SHORT.cells > until}
    hit = [_strand(course, lost) for course in made]
    gone = Counter(
        row
        for course in hit
        for v, old in zip(course.visits, _old(made, course), strict=True)
        if v.stranded
        for row in old.held
    )
    left = [row for row in rows if not _take(gone, row)]
    return ask_rescue([course for course in hit if course.stranded], days, resources, left)


def _take(gone: Counter[Row], row: Row) -> bool:
    if gone[row]:
        gone[row] -= 1
        return True
    return False


def _old(made: Sequence[Course], course: Course) -> tuple[BookedVisit, ...]:
    return next(one.visits for one in made if one.key == course.key)


def _strand(course: Course, lost: set[object]) -> Course:
    visits = (replace(v, stranded=True) if v.key in lost else v for v in course.visits)
    return replace(course, visits=tuple(visits))


def _course(
    number: int, chance: random.Random, days: Sequence[SiteDay], resources: Sequence[Resource], rows: list[Row]
) -> Course:
    size = chance.choice((1, 1, 2, 3))
    dates = sorted(chance.sample(range(5), size))
    if 2 not in dates:
        dates[size // 2] = 2
        dates = sorted(set(dates))
    visits = []
    for index in dates:
        found = possible_starts(SHORT, [days[index]], resources, Taken.from_rows(rows))
        if found.starts:
            start = chance.choice(found.starts)
            held = rows_of(found.placements(start.start))
            rows += held
            visits.append(booked((number, index), days[index], start.minute, stranded=False, held=held))
    gaps = [(b.date - a.date).days for a, b in pairwise(visits)]
    wishes = Wishes()
    if chance.random() < 0.4:
        noon = OPENS + 5 * CELLS // 2
        hours = ((OPENS, noon + 15),) if chance.random() < 0.5 else ((noon - 15, OPENS + 5 * CELLS),)
        wishes = Wishes(patient_can=dict.fromkeys(range(7), hours))
    return Course(
        number,
        number,
        SHORT,
        tuple(visits),
        tuple((max(1, gap - 1), gap + 1) for gap in gaps),
        in_window=len(visits),
        window_days=sum(gaps) + 1,
        wishes=wishes,
    )


def _fill(day: SiteDay, resources: Sequence[Resource], rows: list[Row], count: int, chance: random.Random) -> None:
    for _ in range(count):
        found = possible_starts(SHORT, [day], resources, Taken.from_rows(rows))
        if found.starts:
            rows += rows_of(found.placements(chance.choice(found.starts).start))


def check_rescue(request: RescueRequest, rescue: Rescue) -> None:
    """Raise AssertionError where a rescue breaks a count, a need, opening hours, a gap, a window or a wish."""
    courses = {course.key: course for course in request.courses}
    visits = {visit.key: (course, visit) for course in request.courses for visit in course.visits}
    assert len({one.key for one in rescue.proposals}) == len(rescue.proposals)
    proposed = {one.key: one for one in rescue.proposals}
    assert all(proposed[key].follows is False for key, (_, visit) in visits.items() if visit.stranded)
    assert all(visits[one.key][1].stranded or (one.follows and one.moves) for one in rescue.proposals)
    _check_counts(request, rescue)
    for one in rescue.proposals:
        course, visit = visits[one.key]
        assert one.reasons
        if one.new_start is None:
            assert not one.placements
            continue
        day = next(day for day in request.days if day.date == one.new_date)
        spans = day.open if day.open is not None else ((day.start, day.end),)
        assert any(low <= one.new_start and one.new_start + course.shape.cells <= high for low, high in spans)
        assert visit.may_move or one.keeps_time
        if one.moves and course.wishes.patient_can is not None:
            minute = day.minutes[one.new_start - day.start]
            end = minute + 5 * course.shape.cells
            assert any(low <= minute and end <= high for low, high in course.wishes.patient_can[day.date.weekday()])
        if one.moves:
            soonest = request.earliest_cell if one.new_start > one.old_start else request.earlier_cell
            assert one.new_start >= soonest
    for course in courses.values():
        dates = [proposed[v.key].new_date or v.date if v.key in proposed else v.date for v in course.visits]
        assert course.breaks(dates) is None


def _check_counts(request: RescueRequest, rescue: Rescue) -> None:
    """Every cell of every resource, counted from scratch: what is held, less what moved away, plus what is proposed."""
    columns = (request.taken.resource, request.taken.start, request.taken.end, request.taken.lower, request.taken.upper)
    rows = [tuple(int(value) for value in row) for row in zip(*columns, strict=True)]
    held = {v.key: v.held for course in request.courses for v in course.visits}
    for one in rescue.proposals:
        for row in held[one.key] if one.follows else ():
            rows.remove(row)
        rows += held[one.key] if one.new_start is None else ()
    shapes = {v.key: course.shape for course in request.courses for v in course.visits}
    used: Counter[tuple[int, str, int]] = Counter()
    for resource, start, end, low, high in rows:
        for cell in range(start, end):
            used[resource, "unit0", cell] += 1 if low == 0 else 0
            used[resource, "watch", cell] += high - max(low, 1)
    kinds = {one.id: one for one in request.resources}
    there = {
        (number, cell)
        for day in request.days
        for number, stretches in day.present.items()
        for start, end in stretches
        for cell in range(start, end)
    }
    for one in rescue.proposals:
        if one.new_start is not None:
            _check_needs(one.new_start, shapes[one.key], one.placements, kinds)
        for placement in one.placements:
            for cell in range(placement.start, placement.end):
                lane = "watch" if placement.lane is Lane.WATCH else "unit0"
                used[placement.resource, lane, cell] += placement.units
                assert (placement.resource, cell) in there
    for (number, lane, _), count in used.items():
        assert count <= (kinds[number].watch if lane == "watch" else 1)


def _check_needs(start: int, shape: VisitShape, placements: Sequence[object], kinds: dict[int, Resource]) -> None:
    """A chair all through, hands for the preparation, and enough watch units in each cell."""
    for offset in range(shape.cells):
        here = [p for p in placements if p.start <= start + offset < p.end]  # type: ignore[attr-defined]
        chairs = [p for p in here if kinds[p.resource].roles & CHAIR_ROLES]  # type: ignore[attr-defined]
        watching = sum(p.units for p in here if p.lane is Lane.WATCH)  # type: ignore[attr-defined]
        hands = [p for p in here if p.lane is Lane.HANDS]  # type: ignore[attr-defined]
        assert (len(chairs), watching, len(hands)) == (1, UNITS[offset], 1 if offset == 0 else 0)
