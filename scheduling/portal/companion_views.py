"""The companion's page: a first name, dates, times and an address, and one form that answers all of them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic import clock
from clinic.errors import Refused
from patients.models import Contact
from scheduling.actions import rides
from scheduling.models import Link
from scheduling.portal.presenters import answer_field, ride_card
from scheduling.portal.selectors import rides_to_come, site_of
from scheduling.portal.visitor import Visitor, forget, opened

COMPANION = Link.Purpose.COMPANION


def companion_page(request: HttpRequest, visitor: Visitor, contact: Contact) -> HttpResponse:
    """What the companion sees; of the patient only the given names."""
    to_come = rides_to_come(contact, clock.now())
    site = site_of(visitor.patient, [ride.appointment for ride in to_come])
    return render(
        request,
        "portal/companion.html",
        {
            "visitor": visitor,
            "site": site,
            "cards": [ride_card(ride) for ride in to_come],
        },
    )


@opened(COMPANION)
@require_POST
def answer(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Take the companion's yes or no for each date of the page; a date without an answer stays as it is."""
    taken = 0
    everything = request.POST.get("all", "")
    for ride in rides_to_come(visitor.companion, clock.now()):
        said = everything or request.POST.get(answer_field(ride.pk), "")
        if said not in {"yes", "no"}:
            continue
        try:
            if said == "yes":
                rides.confirm_ride(by=visitor.by, ride=ride)
            else:
                rides.decline_ride(by=visitor.by, ride=ride)
            taken += 1
        except Refused as error:
            messages.error(request, error.message)
    if taken:
        messages.success(request, _("Thank you. Your answer is written down."))
    else:
        messages.info(request, _("No answer was given. Choose yes or no for each date, then send."))
    return redirect("portal:home")


@opened(COMPANION)
@require_POST
def wrong_person(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The reader is not the person that was meant: nothing more is sent there, and this page closes."""
    rides.wrong_person(by=visitor.by, contact=visitor.companion)
    messages.success(request, _("Thank you for telling us. We do not write to you again."))
    response = redirect("portal:goodbye")
    forget(response)
    return response
