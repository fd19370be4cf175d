"""The screening: entered by staff, asked for by message, or on a tablet that is handed over."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from patients import actions
from patients.models import Channel, Questionnaire
from scheduling.actions import screening as asked
from scheduling.desk.patients_forms import ScreeningForm
from scheduling.desk.sites import patient_or_404
from scheduling.models import Link, Message
from scheduling.portal.tablet import leave_to
from scheduling.when import day_words, full_stop, time_words


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


@require_POST
@needs(Permission.EDIT_PATIENTS)
def ask_screening(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Ask the patient to answer the questions behind the link of a message."""
    patient = patient_or_404(request.user, pk)
    try:
        sent = asked.ask_screening(by=Actor.of(request.user), patient=patient)
    except Refused as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"The message that asks for the answers {_on_its_way(sent)}")
    return redirect("desk:patient", pk)


def _on_its_way(sent: Message) -> str:
    """What becomes of a message that was just written, as the end of a sentence."""
    if sent.channel in {Channel.CALL, Channel.PAPER}:
        return "is on the call list: there is no other way to reach the patient."
    if sent.due_at <= clock.now():
        return "goes out now."
    zone = sent.site.zone
    return f"goes out on {day_words(sent.due_at, zone)} at {full_stop(time_words(sent.due_at, zone))}"


@require_POST
@needs(Permission.EDIT_PATIENTS)
def screening_tablet(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Turn this device into a tablet for the patient: you are signed out, and only the questions open on it."""
    return leave_to(request, patient_or_404(request.user, pk), Link.Purpose.SCREENING, back="desk:patient")
