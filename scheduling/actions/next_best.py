"""Somebody was quicker: the next best plan is not only shown but kept for a few minutes, so that nobody loses twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.models import Site
from clinic.permissions import Permission
from patients.models import Patient
from scheduling.actions import holds, placing
from scheduling.actions.offers import write_offer
from scheduling.actions.series_writing import Explained, SeriesOrder, check_order, check_patient
from scheduling.models import Offer, ProtocolVersion
from scheduling.planner.values import SeriesRequest, Wishes
from scheduling.selectors import planning, reasons, swapping
from scheduling.selectors.day_sheets import Sheet
from scheduling.selectors.local_days import LocalDay
from scheduling.selectors.shapes import visit_shape

KEPT_FOR = timedelta(minutes=5)
"""Long enough to read the dates to the patient on the telephone, short enough to be missed by nobody."""


@dataclass(frozen=True, slots=True)
class NextBest:
    """What is kept, and the plan in it beside the one that came too late."""

    offer: Offer
    worked: swapping.WorkedPlan


@action
def keep_next_best(
    *,
    by: Actor,
    patient: Patient,
    site: Site,
    version: ProtocolVersion,
    first_day: date,
    wishes: Wishes,
    starts: Sequence[datetime],
    fixed: swapping.Fixed,
) -> NextBest | None:
    """Hold for KEPT_FOR what is now nearest to the plan with these `starts` (aware), a part of which was taken: only
    what was taken moves, and what must move along; where that is not possible, the best plan that there is. None when
    there is none any more. `fixed`: dates that the clerk fixed stay as long as they are free.

    It looks while it holds the locks of every day that the plan may use: what it finds cannot be taken in between, so
    whoever waits gets a turn, and the first of those who wait first.

    Raises:
        Refused: the first day is past, the patient cannot be booked, or the protocol is none of this site.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    now = clock.now()
    planning.check_first_day(first_day, site, now)
    shape = visit_shape(version)
    days = planning.days_of_search(version, first_day, version.sessions)
    placing.take_locks(site, patient, days, shape)
    request, sheet = planning.series_question(
        site=site,
        version=version,
        wishes=wishes,
        first_day=first_day,
        patient=patient,
        now=now,
        alternatives=1,
    )
    worked = _nearest(request, sheet, sorted(starts), fixed)
    if worked is None:
        return None
    plan = worked.plan
    order = SeriesOrder(patient, site, version, first_day, wishes, tuple(planning.moments_of(plan)))
    check_order(order, now)
    check_patient(order, shape)
    windows = [(day.first, day.end) for day in (LocalDay(on, site.zone) for on in order.days)]
    holds.delete_lapsed([one.id for one in sheet.resources], windows, now)
    with placing.as_just_taken(sheet):
        offer = write_offer(
            order,
            Explained(tuple(reasons.to_json(visit.reasons) for visit in plan.visits), dict(plan.terms)),
            [visit.placements for visit in plan.visits],
            lasts=KEPT_FOR,
            by=by,
            now=now,
        )
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
