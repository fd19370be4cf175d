"""The search behind scheduling.selectors.replanning: a part of a running series as a request to the planner."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from clinic import clock
from scheduling import wishes as wishes_json
from scheduling.models import Appointment
from scheduling.planner.any_order import DatesWanted, fewest_leave
from scheduling.planner.moves import Place, replan, try_replan
from scheduling.planner.search import cheapest_by_date
from scheduling.planner.values import Limit, MoveResult, Pin, Plan, Reason, Refusal, SeriesRequest, Stretches
from scheduling.selectors import series_rules
from scheduling.selectors.day_sheets import load_sheet
from scheduling.selectors.local_days import days_between
from scheduling.selectors.reasons import minute_of
from scheduling.selectors.rest import Rest
from scheduling.selectors.series_rules import local_day
from scheduling.selectors.shapes import shape_for

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
    """One way to search: the visits in order, where each stands (None: nowhere, or it has to leave), and who is fixed.

    `wide`: days between neighbours that may stay as far apart as they stand. `anchors`: the date that each would best
    be near; None: the one that it has.
    """

    line: Line
    places: Sequence[Place | None]
    pins: tuple[Pin, ...]
    wide: Mapping[tuple[UUID, UUID], int]
    anchors: tuple[date, ...] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: the line searched, the plan, why others had to move, and the limits that it goes beyond."""

    line: Line
    plan: Plan
    moved: Mapping[int, Reason]
    beyond: tuple[Reason, ...] = ()

    @property
    def order(self) -> tuple[int, int]:
        """What the better plan has less of: visits that get another time, then points."""
        changed = sum(
            one is not None and clock.cell(one.starts) != visit.start
            for one, visit in zip(self.line, self.plan.visits, strict=True)
        )
        return changed, self.plan.cost


class Search:
    """The free time around what is left of a series, loaded once, to try several orders of its visits on.

    `first_day`: local date before which nothing new lies. `also`: a date that has to be reached. `homeless`: how many
    visits need a new place. `chosen`: a visit that moves although it is fixed. `barred`: a date for nothing new.
    `earliest`: nothing new starts before (aware).
    """

    def __init__(
        self,
        rest: Rest,
        first_day: date,
        *,
        homeless: int,
        also: date | None = None,
        chosen: Appointment | None = None,
        barred: date | None = None,
        earliest: datetime | None = None,
    ) -> None:
        self.rest, self.first_day, self.barred = rest, first_day, barred
        self.earliest = max(clock.cell(rest.now) + 1, clock.cell_up(earliest) if earliest is not None else 0)
        site, now = rest.series.site, rest.now
        movable = [one for one in rest.coming if not rest.is_fixed(one) or one == chosen]
        first, last = self._horizon(homeless, also)
        self.sheet = load_sheet(site, days_between(first, last), now=now, without_visits=[one.pk for one in movable])
        begin, end = clock.day_bounds(first, site.zone)[0], clock.day_bounds(last, site.zone)[1]
        self.base = self._request(series_rules.busy_cells(rest.series.patient, begin, end, without=movable))

    def fewest(
        self,
        count: int,
        places: Mapping[date, Appointment],
        musts: Collection[date],
        wide: Mapping[tuple[UUID, UUID], int],
    ) -> list[date] | None:
        """The dates of `count` visits with as many of `places` kept as can be, in whatever order the visits come then.

        `musts`: dates on which there must be one. `wide`: as in Task. None where there is no way within the limits.
        """
        rest, sheet = self.rest, self.sheet
        line = [*([rest.last_given] if rest.last_given else []), *rest.coming]
        found = fewest_leave(
            DatesWanted(
                count=count,
                kept=frozenset(places),
                musts=frozenset(musts),
                new=cheapest_by_date(self.base, sheet.days, sheet.resources, sheet.taken),
                least=rest.spacing.least,
                most=rest.spacing.most,
                ideal=rest.spacing.ideal,
                previous=self.base.previous_day,
                window=self.base.window_days,
                window_start=self.base.window_start,
                apart={(rest.day(a), rest.day(b)): wide.get((a.pk, b.pk), 0) for a, b in pairwise(line)},
            )
        )
        return None if found is None else list(found)

    def best(self, tasks: Sequence[Task]) -> Found | Refusal:
        """The way that changes the fewest visits, of these the cheapest; where none is possible, why the first is not,
        or the plan that goes beyond the limits that may yield.
        """
        found = [one for one in map(self._try, tasks) if one is not None]
        if found:
            return min(found, key=lambda one: one.order)
        task = tasks[0]
        places = self._within_reach(task)
        answer = replan(self._ask(task), self.sheet.days, self.sheet.resources, self.sheet.taken, places)
        return _found(task, answer) if isinstance(answer, MoveResult) else _beyond(task, answer, places) or answer

    def _try(self, task: Task) -> Found | None:
        answer = try_replan(
            self._ask(task), self.sheet.days, self.sheet.resources, self.sheet.taken, self._within_reach(task)
        )
        return _found(task, answer) if answer is not None else None

    def _ask(self, task: Task) -> SeriesRequest:
        rest = self.rest
        least, most = _gaps(rest, task)
        return replace(
            self.base,
            count=len(task.line),
            min_gap_days=least,
            max_gap_days=most,
            pins=task.pins,
            anchors=task.anchors or tuple(rest.day(one) if one is not None else None for one in task.line),
        )

    def _request(self, busy: Stretches) -> SeriesRequest:
        """What every way of searching has in common."""
        rest, series = self.rest, self.rest.series
        zone, version, last_given = series.site.zone, series.protocol_version, rest.last_given
        wishes = wishes_json.from_json(series.wishes)
        if self.barred is not None:
            wishes = replace(wishes, not_dates=wishes.not_dates | {self.barred})
        return SeriesRequest(
            shape=shape_for(version, series.patient_id),
            count=1,
            first_day=self.first_day,
            min_gap_days=rest.spacing.least,
            max_gap_days=rest.spacing.most,
            ideal_gap_days=rest.spacing.ideal,
            window_days=max(rest.window, rest.span()) + 1 if rest.window is not None else None,
            window_start=rest.day(rest.given[0]) if rest.given and rest.window is not None else None,
            wishes=wishes,
            previous_day=rest.day(last_given) if last_given else None,
            previous_minute=minute_of(last_given.starts, zone) if last_given else None,
            other_days=series_rules.other_infusion_days(
                series.patient, version, zone, without=series, least=rest.spacing.least
            ),
            busy=busy,
            earliest_cell=self.earliest,
            alternatives=1,
        )

    def _within_reach(self, task: Task) -> list[Place | None]:
        """The places, less those from which on the clinic is closed to the end: such visits have to leave."""
        known = [day.date for day in self.sheet.days] + [pin.date for pin in task.pins if pin.booked]
        low, high = (min(known), max(known)) if known else (date.max, date.min)
        return [place if place is not None and low <= place[0] <= high else None for place in task.places]

    def _horizon(self, homeless: int, also: date | None) -> tuple[date, date]:
        """First and last local date that the search looks at: every visit, and room for those that need a new place."""
        rest = self.rest
        today = local_day(rest.now, rest.series.site)
        dates = [self.first_day, *(rest.day(one) for one in rest.coming), *([also] if also is not None else [])]
        step = min(rest.spacing.most, LONGEST_STEP)
        first = max(today, min(dates))
        return first, max(first, *dates) + timedelta(days=step * (homeless + 1) + REACH_DAYS)


def _gaps(rest: Rest, task: Task) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Smallest and largest gap of each pair of neighbours; a pair that stands further apart already may stay so."""
    line: list[Appointment | None] = [*([rest.last_given] if rest.last_given else []), *task.line]
    least, most = [], []
    for before, after in pairwise(line):
        apart = task.wide.get((before.pk, after.pk), 0) if before is not None and after is not None else 0
        least.append(float(rest.spacing.least))
        most.append(float(max(rest.spacing.most, apart)))
    return tuple(least), tuple(most)


def _found(task: Task, answer: MoveResult) -> Found:
    return Found(task.line, answer.plan, dict(zip(answer.moved, answer.reasons, strict=True)))


def _beyond(task: Task, refusal: Refusal, places: Sequence[Place | None]) -> Found | None:
    """The plan that only goes beyond what may yield, if there is one."""
    for one in refusal.relaxations:
        if YIELDING.issuperset(one.limits):
            moved = {
                index: Reason("moved_to_keep_series_possible", {"index": index, "from_date": place[0]})
                for index, place in enumerate(places)
                if place is not None and one.plan.visits[index].start != place[1]
            }
            return Found(task.line, one.plan, moved, one.breaches)
    return None
