"""Which booked visits the clinic, as it is set up, would leave without their chair, their people or an open door."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from clinic import clock
from clinic.models import Site
from scheduling.models import Appointment, Hold, Offer
from scheduling.planner.values import Kind, Lane, SiteDay, Stretches, VisitShape
from scheduling.selectors.day_sheets import Sheet, load_sheet
from scheduling.selectors.local_days import subtract
from scheduling.selectors.planning import shape_of
from scheduling.selectors.series_rules import local_day
from scheduling.when import day_words, time_words


@dataclass(frozen=True, slots=True)
class Stranded:
    """One visit (or plan kept for a patient) that would have no cover: whose, and when (local)."""

    id: UUID
    words: str


def booked_days(site: Site, begin: datetime, end: datetime | None = None) -> set[date]:
    """Local dates from `begin` on (aware; before `end` where given) on which the site has visits or kept plans."""
    visits = Appointment.objects.blocking().filter(site=site, ends__gt=begin)
    holds = Hold.objects.filter(offer__site=site, end_cell__gt=clock.cell(begin))
    if end is not None:
        visits = visits.filter(starts__lt=end)
        holds = holds.filter(start_cell__lt=clock.cell_up(end))
    found = {local_day(starts, site) for starts in visits.values_list("starts", flat=True)}
    return found | {local_day(clock.of_cell(cell), site) for cell in holds.values_list("start_cell", flat=True)}


def stranded(site: Site, days: Collection[date], now: datetime) -> dict[UUID, Stranded]:
    """Visits and kept plans on these local dates that are not covered as things stand, by id. Lapsed holds do not
    count.
    """
    if not days:
        return {}
    sheet = load_sheet(site, days, now=now)
    begin = clock.day_bounds(min(days), site.zone)[0]
    end = clock.day_bounds(max(days), site.zone)[1]
    found: dict[UUID, Stranded] = {}
    visits = {
        visit.pk: visit
        for visit in Appointment.objects.blocking()
        .filter(site=site, starts__lt=end, ends__gt=max(begin, now))
        .select_related("patient", "protocol_version", "practitioner")
        .order_by("starts")
    }
    held = _holds(site, begin, end, now)
    shapes = _Shapes()
    for visit in visits.values():
        if local_day(visit.starts, site) in days and not _visit_is_covered(sheet, visit, held[visit.pk], shapes):
            found[visit.pk] = Stranded(visit.pk, _words(visit.patient.name, visit.starts, sheet))
    offers = Offer.objects.filter(pk__in=held.keys(), status=Offer.Status.OPEN).select_related("patient")
    for offer in offers:
        lost = [one for one in held[offer.pk] if not _is_there(sheet, one.resource_id, one.start_cell, one.end_cell)]
        if lost:
            starts = clock.of_cell(min(one.start_cell for one in lost))
            found[offer.pk] = Stranded(offer.pk, f"{_words(offer.patient.name, starts, sheet)} (a plan kept)")
    return found


class _Shapes:
    """Shapes of visits, read once for each protocol version."""

    def __init__(self) -> None:
        self._known: dict[Any, VisitShape] = {}

    def of(self, visit: Appointment) -> VisitShape:
        """The shape of `visit`."""
        key = (visit.protocol_version_id, visit.mode, visit.practitioner_id)
        if key not in self._known:
            self._known[key] = shape_of(visit)
        return self._known[key]


def _holds(site: Site, begin: datetime, end: datetime, now: datetime) -> dict[UUID, list[Hold]]:
    found: dict[UUID, list[Hold]] = defaultdict(list)
    holds = (
        Hold.objects.filter(Q(appointment__site=site) | Q(offer__site=site))
        .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))
        .filter(start_cell__lt=clock.cell_up(end), end_cell__gt=clock.cell(max(begin, now)))
    )
    for hold in holds:
        owner = hold.appointment_id or hold.offer_id
        if owner is not None:
            found[owner].append(hold)
    return found


def _visit_is_covered(sheet: Sheet, visit: Appointment, holds: Collection[Hold], shapes: _Shapes) -> bool:
    """Open throughout, everything it holds there while it lasts (cleaning may run on), and who must be on site."""
    start, end = clock.cell(visit.starts), clock.cell_up(visit.ends)
    if not sheet.is_open(start, end):
        return False
    if not all(_is_there(sheet, one.resource_id, one.start_cell, min(one.end_cell, end)) for one in holds):
        return False
    day = _day_of(sheet, start)
    return day is not None and _presence_is_met(sheet, day, shapes.of(visit), start)


def _presence_is_met(sheet: Sheet, day: SiteDay, shape: VisitShape, start: int) -> bool:
    at = start
    for phase in shape.phases:
        for need in phase.needs:
            if need.lane is Lane.PRESENCE and not _somebody(sheet, day, need.kind, at, at + phase.cells):
                return False
        at += phase.cells
    return True


def _somebody(sheet: Sheet, day: SiteDay, kind: Kind, start: int, end: int) -> bool:
    there = [stretch for one in sheet.resources if kind.value in one.roles for stretch in day.present.get(one.id, ())]
    return not subtract([(start, end)], there)


def _is_there(sheet: Sheet, resource: int, start: int, end: int) -> bool:
    day = _day_of(sheet, start)
    present: Stretches = day.present.get(resource, ()) if day is not None else ()
    return start >= end or not subtract([(start, end)], present)


def _day_of(sheet: Sheet, cell: int) -> SiteDay | None:
    return next((day for day in sheet.days if day.start <= cell < day.end), None)


def _words(name: str, starts: datetime, sheet: Sheet) -> str:
    return f"{name}, {day_words(starts, sheet.zone)} at {time_words(starts, sheet.zone)}"
