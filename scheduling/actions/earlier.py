"""The earlier-time list: going on it and off it, and offering a free time to one or several.

An offer holds its time once, for all who are asked: the first to accept gets it (earlier_answers.py beside this).
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Max
from django.utils.translation import gettext as _

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site
from clinic.permissions import Permission
from scheduling import wishes as wishes_json
from scheduling.actions import holds, placing
from scheduling.actions.holds import ToHold
from scheduling.actions.once import earlier_result, keep_result
from scheduling.messages import ledger
from scheduling.models import Appointment, EarlierWish, Invitation, Offer
from scheduling.planner.values import Wishes
from scheduling.selectors.earlier import TO_ANSWER, Chance, Fit, Looking, latest_answer
from scheduling.selectors.planning import shape_of
from scheduling.selectors.series_rules import local_day
from scheduling.when import day_words, time_words

Status = EarlierWish.Status
#: The longest that an earlier time is held: nobody else can have it meanwhile.
MOST_MINUTES = 48 * 60


@action
def wish_sooner(
    *, by: Actor, appointment: Appointment, hours: Wishes, not_before: date | None = None, note: str = ""
) -> EarlierWish:
    """Put a booked visit on the earlier-time list with the hours that suit; again for the same visit changes them.

    `not_before`: a local date of the site.

    Raises:
        Refused: the visit is not booked, has begun, or starts before `not_before`.
        NotAllowed: somebody else's visit, or an actor who may not book.
    """
    placing.check_may_ask(by, appointment.patient_id)
    locks.take([locks.patient(appointment.patient_id)])
    visit = Appointment.objects.select_related("site").get(pk=appointment.pk)
    if visit.status != Appointment.Status.BOOKED or visit.starts <= clock.now():
        raise Refused(_("Only a booked visit to come can come sooner. Nothing was changed."))
    if not_before is not None and not_before >= local_day(visit.starts, visit.site):
        raise Refused(_("The visit is on that day or before it already. Choose an earlier day."), field="not_before")
    wish, _new = EarlierWish.objects.update_or_create(
        appointment=visit,
        status=Status.WAITING,
        defaults={"hours": wishes_json.to_json(hours), "not_before": not_before, "note": note.strip()},
        create_defaults={
            "patient_id": visit.patient_id,
            "hours": wishes_json.to_json(hours),
            "not_before": not_before,
            "note": note.strip(),
            "created_at": clock.now(),
            "created_by": by.user,
        },
    )
    return wish


@action
def end_wish(*, by: Actor, wish: EarlierWish, reason: str) -> EarlierWish:
    """Take a visit off the list. What it is asked about just now stays open until it is answered. Twice is once.

    Raises:
        NotAllowed: somebody else's visit, or an actor who may not book.
    """
    placing.check_may_ask(by, wish.appointment.patient_id)
    locks.take([locks.patient(wish.patient_id)])
    fresh = EarlierWish.objects.get(pk=wish.pk)
    return close_wish(fresh, Status.ENDED, reason) if fresh.status == Status.WAITING else fresh


def close_wish(wish: EarlierWish, to: str, reason: str = "") -> EarlierWish:
    """Write how a wish ended. For actions, under the patient's lock."""
    wish.status, wish.ended_at, wish.end_reason = to, clock.now(), reason.strip()[:200]
    wish.save(update_fields=["status", "ended_at", "end_reason"])
    return wish


@action
def offer_time(
    *, by: Actor, site: Site, starts: datetime, wishes: Sequence[EarlierWish], minutes: int, key: UUID
) -> Offer:
    """Hold a free time (aware) for `minutes` and ask everybody behind `wishes` whether they want it.

    It lapses sooner where somebody would otherwise answer too late to fast or to find a driver. All visits need the
    same, so that the time held serves whoever comes first. The same key again returns the same offer.

    Raises:
        Refused: nobody chosen, somebody for whom the time is not legal, does not suit or comes too late, visits that
            need different things, or a length outside the least time to answer and MOST_MINUTES.
        JustTaken: the time is no longer free.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    done = earlier_result(key, "offer_time", by)
    if done is not None:
        return Offer.objects.get(pk=done["offer"])
    now, least = clock.now(), TO_ANSWER // timedelta(minutes=1)
    if not wishes:
        raise Refused("Tick at least one person. Nothing was offered.", field="wishes")
    if not least <= minutes <= MOST_MINUTES:
        raise Refused(
            f"A time can be held for {least} to {MOST_MINUTES} minutes. Nothing was offered.", field="minutes"
        )
    placing.check_starts([starts], site.zone, now)
    shape = shape_of(wishes[0].appointment)
    day = local_day(starts, site)
    locks.take(
        [
            locks.site(site.pk),
            *(locks.staff(resource) for resource in placing.travellers(site, shape)),
            *(locks.patient(wish.patient_id) for wish in wishes),
            *locks.days(site.pk, [day]),
        ]
    )
    _let_go_of_stale(wishes)
    sheet = placing.free_sheet(site, [day], now)
    placements = placing.place(sheet, shape, [starts])[0]
    fits = _check_fit(site, starts, wishes, now)
    expires_at = min(now + timedelta(minutes=minutes), *(fit.answer_by for fit in fits))
    with placing.as_just_taken(sheet.zone):
        offer = Offer.objects.create(
            kind=Offer.Kind.EARLIER_TIME,
            site=site,
            protocol_version=fits[0].visit.protocol_version,
            plan={"starts": [starts.isoformat()]},
            expires_at=expires_at,
            created_at=now,
            created_by=by.user,
        )
        holds.write([ToHold(placements, offer=offer.pk, expires_at=expires_at)])
    for fit in fits:
        ledger.announce_offered(_invite(offer, fit, now))
    keep_result(key, offer=str(offer.pk))
    return offer


def _invite(offer: Offer, fit: Fit, now: datetime) -> Invitation:
    visit = fit.visit
    last = Invitation.objects.filter(appointment=visit).aggregate(last=Max("number"))["last"]
    return Invitation.objects.create(
        offer=offer,
        wish=fit.wish,
        patient=visit.patient,
        appointment=visit,
        visit_version=visit.version,
        number=(last or 0) + 1,
        created_at=now,
    )


def _let_go_of_stale(wishes: Sequence[EarlierWish]) -> None:
    """Whoever was asked while the visit was another one is free to be asked again."""
    for one in Invitation.objects.filter(wish__in=wishes, status=Invitation.Status.OPEN).select_related("appointment"):
        if one.visit_version != one.appointment.version:
            one.status, one.answered_at = Invitation.Status.WITHDRAWN, clock.now()
            one.save(update_fields=["status", "answered_at"])


def _check_fit(site: Site, starts: datetime, wishes: Sequence[EarlierWish], now: datetime) -> Sequence[Fit]:
    """Look again, under the locks: each of `wishes` could have the time, and one held time serves them all."""
    keys = {wish.pk for wish in wishes}
    chances: list[Chance] = Looking(site, now, only=keys, days=[local_day(starts, site)]).at(starts)
    fits = [fit for chance in chances for fit in chance.fits]
    unfit = [wish for wish in wishes if wish.pk not in {fit.wish.pk for fit in fits}]
    if unfit:
        raise Refused(_why_not(unfit[0], site, starts, now), field="wishes", code="unfit")
    if len(chances) > 1:
        raise Refused(
            "These visits need different things, so one held time cannot serve all of them. Nothing was offered; offer "
            "it for one kind of visit at a time.",
            field="wishes",
        )
    return fits


def _why_not(wish: EarlierWish, site: Site, starts: datetime, now: datetime) -> str:
    when = f"{day_words(starts, site.zone)} at {time_words(starts, site.zone)}"
    name = wish.patient.name
    if latest_answer(wish.appointment, starts) < now + TO_ANSWER:
        return (
            f"{when} is too soon for {name}: too late to prepare for it and to find a driver. Nothing was offered; "
            "choose a later time, or leave this person out."
        )
    return (
        f"{when} no longer suits {name}: the visit, the hours or an answer has changed since. Nothing was offered; "
        "look at the list again."
    )
