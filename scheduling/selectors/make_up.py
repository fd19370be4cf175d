"""Making up for an infusion or booster that was lost: whether one is missing, and when it could be. Reads only.

Only the smallest gap to the patient's other infusions binds the new date. The window and the largest gap are those of
a plan in which every infusion took place; held to them, a lost infusion could often not be made up at all.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db.models import Q

from clinic import clock
from scheduling.models import Appointment, Series
from scheduling.planner.search import possible_starts
from scheduling.selectors import series_rules
from scheduling.selectors.day_sheets import load_sheet
from scheduling.selectors.local_days import days_between
from scheduling.selectors.planning import SLOT_MINUTES, Slot, shape_of

#: How many local dates are looked at for times of one click, and how many of them are offered.
LOOK_AHEAD, OFFERED = 14, 3


def is_missing(lost: Appointment) -> bool:
    """Whether `lost` is a visit that did not count, in a running series that has fewer than planned because of it.

    Infusions given and those still to come count alike, so that one lost visit is made up once. A booster is made up
    by one of its own number; those after it keep their dates.
    """
    series = lost.series
    if series is None or lost.counts is not False or series.status != Series.Status.ACTIVE:
        return False
    if lost.kind == Appointment.Kind.BOOSTER:
        return series.stage == Series.Stage.MAINTENANCE and lost.number not in _numbers_that_stand(series, lost.kind)
    if lost.kind != Appointment.Kind.INFUSION or series.stage != Series.Stage.INDUCTION:
        return False
    return len(_numbers_that_stand(series)) < series.sessions


def place_in_series(lost: Appointment) -> int:
    """The number of the visit in place of `lost`: its own, or the first free one where another infusion has that by
    now.
    """
    if lost.series is None or lost.kind == Appointment.Kind.BOOSTER:
        return lost.number
    taken = set(_numbers_that_stand(lost.series))
    free = [number for number in range(1, lost.series.sessions + 1) if number not in taken]
    return lost.number if lost.number not in taken else free[0]


def _numbers_that_stand(series: Series, kind: str = Appointment.Kind.INFUSION) -> list[int]:
    """The numbers of the infusions (or boosters) given and to come."""
    infusions = Appointment.objects.filter(series=series, kind=kind)
    return list(infusions.filter(Q(counts=True) | Q(status__in=Appointment.BLOCKING)).values_list("number", flat=True))


def infusion_days(lost: Appointment) -> list[tuple[date, int]]:
    """The local dates of every other infusion of the patient that was given or is to come, with the days to keep."""
    zone = lost.site.zone
    return list(series_rules.other_infusion_days(lost.patient, lost.protocol_version, zone))


def make_up_slots(*, lost: Appointment, first_day: date, days: int, now: datetime) -> list[Slot]:
    """Free times (UTC) for the infusion in place of `lost`, on `days` local dates from `first_day` on, today at the
    earliest; on the quarters of the hour.
    """
    site = lost.site
    first = max(first_day, clock.local(now, site.zone).date())
    near = infusion_days(lost)
    dates = [day for day in days_between(first, first + timedelta(days=days - 1)) if _keeps_distance(day, near)]
    if not dates:
        return []
    sheet = load_sheet(site, dates, now=now)
    shape = shape_of(lost)
    begin, end = clock.day_bounds(dates[0], site.zone)[0], clock.day_bounds(dates[-1], site.zone)[1]
    found = possible_starts(
        shape,
        sheet.days,
        sheet.resources,
        sheet.taken,
        busy=series_rules.busy_cells(lost.patient, begin, end),
        earliest_cell=clock.cell_up(now),
    )
    return [
        Slot(doctor=None, starts=clock.of_cell(start.start), ends=clock.of_cell(start.start + shape.cells))
        for start in found.starts
        if start.minute % SLOT_MINUTES == 0
    ]


def nearest_slots(lost: Appointment, now: datetime) -> list[Slot]:
    """For one click: the next days on which the visit in place of `lost` could be, a time on each, nearest to its
    hour.
    """
    zone = lost.site.zone
    wanted = clock.local(lost.starts, zone).time()
    by_day: dict[date, list[Slot]] = {}
    tomorrow = clock.local(now, zone).date() + timedelta(days=1)  # nobody fasts, or finds a driver, for today
    for slot in make_up_slots(lost=lost, first_day=tomorrow, days=LOOK_AHEAD, now=now):
        by_day.setdefault(clock.local(slot.starts, zone).date(), []).append(slot)
    return [
        min(slots, key=lambda one: abs(one.starts - clock.moment(day, wanted, zone)))
        for day, slots in list(by_day.items())[:OFFERED]
    ]


def _keeps_distance(day: date, near: Sequence[tuple[date, int]]) -> bool:
    return all(abs((day - other).days) >= least for other, least in near)
