"""Earlier times as the patient's page prints them: those offered, and the visits that could come sooner."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime

from patients.models import Patient
from scheduling.models import Appointment, EarlierWish, Invitation, Offer
from scheduling.portal.presenters import VisitCard, visit_card
from scheduling.preparation import preparation_for
from scheduling.selectors.earlier import could_come_sooner
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


@dataclass(frozen=True, slots=True)
class SoonerCard:
    """One visit that could come sooner; `since` is when it was put on the list, None where it is not on it."""

    visit: VisitCard
    since: datetime | None


def sooner_cards(visits: list[Appointment], now: datetime) -> list[SoonerCard]:
    """The next visit that could come sooner, and any that is on the list already. One query."""
    able = [visit for visit in visits if could_come_sooner(visit, now)]
    since = dict(EarlierWish.objects.waiting().filter(appointment__in=able).values_list("appointment_id", "created_at"))
    return [SoonerCard(visit_card(one), since.get(one.pk)) for one in able if one.pk in since or one is able[0]]


def _over(invitation: Invitation, now: datetime) -> str:
    if invitation.status != Invitation.Status.OPEN:
        return str(invitation.status)
    if invitation.offer.status != Offer.Status.OPEN or invitation.offer.expires_at <= now:
        return str(Invitation.Status.LAPSED)
    return "changed" if invitation.visit_version != invitation.appointment.version else ""
