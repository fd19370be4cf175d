"""Changing a part of a running series: what would move stands on the page before anything is written."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import Permission
from clinic.rates import SEARCHES, limited
from clinic.views import StaffRequest, form_status, needs, refuse
from patients.models import Patient
from scheduling.actions import course as actions
from scheduling.desk.caller_form import asked_by, with_caller
from scheduling.desk.moving import seen_of
from scheduling.desk.moving_forms import UNREADABLE, StopForm
from scheduling.desk.replanning_forms import AgreeForm, CourseForm, FromForm, RestForm, WhereForm
from scheduling.desk.sites import series_or_404, visit_or_404
from scheduling.models import Appointment, Series
from scheduling.selectors import replanning, shifting
from scheduling.selectors.replanning import Replan
from scheduling.selectors.rest import rest_of


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
@limited(SEARCHES)
def move_along(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Move a visit to a day that the gaps do not allow: which others would move, to when and why."""
    visit = visit_or_404(request.user, pk)
    data = request.POST if request.method == "POST" else request.GET
    look = WhereForm(data if "to_date" in data else None)

    def act(form: AgreeForm) -> str:
        others = _move(request, visit, form)
        return f"Moved, with {others} other{'' if others == 1 else 's'} of the series. The patient is told once."

    form, done = _agree(request, act, visit.patient)
    if done is not None:
        return done
    plan = None
    if look.is_valid():
        values = look.cleaned_data
        plan = replanning.move_plan(
            appointment=visit, to_date=values["to_date"], to_time=values["to_time"], now=clock.now()
        )
    return _page(
        request,
        {
            "title": "Move a visit and its neighbors",
            "lead": "Where the day is too near another visit of the series, that one moves along; as few as can be do.",
            "what": visit,
            "button": "Move them all",
        },
        visit,
        look,
        plan,
        form,
        visit.version,
    )


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
@limited(SEARCHES)
def move_rest(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Move a visit and all after it, or all that is to come of its series: old and new times before anything is
    written.
    """
    asked = visit_or_404(request.user, pk)
    data = request.POST if request.method == "POST" else request.GET
    look = RestForm(data if "to_date" in data else None)
    whole = look.is_valid() and look.cleaned_data["scope"] == RestForm.ALL
    visit = visit_or_404(request.user, shifting.first_to_come(asked, clock.now()).pk) if whole else asked

    def act(form: AgreeForm) -> str:
        return f"{_move(request, visit, form, with_rest=True) + 1} visits are moved. The patient is told once."

    form, done = _agree(request, act, visit.patient)
    if done is not None:
        return done
    plan = None
    if look.is_valid():
        to_date, to_time = look.cleaned_data["to_date"], look.cleaned_data["to_time"]
        plan = shifting.shift_plan(appointment=visit, to_date=to_date, to_time=to_time, now=clock.now())
    words = {
        "title": "Move the rest of the series",
        "lead": "The day is that of the first visit that moves; the others follow as many days apart as now, as far as "
        "free time and the gaps of the series allow.",
        "what": visit,
        "button": "Move them all",
    }
    return _page(request, words, visit, look, plan, form, visit.version)


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
@limited(SEARCHES)
def rest(request: StaffRequest, pk: UUID) -> HttpResponse:
    """What is left of a series planned anew: lost infusions come back at the end, what fits stays."""
    series = series_or_404(request.user, pk)
    today = clock.today(series.site.zone)
    look = FromForm(_given(request, "first_day") or {"first_day": today})
    first_day = look.day(today)

    def act(form: AgreeForm) -> str:
        actions.replan_rest(
            by=asked_by(request.user, form, series.patient),
            series=series,
            first_day=first_day,
            **form.agreed("moves", "added"),
        )
        return "The rest of the series is planned anew. The patient is told once."

    form, done = _agree(request, act, series.patient)
    if done is not None:
        return done
    plan = replanning.rest_plan(series=series, first_day=first_day, now=clock.now())
    missing = rest_of(series, clock.now()).missing
    still = f"{missing} of {series.sessions} infusions {'is' if missing == 1 else 'are'} still to be planned."
    lead = still if missing else "No infusion is missing."
    words = {
        "title": "Plan the rest anew",
        "lead": f"{lead} What fits stays where it is; visits before the day chosen leave; fixed ones stay.",
        "button": "Book this plan",
    }
    return _page(request, words, series, look, plan, form)


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
@limited(SEARCHES)
def drop(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Take one infusion out of its series, which then has one fewer."""
    visit = visit_or_404(request.user, pk)
    series = visit.series
    if series is None:
        return redirect("desk:cancel", visit.pk)

    def act(form: AgreeForm) -> str:
        version = form.cleaned_data["version"] if form.cleaned_data["version"] is not None else -1
        actions.drop_visit(
            by=asked_by(request.user, form, visit.patient), appointment=visit, version=version, **form.agreed("moves")
        )
        return "The series has one infusion fewer, and its time is free. The patient is told once."

    form, done = _agree(request, act, visit.patient)
    if done is not None:
        return done
    today = clock.today(visit.site.zone)
    plan = replanning.rest_plan(series=series, first_day=today, now=clock.now(), without=visit)
    words = {
        "title": "Drop an infusion",
        "lead": "The series has one infusion fewer then. It stays in the record as cancelled; others move only where "
        "the days between them would become too many.",
        "what": visit,
        "button": "Drop it",
    }
    return _page(request, words, visit, None, plan, form, visit.version)


@require_http_methods(["GET", "POST"])
@needs(Permission.SET_COURSE)
@limited(SEARCHES)
def course(request: StaffRequest, pk: UUID) -> HttpResponse:
    """A doctor changes how many infusions a running induction has, and how far apart they are."""
    series = series_or_404(request.user, pk)
    today = clock.today(series.site.zone)
    standing = CourseForm.standing(series, today)
    asked = _given(request, "sessions")
    look = CourseForm({**standing, **asked} if asked else standing)
    values = look.cleaned_data if look.is_valid() else {}

    def act(form: AgreeForm) -> str:
        if not values:
            raise Refused("Correct the number or the days first; nothing was changed.")
        actions.change_course(
            by=asked_by(request.user, form, series.patient),
            series=series,
            sessions=values["sessions"],
            spacing=look.spacing(series),
            first_day=look.day(today),
            **form.agreed("moves", "added", "dropped"),
        )
        return "Number and spacing are changed. The patient is told once of what moved."

    form, done = _agree(request, act, series.patient)
    if done is not None:
        return done
    plan = _course_plan(series, look, today) if values and asked else None
    words = {
        "title": "Number and spacing",
        "lead": "For this patient only: the protocol stays as it is, and so does the version that the series has.",
        "button": "Change the series",
    }
    return _page(request, words, series, look, plan, form, always=True)


def _course_plan(series: Series, look: CourseForm, today: date) -> Replan:
    spacing = look.spacing(series)
    try:
        actions.check_spacing(series, spacing)
    except Refused as error:
        look.add_error(error.field or None, error.message)
        return Replan((), [error.message])
    return replanning.rest_plan(
        series=series,
        first_day=look.day(today),
        now=clock.now(),
        sessions=look.cleaned_data["sessions"],
        spacing=spacing,
    )


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
@limited(SEARCHES)
def finish(request: StaffRequest, pk: UUID) -> HttpResponse:
    """End an induction with the infusions given; what was to come is cancelled and its time is free."""
    series = series_or_404(request.user, pk)
    form = with_caller(StopForm(request.POST or None), series.patient)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            actions.finish_early(
                by=asked_by(request.user, form, series.patient),
                series=series,
                reason=values["reason"],
                seen=values["seen"] or None,
            )
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(
                request, "The induction is over. A doctor decides how it goes on; the patient is told once."
            )
            return redirect("desk:patient", series.patient_id)
    left = rest_of(series, clock.now())
    context = {"series": series, "site": series.site, "form": form, "rest": left, "seen": seen_of(left.coming)}
    return render(request, "desk/series/finish.html", context, status=form_status(form))


@require_POST
@needs(Permission.BOOK)
def pin(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Keep a date fixed, or let it move again."""
    visit = visit_or_404(request.user, pk)
    fixed = request.POST.get("fixed") == "1"
    try:
        actions.keep_fixed(by=Actor.of(request.user), appointment=visit, fixed=fixed)
    except Refused as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "This date is kept fixed." if fixed else "This date may move again.")
    return redirect("desk:patient", visit.patient_id)


# -- shared ------------------------------------------------------------------------------------------------------------


def _agree(
    request: StaffRequest, act: Callable[[AgreeForm], str], patient: Patient
) -> tuple[AgreeForm | None, HttpResponse | None]:
    """Do what was agreed to: (the form with what was wrong, None), or where to go. (None, None) for a look."""
    if request.method != "POST":
        return None, None
    form = with_caller(AgreeForm(request.POST), patient)
    if form.is_valid():
        try:
            said = act(form)
        except Refused as error:
            form.add_error(error.field if error.field == "reason" else None, error.message)
        else:
            messages.success(request, said)
            return form, redirect("desk:patient", patient.pk)
    return form, None


def _page(
    request: StaffRequest,
    words: dict[str, Any],
    about: Appointment | Series,
    look: forms.Form | None,
    plan: Replan | None,
    refused: AgreeForm | None,
    version: int | None = None,
    always: bool = False,
) -> HttpResponse:
    """The plan as it is now, old and new side by side; after a refusal with the sentence and the reason typed.

    `always`: agreeing makes sense even where no visit changes (the number or spacing alone is set).
    """
    typed = str(refused["reason"].value() or "") if refused is not None else ""
    agree = AgreeForm.of(plan, version, typed) if plan is not None and not plan.refusal else None
    if agree is not None:
        with_caller(agree, about.patient, str(refused["caller"].value() or "") if refused is not None else "")
    context = words | {
        "patient": about.patient,
        "site": about.site,
        "look": look,
        "kept": [(name, str(look[name].value() or "")) for name in look.fields] if look is not None else [],
        "plan": plan,
        "agree": agree if plan is not None and (plan.differs or always) else None,
        "refused": refused,
    }
    return render(request, "desk/series/change.html", context, status=form_status(refused))


def _move(request: StaffRequest, visit: Appointment, form: AgreeForm, *, with_rest: bool = False) -> int:
    """Move the visit and the others as the page showed; how many others. Raises Refused, as the action does."""
    others = dict(form.cleaned_data["moves"])
    if visit.pk not in others:
        raise Refused(UNREADABLE)
    starts, version = others.pop(visit.pk), form.cleaned_data["version"]
    actions.move_with_neighbours(
        by=asked_by(request.user, form, visit.patient),
        appointment=visit,
        starts=starts,
        others=others,
        version=version if version is not None else -1,
        with_rest=with_rest,
        **form.agreed(),
    )
    return len(others)


def _given(request: StaffRequest, name: str) -> dict[str, str]:
    """The values sent, where `name` is among them."""
    data = request.POST if request.method == "POST" else request.GET
    return {key: str(value) for key, value in data.items()} if name in data else {}
