"""How often boosters come, as a doctor says it: fixed, widening, as needed; with an end, or one extra now."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TypedDict

from django.db.models import OuterRef, Q, Subquery

from scheduling.models import Appointment, BoosterPlan, Series

SHORTEST_DAYS, LONGEST_DAYS = 7, 365
"""Days between boosters that a doctor may set: the bounds of the constraint booster_interval_in_range."""

Gap = tuple[int, int, int]
"""Least, most and ideal days between two boosters."""


class Pattern(TypedDict, total=False):
    """What an interval may have beyond its days and tolerance; the fields of Interval."""

    pattern: str
    steps: tuple[int, ...]
    ends_on: date | None
    extra_now: bool


@dataclass(frozen=True, slots=True)
class Interval:
    """What a doctor wants: days between boosters, and by how many they may be early or late. `steps` are the gaps of a
    widening one, whose last one stays (`days` is then that); `ends_on` is the last day of boosters; `extra_now`: the
    first one comes as soon as it can, and the interval counts from it.
    """

    days: int
    tolerance: int
    pattern: str = BoosterPlan.Pattern.FIXED
    steps: tuple[int, ...] = ()
    ends_on: date | None = None
    extra_now: bool = False

    @property
    def is_as_needed(self) -> bool:
        """Whether none is booked ahead; `days` is then the smallest gap."""
        return self.pattern == BoosterPlan.Pattern.AS_NEEDED

    def gap(self, series: Series, number: int) -> Gap:
        """The gap before the booster of that number, from 0, never below the protocol's smallest one."""
        days = self.steps[min(number, len(self.steps) - 1)] if self.steps else self.days
        return max(series.protocol_version.min_gap_days, days - self.tolerance), days + self.tolerance, days

    def problems(self, today: date) -> list[str]:
        """What is wrong with it, in sentences. `today` is the site's date."""
        for days in self.steps or (self.days,):
            if not SHORTEST_DAYS <= days <= LONGEST_DAYS:
                return [f"Boosters come {SHORTEST_DAYS} to {LONGEST_DAYS} days apart, not {days}. Nothing was changed."]
        if self.pattern == BoosterPlan.Pattern.WIDENING:
            if len(self.steps) < 2:
                return ["A widening interval has two steps or more: 14, 21, 28, say. Nothing was changed."]
            if any(later < earlier for earlier, later in pairwise(self.steps)):
                return ["Each step of a widening interval is as long as the one before or longer. Nothing was changed."]
        if not 0 <= self.tolerance < min(self.steps or (self.days,)):
            return ["The tolerance must be smaller than the interval, and not negative. Nothing was changed."]
        if self.ends_on is not None and self.ends_on < today:
            return ["The last day of boosters is past. Nothing was changed."]
        return []


def set_last(field: str) -> Subquery:
    """`field` of the plan that a doctor set last, for a queryset of series; NULL where none was set."""
    plans = BoosterPlan.objects.filter(series=OuterRef("pk")).order_by("-set_at")
    return Subquery(plans.values(field)[:1])


def interval_of(plan: BoosterPlan) -> Interval:
    """What the doctor set then; an extra one was booked at once and is no longer due."""
    return Interval(plan.interval_days, plan.tolerance_days, plan.pattern, tuple(plan.steps), plan.ends_on)


def steps_used(series: Series, plan: BoosterPlan) -> int:
    """How many gaps of the plan lie behind: the boosters after the visit that it counts from, given or to come."""
    if plan.counts_from is None or not plan.steps:
        return 0
    made = Appointment.objects.filter(
        Q(status__in=Appointment.BLOCKING) | Q(counts=True),
        series=series,
        kind=Appointment.Kind.BOOSTER,
        starts__gt=plan.counts_from,
    )
    return max(0, made.count() - plan.extra_now)
