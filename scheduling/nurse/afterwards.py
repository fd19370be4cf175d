"""What came of a visit that is over and that nobody had closed: one page for whoever finds it on the work list."""

from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs, refuse
from scheduling.actions import afterwards as actions
from scheduling.actions.happened import missing_then
from scheduling.actions.new_driver import save_driver
from scheduling.actions.visit_times import COLUMNS
from scheduling.desk.happened_form import HappenedForm
from scheduling.models import Appointment, Ending, Phase, Ride
from scheduling.nurse.steps import visit_of
from scheduling.selectors.gates import ride_of, waived_ride_of
from scheduling.selectors.visits import has_phase, planned_chair, planned_nurse, record_or_none

#: What the second form says happened, to be chosen from.
NOT_TAKEN = (
    (Ending.NO_SHOW, "The patient did not come"),
    (Ending.CANCELLED, "It had been called off before, and nobody entered that"),
)


class TookPlaceForm(HappenedForm):
    """The booked visit took place: what is known of it stands there already."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, visit: Appointment, typed: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, site=visit.site, patient=visit.patient, initial=_known(visit) | dict(typed or {}))
        self.visit = visit
        if visit.kind == Appointment.Kind.CONSULT:
            for name in ("recovery", "nurse", "chair", "handed_to", "without"):
                del self.fields[name]
            self.fields["started"].label = "Began"
        elif not has_phase(visit, Phase.Kind.RECOVER):
            del self.fields["recovery"]

    def meaning(self, ending: Ending) -> str:
        """Nothing where the visit belongs to no series."""
        return super().meaning(ending) if self.visit.series_id is not None else ""

    def happened(self, day: date) -> Any:
        """What was typed; a form without a field has nothing there."""
        self.cleaned_data.setdefault("recovery", None)
        return super().happened(day)


class DriverForm(forms.Form):
    """Somebody who took the patient home and is no contact yet; sent with all that is typed about the visit."""

    name = forms.CharField(label="Name", max_length=120, required=False)
    phone = forms.CharField(label="Telephone", max_length=32, required=False)
    is_adult = forms.BooleanField(label="Is 18 or older", required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, prefix="driver")


class NotTakenForm(forms.Form):
    """The visit did not take place."""

    ending = forms.ChoiceField(
        choices=[(ending.value, words) for ending, words in NOT_TAKEN],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose which of the two it was."},
    )
    reason = forms.CharField(
        label="Why it is entered only now",
        max_length=300,
        error_messages={"required": "Say why that is entered only now; it is kept with the visit."},
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, visit: Appointment, may_cancel: bool) -> None:
        super().__init__(data, prefix="not", initial={"version": visit.version})
        if not may_cancel:
            choices: Any = self.fields["ending"]
            choices.choices = [(ending.value, words) for ending, words in NOT_TAKEN if ending != Ending.CANCELLED]
            self.initial["ending"] = Ending.NO_SHOW.value


@require_http_methods(["GET", "POST"])
@needs(Permission.RECORD_ARRIVAL)
def afterwards(request: StaffRequest, pk: UUID) -> HttpResponse:
    """It took place, with its real times and its ending; or it did not. Either with the reason why only now."""
    found = visit_of(request.user, pk)
    if request.method == "GET" and (found.status not in actions.OPEN or found.starts > clock.now()):
        return redirect("nurse:visit", pk=found.pk)
    posted = request.POST if request.method == "POST" else None
    not_taken, adds = posted is not None and "not-version" in posted, posted is not None and "add" in posted
    driver = DriverForm(posted if adds else None)
    took = TookPlaceForm(None if not_taken or adds else posted, visit=found)
    other = NotTakenForm(posted if not_taken else None, visit=found, may_cancel=request.user.may(Permission.BOOK))
    may_enter = actions.may_enter(Actor.of(request.user), found)
    if adds and may_enter:
        took = TookPlaceForm(visit=found, typed=_with_driver(request, found, driver))
    elif posted is not None and _entered(request, found, other if not_taken else took):
        return redirect("nurse:visit", pk=found.pk)
    record = record_or_none(found)
    day = actions.day_of(found, record)
    context = {
        "visit": found,
        "day": day,
        "took": took if may_enter else None,
        "driver": driver if request.user.may(Permission.EDIT_PATIENTS) else None,
        "other": other if found.status in actions.EXPECTED else None,
        "missing": _missing(found, day) if may_enter else "",
        "waived": waived_ride_of(found),
        "is_consult": found.kind == Appointment.Kind.CONSULT,
    }
    is_refused = bool(driver.errors) if adds else posted is not None
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK
    return render(request, "nurse/afterwards.html", context, status=status)


def _with_driver(request: StaffRequest, found: Appointment, form: DriverForm) -> dict[str, Any]:
    """All that was typed, with whoever was just saved chosen as the one who drove; a refusal is on their form."""
    typed: dict[str, Any] = request.POST.dict()
    if not request.user.may(Permission.EDIT_PATIENTS):
        raise PermissionDenied
    if form.is_valid():
        try:
            saved = save_driver(by=Actor.of(request.user), patient=found.patient, **form.cleaned_data)
        except Refused as error:
            refuse(form, error)
        else:
            typed["handed_to"] = saved.pk
            messages.success(request, f"{saved.name} is saved and chosen. The visit is not entered yet.")
    return typed


def _entered(request: StaffRequest, found: Appointment, form: TookPlaceForm | NotTakenForm) -> bool:
    """Whether it was written down; a refusal is on the form."""
    if not form.is_valid():
        return False
    by, version = Actor.of(request.user), form.cleaned_data["version"]
    try:
        if isinstance(form, TookPlaceForm):
            day = actions.day_of(found, record_or_none(found))
            actions.record_afterwards(by=by, appointment=found, happened=form.happened(day), version=version)
        else:
            actions.record_not_taken(
                by=by,
                appointment=found,
                ending=Ending(form.cleaned_data["ending"]),
                reason=form.cleaned_data["reason"],
                version=version,
            )
    except Refused as error:
        refuse(form, error)
        return False
    messages.success(request, "Entered, and marked as entered afterwards.")
    if form.cleaned_data.get("started") and found.kind != Appointment.Kind.CONSULT and not found.doses.exists():
        messages.info(request, "What was given is not written down yet: see “Medicines”.")
    return True


def _known(visit: Appointment) -> dict[str, Any]:
    """What is recorded of the visit already, and what was planned."""
    record, ride = record_or_none(visit), ride_of(visit)
    known: dict[str, Any] = {"version": visit.version, "chair": planned_chair(visit), "nurse": planned_nurse(visit)}
    if ride is not None and ride.status in {*Ride.SETTLED, Ride.Status.PICKED_UP}:
        known["handed_to"] = ride.companion_id
    if record is None:
        return known
    stamps = {name: getattr(record, column) for name, column in COLUMNS.items()}
    known |= {name: clock.local(at, visit.site.zone).time() for name, at in stamps.items() if at is not None}
    return known | {name: one for name, one in (("chair", record.chair), ("nurse", record.nurse)) if one is not None}


def _missing(visit: Appointment, day: date) -> str:
    """What was not valid on that local day, in words; empty where all was."""
    missing = missing_then(visit.patient, visit.site, visit.protocol_version, day)
    return " and ".join(f"no {one.removeprefix('a ')}" for one in missing)
