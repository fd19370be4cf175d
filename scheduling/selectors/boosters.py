"""What setting a booster interval would change, worked out before anybody agrees to it. Reads only.

Boosters are planned from the last treated visit on, with the wishes that the series was planned with. Whatever lies
inside
the site's notice period stays, since the patient has arranged for it; only later boosters move.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet

from clinic import clock
from scheduling import wishes as wishes_json
from scheduling.models import Appointment, Series
from scheduling.planner.search import search_series
from scheduling.planner.values import Plan, PlannedVisit, SeriesRequest, SeriesResult
from scheduling.selectors import series_rules
from scheduling.selectors.day_sheets import load_sheet
from scheduling.selectors.local_days import days_between
from scheduling.selectors.reasons import explain, explain_refusal, minute_of
from scheduling.selectors.reasons import to_json as reasons_json
from scheduling.selectors.series_rules import local_day
from scheduling.selectors.shapes import visit_shape

Status = Appointment.Status

BOOSTERS_AHEAD = 3
"""How many boosters are booked ahead. Enough for patient and driver to arrange themselves (six weeks and more at the
shortest interval seen in practice, two weeks); few enough that a new interval moves little."""
SHORTEST_DAYS, LONGEST_DAYS = 7, 365
"""Days between boosters that a doctor may set: the bounds of the constraint booster_interval_in_range."""
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

    `starts` of all changes that have a new start are what `set_booster_interval` is to be given.
    """

    changes: tuple[BoosterMove, ...]
    refusal: list[str]

    @property
    def starts(self) -> list[datetime]:
        """When the boosters would start, in UTC."""
        return [change.new_starts for change in self.changes if change.new_starts is not None]


@dataclass(frozen=True, slots=True)
class Interval:
    """What a doctor wants: days between boosters, and by how many they may be early or late."""

    days: int
    tolerance: int

    def least(self, series: Series) -> int:
        """The fewest days between two boosters, never below the protocol's smallest gap."""
        return max(series.protocol_version.min_gap_days, self.days - self.tolerance)

    @property
    def most(self) -> int:
        """The most days between two boosters."""
        return self.days + self.tolerance

    def problems(self) -> list[str]:
        """What is wrong with it, in sentences."""
        if not SHORTEST_DAYS <= self.days <= LONGEST_DAYS:
            return [
                f"Boosters come {SHORTEST_DAYS} to {LONGEST_DAYS} days apart, not {self.days}. Nothing was changed."
            ]
        if not 0 <= self.tolerance < self.days:
            return ["The tolerance must be smaller than the interval, and not negative. Nothing was changed."]
        return []


@dataclass(frozen=True, slots=True)
class Standing:
    """How the boosters of a series stand: which stay, which may move, and the last visit they count from."""

    staying: list[Appointment]
    movable: list[Appointment]
    last: Appointment | None
    notice_until: datetime

    @property
    def to_plan(self) -> int:
        """How many boosters are to be planned."""
        return max(0, BOOSTERS_AHEAD - len(self.staying))


def standing_of(series: Series, now: datetime) -> Standing:
    """The boosters of `series` as they stand at `now` (aware)."""
    notice_until = now + timedelta(hours=series.site.notice_hours)
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
        Series.objects.filter(status=Series.Status.ACTIVE, stage=Series.Stage.MAINTENANCE)
        .annotate(given=given, booked=booked, ahead=Count("appointments", filter=to_come))
        .filter(ahead__lt=BOOSTERS_AHEAD, given__gt=F("booked"))
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
    result = _search(series, Interval(plan.interval_days, plan.tolerance_days), standing, now)
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


def preview_interval(*, series: Series, interval_days: int, tolerance_days: int, now: datetime) -> BoosterPreview:
    """What would move if boosters came every `interval_days`, give or take `tolerance_days`. Nothing is written."""
    interval = Interval(interval_days, tolerance_days)
    standing = standing_of(series, now)
    problems = [*interval.problems(), *why_not_yet(series, standing)]
    if problems:
        return BoosterPreview((), problems)
    result = _search(series, interval, standing, now)
    if result is not None and result.refusal is not None:
        return BoosterPreview((), explain_refusal(result.refusal, series.site.zone))
    return BoosterPreview(tuple(_changes(series, standing, result.best if result else None)), [])


def first_gap(series: Series, interval: Interval, standing: Standing) -> tuple[int, int, int]:
    """Least, most and ideal days from the last visit to the next booster; a patient who is overdue comes soon."""
    least, most = interval.least(series), interval.most
    if standing.last is None:
        return least, most, interval.days
    last = local_day(standing.last.starts, series.site)
    soonest = (local_day(standing.notice_until, series.site) - last).days
    if soonest <= most:
        return least, most, interval.days
    return least, soonest + OVERDUE_WITHIN_DAYS, soonest


def _search(series: Series, interval: Interval, standing: Standing, now: datetime) -> SeriesResult | None:
    count, last = standing.to_plan, standing.last
    if not count or last is None:
        return None
    site, version = series.site, series.protocol_version
    previous = local_day(last.starts, site)
    least, most, ideal = first_gap(series, interval, standing)
    later = count - 1
    dates = _candidates(previous, (least, most), (interval.least(series), interval.most), count)
    sheet = load_sheet(site, dates, now=now, without_visits=[one.pk for one in standing.movable])
    begin, end = clock.day_bounds(dates[0], site.zone)[0], clock.day_bounds(dates[-1], site.zone)[1]
    request = SeriesRequest(
        shape=visit_shape(version),
        count=count,
        first_day=local_day(now, site),
        min_gap_days=(least, *[interval.least(series)] * later),
        max_gap_days=(most, *[interval.most] * later),
        ideal_gap_days=(float(ideal), *[float(interval.days)] * later),
        wishes=wishes_json.from_json(series.wishes),
        previous_day=previous,
        previous_minute=minute_of(last.starts, site.zone),
        other_days=series_rules.other_infusion_days(series.patient, version, site.zone, without=series),
        busy=series_rules.busy_cells(series.patient, begin, end, without=standing.movable),
        earliest_cell=clock.cell_up(standing.notice_until),
        alternatives=1,
    )
    return search_series(request, sheet.days, sheet.resources, sheet.taken)


def _candidates(previous: date, first: tuple[int, int], later: tuple[int, int], count: int) -> list[date]:
    """Every date on which one of the boosters can fall; with long intervals far fewer than all dates between."""
    found: set[date] = set()
    low, high = first
    for _ in range(count):
        found.update(days_between(previous + timedelta(days=low), previous + timedelta(days=high)))
        low, high = low + later[0], high + later[1]
    return sorted(found)


def _changes(series: Series, standing: Standing, plan: Plan | None) -> list[BoosterMove]:
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
    for old in standing.movable[len(planned) :]:
        why = [f"No more than {BOOSTERS_AHEAD} boosters are booked ahead."]
        changes.append(BoosterMove(old, old.starts, None, why))
    return changes


def next_number(series: Series) -> int:
    """The number of the next booster; numbers of cancelled ones are not used again."""
    highest = Appointment.objects.filter(series=series, kind=Appointment.Kind.BOOSTER).aggregate(Max("number"))
    return (highest["number__max"] or 0) + 1
