"""Entering a screening and a signed consent."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from patients import actions
from patients.models import Consent, Questionnaire
from scheduling.desk.patients_forms import CONSENT_DAYS, ConsentForm, ScreeningForm, WithdrawForm
from scheduling.desk.sites import patient_or_404, shared_sites


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
    if request.method == "POST" and form.is_valid():
        try:
            actions.record_screening(
                by=Actor.of(request.user),
                patient=patient,
                answers=form.answers,
                medicines=form.cleaned_data["medicines"],
            )
        except Refused as error:
            form.refuse(error)
        else:
            messages.success(request, "The answers are kept. A doctor decides about what they flag.")
            return redirect("desk:patient", pk)
    context = {"form": form, "patient": patient}
    return render(request, "desk/patients/screening.html", context, status=form.status)


@require_http_methods(["GET", "POST"])
@needs(Permission.RECORD_CONSENT)
def consent(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Record a consent that was signed."""
    patient = patient_or_404(request.user, pk)
    site = shared_sites(request.user, patient)[0]
    now = clock.local(clock.now(), site.zone)
    last = patient.consents.first()
    initial = {
        "form_version": last.form_version if last is not None else "",
        "signed_by": patient.name,
        "signed_on": now.date(),
        "signed_time": now.time().replace(second=0, microsecond=0),
        "valid_until": now.date() + timedelta(days=CONSENT_DAYS),
    }
    form = ConsentForm(request.POST if request.method == "POST" else None, site=site, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            actions.record_consent(
                by=Actor.of(request.user),
                patient=patient,
                form_version=values["form_version"],
                signed_by=values["signed_by"],
                relationship=values["relationship"],
                signed_at=form.signed_at,
                valid_until=values["valid_until"],
            )
        except Refused as error:
            form.refuse(error)
        else:
            messages.success(request, "The consent is recorded.")
            return redirect("desk:patient", pk)
    context = {"form": form, "patient": patient}
    return render(request, "desk/patients/consent.html", context, status=form.status)


@require_http_methods(["GET", "POST"])
@needs(Permission.RECORD_CONSENT)
def withdraw_consent(request: StaffRequest, pk: UUID, consent: UUID) -> HttpResponse:
    """The patient takes a consent back."""
    patient = patient_or_404(request.user, pk)
    signed = get_object_or_404(Consent, pk=consent, patient=patient)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.withdraw_consent(by=Actor.of(request.user), consent=signed, reason=form.cleaned_data["reason"])
        except Refused as error:
            form.refuse(error)
        else:
            messages.success(request, "The consent is withdrawn. No drip starts under it.")
            return redirect("desk:patient", pk)
    context = {"form": form, "patient": patient, "consent": signed}
    return render(request, "desk/patients/withdraw.html", context, status=form.status)
