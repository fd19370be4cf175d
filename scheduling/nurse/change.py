"""Setting right what was written down: a stamped time, with a reason, or a note that is struck out."""

from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs, refuse
from scheduling.actions.visit_notes import strike
from scheduling.actions.visit_times import COLUMNS, Timed, correct_time, note_of
from scheduling.actions.visit_times import NOTES as TIMED
from scheduling.forms import inner_helper
from scheduling.models import Appointment, Reading, TimeCorrection
from scheduling.models.noted import Noted
from scheduling.nurse.steps import visit_of
from scheduling.selectors.at_the_chair import NOTES
from scheduling.selectors.visits import record_or_none
from scheduling.when import time_words


class TimeForm(forms.Form):
    """The true local day and time, and why the stamp was not."""

    day = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}))
    time = forms.TimeField(label="Time", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    reason = forms.CharField(label="Why was the time not right?", max_length=300)
    before = forms.DateTimeField(widget=forms.HiddenInput, input_formats=["%Y-%m-%dT%H:%M:%S.%f%z"])

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.helper = inner_helper()

    def after(self, zone: ZoneInfo) -> datetime:
        """The moment typed, in UTC."""
        return clock.moment(self.cleaned_data["day"], self.cleaned_data["time"], zone)


class StrikeForm(forms.Form):
    """Why a note is struck out."""

    strike_reason = forms.CharField(label="Why is it struck out?", max_length=300)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.helper = inner_helper()


@dataclass(frozen=True, slots=True)
class Target:
    """What the address names: a stamp of the visit, or a note. `at` is its time now (UTC), None where it has none that
    can be corrected."""

    what: str
    label: str
    at: datetime | None
    note: Timed | None

    @property
    def struck(self) -> Noted | None:
        """The note, once it is struck out."""
        return self.note if isinstance(self.note, Noted) and self.note.struck_at is not None else None

    @property
    def may_be_struck(self) -> bool:
        """Whether it is a note that stands; of a pause or of the telling of a doctor there is the time alone."""
        return self.what in NOTES and self.note is not None and self.struck is None


@require_http_methods(["GET", "POST"])
@needs(Permission.RUN_VISIT)
def change(request: StaffRequest, pk: UUID) -> HttpResponse:
    """`?what=` a stamp or a kind of note, `?note=` which one: correct its time, or strike it out."""
    found = visit_of(request.user, pk)
    if not request.GET.get("what"):
        return redirect("nurse:visit", pk=found.pk)
    target = _target(found, request.GET.get("what", ""), request.GET.get("note", ""))
    striking = "strike" in request.POST
    timing = request.method == "POST" and not striking
    time_form = TimeForm(request.POST if timing else None, initial=_typed(target, found))
    strike_form = StrikeForm(request.POST if striking else None)
    if request.method == "POST" and _done(request, found, target, strike_form if striking else time_form):
        return redirect("nurse:visit", pk=found.pk)
    context = {
        "visit": found,
        "target": target,
        "time_form": time_form if target.at is not None else None,
        "strike_form": strike_form if target.may_be_struck else None,
        "corrections": _history(found, target),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    return render(request, "nurse/change.html", context, status=status)


def _target(found: Appointment, what: str, note: str) -> Target:
    if what in COLUMNS:
        record = record_or_none(found)
        at = getattr(record, COLUMNS[what]) if record is not None else None
        if at is None:
            raise Http404
        return Target(what, str(capfirst(TimeCorrection.Stamp(what).label)), at, None)
    row = note_of(found, what, _uuid(note)) if what in TIMED else None
    if row is None:
        raise Http404
    struck = isinstance(row, Noted) and row.struck_at is not None
    at = None if struck else getattr(row, TIMED[what][1])
    if at is None and what not in NOTES:
        raise Http404
    return Target(what, _label_of(row, what, found.site.zone), at, row)


def _label_of(row: Timed, what: str, zone: ZoneInfo) -> str:
    """The note in words; of a time that only goes with it, which one."""
    if isinstance(row, Reading):
        return f"Reading of {time_words(row.at, zone)}"
    return str(row) if what in NOTES else str(capfirst(TimeCorrection.Stamp(what).label))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def _typed(target: Target, found: Appointment) -> dict[str, object]:
    if target.at is None:
        return {}
    local = clock.local(target.at, found.site.zone)
    before = target.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f%z")
    return {"day": local.date().isoformat(), "time": local.strftime("%H:%M"), "before": before}


def _history(found: Appointment, target: Target) -> list[TimeCorrection]:
    note_id = target.note.pk if target.note is not None else None
    rows = found.time_corrections.filter(stamp=target.what, note_id=note_id).select_related("corrected_by")
    return list(rows.order_by("corrected_at"))


def _done(request: StaffRequest, found: Appointment, target: Target, form: forms.Form) -> bool:
    """Whether the change was made; a refusal is on the form."""
    if not form.is_valid():
        return False
    by = Actor.of(request.user)
    note_id = target.note.pk if target.note is not None else None
    try:
        if isinstance(form, TimeForm):
            correct_time(
                by=by,
                appointment=found,
                stamp=target.what,
                note_id=note_id,
                before=form.cleaned_data["before"],
                after=form.after(found.site.zone),
                reason=form.cleaned_data["reason"],
            )
            messages.success(request, "The time is corrected; the old one is kept with the reason.")
        elif note_id is not None and target.may_be_struck:
            reason = form.cleaned_data["strike_reason"]
            strike(by=by, appointment=found, kind=target.what, note_id=note_id, reason=reason)
            messages.success(request, "Struck out; it stays readable with the reason.")
    except Refused as error:
        refuse(form, error)
        return False
    return True
