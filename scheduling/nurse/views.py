"""The nurse's screens: who is in which phase today, and one visit with the steps that it can take now.

Whoever sees the schedule may open a visit; each step names its own permission.
"""

from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from clinic import clock
from clinic.actor import Actor
from clinic.models import Site
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from patients.models import Contact
from scheduling.actions import rides
from scheduling.actions import visit as actions
from scheduling.actions.visit_questions import answer_doctor
from scheduling.models import Appointment, Question, Ride
from scheduling.nurse.forms import (
    CompanionForm,
    DischargeForm,
    EndForm,
    ReasonForm,
    StartForm,
    WaiverForm,
)
from scheduling.nurse.presenters import columns_of, version_of
from scheduling.nurse.steps import Warned, button, press, show, step, take, visit_of
from scheduling.selectors.hits import hits_at
from scheduling.selectors.visits import day_by_phase, unclosed_at

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
    unclosed = unclosed_at(site, today)
    return {
        "sites": sites,
        "site": site,
        "today": today,
        "columns": columns,
        "hits": hits,
        "unclosed": unclosed,
        "now": clock.now(),
        "version": version_of(columns, hits, unclosed),
        "home": f"{reverse('nurse:home')}?site={site.pk}",
        "look_every": LOOK_EVERY,
    }


@require_safe
@needs(Permission.VIEW_SCHEDULE)
def visit(request: StaffRequest, pk: UUID) -> HttpResponse:
    """One visit: the facts so far, what still stands in the way, and the steps that it can take now."""
    return show(request, visit_of(request.user, pk))


def _said_of_arrival(visit: Appointment) -> str:
    """That the patient is here; or that the visit does not go on."""
    if visit.status == Appointment.Status.ARRIVED:
        return f"{visit.patient.name} is here."
    return Warned(
        f"The arrival of {visit.patient.name} is recorded, but this visit is “{visit.get_status_display()}”. "
        "Book a new visit if the patient is to be treated today."
    )


#: The patient is here.
arrived = button(Permission.RECORD_ARRIVAL, actions.arrive, _said_of_arrival)


def _name_companion(
    *, by: Actor, appointment: Appointment, contact: Contact | None, agreed: bool, **new: Any
) -> list[Ride]:
    """Somebody known, else somebody new, drives home from this visit."""
    visits = [appointment]
    if contact is not None:
        return rides.name_companion(by=by, appointments=visits, companion=contact, confirmed=agreed)
    return rides.name_new_companion(by=by, appointments=visits, confirmed=agreed, **new)


@require_POST
@needs(Permission.RUN_VISIT)
def start(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Start the drip, or with `keep` only note the check-in answers given so far."""
    found = visit_of(request.user, pk)
    form = StartForm(request.POST, visit=found)
    if "keep" in request.POST:
        keep = partial(actions.record_checkin, checkin=form.answers)
        return press(request, found, keep, "The check-in answers are kept.")
    return take(request, found, form, actions.start, "Started.")


#: The arrival was ticked by mistake.
not_arrived = step(
    Permission.RECORD_ARRIVAL,
    ReasonForm,
    actions.undo_arrival,
    "The arrival is taken back; the visit is expected again.",
)

#: The patient never arrived: the time goes back.
did_not_come = button(
    Permission.RECORD_ARRIVAL,
    actions.record_no_show,
    lambda visit: (
        f"{visit.patient.name} did not come. The time is free again; plan the infusion anew with the patient."
    ),
)

#: Name who drives home from this visit, on the spot.
companion = step(Permission.EDIT_PATIENTS, CompanionForm, _name_companion, "The companion is named.")

#: A doctor lets the patient go without a companion.
waiver = step(
    Permission.WAIVE_RIDE,
    WaiverForm,
    partial(answer_doctor, about=Question.About.RIDE, answer=Question.Answer.GO_AHEAD),
    "The ride home is waived for this visit.",
)

#: The drip has ended; the patient recovers.
recovery = button(
    Permission.RUN_VISIT, actions.to_recovery, lambda record: f"{record.appointment.patient.name} is in recovery."
)

#: The patient leaves with the named companion.
discharge = step(
    Permission.RUN_VISIT, DischargeForm, actions.discharge, "Discharged. The time that was left is free again."
)

#: The visit ended in another way.
end = step(
    Permission.RUN_VISIT, EndForm, actions.end_visit, "The visit has ended. The time that was left is free again."
)
