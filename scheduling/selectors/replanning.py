"""Planning a part of a running series: one visit moved with the fewest others, or all that is left of it anew.

Reads only. What is proposed names every visit to come, old time and new, with the reason; scheduling.actions.course
books it as it was shown. Where only the largest gap or the length of the series stands in the way (a visit was lost,
so time has passed), the plan that goes beyond them is proposed, and says so: the clerk agrees to it or not. The
smallest gap is never broken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from clinic import clock
from scheduling.models import Appointment, Series
from scheduling.planner.moves import Place
from scheduling.planner.values import Pin, Reason, Refusal
from scheduling.selectors import series_rules
from scheduling.selectors.day_sheets import load_sheet
from scheduling.selectors.reasons import explain, explain_refusal
from scheduling.selectors.reasons import to_json as reasons_json
from scheduling.selectors.rest import Rest, rest_of
from scheduling.selectors.rest_orders import line_on, lines_of_move
from scheduling.selectors.rest_search import Found, Line, Search, Task
from scheduling.selectors.series_rules import Spacing, date_words, local_day


@dataclass(frozen=True, slots=True)
class Change:
    """One visit before and after: `visit` None is a new one, `new_starts` None one that is dropped. Times in UTC.

    `why` is for people, `reasons` the same as it is kept with the visit (`Appointment.plan_reasons`).
    """

    visit: Appointment | None
    number: int
    old_starts: datetime | None
    new_starts: datetime | None
    why: list[str]
    reasons: list[dict[str, Any]] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        """Whether anything would be written for it."""
        return self.old_starts != self.new_starts


@dataclass(frozen=True, slots=True)
class Replan:
    """What would become of the visits to come; empty with sentences in `refusal` where there is no way.

    `beyond`: what of the protocol's limits the plan goes beyond, in sentences. `seen`: the version of each visit that
    the plan was made for.
    """

    changes: tuple[Change, ...]
    refusal: list[str]
    beyond: list[str] = field(default_factory=list)
    seen: Mapping[UUID, int] = field(default_factory=dict)

    @property
    def moves(self) -> dict[UUID, datetime]:
        """New starts (UTC) of the visits that move."""
        return {
            one.visit.pk: one.new_starts
            for one in self.changes
            if one.visit is not None and one.new_starts is not None and one.differs
        }

    @property
    def added(self) -> list[datetime]:
        """Starts (UTC) of new visits."""
        return [one.new_starts for one in self.changes if one.visit is None and one.new_starts is not None]

    @property
    def dropped(self) -> list[UUID]:
        """Visits that would be cancelled."""
        return [one.visit.pk for one in self.changes if one.visit is not None and one.new_starts is None]

    @property
    def reasons(self) -> dict[datetime, list[dict[str, Any]]]:
        """Reasons (JSON) by new start."""
        return {one.new_starts: one.reasons for one in self.changes if one.new_starts is not None and one.reasons}

    @property
    def differs(self) -> bool:
        """Whether anything would be written."""
        return any(one.differs for one in self.changes)


# -- what the screens and actions ask ----------------------------------------------------------------------------------


def in_its_rest(appointment: Appointment, to_date: date, now: datetime) -> tuple[Rest, Appointment] | Replan:
    """What is to come of the visit's series, and the visit in it; a refusal where it cannot go to the local date."""
    series = appointment.series
    if series is None:
        return Replan((), ["A consult has no other visits to move along. Choose one of its free times."])
    rest = rest_of(series, now, Appointment.Kind(appointment.kind))
    mine = next((one for one in rest.coming if one.pk == appointment.pk), None)
    if mine is None or mine.status == Appointment.Status.ARRIVED:
        return Replan((), ["This visit has begun, is over or was cancelled, so it stays as it is."])
    if not_running(series):
        return Replan((), [not_running(series)])
    if to_date < clock.local(now, appointment.site.zone).date():
        return Replan((), [f"{date_words(to_date)} is in the past. Choose today or a later day."])
    return rest, mine


def move_plan(*, appointment: Appointment, to_date: date, to_time: time | None, now: datetime) -> Replan:
    """What else of the series would move if this visit went to the local date (at the local time, or at the best one).

    The fewest others move; fixed ones stay. A consult, or a visit that has begun, moves alone or not at all.
    """
    found = in_its_rest(appointment, to_date, now)
    if isinstance(found, Replan):
        return found
    rest, mine = found
    series, zone = rest.series, appointment.site.zone
    cell = clock.cell(clock.moment(to_date, to_time, zone)) if to_time is not None else None
    lines = lines_of_move(rest, mine, to_date)
    # Who moves away from a day cannot come then: no other visit takes its place there.
    left = rest.day(mine) if rest.day(mine) != to_date else None
    # The others keep the notice that a patient is given, unless the clerk wants the visit itself sooner.
    earliest = min(rest.notice_until, clock.day_bounds(to_date, zone)[0])
    first_day = max(local_day(now, appointment.site), min(series.first_day, to_date))
    homeless = len(rest.coming)
    search = Search(rest, first_day, homeless=homeless, also=to_date, chosen=mine, barred=left, earliest=earliest)
    others = {rest.day(one): one for one in rest.coming if one != mine and rest.day(one) != to_date}
    fixed = [day for day, one in others.items() if rest.is_fixed(one)]
    dates = search.fewest(len(rest.coming), others, [to_date, *fixed], rest.distances())
    if dates is not None:
        lines.append(line_on(dates, others | {to_date: mine}, rest.coming))
    answer = search.best([_move_task(rest, line, leaving, mine, to_date, cell) for line, leaving in lines])
    if isinstance(answer, Refusal):
        return Replan((), why_not_there(rest, to_date, answer), seen=rest.seen)
    return as_replan(rest, answer, chosen=mine)


def rest_plan(
    *,
    series: Series,
    first_day: date,
    now: datetime,
    sessions: int | None = None,
    spacing: Spacing | None = None,
    without: Appointment | None = None,
) -> Replan:
    """What is left of a running induction planned anew from a local date on, as much of it as possible left alone.

    Visits before `first_day` leave, fixed ones stay, missing ones come at the end. `sessions` and `spacing`: as they
    would be (a number without a spacing means the protocol's); fewer drop the last visits that are not fixed.
    `without`: a visit that is dropped.
    """
    rest = rest_of(series, now)
    problem = why_not(series)
    if problem:
        return Replan((), [problem], seen=rest.seen)
    if sessions is not None and spacing is None:
        spacing = series_rules.spacing_of_protocol(series.protocol_version)
    keeps_spacing = spacing is None or spacing == rest.spacing
    wide = rest.distances() if keeps_spacing else {}
    planned = replace(rest, spacing=spacing or rest.spacing, window=_window(series, rest, sessions, spacing))
    fewest = len(rest.given) + sum(rest.is_fixed(one) for one in rest.coming)
    if sessions is not None and sessions < fewest:
        return Replan(
            (),
            [f"{fewest} infusions were given, have begun or are kept fixed; fewer are not possible."],
            seen=rest.seen,
        )
    wanted = (sessions or series.sessions) - len(rest.given) if without is None else len(rest.coming) - 1
    staying, dropped = _shorten(planned, wanted, without)
    new: list[Appointment | None] = [None] * (wanted - len(staying))
    if not staying and not new:
        return as_replan(rest, None, dropped)
    start = max(first_day, local_day(now, series.site))
    near = [] if keeps_spacing else _near_other_series(planned, staying)
    fixed = next((one for one in near if rest.is_fixed(one)), None)
    if fixed is not None:
        day = series_rules.date_words(rest.day(fixed))
        said = f"The visit on {day} is kept fixed, and with this spacing too near an infusion of another series."
        return Replan((), [f"{said} Let it move first."], seen=rest.seen)
    leaving = [one for one in staying if (rest.day(one) < start or one in near) and not rest.is_fixed(one)]
    orders = [[*staying, *new], [*(one for one in staying if one not in leaving), *leaving, *new]]
    # From which day on is said by whoever plans the rest; a change of the series itself gives the patient notice.
    earliest = rest.notice_until if without is not None or sessions is not None else None
    # On the day of a visit that is dropped the patient does not come: nothing else is moved there.
    barred = rest.day(without) if without is not None else None
    search = Search(planned, start, homeless=len(leaving) + len(new), barred=barred, earliest=earliest)
    tasks = [_rest_task(planned, line, leaving, wide) for line in orders]
    may_stay = {rest.day(one): one for one in staying if one not in leaving}
    dates = search.fewest(wanted, may_stay, [day for day, one in may_stay.items() if rest.is_fixed(one)], wide)
    if dates is not None:
        tasks.append(_rest_task(planned, *line_on(dates, may_stay, staying), wide))
    answer = search.best(tasks)
    if isinstance(answer, Refusal):
        return Replan((), explain_refusal(answer, series.site.zone), seen=rest.seen)
    return as_replan(rest, answer, dropped)


def _near_other_series(rest: Rest, staying: Sequence[Appointment]) -> list[Appointment]:
    """Visits that cannot stay where they are, since `rest` keeps more days from the patient's other series than they
    were booked with."""
    series = rest.series
    others = series_rules.other_infusion_days(
        series.patient, series.protocol_version, series.site.zone, without=series, least=rest.spacing.least
    )
    return [one for one in staying if any(abs((rest.day(one) - day).days) < gap for day, gap in others)]


def why_not(series: Series) -> str:
    """Why the rest of an induction cannot be planned now; empty when it can."""
    if not not_running(series) and series.stage != Series.Stage.INDUCTION:
        return "The induction is over. A doctor decides how often boosters come."
    return not_running(series)


def not_running(series: Series) -> str:
    """Why several visits of the series cannot be changed together now; empty when they can."""
    if series.status == Series.Status.DRAFT:
        return "This series is held for a doctor's clearance. Give the dates back and plan it anew, or wait."
    if series.status != Series.Status.ACTIVE:
        return f"This series is “{series.get_status_display()}”, so nothing of it can be planned."
    return ""


def why_not_there(rest: Rest, to_date: date, refusal: Refusal) -> list[str]:
    """Why a visit cannot go to a date, in sentences."""
    site = rest.series.site
    if not load_sheet(site, [to_date], now=rest.now).days:
        return [f"{site.name} is closed on {date_words(to_date)}. Choose another day."]
    no_way = f"The visit cannot go to {date_words(to_date)}, whatever else of the series moves."
    return [no_way, *explain_refusal(refusal, site.zone)]


# -- the tasks ---------------------------------------------------------------------------------------------------------


def _move_task(
    rest: Rest,
    line: Line,
    leaving: Sequence[Appointment],
    mine: Appointment,
    to_date: date,
    cell: int | None,
) -> Task:
    others = [(index, one) for index, one in enumerate(line) if one is not None and one != mine]
    fixed = [booked_pin(index, one) for index, one in others if rest.is_fixed(one)]
    places = [None if one is None or one == mine or one in leaving else _place(rest, one) for one in line]
    target = Pin(line.index(mine), to_date, cell)
    return Task(line, places, (target, *fixed), rest.distances())


def _rest_task(rest: Rest, line: Line, leaving: Sequence[Appointment], wide: Mapping[tuple[UUID, UUID], int]) -> Task:
    pins = tuple(booked_pin(index, one) for index, one in enumerate(line) if one is not None and rest.is_fixed(one))
    places = [None if one is None or one in leaving else _place(rest, one) for one in line]
    return Task(line, places, pins, wide)


def _window(series: Series, rest: Rest, sessions: int | None, spacing: Spacing | None) -> int | None:
    """The window that the series would have with this number and spacing."""
    if sessions is None or spacing is None:
        return rest.window
    if spacing == series_rules.spacing_of_protocol(series.protocol_version):
        return series_rules.window_of(series.protocol_version, sessions)
    return (sessions - 1) * spacing.most


def _shorten(rest: Rest, wanted: int, without: Appointment | None) -> tuple[list[Appointment], list[Appointment]]:
    """The visits that remain and those that are dropped: the one named, then the last ones that are not fixed."""
    staying = [one for one in rest.coming if without is None or one.pk != without.pk]
    for one in reversed(rest.coming):
        if len(staying) > max(0, wanted) and one in staying and not rest.is_fixed(one):
            staying.remove(one)
    return staying, [one for one in rest.coming if one not in staying]


def booked_pin(index: int, visit: Appointment) -> Pin:
    """The visit stays where it is booked, as number `index` of the line."""
    return Pin(index, local_day(visit.starts, visit.site), clock.cell(visit.starts), booked=True)


def _place(rest: Rest, visit: Appointment) -> Place:
    return rest.day(visit), clock.cell(visit.starts)


# -- words -------------------------------------------------------------------------------------------------------------


def as_replan(
    rest: Rest, found: Found | None, dropped: Sequence[Appointment] = (), chosen: Appointment | None = None
) -> Replan:
    zone, before = rest.series.site.zone, len(rest.given)
    changes = []
    if found is not None:
        changes = [_change(rest, index, found, before, chosen) for index in range(len(found.line))]
    changes += [Change(one, one.number, one.starts, None, ["Dropped from the series."]) for one in dropped]
    changes.sort(key=lambda one: one.new_starts or one.old_starts or rest.now)
    beyond = list(dict.fromkeys(f"{explain(one, zone)}." for one in found.beyond)) if found is not None else []
    return Replan(tuple(changes), [], beyond, rest.seen)


def _change(rest: Rest, index: int, found: Found, before: int, chosen: Appointment | None) -> Change:
    zone, visit, planned = rest.series.site.zone, found.line[index], found.plan.visits[index]
    new_starts, number = clock.of_cell(planned.start), before + index + 1
    if visit is None:
        return Change(None, number, None, new_starts, _words(planned.reasons, zone), reasons_json(planned.reasons))
    if new_starts == visit.starts:
        words = "Kept fixed." if visit.pinned else "Stays as it is."
        return Change(visit, number, visit.starts, new_starts, [words])
    if visit == chosen:
        return Change(visit, number, visit.starts, new_starts, ["The day asked for."], reasons_json(planned.reasons))
    leaves = found.moved.get(index) or Reason("moved_to_make_room", {"index": index, "from_date": rest.day(visit)})
    reasons = [leaves, *planned.reasons]
    return Change(visit, number, visit.starts, new_starts, _words(reasons, zone), reasons_json(reasons))


def _words(reasons: Sequence[Reason], zone: ZoneInfo) -> list[str]:
    return list(dict.fromkeys(explain(one, zone) for one in reasons))
