"""What boosters of a series that a doctor or the calendar asks for take: the locks, the checks, the writing.

Called inside the actions of boosters.py, beside this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused, Stale
from scheduling import status
from scheduling.actions import booking, holds, moving, placing
from scheduling.actions.holds import ToHold
from scheduling.actions.series_writing import CHOSEN, is_cleared, open_rides
from scheduling.models import Appointment, Series
from scheduling.planner.values import VisitShape
from scheduling.selectors import series_rules
from scheduling.selectors.boosters import BOOSTERS_AHEAD, Standing, first_gap, next_number, standing_of
from scheduling.selectors.intervals import Interval
from scheduling.selectors.series_rules import date_words, local_day

Status = Appointment.Status
Why = Mapping[datetime, list[dict[str, Any]]]
"""Reasons (JSON) by start."""


@dataclass(slots=True)
class Difference:
    """What is written: visits with their old start, visits to cancel, and starts of new ones. Times in UTC."""

    moved: list[tuple[Appointment, datetime]]
    cancelled: list[Appointment]
    new: list[datetime]


def lock(
    series: Series, shape: VisitShape, starts: Sequence[datetime], now: datetime, moves_near: bool
) -> tuple[Series, Standing]:
    """The series and its boosters as they are now, under the locks of the old days and of the new ones."""
    site = series.site
    old = {local_day(one.starts, site) for one in standing_of(series, now, moves_near=moves_near).movable}
    placing.take_locks(site, series.patient, old | {local_day(one, site) for one in starts}, shape)
    fresh = Series.objects.to_change(series.pk)
    standing = standing_of(fresh, now, moves_near=moves_near)
    if not {local_day(one.starts, site) for one in standing.movable} <= old:
        raise Stale("Somebody has just changed the boosters of this series. Nothing was changed; look at them again.")
    return fresh, standing


def wanted_of(starts: Sequence[datetime], standing: Standing) -> list[datetime]:
    """Those of `starts` at which nothing stands yet, in order. Raises Stale when there are more than may be."""
    stays = {one.starts for one in standing.staying}
    wanted = sorted(set(starts) - stays)
    if len(wanted) > standing.to_plan:
        raise Stale(
            f"No more than {BOOSTERS_AHEAD} boosters are booked ahead, and {len(standing.staying)} of them stay as "
            "they are. Nothing was changed; look at the preview again."
        )
    return wanted


def check(
    series: Series,
    interval: Interval,
    standing: Standing,
    wanted: Sequence[datetime],
    shape: VisitShape,
    now: datetime,
    *,
    used: int = 0,
) -> None:
    """Raise Refused unless these starts are legal: in the future, the interval kept, the patient free."""
    site = series.site
    placing.check_starts(wanted, site.zone, now)
    placing.check_bookable(series.patient, site)
    days = [local_day(one, site) for one in wanted]
    if days and standing.last is not None:
        least, most, _ = first_gap(series, interval, standing, used)
        _check_gap(local_day(standing.last.starts, site), days[0], least, most)
    for number, (earlier, later) in enumerate(pairwise(days), start=used + 1 - interval.extra_now):
        _check_gap(earlier, later, *interval.gap(series, number)[:2])
    if days and (interval.is_as_needed or (interval.ends_on is not None and days[-1] > interval.ends_on)):
        raise Stale("Fewer boosters are to be booked than this page shows. Nothing was changed; look at it again.")
    others = series_rules.other_infusion_days(series.patient, series.protocol_version, site.zone, without=series)
    series_rules.check_other_infusions(days, others)
    length = timedelta(minutes=clock.CELL_MINUTES * shape.cells)
    placing.check_patient_free(
        series.patient,
        [(one, one + length) for one in wanted],
        site.zone,
        without=[one.pk for one in standing.movable],
    )


def _check_gap(earlier: date, later: date, least: int, most: int) -> None:
    days = (later - earlier).days
    if not least <= days <= most:
        raise Refused(
            f"{date_words(later)} is {days} days after {date_words(earlier)}; the interval allows {least} to {most}. "
            "Nothing was changed.",
            field="starts",
            code="gap",
        )


def difference_of(standing: Standing, wanted: Sequence[datetime]) -> Difference:
    """Old boosters and new starts, paired in order of time; a pair that agrees is left alone."""
    pairs = list(zip(standing.movable, wanted, strict=False))
    return Difference(
        moved=[(visit, starts) for visit, starts in pairs if visit.starts != starts],
        cancelled=standing.movable[len(pairs) :],
        new=list(wanted[len(pairs) :]),
    )


def write(
    series: Series, difference: Difference, shape: VisitShape, *, by: Actor, now: datetime, reason: str, why: Why
) -> list[Appointment]:
    """Cancel, move and book; `difference.moved` has the old starts afterwards. The new visits that are booked."""
    site = series.site
    length = timedelta(minutes=clock.CELL_MINUTES * shape.cells)
    placed = [*(starts for _, starts in difference.moved), *difference.new]
    leaving = [*(visit for visit, _ in difference.moved), *difference.cancelled]
    sheet = placing.free_sheet(
        site, {local_day(one, site) for one in placed}, now, without_visits=[one.pk for one in leaving]
    )
    placements = placing.place(sheet, shape, placed)
    booking.cancel_visits(difference.cancelled, f"New booster interval: {reason.strip()}")
    with placing.as_just_taken(sheet.zone):
        holds.release([visit for visit, _ in difference.moved])
        target = {visit.pk: starts for visit, starts in difference.moved}
        difference.moved = [(visit, visit.starts) for visit, _ in difference.moved]
        for visit in moving.in_safe_order([visit for visit, _ in difference.moved], target):
            starts = target[visit.pk]
            moving.put_at(visit, starts, starts + length, reason, why.get(starts))
            _fit_status(visit, series)
        new = _create(series, difference.new, length, by=by, now=now, why=why)
        visits = [*(visit for visit, _ in difference.moved), *new]
        holds.write([ToHold(one, appointment=visit.pk) for visit, one in zip(visits, placements, strict=True)])
    return [visit for visit in new if visit.status == Status.BOOKED]


def _fit_status(visit: Appointment, series: Series) -> None:
    """Booked where a clearance covers the new date, held otherwise (promise 4)."""
    covered = is_cleared(series.patient, series.protocol_version, local_day(visit.starts, series.site))
    wanted = Status.BOOKED if covered else Status.PROPOSED
    if visit.status != wanted:
        status.move(visit, wanted, reason=visit.status_reason)


def _create(
    series: Series, starts: Sequence[datetime], length: timedelta, *, by: Actor, now: datetime, why: Why
) -> list[Appointment]:
    first = next_number(series)
    created = []
    for number, one in enumerate(starts, start=first):
        covered = is_cleared(series.patient, series.protocol_version, local_day(one, series.site))
        created.append(
            Appointment(
                patient=series.patient,
                site=series.site,
                series=series,
                protocol_version=series.protocol_version,
                kind=Appointment.Kind.BOOSTER,
                number=number,
                status=Status.BOOKED if covered else Status.PROPOSED,
                starts=one,
                ends=one + length,
                plan_reasons=why.get(one) or CHOSEN,
                created_at=now,
                created_by=by.user,
            )
        )
    visits = Appointment.objects.bulk_create(created)
    open_rides(series.protocol_version, visits)
    return visits
