"""The consent on the clinic's tablet: the text to read and to sign, for the patient's own eyes."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.errors import Refused
from clinic.views import form_status, refuse
from patients.actions import home_site, sign_consent
from patients.callers import PATIENT
from patients.models import ConsentForm
from patients.selectors import is_minor
from scheduling.models import Link
from scheduling.portal.consent_forms import SignForm
from scheduling.portal.tablet import shut
from scheduling.portal.visitor import Visitor, opened


@opened(Link.Purpose.CONSENT)
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The text that is signed now, in the language of whoever reads it. The signature shuts the tablet."""
    patient, site = visitor.patient, home_site(visitor.patient)
    text = get_object_or_404(ConsentForm, is_current=True)
    minor = is_minor(patient, clock.today(site.zone))
    form = SignForm(
        request.POST if request.method == "POST" else None,
        patient=patient,
        initial={"form": text.pk, "signer": "" if minor else PATIENT},
    )
    shown: dict[str, Any] = {"visitor": visitor, "site": site}
    if form.is_valid() and _signed(visitor, form):
        return shut(render(request, "portal/signed.html", shown), visitor)
    paragraphs = [part.strip() for part in text.text_in(visitor.language).split("\n\n") if part.strip()]
    shown |= {"patient": patient, "form": form, "text": text, "paragraphs": paragraphs, "minor": minor}
    return render(request, "portal/consent.html", shown, status=form_status(form))


def _signed(visitor: Visitor, form: SignForm) -> bool:
    """Whether it was signed; a refusal is on the form."""
    try:
        sign_consent(
            by=visitor.by,
            patient=visitor.patient,
            form=get_object_or_404(ConsentForm, pk=form.cleaned_data["form"]),
            signer=form.who,
            drawing=form.cleaned_data["drawing"],
            typed_name=form.cleaned_data["typed_name"],
            witness=visitor.link.handed_by,
        )
    except Refused as error:
        refuse(form, error)
        return False
    return True
