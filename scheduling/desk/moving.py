"""Moving one visit, cancelling one, and ending a series or giving back what it holds."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.errors import Refused, Stale
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.actions import booking, moving
from scheduling.desk.caller_form import asked_by, with_caller
from scheduling.desk.moving_forms import CancelForm, LookForm, MoveForm, ReasonForm
from scheduling.desk.plan_cards import slots_by_day
from scheduling.models import Appointment, Series
from scheduling.selectors import planning
from scheduling.when import day_words, time_words

#: How many dates the page of new times looks at: two weeks cover a protocol's gaps on both sides.
LOOK_DAYS = 14
#: More times than two weeks of working days have quarters of an hour.
MOST_TIMES = 600
#: How many days before the present date the search begins, where that is still to come.
LOOK_BEFORE = timedelta(days=3)


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
def move(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Legal new times for one visit beside its present one; a POST moves it."""
    visit = _visit_or_404(request, pk)
    form = with_caller(MoveForm(request.POST if request.method == "POST" else None), visit.patient)
    stale = False
    if request.method == "POST" and form.is_valid():
        values, old = form.cleaned_data, visit.starts
        try:
            moved = moving.move_visit(
                by=asked_by(request.user, form, visit.patient),
                appointment=visit,
                starts=values["starts"],
                reason=values["reason"],
                version=values["version"],
            )
        except Refused as error:
            stale = isinstance(error, Stale)
            form.refuse(error.message, error.field)
            visit = _visit_or_404(request, pk)
        else:
            zone = moved.site.zone
            before, after = (f"{day_words(one, zone)}, {time_words(one, zone)}" for one in (old, moved.starts))
            messages.success(request, f"Moved from {before} to {after}. The patient is told.")
            return redirect("desk:patient", moved.patient_id)
    look_from = _look_from(request, visit)
    slots = planning.visit_slots(
        appointment=visit, first_day=look_from, days=LOOK_DAYS, now=clock.now(), limit=MOST_TIMES
    )
    context = {
        "visit": visit,
        "site": visit.site,
        "form": form,
        "look": LookForm(initial={"first_day": look_from}),
        "days": slots_by_day(slots, visit.site.zone),
        "stale": stale,
        "later": look_from + timedelta(days=LOOK_DAYS),
    }
    name = "desk/booking/_new_times.html" if request.htmx else "desk/booking/move.html"  # type: ignore[attr-defined]
    return render(request, name, context, status=_status(form))


def _look_from(request: StaffRequest, visit: Appointment) -> date:
    """The day asked for (`first_day`); else a few days before the visit, but not before today."""
    asked = LookForm(request.POST if request.method == "POST" else request.GET)
    today = clock.today(visit.site.zone)
    if asked.is_valid():
        wanted: date = asked.cleaned_data["first_day"]
        return max(wanted, today)
    return max(clock.local(visit.starts, visit.site.zone).date() - LOOK_BEFORE, today)


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
def cancel(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Cancel one visit, with the reason."""
    visit = _visit_or_404(request, pk)
    form = with_caller(CancelForm(request.POST or None, initial={"version": visit.version}), visit.patient)
    if request.method == "POST" and form.is_valid():
        try:
            moving.cancel_visit(
                by=asked_by(request.user, form, visit.patient),
                appointment=visit,
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["version"],
            )
        except Refused as error:
            _refuse(form, error)
            visit = _visit_or_404(request, pk)
        else:
            messages.success(request, "The visit is cancelled and its time is free. The patient is told.")
            return redirect("desk:patient", visit.patient_id)
    context = {"visit": visit, "site": visit.site, "form": form}
    return render(request, "desk/booking/cancel.html", context, status=_status(form))


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
def stop_series(request: StaffRequest, pk: UUID) -> HttpResponse:
    """End a series before its time, or give back the dates of one held for clearance."""
    series = get_object_or_404(
        Series.objects.for_user(request.user).select_related("patient", "site", "protocol_version__protocol"), pk=pk
    )
    form = with_caller(ReasonForm(request.POST or None), series.patient)
    is_held = series.status == Series.Status.DRAFT
    if request.method == "POST" and form.is_valid():
        what: dict[str, Any] = {"series": series, "reason": form.cleaned_data["reason"]}
        try:
            what["by"] = asked_by(request.user, form, series.patient)
            if is_held:
                booking.release_held(**what)
            else:
                moving.stop_series(**what)
        except Refused as error:
            _refuse(form, error)
        else:
            done = "The dates are given back." if is_held else "The series is stopped and its time is free."
            messages.success(request, f"{done} The patient is told once.")
            return redirect("desk:patient", series.patient_id)
    visits = list(series.appointments.blocking().order_by("starts"))
    context = {"series": series, "site": series.site, "form": form, "visits": visits, "is_held": is_held}
    return render(request, "desk/booking/stop.html", context, status=_status(form))


def _visit_or_404(request: StaffRequest, pk: UUID) -> Appointment:
    visits = Appointment.objects.for_user(request.user).select_related(
        "patient", "site", "series", "practitioner", "protocol_version__protocol"
    )
    return get_object_or_404(visits, pk=pk)


def _refuse(form: ReasonForm, error: Refused) -> None:
    form.add_error(error.field if error.field in form.fields else None, error.message)


def _status(form: ReasonForm | MoveForm) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound and form.errors else HTTPStatus.OK
