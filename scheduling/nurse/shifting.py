"""Moving a visit to come out of the way of one that runs late: one click, through the action that moves any visit."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.actions.moving import move_visit
from scheduling.nurse.steps import back, visit_of
from scheduling.when import time_words


class ShiftForm(forms.Form):
    """The new start (an ISO moment) and the visit's version as it was shown."""

    starts = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M:%S%z"])
    version = forms.IntegerField()
    reason = forms.CharField(max_length=200)


@require_POST
@needs(Permission.BOOK)
def shift(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Give the visit that was hit a later start today; patient and companion are told once, as by any move."""
    found = visit_of(request.user, pk)
    form = ShiftForm(request.POST)
    if not form.is_valid():
        messages.error(request, "This button is damaged. Open the page again; nothing was moved.")
        return back(request, found)
    try:
        moved = move_visit(
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
        messages.success(request, f"{moved.patient.name} now starts at {at}. Patient and companion are told.")
    return back(request, found)
