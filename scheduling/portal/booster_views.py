"""Dates of boosters on the patient's page: those offered, and new times that the patient says yes to."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.errors import Refused
from clinic.forms import DAMAGED
from scheduling.actions import booster_dates, booster_offers
from scheduling.models import Link, NewTime, ProposedBooster
from scheduling.portal.visitor import Visitor, opened


@opened(Link.Purpose.PATIENT)
@require_POST
def answer_date(request: HttpRequest, visitor: Visitor, proposed: UUID) -> HttpResponse:
    """Yes books the date, no leaves it to a call; a damaged answer is neither. Twice is the same as once."""
    rows = ProposedBooster.objects.select_related("series__site", "series__patient", "series__protocol_version")
    row = get_object_or_404(rows, pk=proposed, series__patient=visitor.patient)
    try:
        answer = request.POST.get("answer")
        if answer == "yes":
            if booster_offers.accept_if_free(by=visitor.by, proposed=row) is not None:
                messages.success(request, _("Thank you. This date is yours now."))
            else:
                messages.error(
                    request, _("Somebody was quicker: this time is taken. We call you to find another date.")
                )
        elif answer == "no":
            booster_offers.decline(by=visitor.by, proposed=row)
            messages.success(request, _("Thank you for the answer. We call you to find another date."))
        else:
            messages.error(request, str(DAMAGED))
    except Refused:
        messages.error(request, _("This date can no longer be booked here. Please call us."))
    return redirect("portal:home")


@opened(Link.Purpose.PATIENT)
@require_POST
def new_time_suits(request: HttpRequest, visitor: Visitor, new_time: UUID) -> HttpResponse:
    """The new time of a visit suits."""
    row = get_object_or_404(
        NewTime.objects.select_related("appointment"), pk=new_time, appointment__patient=visitor.patient
    )
    try:
        booster_dates.confirm_new_time(by=visitor.by, appointment=row.appointment, version=row.version)
        messages.success(request, _("Thank you. Your visit stays at this time."))
    except Refused:
        messages.error(request, _("This visit has changed meanwhile. Look at your dates again."))
    return redirect("portal:home")
