"""Moving one visit, cancelling one, and ending a series or giving back what it holds."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.errors import Refused, Stale
from clinic.permissions import Permission
from clinic.rates import SEARCHES, limited
from clinic.views import StaffRequest, back, form_status, needs, refuse
from scheduling.actions import booking, course, moving
from scheduling.desk.caller_form import asked_by, with_caller
from scheduling.desk.moving_forms import CancelForm, LookForm, MoveForm, StopForm, pairs
from scheduling.desk.plan_cards import slots_by_day
from scheduling.desk.sites import series_or_404, visit_or_404
from scheduling.models import Appointment, Series
from scheduling.selectors import planning
from scheduling.selectors.notice import Notice, short_notice
from scheduling.when import day_words, full_stop, time_words

#: How many dates the page of new times looks at: two weeks cover a protocol's gaps on both sides.
LOOK_DAYS = 14
#: More times than two weeks of working days have quarters of an hour.
MOST_TIMES = 600
#: How many days before the present date the search begins, where that is still to come.
LOOK_BEFORE = timedelta(days=3)


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
@limited(SEARCHES)
def move(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Legal new times for one visit beside its present one; a POST moves it."""
    visit = visit_or_404(request.user, pk)
    data = request.POST if request.method == "POST" else None
    form = with_caller(MoveForm(data, initial=_asked_start(request)), visit.patient)
    stale = False
    if request.method == "POST" and form.is_valid():
        values, old = form.cleaned_data, visit.starts
        try:
            moved = moving.move_visit(
                by=asked_by(request.user, form, visit.patient),
                appointment=visit,
                starts=values["starts"],
                reason=values["reason"],
                version=values["version"],
            )
        except Refused as error:
            stale = isinstance(error, Stale)
            form.refuse(error)
            visit = visit_or_404(request.user, pk)
        else:
            zone = moved.site.zone
            before, after = (f"{day_words(one, zone)}, {time_words(one, zone)}" for one in (old, moved.starts))
            messages.success(request, f"Moved from {before} to {full_stop(after)} The patient is told.")
            return back(request, "desk:patient", moved.patient_id)
    look_from = _look_from(request, visit)
    slots = planning.visit_slots(
        appointment=visit, first_day=look_from, days=LOOK_DAYS, now=clock.now(), limit=MOST_TIMES
    )
    chosen = _moment(str(form["starts"].value() or ""))
    context = {
        "visit": visit,
        "site": visit.site,
        "form": form,
        "chosen": chosen,
        "is_free": chosen is None or any(slot.starts == chosen for slot in slots),
        "look": LookForm(initial={"first_day": look_from}),
        "days": slots_by_day(slots, visit.site.zone),
        "short": _short(visit, slots),
        "stale": stale,
        "later": look_from + timedelta(days=LOOK_DAYS),
    }
    name = "desk/booking/_new_times.html" if request.htmx else "desk/booking/move.html"  # type: ignore[attr-defined]
    return render(request, name, context, status=form_status(form))


def _short(visit: Appointment, slots: Sequence[planning.Slot]) -> Notice | None:
    """What to warn of where a sooner start leaves no time to fast or to find a driver."""
    if not slots:
        return None
    return short_notice(visit.protocol_version, visit.site, slots[0].starts, clock.now(), planned=visit.starts)


def _look_from(request: StaffRequest, visit: Appointment) -> date:
    """The day asked for (`first_day`); else a few days before the visit, but not before today."""
    data = request.POST if request.method == "POST" else request.GET
    asked, start = LookForm(data), _moment(str(data.get("starts", "")))
    today = clock.today(visit.site.zone)
    if asked.is_valid():
        wanted: date = asked.cleaned_data["first_day"]
        return max(wanted, today)
    if start is not None:
        return max(clock.local(start, visit.site.zone).date() - LOOK_BEFORE, today)
    return max(clock.local(visit.starts, visit.site.zone).date() - LOOK_BEFORE, today)


def _asked_start(request: StaffRequest) -> dict[str, str]:
    """A start that another page suggests (`starts`, an ISO moment): the board, where a visit was dragged there."""
    return {"starts": str(request.GET["starts"])} if "starts" in request.GET else {}


def _moment(text: str) -> datetime | None:
    try:
        # A plus that an address was given as it is comes as a space.
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None else None


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
def cancel(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Cancel one visit, it and all after it, or all to come, with the reason."""
    visit = visit_or_404(request.user, pk)
    first = {"scope": request.GET.get("scope", CancelForm.ONE)}
    form = with_caller(CancelForm(request.POST or None, initial=first), visit.patient)
    if request.method == "POST" and form.is_valid():
        try:
            said = _cancel(request, visit, form)
        except Refused as error:
            refuse(form, error)
            visit = visit_or_404(request.user, pk)
        else:
            messages.success(request, said)
            return redirect("desk:patient", visit.patient_id)
    coming, series = _to_come(visit.series), visit.series
    context = {
        "visit": visit,
        "site": visit.site,
        "form": form,
        "coming": coming,
        "after": [one for one in coming if one.kind == visit.kind and one.starts >= visit.starts],
        "seen": seen_of(coming),
        "may_cancel_more": series is not None and series.status == Series.Status.ACTIVE and len(coming) > 1,
    }
    return render(request, "desk/booking/cancel.html", context, status=form_status(form))


def _cancel(request: StaffRequest, visit: Appointment, form: CancelForm) -> str:
    """Cancel the visit, it and all after it, or all to come; what was done, in a sentence."""
    values, by, series = form.cleaned_data, asked_by(request.user, form, visit.patient), visit.series
    if values["scope"] == CancelForm.ALL and series is not None:
        moving.stop_series(by=by, series=series, reason=values["reason"], seen=values["seen"])
        return "The series is stopped and its time is free. The patient is told once."
    if values["scope"] == CancelForm.REST and series is not None:
        kinds = {one.pk: one.kind for one in series.appointments.all()}
        seen = {pk: number for pk, number in values["seen"].items() if kinds.get(pk) == visit.kind}
        done = course.cancel_rest(
            by=by, appointment=visit, reason=values["reason"], version=values["version"], seen=seen
        )
        return f"{len(done)} visits are cancelled and their time is free. The patient is told once."
    moving.cancel_visit(by=by, appointment=visit, reason=values["reason"], version=values["version"])
    return "The visit is cancelled and its time is free. The patient is told."


def _to_come(series: Series | None) -> list[Appointment]:
    """What of a series is held, booked or here, in order of time."""
    return list(series.appointments.blocking().select_related("series").order_by("starts")) if series else []


def seen_of(visits: Sequence[Appointment]) -> str:
    """The versions of visits as a hidden field carries them (moving_forms.PairsField)."""
    return pairs({one.pk: one.version for one in visits})


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
def stop_series(request: StaffRequest, pk: UUID) -> HttpResponse:
    """End a series before its time, or give back the dates of one held for clearance."""
    series = series_or_404(request.user, pk)
    form = with_caller(StopForm(request.POST or None), series.patient)
    is_held = series.status == Series.Status.DRAFT
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        what: dict[str, Any] = {"series": series, "reason": values["reason"], "seen": values["seen"] or None}
        try:
            what["by"] = asked_by(request.user, form, series.patient)
            if is_held:
                booking.release_held(**what)
            else:
                moving.stop_series(**what)
        except Refused as error:
            refuse(form, error)
        else:
            done = "The dates are given back." if is_held else "The series is stopped and its time is free."
            messages.success(request, f"{done} The patient is told once.")
            return redirect("desk:patient", series.patient_id)
    visits = _to_come(series)
    context = {
        "series": series,
        "site": series.site,
        "form": form,
        "visits": visits,
        "seen": seen_of(visits),
        "is_held": is_held,
    }
    return render(request, "desk/booking/stop.html", context, status=form_status(form))
