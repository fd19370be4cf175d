"""What setting a booster interval would change, worked out before anybody agrees to it. Reads only.

Boosters are planned from the last treated visit on, with the wishes that the series was planned with. Whatever lies
inside the site's notice period stays, since the patient has arranged for it; only later boosters move.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any, Unpack
from uuid import UUID

from django.db.models import Count, F, Max, Q, QuerySet

from clinic import clock
from scheduling import wishes as wishes_json
from scheduling.models import Appointment, BoosterPlan, Series
from scheduling.planner.search import search_series
from scheduling.planner.values import Plan, PlannedVisit, Reason, SeriesRequest, SeriesResult
from scheduling.selectors import series_rules
from scheduling.selectors.day_sheets import load_sheet
from scheduling.selectors.intervals import Gap, Interval, Pattern, interval_of, set_last, steps_used
from scheduling.selectors.local_days import days_between
from scheduling.selectors.reasons import explain, explain_refusal, minute_of
from scheduling.selectors.reasons import to_json as reasons_json
from scheduling.selectors.series_rules import local_day
from scheduling.selectors.shapes import shape_for

Status = Appointment.Status

BOOSTERS_AHEAD = 3
"""How many boosters are booked ahead. Enough for patient and driver to arrange themselves (six weeks and more at the
shortest interval seen in practice, two weeks); few enough that a new interval moves little."""
OVERDUE_WITHIN_DAYS = 14
"""A patient whose next booster should have been before today gets one within this many days."""


@dataclass(frozen=True, slots=True)
class BoosterMove:
    """One booster before and after: `appointment` None is a new one, `new_starts` None a cancelled one. Times in UTC.

    `why` is for people, `reasons` the same as it is kept with the visit (`Appointment.plan_reasons`).
    """

    appointment: Appointment | None
    old_starts: datetime | None
    new_starts: datetime | None
    why: list[str]
    reasons: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BoosterPreview:
    """Every booster to come, in order, and sentences that say why it is not possible (empty: it is).

    `starts` of all changes that have a new start, and the versions `seen`, are what `set_booster_interval` is to be
    given.
    """

    changes: tuple[BoosterMove, ...]
    refusal: list[str]

    @property
    def starts(self) -> list[datetime]:
        """When the boosters would start, in UTC."""
        return [change.new_starts for change in self.changes if change.new_starts is not None]

    @property
    def seen(self) -> dict[UUID, int]:
        """The versions of the boosters that stand, by id, so that whoever agrees later is told what has changed."""
        return {one.appointment.pk: one.appointment.version for one in self.changes if one.appointment is not None}


@dataclass(frozen=True, slots=True)
class Standing:
    """How the boosters of a series stand: which stay, which may move, and the last visit they count from."""

    staying: list[Appointment]
    movable: list[Appointment]
    last: Appointment | None
    notice_until: datetime

    @property
    def to_plan(self) -> int:
        """How many boosters are to be planned at most."""
        return max(0, BOOSTERS_AHEAD - len(self.staying))


def standing_of(series: Series, now: datetime, *, moves_near: bool = False) -> Standing:
    """The boosters of `series` as they stand at `now` (aware). `moves_near`: the doctor says that those inside the
    notice period move too.
    """
    notice_until = now if moves_near else now + timedelta(hours=series.site.notice_hours)
    boosters = (
        Appointment.objects.blocking()
        .filter(series=series, kind=Appointment.Kind.BOOSTER)
        .select_related("site", "patient", "protocol_version", "series")
        .order_by("starts")
    )
    staying = [one for one in boosters if one.starts < notice_until or one.status == Status.ARRIVED]
    treated = (
        Appointment.objects.filter(series=series, status=Status.FULFILLED, counts=True).order_by("-starts").first()
    )
    last = max([*staying, *([treated] if treated else [])], key=lambda one: one.starts, default=None)
    return Standing(staying, [one for one in boosters if one not in staying], last, notice_until)


def as_they_stand(series: Series, now: datetime) -> Standing:
    """The boosters of `series` at `now` (aware) if none of them may move: what is planned then comes after the last."""
    standing = standing_of(series, now)
    booked = [*standing.staying, *standing.movable]
    last = max([*booked, *([standing.last] if standing.last else [])], key=lambda one: one.starts, default=None)
    return Standing(booked, [], last, standing.notice_until)


def to_roll_on() -> QuerySet[Series]:
    """Running series of which a booster (or the last infusion) was given since boosters were last booked, and that have
    fewer ahead than they should. One that was only called off or missed is not replaced: that is for people to decide.
    """
    given = Max("appointments__starts", filter=Q(appointments__counts=True))
    booked = Max("appointments__created_at", filter=Q(appointments__kind=Appointment.Kind.BOOSTER))
    to_come = Q(appointments__kind=Appointment.Kind.BOOSTER, appointments__status__in=Appointment.BLOCKING)
    return (
        Series.objects.filter(status=Series.Status.ACTIVE, stage=Series.Stage.MAINTENANCE, site__offers_boosters=False)
        .annotate(
            given=given,
            booked=booked,
            ahead=Count("appointments", filter=to_come),
            pattern=set_last("pattern"),
        )
        .filter(ahead__lt=BOOSTERS_AHEAD, given__gt=F("booked"))
        .exclude(pattern=BoosterPlan.Pattern.AS_NEEDED)
        .select_related("site", "patient", "protocol_version__protocol")
        .order_by("pk")
    )


def next_boosters(series: Series, standing: Standing, now: datetime) -> list[PlannedVisit]:
    """The boosters that are to follow those of `standing`, by the interval that a doctor set last; none where there are
    enough, where no interval is set, or where no time is free.
    """
    plan = series.booster_plans.first()
    if plan is None:
        return []
    result = search_boosters(series, interval_of(plan), standing, now, used=steps_used(series, plan))
    return list(result.best.visits) if result is not None and result.best is not None else []


def why_not_yet(series: Series, standing: Standing) -> list[str]:
    """What stands against boosters at all: the series not running, infusions to come, or none given."""
    if series.status != Series.Status.ACTIVE:
        return [f"This series is “{series.get_status_display()}”, so boosters cannot be planned. Nothing was changed."]
    if Appointment.objects.blocking().filter(series=series, kind=Appointment.Kind.INFUSION).exists():
        return ["Infusions of the series are still to come. Set the interval when they are done, or cancel them first."]
    if standing.last is None:
        return ["No infusion of this series has been given yet, so there is nothing to count the interval from."]
    return []


def preview_interval(
    *,
    series: Series,
    interval_days: int,
    tolerance_days: int,
    now: datetime,
    moves_near: bool = False,
    **more: Unpack[Pattern],
) -> BoosterPreview:
    """What would move if boosters came every `interval_days`, give or take `tolerance_days`, or in another pattern
    (`more`: fields of Interval). Nothing is written.
    """
    return preview_of(series, Interval(interval_days, tolerance_days, **more), now, moves_near=moves_near)


def preview_of(series: Series, interval: Interval, now: datetime, *, moves_near: bool) -> BoosterPreview:
    """The same of an interval as a whole."""
    standing = standing_of(series, now, moves_near=moves_near)
    problems = [*interval.problems(clock.local(now, series.site.zone).date()), *why_not_yet(series, standing)]
    if problems:
        return BoosterPreview((), problems)
    result = search_boosters(series, interval, standing, now)
    if result is not None and result.refusal is not None:
        return BoosterPreview((), explain_refusal(result.refusal, series.site.zone))
    return BoosterPreview(tuple(_changes(series, interval, standing, result.best if result else None)), [])


def first_gap(series: Series, interval: Interval, standing: Standing, used: int = 0) -> Gap:
    """Least, most and ideal days from the last visit to the next booster; a patient who is overdue, or gets one extra
    now, comes soon.
    """
    least, most, ideal = interval.gap(series, used)
    if standing.last is None:
        return least, most, ideal
    last = local_day(standing.last.starts, series.site)
    soonest = (local_day(standing.notice_until, series.site) - last).days
    if interval.extra_now:
        soonest = max(soonest, series.protocol_version.min_gap_days, 1)
        return soonest, soonest + OVERDUE_WITHIN_DAYS, soonest
    if soonest <= most:
        return least, most, ideal
    return least, soonest + OVERDUE_WITHIN_DAYS, soonest


def _why_first(result: SeriesResult, interval: Interval, wanted: Gap, given: Gap) -> SeriesResult:
    """The result with its first booster saying why it does not keep the interval, where it cannot: `wanted` is the gap
    of the interval, `given` the one that was searched with.
    """
    if result.best is None or wanted == given:
        return result
    first, *others = result.best.visits
    days = next((one.params["days"] for one in first.reasons if "days" in one.params), given[2])
    code = "extra_booster" if interval.extra_now else "overdue"
    why = Reason(code, {"days": days, "ideal": wanted[2]})
    told = replace(first, reasons=(why, *(one for one in first.reasons if one.code != "ideal_gap")))
    return replace(result, plans=(replace(result.best, visits=(told, *others)), *result.plans[1:]))


def search_boosters(
    series: Series,
    interval: Interval,
    standing: Standing,
    now: datetime,
    *,
    used: int = 0,
    most: int | None = None,
    avoid: Sequence[tuple[int, int]] = (),
) -> SeriesResult | None:
    """The best dates of the boosters that are to follow `standing`, `most` at most (BOOSTERS_AHEAD less those that
    stand); None where none is to be planned. `used`: how many gaps of the interval are behind us. `avoid`: cells at
    which the patient cannot come.
    """
    last = standing.last
    if last is None or interval.is_as_needed:
        return None
    site, version = series.site, series.protocol_version
    previous = local_day(last.starts, site)
    wanted = standing.to_plan if most is None else most
    later = range(1 - interval.extra_now, wanted - interval.extra_now)
    first = first_gap(series, interval, standing, used)
    gaps = [first, *(interval.gap(series, used + number) for number in later)]
    gaps = _before_the_end(gaps[:wanted], previous, interval.ends_on)
    if not gaps:
        return None
    dates = [day for day in _candidates(previous, gaps) if interval.ends_on is None or day <= interval.ends_on]
    sheet = load_sheet(site, dates, now=now, without_visits=[one.pk for one in standing.movable])
    begin, end = clock.day_bounds(dates[0], site.zone)[0], clock.day_bounds(dates[-1], site.zone)[1]
    request = SeriesRequest(
        shape=shape_for(version, series.patient_id),
        count=len(gaps),
        first_day=local_day(now, site),
        min_gap_days=tuple(least for least, _, _ in gaps),
        max_gap_days=tuple(longest for _, longest, _ in gaps),
        ideal_gap_days=tuple(float(ideal) for _, _, ideal in gaps),
        wishes=wishes_json.from_json(series.wishes),
        previous_day=previous,
        previous_minute=minute_of(last.starts, site.zone),
        other_days=series_rules.other_infusion_days(series.patient, version, site.zone, without=series),
        busy=(*series_rules.busy_cells(series.patient, begin, end, without=standing.movable), *avoid),
        earliest_cell=clock.cell_up(standing.notice_until),
        alternatives=1,
    )
    found = search_series(request, sheet.days, sheet.resources, sheet.taken)
    return _why_first(found, interval, interval.gap(series, used), first)


def _before_the_end(gaps: list[Gap], previous: date, ends_on: date | None) -> list[Gap]:
    """The gaps of the boosters whose ideal day is not past the last one."""
    if ends_on is None:
        return gaps
    left = (ends_on - previous).days
    return [gap for gap, day in zip(gaps, accumulate(ideal for _, _, ideal in gaps), strict=True) if day <= left]


def _candidates(previous: date, gaps: Sequence[Gap]) -> list[date]:
    """Every date on which one of the boosters can fall; with long intervals far fewer than all dates between."""
    found: set[date] = set()
    low = high = 0
    for least, most, _ in gaps:
        low, high = low + least, high + most
        found.update(days_between(previous + timedelta(days=low), previous + timedelta(days=high)))
    return sorted(found)


def _changes(series: Series, interval: Interval, standing: Standing, plan: Plan | None) -> list[BoosterMove]:
    zone = series.site.zone
    changes = [
        BoosterMove(one, one.starts, one.starts, ["Within the notice period, so it stays."]) for one in standing.staying
    ]
    planned = plan.visits if plan is not None else ()
    for number, visit in enumerate(planned):
        old = standing.movable[number] if number < len(standing.movable) else None
        why = [explain(reason, zone) for reason in visit.reasons]
        new_starts = clock.of_cell(visit.start)
        changes.append(BoosterMove(old, old.starts if old else None, new_starts, why, reasons_json(visit.reasons)))
    gone = "Boosters come as needed: none is booked ahead." if interval.is_as_needed else ""
    if interval.ends_on is not None and not gone:
        gone = "It would lie past the last day."
    for old in standing.movable[len(planned) :]:
        why = [gone or f"No more than {BOOSTERS_AHEAD} boosters are booked ahead."]
        changes.append(BoosterMove(old, old.starts, None, why))
    return changes


def next_number(series: Series) -> int:
    """The number of the next booster; numbers of cancelled ones are not used again."""
    highest = Appointment.objects.filter(series=series, kind=Appointment.Kind.BOOSTER).aggregate(Max("number"))
    return (highest["number__max"] or 0) + 1
