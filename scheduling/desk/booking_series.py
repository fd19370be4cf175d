"""Booking a whole series on one page: the best plans side by side, one date swapped, a plan kept, or all of it booked.

Looking is a GET (it plans and writes nothing, and its address holds what was typed and the plan that is worked on);
booking is a POST that carries the same fields, is checked again from the start, and shows the same page with a sentence
when it cannot be.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.actor import Actor
from clinic.errors import JustTaken, Refused
from clinic.models import Site
from clinic.permissions import Permission
from clinic.rates import SEARCHES, limited
from clinic.views import StaffRequest, needs
from patients.models import Patient
from patients.selectors import covers, latest_clearance
from scheduling.actions import booking as actions
from scheduling.actions import offers
from scheduling.actions.next_best import NextBest, keep_next_best
from scheduling.actions.series_writing import SeriesOrder
from scheduling.desk import signed_plans
from scheduling.desk.booking import start_values, status_of, take_over
from scheduling.desk.booking_forms import KEEP_FOR, ChoiceForm, KeepForm
from scheduling.desk.booking_found import Found
from scheduling.desk.booking_wishes import SeriesForm, WorkForm
from scheduling.desk.caller_form import asked_by, with_caller
from scheduling.desk.plan_cards import Desk, cards, own_card
from scheduling.desk.sites import patient_or_404, shared_sites
from scheduling.models import Offer, Protocol, Series
from scheduling.planner.values import SeriesResult
from scheduling.selectors import planning, series_rules, swapping
from scheduling.selectors.authorised import sessions_for
from scheduling.selectors.series_rules import date_words
from scheduling.when import day_words, time_words

#: How many plans stand side by side: the best and up to three others.
PLANS = 4


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
@limited(SEARCHES)
def series(request: StaffRequest, patient: UUID) -> HttpResponse:
    """The best plans for a series; a POST books one whole, or keeps it while the patient asks the driver."""
    person = patient_or_404(request.user, patient)
    sites = shared_sites(request.user, person)
    data = request.POST if request.method == "POST" else request.GET
    asked = "first_day" in data
    start = {} if asked else start_values(sites, Protocol.Kind.INFUSION)
    form = with_caller(SeriesForm(data if asked else None, sites=sites, initial=start), person)
    work = WorkForm(data)
    taken, kept = False, None
    if asked and form.is_valid() and request.method == "POST":
        done, taken = _try_series(request, person, form, work)
        if done is not None:
            return done
        kept = _keep_next_best(request, person, form, work) if taken else None
    context: dict[str, Any] = {"patient": person, "form": form, "key": uuid4(), "taken": taken}
    if asked and form.can_search:
        context["found"] = _found(form, person, work if request.method == "GET" else _as_work(request, work), kept)
    name = "desk/booking/_series.html" if request.htmx else "desk/booking/series.html"  # type: ignore[attr-defined]
    return render(request, name, context, status=HTTPStatus.CONFLICT if taken else status_of(form, request))


def _try_series(
    request: StaffRequest, person: Patient, form: SeriesForm, work: WorkForm
) -> tuple[HttpResponse | None, bool]:
    """Book or keep the chosen plan: (where to go, False), or (None, whether the time was just taken)."""
    choice = ChoiceForm(request.POST)
    if not choice.is_valid():
        take_over(form, choice)
        return None, False
    starts = choice.cleaned_data["starts"]
    pinned = frozenset(one for one in work.value("fixed").values() if one in starts)
    what: dict[str, Any] = {
        "order": replace(_order(form, person, starts), pinned=pinned),
        "key": choice.cleaned_data["key"],
        "explained": signed_plans.read(choice.cleaned_data["why"], starts, person, form.version),
    }
    try:
        what["by"] = asked_by(request.user, form, person)
        _give_back(request, choice.cleaned_data["kept"])
        if request.POST.get("do") == "keep":
            return _keep(request, what), False
        return _booked(request, person, actions.book_series(**what)), False
    except Refused as error:
        form.refuse(error)
        return None, isinstance(error, JustTaken)


def _order(form: SeriesForm, person: Patient, starts: Sequence[datetime]) -> SeriesOrder:
    """What was typed, at these starts (aware). Only for a valid form."""
    site, first_day = form.cleaned_data["site"], form.cleaned_data["first_day"]
    return SeriesOrder(person, site, form.version, first_day, form.wishes(), starts)


def _give_back(request: StaffRequest, kept: UUID | None) -> None:
    """What was kept after a collision, when another plan is chosen after all: it must not stand in its way."""
    offer = Offer.objects.for_user(request.user).filter(pk=kept, status=Offer.Status.OPEN).first() if kept else None
    if offer is not None:
        offers.decline_offer(by=Actor.of(request.user), offer=offer)


def _keep_next_best(request: StaffRequest, person: Patient, form: SeriesForm, work: WorkForm) -> NextBest | None:
    """Somebody was quicker: what is left of the plan is kept at once, so that the clerk cannot lose twice."""
    try:
        return keep_next_best(
            by=Actor.of(request.user),
            order=_order(form, person, ChoiceForm.starts_of(request.POST)),
            fixed=work.value("fixed"),
        )
    except Refused as error:
        form.refuse(error)
        return None


def _keep(request: StaffRequest, what: dict[str, Any]) -> HttpResponse:
    keep = KeepForm(request.POST)
    hours = keep.cleaned_data["hours"] if keep.is_valid() else KEEP_FOR
    offer = offers.keep_plan(**what, hours=hours)
    zone = offer.site.zone
    until = f"{day_words(offer.expires_at, zone)}, {time_words(offer.expires_at, zone)}"
    messages.success(request, f"The plan is kept until {until}; after that the time is free again.")
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


def _as_work(request: StaffRequest, work: WorkForm) -> WorkForm:
    """After a refusal the plan that was to be booked is the one to work on: only what was taken is planned anew."""
    data = {"plan": str(request.POST.get("starts", "")), "fixed": str(request.POST.get("fixed", ""))}
    return WorkForm(data)


def _found(form: SeriesForm, person: Patient, work: WorkForm, kept: NextBest | None = None) -> Found:
    values, version = form.cleaned_data, form.version
    site: Site = values["site"]
    fixed: dict[int, Any] = dict(work.value("fixed"))
    latest = latest_clearance(person)
    uncleared = version.needs_clearance and not covers(latest, values["first_day"])
    found = Found(site, version, uncleared, form.typed, fixed)
    found.problem = [str(error) for errors in work.errors.values() for error in errors]
    against = series_rules.decided_against(person, version, latest)
    if against:
        found.refusal = [f"{against} Nothing can be booked or held; a doctor must decide anew first."]
        return found
    asked: planning.Asked = {
        "site": site,
        "version": version,
        "wishes": form.wishes(),
        "first_day": values["first_day"],
        "patient": person,
        "now": clock.now(),
        "alternatives": PLANS,
    }
    try:
        result, worked = _searched(found, asked, work, kept)
    except Refused as error:
        form.refuse(error)
        return found
    found.refusal = planning.explain_refusal(result.refusal, site.zone) if result.refusal else []
    desk = Desk(person, version, site, clock.now(), result.best, found.fixed, sessions_for(person.pk))
    found.cards = cards(result.plans, desk)
    if worked is not None:
        found.own = own_card(worked, desk, kept.offer if kept is not None else None)
        found.cards = [card for card in found.cards if card.value != found.own.value]
    return found


def _searched(
    found: Found, asked: planning.Asked, work: WorkForm, kept: NextBest | None
) -> tuple[SeriesResult, swapping.WorkedPlan | None]:
    """The best plans, and the one that the clerk works on: beside it dates are looked for as far as they may lie."""
    if kept is None and not work.value("plan") and not found.fixed:
        looked = planning.look_for_series(**asked, is_far=bool(work.value("further")))
        found.last, found.farthest = looked.last, looked.farthest
        return looked.result, None
    question, sheet = planning.series_question(**asked)
    worked = kept.worked if kept is not None else _work(found, question, sheet, work)
    return swapping.best_plans(swapping.with_fixed(question, sheet, found.fixed), sheet), worked


def _work(found: Found, question: Any, sheet: Any, work: WorkForm) -> swapping.WorkedPlan | None:
    """The clerk's own plan after what was asked of it; the dates that one visit could have instead."""
    starts = work.value("plan")
    if not starts:
        return None
    if len(starts) != found.version.sessions:
        found.problem.append("The plan that was chosen has another number of visits than this protocol.")
        return None
    number, to = work.value("swap") or 0, work.value("to")
    number = number if number <= len(starts) else 0
    asked = swapping.with_fixed(question, sheet, found.fixed)
    swap = (number, to) if number and to is not None else None
    worked = swapping.worked_plan(asked, sheet, starts, swap)
    if not isinstance(worked, swapping.WorkedPlan) and swap is not None:
        found.problem.append(
            f"Visit {number} cannot go to {date_words(clock.local(swap[1], sheet.zone).date())}: nothing was changed."
        )
        found.problem += worked
        worked, swap = swapping.worked_plan(asked, sheet, starts, None), None
    if not isinstance(worked, swapping.WorkedPlan):
        found.problem += ["The plan that was chosen is no longer possible.", *worked]
        return None
    found.fixed = _still_fixed(found, worked, swap)
    if number and swap is None:
        found.swap = number
        asked = swapping.with_fixed(question, sheet, found.fixed)
        found.others = swapping.other_dates(asked, sheet, planning.moments_of(worked.plan), number)
    return worked


def _still_fixed(found: Found, worked: swapping.WorkedPlan, swap: tuple[int, Any] | None) -> dict[int, Any]:
    """What is fixed now: the date just chosen too, but no date that was taken meanwhile."""
    now = planning.moments_of(worked.plan)
    kept = {number: start for number, start in found.fixed.items() if number <= len(now) and now[number - 1] == start}
    return kept | ({swap[0]: now[swap[0] - 1]} if swap is not None else {})
