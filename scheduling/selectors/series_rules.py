"""The rules that tie the visits of a series together, as a request to the planner and as checks of given dates.

Days between visits count dates: Monday to Wednesday is a gap of 2. `window_days` of a protocol is the most days from
the first visit to the last (the planner counts both ends, so it is given one more).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import formats

from clinic import clock
from clinic.errors import Refused
from clinic.models import Site
from patients.models import Patient
from scheduling.models import Appointment, BoosterPlan, ProtocolVersion, Series
from scheduling.selectors.local_days import as_cells

Status = Appointment.Status


def date_words(day: date) -> str:
    """A local date for a sentence: "Monday, December 7, 2026"."""
    return formats.date_format(day, "l, F j, Y")


def local_day(moment: datetime, site: Site) -> date:
    """The site's date of a moment (aware)."""
    return clock.local(moment, site.zone).date()


def window_of(version: ProtocolVersion, sessions: int) -> int:
    """The most days from the first of `sessions` visits to the last; in proportion where the number was changed."""
    if sessions <= 1:
        return 0
    if sessions == version.sessions or version.sessions <= 1:
        return max(version.window_days, (sessions - 1) * version.min_gap_days)
    scaled = -(-version.window_days * (sessions - 1) // (version.sessions - 1))
    return max(scaled, (sessions - 1) * version.min_gap_days)


@dataclass(frozen=True, slots=True)
class Spacing:
    """Days between the infusions of a series: at least, ideally, at most."""

    least: int
    ideal: float
    most: int


def spacing_of_protocol(version: ProtocolVersion) -> Spacing:
    """The spacing that a protocol has."""
    return Spacing(version.min_gap_days, float(version.ideal_gap_days), version.max_gap_days)


def spacing_of(series: Series) -> Spacing:
    """The spacing that a doctor set for the series, else its protocol's."""
    if series.min_gap_days is None or series.ideal_gap_days is None or series.max_gap_days is None:
        return spacing_of_protocol(series.protocol_version)
    return Spacing(series.min_gap_days, float(series.ideal_gap_days), series.max_gap_days)


def window_of_series(series: Series) -> int:
    """The most days from the first infusion of a series to its last; with a spacing of its own, what its gaps allow."""
    if series.max_gap_days is not None:
        return (series.sessions - 1) * series.max_gap_days
    return window_of(series.protocol_version, series.sessions)


def other_infusion_days(
    patient: Patient, version: ProtocolVersion, zone: ZoneInfo, without: Series | None = None, least: int | None = None
) -> tuple[tuple[date, int], ...]:
    """Local dates of the patient's infusions in other series, each with the days to keep from it.

    The larger of the two smallest gaps holds between any two infusions of one patient. `without`: the series that is
    asked for, whose own spacing counts then; `least`: the smallest gap that it is about to get instead.
    """
    own = spacing_of(without).least if without is not None else version.min_gap_days
    own = least if least is not None else own
    others = Appointment.objects.filter(patient=patient, series__isnull=False).filter(
        Q(status__in=Appointment.BLOCKING) | Q(status=Status.FULFILLED, counts=True)
    )
    if without is not None:
        others = others.exclude(series=without)
    gap_kept = Coalesce("series__min_gap_days", "protocol_version__min_gap_days")
    rows = others.order_by("starts").values_list("starts", gap_kept)
    return tuple((clock.local(starts, zone).date(), max(gap, own)) for starts, gap in rows)


def busy_cells(
    patient: Patient, begin: datetime, end: datetime, without: Sequence[Appointment] = ()
) -> tuple[tuple[int, int], ...]:
    """When the patient is at a visit already, between two moments, in cells."""
    rows = (
        Appointment.objects.blocking()
        .filter(patient=patient, starts__lt=end, ends__gt=begin)
        .exclude(pk__in=[one.pk for one in without])
        .values_list("starts", "ends")
    )
    return tuple(as_cells(starts, ends) for starts, ends in rows)


def days_and_hours_taken(
    patient: Patient, version: ProtocolVersion, zone: ZoneInfo, begin: datetime, end: datetime
) -> tuple[tuple[tuple[date, int], ...], tuple[tuple[int, int], ...]]:
    """What a new series has to keep from: `other_infusion_days`, and `busy_cells` from `begin` to `end`; one query."""
    rows = (
        Appointment.objects.filter(patient=patient)
        .filter(Q(status__in=Appointment.BLOCKING) | Q(status=Status.FULFILLED, counts=True))
        .order_by("starts")
        .values_list(
            "starts", "ends", "status", "series", Coalesce("series__min_gap_days", "protocol_version__min_gap_days")
        )
    )
    days: list[tuple[date, int]] = []
    busy: list[tuple[int, int]] = []
    for starts, ends, status, series, gap in rows:
        if series is not None:
            days.append((clock.local(starts, zone).date(), max(gap, version.min_gap_days)))
        if status in Appointment.BLOCKING and starts < end and ends > begin:
            busy.append(as_cells(starts, ends))
    return tuple(days), tuple(busy)


def check_series_days(days: Sequence[date], version: ProtocolVersion, first_day: date) -> None:
    """Raise Refused when these local dates (in order) break the first possible day, a gap or the window."""
    if not days:
        raise Refused("Choose at least one date. Nothing was booked.", field="starts")
    if days[0] < first_day:
        raise Refused(
            f"{date_words(days[0])} lies before {date_words(first_day)}, the first possible day. Nothing was booked.",
            field="starts",
        )
    for earlier, later in pairwise(days):
        check_gap(earlier, later, version.min_gap_days, version.max_gap_days)
    allowed = window_of(version, len(days))
    if (days[-1] - days[0]).days > allowed:
        raise Refused(
            f"From {date_words(days[0])} to {date_words(days[-1])} are {(days[-1] - days[0]).days} days; the protocol "
            f"allows {allowed} from the first visit to the last. Nothing was booked.",
            field="starts",
            code="window",
        )


def check_other_infusions(days: Sequence[date], others: Sequence[tuple[date, int]]) -> None:
    """Raise Refused when one of `days` lies too near an infusion of another series."""
    for day in days:
        for other, least in others:
            if abs((day - other).days) < least:
                raise Refused(
                    f"{date_words(day)} is too near the patient's infusion on {date_words(other)}: "
                    f"at least {least} days must lie between. Nothing was booked.",
                    field="starts",
                    code="gap",
                )


def check_gap(earlier: date, later: date, least: int, most: int | None) -> None:
    """Raise Refused when two neighbouring local dates lie too near or (where there is a `most`) too far apart."""
    between = (later - earlier).days
    limit = f"at least {least}" if between < least else f"at most {most}"
    if between < least or (most is not None and between > most):
        raise Refused(
            f"{date_words(earlier)} and {date_words(later)} are {between} days apart; the series needs {limit}. "
            "Nothing was booked.",
            field="starts",
            code="gap",
        )


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What binds one visit of a series: the visits around it by date, and the gaps to keep (None: no upper limit)."""

    before: date | None
    after: date | None
    least: int
    most_before: int | None
    most_after: int | None
    others: tuple[tuple[date, int], ...]
    window_first: date | None = None
    window_last: date | None = None

    def check(self, day: date) -> None:
        """Raise Refused when a visit on `day` would break a gap or the window."""
        if self.before is not None:
            check_gap(self.before, day, self.least, self.most_before)
        if self.after is not None:
            check_gap(day, self.after, self.least, self.most_after)
        check_other_infusions([day], self.others)
        early = self.window_first is not None and day < self.window_first
        if early or (self.window_last is not None and day > self.window_last):
            raise Refused(
                f"With a visit on {date_words(day)} the series would be longer than its protocol allows. "
                "Nothing was moved.",
                field="starts",
                code="window",
            )

    def allows(self, day: date) -> bool:
        """Whether `check` would let `day` pass."""
        try:
            self.check(day)
        except Refused:
            return False
        return True


def neighbours_of(appointment: Appointment) -> Neighbours:
    """What binds a visit to the rest of its series, as things stand; a consult is bound by nothing.

    Where a visit was lost, a gap or the whole series may be longer than planned already; a move must not add to it.
    """
    return neighbours_of_all([appointment])[appointment.pk]


def neighbours_of_all(appointments: Sequence[Appointment]) -> dict[UUID, Neighbours]:
    """`neighbours_of` for many visits, by id, in two queries. Needs `site`, `series` and `protocol_version` loaded."""
    infusions: dict[UUID, list[_Infusion]] = defaultdict(list)
    for row in _infusions({one.patient_id for one in appointments if one.series_id is not None}):
        infusions[row.patient_id].append(row)
    plans = _booster_plans([one for one in appointments if one.kind == Appointment.Kind.BOOSTER])
    free = Neighbours(None, None, 0, None, None, ())
    return {
        one.pk: _bound(one, one.series, infusions[one.patient_id], plans) if one.series is not None else free
        for one in appointments
    }


class _Infusion(NamedTuple):
    """An infusion or booster that takes place or did."""

    id: UUID
    patient_id: UUID
    series_id: UUID
    starts: datetime
    kind: str
    number: int
    least: int


def _infusions(patients: Collection[UUID]) -> Iterable[_Infusion]:
    if not patients:
        return []
    rows = (
        Appointment.objects.filter(patient__in=patients, series__isnull=False)
        .filter(Q(status__in=Appointment.BLOCKING) | Q(status=Status.FULFILLED, counts=True))
        .annotate(least=Coalesce("series__min_gap_days", "protocol_version__min_gap_days"))
        .order_by("starts")
        .values_list(*_Infusion._fields)
    )
    return (_Infusion(*row) for row in rows)


def _booster_plans(boosters: Sequence[Appointment]) -> dict[UUID, BoosterPlan]:
    """The newest plan of each series that the boosters belong to."""
    series = {one.series_id for one in boosters}
    found: dict[UUID, BoosterPlan] = {}
    for plan in BoosterPlan.objects.filter(series__in=series).order_by("set_at") if series else ():
        found[plan.series_id] = plan
    return found


def _bound(
    appointment: Appointment, series: Series, infusions: Sequence[_Infusion], plans: Mapping[UUID, BoosterPlan]
) -> Neighbours:
    zone, own = appointment.site.zone, spacing_of(series).least
    others = tuple(
        (clock.local(row.starts, zone).date(), max(row.least, own)) for row in infusions if row.series_id != series.pk
    )
    siblings = [
        (clock.local(row.starts, zone).date(), row.kind, row.number)
        for row in infusions
        if row.series_id == series.pk and row.id != appointment.pk
    ]
    here = clock.local(appointment.starts, zone).date()
    before = max((row for row in siblings if row[0] <= here), default=None)
    after = min((row for row in siblings if row[0] > here), default=None)
    least, most = _gaps(appointment, plans.get(series.pk))
    first, last = _window(appointment, here, [day for day, kind, _ in siblings if kind == Appointment.Kind.INFUSION])
    return Neighbours(
        before=before[0] if before else None,
        after=after[0] if after else None,
        least=least,
        most_before=max(most, (here - before[0]).days)
        if most and before and _is_next(appointment, before, -1)
        else None,
        most_after=max(most, (after[0] - here).days) if most and after and _is_next(appointment, after, 1) else None,
        others=others,
        window_first=first,
        window_last=last,
    )


def _is_next(appointment: Appointment, row: tuple[date, str, int], distance: int) -> bool:
    """Whether another visit is the one right before (-1) or after (1), so that the largest gap binds the two."""
    return row[1] == appointment.kind and row[2] == appointment.number + distance


def gaps_of(appointment: Appointment) -> tuple[int, int | None]:
    """Smallest and largest gap. A booster's follow from the interval that a doctor set."""
    boosters = [appointment] if appointment.kind == Appointment.Kind.BOOSTER else []
    return _gaps(appointment, next(iter(_booster_plans(boosters).values()), None))


def _gaps(appointment: Appointment, plan: BoosterPlan | None) -> tuple[int, int | None]:
    version, series = appointment.protocol_version, appointment.series
    if appointment.kind != Appointment.Kind.BOOSTER:
        own = spacing_of(series) if series is not None else None
        return (own.least, own.most) if own is not None else (version.min_gap_days, version.max_gap_days)
    if plan is None:
        return version.min_gap_days, None
    least = max(version.min_gap_days, plan.interval_days - plan.tolerance_days)
    return least, plan.interval_days + plan.tolerance_days


def _window(appointment: Appointment, here: date, infusions: Sequence[date]) -> tuple[date | None, date | None]:
    """The first and last date on which an infusion keeps the series within its window; (None, None) for boosters."""
    if appointment.kind != Appointment.Kind.INFUSION or appointment.series is None or not infusions:
        return None, None
    now = max(here, *infusions) - min(here, *infusions)
    allowed = max(timedelta(days=window_of_series(appointment.series)), now)
    return max(infusions) - allowed, min(infusions) + allowed
