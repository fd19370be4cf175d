"""An earlier time offered to the patient: the page shows it, and a button answers."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.errors import Refused
from scheduling.actions import earlier_answers, own_visits
from scheduling.models import Invitation, Link
from scheduling.portal.earlier_cards import offer_card
from scheduling.portal.visitor import Visitor, opened

#: Refusals that are written for patients; any other reason is the desk's to explain.
SAID_TO_PATIENTS = {"taken", "lapsed", "stale"}


@opened(Link.Purpose.PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def earlier(request: HttpRequest, visitor: Visitor, invitation: UUID) -> HttpResponse:
    """The time offered beside the visit as it is; a POST says yes or no. Twice is the same as once."""
    found = get_object_or_404(
        Invitation.objects.select_related(
            "offer", "patient", "appointment__site", "appointment__patient", "appointment__protocol_version"
        ).prefetch_related("appointment__protocol_version__texts"),
        pk=invitation,
        patient=visitor.patient,
    )
    if request.method == "POST":
        answered = _answer(request, visitor, found)
        return redirect("portal:home") if answered else redirect("portal:earlier", found.pk)
    return render(
        request,
        "portal/earlier.html",
        {
            "visitor": visitor,
            "card": offer_card(found, clock.now()),
            "site": found.appointment.site,
        },
    )


def _answer(request: HttpRequest, visitor: Visitor, invitation: Invitation) -> bool:
    """Do what the button says; False where it could not be done, with the reason in a notice."""
    try:
        if request.POST.get("answer") == "yes":
            own_visits.take_earlier(by=visitor.by, link=visitor.link, invitation=invitation)
            messages.success(request, _("Thank you. Your visit is at the earlier time now."))
        elif request.POST.get("answer") == "no":
            earlier_answers.decline(by=visitor.by, invitation=invitation)
            messages.success(request, _("Thank you for the answer. Your visit stays as it is."))
        else:
            return False
    except Refused as error:
        messages.error(request, _why(error))
        return False
    return True


def _why(error: Refused) -> str:
    if error.code in SAID_TO_PATIENTS or error.code == "wrong_status":
        return error.message
    return _(
        "This time is no longer possible. Your visit stays as it is; please call us if you want to talk about another."
    )
