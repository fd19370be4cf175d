"""Calls about rides home: whom to ask, the words to say, and the outcome in one tap; to name the driver is one of
them.
"""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs, refuse
from patients.contact_points import show_phone
from scheduling.actions import rides
from scheduling.actions.ride_calls import record_ride_call
from scheduling.desk.calls_forms import USUAL_WAIT, WAITS, NameDriverForm, RideCallForm, now_and_until
from scheduling.desk.going_back import back_to
from scheduling.desk.sites import patient_or_404
from scheduling.desk.wording import Part, parts_of
from scheduling.messages.selectors import calls_due
from scheduling.models import Appointment, Ride
from scheduling.selectors import rides_missing
from scheduling.selectors.desk_scope import Scope, scope_of
from scheduling.selectors.rides_missing import RideRow


@dataclass(frozen=True, slots=True)
class RideCall:
    """One row as it is shown: the number as people write it, the words, and the form that names the driver."""

    row: RideRow
    number: str
    words: list[Part]
    form: NameDriverForm
    said: RideCallForm | None = None

    @property
    def is_open(self) -> bool:
        """Whether it comes back with errors, and so is shown whole."""
        return self.form.is_bound or self.said is not None


def as_call(row: RideRow, form: NameDriverForm | None = None, said: RideCallForm | None = None) -> RideCall:
    """A row with its form; with the bound one where it came back."""
    number = show_phone(row.person.phone, row.site.country) if row.person.phone else ""
    return RideCall(row, number, parts_of(row.words), form or _form(row), said)


def _form(row: RideRow, data: QueryDict | None = None) -> NameDriverForm:
    """The short form of one row."""
    declined = row.ride.companion_id if row.ride is not None and row.ride.status == Ride.Status.DECLINED else None
    return NameDriverForm(data, key=str(row.patient.pk), drivers=row.drivers, visits=row.all_visits, declined=declined)


@require_safe
@needs(Permission.WORK_CALLS)
def ride_list(request: StaffRequest) -> HttpResponse:
    """Everybody whom nobody is named to drive: to call now, called already, and further ahead."""
    return _list(request, scope_of(request.user, clock.now()))


@require_POST
@needs(Permission.WORK_CALLS)
def ride_outcome(request: StaffRequest, patient: UUID) -> HttpResponse:
    """Write down what came of a call while nobody is named."""
    scope = scope_of(request.user, clock.now())
    row = rides_missing.row_of(scope, patient_or_404(request.user, patient))
    if row is None:
        return _too_late(request)
    form = RideCallForm(request.POST)
    if not form.is_valid():
        return _list(request, scope, as_call(row, said=form))
    outcome, note = form.cleaned_data["outcome"], form.cleaned_data["note"]
    until = now_and_until(form, row.site)
    try:
        done = record_ride_call(
            by=Actor.of(request.user), appointments=row.visits, outcome=outcome, note=note, until=until
        )
    except Refused as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{row.patient.name}: {Ride.Call(outcome).label}. {_when_again(done[0])}")
    return back_to(request, "desk:rides")


@require_POST
@needs(Permission.WORK_CALLS, Permission.EDIT_PATIENTS)
def ride_name(request: StaffRequest, patient: UUID) -> HttpResponse:
    """Name who drives home from the ticked visits, saved before or new."""
    scope = scope_of(request.user, clock.now())
    row = rides_missing.row_of(scope, patient_or_404(request.user, patient))
    if row is None:
        return _too_late(request)
    form = _form(row, request.POST)
    if form.is_valid():
        visits = [visit for visit in row.all_visits if str(visit.pk) in form.cleaned_data["visits"]]
        try:
            named = _name(Actor.of(request.user), form, visits)
        except Refused as error:
            refuse(form, error)
        else:
            driver = named[0].companion
            messages.success(request, f"{driver} drives {row.patient.name} home after {_how_many(len(named))}.")
            return back_to(request, "desk:rides")
    return _list(request, scope, as_call(row, form))


def _name(by: Actor, form: NameDriverForm, visits: list[Appointment]) -> list[Ride]:
    data = form.cleaned_data
    if form.saved is not None:
        return rides.name_companion(by=by, appointments=visits, companion=form.saved, confirmed=data["agreed"])
    return rides.name_new_companion(
        by=by,
        appointments=visits,
        name=data["name"],
        phone=data["phone"],
        email=data["email"],
        is_adult=data["is_adult"],
        confirmed=data["agreed"],
    )


def _list(request: StaffRequest, scope: Scope, returned: RideCall | None = None) -> HttpResponse:
    """The page; `returned` is the row whose form came back, on top."""
    due = [as_call(row) for row in rides_missing.rows_due(scope)]
    if returned is not None:
        due = [returned, *(call for call in due if call.row.patient != returned.row.patient)]
    context = {
        "due": due,
        "waiting": [as_call(row) for row in rides_missing.rows_waiting(scope)],
        "ahead": rides_missing.rows_ahead(scope),
        "other_calls": calls_due(request.user, scope.now).count(),
        "waits_choices": WAITS,
        "usual_wait": USUAL_WAIT,
    }
    return render(request, "desk/calls/rides.html", context, status=422 if returned is not None else 200)


def _too_late(request: StaffRequest) -> HttpResponse:
    messages.info(request, "Somebody is named for every visit by now. Nothing was changed.")
    return back_to(request, "desk:rides")


def _when_again(ride: Ride) -> str:
    if ride.call_outcome == Ride.Call.REACHED:
        if ride.call_after == ride.appointment.ends:
            return "It is the day itself: the list does not ask again, the nurse does before the start."
        return "They come back if nobody is named when the visit is near."
    return "They are on the list again when the time has come."


def _how_many(count: int) -> str:
    return "one visit" if count == 1 else f"{count} visits"
