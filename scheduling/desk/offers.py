"""A plan that is kept while the patient asks the driver: book it, or give its time back."""

from datetime import datetime
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling import wishes as wishes_json
from scheduling.actions import offers as actions
from scheduling.desk.booking_wishes import words_of
from scheduling.models import Offer, Series


class KeyForm(forms.Form):
    """The key that makes a double click one booking."""

    key = forms.UUIDField(widget=forms.HiddenInput)


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
def offer(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The kept plan with its dates; a POST books it whole."""
    found = _offer_or_404(request, pk)
    problem = ""
    if request.method == "POST":
        form = KeyForm(request.POST)
        try:
            if not form.is_valid():
                raise Refused("The form was incomplete. Nothing was booked; try again.")
            made = actions.accept_offer(by=Actor.of(request.user), offer=found, key=form.cleaned_data["key"])
        except Refused as error:
            problem = error.message
            found.refresh_from_db()
        else:
            held = made.status == Series.Status.DRAFT
            messages.success(request, "The dates are held until a doctor decides." if held else "The series is booked.")
            return redirect("desk:patient", found.patient_id)
    context = {
        "offer": found,
        "starts": [datetime.fromisoformat(one) for one in found.plan["starts"]],
        "is_open": found.status == Offer.Status.OPEN and found.expires_at > clock.now(),
        "problem": problem,
        "key": uuid4(),
        "again": again(found),
    }
    return render(request, "desk/booking/offer.html", context, status=422 if problem else 200)


@require_POST
@needs(Permission.BOOK)
def decline(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The patient does not want it: its time is free at once. With `again`, back to planning with the same wishes."""
    found = _offer_or_404(request, pk)
    try:
        actions.decline_offer(by=Actor.of(request.user), offer=found)
        messages.success(request, "The plan is given up; its time is free again.")
    except Refused as error:
        messages.error(request, error.message)
    return redirect(again(found)) if "again" in request.POST else redirect("desk:patient", found.patient_id)


def again(found: Offer) -> str:
    """The address of the booking page with everything filled in that the plan was made from."""
    site = found.site
    first_day = max(found.plan["first_day"], clock.today(site.zone).isoformat())
    data = {"site": site.pk, "protocol": found.protocol_version.protocol_id, "first_day": first_day}
    data |= words_of(wishes_json.from_json(found.wishes))
    return f"{reverse('desk:book_series', args=[found.patient_id])}?{urlencode(data, doseq=True)}"


def _offer_or_404(request: StaffRequest, pk: UUID) -> Offer:
    offers = (
        Offer.objects.for_user(request.user)
        .kept_plans()
        .select_related("patient", "site", "protocol_version__protocol")
    )
    return get_object_or_404(offers, pk=pk)
