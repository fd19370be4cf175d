"""Entering a screening."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from clinic.actor import Actor
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from patients import actions
from patients.models import Questionnaire
from scheduling.desk.patients_forms import ScreeningForm
from scheduling.desk.sites import patient_or_404


@require_http_methods(["GET", "POST"])
@needs(Permission.VIEW_CLINICAL, Permission.EDIT_PATIENTS)
def screening(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Ask the current questions; the answers raise their flags."""
    patient = patient_or_404(request.user, pk)
    form = ScreeningForm(
        request.POST if request.method == "POST" else None,
        questionnaire=Questionnaire.objects.get(is_current=True),
        language=patient.language,
    )
    if form.carried_out(
        lambda: actions.record_screening(
            by=Actor.of(request.user), patient=patient, answers=form.answers, medicines=form.cleaned_data["medicines"]
        )
    ):
        messages.success(request, "The answers are kept. A doctor decides about what they flag.")
        return redirect("desk:patient", pk)
    context = {"form": form, "patient": patient}
    return render(request, "desk/patients/screening.html", context, status=form.status)
