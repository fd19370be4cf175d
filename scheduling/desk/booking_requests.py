"""What patients have asked for, answered: a consult booked, a visit moved or cancelled, or neither, in words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

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
from clinic.views import StaffRequest, form_status, needs, refuse
from patients.models import ConsultRequest
from scheduling.actions import moving, requests
from scheduling.desk.booking_forms import AskedForm
from scheduling.desk.booking_wishes import moments
from scheduling.desk.plan_cards import slots_by_day
from scheduling.models import Appointment, ChangeRequest
from scheduling.selectors import planning
from scheduling.selectors.requests import likely_patients, suits, waiting_changes, waiting_consult_requests, wishes_of
from scheduling.when import day_words, time_words

#: How far ahead other times are looked for, and the most that are shown.
LOOK_DAYS, MOST_TIMES = 28, 400


class CloseForm(forms.Form):
    """Why nothing is booked for a consult request; it stays on the trail."""

    reason = forms.CharField(max_length=400, error_messages={"required": "Say why; it is kept on the trail."})


class AnswerForm(forms.Form):
    """What is done about a visit to move or cancel: `do` is move, cancel or answer, or noted for one that the patient
    has called off; `version` is what the clerk saw.
    """

    do = forms.ChoiceField(choices=[(one, one) for one in ("move", "cancel", "answer", "noted")])
    version = forms.IntegerField()
    starts = forms.CharField(required=False)
    answer = forms.CharField(required=False, max_length=400)

    def clean_starts(self) -> datetime | None:
        """The new start, in UTC."""
        return next(iter(moments(self.cleaned_data["starts"])), None)

    def clean(self) -> dict[str, Any]:
        """A move needs its time."""
        values = super().clean() or {}
        if values.get("do") == "move" and not values.get("starts") and "starts" not in self.errors:
            self.add_error("starts", "Choose one of the times first; nothing was moved.")
        return values


def asked_for(request: StaffRequest) -> ConsultRequest | None:
    """The waiting consult request that the address names (`request`), if the user may see it; Http404 if not."""
    form = AskedForm(request.POST if "request" in request.POST else request.GET)
    key = form.cleaned_data["request"] if form.is_valid() else None
    return get_object_or_404(waiting_consult_requests(request.user), pk=key) if key else None


def person_of(asked: ConsultRequest) -> dict[str, Any]:
    """What a new patient's form begins with: the last word of the name is taken for the family's."""
    given, _, family = asked.name.rpartition(" ")
    names = {"given_name": given or family, "family_name": family if given else ""}
    return names | {"phone": asked.phone, "email": asked.email, "language": asked.language, "site": asked.site_id}


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
def consult_request(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Who may be asking, and the way to book; a POST closes the request without a booking."""
    asked = get_object_or_404(waiting_consult_requests(request.user), pk=pk)
    form = CloseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            requests.close_consult_request(by=Actor.of(request.user), request=asked, reason=form.cleaned_data["reason"])
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, "The request is closed. Nothing was booked and nothing was sent.")
            return redirect("desk:home")
    context = {"asked": asked, "site": asked.site, "likely": likely_patients(request.user, asked), "form": form}
    return render(request, "desk/booking/consult_request.html", context, status=form_status(form))


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
def change_request(request: StaffRequest, pk: UUID) -> HttpResponse:
    """What the patient asks for and the times that suit; a POST moves, cancels, or answers that it stays."""
    asked = opened(get_object_or_404(waiting_changes(request.user), pk=pk))
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            said = _answer(request, asked, form.cleaned_data)
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, said)
            return redirect("desk:patient", asked.patient_id)
    visit = asked.appointment
    slots = _times(asked) if asked.kind == ChangeRequest.Kind.MOVE else []
    wished = [slot for slot in slots if suits(wishes_of(asked), slot, visit.site.zone)]
    context = {
        "asked": asked,
        "visit": visit,
        "site": visit.site,
        "form": form,
        "days": slots_by_day(wished, visit.site.zone),
        "others": len(slots) - len(wished),
        "was_changed": asked.asked_version != visit.version,
        "called_off": visit.status == Appointment.Status.CANCELLED,
    }
    return render(request, "desk/booking/change_request.html", context, status=form_status(form))


def _times(asked: ChangeRequest) -> Sequence[planning.Slot]:
    site = asked.appointment.site
    today = clock.today(site.zone)
    first = max(asked.first_day or today, today)
    return planning.visit_slots(
        appointment=asked.appointment, first_day=first, days=LOOK_DAYS, now=clock.now(), limit=MOST_TIMES
    )


def _answer(request: StaffRequest, asked: ChangeRequest, values: dict[str, Any]) -> str:
    """Do what was chosen; the sentence that says so."""
    by, visit = Actor.of(request.user), asked.appointment
    reason = f"The patient asked: {asked.words}" if asked.words else "The patient asked"
    if values["do"] == "move":
        moved = moving.move_visit(
            by=by, appointment=visit, starts=values["starts"], reason=reason, version=values["version"]
        )
        zone = moved.site.zone
        return f"Moved to {day_words(moved.starts, zone)}, {time_words(moved.starts, zone)}; the patient is told."
    if values["do"] == "cancel":
        moving.cancel_visit(by=by, appointment=visit, reason=reason, version=values["version"])
        return "The visit is cancelled and its time is free. The patient is told."
    if values["do"] == "noted":
        requests.note_cancelled(by=by, request=asked)
        return "Off the list. The visit stays cancelled."
    requests.close(by=by, request=asked, answer=values["answer"])
    return "Answered. The patient reads it on the page behind the link; the visit stays."
