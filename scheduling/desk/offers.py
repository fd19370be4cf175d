"""A plan that is kept while the patient asks the driver: book it, or give its time back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
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
from clinic.opening import opened
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from patients.contact_points import show_phone
from patients.models import Patient
from scheduling import wishes as wishes_json
from scheduling.actions import offers as actions
from scheduling.desk.booking_wishes import words_of
from scheduling.desk.caller_form import asked_by, with_caller
from scheduling.models import Offer, Series
from scheduling.selectors.drivers import drivers_of
from scheduling.selectors.reasons import explain, from_json


class KeyForm(forms.Form):
    """The key that makes a double click one booking, and who called (caller_form)."""

    key = forms.UUIDField(widget=forms.HiddenInput)


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
def offer(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The kept plan with its dates; a POST books it whole."""
    found = _offer_or_404(request, pk)
    problem = ""
    patient = cast(Patient, found.patient)  # a kept plan is somebody's
    form = with_caller(KeyForm(request.POST or None), patient)
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Refused("The form was incomplete. Nothing was booked; try again.")
            by = asked_by(request.user, form, patient)
            made = actions.accept_offer(by=by, offer=found, key=form.cleaned_data["key"])
        except Refused as error:
            problem = error.message
            found.refresh_from_db()
        else:
            held = made.status == Series.Status.DRAFT
            messages.success(request, "The dates are held until a doctor decides." if held else "The series is booked.")
            return redirect("desk:patient", found.patient_id)
    now = clock.now()
    context = {
        "offer": found,
        "form": form,
        "site": found.site,
        "lines": _lines(found),
        "is_open": found.status == Offer.Status.OPEN and found.expires_at > now,
        "left": left_words(found.expires_at - now),
        "minutes_left": max(0, (found.expires_at - now) // timedelta(minutes=1)),
        "minutes": max(1, (found.expires_at - found.created_at) // timedelta(minutes=1)),
        "drivers": list(drivers_of(patient)),
        "phone": show_phone(patient.phone, found.site.country),
        "problem": problem,
        "key": uuid4(),
        "again": again(found),
    }
    name = "desk/booking/_kept.html" if request.htmx else "desk/booking/offer.html"  # type: ignore[attr-defined]
    return render(request, name, context, status=422 if problem else 200)


@dataclass(frozen=True, slots=True)
class KeptLine:
    """One date of a kept plan (UTC), with when the patient is fetched, why it is that date, and if it is fixed."""

    starts: datetime
    ends: datetime
    reasons: list[str]
    is_fixed: bool


def _lines(found: Offer) -> list[KeptLine]:
    length, zone = found.protocol_version.duration, found.site.zone
    fixed = set(found.plan.get("pinned", ()))
    lines = []
    for one, why in zip(found.plan["starts"], found.plan["reasons"], strict=True):
        starts = datetime.fromisoformat(one)
        words = [explain(reason, zone) for reason in from_json(why)]
        lines.append(KeptLine(starts, starts + length, words, one in fixed))
    return lines


def left_words(left: timedelta) -> str:
    """How long something is still kept: "2 days and 3 hours", "40 minutes", "less than a minute"."""
    minutes = max(0, left // timedelta(minutes=1))
    parts = [(minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute")]
    said = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in parts if count][:2]
    return " and ".join(said) or "less than a minute"


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
        .prefetch_related("protocol_version__phases")
    )
    return opened(get_object_or_404(offers, pk=pk))
