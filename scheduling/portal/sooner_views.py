"""A patient asks to come sooner if a time comes free: on the earlier-time list, and off it again."""

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic import clock
from clinic.errors import Refused
from clinic.views import form_status
from scheduling import wishes as wishes_json
from scheduling.actions import earlier
from scheduling.models import Appointment, EarlierWish, Link
from scheduling.planner.values import Windows
from scheduling.portal.change_forms import SoonerForm
from scheduling.portal.presenters import visit_card
from scheduling.portal.selectors import visits_to_come
from scheduling.portal.visitor import Visitor, opened
from scheduling.selectors.earlier import could_come_sooner

PATIENT = Link.Purpose.PATIENT


@opened(PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def sooner(request: HttpRequest, visitor: Visitor, visit: UUID) -> HttpResponse:
    """The hours that suit for an earlier time; a POST puts the visit on the list, again changes them."""
    found = _visit_or_404(visitor, visit)
    wish = EarlierWish.objects.waiting().filter(appointment=found).first()
    initial = SoonerForm.standing(wish)
    form = SoonerForm(request.POST if request.method == "POST" else None, visit=found, initial=initial)
    if form.is_valid() and _put_on_list(request, visitor, found, form, wish):
        return redirect("portal:home")
    return render(
        request,
        "portal/sooner.html",
        {"visitor": visitor, "form": form, "card": visit_card(found), "site": found.site, "on_list": wish is not None},
        status=form_status(form),
    )


@opened(PATIENT)
@require_POST
def not_sooner(request: HttpRequest, visitor: Visitor, visit: UUID) -> HttpResponse:
    """Off the list again; twice is the same as once."""
    wish = EarlierWish.objects.waiting().filter(patient=visitor.patient, appointment=visit).first()
    if wish is not None:
        earlier.end_wish(by=visitor.by, wish=wish, reason="Taken off on the patient's own page.")
    messages.success(request, _("Your visit stays as it is. We no longer look for an earlier time."))
    return redirect("portal:home")


def _visit_or_404(visitor: Visitor, key: UUID) -> Appointment:
    now = clock.now()
    for visit in visits_to_come(visitor.patient, now):
        if visit.pk == key and could_come_sooner(visit, now):
            return visit
    raise Http404


def _put_on_list(
    request: HttpRequest, visitor: Visitor, visit: Appointment, form: SoonerForm, wish: EarlierWish | None
) -> bool:
    said = form.cleaned_data
    try:
        earlier.wish_sooner(
            by=visitor.by,
            appointment=visit,
            hours=replace(form.wishes(), driver_can=_driver_can(visit, wish)),
            not_before=said["first_day"],
            note=said["words"],
        )
    except Refused as error:
        form.add_error({"not_before": "first_day"}.get(error.field or ""), error.message)
        return False
    messages.success(request, _("You are on the list. We tell you when an earlier time is free; your visit stays."))
    return True


def _driver_can(visit: Appointment, wish: EarlierWish | None) -> Windows | None:
    """When somebody could drive, as it was said last: a patient who wants sooner is not asked that again."""
    said = wish.hours if wish is not None else (visit.series.wishes if visit.series is not None else {})
    return wishes_json.from_json(said).driver_can
