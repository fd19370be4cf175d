"""Writing the time that visits and offers take. Callers hold the locks of the days they write (placing.take_locks).

Legality is the count of free units, which the planner has checked; here each need gets unit numbers beside those that
are there. A legal need always fits without moving another's numbers (scheduling/planner/labels.py), in several rows if
it must, so nothing legal is refused for want of a label. The exclusion constraint `hold_never_twice` has the last word.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Least

from clinic.errors import JustTaken
from clinic.models import CHAIRS, Resource
from scheduling.models import Appointment, Hold, Offer, VisitRecord
from scheduling.planner.labels import Row, Stretch, fit
from scheduling.planner.values import Lane, Placement

CellWindow = tuple[int, int]
FIRST_WATCH_UNIT = 1
"""Unit 0 of a person are the hands (clinic.models.Resource)."""


@dataclass(frozen=True, slots=True)
class ToHold:
    """What one visit or offer is to hold. Exactly one of `appointment` and `offer` is set."""

    placements: tuple[Placement, ...]
    appointment: UUID | None = None
    offer: UUID | None = None
    expires_at: datetime | None = None


def delete_lapsed(resource_ids: Collection[int], windows: Sequence[CellWindow], now: datetime) -> None:
    """Remove holds on these resources within the windows (cells) that lapsed before `now`: the time is free already."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM scheduling_hold AS hold USING unnest(%s::int[], %s::int[]) AS day(first, last)
            WHERE hold.resource_id = ANY(%s) AND hold.expires_at <= %s
              AND int4range(hold.start_cell, hold.end_cell) && int4range(day.first, day.last)
            """,
            [[first for first, _ in windows], [last for _, last in windows], list(resource_ids), now],
        )


def write(wanted: Sequence[ToHold]) -> None:
    """Write the holds of visits and offers, all of them or (by the caller's transaction) none.

    Raises:
        JustTaken: a nurse's watch units do not suffice after all.
        django.db.IntegrityError: the constraint refused one (translated by placing.as_just_taken).
    """
    every = [placement for one in wanted for placement in one.placements]
    capacities = dict(Resource.objects.filter(pk__in={one.resource for one in every}).values_list("pk", "capacity"))
    existing = _watch_rows([one for one in every if one.lane is Lane.WATCH])
    rows: list[Hold] = []
    for one in wanted:
        for placement in one.placements:
            capacity = capacities[placement.resource]
            for row in _unit_rows(placement, capacity, existing):
                rows.append(_hold(one, placement, capacity, row))
    Hold.objects.bulk_create(rows)


def _unit_rows(placement: Placement, capacity: int, existing: dict[int, list[Row]]) -> tuple[Row, ...]:
    """The rows of one need; a watch need is put among `existing`, which it joins."""
    if placement.lane is not Lane.WATCH:
        return (Row(placement.start, placement.end, 0, 1),)
    beside = existing[placement.resource]
    need = Stretch(placement.start, placement.end, placement.units)
    rows = fit(beside, [need], FIRST_WATCH_UNIT, capacity)
    if rows is None:
        raise JustTaken("Somebody else has just taken a part of that time. Nothing was booked; choose another.")
    beside += rows
    return rows


def _hold(owner: ToHold, placement: Placement, capacity: int, row: Row) -> Hold:
    return Hold(
        resource_id=placement.resource,
        capacity=capacity,
        start_cell=row.start,
        end_cell=row.end,
        first_unit=row.lower,
        end_unit=row.upper,
        appointment_id=owner.appointment,
        offer_id=owner.offer,
        phase=placement.phase,
        expires_at=owner.expires_at,
    )


def _watch_rows(needs: Sequence[Placement]) -> dict[int, list[Row]]:
    """What is written on the watch units of the needed nurses while they are needed, by nurse."""
    found: dict[int, list[Row]] = defaultdict(list)
    if not needs:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT hold.id, hold.resource_id, start_cell, end_cell, first_unit, end_unit
            FROM scheduling_hold AS hold
            JOIN unnest(%s::bigint[], %s::int[], %s::int[]) AS need(resource_id, first, last)
              ON hold.resource_id = need.resource_id
             AND int4range(start_cell, end_cell) && int4range(need.first, need.last)
            WHERE end_unit > %s
            """,
            [
                [one.resource for one in needs],
                [one.start for one in needs],
                [one.end for one in needs],
                FIRST_WATCH_UNIT,
            ],
        )
        for _, resource, start, end, lower, upper in cursor.fetchall():
            found[resource].append(Row(start, end, lower, upper))
    return found


def fit_below(resource: Resource, capacity: int, now_cell: int) -> list[Offer]:
    """Make a nurse's rows fit into fewer units, before her resource is given so few; under her sites' locks.

    Rows above get other numbers where the count allows it. A visit for which it does not loses that row (and its
    cover); the offers for which it does not are returned. What is over at `now_cell` blocks nothing and goes.
    """
    above = Hold.objects.filter(resource=resource, end_unit__gt=capacity)
    above.filter(end_cell__lte=now_cell).delete()
    rows = list(above.order_by("start_cell", "id"))
    above.delete()
    beside = _watch_rows([Placement(resource.pk, Lane.WATCH, 1, row.start_cell, row.end_cell, 0) for row in rows])
    kept, homeless = [], []
    for row in rows:
        need = Stretch(row.start_cell, row.end_cell, row.end_unit - row.first_unit)
        found = fit(beside[resource.pk], [need], FIRST_WATCH_UNIT, capacity)
        if found is None:
            homeless.append(row)
            continue
        beside[resource.pk] += found
        for one in found:
            again = Hold(resource=resource, capacity=resource.capacity, start_cell=one.start, end_cell=one.end)
            again.first_unit, again.end_unit = one.lower, one.upper
            again.appointment_id, again.offer_id = row.appointment_id, row.offer_id
            again.phase, again.expires_at = row.phase, row.expires_at
            kept.append(again)
    Hold.objects.bulk_create(kept)
    offers = Offer.objects.filter(pk__in=[row.offer_id for row in homeless if row.offer_id is not None])
    return list(offers.select_related("patient", "site"))


def release(appointments: Iterable[Appointment]) -> None:
    """Give back all the time of these visits."""
    Hold.objects.filter(appointment__in=list(appointments)).delete()


def free_from(*, appointment: Appointment, cell: int) -> None:
    """Give back the visit's time from `cell` on: it ended early, or nobody came.

    Where the patient was here, the chair stays held for its cleaning after that. Call it under the visit's locks.
    """
    mine = Hold.objects.filter(appointment=appointment)
    cleaning = 0
    if VisitRecord.objects.filter(appointment=appointment, arrived_at__isnull=False).exists():
        cleaning = -(-appointment.protocol_version.turnover_minutes // 5)
    mine.filter(start_cell__gte=cell).delete()
    chairs = mine.filter(resource__kind__in=CHAIRS)
    chairs.filter(end_cell__gt=cell + cleaning).update(end_cell=Least(F("end_cell"), Value(cell + cleaning)))
    mine.exclude(resource__kind__in=CHAIRS).filter(end_cell__gt=cell).update(end_cell=cell)
