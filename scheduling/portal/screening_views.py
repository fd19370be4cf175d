"""The screening: behind the patient's link once the birth date was given, or on a tablet at the clinic."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clinic.errors import Refused
from clinic.views import form_status, public, refuse
from patients.actions import record_screening
from patients.models import Questionnaire
from scheduling.models import Link
from scheduling.portal.answers import sealed
from scheduling.portal.screening_forms import OwnScreeningForm
from scheduling.portal.selectors import site_for
from scheduling.portal.tablet import shut
from scheduling.portal.visitor import Visitor, opened, proven

PATIENT, SCREENING = Link.Purpose.PATIENT, Link.Purpose.SCREENING


@opened(PATIENT, SCREENING)
@require_http_methods(["GET", "HEAD", "POST"])
@proven
def screening(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The current questions; the answers raise their flags for a doctor. A tablet is shut by them."""
    questionnaire = Questionnaire.objects.get(is_current=True)
    data = request.POST if request.method == "POST" else None
    form = OwnScreeningForm(data, questionnaire=questionnaire, language=visitor.language)
    on_tablet = visitor.link.purpose == SCREENING
    if form.is_valid() and _keep(visitor, form):
        return _done(request, visitor, on_tablet=on_tablet)
    context = {"visitor": visitor, "site": site_for(visitor.patient), "form": form, "on_tablet": on_tablet}
    return render(request, "portal/screening.html", context, status=form_status(form))


def _keep(visitor: Visitor, form: OwnScreeningForm) -> bool:
    try:
        record_screening(
            by=visitor.by,
            patient=visitor.patient,
            answers=form.answers,
            medicines=form.cleaned_data["medicines"],
            version=form.cleaned_data["version"],
        )
    except Refused as error:
        refuse(form, error)
        return False
    return True


def _done(request: HttpRequest, visitor: Visitor, *, on_tablet: bool) -> HttpResponse:
    if not on_tablet:
        messages.success(request, _("Thank you. Your answers are kept; your doctor reads them."))
        return redirect("portal:home")
    return shut(redirect("portal:handed_back"), visitor)


@public
@require_safe
def handed_back(request: HttpRequest) -> HttpResponse:
    """What stands on a tablet whose questions are answered."""
    return sealed(render(request, "portal/handed_back.html"))
