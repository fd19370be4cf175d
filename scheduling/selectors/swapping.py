"""A plan that the clerk works on before it is booked: dates fixed, one date swapped, the rest left as it is.

Reads only, and nothing is kept between two looks: the page's address carries the plan. What was taken meanwhile is
planned anew as near as possible to where it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import date, datetime

from clinic import clock
from scheduling.planner.search import search_series
from scheduling.planner.swaps import Target, Worked, targets, work_on
from scheduling.planner.values import Pin, Plan, Refusal, SeriesRequest, SeriesResult
from scheduling.selectors.day_sheets import Sheet
from scheduling.selectors.planning import SLOT_MINUTES
from scheduling.selectors.reasons import explain, explain_refusal

#: How far from its present date a visit may go when others have to move along with it, in days: a week either way.
ALONG_WITHIN_DAYS = 7

Fixed = Mapping[int, datetime]
"""Number of the visit (from 1) and the start (aware) at which the clerk has fixed it."""


@dataclass(frozen=True, slots=True)
class WorkedPlan:
    """The clerk's plan as it now stands. `was`: by number of the visit, the start (UTC) that it had to leave; `why`:
    in words, for those; `lost`: numbers of the visits whose time is gone or no longer wished.
    """

    plan: Plan
    was: Mapping[int, datetime]
    why: Mapping[int, str]
    lost: frozenset[int]


@dataclass(frozen=True, slots=True)
class OtherDate:
    """A date that a visit could have instead: `starts` (UTC) with whether each keeps to the wishes; `moves`: how many
    other visits would move along.
    """

    date: date
    moves: int
    starts: Sequence[tuple[datetime, bool]]

    @property
    def is_wished(self) -> bool:
        """Whether any of its times keeps to the wishes."""
        return any(wished for _, wished in self.starts)


def with_fixed(request: SeriesRequest, sheet: Sheet, fixed: Fixed) -> SeriesRequest:
    """The question to the planner with these visits kept where the clerk fixed them."""
    pins = tuple(_pin(sheet, number, starts) for number, starts in sorted(fixed.items()) if number <= request.count)
    return changed(request, pins=pins)


def best_plans(request: SeriesRequest, sheet: Sheet) -> SeriesResult:
    """The best plan and the others, as `planning.plan_series` finds them, for a question that is there already."""
    return search_series(request, sheet.days, sheet.resources, sheet.taken)


def worked_plan(
    request: SeriesRequest, sheet: Sheet, starts: Sequence[datetime], swap: tuple[int, datetime] | None
) -> WorkedPlan | list[str]:
    """The plan with these starts (aware), after `swap` (number of the visit, its new start); or why it cannot be.

    `request`: from `with_fixed`. As many starts as the series has visits.
    """
    places = [_place(sheet, one) for one in starts]
    pin = _pin(sheet, *swap) if swap is not None else None
    found = work_on(request, sheet.days, sheet.resources, sheet.taken, places, pin)
    if isinstance(found, Refusal):
        return explain_refusal(found, sheet.zone)
    return _in_words(found, starts, swap, sheet)


def other_dates(request: SeriesRequest, sheet: Sheet, starts: Sequence[datetime], number: int) -> list[OtherDate]:
    """Where visit `number` of the plan with these starts (aware) could go instead, by local date.

    Times lie on the quarters of the hour; a date on which others move along has its best time only.
    """
    places = [_place(sheet, one) for one in starts]
    found = targets(
        request,
        sheet.days,
        sheet.resources,
        sheet.taken,
        places,
        number - 1,
        within_days=ALONG_WITHIN_DAYS,
    )
    return [one for target in found if (one := _other_date(target)).starts]


def _other_date(target: Target) -> OtherDate:
    shown = [one for one in target.starts if target.moves or one.minute % SLOT_MINUTES == 0]
    return OtherDate(target.date, target.moves, [(clock.of_cell(one.start), one.is_wished) for one in shown])


def _in_words(found: Worked, starts: Sequence[datetime], swap: tuple[int, datetime] | None, sheet: Sheet) -> WorkedPlan:
    now = [clock.of_cell(visit.start) for visit in found.plan.visits]
    was = {number: old for number, (old, new) in enumerate(zip(starts, now, strict=True), start=1) if old != new}
    why = {index + 1: explain(reason, sheet.zone) for index, reason in zip(found.moved, found.reasons, strict=True)}
    return WorkedPlan(found.plan, was, why, frozenset(index + 1 for index in found.lost))


def _place(sheet: Sheet, starts: datetime) -> tuple[date, int]:
    return clock.local(starts, sheet.zone).date(), clock.cell(starts)


def _pin(sheet: Sheet, number: int, starts: datetime) -> Pin:
    return Pin(number - 1, *_place(sheet, starts))
