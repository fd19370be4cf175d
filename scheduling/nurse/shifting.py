"""Whom visits under way are in the way of; moving such a visit is one click
for whoever sees it."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.actions.moving import shift_later
from scheduling.desk.sites import site_or_404
from scheduling.nurse.steps import back, visit_of
from scheduling.selectors.hits import hits_at
from scheduling.when import time_words


@require_safe
@needs(Permission.VIEW_SCHEDULE)
def hits(request: StaffRequest, site: UUID) -> HttpResponse:
    """Whom today's visits at a site are in the way of; the part alone for the board, which asks by itself."""
    place = site_or_404(request.user, site)
    found = hits_at(place, clock.today(place.zone), now=clock.now())
    page = "nurse/_hits.html" if request.headers.get("HX-Request") else "nurse/hits.html"
    board = reverse("desk:board", args=[place.pk, clock.today(place.zone)])
    return render(request, page, {"site": place, "hits": found, "back": board})


class ShiftForm(forms.Form):
    """The new start (an ISO moment) and the visit's version as it was shown."""

    starts = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M:%S%z"])
    version = forms.IntegerField()
    reason = forms.CharField(max_length=200)


@require_POST
@needs(Permission.SHIFT_LATER)
def shift(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Give the visit that was hit a later start today; patient and companion are told once, as by any move."""
    found = visit_of(request.user, pk)
    form = ShiftForm(request.POST)
    if not form.is_valid():
        messages.error(request, "This button is damaged. Open the page again; nothing was moved.")
        return back(request, found)
    try:
        moved = shift_later(
            by=Actor.of(request.user),
            appointment=found,
            starts=form.cleaned_data["starts"],
            reason=form.cleaned_data["reason"],
            version=form.cleaned_data["version"],
        )
    except Refused as error:
        messages.error(request, error.message)
    else:
        at = time_words(moved.starts, moved.site.zone)
        messages.success(request, f"{moved.patient.name} now starts at {at}; patient and companion are told.")
    return back(request, found)
