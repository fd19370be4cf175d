"""A doctor sets how often boosters come; every booking that follows from it is made here, whole, and told once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Unpack
from uuid import UUID

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused, Stale
from clinic.models import StaffMember
from clinic.permissions import Permission
from scheduling import status
from scheduling.actions import booking, booster_dates, holds, moving, placing, rides
from scheduling.actions.holds import ToHold
from scheduling.actions.once import earlier_result, keep_result
from scheduling.actions.series_writing import CHOSEN, is_cleared, open_rides
from scheduling.messages import ledger
from scheduling.models import Appointment, BoosterPlan, Series
from scheduling.planner.values import VisitShape
from scheduling.selectors import reasons, series_rules
from scheduling.selectors.boosters import (
    BOOSTERS_AHEAD,
    BoosterMove,
    BoosterPreview,
    Standing,
    as_they_stand,
    first_gap,
    next_boosters,
    next_number,
    preview_interval,
    standing_of,
    to_roll_on,
    why_not_yet,
)
from scheduling.selectors.intervals import Interval, Pattern, interval_of, steps_used
from scheduling.selectors.response import suggested_now
from scheduling.selectors.series_rules import date_words, local_day
from scheduling.selectors.shapes import shape_for
from scheduling.selectors.singles import Single, near_infusions

__all__ = ["BOOSTERS_AHEAD", "BoosterMove", "BoosterPreview", "preview_interval", "set_booster_interval"]

Status = Appointment.Status
Why = Mapping[datetime, list[dict[str, Any]]]
"""Reasons (JSON) by start."""


@dataclass(slots=True)
class Difference:
    """What is written: visits with their old start, visits to cancel, and starts of new ones. Times in UTC."""

    moved: list[tuple[Appointment, datetime]]
    cancelled: list[Appointment]
    new: list[datetime]


@action
def set_booster_interval(
    *,
    by: Actor,
    series: Series,
    interval_days: int,
    tolerance_days: int,
    reason: str,
    starts: Sequence[datetime],
    key: UUID,
    moves_near: bool = False,
    review_on: date | None = None,
    measure: str = "",
    **more: Unpack[Pattern],
) -> BoosterPlan:
    """Write down the interval and book the boosters at exactly these `starts` (aware), as the preview showed them.

    The series is in maintenance from now on. Boosters inside the notice period stay, whether `starts` names them or
    not, unless `moves_near` says otherwise. `more`: the pattern, as the preview took it. What the curve of `measure`
    (empty: the score with the most values) suggests now is kept beside what was decided.
    The patient is told once, and asked whether each new time suits. The same key again returns the same plan.

    Raises:
        Refused: no reason, an interval out of range, infusions still to come, a start that breaks the interval, the
        site
            closed, the patient elsewhere then.
        JustTaken: a start is no longer free; nothing has moved.
        Stale: the boosters were changed since the preview.
        NotAllowed: the actor is no doctor.
    """
    doctor = _doctor(by)
    done = earlier_result(key, "set_booster_interval", by)
    if done is not None:
        return BoosterPlan.objects.get(pk=done["plan"])
    now, interval = clock.now(), Interval(interval_days, tolerance_days, **more)
    today = clock.local(now, series.site.zone).date()
    if not reason.strip():
        raise Refused("Say why the interval is set; it is kept with it.", field="reason")
    wrong = interval.problems(today)
    if wrong:
        raise Refused(wrong[0], field="interval_days")
    if review_on is not None and review_on <= today:
        raise Refused("The day to look at it again must lie ahead. Nothing was changed.", field="review_on")
    shape = shape_for(series.protocol_version, series.patient_id)
    why = _reasons(series, interval, now, moves_near)
    series, standing = _locked(series, shape, starts, now, moves_near)
    problems = why_not_yet(series, standing)
    if problems:
        raise Refused(problems[0])
    wanted = _wanted(starts, standing)
    _check_wanted(series, interval, standing, wanted, shape, now)
    difference = _difference(standing, wanted)
    plan = BoosterPlan.objects.create(
        series=series,
        interval_days=interval_days,
        tolerance_days=tolerance_days,
        pattern=interval.pattern,
        steps=list(interval.steps),
        counts_from=standing.last.starts if standing.last is not None else None,
        extra_now=interval.extra_now,
        ends_on=interval.ends_on,
        review_on=review_on,
        suggested=suggested_now(series, measure),
        reason=reason.strip(),
        set_by=doctor,
        set_at=now,
    )
    series.stage = Series.Stage.MAINTENANCE
    series.version += 1
    series.save(update_fields=["stage", "version"])
    booked = _write(series, difference, shape, by=by, now=now, reason=reason, why=why)
    ledger.announce_boosters(series, booked, difference.moved, difference.cancelled)
    _tell_companions(difference)
    booster_dates.ask_about_new_times([visit for visit, _ in difference.moved], now)
    booster_dates.withdraw_proposed(series, now)
    keep_result(key, plan=str(plan.pk))
    return plan


@action
def book_next(*, by: Actor, series: Series) -> list[Appointment]:
    """A booster was given: book what is to follow after those that stand, by the interval set last, so that as many are
    ahead as before. What stands is left alone; the patient is told once. The new boosters; none where nothing is free.

    Raises:
        Refused: the series is not running, or the patient can have no visits.
        Stale: the boosters were changed meanwhile.
        JustTaken: a start is no longer free.
    """
    now, site, shape = clock.now(), series.site, shape_for(series.protocol_version, series.patient_id)
    seen = as_they_stand(series, now)
    planned = next_boosters(series, seen, now)
    starts = [clock.of_cell(one.start) for one in planned]
    days = {local_day(one, site) for one in starts}
    placing.take_locks(site, series.patient, days, shape)
    fresh = Series.objects.to_change(series.pk)
    standing = as_they_stand(fresh, now)
    if [one.starts for one in standing.staying] != [one.starts for one in seen.staying]:
        raise Stale("Somebody has just changed the boosters of this series. Nothing was booked.")
    problems = why_not_yet(fresh, standing)
    interval = fresh.booster_plans.first()
    if problems or interval is None:
        raise Refused(problems[0] if problems else "No interval is set. Nothing was booked.")
    if not starts:
        return []
    _check_wanted(fresh, interval_of(interval), standing, starts, shape, now, used=steps_used(fresh, interval))
    fresh.version += 1
    fresh.save(update_fields=["version"])
    why = {start: reasons.to_json(one.reasons) for start, one in zip(starts, planned, strict=True)}
    booked = _write(fresh, Difference([], [], starts), shape, by=by, now=now, reason="", why=why)
    ledger.announce_boosters(fresh, booked, [], [])
    return booked


def book_one(series: Series, starts: datetime, shape: VisitShape, *, by: Actor, now: datetime) -> Appointment:
    """Book one booster of `series` (as it is now) at `starts` beside those that stand. Called inside an action, under
    the locks of that day.

    Raises:
        Refused: the start is past, the site closed, the patient elsewhere then or treated too near to it.
        JustTaken: no longer free.
    """
    site = series.site
    placing.check_starts([starts], site.zone, now)
    placing.check_bookable(series.patient, site)
    ends = starts + timedelta(minutes=clock.CELL_MINUTES * shape.cells)
    placing.check_patient_free(series.patient, [(starts, ends)], site.zone)
    single = Single(series.protocol_version, Appointment.Kind.BOOSTER, series)
    near = near_infusions(single, series.patient, site)
    series_rules.check_other_infusions([local_day(starts, site)], near)
    series.version += 1
    series.save(update_fields=["version"])
    _write(series, Difference([], [], [starts]), shape, by=by, now=now, reason="", why={})
    return Appointment.objects.select_related("site", "patient", "protocol_version", "series").get(
        series=series, starts=starts, status__in=Appointment.BLOCKING
    )


def roll_on(*, by: Actor) -> int:
    """Book what is to follow wherever a booster was given, each series in its own transaction. For how many."""
    rolled = 0
    for series in to_roll_on():
        try:
            rolled += bool(book_next(by=by, series=series))
        except Refused:
            # Changed or taken between the look and the lock, or not possible now: the next tick looks again.
            continue
    return rolled


def _doctor(by: Actor) -> StaffMember:
    member = by.staff_member
    if by.user is None or member is None or not by.user.may(Permission.SET_BOOSTERS):
        raise NotAllowed("Only a doctor sets how often boosters come. Nothing was changed.")
    return member


def _reasons(series: Series, interval: Interval, now: datetime, moves_near: bool) -> Why:
    """Why each start of the plan that the preview shows, as it stands now."""
    preview = preview_interval(
        series=series,
        interval_days=interval.days,
        tolerance_days=interval.tolerance,
        now=now,
        moves_near=moves_near,
        pattern=interval.pattern,
        steps=interval.steps,
        ends_on=interval.ends_on,
        extra_now=interval.extra_now,
    )
    return {change.new_starts: change.reasons for change in preview.changes if change.new_starts is not None}


def _locked(
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


def _wanted(starts: Sequence[datetime], standing: Standing) -> list[datetime]:
    stays = {one.starts for one in standing.staying}
    wanted = sorted(set(starts) - stays)
    if len(wanted) > standing.to_plan:
        raise Stale(
            f"No more than {BOOSTERS_AHEAD} boosters are booked ahead, and {len(standing.staying)} of them stay as "
            "they are. Nothing was changed; look at the preview again."
        )
    return wanted


def _check_wanted(
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


def _difference(standing: Standing, wanted: Sequence[datetime]) -> Difference:
    """Old boosters and new starts, paired in order of time; a pair that agrees is left alone."""
    pairs = list(zip(standing.movable, wanted, strict=False))
    return Difference(
        moved=[(visit, starts) for visit, starts in pairs if visit.starts != starts],
        cancelled=standing.movable[len(pairs) :],
        new=list(wanted[len(pairs) :]),
    )


def _write(
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
    with placing.as_just_taken(sheet):
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


def _tell_companions(difference: Difference) -> None:
    for visit, _ in difference.moved:
        rides.visit_moved(visit)
    rides.visits_cancelled(difference.cancelled)
