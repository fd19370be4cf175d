"""Opening the record of a patient of another site in an emergency: to look, not to change."""

from uuid import UUID

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from clinic import clock, opening
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site
from clinic.permissions import Permission
from clinic.rates import EMERGENCIES, limited
from clinic.views import StaffRequest, form_status, needs, refuse
from patients.actions.emergency import break_glass
from patients.models import EmergencyAccess, Patient
from scheduling.selectors.emergency import record_of


class EmergencyForm(forms.Form):
    """Who it is, and why it cannot wait."""

    record_number = forms.IntegerField(
        label="Record number",
        required=False,
        min_value=1,
        error_messages={"invalid": "A record number has digits only."},
    )
    family_name = forms.CharField(label="Family name", required=False, max_length=120)
    birth_date = forms.DateField(label="Birth date", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(
        label="Why this cannot wait",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=1000,
        error_messages={"required": "Say in a sentence why this cannot wait. Nothing was opened."},
    )


@require_http_methods(["GET", "POST"])
@needs(Permission.BREAK_GLASS)
@limited(EMERGENCIES)
def emergency(request: StaffRequest) -> HttpResponse:
    """Ask for one patient's record, with a reason."""
    form = EmergencyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            opened = break_glass(by=Actor.of(request.user), **form.cleaned_data)
        except Refused as error:
            refuse(form, error)
        else:
            return redirect("desk:emergency_record", opened.patient_id)
    context = {"form": form, "minutes": settings.EMERGENCY_MINUTES}
    return render(request, "desk/patients/emergency.html", context, status=form_status(form))


@require_safe
@needs(Permission.BREAK_GLASS)
def emergency_record(request: StaffRequest, patient: UUID) -> HttpResponse:
    """What helps in an emergency, while the leave lasts. Each opening is on the trail with its reason."""
    if Patient.objects.for_user(request.user).filter(pk=patient).exists():
        return redirect("desk:patient", patient)
    now = clock.now()
    access = (
        EmergencyAccess.objects.open_to(request.user, now).filter(patient=patient).select_related("patient").first()
    )
    if access is None:
        raise Http404
    opening.shows(access.patient_id, reason=f"Emergency: {access.reason}")
    context = {
        "access": access,
        "patient": access.patient,
        "record": record_of(access.patient, now),
        # The leave ends by the clock of whoever looks.
        "here": Site.objects.for_user(request.user).first(),
    }
    return render(request, "desk/patients/emergency_record.html", context)
