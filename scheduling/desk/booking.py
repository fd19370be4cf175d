"""Booking a consult with a doctor, or with the first who is free.

Looking is a GET (it plans and writes nothing, and its address holds what was typed); booking is a POST that carries the
same fields, is checked again from the start, and shows the same page with a sentence when it cannot be.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.errors import Refused
from clinic.models import Site, StaffMember
from clinic.permissions import Permission
from clinic.rates import SEARCHES, limited
from clinic.views import StaffRequest, needs
from patients.models import ConsultRequest, Patient
from scheduling.actions import booking as actions
from scheduling.desk.booking_forms import ChoiceForm, PlaceForm
from scheduling.desk.booking_requests import asked_for
from scheduling.desk.booking_single_forms import WhatForm
from scheduling.desk.booking_wishes import ConsultForm
from scheduling.desk.caller_form import asked_by, with_caller
from scheduling.desk.plan_cards import slots_by_day
from scheduling.desk.sites import patient_or_404, shared_sites
from scheduling.models import Protocol
from scheduling.selectors import planning
from scheduling.selectors.consults import fitting_protocol, seen_before
from scheduling.when import day_words, time_words

#: How many free times a consult's page shows: two weeks of days with a time on each quarter of eight hours.
MOST_TIMES = 10 * 8 * 4
#: What the page swaps when only the search has changed; with words to read, the form changes too.
FRAGMENTS = {"times": "desk/booking/_times.html", "consult": "desk/booking/_consult.html"}


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
@limited(SEARCHES)
def consult(request: StaffRequest, patient: UUID) -> HttpResponse:
    """Free times for a consult, grouped by day; a POST books one of them, and settles the request it answers."""
    person = patient_or_404(request.user, patient)
    sites = shared_sites(request.user, person)
    data = request.POST if request.method == "POST" else request.GET
    asked = asked_for(request)
    form = with_caller(ConsultForm(data if "first_day" in data else _start(sites, person, asked), sites=sites), person)
    if form.is_valid() and request.method == "POST":
        booked = _try_consult(request, person, form, asked)
        if booked is not None:
            return booked
    context: dict[str, Any] = {"patient": person, "form": form, "key": uuid4(), "asked": asked}
    context["seen_before"] = seen_before(person)
    if form.can_search:
        context |= _free_times(form, person)
    target = request.htmx.target if request.htmx else ""  # type: ignore[attr-defined]
    name = FRAGMENTS.get(target, "desk/booking/consult.html")
    return render(request, name, context, status=status_of(form, request))


def _start(sites: list[Site], person: Patient, asked: ConsultRequest | None) -> dict[str, Any]:
    """What the form begins with: with a request, its site and the times it names, already read into the fields."""
    site = asked.site if asked is not None and asked.site in sites else sites[0]
    protocol = fitting_protocol(site, person)
    start = start_values([site], Protocol.Kind.CONSULT) | {"protocol": protocol.pk if protocol else None}
    return start | ({"words": asked.best_times} if asked is not None else {})


def _try_consult(
    request: StaffRequest, person: Patient, form: ConsultForm, asked: ConsultRequest | None
) -> HttpResponse | None:
    """Book, and go to the patient's page; None after a refusal, which the form then carries."""
    choice = ChoiceForm(request.POST)
    if not choice.is_valid():
        take_over(form, choice)
        return None
    try:
        booked = actions.book_consult(
            by=asked_by(request.user, form, person),
            patient=person,
            site=form.cleaned_data["site"],
            version=form.version,
            doctor=doctor_of(request, choice) or form.cleaned_data["doctor"],
            starts=choice.cleaned_data["starts"][0],
            mode=form.cleaned_data["mode"],
            key=choice.cleaned_data["key"],
            asked=asked,
        )
    except Refused as error:
        form.refuse(error)
        return None
    zone = booked.site.zone
    with_whom = f" with {booked.practitioner}" if booked.practitioner else ""
    when = f"{day_words(booked.starts, zone)} at {time_words(booked.starts, zone)}"
    settled = " The request is answered." if asked is not None else ""
    messages.success(request, f"Consult booked{with_whom}: {when}; the patient is told.{settled}")
    return redirect("desk:patient", person.pk)


def _free_times(form: ConsultForm, person: Patient) -> dict[str, Any]:
    values = form.cleaned_data
    site: Site = values["site"]
    slots: Sequence[planning.Slot] = ()
    try:
        slots = planning.consult_slots(
            site=site,
            version=form.version,
            doctor=values["doctor"],
            first_day=values["first_day"],
            now=clock.now(),
            patient=person,
            is_remote=form.is_remote,
            limit=MOST_TIMES,
            wishes=form.wishes(),
        )
    except Refused as error:
        form.refuse(error)
    return {"site": site, "days": slots_by_day(slots, site.zone), "searched": True}


def start_values(sites: list[Site], kind: Protocol.Kind) -> dict[str, Any]:
    """What the form begins with: the first site, its first protocol of the kind, today."""
    site = sites[0]
    protocol = Protocol.objects.filter(is_active=True, kind=kind, sites=site, versions__is_current=True).first()
    return {
        "site": site.pk,
        "protocol": protocol.pk if protocol else None,
        "first_day": clock.today(site.zone).isoformat(),
        "mode": "in_person",
    }


def doctor_of(request: StaffRequest, choice: ChoiceForm) -> StaffMember | None:
    """The doctor whose time was chosen, where it is one's; Http404 for one of another site."""
    if choice.doctor is None:
        return None
    return get_object_or_404(StaffMember.objects.for_user(request.user), pk=choice.doctor)


def take_over(form: PlaceForm | WhatForm, choice: ChoiceForm) -> None:
    """Show what was wrong with the choice on the page's own form."""
    for errors in choice.errors.values():
        form.refuse(Refused(" ".join(str(error) for error in errors)))


def status_of(form: PlaceForm, request: StaffRequest) -> HTTPStatus:
    """422 for what was sent and refused."""
    return HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" and form.errors else HTTPStatus.OK
