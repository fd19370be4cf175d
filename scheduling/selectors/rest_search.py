"""The search behind scheduling.selectors.replanning: a part of a running series as a request to the planner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

from clinic import clock
from scheduling import wishes as wishes_json
from scheduling.models import Appointment
from scheduling.planner.moves import Place, replan
from scheduling.planner.values import Limit, MoveResult, Pin, Plan, Reason, Refusal, SeriesRequest
from scheduling.selectors import series_rules
from scheduling.selectors.day_sheets import load_sheet
from scheduling.selectors.local_days import days_between
from scheduling.selectors.reasons import minute_of
from scheduling.selectors.rest import NO_LIMIT, Rest
from scheduling.selectors.series_rules import local_day
from scheduling.selectors.shapes import visit_shape

#: What a plan may go beyond when a visit was lost: these are wishes of the protocol, the smallest gap is not.
YIELDING = frozenset({Limit.WINDOW, Limit.GAP_MAX})
#: How far the search looks past the last visit, beyond the gaps themselves: a clinic may be full for two weeks.
REACH_DAYS = 14
#: A gap without an upper limit is searched for this many days.
LONGEST_STEP = 42

Line = Sequence[Appointment | None]
"""The visits of a part of a series in order; None is one that has no place yet."""


@dataclass(frozen=True, slots=True)
class Task:
    """One search: the visits in order, where each stands (None: nowhere, or it has to leave), and who is fixed.

    `wide`: days between neighbours that may stay as far apart as they stand.
    """

    rest: Rest
    line: Line
    places: Sequence[Place | None]
    pins: tuple[Pin, ...]
    first_day: date
    wide: Mapping[tuple[UUID, UUID], int]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: the plan, why others had to move, and the limits it goes beyond."""

    plan: Plan
    moved: Mapping[int, Reason]
    beyond: tuple[Reason, ...] = ()


def search(task: Task) -> Found | Refusal:
    rest, series = task.rest, task.rest.series
    site, version, now = series.site, series.protocol_version, rest.now
    first, last = _horizon(task)
    stays = {pin.index for pin in task.pins if pin.booked}
    movable = [one for index, one in enumerate(task.line) if one is not None and index not in stays]
    sheet = load_sheet(site, days_between(first, last), now=now, without_visits=[one.pk for one in movable])
    begin, end = clock.day_bounds(first, site.zone)[0], clock.day_bounds(last, site.zone)[1]
    known = [day.date for day in sheet.days] + [pin.date for pin in task.pins if pin.booked]
    reached = (min(known), max(known)) if known else (first, first)
    # Where the clinic is closed from a visit's day to the end of the search, the visit has to leave.
    places = [place if place and reached[0] <= place[0] <= reached[1] else None for place in task.places]
    least, most = _gaps(task)
    last_given = rest.last_given
    request = SeriesRequest(
        shape=visit_shape(version),
        count=len(task.line),
        first_day=task.first_day,
        min_gap_days=least,
        max_gap_days=most,
        ideal_gap_days=rest.spacing.ideal,
        window_days=max(rest.window, rest.span()) + 1 if rest.window is not None else None,
        window_start=rest.day(rest.given[0]) if rest.given and rest.window is not None else None,
        wishes=wishes_json.from_json(series.wishes),
        previous_day=rest.day(last_given) if last_given else None,
        previous_minute=minute_of(last_given.starts, site.zone) if last_given else None,
        other_days=series_rules.other_infusion_days(series.patient, version, site.zone, without=series),
        busy=series_rules.busy_cells(series.patient, begin, end, without=movable),
        earliest_cell=clock.cell(now) + 1,
        pins=task.pins,
        anchors=tuple(rest.day(one) if one is not None else None for one in task.line),
        alternatives=1,
    )
    answer = replan(request, sheet.days, sheet.resources, sheet.taken, places)
    return _found(answer, places)


def _gaps(task: Task) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Smallest and largest gap of each pair of neighbours; a pair that stands further apart already may stay so."""
    rest = task.rest
    line: list[Appointment | None] = [*([rest.last_given] if rest.last_given else []), *task.line]
    least, most = [], []
    for before, after in pairwise(line):
        apart = task.wide.get((before.pk, after.pk), 0) if before is not None and after is not None else 0
        least.append(float(rest.spacing.least))
        most.append(float(max(rest.spacing.most, apart)))
    return tuple(least), tuple(most)


def _horizon(task: Task) -> tuple[date, date]:
    """First and last local date that the search looks at: every visit, and room for those that need a new place."""
    rest = task.rest
    today = local_day(rest.now, rest.series.site)
    dates = [task.first_day, *(rest.day(one) for one in task.line if one is not None), *(p.date for p in task.pins)]
    homeless = sum(place is None for place in task.places)
    step = min(rest.spacing.most, LONGEST_STEP) if rest.spacing.most < NO_LIMIT else LONGEST_STEP
    first = max(today, min(dates))
    return first, max(first, *dates) + timedelta(days=step * (homeless + 1) + REACH_DAYS)


def _found(answer: MoveResult | Refusal, places: Sequence[Place | None]) -> Found | Refusal:
    if isinstance(answer, MoveResult):
        return Found(answer.plan, dict(zip(answer.moved, answer.reasons, strict=True)))
    for one in answer.relaxations:
        if YIELDING.issuperset(one.limits):
            moved = {
                index: Reason("moved_to_keep_series_possible", {"index": index, "from_date": place[0]})
                for index, place in enumerate(places)
                if place is not None and one.plan.visits[index].start != place[1]
            }
            return Found(one.plan, moved, one.breaches)
    return answer
