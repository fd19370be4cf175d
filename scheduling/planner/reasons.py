"""Why each date: codes without language, for the screens to put into words.

A visit's reasons come in this order: first what decided its day, then one entry for each kind of obstacle on the days
nearer to the ideal that it passed over, then what decided its hour. Parameters are named below; hours are local
minutes.

Day:
    ``pinned``, ``stays_booked``   kept by the clerk, or booked and left alone (date)
    ``first_possible_day``         the first day asked for (date)
    ``ideal_gap``                  the ideal number of days after the visit before (days, since)
    ``nearest_possible_day``       the nearest to the ideal that is possible (days, since, ideal); the obstacles follow
    ``cheaper_day``                a nearer day was possible, but this one suits the whole series better (days, since)
    ``chosen_day``                 a nearer day was possible, but this one was chosen (days, since)
Obstacle (date the first of them, dates all of them; from and until: the starts looked at):
    ``site_closed`` ``too_soon`` ``too_near_other_infusion`` ``gap_limit`` ``window_limit``
    ``patient_not_that_date`` ``patient_cannot`` ``driver_cannot`` ``patient_busy`` ``after_last_day``
    ``patient_and_driver_never_together``
    ``moved_because_no_<kind>_<lane>``   e.g. ``moved_because_no_nurse_hands``: none free for any start (from, until)
    ``moved_because_nothing_together``   each is free at some time, never all at one
    ``better_<term>``                    possible, but dearer, most of all in this term of the cost (points)
    ``better_series``                    possible and no dearer here, but dearer for the visits that follow from it
    ``another_choice``                   the best plan has that date; this plan is offered because it differs
    ``chosen_over``                      possible and no dearer; somebody chose or kept this date all the same
Hour:
    ``same_hour`` (minute)   ``preferred_hours`` (minute)   ``hour_moved`` (minute, wanted, because: an obstacle code)
    ``best_hour`` (minute)
"""

from collections.abc import Iterable, Sequence
from datetime import date as Date
from datetime import timedelta
from typing import Any

import numpy as np

from scheduling.planner import cost
from scheduling.planner.chain import Gap
from scheduling.planner.grid import Bools
from scheduling.planner.problem import Problem
from scheduling.planner.values import CELL_MINUTES, Kind, Lane, Limit, PlannedVisit, Reason

LIMIT_CODES = {
    Limit.NOT_DATES: "patient_not_that_date",
    Limit.LAST_DAY: "after_last_day",
    Limit.PATIENT_HOURS: "patient_cannot",
    Limit.DRIVER_HOURS: "driver_cannot",
    Limit.OTHER_APPOINTMENTS: "patient_busy",
}

#: What is said of a day or an hour that was possible and no dearer, by what kind of plan it is that passes it over.
BEST, ALTERNATIVE, CHOSEN = "better_series", "another_choice", "chosen_over"

Obstacle = tuple[str, dict[str, Any]]


def explain(
    problem: Problem, visits: Sequence[PlannedVisit], index: int, relaxed: frozenset[Limit], otherwise: str = BEST
) -> tuple[Reason, ...]:
    """The reasons of one visit of a finished plan; `otherwise`: BEST, ALTERNATIVE or CHOSEN."""
    visit = visits[index]
    if problem.booked_at(index, (visit.date - problem.base).days, problem.slot(visit.minute)):
        return (Reason("stays_booked", {"date": visit.date}),)
    if index in problem.pins:
        return (Reason("pinned", {"date": visit.date}),)
    why = _Why(problem, visits, index, relaxed, otherwise)
    return (*why.day(), *why.hour())


class _Why:
    """Asks, for one visit with its neighbours where they are, what stood against each better day and hour."""

    def __init__(
        self,
        problem: Problem,
        visits: Sequence[PlannedVisit],
        index: int,
        relaxed: frozenset[Limit],
        otherwise: str,
    ) -> None:
        self.problem, self.request, self.relaxed = problem, problem.request, relaxed
        self.visit, self.visits, self.index = visits[index], visits, index
        self.otherwise = otherwise
        self.table = problem.table(relaxed)
        self.prices, _ = problem.open_prices(relaxed)

    # -- the day -------------------------------------------------------------------------------------------------

    def day(self) -> list[Reason]:
        """What decided the day, then the obstacles on the days passed over."""
        visit, since, gap = self.visit, self._since(), self._gap_before()
        if since is None or gap is None:
            wanted = self.request.first_day
            if visit.date == wanted:
                return [Reason("first_possible_day", {"date": visit.date})]
            params: dict[str, Any] = {"since": wanted, "days": (visit.date - wanted).days, "ideal": 0}
            passed = [wanted + timedelta(days=one) for one in range((visit.date - wanted).days)]
        else:
            ideal, days = gap.ideal, (visit.date - since).days
            params = {"since": since, "days": days, "ideal": ideal}
            if abs(days - ideal) < 1:
                return [Reason("ideal_gap", params)]
            nearer = int(abs(days - ideal)) + 1
            around = range(round(ideal) - nearer, round(ideal) + nearer + 1)
            passed = [since + timedelta(days=one) for one in around if one > 0 and abs(one - ideal) < abs(days - ideal)]
        obstacles = [(date, *self._obstacle(date)) for date in passed]
        return [Reason(_day_code([code for _, code, _ in obstacles]), params), *_grouped(obstacles)]

    def _gap_before(self) -> Gap | None:
        gaps = self.problem.gaps_between(self.relaxed)
        return gaps[self.index - 1] if self.index else self.problem.gap_before(self.relaxed)

    def _gap_after(self) -> Gap | None:
        gaps = self.problem.gaps_between(self.relaxed)
        return gaps[self.index] if self.index < len(gaps) else self.problem.gap_after(self.relaxed)

    def _since(self) -> Date | None:
        return self.visits[self.index - 1].date if self.index else self.request.previous_day

    def _until(self) -> Date | None:
        after = self.index + 1
        return self.visits[after].date if after < len(self.visits) else self.request.next_day

    def _obstacle(self, date: Date) -> Obstacle:
        """What stands against ``date`` for this visit."""
        number = self.problem.day_at.get((date - self.problem.base).days)
        if number is None and date < self.request.first_day:
            return "too_soon", {}  # the days before the first one asked for are not even loaded
        if number is None or not self.table.fits[number].any():
            return "site_closed", {}
        fits = self.table.fits[number]
        if not (fits & self.problem.firm[number]).any():
            near = any(abs((date - other).days) < least for other, least in self.request.other_days)
            return ("too_near_other_infusion" if near else "too_soon"), {}
        return self._wish_obstacle(number, fits & self.problem.firm[number]) or self._dearer(date, number)

    def _wish_obstacle(self, number: int, possible: Bools) -> Obstacle | None:
        left = possible.copy()
        for limit, mask in self.problem.limits.items():
            if limit not in self.relaxed:
                if not (possible & mask[number]).any():
                    return LIMIT_CODES[limit], {}
                left &= mask[number]
        if not left.any():
            return "patient_and_driver_never_together", {}
        return self._resource_obstacle(number, left)

    def _resource_obstacle(self, number: int, possible: Bools) -> Obstacle | None:
        minutes = self.problem.grid.minutes[number][possible]
        looked = {"from": int(minutes.min()), "until": int(minutes.max()) + CELL_MINUTES}
        for (kind, lane), mask in self.table.factors.items():
            if not (possible & mask[number]).any():
                return lack_code(kind, lane), looked
        if not (possible & (self.table.costs[number] < cost.IMPOSSIBLE)).any():
            return "moved_because_nothing_together", looked
        return None

    def _dearer(self, date: Date, number: int) -> Obstacle:
        """The date was possible by itself: what spoke against it is a neighbour's gap, the window, or the cost."""
        since, until, before, after = self._since(), self._until(), self._gap_before(), self._gap_after()
        if since is not None and before is not None and not before.allows((date - since).days):
            return "gap_limit", {}
        if until is not None and after is not None and not after.allows((until - date).days):
            return "gap_limit", {}
        if self._breaks_window(date):
            return "window_limit", {}
        here = self._local_terms(self.visit.date, self.visit.minute, dict(self.visit.terms))
        there = self._terms_on(date, number)
        if sum(there.values()) <= sum(here.values()):
            return self.otherwise, {}
        term = max(cost.TERMS, key=lambda name: there[name] - here[name])
        return f"better_{term}", {"points": there[term] - here[term]}

    def _breaks_window(self, date: Date) -> bool:
        request = self.request
        if request.window_days is None or Limit.WINDOW in self.relaxed:
            return False
        first = date if self.index == 0 else self.visits[0].date
        last = date if self.index == len(self.visits) - 1 else self.visits[-1].date
        return (last - (request.window_start or first)).days >= request.window_days

    def _terms_on(self, date: Date, number: int) -> dict[str, int]:
        """The terms of the start on ``date`` that would be cheapest between the neighbours as they are."""
        minutes = self.problem.grid.minutes[number].astype(np.int64)
        total = self.prices[number].astype(np.int64)
        for minute in self._minutes_beside():
            total = total + cost.SAME_HOUR * np.abs(minutes // CELL_MINUTES - minute // CELL_MINUTES)
        at = int(total.argmin())
        return self._local_terms(date, int(minutes[at]), dict(self.table.assign(number, at).terms))

    def _minutes_beside(self) -> list[int]:
        before = [self.visits[self.index - 1].minute] if self.index else [self.request.previous_minute]
        after = [one.minute for one in self.visits[self.index + 1 : self.index + 2]]
        return [minute for minute in (*before, *after) if minute is not None]

    def _local_terms(self, date: Date, minute: int, served: dict[str, int]) -> dict[str, int]:
        """All terms that this visit has a part in, on ``date`` at ``minute``, the gaps on both sides included."""
        since, until, request, wishes = self._since(), self._until(), self.request, self.request.wishes
        terms = dict.fromkeys(cost.TERMS, 0) | {
            name: served.get(name, 0) for name in ("fragmentation", "nurse_load", "handover")
        }
        before, after = self._gap_before(), self._gap_after()
        if since is not None and before is not None:
            terms["spacing"] += cost.spacing((date - since).days, before.ideal)
        else:
            terms["first_day"] = cost.FIRST_DAY * max(0, (date - request.first_day).days)
        if until is not None and after is not None:
            terms["spacing"] += cost.spacing((until - date).days, after.ideal)
        apart = [abs(minute // CELL_MINUTES - other // CELL_MINUTES) for other in self._minutes_beside()]
        terms["same_hour"] = cost.SAME_HOUR * sum(apart)
        outside = cost.hours_outside(minute, wishes.preferred_from, wishes.preferred_until)
        terms["preferred_hours"] = cost.PREFERRED_HOURS * outside
        terms["round_start"] = cost.round_start(minute)
        if wishes.preferred_weekdays and date.weekday() not in wishes.preferred_weekdays:
            terms["preferred_weekday"] = cost.PREFERRED_WEEKDAY
        anchor = request.anchors[self.index] if self.index < len(request.anchors) else None
        terms["moved"] = cost.moved((date - anchor).days) if anchor is not None else 0
        return terms

    # -- the hour ------------------------------------------------------------------------------------------------

    def hour(self) -> list[Reason]:
        """What decided the hour."""
        visit, wishes = self.visit, self.request.wishes
        before = self.visits[self.index - 1].minute if self.index else self.request.previous_minute
        if before is not None and before == visit.minute:
            return [Reason("same_hour", {"minute": visit.minute})]
        if before is not None:
            because = self._hour_obstacle(before)
            return [Reason("hour_moved", {"minute": visit.minute, "wanted": before, "because": because})]
        preferred = wishes.preferred_from is not None or wishes.preferred_until is not None
        if preferred and not cost.hours_outside(visit.minute, wishes.preferred_from, wishes.preferred_until):
            return [Reason("preferred_hours", {"minute": visit.minute})]
        return [Reason("best_hour", {"minute": visit.minute})]

    def _hour_obstacle(self, minute: int) -> str:
        """The code of what stands against starting at local ``minute`` on the visit's own day."""
        number = self.problem.day_at[(self.visit.date - self.problem.base).days]
        at = self.problem.grid.minutes[number] == minute
        if not (at & self.table.fits[number]).any():
            return "site_closed"
        if not (at & self.problem.firm[number]).any():
            return "too_soon"
        found = self._wish_obstacle(number, at & self.table.fits[number] & self.problem.firm[number])
        if found:
            return found[0]
        return self.otherwise


def _day_code(obstacles: Sequence[str]) -> str:
    """The code of a day that is not the ideal one, by what stood against the nearer ones."""
    if CHOSEN in obstacles:
        return "chosen_day"
    soft = any(code.startswith("better_") or code == ALTERNATIVE for code in obstacles)
    return "cheaper_day" if soft else "nearest_possible_day"


def lack_code(kind: Kind, lane: Lane) -> str:
    """The code that says which kind and lane had nothing free."""
    return f"moved_because_no_{kind}_{lane}"


def _grouped(obstacles: Iterable[tuple[Date, str, dict[str, Any]]]) -> list[Reason]:
    """One reason a code: the first date's parameters, and all dates."""
    found: dict[str, dict[str, Any]] = {}
    for date, code, params in obstacles:
        if code in found:
            found[code]["dates"] = (*found[code]["dates"], date)
        else:
            found[code] = {"date": date, "dates": (date,), **params}
    return [Reason(code, params) for code, params in found.items()]
