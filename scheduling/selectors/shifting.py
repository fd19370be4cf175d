"""Moving the rest of a series, or all that is still to come of it, along with one visit. Reads only."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from clinic import clock
from scheduling.models import Appointment
from scheduling.planner.values import Pin, Reason, Refusal
from scheduling.selectors.replanning import Replan, as_replan, booked_pin, in_its_rest, why_not_there
from scheduling.selectors.rest import Rest, rest_of
from scheduling.selectors.rest_search import Search, Task
from scheduling.selectors.series_rules import date_words, local_day


def first_to_come(appointment: Appointment, now: datetime) -> Appointment:
    """The first visit of the series that may still move; the visit itself where there is none before it."""
    if appointment.series is None:
        return appointment
    coming = rest_of(appointment.series, now, Appointment.Kind(appointment.kind)).movable
    return next(iter(coming), appointment)


def shift_plan(*, appointment: Appointment, to_date: date, to_time: time | None, now: datetime) -> Replan:
    """The visit on a local date (at the local time, or at the hour that suits best), and all after it as many days
    later or earlier as it, as near as gaps and free time allow. Visits before it and fixed ones stay.
    """
    found = in_its_rest(appointment, to_date, now)
    if isinstance(found, Replan):
        return found
    rest, mine = found
    at = rest.coming.index(mine)
    if any(rest.day(one) >= to_date for one in rest.coming[:at]):
        return Replan((), [f"A visit that stays is on {date_words(to_date)} or after it. Move that one as well."])
    cell = clock.cell(clock.moment(to_date, to_time, appointment.site.zone)) if to_time is not None else None
    task = _task(rest, at, to_date, cell)
    first_day = max(local_day(now, appointment.site), min(rest.series.first_day, to_date))
    search = Search(rest, first_day, homeless=len(rest.coming) - at, also=max(task.anchors or ()), chosen=mine)
    answer = search.best([task])
    if isinstance(answer, Refusal):
        return Replan((), why_not_there(rest, to_date, answer), seen=rest.seen)
    along = {
        index: Reason("moved_along", {"index": index, "from_date": rest.day(one)})
        for index, one in enumerate(rest.coming)
    }
    return as_replan(rest, replace(answer, moved=along), chosen=mine)


def _task(rest: Rest, at: int, to_date: date, cell: int | None) -> Task:
    """All visits in their order; those from number `at` on have to be placed, best as many days away as the first."""
    line, days = rest.coming, to_date - rest.day(rest.coming[at])
    stays = [index < at or (index > at and rest.is_fixed(one)) for index, one in enumerate(line)]
    pins = [booked_pin(index, one) for index, one in enumerate(line) if stays[index]]
    anchors = tuple(rest.day(one) + (timedelta(0) if stays[index] else days) for index, one in enumerate(line))
    places = [(rest.day(one), clock.cell(one.starts)) if stays[index] else None for index, one in enumerate(line)]
    return Task(line, places, (Pin(at, to_date, cell), *pins), rest.distances(), anchors)
