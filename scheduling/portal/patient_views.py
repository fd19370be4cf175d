"""The patient's page: the next visit, how to prepare, who drives, all dates."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import clock
from clinic.errors import Refused
from clinic.views import form_status
from patients.contact_points import show_phone
from patients.models import Contact
from scheduling.actions import rides
from scheduling.messages import calendar
from scheduling.models import Appointment, Link, Ride
from scheduling.portal.booster_cards import dates_to_answer, new_times
from scheduling.portal.companion_views import companion_page
from scheduling.portal.earlier_cards import open_offers, sooner_cards
from scheduling.portal.forms import NEW, DriverForm
from scheduling.portal.presenters import is_today, visit_card
from scheduling.portal.selectors import screening_wanted, site_of, visits_to_come
from scheduling.portal.visitor import Visitor, opened
from scheduling.preparation import preparation_for
from scheduling.selectors.drivers import drivers_of

PATIENT, COMPANION = Link.Purpose.PATIENT, Link.Purpose.COMPANION


@opened(PATIENT, COMPANION)
@require_safe
def home(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The page that the opened link is for: the patient's or the companion's."""
    if visitor.contact is not None:
        return companion_page(request, visitor, visitor.contact)
    visits = visits_to_come(visitor.patient, clock.now())
    site = site_of(visitor.patient, visits)
    following = next((visit for visit in visits if not visit.is_on_hold), None)
    return render(
        request,
        "portal/patient.html",
        {
            "visitor": visitor,
            "site": site,
            "following": visit_card(following) if following else None,
            "is_today": is_today(following) if following else False,
            "preparation": preparation_for(following) if following else None,
            "cards": [visit_card(visit) for visit in visits],
            "on_hold": any(visit.is_on_hold for visit in visits),
            "phone": show_phone(site.phone, site.country) if site is not None else "",
            "unanswered": _unanswered(visits),
            "offered": open_offers(visitor.patient, clock.now()),
            "screening_wanted": screening_wanted(visitor.patient, visits),
            "dates": dates_to_answer(visitor.patient, clock.now()),
            "changed": new_times(visitor.patient, visits),
            "sooner": sooner_cards(visits, clock.now()),
        },
    )


@opened(PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def driver(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Name who drives home: a saved contact or a new one, after one visit or after several."""
    visits = [visit for visit in visits_to_come(visitor.patient, clock.now()) if _asks_for_a_driver(visit)]
    cards = [visit_card(visit) for visit in visits]
    drivers = list(drivers_of(visitor.patient))
    if request.method == "POST":
        form = DriverForm(request.POST, drivers=drivers, visits=cards)
        if form.is_valid() and _name(request, visitor, form, visits, drivers):
            return redirect("portal:home")
    else:
        wanted = request.GET.get("visit", "")
        undecided = [card.id for card in cards if card.ride is not None and card.ride.is_open]
        ticked = [card.id for card in cards if card.id == wanted] or undecided or [card.id for card in cards]
        form = DriverForm(
            drivers=drivers,
            visits=cards,
            initial={"companion": str(drivers[0].pk) if drivers else NEW, "visits": ticked},
        )
    site = site_of(visitor.patient, visits)
    return render(
        request,
        "portal/driver.html",
        {
            "visitor": visitor,
            "form": form,
            "site": site,
            "cards": cards,
        },
        status=form_status(form),
    )


@opened(PATIENT)
@require_POST
def agreed(request: HttpRequest, visitor: Visitor, contact: UUID) -> HttpResponse:
    """The patient says that the person named has said yes, to every visit that they were named for."""
    waiting = [visit.ride for visit in visits_to_come(visitor.patient, clock.now()) if _is_waiting_for(visit, contact)]
    try:
        for ride in waiting:
            rides.confirm_ride(by=visitor.by, ride=ride)
    except Refused as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Thank you. It is written down that they drive you home."))
    return redirect("portal:home")


@opened(PATIENT)
@require_safe
def dates(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """All visits to come as one calendar file (RFC 5545)."""
    visits = visits_to_come(visitor.patient, clock.now())
    kind = f"text/calendar; method={calendar.method_of(visits)}; charset=utf-8"
    response = HttpResponse(calendar.calendar_file(visits), content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{calendar.FILE_NAME}"'
    return response


def _name(
    request: HttpRequest, visitor: Visitor, form: DriverForm, visits: list[Appointment], drivers: list[Contact]
) -> bool:
    """Do what the form asks for; False, with the reason on the form, when it was refused."""
    data = form.cleaned_data
    chosen = [visit for visit in visits if str(visit.pk) in data["visits"]]
    try:
        if data["companion"] == NEW:
            named = rides.name_new_companion(
                by=visitor.by,
                appointments=chosen,
                name=data["name"],
                phone=data["phone"],
                email=data["email"],
                is_adult=data["is_adult"],
                confirmed=data["agreed"],
            )
        else:
            companion = next(contact for contact in drivers if str(contact.pk) == data["companion"])
            named = rides.name_companion(
                by=visitor.by, appointments=chosen, companion=companion, confirmed=data["agreed"]
            )
    except Refused as error:
        field = {"appointments": "visits"}.get(error.field, error.field)
        form.add_error(field if field in form.fields else None, error.message)
        return False
    companion_name = named[0].companion.name if named[0].companion else ""
    messages.success(request, _("Thank you. %(name)s is named to drive you home.") % {"name": companion_name})
    return True


def _ride(visit: Appointment) -> Ride | None:
    return getattr(visit, "ride", None)


def _asks_for_a_driver(visit: Appointment) -> bool:
    ride = _ride(visit)
    return visit.protocol_version.needs_ride and (ride is None or ride.status != Ride.Status.WAIVED)


def _is_waiting_for(visit: Appointment, contact: UUID) -> bool:
    ride = _ride(visit)
    return ride is not None and ride.companion_id == contact and ride.status == Ride.Status.NAMED


def _unanswered(visits: list[Appointment]) -> list[Contact]:
    """The people named who have not answered yet, each once."""
    named = {
        ride.companion.pk: ride.companion
        for ride in map(_ride, visits)
        if ride is not None and ride.companion is not None and ride.status == Ride.Status.NAMED
    }
    return list(named.values())
