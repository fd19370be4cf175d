"""The question that visits without cover put to the planner: read here in bulk, answered by planner.rescue_search."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import numpy as np
from django.db.models.functions import Coalesce

from clinic import clock
from clinic.models import Resource, ResourceKind, Site
from patients.models import Clearance
from scheduling import wishes as wishes_json
from scheduling.models import Appointment, Hold, Series
from scheduling.planner.rescue import BookedVisit, Course, RescueRequest
from scheduling.planner.seats import Row
from scheduling.planner.values import Stretches, Taken, VisitShape, Wishes
from scheduling.selectors import series_rules
from scheduling.selectors.day_sheets import Sheet, load_sheet
from scheduling.selectors.known_shapes import Shapes
from scheduling.selectors.local_days import as_cells, days_between
from scheduling.selectors.neighbours import gaps_of
from scheduling.selectors.series_rules import local_day
from scheduling.selectors.shapes import rest_of

Status = Appointment.Status
#: How far after the last visit without cover new times are looked for: a protocol's gaps and window seldom reach
#: further.
HORIZON_DAYS = 28
#: A visit may be put off as late as this before its new start, and is never brought forward within the site's notice.
LEAST_NOTICE = timedelta(hours=1)
PLACES = (ResourceKind.RECLINER, ResourceKind.BED, ResourceKind.MONITOR)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A visit that has begun and whose rest needs other people: from `cell` on, with `shape`, which leaves out the
    first `phases_done` phases. `keeps_place`: the patient stays where he or she is.
    """

    cell: int
    shape: VisitShape
    phases_done: int
    keeps_place: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A rescue as asked: `visits` by id, the covered ones of the same series among them."""

    site: Site
    request: RescueRequest
    visits: dict[UUID, Appointment]
    under_way: dict[UUID, UnderWay]


def ask(site: Site, lost: Collection[UUID], now: datetime) -> Question:
    """The question for the visits `lost` of `site` (kept plans are passed over), seen from `now` (aware).

    Dates are looked at from today to HORIZON_DAYS after the last of them; about a dozen queries, however many visits.
    """
    visits = _load(Appointment.objects.blocking().filter(pk__in=lost, site=site))
    days = [local_day(visit.starts, site) for visit in visits]
    first = clock.local(now, site.zone).date()
    dates = days_between(first, max([*days, first]) + timedelta(days=HORIZON_DAYS))
    sheet = load_sheet(site, dates, now=now, without_visits=[visit.pk for visit in visits])
    return _Asking(site, visits, sheet, now).question()


def _load(visits: Iterable[Appointment]) -> list[Appointment]:
    found = visits.select_related(  # type: ignore[attr-defined]
        "site",
        "patient",
        "series__protocol_version",
        "series__patient",
        "series__site",
        "practitioner__resource",
        "protocol_version__protocol",
    )
    return list(found.order_by("starts"))


class _Asking:
    """Everything that was read, and the courses made of it."""

    def __init__(self, site: Site, lost: Sequence[Appointment], sheet: Sheet, now: datetime) -> None:
        self.site, self.lost, self.sheet, self.now = site, lost, sheet, now
        self.now_cell = clock.cell_up(now)
        self.lost_ids = {visit.pk for visit in lost}
        self.shapes = Shapes()
        self.series: dict[UUID, list[Appointment]] = defaultdict(list)
        series_ids = {visit.series_id for visit in lost if visit.series_id is not None and not self._is_here(visit)}
        for visit in _load(Appointment.objects.standing().filter(series__in=series_ids)):
            if visit.series_id is not None:
                self.series[visit.series_id].append(visit)
        self.held = self._holds()
        self.busy, self.infusions = self._elsewhere()
        self.cleared_until = self._clearances()
        self.under_way: dict[UUID, UnderWay] = {}
        self.kept: list[Row] = []

    def question(self) -> Question:
        """The request with a course for each series and each single visit."""
        courses = []
        done: set[UUID] = set()
        for visit in self.lost:
            if self._is_here(visit):
                courses.append(self._rest_of(visit))
            elif visit.series is None or not self._in_order(self.series[visit.series.pk]):
                courses.append(self._single(visit))
            elif visit.series.pk not in done:
                done.add(visit.series.pk)
                courses.append(self._of_series(visit.series))
        request = RescueRequest(
            courses=tuple(courses),
            days=self.sheet.days,
            resources=self.sheet.resources,
            taken=_with_rows(self.sheet.taken, self.kept),
            earliest_cell=clock.cell_up(self.now + LEAST_NOTICE),
            earlier_cell=clock.cell_up(self.now + timedelta(hours=self.site.notice_hours)),
        )
        everybody = {visit.pk: visit for visits in self.series.values() for visit in visits}
        return Question(self.site, request, everybody | {visit.pk: visit for visit in self.lost}, self.under_way)

    # -- what was read -------------------------------------------------------------------------------------------

    def _holds(self) -> dict[UUID, list[Row]]:
        """What the visits hold that has not lapsed: of the lost ones and of those that might follow."""
        ids = self.lost_ids | {visit.pk for visits in self.series.values() for visit in visits}
        found: dict[UUID, list[Row]] = defaultdict(list)
        holds = Hold.objects.filter(appointment__in=ids).exclude(expires_at__lte=self.now)
        columns = ("appointment_id", "resource_id", "start_cell", "end_cell", "first_unit", "end_unit")
        for visit, resource, start, end, lower, upper in holds.values_list(*columns):
            if visit is not None:
                found[visit].append((resource, start, end, lower, upper))
        return found

    def _elsewhere(self) -> tuple[dict[UUID, list[tuple[int, int]]], dict[UUID, list[tuple[date, int]]]]:
        """By patient: when other visits keep them busy, and their infusions of other series with the days to keep."""
        patients = {visit.patient_id for visit in self.lost}
        part = self.lost_ids | {visit.pk for visits in self.series.values() for visit in visits}
        others = Appointment.objects.standing().filter(patient__in=patients).exclude(pk__in=part)
        least = Coalesce("series__min_gap_days", "protocol_version__min_gap_days")
        busy: dict[UUID, list[tuple[int, int]]] = defaultdict(list)
        infusions: dict[UUID, list[tuple[date, int]]] = defaultdict(list)
        columns = ("patient_id", "starts", "ends", "series_id", least)
        for patient, starts, ends, series, gap in others.values_list(*columns):
            busy[patient].append(as_cells(starts, ends))
            if series is not None:
                infusions[patient].append((local_day(starts, self.site), gap))
        return busy, infusions

    def _clearances(self) -> dict[UUID, date]:
        """Where the clearance that stands for each patient ends; nothing for who has no yes."""
        patients = {visit.patient_id for visit in self.lost}
        newest = (
            Clearance.objects.filter(patient__in=patients).order_by("patient_id", "-decided_at").distinct("patient_id")
        )
        return {one.patient_id: one.valid_until for one in newest if one.is_yes and one.valid_until is not None}

    # -- one course ----------------------------------------------------------------------------------------------

    def _is_here(self, visit: Appointment) -> bool:
        """Whether the visit has begun, by the clock or by the patient's arrival: then it is not moved any more."""
        return visit.starts <= self.now or visit.status == Status.ARRIVED

    @staticmethod
    def _in_order(visits: Sequence[Appointment]) -> bool:
        """Whether the visits of a series lie on different days, as a chain of gaps needs."""
        return all(local_day(a.starts, a.site) < local_day(b.starts, b.site) for a, b in pairwise(visits))

    def _booked(self, visit: Appointment) -> BookedVisit:
        local = clock.local(visit.starts, self.site.zone)
        is_lost = visit.pk in self.lost_ids
        held = tuple(self.held[visit.pk])
        to_come = visit.status in {Status.PROPOSED, Status.BOOKED} and visit.starts > self.now and not visit.pinned
        return BookedVisit(
            key=visit.pk,
            date=local.date(),
            start=clock.cell(visit.starts),
            minute=local.hour * 60 + local.minute,
            stranded=is_lost,
            may_move=to_come and (is_lost or bool(held)),
            held=held,
        )

    def _single(self, visit: Appointment) -> Course:
        """A visit that no other binds, but by the days to keep between infusions."""
        series = visit.series
        least = series_rules.spacing_of(series).least if series is not None else 0
        around = [
            (local_day(other.starts, self.site), least)
            for other in (self.series[series.pk] if series is not None else ())
            if other.pk not in self.lost_ids
        ]
        return Course(
            key=visit.pk,
            patient=visit.patient_id,
            shape=self.shapes.of(visit),
            visits=(self._booked(visit),),
            least_gap=least,
            wishes=_wishes(series),
            busy=self._busy(visit),
            other_days=(*self._other_days(visit, least), *around),
            last_day=self._last_day(visit),
        )

    def _of_series(self, series: Series) -> Course:
        visits = self.series[series.pk]
        days = [local_day(visit.starts, self.site) for visit in visits]
        infusions = sum(visit.kind == Appointment.Kind.INFUSION for visit in visits)
        # What is booked may break a rule by now (an interval was changed): it must not become worse.
        span = (days[infusions - 1] - days[0]).days if infusions else 0
        least = series_rules.spacing_of(series).least
        lost = next(visit for visit in visits if visit.pk in self.lost_ids)
        return Course(
            key=series.pk,
            patient=series.patient_id,
            shape=self.shapes.of(lost),
            visits=tuple(self._booked(visit) for visit in visits),
            gaps=tuple(self._gap(a, b) for a, b in pairwise(visits)),
            least_gap=least,
            in_window=infusions,
            window_days=max(span, series_rules.window_of_series(series)),
            wishes=_wishes(series),
            busy=self._busy(lost),
            other_days=self._other_days(lost, least),
            last_day=self._last_day(lost),
        )

    def _gap(self, before: Appointment, after: Appointment) -> tuple[int, int | None]:
        """The least and most days between two neighbours; never stricter than what is booked."""
        days = (local_day(after.starts, self.site) - local_day(before.starts, self.site)).days
        least, most = gaps_of(after)
        if before.kind != after.kind or after.number != before.number + 1:
            most = None
        return min(least, days), None if most is None else max(most, days)

    def _busy(self, visit: Appointment) -> Stretches:
        return tuple(self.busy[visit.patient_id])

    def _other_days(self, visit: Appointment, least: int) -> tuple[tuple[date, int], ...]:
        if visit.series_id is None:
            return ()
        return tuple((day, max(gap, least)) for day, gap in self.infusions[visit.patient_id])

    def _last_day(self, visit: Appointment) -> date | None:
        """A booked visit stays within the doctor's clearance (promise 4); a held one moves anywhere."""
        if visit.status != Status.BOOKED or not visit.protocol_version.needs_clearance:
            return None
        return self.cleared_until.get(visit.patient_id)

    def _rest_of(self, visit: Appointment) -> Course:
        """What is left of a visit that has begun: from now on, in its chair where that is still there."""
        whole, start = self.shapes.of(visit), clock.cell(visit.starts)
        cell = max(start, self.now_cell)
        places = set(Resource.objects.filter(holds__appointment=visit, kind__in=PLACES).values_list("pk", flat=True))
        held = [row for row in self.held[visit.pk] if row[0] in places and row[2] > cell]
        end = start + whole.cells
        keeps = bool(held) and all(self._is_there(row[0], cell, min(row[2], end)) for row in held)
        if keeps:
            self.kept += [(resource, max(low, cell), high, first, last) for resource, low, high, first, last in held]
        shape = rest_of(whole, cell - start, keeps_place=keeps)
        self.under_way[visit.pk] = UnderWay(cell, shape, len(whole.phases) - len(shape.phases), keeps)
        booked = replace(self._booked(visit), start=cell, may_move=False, held=())
        return Course(visit.pk, visit.patient_id, shape, (booked,))

    def _is_there(self, resource: int, start: int, end: int) -> bool:
        present = (one for day in self.sheet.days for one in day.present.get(resource, ()))
        return start >= end or any(low <= start and end <= high for low, high in present)


def _wishes(series: Series | None) -> Wishes:
    return wishes_json.from_json(series.wishes) if series is not None else Wishes()


def _with_rows(taken: Taken, rows: Sequence[Row]) -> Taken:
    if not rows:
        return taken
    columns = (taken.resource, taken.start, taken.end, taken.lower, taken.upper)
    mine = [tuple(row) for row in zip(*(np.asarray(column).tolist() for column in columns), strict=True)]
    return Taken.from_rows([*mine, *rows])
