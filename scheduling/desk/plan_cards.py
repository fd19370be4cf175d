"""Plans as the booking page shows them: a small month calendar and each date with its reasons in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from clinic import clock
from patients.models import Patient
from scheduling.desk.signed_plans import sign
from scheduling.models import ProtocolVersion
from scheduling.planner.values import Plan, PlannedVisit
from scheduling.selectors import planning
from scheduling.when import time_words


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One square: the visit's number on that date (0: none); `is_other` where the best plan has no visit then."""

    date: date
    number: int
    is_other: bool


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One visit: its number, start, and why that date and hour."""

    number: int
    starts: datetime
    reasons: Sequence[str]
    is_other: bool


@dataclass(frozen=True, slots=True)
class PlanCard:
    """One plan side by side with others. `value` and `why`: what the form posts; `hours`: "always at 9:00 a.m." or the
    span."""

    number: int
    value: str
    why: str
    first: date
    last: date
    hours: str
    weeks: Sequence[Sequence[CalendarDay]]
    lines: Sequence[PlanLine]


def cards(plans: Sequence[Plan], patient: Patient, version: ProtocolVersion, zone: ZoneInfo) -> list[PlanCard]:
    """All plans, best first; dates that the best plan does not have are marked in the others."""
    best = {visit.date for visit in plans[0].visits} if plans else set()
    return [_card(number, plan, sign(plan, patient, version), best, zone) for number, plan in enumerate(plans, start=1)]


def _card(number: int, plan: Plan, why: str, best: set[date], zone: ZoneInfo) -> PlanCard:
    starts = planning.moments_of(plan)
    first, last = plan.visits[0].date, plan.visits[-1].date
    return PlanCard(
        number=number,
        value=",".join(moment.isoformat() for moment in starts),
        why=why,
        first=first,
        last=last,
        hours=_hours(starts, plan.visits, zone),
        weeks=_weeks(plan.visits, best),
        lines=[
            PlanLine(
                visit.index + 1,
                moment,
                [planning.explain(reason, zone) for reason in visit.reasons],
                visit.date not in best,
            )
            for visit, moment in zip(plan.visits, starts, strict=True)
        ],
    )


def _hours(starts: Sequence[datetime], visits: Sequence[PlannedVisit], zone: ZoneInfo) -> str:
    """Compared by the local minute: 9:00 stays 9:00 across a clock change."""
    in_order = sorted(zip(visits, starts, strict=True), key=lambda pair: pair[0].minute)
    low, high = time_words(in_order[0][1], zone), time_words(in_order[-1][1], zone)
    if in_order[0][0].minute == in_order[-1][0].minute:
        return f"always at {low}" if len(visits) > 1 else f"at {low}"
    return f"between {low} and {high}"


def _weeks(visits: Sequence[PlannedVisit], best: set[date]) -> list[list[CalendarDay]]:
    """Whole weeks, Monday to Sunday, from the first visit to the last."""
    numbers = {visit.date: visit.index + 1 for visit in visits}
    monday = visits[0].date - timedelta(days=visits[0].date.weekday())
    weeks = []
    while monday <= visits[-1].date:
        days = [monday + timedelta(days=offset) for offset in range(7)]
        weeks.append([CalendarDay(day, numbers.get(day, 0), day in numbers and day not in best) for day in days])
        monday += timedelta(days=7)
    return weeks


def slots_by_day(slots: Sequence[planning.Slot], zone: ZoneInfo) -> list[tuple[date, list[planning.Slot]]]:
    """Free times grouped by local date, in order."""
    days: dict[date, list[planning.Slot]] = {}
    for slot in slots:
        days.setdefault(clock.local(slot.starts, zone).date(), []).append(slot)
    return list(days.items())
