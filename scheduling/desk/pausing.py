"""Pausing a course on a call, and going on with it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from clinic.errors import Refused
from clinic.permissions import Permission
from clinic.views import StaffRequest, form_status, needs, refuse
from scheduling.actions import pausing
from scheduling.desk.caller_form import asked_by, with_caller
from scheduling.desk.moving import seen_of
from scheduling.desk.moving_forms import PauseForm, ReasonForm
from scheduling.desk.sites import series_or_404
from scheduling.models import Series
from scheduling.selectors.course_changes import pause_of


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
def pause(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Call off what is to come of a course, until a day or until further notice."""
    series = series_or_404(request.user, pk)
    form = with_caller(PauseForm(request.POST if request.method == "POST" else None), series.patient)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            by = asked_by(request.user, form, series.patient)
            pausing.pause_series(
                by=by, series=series, reason=values["reason"], until=values["until"], seen=values["seen"] or None
            )
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(
                request, "The course is paused and its time is free. The patient is told once, a doctor is told."
            )
            return redirect("desk:patient", series.patient_id)
    visits = list(series.appointments.blocking().select_related("series").order_by("starts"))
    context = {
        "series": series,
        "site": series.site,
        "form": form,
        "visits": visits,
        "seen": seen_of(visits),
    }
    return render(request, "desk/booking/pause.html", context, status=form_status(form))


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
def resume(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Go on with a paused course: what is left can be planned again."""
    series = series_or_404(request.user, pk)
    form = with_caller(ReasonForm(request.POST if request.method == "POST" else None), series.patient)
    if request.method == "POST" and form.is_valid():
        try:
            by = asked_by(request.user, form, series.patient)
            series = pausing.resume_series(by=by, series=series, reason=form.cleaned_data["reason"])
        except Refused as error:
            refuse(form, error)
        else:
            return _went_on(request, series)
    context = {"series": series, "site": series.site, "form": form, "pause": pause_of(series)}
    return render(request, "desk/booking/resume.html", context, status=form_status(form))


def _went_on(request: StaffRequest, series: Series) -> HttpResponse:
    if series.status != Series.Status.ACTIVE:
        messages.warning(request, "The pause is over, but a doctor has to clear the patient again before visits are.")
        return redirect("desk:patient", series.patient_id)
    messages.success(request, "The course goes on. Now plan what is left of it.")
    if series.stage == Series.Stage.INDUCTION:
        return redirect("desk:rest", series.pk)
    return redirect("desk:book_single", series.patient_id)
