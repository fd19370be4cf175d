"""The nurse's screens: who is in which phase today, and one visit with the steps that it can take now.

Whoever sees the schedule may open a visit; each step names its own permission.
"""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from clinic import clock
from clinic.actor import Actor
from clinic.models import Site
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.actions import rides
from scheduling.actions import visit as actions
from scheduling.actions.visit_questions import answer_doctor
from scheduling.models import Appointment, Ending, Question
from scheduling.nurse.forms import (
    CompanionForm,
    DischargeForm,
    EndForm,
    ReasonForm,
    StartForm,
    WaiverForm,
)
from scheduling.nurse.presenters import columns_of, version_of
from scheduling.nurse.steps import back, button, show, step, visit_of
from scheduling.selectors.hits import hits_at
from scheduling.selectors.visits import day_by_phase

#: Seconds after which an open list looks whether something has changed.
LOOK_EVERY = 20


@require_safe
@needs(Permission.RUN_VISIT)
def home(request: StaffRequest) -> HttpResponse:
    """Today's visits of one site, by phase. `?site=` names another of the user's sites."""
    return render(request, "nurse/home.html", _now(request))


@require_safe
@needs(Permission.RUN_VISIT)
def changes(request: StaffRequest) -> HttpResponse:
    """What an open list asks for by itself: 204 while it stands as `?since=` (a version) has it, else the list anew."""
    now = _now(request)
    if now.get("version") == request.GET.get("since"):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return render(request, "nurse/_now.html", now)


def _now(request: StaffRequest) -> dict[str, Any]:
    """What the list and its refresh are drawn from."""
    sites = list(Site.objects.for_user(request.user))
    if not sites:
        return {"sites": sites, "site": None}
    wanted = request.GET.get("site", "")
    site = next((one for one in sites if str(one.pk) == wanted), sites[0])
    today = clock.today(site.zone)
    columns = columns_of(day_by_phase(request.user, site, today))
    hits = hits_at(site, today, now=clock.now())
    return {
        "sites": sites,
        "site": site,
        "today": today,
        "columns": columns,
        "hits": hits,
        "now": clock.now(),
        "version": version_of(columns, hits),
        "home": f"{reverse('nurse:home')}?site={site.pk}",
        "look_every": LOOK_EVERY,
    }


@require_safe
@needs(Permission.VIEW_SCHEDULE)
def visit(request: StaffRequest, pk: UUID) -> HttpResponse:
    """One visit: the facts so far, what still stands in the way, and the steps that it can take now."""
    return show(request, visit_of(request.user, pk))


@require_POST
@needs(Permission.RECORD_ARRIVAL)
def arrived(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The patient is here."""
    found = visit_of(request.user, pk)
    now = actions.arrive(by=Actor.of(request.user), appointment=found)
    if now.status == Appointment.Status.ARRIVED:
        messages.success(request, f"{found.patient.name} is here.")
    else:
        messages.warning(
            request,
            f"The arrival of {found.patient.name} is recorded, but this visit is “{now.get_status_display()}”. "
            "Book a new visit if the patient is to be treated today.",
        )
    return back(request, found)


@require_POST
@needs(Permission.RECORD_ARRIVAL)
def not_arrived(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The arrival was ticked by mistake."""
    return step(
        request,
        pk,
        ReasonForm,
        lambda by, found, form: actions.undo_arrival(by=by, appointment=found, reason=form.cleaned_data["reason"]),
        "The arrival is taken back; the visit is expected again.",
    )


@require_POST
@needs(Permission.RECORD_ARRIVAL)
def did_not_come(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The patient never arrived: the time goes back."""
    found = visit_of(request.user, pk)
    return button(
        request,
        found,
        lambda by: actions.record_no_show(by=by, appointment=found),
        f"{found.patient.name} did not come. The time is free again; plan the infusion anew with the patient.",
    )


@require_POST
@needs(Permission.EDIT_PATIENTS)
def companion(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Name who drives home from this visit, on the spot."""
    return step(request, pk, CompanionForm, _name_companion, "The companion is named.")


@require_POST
@needs(Permission.WAIVE_RIDE)
def waiver(request: StaffRequest, pk: UUID) -> HttpResponse:
    """A doctor lets the patient go without a companion."""
    return step(
        request,
        pk,
        WaiverForm,
        lambda by, found, form: answer_doctor(
            by=by,
            appointment=found,
            about=Question.About.RIDE,
            answer=Question.Answer.GO_AHEAD,
            reason=form.cleaned_data["reason"],
        ),
        "The ride home is waived for this visit.",
    )


@require_POST
@needs(Permission.RUN_VISIT)
def start(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Start the drip, or with `keep` only note the check-in answers given so far."""
    if "keep" in request.POST:
        found = visit_of(request.user, pk)
        form = StartForm(request.POST, visit=found)
        return button(
            request,
            found,
            lambda by: actions.record_checkin(by=by, appointment=found, checkin=form.answers),
            "The check-in answers are kept.",
        )
    return step(
        request,
        pk,
        StartForm,
        lambda by, found, form: actions.start(
            by=by,
            appointment=found,
            chair=form.cleaned_data.get("chair"),
            nurse=form.cleaned_data.get("nurse"),
            checkin=form.answers,
        ),
        "Started.",
    )


@require_POST
@needs(Permission.RUN_VISIT)
def recovery(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The drip has ended; the patient recovers."""
    found = visit_of(request.user, pk)
    return button(
        request,
        found,
        lambda by: actions.to_recovery(by=by, appointment=found),
        f"{found.patient.name} is in recovery.",
    )


@require_POST
@needs(Permission.RUN_VISIT)
def discharge(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The patient leaves with the named companion."""
    return step(
        request,
        pk,
        DischargeForm,
        lambda by, found, form: actions.discharge(
            by=by,
            appointment=found,
            handed_to=form.cleaned_data["handed_to"],
            fitness=form.cleaned_data.get("fitness", []),
            note=form.cleaned_data["note"],
            ending=Ending(form.cleaned_data["ending"]),
        ),
        "Discharged. The time that was left is free again.",
    )


@require_POST
@needs(Permission.RUN_VISIT)
def end(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The visit ended in another way."""
    return step(
        request,
        pk,
        EndForm,
        lambda by, found, form: actions.end_visit(
            by=by,
            appointment=found,
            ending=Ending(form.cleaned_data["ending"]),
            doctor_told=form.cleaned_data["doctor_told"],
            note=form.cleaned_data["note"],
        ),
        "The visit has ended. The time that was left is free again.",
    )


def _name_companion(by: Actor, found: Appointment, form: CompanionForm) -> object:
    data = form.cleaned_data
    if data["contact"] is not None:
        return rides.name_companion(by=by, appointments=[found], companion=data["contact"], confirmed=data["agreed"])
    return rides.name_new_companion(
        by=by,
        appointments=[found],
        name=data["name"],
        phone=data["phone"],
        email=data["email"],
        is_adult=data["is_adult"],
        confirmed=data["agreed"],
    )
