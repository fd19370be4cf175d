"""Answers to an offered earlier time: the first yes gets it, everybody else is told kindly, and nothing is held longer
than it has to be.

Said by the patient on their page, or to the desk on the telephone. Answering twice is the same as once.
"""

from django.db import IntegrityError
from django.utils.translation import gettext as _

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused, WrongStatus
from clinic.permissions import Permission
from scheduling.actions import earlier, moving, placing
from scheduling.messages import ledger
from scheduling.models import Appointment, EarlierWish, Hold, Invitation, Offer
from scheduling.selectors.planning import shape_of
from scheduling.selectors.series_rules import local_day

Answer = Invitation.Status
REASON = "Came sooner from the earlier-time list."


@action
def accept(*, by: Actor, invitation: Invitation) -> Appointment:
    """Move the visit to the offered time, which is held for it; its old time is free at once. The others are told.

    Raises:
        Refused: somebody was quicker (code "taken"), the offer is over ("lapsed"), or the visit has changed since
            ("stale").
        JustTaken: the time is not free after all; nothing has changed.
        NotAllowed: somebody else's invitation, or an actor who may not book.
    """
    _check_may(by, invitation)
    visit, starts = invitation.appointment, invitation.offer.first_start
    site = visit.site
    days = {local_day(starts, site), local_day(visit.starts, site)}
    placing.take_locks(site, visit.patient, days, shape_of(visit))
    offer, mine = _as_they_are(invitation)
    if mine.status == Answer.ACCEPTED:
        return mine.appointment
    _check_still_offered(offer, mine)
    # What the offer holds is what the visit needs: given back and taken in one transaction, it is never free between.
    Hold.objects.filter(offer=offer).delete()
    moved = moving.move_visit(by=by, appointment=visit, starts=starts, reason=REASON, version=mine.visit_version)
    try:
        _answer(mine, Answer.ACCEPTED)
    except IntegrityError as error:  # invitation_first_gets_it has the last word
        raise _taken() from error
    _close(offer, Offer.Status.ACCEPTED, Answer.TAKEN)
    wish = EarlierWish.objects.get(pk=mine.wish_id)
    if wish.status == EarlierWish.Status.WAITING:
        earlier.close_wish(wish, EarlierWish.Status.MET)
    return moved


@action
def decline(*, by: Actor, invitation: Invitation) -> Invitation:
    """The patient keeps the visit as it is. When nobody is left to ask, the time is free at once.

    Raises:
        WrongStatus: it was accepted before.
        NotAllowed: somebody else's invitation, or an actor who may not book.
    """
    _check_may(by, invitation)
    _lock(invitation.offer)
    offer, mine = _as_they_are(invitation)
    if mine.status == Answer.ACCEPTED:
        raise WrongStatus(_("You have said yes to this time already. Call us if it does not suit after all."))
    if mine.status != Answer.OPEN:
        return mine
    _answer(mine, Answer.DECLINED)
    ledger.withdraw_offered(mine, "the offer was declined")
    if not offer.invitations.filter(status=Answer.OPEN).exists():
        _close(offer, Offer.Status.DECLINED, Answer.WITHDRAWN)
    return mine


@action
def take_back(*, by: Actor, offer: Offer) -> Offer:
    """The desk needs the time otherwise: it is free at once, and whoever was asked is told. Twice is once.

    Raises:
        WrongStatus: somebody has accepted it.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    _lock(offer)
    fresh = Offer.objects.select_for_update().get(pk=offer.pk)
    if fresh.status == Offer.Status.ACCEPTED:
        raise WrongStatus("Somebody has accepted this time. Nothing was changed.")
    if fresh.status == Offer.Status.OPEN:
        _close(fresh, Offer.Status.DECLINED, Answer.WITHDRAWN)
    return fresh


@action
def expire(*, by: Actor, offer: Offer) -> Offer:
    """Mark an offer as lapsed and give back its time. Its own words said until when; nobody is written to again.

    Raises:
        WrongStatus: it is no longer open, or has not lapsed yet.
    """
    _lock(offer)
    fresh = Offer.objects.select_for_update().get(pk=offer.pk)
    if fresh.status != Offer.Status.OPEN or fresh.expires_at > clock.now():
        raise WrongStatus("This offer is answered, or has not lapsed yet. Nothing was changed.")
    return _close(fresh, Offer.Status.EXPIRED, Answer.LAPSED)


def _close(offer: Offer, to: str, others: str) -> Offer:
    """End an offer: nothing is held, and what was not answered yet is `others`."""
    offer.status = to
    offer.save(update_fields=["status"])
    Hold.objects.filter(offer=offer).delete()
    for one in offer.invitations.filter(status=Answer.OPEN).select_related("appointment__site", "patient"):
        _answer(one, others)
        if others == Answer.LAPSED:
            ledger.withdraw_offered(one, "nobody answered in time")
        else:
            ledger.announce_offer_over(one)
    return offer


def _answer(invitation: Invitation, to: str) -> None:
    invitation.status, invitation.answered_at = to, clock.now()
    invitation.save(update_fields=["status", "answered_at"])


def _lock(offer: Offer) -> None:
    """The day that the offer holds time on: everybody who answers waits for it."""
    site = offer.site
    locks.take([locks.site(site.pk), *locks.days(site.pk, [local_day(offer.first_start, site)])])


def _as_they_are(invitation: Invitation) -> tuple[Offer, Invitation]:
    """The offer and the invitation as they are now, under the lock of the day."""
    offer = Offer.objects.select_related("site").select_for_update(of=("self",)).get(pk=invitation.offer_id)
    mine = (
        Invitation.objects.select_related("appointment__site", "appointment__patient")
        .select_for_update(of=("self",))
        .get(pk=invitation.pk)
    )
    return offer, mine


def _check_still_offered(offer: Offer, invitation: Invitation) -> None:
    kept = _("Your visit stays as it is.")
    if offer.status == Offer.Status.ACCEPTED:
        raise _taken()
    if offer.status != Offer.Status.OPEN or offer.expires_at <= clock.now() or invitation.status != Answer.OPEN:
        raise Refused(_("This offer is over, so its time is no longer held. %(kept)s") % {"kept": kept}, code="lapsed")
    if invitation.appointment.version != invitation.visit_version:
        raise Refused(
            _("Your visit has changed since you were asked, so this offer no longer holds. %(kept)s") % {"kept": kept},
            code="stale",
        )


def _taken() -> Refused:
    kept = _("Your visit stays as it is.")
    return Refused(
        _("Somebody else was a little quicker, so this time is taken. %(kept)s") % {"kept": kept}, code="taken"
    )


def _check_may(by: Actor, invitation: Invitation) -> None:
    """Staff who book, and the patient who was asked."""
    if by.kind == "patient" and by.id == str(invitation.patient_id):
        return
    if by.user is None:
        raise NotAllowed(_("This page is not yours."))
    placing.check_may(by, Permission.BOOK)
