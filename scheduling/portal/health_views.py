"""What is clinical behind the patient's link: today's score. The birth date is asked for first."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.errors import Refused
from clinic.views import form_status
from patients.actions import record_own_score
from patients.actions.findings import from_the_page
from scheduling.actions import birth_date as proof
from scheduling.models import Link
from scheduling.portal.health_forms import BirthDateForm, ScoreForm
from scheduling.portal.selectors import own_scores, site_for
from scheduling.portal.visitor import PATH, Visitor, opened, proven, remember
from scheduling.when import day_words, time_words

PATIENT = Link.Purpose.PATIENT


@opened(PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def birth_date(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Ask for the patient's birth date; after too many wrong answers, say until when nothing is asked."""
    if visitor.proven:
        return redirect(_wanted(request))
    site = site_for(visitor.patient)
    today = clock.today(site.zone) if site is not None else clock.now().date()
    form = BirthDateForm(request.POST if request.method == "POST" else None, today=today)
    answer = proof.standing(visitor.link)
    if form.is_valid():
        answer = proof.give_birth_date(by=visitor.by, link=visitor.link, born=form.cleaned_data["born"])
        if answer.is_right:
            response = redirect(_wanted(request))
            remember(response, visitor.link, visitor.language, proven=True)
            return response
        form.add_error(None, _("This is not the birth date that we have. Look at it again, or call us."))
    until = answer.shut_until
    context = {
        "visitor": visitor,
        "site": site,
        "form": form,
        "left": answer.left,
        "missed": answer.left < proof.MOST_MISSES,
        # The sentence that it ends has a full stop of its own.
        "shut_until": time_words(until, site.zone).rstrip(".") if until is not None and site is not None else "",
        "is_shut": until is not None,
    }
    status = form_status(form) if until is None else HTTPStatus.TOO_MANY_REQUESTS
    return render(request, "portal/birth_date.html", context, status=status)


def _wanted(request: HttpRequest) -> str:
    """The page behind the link (`next` in the address) that asked for the birth date; today's score by itself."""
    wanted = request.GET.get("next", "")
    is_ours = wanted.startswith(PATH) and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_ours else reverse("portal:score")


@opened(PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
@proven
def score(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Today's score: a number is chosen and kept; another one on the same day takes its place."""
    site = site_for(visitor.patient)
    before = own_scores(visitor.patient)
    zone = site.zone if site is not None else None
    page = from_the_page(clock.today(zone)) if zone is not None else ""
    given = next((int(one.value) for one in before if one.source_id == page), None)
    form = ScoreForm(request.POST if request.method == "POST" else None, initial={"value": given})
    if form.is_valid() and _keep(request, visitor, form):
        return redirect("portal:score")
    context = {
        "visitor": visitor,
        "site": site,
        "form": form,
        "given": given,
        "before": [
            (day_words(one.effective_at, zone), f"{one.value.normalize():f}") for one in before if zone is not None
        ],
    }
    return render(request, "portal/score.html", context, status=form_status(form))


def _keep(request: HttpRequest, visitor: Visitor, form: ScoreForm) -> bool:
    try:
        record_own_score(by=visitor.by, patient=visitor.patient, value=form.cleaned_data["value"])
    except Refused as error:
        form.add_error(None, error.message)
        return False
    messages.success(request, _("Thank you. Your answer for today is kept; your doctor sees it."))
    return True
