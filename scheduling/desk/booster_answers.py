"""What a patient says by telephone about dates of boosters: to those offered, and to new times."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site
from clinic.permissions import Permission
from clinic.views import StaffRequest, back, needs
from scheduling.actions import booster_dates, booster_offers
from scheduling.models import NewTime, ProposedBooster


@require_POST
@needs(Permission.BOOK)
def booster_answer(request: StaffRequest, proposed: UUID) -> HttpResponse:
    """The patient says yes (booked at once) or no to an offered date."""
    found = ProposedBooster.objects.filter(series__site__in=Site.objects.for_user(request.user))
    row = get_object_or_404(
        found.select_related("series__site", "series__patient", "series__protocol_version"), pk=proposed
    )
    name, answer = row.series.patient.name, request.POST.get("answer")
    try:
        if answer not in {"yes", "no"}:
            raise Refused("This button is damaged. Open the page again; nothing was answered.")
        if answer == "yes":
            booster_offers.accept(by=Actor.of(request.user), proposed=row)
            messages.success(request, f"{name}: booked, and told once.")
        else:
            booster_offers.decline(by=Actor.of(request.user), proposed=row)
            messages.success(request, f"{name}: said no. A booster is due; find another time.")
    except Refused as error:
        messages.error(request, error.message)
    return back(request, "desk:work")


@require_POST
@needs(Permission.BOOK)
def confirm_new_time(request: StaffRequest, new_time: UUID) -> HttpResponse:
    """The patient says by telephone that a new time suits."""
    found = NewTime.objects.filter(appointment__site__in=Site.objects.for_user(request.user))
    row = get_object_or_404(found.select_related("appointment__patient"), pk=new_time)
    try:
        booster_dates.confirm_new_time(by=Actor.of(request.user), appointment=row.appointment, version=row.version)
        messages.success(request, f"{row.appointment.patient.name}: the new time suits.")
    except Refused as error:
        messages.error(request, error.message)
    return back(request, "desk:work")
