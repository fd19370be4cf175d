"""How one patient does: scores typed by staff, the questionnaires on the clinic's tablet, other treatments; and the
alerts that a clinician acknowledges.
"""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from clinic.actor import Actor
from clinic.errors import Refused
from clinic.opening import opened
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs, refuse
from patients.actions import (
    acknowledge_alert,
    end_treatment,
    home_site,
    note_treatment,
    record_observation,
)
from patients.models import SCORES, Measure, Observation, OtherTreatment, Patient, SafetyAlert
from patients.questionnaires import INSTRUMENTS
from scheduling.doctor.scores_forms import EndForm, SeenForm, TotalForm, TreatmentForm
from scheduling.models import Link, Series
from scheduling.portal.tablet import leave_to
from scheduling.selectors.alerts import bare_total_of, told_about

#: How many of the newest scores the page shows.
NEWEST = 20


@require_http_methods(["GET", "POST"])
@needs(Permission.VIEW_CLINICAL)
def scores(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The newest scores and the other treatments; a POST adds a score, or with `treatment` another treatment."""
    patient = opened(get_object_or_404(Patient.objects.for_user(request.user), pk=pk))
    zone = home_site(patient).zone
    is_treatment = "treatment" in request.POST
    total = TotalForm(request.POST if request.method == "POST" and not is_treatment else None, zone=zone)
    treatment = TreatmentForm(request.POST if is_treatment else None)
    if total.is_bound and total.is_valid() and _add_total(request, patient, total):
        return redirect("doctor:scores", pk=pk)
    if treatment.is_bound and treatment.is_valid() and _add_treatment(request, patient, treatment):
        return redirect("doctor:scores", pk=pk)
    newest = Observation.objects.filter(patient=patient, measure__in=SCORES).order_by("-effective_at")[:NEWEST]
    context = {
        "patient": patient,
        "zone": zone,
        "total": total,
        "treatment": treatment,
        "newest": newest,
        "others": OtherTreatment.objects.filter(patient=patient).order_by("-since"),
        "bare": bare_total_of(patient),
        "instruments": [(one.measure.value, one.title["en"]) for one in INSTRUMENTS.values()],
        "course": Series.objects.for_user(request.user).running().filter(patient=patient).first(),
    }
    status = 422 if total.errors or treatment.errors else 200
    return render(request, "doctor/scores.html", context, status=status)


def _add_total(request: StaffRequest, patient: Patient, form: TotalForm) -> bool:
    data = form.cleaned_data
    try:
        kept = record_observation(
            by=Actor.of(request.user),
            patient=patient,
            measure=data["measure"],
            value=data["value"],
            effective_at=data["effective_at"],
            source=Observation.Source.STAFF,
            source_id=str(data["key"]),
        )
    except Refused as error:
        if error.field == "effective_at":
            form.add_error("day", error.message)
        else:
            refuse(form, error)
        return False
    messages.success(request, f"{patient.name}: {kept}.")
    return True


def _add_treatment(request: StaffRequest, patient: Patient, form: TreatmentForm) -> bool:
    try:
        note_treatment(by=Actor.of(request.user), patient=patient, **form.cleaned_data)
    except Refused as error:
        refuse(form, error)
        return False
    messages.success(request, f"{patient.name}: {form.cleaned_data['name']} is noted.")
    return True


@require_POST
@needs(Permission.VIEW_CLINICAL)
def end(request: StaffRequest, treatment: UUID) -> HttpResponse:
    """Say on which day another treatment ended."""
    found = OtherTreatment.objects.filter(patient__in=Patient.objects.for_user(request.user))
    row = get_object_or_404(found.select_related("patient"), pk=treatment)
    form = EndForm(request.POST)
    if not form.is_valid():
        messages.error(request, "That is no date. Nothing was changed.")
    else:
        try:
            end_treatment(by=Actor.of(request.user), treatment=row, until=form.cleaned_data["until"])
        except Refused as error:
            messages.error(request, error.message)
    return redirect("doctor:scores", pk=row.patient_id)


@require_POST
@needs(Permission.VIEW_CLINICAL)
def tablet(request: StaffRequest, pk: UUID, measure: str) -> HttpResponse:
    """Turn this device into a tablet for the patient: you are signed out, and only this questionnaire opens on it."""
    patient = get_object_or_404(Patient.objects.for_user(request.user), pk=pk)
    if measure not in INSTRUMENTS:
        raise Http404
    return leave_to(request, patient, Link.Purpose.SCORES, back="doctor:scores", measure=Measure(measure))


@require_http_methods(["GET", "POST"])
@needs(Permission.DECIDE_CLEARANCE)
def alert(request: StaffRequest, alert: UUID) -> HttpResponse:
    """An answer about self-harm: what was answered, how to reach the patient, and that it was seen."""
    waiting = SafetyAlert.objects.filter(patient__in=Patient.objects.for_user(request.user))
    row = get_object_or_404(
        waiting.select_related("patient", "site", "sheet", "assigned_to", "acknowledged_by"), pk=alert
    )
    opened(row.patient)
    form = SeenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            acknowledge_alert(by=Actor.of(request.user), alert=row, what_was_done=form.cleaned_data["what_was_done"])
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, f"{row.patient.name}: acknowledged. Nobody else is told any more.")
            return redirect("doctor:home")
    instrument = INSTRUMENTS[Measure(row.sheet.measure)]
    questions = [item.text["en"] for part in instrument.parts for item in part.items]
    answers = [instrument.choices[value]["en"] for value in row.sheet.items]
    context = {
        "alert": row,
        "patient": row.patient,
        "zone": row.site.zone,
        "form": form,
        "answers": list(zip(questions, answers, row.sheet.items, strict=True)),
        # Whoever said to be the wrong person must hear of nobody's despair.
        "contacts": row.patient.contacts.filter(is_active=True, may_be_told=True, stopped_at=None),
        "told": told_about(row),
    }
    return render(request, "doctor/alert.html", context, status=422 if form.errors else 200)
