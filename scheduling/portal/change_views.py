"""A patient asks to move or cancel a visit. Nothing changes by asking: the desk answers."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic import clock
from clinic.errors import Refused
from scheduling.actions import requests
from scheduling.models import Appointment, ChangeRequest, Link
from scheduling.portal import limits
from scheduling.portal.answers import too_many
from scheduling.portal.change_forms import ChangeForm
from scheduling.portal.presenters import visit_card
from scheduling.portal.selectors import visits_to_come
from scheduling.portal.visitor import Visitor, opened

PATIENT = Link.Purpose.PATIENT


@opened(PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, visitor: Visitor, visit: UUID) -> HttpResponse:
    """The form that asks; a POST takes it down and says that the visit stays until the clinic answers."""
    found = _visit_or_404(visitor, visit)
    form = ChangeForm(
        request.POST if request.method == "POST" else None, visit=found, initial={"kind": ChangeRequest.Kind.MOVE}
    )
    if request.method == "POST":
        if limits.over_limit(request, "answers", limits.ANSWERS):
            return too_many(request)
        if form.is_valid() and _ask(request, visitor, found, form):
            return redirect("portal:home")
    return render(
        request,
        "portal/change.html",
        {
            "visitor": visitor,
            "form": form,
            "card": visit_card(found),
            "site": found.site,
        },
        status=422 if form.errors else 200,
    )


@opened(PATIENT)
@require_POST
def keep(request: HttpRequest, visitor: Visitor, visit: UUID) -> HttpResponse:
    """The patient takes the request back: the visit stays as it is."""
    found = _visit_or_404(visitor, visit)
    asked = found.change_requests.filter(status=ChangeRequest.Status.WAITING).first()
    try:
        if asked is not None:
            requests.withdraw(by=visitor.by, request=asked)
        messages.success(request, _("Your visit stays as it is."))
    except Refused as error:
        messages.error(request, error.message)
    return redirect("portal:home")


def _visit_or_404(visitor: Visitor, key: UUID) -> Appointment:
    """One of the visitor's own visits that has not begun."""
    for visit in visits_to_come(visitor.patient, clock.now()):
        if visit.pk == key and requests.can_be_asked_about(visit, clock.now()):
            return visit
    raise Http404


def _ask(request: HttpRequest, visitor: Visitor, visit: Appointment, form: ChangeForm) -> bool:
    try:
        requests.ask_for_change(
            by=visitor.by,
            appointment=visit,
            kind=form.cleaned_data["kind"],
            words=form.cleaned_data["words"],
            wishes=form.wishes(),
            first_day=form.cleaned_data["first_day"],
        )
    except Refused as error:
        form.add_error(None, error.message)
        return False
    messages.success(request, _("Thank you. We have your question and will tell you. Until then your visit stays."))
    return True
