"""A date no longer suits the patient: another time, taken at once where the clinic allows it, else asked; or none."""

from datetime import date, datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic import clock
from clinic.errors import JustTaken, NotAllowed, Refused, Stale, WrongStatus
from clinic.views import form_status
from scheduling.actions import own_visits, requests
from scheduling.models import Appointment, ChangeRequest, Link
from scheduling.portal.change_forms import CancelForm, ChangeForm, LookForm, TakeForm
from scheduling.portal.new_times import new_times
from scheduling.portal.presenters import visit_card
from scheduling.portal.selectors import visits_to_come
from scheduling.portal.visitor import Visitor, opened
from scheduling.when import day_words, time_words

PATIENT = Link.Purpose.PATIENT
#: Refusals whose words are written for patients; others are the desk's to explain.
SAID_TO_PATIENTS = (NotAllowed, WrongStatus)


@opened(PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, visitor: Visitor, visit: UUID) -> HttpResponse:
    """Ask for another time; a POST takes it down and says that the visit stays until the clinic answers. Where the
    clinic lets patients choose, the free times come first.
    """
    found = _visit_or_404(visitor, visit)
    form = ChangeForm(request.POST if request.method == "POST" else None, visit=found)
    if form.is_valid() and _ask(request, visitor, found, form):
        return redirect("portal:home")
    return _page(request, visitor, found, form=form)


@opened(PATIENT)
@require_POST
def take(request: HttpRequest, visitor: Visitor, visit: UUID) -> HttpResponse:
    """Move the visit to the free time chosen, at once."""
    found = _visit_or_404(visitor, visit)
    form = TakeForm(request.POST)
    if form.is_valid() and _take(request, visitor, found, form):
        return redirect("portal:home")
    return _page(request, visitor, _visit_or_404(visitor, visit), take_form=form)


@opened(PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, visitor: Visitor, visit: UUID) -> HttpResponse:
    """What follows when the visit is cancelled; a POST cancels it. Twice is once."""
    if visitor.patient.appointments.filter(pk=visit, status=Appointment.Status.CANCELLED).exists():
        messages.info(request, _("This visit is cancelled. There is nothing more to do."))
        return redirect("portal:home")
    found = _visit_or_404(visitor, visit)
    form = CancelForm(request.POST if request.method == "POST" else None, initial={"version": found.version})
    if form.is_valid() and _cancel(request, visitor, found, form):
        return redirect("portal:home")
    context = {
        "visitor": visitor,
        "form": form,
        "card": visit_card(found),
        "site": found.site,
        "is_late": own_visits.is_late(found, clock.now()),
        "notice_hours": found.site.notice_hours,
        "others": len(visits_to_come(visitor.patient, clock.now())) - 1,
    }
    return render(request, "portal/cancel.html", context, status=form_status(form))


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


def _page(
    request: HttpRequest,
    visitor: Visitor,
    visit: Appointment,
    *,
    form: ChangeForm | None = None,
    take_form: TakeForm | None = None,
) -> HttpResponse:
    now = clock.now()
    offers = own_visits.may_move(visit, now)
    look = LookForm(request.GET if "from" in request.GET else None)
    asked: date | None = look.cleaned_data["from"] if look.is_bound and look.is_valid() else None
    refused = take_form if take_form is not None and take_form.errors else None
    context = {
        "visitor": visitor,
        "form": form or ChangeForm(visit=visit),
        "card": visit_card(visit),
        "site": visit.site,
        "offers": offers,
        "times": new_times(visit, asked, now) if offers else None,
        "look": look,
        "refused": [error for errors in refused.errors.values() for error in errors] if refused else [],
        "version": visit.version,
    }
    return render(request, "portal/change.html", context, status=form_status(refused or form))


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
            kind=ChangeRequest.Kind.MOVE,
            words=form.cleaned_data["words"],
            wishes=form.wishes(),
            first_day=form.cleaned_data["first_day"],
        )
    except Refused as error:
        form.add_error(None, error.message)
        return False
    messages.success(request, _("Thank you. We have your question and will tell you. Until then your visit stays."))
    return True


def _take(request: HttpRequest, visitor: Visitor, visit: Appointment, form: TakeForm) -> bool:
    starts: datetime = form.cleaned_data["starts"]
    try:
        moved = own_visits.move_own(
            by=visitor.by, link=visitor.link, appointment=visit, starts=starts, version=form.cleaned_data["version"]
        )
    except Refused as error:
        form.add_error(None, _why(error))
        return False
    zone = moved.site.zone
    messages.success(
        request,
        _("Your visit is now at %(time)s on %(date)s.")
        % {"date": day_words(moved.starts, zone), "time": time_words(moved.starts, zone)},
    )
    return True


def _cancel(request: HttpRequest, visitor: Visitor, visit: Appointment, form: CancelForm) -> bool:
    try:
        own_visits.cancel_own(
            by=visitor.by,
            link=visitor.link,
            appointment=visit,
            version=form.cleaned_data["version"],
            words=form.cleaned_data["words"],
        )
    except Refused as error:
        form.add_error(None, _why(error))
        return False
    when = day_words(visit.starts, visit.site.zone)
    messages.success(request, _("Your visit on %(date)s is cancelled. We have let the clinic know.") % {"date": when})
    return True


def _why(error: Refused) -> str:
    """Why something could not be done, in the patient's language."""
    if isinstance(error, JustTaken):
        return _("This time has just been taken. Your visit stays as it is; choose another time.")
    if isinstance(error, Stale):
        return _("Your visit was changed by the clinic meanwhile. Nothing of yours was done; look at it again.")
    if isinstance(error, SAID_TO_PATIENTS) or error.code == "near":
        return error.message
    return _("This is not possible. Your visit stays as it is; choose another time, or call us.")
