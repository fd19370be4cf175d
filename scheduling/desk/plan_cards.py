"""Plans as the booking page shows them: a small month calendar and each date with its reasons in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from clinic import clock
from clinic.models import Site
from patients.models import Patient
from scheduling.desk.booking_wishes import fixed_words
from scheduling.desk.plan_markup import month_calendar
from scheduling.desk.signed_plans import sign
from scheduling.models import Offer, ProtocolVersion
from scheduling.planner.values import Plan, PlannedVisit
from scheduling.selectors import planning
from scheduling.selectors.authorised import Sessions, would_go_over
from scheduling.selectors.notice import Notice, short_notice
from scheduling.selectors.reasons import TERM_WORDS
from scheduling.selectors.swapping import Fixed, WorkedPlan
from scheduling.when import short_day, time_words

#: How many terms of the cost say what a plan loses against the best one.
TERMS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One visit: its number, start, and why that date and hour. `was`: the start that it had to leave, in the plan that
    is worked on, and `left` why: it was "taken", or moved "along".
    """

    number: int
    starts: datetime
    #: The local date and time of `starts` in words: they stand in a line several times.
    day: str
    time: str
    reasons: Sequence[str]
    is_other: bool
    is_fixed: bool = False
    #: What the address carries as `fixed` once this date is fixed, or let go where it is.
    toggled: str = ""
    was: datetime | None = None
    left: str = ""


@dataclass(frozen=True, slots=True)
class PlanCard:
    """One plan side by side with others. `value` and `why`: what the form posts; `hours`: "always at 9:00 a.m." or the
    span; `beside_best`: what it loses against the best plan. `is_own`: the plan that the clerk works on.
    """

    number: int
    value: str
    why: str
    first: date
    last: date
    hours: str
    calendar: SafeString
    lines: Sequence[PlanLine]
    beside_best: str = ""
    is_own: bool = False
    #: The offer that holds this plan's time already, after a collision.
    kept: Offer | None = None
    #: The dates that go over what is paid or authorised, in words.
    over: Sequence[str] = ()
    #: Where the first visit is so near that there is no time to fast or to find a driver.
    short: Notice | None = None

    @property
    def query(self) -> str:
        """`value` as a part of an address."""
        return quote(self.value)

    @property
    def is_best(self) -> bool:
        """Whether the search found nothing better."""
        return self.number == 1 and not self.is_own


@dataclass(frozen=True, slots=True)
class Desk:
    """What all cards of a page share: whose they are, the best plan's dates and cost, and what the clerk has fixed."""

    patient: Patient
    version: ProtocolVersion
    site: Site
    now: datetime
    best: Plan | None
    fixed: Fixed = field(default_factory=dict)
    #: What the patient has paid or is authorised for.
    sessions: Sessions = field(default_factory=Sessions)

    @property
    def zone(self) -> ZoneInfo:
        """The clock of the site."""
        return self.site.zone

    @property
    def best_dates(self) -> set[date]:
        """The dates of the best plan."""
        return {visit.date for visit in self.best.visits} if self.best is not None else set()


def cards(plans: Sequence[Plan], desk: Desk) -> list[PlanCard]:
    """All plans, best first; dates that the best plan does not have are marked in the others."""
    return [_card(number, plan, desk) for number, plan in enumerate(plans, start=1)]


def own_card(worked: WorkedPlan, desk: Desk, kept: Offer | None = None) -> PlanCard:
    """The plan that the clerk works on, with what had to leave its place; `kept`: the offer that holds its time."""
    return _card(0, worked.plan, desk, worked, kept)


def _card(number: int, plan: Plan, desk: Desk, worked: WorkedPlan | None = None, kept: Offer | None = None) -> PlanCard:
    starts = planning.moments_of(plan)
    return PlanCard(
        number=number,
        value=",".join(moment.isoformat() for moment in starts),
        why=sign(plan, desk.patient, desk.version),
        first=plan.visits[0].date,
        last=plan.visits[-1].date,
        hours=_hours(starts, plan.visits, desk.zone),
        calendar=month_calendar(_name(number), _weeks(plan.visits, desk.best_dates)),
        lines=[_line(visit, moment, desk, worked) for visit, moment in zip(plan.visits, starts, strict=True)],
        beside_best=_beside(plan, desk.best),
        is_own=worked is not None,
        kept=kept,
        short=short_notice(desk.version, desk.site, starts[0], desk.now),
        over=[short_day(day) for day in would_go_over(desk.sessions, [visit.date for visit in plan.visits])],
    )


def _line(visit: PlannedVisit, starts: datetime, desk: Desk, worked: WorkedPlan | None) -> PlanLine:
    number = visit.index + 1
    reasons = [planning.explain(reason, desk.zone) for reason in visit.reasons]
    was, left = None, ""
    if worked is not None and number in worked.was:
        was = worked.was[number]
        left = "taken" if number in worked.lost else "along" if number in worked.why else ""
        reasons = [*filter(None, [worked.why.get(number)]), *reasons]
    is_fixed = desk.fixed.get(number) == starts
    others = {one: start for one, start in desk.fixed.items() if one != number}
    toggled = quote(fixed_words(others if is_fixed else others | {number: starts}))
    return PlanLine(
        number=number,
        starts=starts,
        day=short_day(visit.date),
        time=time_words(starts, desk.zone),
        reasons=reasons,
        is_other=visit.date not in desk.best_dates,
        is_fixed=is_fixed,
        toggled=toggled,
        was=was,
        left=left,
    )


def _beside(plan: Plan, best: Plan | None) -> str:
    """What a plan loses against the best one, by the terms that weigh most (scheduling.planner.cost)."""
    if best is None or plan.cost <= best.cost:
        return ""
    more: Mapping[str, int] = {name: points - best.terms.get(name, 0) for name, points in plan.terms.items()}
    worst = sorted((name for name in more if more[name] > 0), key=lambda name: -more[name])[:TERMS_SHOWN]
    return ", ".join(f"{TERM_WORDS[name]} +{more[name]}" for name in worst)


def _hours(starts: Sequence[datetime], visits: Sequence[PlannedVisit], zone: ZoneInfo) -> str:
    """Compared by the local minute: 9:00 stays 9:00 across a clock change."""
    in_order = sorted(zip(visits, starts, strict=True), key=lambda pair: pair[0].minute)
    low, high = time_words(in_order[0][1], zone), time_words(in_order[-1][1], zone)
    if in_order[0][0].minute == in_order[-1][0].minute:
        return f"always at {low}" if len(visits) > 1 else f"at {low}"
    return f"between {low} and {high}"


def _name(number: int) -> str:
    """What the card is called where it is read out."""
    return {0: "your plan", 1: "the best plan"}.get(number, f"plan {number}")


def _weeks(visits: Sequence[PlannedVisit], best: set[date]) -> list[list[tuple[date, int, bool]]]:
    """Whole weeks, Monday to Sunday, from the first visit to the last, as month_calendar takes them."""
    numbers = {visit.date: visit.index + 1 for visit in visits}
    monday = visits[0].date - timedelta(days=visits[0].date.weekday())
    weeks = []
    while monday <= visits[-1].date:
        days = [monday + timedelta(days=offset) for offset in range(7)]
        weeks.append([(day, numbers.get(day, 0), day in numbers and day not in best) for day in days])
        monday += timedelta(days=7)
    return weeks


def slots_by_day(slots: Sequence[planning.Slot], zone: ZoneInfo) -> list[tuple[date, list[planning.Slot]]]:
    """Free times grouped by local date, in order."""
    days: dict[date, list[planning.Slot]] = {}
    for slot in slots:
        days.setdefault(clock.local(slot.starts, zone).date(), []).append(slot)
    return list(days.items())
