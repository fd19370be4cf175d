"""Changing several visits of one series as one: locked, checked as it stands then, written whole, told once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db.models import Max

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused, Stale
from scheduling.actions import booking, holds, moving, placing, requests, rides
from scheduling.actions.holds import ToHold
from scheduling.actions.moving import OPEN
from scheduling.actions.series_writing import CHOSEN, open_rides
from scheduling.messages import ledger
from scheduling.models import Appointment, Series
from scheduling.planner.values import Placement, VisitShape
from scheduling.selectors import series_rules
from scheduling.selectors.replanning import not_running
from scheduling.selectors.rest import Rest, rest_of
from scheduling.selectors.series_rules import date_words, local_day
from scheduling.selectors.shapes import shape_for

Status = Appointment.Status
#: While numbers change places, each waits above this one: two visits never have the same number.
OUT_OF_THE_WAY = 10_000


@dataclass(frozen=True, slots=True)
class Agreed:
    """What somebody agreed to: new starts (aware) of visits, starts of new ones, visits to drop.

    `seen`: the version of each visit to come, as it was shown; None: whatever they are now. `beyond`: the plan may be
    longer, or its gaps wider, than the protocol wishes. `chosen`: the visit that is meant to move, fixed or not.
    """

    moves: Mapping[UUID, datetime] = field(default_factory=dict)
    added: Sequence[datetime] = ()
    dropped: Collection[UUID] = ()
    seen: Mapping[UUID, int] | None = None
    beyond: bool = False
    chosen: UUID | None = None

    @property
    def starts(self) -> list[datetime]:
        """Every new time, in order."""
        return sorted([*self.moves.values(), *self.added])


@dataclass(slots=True)
class Locked:
    """A series under its locks: the rest of it as it is now, what is wanted, and the shape of its visits."""

    rest: Rest
    agreed: Agreed
    shape: VisitShape

    @property
    def series(self) -> Series:
        """The series."""
        return self.rest.series

    @property
    def moving(self) -> list[Appointment]:
        """The visits that get another time."""
        return [one for one in self.rest.coming if one.pk in self.agreed.moves]

    @property
    def leaving(self) -> list[Appointment]:
        """The visits that are dropped."""
        return [one for one in self.rest.coming if one.pk in self.agreed.dropped]


def lock(series: Series, agreed: Agreed, kind: Appointment.Kind = Appointment.Kind.INFUSION) -> Locked:
    """Take the locks of the old days and the new ones, and look again.

    Raises:
        Stale: a visit to come is no longer what was shown.
        Refused: the series is not running, or a new time is past or off the grid.
    """
    site, now, shape = series.site, clock.now(), shape_for(series.protocol_version, series.patient_id)
    placing.check_starts(agreed.starts, site.zone, now)
    blocking = Appointment.objects.blocking().filter(series=series).values_list("starts", flat=True)
    old = {local_day(one, site) for one in blocking}
    placing.take_locks(site, series.patient, old | {local_day(one, site) for one in agreed.starts}, shape)
    fresh = Series.objects.to_change(series.pk)
    rest = rest_of(fresh, now, kind)
    shown = agreed.seen if agreed.seen is not None else rest.seen
    booking.check_seen(fresh, rest.coming, shown)
    if not {rest.day(one) for one in rest.coming} <= old:
        raise Stale("Somebody has just changed the visits of this series. Nothing of yours was written; look again.")
    if not_running(fresh):
        raise Refused(f"{not_running(fresh)} Nothing was changed.", code="not_running")
    return Locked(rest, agreed, shape)


def check(locked: Locked, spacing: series_rules.Spacing, window: int | None, *, is_wider: bool = False) -> None:
    """Raise Refused unless what was agreed to may be: only visits that may move, every gap kept, the patient free.

    `window`: the most days from the first infusion to the last, None where there is no such limit. `is_wider`: the
    smallest gap grows, so that visits that stay where they are may have come too near those of another series.
    """
    rest, agreed, series = locked.rest, locked.agreed, locked.series
    _check_may_move(rest, agreed)
    placing.check_bookable(series.patient, series.site)
    _check_line(locked, spacing, window)
    days = [local_day(one, series.site) for one in agreed.starts]
    if is_wider:
        gone = {*agreed.moves, *agreed.dropped}
        days += [rest.day(one) for one in rest.coming if one.pk not in gone]
    others = series_rules.other_infusion_days(series.patient, series.protocol_version, series.site.zone, without=series)
    series_rules.check_other_infusions(days, others)
    length = timedelta(minutes=clock.CELL_MINUTES * locked.shape.cells)
    placing.check_patient_free(
        series.patient,
        [(one, one + length) for one in agreed.starts],
        series.site.zone,
        without=[one.pk for one in [*locked.moving, *locked.leaving]],
    )
    booked = [local_day(agreed.moves[one.pk], series.site) for one in locked.moving if one.status == Status.BOOKED]
    for day in [*booked, *(local_day(one, series.site) for one in agreed.added)]:
        moving.check_cleared(series.patient, series.protocol_version, day)


def _check_may_move(rest: Rest, agreed: Agreed) -> None:
    there = {one.pk: one for one in rest.coming}
    for pk in [*agreed.moves, *agreed.dropped]:
        visit = there.get(pk)
        if visit is None or visit.status not in OPEN:
            raise Stale("A visit of this series has begun or was cancelled meanwhile. Nothing was changed; look again.")
        if rest.is_fixed(visit) and pk != agreed.chosen:
            raise Refused(
                f"The visit on {date_words(rest.day(visit))} is kept fixed. Nothing was changed; let it move first.",
                code="fixed",
            )


def _check_line(locked: Locked, spacing: series_rules.Spacing, window: int | None) -> None:
    """The whole series as it would be, in order of time: no two visits too near, and no longer than was agreed to."""
    rest, agreed = locked.rest, locked.agreed
    wide = rest.distances()
    line: list[tuple[date, UUID | None]] = [(rest.day(one), one.pk) for one in rest.given[-1:]]
    staying = [one for one in rest.coming if one.pk not in agreed.dropped]
    to_come: list[tuple[date, UUID | None]] = [
        (local_day(agreed.moves.get(one.pk, one.starts), one.site), one.pk) for one in staying
    ]
    to_come += [(local_day(one, locked.series.site), None) for one in agreed.added]
    line += sorted(to_come, key=lambda one: one[0])
    for (earlier, one), (later, other) in pairwise(line):
        apart = wide.get((one, other), 0) if one is not None and other is not None else 0
        series_rules.check_gap(earlier, later, spacing.least, None if agreed.beyond else max(spacing.most, apart))
    if window is None or agreed.beyond or not to_come:
        return
    first = rest.day(rest.given[0]) if rest.given else line[0][0]
    days, allowed = (line[-1][0] - first).days, max(window, rest.span())
    if days > allowed:
        raise Refused(
            f"The series would take {days} days from its first infusion to its last, and {allowed} are allowed. "
            "Nothing was changed; choose earlier dates.",
            field="starts",
            code="window",
        )


def write(
    locked: Locked, *, by: Actor, reason: str, why: Mapping[datetime, list[dict[str, Any]]] | None = None
) -> Series:
    """Write what was checked, in the locks' transaction: cancel, move and book, number anew, tell once.

    `why`: reasons (JSON) by new start.

    Raises:
        JustTaken: a time is no longer free; nothing has changed.
        Refused: the site is closed then.
    """
    series, agreed, reasons = locked.series, locked.agreed, why or {}
    movers, leaving = locked.moving, locked.leaving
    placed = [agreed.moves[one.pk] for one in movers] + list(agreed.added)
    days = {local_day(one, series.site) for one in placed}
    sheet = placing.free_sheet(series.site, days, locked.rest.now, [one.pk for one in [*movers, *leaving]])
    placements = placing.place(sheet, locked.shape, placed) if placed else []
    old = {one.pk: one.starts for one in movers}
    booking.cancel_visits(leaving, reason)
    with placing.as_just_taken(sheet.zone):
        holds.release(movers)
        for visit in moving.in_safe_order(movers, agreed.moves):
            starts = agreed.moves[visit.pk]
            moving.put_at(visit, starts, starts + (visit.ends - visit.starts), reason, reasons.get(starts))
        new = _create(locked, by, reasons)
        holds.write(_to_hold([*movers, *new], placements))
    requests.settle(movers)
    number_anew(series, locked.rest.kind, locked.rest.now)
    series.version += 1
    series.save(update_fields=["version"])
    open_rides(series.protocol_version, new)
    ledger.announce_boosters(series, new, [(one, old[one.pk]) for one in movers], leaving)
    for visit in movers:
        rides.visit_moved(visit)
    rides.visits_cancelled(leaving)
    return series


def _to_hold(visits: Sequence[Appointment], placements: Sequence[tuple[Placement, ...]]) -> list[ToHold]:
    return [ToHold(one, appointment=visit.pk) for visit, one in zip(visits, placements, strict=True)]


def _create(locked: Locked, by: Actor, reasons: Mapping[datetime, list[dict[str, Any]]]) -> list[Appointment]:
    series = locked.series
    highest = Appointment.objects.filter(series=series, kind=locked.rest.kind).aggregate(Max("number"))["number__max"]
    length = timedelta(minutes=clock.CELL_MINUTES * locked.shape.cells)
    return Appointment.objects.bulk_create(
        Appointment(
            patient=series.patient,
            site=series.site,
            series=series,
            protocol_version=series.protocol_version,
            kind=locked.rest.kind,
            number=number,
            status=Status.BOOKED,
            starts=starts,
            ends=starts + length,
            plan_reasons=reasons.get(starts) or CHOSEN,
            created_at=locked.rest.now,
            created_by=by.user,
        )
        for number, starts in enumerate(sorted(locked.agreed.added), start=(highest or 0) + 1)
    )


def number_anew(series: Series, kind: Appointment.Kind, now: datetime) -> None:
    """Number the visits that count or are to come by their place in the series; boosters keep theirs, in order."""
    rest = rest_of(series, now, kind)
    visits = [*rest.given, *rest.coming] if kind == Appointment.Kind.INFUSION else rest.coming
    numbers = list(range(1, len(visits) + 1))
    if kind != Appointment.Kind.INFUSION:
        numbers = sorted(one.number for one in visits)
    wrong = [(one, number) for one, number in zip(visits, numbers, strict=True) if one.number != number]
    for offset in (OUT_OF_THE_WAY, 0):
        for visit, number in wrong:
            visit.number = offset + number
        Appointment.objects.bulk_update([visit for visit, _ in wrong], ["number"])
