"""The page on which a lost infusion or booster is planned anew."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.opening import opened
from clinic.permissions import Permission
from clinic.rates import SEARCHES, limited
from clinic.views import StaffRequest, form_status, needs
from scheduling.actions.make_up import make_up as book
from scheduling.desk.plan_cards import slots_by_day
from scheduling.models import Appointment
from scheduling.selectors.make_up import is_missing, make_up_slots
from scheduling.when import day_words, time_words

#: How many local dates the page looks at, from the day asked for.
LOOK_DAYS = 14


class LookForm(forms.Form):
    """From which day on."""

    first_day = forms.DateField(label="Look from", widget=forms.DateInput(attrs={"type": "date"}))


class MakeUpForm(forms.Form):
    """The time chosen, an ISO moment, and the key that makes a double click one booking."""

    starts = forms.DateTimeField(
        input_formats=["%Y-%m-%dT%H:%M:%S%z"],
        error_messages={
            "required": "Choose one of the times first; nothing was booked.",
            "invalid": "The time could not be read. Choose again; nothing was booked.",
        },
    )
    key = forms.UUIDField(error_messages={"required": "This form is damaged. Open the page again."})


@require_http_methods(["GET", "POST"])
@needs(Permission.REPLAN_LOST)
@limited(SEARCHES)
def make_up(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Free times for the visit in place of one that was lost; a POST books one."""
    visits = Appointment.objects.for_user(request.user)
    lost = get_object_or_404(visits.select_related("site", "patient", "series", "protocol_version__protocol"), pk=pk)
    opened(lost)
    form = MakeUpForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            booked = book(
                by=Actor.of(request.user), appointment=lost, starts=_moment(form), key=form.cleaned_data["key"]
            )
        except Refused as error:
            form.add_error(None, error.message)
        else:
            when = f"{day_words(booked.starts, lost.site.zone)}, {time_words(booked.starts, lost.site.zone)}"
            messages.success(request, f"Booked for {when}; the patient is told.")
            return redirect("nurse:visit", pk=booked.pk)
    look = LookForm(request.GET or None)
    today = clock.today(lost.site.zone)
    first = look.cleaned_data["first_day"] if look.is_valid() else today
    missing = is_missing(lost)
    slots = make_up_slots(lost=lost, first_day=first, days=LOOK_DAYS, now=clock.now()) if missing else []
    context = {
        "lost": lost,
        "site": lost.site,
        "missing": missing,
        "form": form,
        "key": uuid4(),
        "first": first,
        "days": slots_by_day(slots, lost.site.zone),
        "later": max(first, today) + timedelta(days=LOOK_DAYS),
    }
    return render(request, "nurse/make_up.html", context, status=form_status(form))


def _moment(form: MakeUpForm) -> datetime:
    """The time chosen, in UTC."""
    starts: datetime = form.cleaned_data["starts"]
    return starts.astimezone(UTC)
