"""A doctor sets how often boosters come; every booking that follows from it is made here, whole, and told once."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Unpack
from uuid import UUID

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused, Stale
from clinic.models import StaffMember
from clinic.permissions import Permission
from scheduling.actions import booking, booster_dates, placing, rides
from scheduling.actions import booster_writing as writing
from scheduling.actions.booster_writing import Difference, Why
from scheduling.actions.once import earlier_result, keep_result
from scheduling.actions.one_by_one import one_by_one
from scheduling.messages import ledger
from scheduling.models import Appointment, BoosterPlan, Series
from scheduling.planner.values import VisitShape
from scheduling.selectors import reasons, series_rules
from scheduling.selectors.boosters import (
    BOOSTERS_AHEAD,
    BoosterMove,
    BoosterPreview,
    as_they_stand,
    next_boosters,
    preview_interval,
    preview_of,
    to_roll_on,
    why_not_yet,
)
from scheduling.selectors.intervals import Interval, Pattern, interval_of, steps_used
from scheduling.selectors.response import suggested_now
from scheduling.selectors.series_rules import local_day
from scheduling.selectors.shapes import shape_for
from scheduling.selectors.singles import Single, near_infusions

__all__ = ["BOOSTERS_AHEAD", "BoosterMove", "BoosterPreview", "preview_interval", "set_booster_interval"]


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
    seen: Mapping[UUID, int] | None = None,
    **more: Unpack[Pattern],
) -> BoosterPlan:
    """Write down the interval and book the boosters at exactly these `starts` (aware), as the preview showed them.

    The series is in maintenance from now on. Boosters inside the notice period stay, whether `starts` names them or
    not, unless `moves_near` says otherwise. `more`: the pattern, as the preview took it. What the curve of `measure`
    (empty: the score with the most values) suggests now is kept beside what was decided.
    The patient is told once, and asked whether each new time suits. The same key again returns the same plan. `seen`:
    the versions of the boosters that the preview showed, by id (None: not compared).

    Raises:
        Refused: no reason, an interval out of range, infusions still to come, a start that breaks the interval, the
            site closed, the patient elsewhere then.
        JustTaken: a start is no longer free; nothing has moved.
        Stale: the boosters were changed since the preview; it says what was done and by whom.
        NotAllowed: the actor is no doctor.
    """
    doctor = _doctor(by)
    done = earlier_result(key, "set_booster_interval", by)
    if done is not None:
        return BoosterPlan.objects.get(pk=done["plan"])
    now, interval = clock.now(), Interval(interval_days, tolerance_days, **more)
    _check_asked(interval, reason, review_on, local_day(now, series.site))
    shape = shape_for(series.protocol_version, series.patient_id)
    why = _reasons(series, interval, now, moves_near)
    series, standing = writing.lock(series, shape, starts, now, moves_near)
    booking.check_seen(series, [*standing.staying, *standing.movable], seen)
    problems = why_not_yet(series, standing)
    if problems:
        raise Refused(problems[0])
    wanted = writing.wanted_of(starts, standing)
    writing.check(series, interval, standing, wanted, shape, now)
    difference = writing.difference_of(standing, wanted)
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
    booked = writing.write(series, difference, shape, by=by, now=now, reason=reason, why=why)
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
    writing.check(fresh, interval_of(interval), standing, starts, shape, now, used=steps_used(fresh, interval))
    fresh.version += 1
    fresh.save(update_fields=["version"])
    why = {start: reasons.to_json(one.reasons) for start, one in zip(starts, planned, strict=True)}
    booked = writing.write(fresh, Difference([], [], starts), shape, by=by, now=now, reason="", why=why)
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
    writing.write(series, Difference([], [], [starts]), shape, by=by, now=now, reason="", why={})
    return Appointment.objects.select_related("site", "patient", "protocol_version", "series").get(
        series=series, starts=starts, status__in=Appointment.BLOCKING
    )


def roll_on(*, by: Actor) -> int:
    """Book what is to follow wherever a booster was given, each series in its own transaction. For how many."""
    return one_by_one(to_roll_on(), lambda series: book_next(by=by, series=series), name="book_next_boosters")


def _doctor(by: Actor) -> StaffMember:
    member = by.staff_member
    if member is None or not by.may(Permission.SET_BOOSTERS):
        raise NotAllowed("Only a doctor sets how often boosters come. Nothing was changed.")
    return member


def _check_asked(interval: Interval, reason: str, review_on: date | None, today: date) -> None:
    if not reason.strip():
        raise Refused("Say why the interval is set; it is kept with it.", field="reason")
    wrong = interval.problems(today)
    if wrong:
        raise Refused(wrong[0], field="interval_days")
    if review_on is not None and review_on <= today:
        raise Refused("The day to look at it again must lie ahead. Nothing was changed.", field="review_on")


def _reasons(series: Series, interval: Interval, now: datetime, moves_near: bool) -> Why:
    """Why each start of the plan that the preview shows, as it stands now."""
    preview = preview_of(series, interval, now, moves_near=moves_near)
    return {change.new_starts: change.reasons for change in preview.changes if change.new_starts is not None}


def _tell_companions(difference: Difference) -> None:
    for visit, _ in difference.moved:
        rides.visit_moved(visit)
    rides.visits_cancelled(difference.cancelled)
