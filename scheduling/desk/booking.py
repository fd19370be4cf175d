"""Booking: a consult, and a whole series on one page.

Looking is a GET (it plans and writes nothing, and its address holds what was typed); booking is a POST that carries the
same fields, is checked again from the start, and shows the same page with a sentence when it cannot be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.actor import Actor
from clinic.errors import JustTaken, Refused
from clinic.models import Site, StaffMember
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from patients.models import Patient
from patients.selectors import Standing, standing
from scheduling.actions import booking as actions
from scheduling.actions import offers
from scheduling.desk import signed_plans
from scheduling.desk.booking_forms import ChoiceForm, ConsultForm, KeepForm, PlaceForm, SeriesForm
from scheduling.desk.plan_cards import PlanCard, cards, slots_by_day
from scheduling.desk.sites import patient_or_404, shared_sites
from scheduling.models import Protocol, Series
from scheduling.planner.values import Plan
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
    form = ConsultForm(data or _start(sites, Protocol.Kind.CONSULT), sites=sites)
    if form.is_valid() and request.method == "POST":
        booked = _try_consult(request, person, form)
        if booked is not None:
            return booked
    context: dict[str, Any] = {"patient": person, "form": form, "key": uuid4()}
    if form.can_search:
        context |= _free_times(form, person)
    name = "desk/booking/_times.html" if request.htmx else "desk/booking/consult.html"  # type: ignore[attr-defined]
    return render(request, name, context, status=_status(form, request))


def _try_consult(request: StaffRequest, person: Patient, form: ConsultForm) -> HttpResponse | None:
    """Book, and go to the patient's page; None after a refusal, which the form then carries."""
    choice = ChoiceForm(request.POST)
    if not choice.is_valid():
        _take_over(form, choice)
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


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
def series(request: StaffRequest, patient: UUID) -> HttpResponse:
    """The best plans for a series; a POST books one whole, or keeps it while the patient asks the driver."""
    person = patient_or_404(request.user, patient)
    sites = shared_sites(request.user, person)
    data = request.POST if request.method == "POST" else request.GET
    asked = "first_day" in data
    form = SeriesForm(data if asked else None, sites=sites, initial=_start(sites, Protocol.Kind.INFUSION))
    taken = False
    if asked and form.is_valid() and request.method == "POST":
        done, taken = _try_series(request, person, form)
        if done is not None:
            return done
    context: dict[str, Any] = {"patient": person, "form": form, "key": uuid4(), "keep": KeepForm(), "taken": taken}
    if asked and form.can_search:
        context |= {"found": _plans(form, person), "typed": _typed(form)}
    name = "desk/booking/_plans.html" if request.htmx else "desk/booking/series.html"  # type: ignore[attr-defined]
    return render(request, name, context, status=HTTPStatus.CONFLICT if taken else _status(form, request))


def _try_series(request: StaffRequest, person: Patient, form: SeriesForm) -> tuple[HttpResponse | None, bool]:
    """Book or keep the chosen plan: (where to go, False), or (None, whether the time was just taken)."""
    choice = ChoiceForm(request.POST)
    if not choice.is_valid():
        _take_over(form, choice)
        return None, False
    what: dict[str, Any] = {
        "by": Actor.of(request.user),
        "patient": person,
        "site": form.cleaned_data["site"],
        "version": form.version,
        "first_day": form.cleaned_data["first_day"],
        "wishes": form.wishes(),
        "starts": choice.cleaned_data["starts"],
        "key": choice.cleaned_data["key"],
        "explained": signed_plans.read(choice.cleaned_data["why"], choice.cleaned_data["starts"], person, form.version),
    }
    try:
        if request.POST.get("do") == "keep":
            return _keep(request, what), False
        return _booked(request, person, actions.book_series(**what)), False
    except Refused as error:
        form.refuse(error.message, error.field)
        return None, isinstance(error, JustTaken)


def _keep(request: StaffRequest, what: dict[str, Any]) -> HttpResponse:
    keep = KeepForm(request.POST)
    hours = keep.cleaned_data["hours"] if keep.is_valid() else 24
    offer = offers.keep_plan(**what, hours=hours)
    zone = offer.site.zone
    until = f"{day_words(offer.expires_at, zone)}, {time_words(offer.expires_at, zone)}"
    messages.success(request, f"The plan is kept until {until}. After that the time is free again.")
    return redirect("desk:offer", offer.pk)


def _booked(request: StaffRequest, person: Patient, made: Series) -> HttpResponse:
    count = made.appointments.count()
    visits = f"All {count} visits are" if count > 1 else "The visit is"
    if made.status == Series.Status.DRAFT and made.held_until is not None:
        until = day_words(made.held_until, made.site.zone)
        messages.warning(
            request,
            f"{visits} held until {until}: no doctor has cleared {person.name} yet. Once cleared they become booked.",
        )
    else:
        messages.success(request, f"{visits} booked, each with its chair and nurse. The patient is told once.")
    return redirect("desk:patient", person.pk)


@dataclass(frozen=True, slots=True)
class Found:
    """What the search gave: plans, or the sentences that say why there is none."""

    site: Site
    cards: list[PlanCard]
    refusal: list[str]
    standing: Standing
    needs_clearance: bool
    sessions: int


def _plans(form: SeriesForm, person: Patient) -> Found:
    values, version = form.cleaned_data, form.version
    site: Site = values["site"]
    plans: Sequence[Plan] = ()
    refusal: list[str] = []
    try:
        result = planning.plan_series(
            site=site,
            version=version,
            wishes=form.wishes(),
            first_day=values["first_day"],
            patient=person,
            now=clock.now(),
            alternatives=PLANS,
        )
        plans = result.plans
        refusal = planning.explain_refusal(result.refusal, site.zone) if result.refusal else []
    except Refused as error:
        form.refuse(error.message, error.field)
    return Found(
        site=site,
        cards=cards(plans, person, version, site.zone),
        refusal=refusal,
        standing=standing(person, values["first_day"]),
        needs_clearance=version.needs_clearance,
        sessions=version.sessions,
    )


def _typed(form: SeriesForm) -> list[tuple[str, str]]:
    """Everything typed as (name, value) pairs, for the forms of the single plans to carry along."""
    pairs = []
    for bound in form:
        value = bound.value()
        values = value if isinstance(value, list | tuple) else [value]
        pairs += [(bound.html_name, str(one)) for one in values if one not in (None, "")]
    return pairs


def _start(sites: list[Site], kind: Protocol.Kind) -> dict[str, Any]:
    """What the form begins with: the first site, its first protocol of the kind, today."""
    site = sites[0]
    protocol = Protocol.objects.filter(is_active=True, kind=kind, sites=site, versions__is_current=True).first()
    return {
        "site": site.pk,
        "protocol": protocol.pk if protocol else None,
        "first_day": clock.today(site.zone).isoformat(),
        "mode": "in_person",
    }


def _take_over(form: PlaceForm, choice: ChoiceForm) -> None:
    """Show what was wrong with the choice on the page's own form."""
    for errors in choice.errors.values():
        form.refuse(" ".join(str(error) for error in errors))


def _status(form: PlaceForm, request: StaffRequest) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" and form.errors else HTTPStatus.OK
