"""Somebody was quicker: the next best plan is not only shown but kept for a few minutes, so that nobody loses twice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.permissions import Permission
from scheduling.actions import placing
from scheduling.actions.offers import write_offer
from scheduling.actions.series_writing import (
    SeriesOrder,
    check_order,
    check_patient,
    explained_by,
    question_of,
)
from scheduling.models import Offer
from scheduling.planner.values import SeriesRequest
from scheduling.selectors import planning, swapping
from scheduling.selectors.day_sheets import Sheet
from scheduling.selectors.shapes import shape_for

KEPT_FOR = timedelta(minutes=5)
"""Long enough to read the dates to the patient on the telephone, short enough to be missed by nobody."""


@dataclass(frozen=True, slots=True)
class NextBest:
    """What is kept, and the plan in it beside the one that came too late."""

    offer: Offer
    worked: swapping.WorkedPlan


@action
def keep_next_best(*, by: Actor, order: SeriesOrder, fixed: swapping.Fixed) -> NextBest | None:
    """Hold for KEPT_FOR what is now nearest to the plan of `order`, a part of which was taken: only what was taken
    moves, and what must move along; where that is not possible, the best plan that there is. None when there is none
    any more. `fixed`: dates that the clerk fixed stay as long as they are free.

    It looks while it has the site's calendar for itself: what it finds cannot be taken in between, and whoever waits
    gets a turn, the first of those who wait first.

    Raises:
        Refused: the first day is past, the patient cannot be booked, or the protocol is none of this site.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    now = clock.now()
    planning.check_first_day(order.first_day, order.site, now)
    shape = shape_for(order.version, order.patient)
    placing.take_locks(order.site, order.patient, None, shape)
    request, sheet = question_of(order, now)
    worked = _nearest(request, sheet, order.starts, fixed)
    if worked is None:
        return None
    order = replace(order, starts=planning.moments_of(worked.plan))
    check_order(order, now)
    check_patient(order, shape)
    placing.clear_lapsed(sheet, order.days, now)
    placements = [visit.placements for visit in worked.plan.visits]
    with placing.as_just_taken(sheet.zone):
        offer = write_offer(order, explained_by(worked.plan), placements, lasts=KEPT_FOR, by=by, now=now)
    return NextBest(offer, worked)


def _nearest(
    request: SeriesRequest, sheet: Sheet, starts: Sequence[datetime], fixed: swapping.Fixed
) -> swapping.WorkedPlan | None:
    if len(starts) == request.count:
        worked = swapping.worked_plan(swapping.with_fixed(request, sheet, fixed), sheet, starts, None)
        if isinstance(worked, swapping.WorkedPlan):
            return worked
    best = swapping.best_plans(request, sheet).best
    return swapping.WorkedPlan(best, {}, {}, frozenset()) if best is not None else None
