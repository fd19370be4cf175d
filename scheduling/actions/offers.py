"""Plans kept while the patient asks the driver: time held until it is taken up, turned down, or lapses."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused, WrongStatus
from clinic.permissions import Permission
from scheduling import wishes as wishes_json
from scheduling.actions import booking, earlier_answers, holds, placing
from scheduling.actions.holds import ToHold
from scheduling.actions.once import earlier_result, keep_result
from scheduling.actions.one_by_one import one_by_one
from scheduling.actions.series_writing import (
    Explained,
    SeriesOrder,
    announce,
    check_order,
    check_patient,
    explain_order,
    lock_and_place,
    write_series,
)
from scheduling.models import Hold, Offer, Series
from scheduling.planner.values import Placement
from scheduling.selectors.shapes import shape_for

ABOUT_TO_LAPSE = timedelta(minutes=1)
"""Longer than any booking takes: an offer that has more left cannot lapse under the one that takes it up."""
MOST_HOURS = 7 * 24
"""The longest that a plan may be kept: a week, as long as a site holds a series before clearance by default."""


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """The JSON form of `Offer.plan`: starts as ISO 8601 moments in UTC, the first possible day, why, the cost, and
    which of the starts are fixed."""

    starts: list[str]
    first_day: str
    reasons: list[list[dict[str, Any]]]
    terms: dict[str, int]
    pinned: list[str] = field(default_factory=list)

    @property
    def moments(self) -> tuple[datetime, ...]:
        """The starts as aware moments."""
        return tuple(datetime.fromisoformat(one) for one in self.starts)


def order_of(offer: Offer) -> SeriesOrder:
    """What a yes to a kept plan would book, with the wishes behind it."""
    if offer.patient is None:
        raise LookupError("an earlier time is no kept plan")
    plan = KeptPlan(**offer.plan)
    return SeriesOrder(
        patient=offer.patient,
        site=offer.site,
        version=offer.protocol_version,
        first_day=date.fromisoformat(plan.first_day),
        wishes=wishes_json.from_json(offer.wishes),
        starts=plan.moments,
        pinned=frozenset(datetime.fromisoformat(one) for one in plan.pinned),
    )


@action
def keep_plan(
    *,
    by: Actor,
    order: SeriesOrder,
    hours: int,
    key: UUID,
    explained: Explained | None = None,
) -> Offer:
    """Hold the time of a plan for `hours`, at the longest until its first visit. The same key again returns the same
    offer. `explained`: as for book_series.

    Raises:
        Refused, JustTaken, NotAllowed: as book_series; Refused too for hours outside 1 to MOST_HOURS.
    """
    placing.check_may(by, Permission.BOOK)
    done = earlier_result(key, "keep_plan", by)
    if done is not None:
        return Offer.objects.get(pk=done["offer"])
    if not 1 <= hours <= MOST_HOURS:
        raise Refused(f"A plan can be kept for 1 to {MOST_HOURS} hours. Nothing was kept.", field="hours")
    now = clock.now()
    check_order(order, now)
    explained = explained or explain_order(order, now)
    placed = lock_and_place(order, now)
    with placing.as_just_taken(placed.sheet.zone):
        offer = write_offer(order, explained, placed.placements, lasts=timedelta(hours=hours), by=by, now=now)
    keep_result(key, offer=str(offer.pk))
    return offer


def write_offer(
    order: SeriesOrder,
    explained: Explained,
    placements: Sequence[tuple[Placement, ...]],
    *,
    lasts: timedelta,
    by: Actor,
    now: datetime,
) -> Offer:
    """The row of a kept plan and the time that it holds, until its first visit at the longest; under its locks."""
    plan = KeptPlan(
        starts=[one.isoformat() for one in order.starts],
        first_day=order.first_day.isoformat(),
        reasons=list(explained.reasons),
        terms=explained.terms,
        pinned=[one.isoformat() for one in order.starts if one in order.pinned],
    )
    offer = Offer.objects.create(
        kind=Offer.Kind.KEPT_PLAN,
        patient=order.patient,
        site=order.site,
        protocol_version=order.version,
        plan=asdict(plan),
        wishes=wishes_json.to_json(order.wishes),
        expires_at=min(now + lasts, order.starts[0]),
        created_at=now,
        created_by=by.user,
    )
    holds.write([ToHold(one, offer=offer.pk, expires_at=offer.expires_at) for one in placements])
    return offer


@action
def accept_offer(*, by: Actor, offer: Offer, key: UUID) -> Series:
    """Book the kept plan: the time that the offer holds becomes the series'. The same key again returns the same
    series.

    Raises:
        Refused: the offer has lapsed (nothing is lost: its plan and wishes stay with it), or the patient can no longer
            be booked then.
        WrongStatus: the offer was accepted, declined or released before.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    done = earlier_result(key, "accept_offer", by)
    if done is not None:
        return Series.objects.get(pk=done["series"])
    offer, order = _locked_to_accept(offer)
    now = clock.now()
    if offer.status == Offer.Status.EXPIRED or (offer.status == Offer.Status.OPEN and offer.expires_at <= now):
        raise Refused(
            "This offer has lapsed, so its time is no longer held. Nothing was booked; plan again, what was entered "
            "is kept.",
            code="lapsed",
        )
    _check_is_open(offer)
    shape = shape_for(order.version, order.patient)
    check_patient(order, shape)
    plan = KeptPlan(**offer.plan)
    series, visits = write_series(order, shape, Explained(tuple(plan.reasons), plan.terms), by=by, now=now)
    _hand_over(offer, [(visit.pk, clock.cell(visit.starts)) for visit in visits], series.held_until)
    _close(offer, Offer.Status.ACCEPTED)
    announce(series, visits)
    keep_result(key, series=str(series.pk))
    return series


@action
def decline_offer(*, by: Actor, offer: Offer) -> Offer:
    """The patient does not want the kept plan: its time is free at once. Declining twice is the same as once.

    Raises:
        WrongStatus: the offer was accepted before.
    """
    placing.check_may(by, Permission.BOOK)
    offer, _ = _locked(offer)
    if offer.status in {Offer.Status.DECLINED, Offer.Status.EXPIRED}:
        return offer
    _check_is_open(offer)
    Hold.objects.filter(offer=offer).delete()
    return _close(offer, Offer.Status.DECLINED)


@action
def expire_offer(*, by: Actor, offer: Offer) -> Offer:
    """Mark an offer as lapsed and remove its holds.

    Raises:
        WrongStatus: it is no longer open, or has not lapsed yet.
    """
    offer, _ = _locked(offer)
    _check_is_open(offer)
    if offer.expires_at > clock.now():
        raise WrongStatus("This offer has not lapsed yet. Nothing was changed.")
    Hold.objects.filter(offer=offer).delete()
    return _close(offer, Offer.Status.EXPIRED)


def release_lapsed(*, by: Actor) -> int:
    """Release every offer and every held series whose time is over, each in its own transaction. How many there were.

    The patient of a series is told, once. One that was taken up or confirmed meanwhile is left alone.
    """
    now = clock.now()
    open_still = Offer.objects.filter(status=Offer.Status.OPEN, expires_at__lte=now).select_related("site")
    held_still = Series.objects.filter(status=Series.Status.DRAFT, held_until__lte=now).select_related("site")

    def expire(offer: Offer) -> bool:
        (expire_offer if offer.kind == Offer.Kind.KEPT_PLAN else earlier_answers.expire)(by=by, offer=offer)
        return True

    def release(series: Series) -> bool:
        booking.release_held(by=by, series=series, reason="No doctor's clearance came in time.")
        return True

    lapsed = one_by_one(open_still, expire, name="release_offers", passes=WrongStatus)
    return lapsed + one_by_one(held_still, release, name="release_held_series", passes=WrongStatus)


def _locked(offer: Offer) -> tuple[Offer, SeriesOrder]:
    """The offer as it is now, under the locks of what it would book."""
    order = order_of(offer)
    placing.take_locks(offer.site, order.patient, order.days, shape_for(order.version, order.patient))
    return _fresh(offer)


def _locked_to_accept(offer: Offer) -> tuple[Offer, SeriesOrder]:
    """The same without the days' locks: its time is held already and changes hands, so there is nobody to wait for.

    Only of an offer that is about to lapse could the time be cleared away meanwhile by whoever writes on its days; with
    that one they are locked too, which is still in order.
    """
    order = order_of(offer)
    locks.take([locks.site(offer.site_id), locks.patient(order.patient.pk)])
    if offer.expires_at - clock.now() < ABOUT_TO_LAPSE:
        locks.take(locks.days(offer.site_id, order.days))
    return _fresh(offer)


def _fresh(offer: Offer) -> tuple[Offer, SeriesOrder]:
    """The offer as it is now, with what it would book."""
    fresh = (
        Offer.objects.select_related("site", "patient", "protocol_version__protocol")
        .select_for_update(of=("self",))
        .get(pk=offer.pk)
    )
    return fresh, order_of(fresh)


def _check_is_open(offer: Offer) -> None:
    if offer.status != Offer.Status.OPEN:
        raise WrongStatus(f"This offer is “{offer.get_status_display()}” already. Nothing was changed.")


def _close(offer: Offer, to: str) -> Offer:
    offer.status = to
    offer.save(update_fields=["status"])
    return offer


def _hand_over(offer: Offer, visits: Sequence[tuple[UUID, int]], expires_at: datetime | None) -> None:
    """Make the offer's holds those of the visits: each belongs to the last visit that starts before it ends.

    One statement, in which nothing moves, so no constraint can be in the way. `visits`: id and first cell.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE scheduling_hold AS hold SET offer_id = NULL, expires_at = %s, appointment_id = (
                SELECT visit.id FROM unnest(%s::uuid[], %s::int[]) AS visit(id, first)
                WHERE visit.first <= hold.start_cell ORDER BY visit.first DESC LIMIT 1
            )
            WHERE hold.offer_id = %s
            """,
            [expires_at, [str(pk) for pk, _ in visits], [first for _, first in visits], str(offer.pk)],
        )
