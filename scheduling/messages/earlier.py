"""An earlier time offered to somebody on the list, and that it is no longer free.

A message about an offer carries the number of the invitation as its version, and its id: whether it is still true is
the invitation's to say (scheduling/messages/look.py).
"""

from scheduling.messages import news, rows
from scheduling.models import Invitation, Message

Kind = Message.Kind


def announce_offered(invitation: Invitation) -> None:
    """Ask the patient whether the time suits; not worth sending once the offer is over."""
    visit = invitation.appointment
    news.about_visit(
        visit,
        Kind.EARLIER_OFFER,
        concerns=min(invitation.offer.first_start, invitation.offer.expires_at),
        not_after=invitation.offer.expires_at,
        context={"invitation": str(invitation.pk)},
        version=invitation.number,
    )


def withdraw_offered(invitation: Invitation, reason: str) -> bool:
    """What is still to be sent about the offer is skipped; whether the patient had heard of it by then."""
    about = Message.objects.filter(
        appointment=invitation.appointment_id, kind=Kind.EARLIER_OFFER, version=invitation.number
    )
    rows.skip(about.filter(state__in=[Message.State.DUE, Message.State.PERSON]), reason)
    return about.exclude(state=Message.State.SKIPPED).exists()


def announce_offer_over(invitation: Invitation) -> None:
    """Tell who has heard of the offer that the time is no longer free; who has not is told nothing."""
    if withdraw_offered(invitation, "the time is no longer free"):
        starts = invitation.offer.first_start
        news.about_visit(
            invitation.appointment,
            Kind.EARLIER_OVER,
            concerns=starts,
            not_after=starts,
            context={"invitation": str(invitation.pk)},
            version=invitation.number,
        )
