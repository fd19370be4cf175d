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
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site, StaffMember
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from patients.models import Patient
from scheduling.actions import booking as actions
from scheduling.desk.booking_forms import ChoiceForm, ConsultForm, PlaceForm
from scheduling.desk.plan_cards import slots_by_day
from scheduling.desk.sites import patient_or_404, shared_sites
from scheduling.models import Protocol
from scheduling.selectors import planning
from scheduling.when import day_words, time_words

#: How many plans stand side by side: the best and up to three others.
PLANS = 4
#: How many free times a consult's page shows: two weeks of days with a time on each quarter of eight hours.
MOST_TIMES = 10 * 8 * 4


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
def consult(request: StaffRequest, patient: UUID) -> HttpResponse:
    """Free times for a consult, grouped by day; a POST books one of them."""
    person = patient_or_404(request.user, patient)
    sites = shared_sites(request.user, person)
    data = request.POST if request.method == "POST" else request.GET
    form = ConsultForm(data or start_values(sites, Protocol.Kind.CONSULT), sites=sites)
    if form.is_valid() and request.method == "POST":
        booked = _try_consult(request, person, form)
        if booked is not None:
            return booked
    context: dict[str, Any] = {"patient": person, "form": form, "key": uuid4()}
    if form.can_search:
        context |= _free_times(form, person)
    name = "desk/booking/_times.html" if request.htmx else "desk/booking/consult.html"  # type: ignore[attr-defined]
    return render(request, name, context, status=status_of(form, request))


def _try_consult(request: StaffRequest, person: Patient, form: ConsultForm) -> HttpResponse | None:
    """Book, and go to the patient's page; None after a refusal, which the form then carries."""
    choice = ChoiceForm(request.POST)
    if not choice.is_valid():
        take_over(form, choice)
        return None
    doctor = form.cleaned_data["doctor"]
    if choice.doctor is not None:
        doctor = get_object_or_404(StaffMember.objects.for_user(request.user), pk=choice.doctor)
    try:
        booked = actions.book_consult(
            by=Actor.of(request.user),
            patient=person,
            site=form.cleaned_data["site"],
            version=form.version,
            doctor=doctor,
            starts=choice.cleaned_data["starts"][0],
            mode=form.cleaned_data["mode"],
            key=choice.cleaned_data["key"],
        )
    except Refused as error:
        form.refuse(error.message, error.field)
        return None
    zone = booked.site.zone
    with_whom = f" with {booked.practitioner}" if booked.practitioner else ""
    when = f"{day_words(booked.starts, zone)} at {time_words(booked.starts, zone)}"
    messages.success(request, f"Consult booked{with_whom}: {when}. The patient is told.")
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
        )
    except Refused as error:
        form.refuse(error.message, error.field)
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


def take_over(form: PlaceForm, choice: ChoiceForm) -> None:
    """Show what was wrong with the choice on the page's own form."""
    for errors in choice.errors.values():
        form.refuse(" ".join(str(error) for error in errors))


def status_of(form: PlaceForm, request: StaffRequest) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" and form.errors else HTTPStatus.OK
