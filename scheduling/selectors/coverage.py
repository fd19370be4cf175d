"""Which booked visits the clinic, as it is set up, leaves without their chair, their people or an open door.

Nothing is written down about it: a visit is without cover when what it holds is not there, and no longer when it is.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import NumericRange
from django.db.models import CharField, Q
from django.db.models.functions import Cast

from clinic import clock
from clinic.models import Site
from scheduling.models import Appointment, Hold, Offer
from scheduling.models.appointment import CellRange
from scheduling.planner.values import CHAIR_ROLES, Kind, Lane, SiteDay, VisitShape
from scheduling.selectors.day_sheets import Presence
from scheduling.selectors.known_shapes import Booked, Id, Shapes
from scheduling.selectors.local_days import subtract
from scheduling.selectors.series_rules import local_day
from scheduling.selectors.shapes import BED
from scheduling.when import day_words, time_words

HeldRow = tuple[int, int, int, int]
"""resource, first cell, cell after the last, how many units."""


@dataclass(frozen=True, slots=True)
class Stranded:
    """One visit (or plan kept for a patient: `is_plan`) without cover; who and when (local) in words."""

    id: UUID
    words: str
    is_plan: bool = False


def uncovered(
    sheet: Presence, visits: Iterable[Booked[Id]], held: "Held", now: datetime, shapes: Shapes | None = None
) -> list[Id]:
    """Those of `visits` (still to come, or under way, on days of the sheet) that what they hold does not cover."""
    present, known = _Present(sheet), shapes or Shapes()
    return [
        visit.pk
        for visit in visits
        if not _visit_is_covered(present, visit, held.of_visits.get(str(visit.pk), ()), known, now)
    ]


def uncovered_plans(sheet: Presence, held: "Held", days: Collection[date]) -> dict[UUID, Stranded]:
    """Plans kept for patients whose visits on `days`, those of the sheet, are not covered; by id."""
    return plans_without({sheet.site: sheet}, held, {sheet.site: days}, Shapes()).get(sheet.site, {})


def plans_without(
    sheets: Mapping[Site, Presence], held: "Held", days: Mapping[Site, Collection[date]], shapes: Shapes
) -> dict[Site, dict[UUID, Stranded]]:
    """The same for several sites; one query for all of them."""
    if not held.of_offers:
        return {}
    present = {site: _Present(sheet) for site, sheet in sheets.items()}
    found: dict[Site, dict[UUID, Stranded]] = defaultdict(dict)
    offers = Offer.objects.filter(pk__in=held.of_offers, status=Offer.Status.OPEN)
    for offer in offers.select_related("patient", "site", "protocol_version"):
        site, shape = offer.site, shapes.of_version(offer.protocol_version)
        lost = _lost_of_plan(present[site], offer, held.of_offers[str(offer.pk)], shape, days[site])
        if lost:
            found[site][offer.pk] = kept_plan(offer, clock.of_cell(min(lost)))
    return found


def kept_plan(offer: Offer, starts: datetime | None = None) -> Stranded:
    """A plan kept for a patient, or an earlier time offered, that has no cover, from `starts` (UTC) on where that is
    known.
    """
    patient, zone = offer.patient, offer.site.zone
    when = f"{day_words(starts, zone)} at {time_words(starts, zone)} " if starts is not None else ""
    if patient is None:
        return Stranded(offer.pk, f"{when}(an earlier time offered)", is_plan=True)
    return Stranded(offer.pk, f"{patient.name} (record {patient.record_number}), {when}(a plan kept)", is_plan=True)


def visit_words(visit: Appointment) -> str:
    """Whose visit it is and when: "Ada Quill (record 1007), Tuesday, April 6, 2027 at 9 a.m."."""
    zone, patient = visit.site.zone, visit.patient
    when = f"{day_words(visit.starts, zone)} at {time_words(visit.starts, zone)}"
    return f"{patient.name} (record {patient.record_number}), {when}"


class _Present:
    """Who and what is there when, asked once for every hold of the days: most lie within one stretch."""

    def __init__(self, sheet: Presence) -> None:
        self.sheet = sheet
        self.no_beds = {one.id for one in sheet.resources if CHAIR_ROLES & one.roles and not BED & one.roles}
        self.days = sorted(sheet.days, key=lambda day: day.start)
        self._starts = [day.start for day in self.days]

    def day(self, cell: int) -> SiteDay | None:
        """The day on which the site is open around `cell`."""
        number = bisect_right(self._starts, cell) - 1
        return self.days[number] if number >= 0 and cell < self.days[number].end else None

    def covers(self, resource: int, start: int, end: int) -> bool:
        """Whether the resource is there in all cells of [start, end)."""
        return self.covers_on(self.day(start), resource, start, end)

    def covers_on(self, day: SiteDay | None, resource: int, start: int, end: int) -> bool:
        """The same where the day is known."""
        stretches = day.present.get(resource, ()) if day is not None else ()
        for low, high in stretches:
            if low <= start and end <= high:
                return True
        return start >= end or not subtract([(start, end)], stretches)

    def somebody(self, day: SiteDay, kind: Kind, start: int, end: int) -> bool:
        """Whether at each cell of [start, end) somebody of the kind is on site."""
        there = [
            stretch
            for one in self.sheet.resources
            if kind.value in one.roles
            for stretch in day.present.get(one.id, ())
        ]
        return not subtract([(start, end)], there)


class Held(NamedTuple):
    """What visits and kept plans hold, by their ids as text: thousands of them need not become UUIDs."""

    of_visits: dict[str, list[HeldRow]]
    of_offers: dict[str, list[HeldRow]]


def _lost_of_plan(
    present: _Present, offer: Offer, holds: Collection[HeldRow], shape: VisitShape, days: Collection[date]
) -> list[int]:
    """The starts (cells) on `days` of a kept plan at which the site is closed, or somebody or something that it needs
    is not there. Cleaning after a visit may run on.
    """
    planned = (datetime.fromisoformat(one) for one in offer.plan["starts"])
    starts = [clock.cell(one) for one in planned if local_day(one, offer.site) in days]
    lost = [start for start in starts if not _is_open_for(present, shape, start)]
    for resource, low, high, _ in holds:
        start = max((one for one in starts if one <= low), default=low)
        if local_day(clock.of_cell(low), offer.site) in days and not present.covers(
            resource, low, min(high, start + shape.cells)
        ):
            lost.append(start)
    return lost


def _is_open_for(present: _Present, shape: VisitShape, start: int) -> bool:
    day = present.day(start)
    is_open = day is not None and present.sheet.is_open(start, start + shape.cells)
    return is_open and day is not None and _presence_is_met(present, day, shape, start, start)


def held_between(sites: Collection[Site], begin: datetime, end: datetime, now: datetime) -> Held:
    """All holds of the sites' visits and kept plans that touch [begin, end) and have not lapsed at `now` (aware)."""
    found = Held(defaultdict(list), defaultdict(list))
    # As a range, which the index of the exclusion constraint finds among ten years of holds.
    window = NumericRange(clock.cell(begin), max(clock.cell(begin), clock.cell_up(end)))
    holds = (
        Hold.objects.alias(cells=CellRange("start_cell", "end_cell"))
        .filter(cells__overlap=window)
        .filter(Q(appointment__site__in=sites) | Q(offer__site__in=sites))
        .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))
    )
    owners = (Cast("appointment_id", CharField()), Cast("offer_id", CharField()))
    columns = ("resource_id", "start_cell", "end_cell", "first_unit", "end_unit")
    for visit, offer, resource, start, stop, first, last in holds.values_list(*owners, *columns):
        rows = found.of_visits[visit] if visit is not None else found.of_offers[offer]
        rows.append((resource, start, stop, last - first))
    return found


def _visit_is_covered(
    present: _Present, visit: Booked[Any], holds: Collection[HeldRow], shapes: Shapes, now: datetime
) -> bool:
    """Open throughout, everything it holds there while it lasts (cleaning may run on), who must be on site, and a bed
    where a doctor asks for one.

    Of a visit under way only what is still to come counts: the five minutes that have begun are past changing.
    """
    start, end = clock.cell(visit.starts), clock.cell_up(visit.ends)
    begin = max(start, clock.cell_up(now))
    if begin >= end:
        return True
    day = present.day(begin)
    if day is None or not present.sheet.is_open(begin, end):
        return False
    known, held = shapes.known(visit), 0
    for resource, low, high, units in holds:
        low = max(low, begin)
        if low < end and not present.covers_on(day, resource, low, min(high, end)):
            return False
        held += max(0, high - low) * units
    if holds and held < known.least(begin - start):
        return False
    if begin == start and known.needs_bed and any(row[0] in present.no_beds for row in holds):
        return False
    return not known.needs_presence or _presence_is_met(present, day, known.shape, start, begin)


def _presence_is_met(present: _Present, day: SiteDay, shape: VisitShape, start: int, begin: int) -> bool:
    at = start
    for phase in shape.phases:
        first, last = max(at, begin), at + phase.cells
        for need in phase.needs:
            if need.lane is Lane.PRESENCE and first < last and not present.somebody(day, need.kind, first, last):
                return False
        at += phase.cells
    return True
