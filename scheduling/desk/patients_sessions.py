"""Paid and authorised sessions of a patient."""

from typing import Any
from uuid import UUID, uuid4

from crispy_forms.layout import Layout
from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.actor import Actor
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from patients import actions
from patients.models import Authorisation
from scheduling.desk.booking_forms import DayField
from scheduling.desk.patients_consent_forms import WithdrawForm
from scheduling.desk.patients_forms import ActionForm, side_by_side, text_field
from scheduling.desk.sites import patient_or_404, shared_sites


class SessionsForm(ActionForm):
    """Sessions paid in advance, or authorised by a payer."""

    kind = forms.ChoiceField(label="What", choices=Authorisation.Kind.choices)
    payer = text_field("Who pays", 80, help_text="Empty where the patient does.")
    sessions = forms.IntegerField(
        label="How many sessions", min_value=1, max_value=500, error_messages={"required": "Say how many sessions."}
    )
    reference = text_field("Reference", 80, help_text="Number of the letter, or of the invoice.")
    valid_from = DayField(label="From")
    valid_until = DayField(label="Until", required=False, help_text="Empty where it does not end.")
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid4
        self.helper.layout = Layout(
            "key",
            side_by_side("kind", "payer"),
            side_by_side("sessions", "reference"),
            side_by_side("valid_from", "valid_until"),
        )


@require_http_methods(["GET", "POST"])
@needs(Permission.EDIT_PATIENTS)
def new_sessions(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Note paid or authorised sessions."""
    patient = patient_or_404(request.user, pk)
    today = clock.today(shared_sites(request.user, patient)[0].zone)
    form = SessionsForm(request.POST if request.method == "POST" else None, initial={"valid_from": today})
    by = Actor.of(request.user)
    if form.carried_out(lambda: actions.authorise_sessions(by=by, patient=patient, **form.cleaned_data)):
        messages.success(request, "The sessions are noted.")
        return redirect("desk:patient", pk)
    return render(request, "desk/patients/sessions.html", {"form": form, "patient": patient}, status=form.status)


@require_http_methods(["GET", "POST"])
@needs(Permission.EDIT_PATIENTS)
def withdraw_sessions(request: StaffRequest, pk: UUID, authorisation: UUID) -> HttpResponse:
    """They were taken back, or entered by mistake."""
    patient = patient_or_404(request.user, pk)
    found = get_object_or_404(Authorisation, pk=authorisation, patient=patient)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if form.carried_out(
        lambda: actions.withdraw_authorisation(
            by=Actor.of(request.user), authorisation=found, reason=form.cleaned_data["reason"]
        )
    ):
        messages.success(request, "Taken back. They cover no visit any more.")
        return redirect("desk:patient", pk)
    context = {"form": form, "patient": patient, "authorisation": found}
    return render(request, "desk/patients/sessions_withdraw.html", context, status=form.status)
