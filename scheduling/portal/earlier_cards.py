"""Offered earlier times as the patient's page prints them."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from patients.models import Patient
from scheduling.models import Invitation, Offer
from scheduling.portal.presenters import VisitCard, visit_card
from scheduling.preparation import preparation_for
from scheduling.when import day_words, time_words


@dataclass(frozen=True, slots=True)
class OfferCard:
    """One offered time beside the visit as it is, in the active language. `over` is the answer that closed it, if any:
    an Invitation.Status, or "changed" where the visit is another one by now.
    """

    id: str
    date: str
    starts: str
    ends: str
    until: str
    over: str
    needs_ride: bool
    steps: Sequence[str]
    now: VisitCard


def offer_card(invitation: Invitation, now: datetime) -> OfferCard:
    """Needs `offer` and the appointment with `site` and `protocol_version` (with its texts) loaded."""
    visit = invitation.appointment
    zone, starts = visit.site.zone, invitation.offer.first_start
    sooner = copy(visit)
    sooner.starts, sooner.ends = starts, starts + (visit.ends - visit.starts)
    until = invitation.offer.expires_at
    return OfferCard(
        id=str(invitation.pk),
        date=day_words(starts, zone),
        starts=time_words(starts, zone),
        ends=time_words(sooner.ends, zone),
        until=f"{day_words(until, zone)}, {time_words(until, zone)}",
        over=_over(invitation, now),
        needs_ride=visit.protocol_version.needs_ride,
        steps=preparation_for(sooner).steps,
        now=visit_card(visit),
    )


def open_offers(patient: Patient, now: datetime) -> list[OfferCard]:
    """What the patient is being asked at `now`, the first to lapse on top."""
    found = (
        Invitation.objects.filter(
            patient=patient,
            status=Invitation.Status.OPEN,
            offer__status=Offer.Status.OPEN,
            offer__expires_at__gt=now,
        )
        .select_related("offer", "appointment__site", "appointment__series", "appointment__protocol_version")
        .select_related("appointment__ride__companion")
        .prefetch_related("appointment__protocol_version__texts")
        .order_by("offer__expires_at")
    )
    return [card for card in (offer_card(one, now) for one in found) if not card.over]


def _over(invitation: Invitation, now: datetime) -> str:
    if invitation.status != Invitation.Status.OPEN:
        return str(invitation.status)
    if invitation.offer.status != Offer.Status.OPEN or invitation.offer.expires_at <= now:
        return str(Invitation.Status.LAPSED)
    return "changed" if invitation.visit_version != invitation.appointment.version else ""
