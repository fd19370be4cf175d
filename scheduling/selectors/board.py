"""The day board's reads: a site's visits of one local date, where they take place, and the nurses' load.

A constant number of queries, however many visits the day has.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import numpy as np

from clinic import clock
from clinic.models import Resource, ResourceKind, Site, User
from scheduling.models import Appointment, Hold
from scheduling.planner.values import Stretches
from scheduling.selectors.day_sheets import Sheet, load_sheet, people_of

CHAIRS = (ResourceKind.RECLINER, ResourceKind.BED)


@dataclass(frozen=True, slots=True)
class NurseLoad:
    """One nurse's day in cells: `watching` and `hands` count units taken in each cell of [first, end) of the board.

    `present`: the cells in which she works. `limit`: the patients she may watch at once.
    """

    name: str
    limit: int
    present: Stretches
    watching: Sequence[int]
    hands: Sequence[int]


@dataclass(frozen=True, slots=True)
class BoardDay:
    """What happens at a site on one local date.

    `first` and `end`: the cells that the board shows, whole hours around opening hours and visits; equal when there is
    nothing to show. `chair_of`: the resource that a visit takes place in, by the visit's id; by fact, else by plan.
    """

    site: Site
    date: date
    first: int
    end: int
    is_open: bool
    chairs: Sequence[Resource]
    visits: Sequence[Appointment]
    cancelled: Sequence[Appointment]
    chair_of: dict[UUID, int]
    nurses: Sequence[NurseLoad]


def board_day(user: User, site: Site, on: date, *, now: datetime) -> BoardDay:
    """The visits of `on` (local date of `site`) that the user may see, with everything that the board draws."""
    first, last = clock.day_bounds(on, site.zone)
    everything = list(
        Appointment.objects.for_user(user)
        .filter(site=site, starts__gte=first, starts__lt=last)
        .select_related("patient", "practitioner", "protocol_version__protocol", "record", "ride__companion", "series")
        .prefetch_related("protocol_version__phases")
        .order_by("starts", "patient__family_name")
    )
    gone = Appointment.Status.CANCELLED
    visits = [visit for visit in everything if visit.status != gone]
    sheet = load_sheet(site, [on], now=now)
    start, end = _extent(site, sheet, visits)
    return BoardDay(
        site=site,
        date=on,
        first=start,
        end=end,
        is_open=bool(sheet.days),
        chairs=list(Resource.objects.chairs().filter(site=site)),
        visits=visits,
        cancelled=[visit for visit in everything if visit.status == gone],
        chair_of=_chairs_of(visits),
        nurses=_loads(site, sheet, start, end),
    )


def _chairs_of(visits: Sequence[Appointment]) -> dict[UUID, int]:
    held = Hold.objects.filter(appointment__in=visits, resource__kind__in=CHAIRS).order_by("-start_cell")
    chairs = {visit: chair for visit, chair in held.values_list("appointment_id", "resource_id") if visit is not None}
    for visit in visits:
        record = getattr(visit, "record", None)
        if record is not None and record.chair_id is not None:
            chairs[visit.pk] = record.chair_id
    return chairs


def _extent(site: Site, sheet: Sheet, visits: Sequence[Appointment]) -> tuple[int, int]:
    """Whole local hours around what is open and what is booked, in cells."""
    lows = [low for day in sheet.days for low, _ in day.open or ()] + [clock.cell(visit.starts) for visit in visits]
    highs = [high for day in sheet.days for _, high in day.open or ()] + [clock.cell_up(visit.ends) for visit in visits]
    if not lows:
        return 0, 0
    first, end = min(lows), max(highs)
    while clock.local(clock.of_cell(first), site.zone).minute:
        first -= 1
    while clock.local(clock.of_cell(end), site.zone).minute:
        end += 1
    return first, end


def _loads(site: Site, sheet: Sheet, first: int, end: int) -> list[NurseLoad]:
    day = sheet.days[0] if sheet.days else None
    taken = defaultdict(list)
    columns = (sheet.taken.resource, sheet.taken.start, sheet.taken.end, sheet.taken.lower, sheet.taken.upper)
    for resource, start, stop, lower, upper in zip(*(np.asarray(one).tolist() for one in columns), strict=True):
        taken[resource].append((start, stop, lower, upper))
    loads = []
    for person in people_of(site):
        present = day.present.get(person.member.resource_id, ()) if day is not None else ()
        rows = taken.get(person.member.resource_id, [])
        if "nurse" not in person.roles or not (present or rows):
            continue
        watching, hands = np.zeros(end - first, dtype=np.int64), np.zeros(end - first, dtype=np.int64)
        for start, stop, lower, upper in rows:
            span = slice(max(start - first, 0), max(stop - first, 0))
            watching[span] += upper - max(lower, 1)
            hands[span] += 1 if lower == 0 else 0
        loads.append(
            NurseLoad(person.member.name, person.member.watch_limit, present, watching.tolist(), hands.tolist())
        )
    return loads
