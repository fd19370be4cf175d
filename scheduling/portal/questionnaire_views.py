"""The questionnaires behind the patient's link, and on a tablet of the clinic. An answer about self-harm is met at once
with whom to call.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from clinic.actor import Actor
from clinic.errors import Refused
from clinic.views import form_status
from patients.actions import answer_questionnaire
from patients.models import Measure, Observation, Patient
from patients.questionnaires import INSTRUMENTS, Instrument, asks_for_help
from scheduling.messages import nudge
from scheduling.models import Link
from scheduling.portal.questionnaire_forms import QuestionnaireForm, spoken
from scheduling.portal.selectors import site_for
from scheduling.portal.tablet import shut
from scheduling.portal.visitor import Visitor, opened, proven

PATIENT = Link.Purpose.PATIENT


@opened(PATIENT)
@require_safe
@proven
def questionnaires(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """What can be answered."""
    site = site_for(visitor.patient)
    rows = [(one.measure.value, spoken(one.title)) for one in offered(visitor.patient)]
    return render(request, "portal/questionnaires.html", {"visitor": visitor, "site": site, "rows": rows})


@opened(PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
@proven
def questionnaire(request: HttpRequest, visitor: Visitor, measure: str) -> HttpResponse:
    """One questionnaire; what was answered is kept whole or not at all."""
    instrument = next((one for one in offered(visitor.patient) if one.measure == measure), None)
    if instrument is None:
        raise Http404
    form = QuestionnaireForm(request.POST if request.method == "POST" else None, instrument=instrument)
    return _ask(request, visitor, form)


@opened(Link.Purpose.SCORES)
@require_http_methods(["GET", "HEAD", "POST"])
def tablet(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The one questionnaire that a tablet of the clinic was handed over for; its answers shut it."""
    instrument = INSTRUMENTS[Measure(visitor.link.measure)]
    form = QuestionnaireForm(request.POST if request.method == "POST" else None, instrument=instrument)
    return _ask(request, visitor, form)


def _ask(request: HttpRequest, visitor: Visitor, form: QuestionnaireForm) -> HttpResponse:
    """The questions of `form`, at home or on the clinic's tablet; once they are all answered, thanks or whom to call
    at once: shown in answer to the form itself, so that nothing stands in between.
    """
    instrument, on_tablet = form.instrument, visitor.link.purpose == Link.Purpose.SCORES
    shown = {
        "visitor": visitor,
        "site": site_for(visitor.patient),
        "form": form,
        "title": spoken(instrument.title),
        "on_tablet": on_tablet,
    }
    if not form.is_valid() or not _kept(form, visitor.by, visitor.patient):
        return render(request, "portal/questionnaire.html", shown, status=form_status(form))
    help_now = asks_for_help(instrument.measure, form.items)
    if help_now:
        nudge.alerts_after_commit()
    response = render(request, "portal/crisis.html" if help_now else "portal/answered.html", shown)
    return shut(response, visitor) if on_tablet else response


def _kept(form: QuestionnaireForm, by: Actor, patient: Patient) -> bool:
    """Whether the answers were kept; a refusal is on the form."""
    try:
        answer_questionnaire(
            by=by,
            patient=patient,
            measure=form.instrument.measure,
            items=form.items,
            key=form.cleaned_data["key"],
            source=Observation.Source.PATIENT,
        )
    except Refused as error:
        form.add_error(None, error.message)
        return False
    return True


def offered(patient: Patient) -> list[Instrument]:
    """What the patient can answer at home: a site may keep the PHQ-9 in the clinic."""
    in_clinic = patient.sites.filter(phq9_in_clinic=True).exists()
    return [
        one
        for one in INSTRUMENTS.values()
        if one.measure != Measure.PAIN and not (in_clinic and one.measure == Measure.PHQ9)
    ]
