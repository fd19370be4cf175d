"""What binds one visit to the rest of its series, as things stand: the visits around it, the gaps and the window."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models.functions import Coalesce

from clinic import clock
from clinic.errors import Refused
from scheduling.models import Appointment, BoosterPlan, Series
from scheduling.selectors.series_rules import (
    check_gap,
    check_other_infusions,
    date_words,
    spacing_of,
    window_of_series,
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
        Appointment.objects.standing()
        .filter(patient__in=patients, series__isnull=False)
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
