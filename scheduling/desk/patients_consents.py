"""Signed consents: on paper, on the screen, their scans, and the text that is signed."""

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import clock
from clinic.actor import Actor
from clinic.permissions import Permission
from clinic.rates import FILES_IN, FILES_OUT, limited
from clinic.views import StaffRequest, needs
from patients import actions
from patients.callers import PATIENT
from patients.models import Consent, ConsentDocument, Patient
from patients.models import ConsentForm as SignedText
from patients.selectors import is_minor
from scheduling.desk.patients_consent_forms import (
    CONSENT_DAYS,
    ConsentForm,
    ScanForm,
    TextForm,
    WithdrawForm,
)
from scheduling.desk.sites import patient_or_404, shared_sites
from scheduling.models import Link
from scheduling.portal.tablet import leave_to

READ_AND_WRITE = ["GET", "POST"]
#: How a kept file is named when it is saved.
ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/svg+xml": "svg"}


@require_http_methods(READ_AND_WRITE)
@needs(Permission.RECORD_CONSENT)
@limited(FILES_IN, "POST")
def consent(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Record a consent that was signed on paper, with its scan."""
    patient = patient_or_404(request.user, pk)
    site = shared_sites(request.user, patient)[0]
    text = SignedText.objects.filter(is_current=True).first()
    form = ConsentForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        site=site,
        patient=patient,
        initial=_proposed(patient, text, site.zone),
    )
    if form.carried_out(
        lambda: actions.record_consent(
            by=Actor.of(request.user),
            patient=patient,
            form_version=form.cleaned_data["form_version"],
            signed_at=form.signed_at,
            valid_until=form.cleaned_data["valid_until"],
            scan=form.cleaned_data["scan"],
            **form.who,
        )
    ):
        messages.success(request, "The consent is recorded.")
        return redirect("desk:patient", pk)
    context = {"form": form, "patient": patient, "text": text}
    return render(request, "desk/patients/consent.html", context, status=form.status)


def _proposed(patient: Patient, text: SignedText | None, zone: ZoneInfo) -> dict[str, Any]:
    now = clock.local(clock.now(), zone)
    last = patient.consents.first()
    version = text.version if text is not None else last.form_version if last is not None else ""
    return {
        "form_version": version,
        "signer": "" if is_minor(patient, now.date()) else PATIENT,
        "signed_on": now.date(),
        "signed_time": now.time().replace(second=0, microsecond=0),
        "valid_until": now.date() + timedelta(days=text.valid_days if text is not None else CONSENT_DAYS),
    }


@require_POST
@needs(Permission.RECORD_CONSENT)
def sign(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Turn this device into a tablet on which the current text is read and signed: you are signed out."""
    return leave_to(request, patient_or_404(request.user, pk), Link.Purpose.CONSENT, back="desk:patient_consent")


@require_http_methods(READ_AND_WRITE)
@needs(Permission.RECORD_CONSENT)
@limited(FILES_IN, "POST")
def scan(request: StaffRequest, pk: UUID, consent: UUID) -> HttpResponse:
    """Add the scan of a consent that was recorded without."""
    patient = patient_or_404(request.user, pk)
    signed = get_object_or_404(Consent, pk=consent, patient=patient)
    is_post = request.method == "POST"
    form = ScanForm(request.POST if is_post else None, request.FILES if is_post else None)
    by = Actor.of(request.user)
    if form.carried_out(lambda: actions.add_scan(by=by, consent=signed, scan=form.cleaned_data["scan"])):
        messages.success(request, "The scan is kept with the consent.")
        return redirect("desk:patient", pk)
    context = {"form": form, "patient": patient, "consent": signed}
    return render(request, "desk/patients/scan.html", context, status=form.status)


@require_safe
@needs(Permission.RECORD_CONSENT)
@limited(FILES_OUT)
def document(request: StaffRequest, pk: UUID, consent: UUID) -> HttpResponse:
    """The signature or the scan itself. Nothing in it runs: it is sent in a sandbox, and a scan only to be saved."""
    patient = patient_or_404(request.user, pk)
    signed = get_object_or_404(Consent, pk=consent, patient=patient)
    kept = ConsentDocument.objects.filter(consent=signed).first()
    if kept is None:
        messages.info(request, "No scan is kept with that consent.")
        return redirect("desk:patient", pk)
    response = HttpResponse(bytes(kept.content), content_type=kept.media_type)
    how = "inline" if kept.media_type == ConsentDocument.Kind.SVG else "attachment"
    name = f"consent-{patient.record_number}-{signed.signed_at:%Y-%m-%d}.{ENDINGS[kept.media_type]}"
    response.headers["Content-Disposition"] = f'{how}; filename="{name}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(READ_AND_WRITE)
@needs(Permission.RECORD_CONSENT)
def withdraw_consent(request: StaffRequest, pk: UUID, consent: UUID) -> HttpResponse:
    """The patient takes a consent back."""
    patient = patient_or_404(request.user, pk)
    signed = get_object_or_404(Consent, pk=consent, patient=patient)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    by = Actor.of(request.user)
    if form.carried_out(lambda: actions.withdraw_consent(by=by, consent=signed, reason=form.cleaned_data["reason"])):
        messages.success(request, "The consent is withdrawn. No drip starts under it.")
        return redirect("desk:patient", pk)
    context = {"form": form, "patient": patient, "consent": signed}
    return render(request, "desk/patients/withdraw.html", context, status=form.status)


@require_http_methods(READ_AND_WRITE)
@needs(Permission.MANAGE_CLINIC)
def texts(request: StaffRequest) -> HttpResponse:
    """The versions of the text that is signed; a POST adds one, which counts from then on."""
    versions = list(SignedText.objects.all())
    latest = versions[0].text if versions else {}
    initial = {f"text_{language}": words for language, words in latest.items()}
    form = TextForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.carried_out(
        lambda: actions.add_consent_form(
            by=Actor.of(request.user),
            version=form.cleaned_data["version"],
            text=form.text,
            valid_days=form.cleaned_data["valid_days"],
        )
    ):
        messages.success(request, "The new text is signed from now on.")
        return redirect("desk:consent_texts")
    context = {"form": form, "versions": versions}
    return render(request, "desk/patients/consent_texts.html", context, status=form.status)
