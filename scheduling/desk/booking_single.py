"""One visit by itself: booked quickly, started for a patient who stands here, or entered after it happened."""

from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site
from clinic.permissions import Permission
from clinic.rates import SEARCHES, limited
from clinic.views import StaffRequest, needs
from patients.models import Patient
from scheduling.actions import past_visit
from scheduling.actions import single as actions
from scheduling.desk.booking import doctor_of, take_over
from scheduling.desk.booking_forms import ChoiceForm
from scheduling.desk.booking_single_forms import PastForm, SingleForm, WalkInForm, WhatForm
from scheduling.desk.caller_form import asked_by, with_caller
from scheduling.desk.plan_cards import slots_by_day
from scheduling.desk.sites import patient_or_404, shared_sites
from scheduling.models import Appointment
from scheduling.selectors.authorised import sessions_for, would_go_over
from scheduling.selectors.notice import short_notice
from scheduling.selectors.singles import Single, single_slots, singles_for
from scheduling.when import day_words, time_words

#: How many days the page of free times looks at, and the most times that it shows.
LOOK_DAYS, MOST_TIMES = 14, 400


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
@limited(SEARCHES)
def single(request: StaffRequest, patient: UUID) -> HttpResponse:
    """Free times for one visit by itself; a POST books one of them."""
    person, site, singles = _about(request, patient)
    data = request.POST if request.method == "POST" else request.GET
    # The day board names the `day` on which it has free time, the work list also `what` is due then.
    asked = {name: request.GET[key] for name, key in (("first_day", "day"), ("what", "what")) if key in request.GET}
    form = SingleForm(data if "first_day" in data else _start(singles, site) | asked, singles=singles)
    form = with_caller(form, person)
    if request.method == "POST" and form.is_valid():
        done = _try_single(request, person, site, form)
        if done is not None:
            return done
    context: dict[str, Any] = {
        "patient": person,
        "site": site,
        "form": form,
        "key": uuid4(),
        "sites": _sites(request, person),
    }
    if singles and form.can_search:
        context |= _free(form, person, site)
    name = "desk/booking/_single_times.html" if request.htmx else "desk/booking/single.html"  # type: ignore[attr-defined]
    return render(request, name, context, status=_status(request, form))


def _try_single(request: StaffRequest, person: Patient, site: Site, form: SingleForm) -> HttpResponse | None:
    choice = ChoiceForm(request.POST)
    if not choice.is_valid():
        take_over(form, choice)
        return None
    try:
        made = actions.book_single(
            by=asked_by(request.user, form, person),
            patient=person,
            site=site,
            single=form.single,
            starts=choice.cleaned_data["starts"][0],
            key=choice.cleaned_data["key"],
            doctor=doctor_of(request, choice),
            mode=form.how,
        )
    except Refused as error:
        form.refuse(error)
        return None
    when = f"{day_words(made.starts, site.zone)} at {time_words(made.starts, site.zone)}"
    held = made.status == Appointment.Status.PROPOSED
    said = "Held until a doctor decides" if held else "Booked"
    messages.success(request, f"{said}: {made.get_kind_display()}, {when}; the patient is told.")
    return redirect("desk:patient", person.pk)


def _free(form: SingleForm, person: Patient, site: Site) -> dict[str, Any]:
    remote = form.single.is_consult and form.how != Appointment.Mode.IN_PERSON
    try:
        slots = single_slots(
            single=form.single,
            patient=person,
            site=site,
            first_day=form.cleaned_data["first_day"],
            days=LOOK_DAYS,
            now=clock.now(),
            is_remote=remote,
            limit=MOST_TIMES,
        )
    except Refused as error:
        form.refuse(error)
        slots = []
    days = slots_by_day(slots, site.zone)
    context: dict[str, Any] = {"days": days, "searched": True}
    if not form.single.is_consult:
        paid = sessions_for(person.pk)
        over = [day for day, _slots in days if would_go_over(paid, [day])]
        context |= {"over_from": over[:1], "over_all": len(over) == len(days)}
        if slots:
            context["short"] = short_notice(form.single.version, site, slots[0].starts, clock.now())
    return context


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
def walk_in(request: StaffRequest, patient: UUID) -> HttpResponse:
    """The patient is here without an appointment: seen now, or recorded all the same where nothing is free."""
    person, site, singles = _about(request, patient)
    posted = request.POST if request.method == "POST" else None
    form = WalkInForm(posted, singles=singles, site=site, initial={"key": uuid4()})
    full, instead = False, None
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made = actions.walk_in(
                by=Actor.of(request.user),
                patient=person,
                site=site,
                single=form.single,
                key=values["key"],
                doctor=values["doctor"],
                anyway=values["anyway"],
                reason=values["reason"],
            )
        except Refused as error:
            full = error.code == "nothing_free" or values["anyway"]
            if error.code == "not_cleared":
                instead = next((one for one in singles if one.is_consult), None)
            form.refuse(error)
        else:
            held = "" if made.holds.exists() else " It holds no chair or nurse: see on the board what it collides with."
            messages.success(request, f"{person.name} is here, from {time_words(made.starts, site.zone)} on.{held}")
            return redirect("desk:board", site.pk, clock.today(site.zone))
    context = {"patient": person, "site": site, "form": form, "full": full, "sites": _sites(request, person)}
    context["instead"] = instead
    return render(request, "desk/booking/walk_in.html", context, status=_status(request, form))


@require_http_methods(["GET", "POST"])
@needs(Permission.RECORD_ARRIVAL)
def past(request: StaffRequest, patient: UUID) -> HttpResponse:
    """A visit that nobody had booked is entered with its real times and its ending."""
    person, site, singles = _about(request, patient)
    allowed = [one for one in singles if _may_enter(request, one)]
    posted = request.POST if request.method == "POST" else None
    form = PastForm(posted, singles=allowed, site=site, patient=person, initial=_first(site))
    if request.method == "POST" and form.is_valid():
        try:
            made = past_visit.enter_past_visit(
                by=Actor.of(request.user),
                patient=person,
                site=site,
                single=form.single,
                happened=form.happened(form.cleaned_data["day"]),
                key=form.cleaned_data["key"],
            )
        except Refused as error:
            form.refuse(error)
        else:
            messages.success(request, "Entered, and marked as entered afterwards.")
            return redirect("nurse:visit", made.pk)
    context = {"patient": person, "site": site, "form": form, "allowed": allowed, "sites": _sites(request, person)}
    return render(request, "desk/booking/past.html", context, status=_status(request, form))


def _first(site: Site) -> dict[str, Any]:
    return {"key": uuid4(), "day": clock.today(site.zone)}


def _may_enter(request: StaffRequest, single: Single) -> bool:
    needed = Permission.BOOK if single.is_consult else Permission.RUN_VISIT
    return request.user.may(needed)


def _about(request: StaffRequest, patient: UUID) -> tuple[Patient, Site, list[Single]]:
    """The patient, the site asked for (`site`, else the first that user and patient share), and what it could be."""
    person = patient_or_404(request.user, patient)
    sites = shared_sites(request.user, person)
    wanted = str(request.GET.get("site", "") or request.POST.get("site", ""))
    site = next((one for one in sites if str(one.pk) == wanted), sites[0])
    return person, site, singles_for(person, site, clock.now())


def _sites(request: StaffRequest, person: Patient) -> list[tuple[Site, str]]:
    """The other sites, each with this page's address there; nothing where there is one."""
    sites = shared_sites(request.user, person)
    return [(one, f"?{urlencode({'site': str(one.pk)})}") for one in sites] if len(sites) > 1 else []


def _start(singles: list[Single], site: Site) -> dict[str, Any]:
    return {
        "what": singles[0].value if singles else "",
        "first_day": clock.today(site.zone).isoformat(),
        "mode": Appointment.Mode.IN_PERSON.value,
    }


def _status(request: StaffRequest, form: WhatForm) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" and form.errors else HTTPStatus.OK
