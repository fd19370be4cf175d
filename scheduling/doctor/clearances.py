"""One patient's clearance."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import Permission
from clinic.rates import FILES_OUT, limited
from clinic.views import StaffRequest, back, form_status, needs, refuse
from patients.actions import decide_clearance, tick_letter
from patients.models import Clearance, Patient
from patients.selectors import latest_clearance
from scheduling.desk.sites import patient_or_404
from scheduling.doctor.case import Case
from scheduling.doctor.forms import KEPT, PROPOSED_VALIDITY_DAYS, ClearanceForm
from scheduling.models import Appointment
from scheduling.selectors.clearances import left_out
from scheduling.selectors.unfitting import unfitting_visits
from scheduling.when import day_words, full_stop, short_day


@require_http_methods(["GET", "POST"])
@needs(Permission.DECIDE_CLEARANCE)
def clearance(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The facts of one patient in one look, and the decision about treatment."""
    patient = patient_or_404(request.user, pk)
    case = Case(patient, request.user)
    if request.method == "POST":
        form = ClearanceForm(request.POST, initial=_proposal(case))
        if form.is_valid() and _decide(request, patient, form):
            return redirect("doctor:home")
    else:
        form = ClearanceForm(initial=_proposal(case))
    context = {"case": case, "patient": patient, "form": form}
    return render(request, "doctor/clearance.html", context, status=form_status(form))


def _proposal(case: Case) -> dict[str, object]:
    """What the form starts with: no decision, a last day that covers the visits to come, the findings on the page, and
    the conditions of the last yes.
    """
    proposed = clock.today(case.zone) + timedelta(days=PROPOSED_VALIDITY_DAYS)
    if case.last_visit_day is not None:
        proposed = max(proposed, case.last_visit_day)
    start: dict[str, object] = {
        "valid_until": proposed.isoformat(),
        "seen": " ".join(str(flag.pk) for flag in case.open_flags),
    }
    last = next((one for one in case.decisions if one.is_yes), None)
    if last is not None:
        start |= {name: getattr(last, name) or "" for name in KEPT}
    return start


def _decide(request: StaffRequest, patient: Patient, form: ClearanceForm) -> bool:
    """Whether the decision was taken; a refusal is on the form."""
    data = form.cleaned_data
    try:
        decided = decide_clearance(
            by=Actor.of(request.user),
            patient=patient,
            decision=data["decision"],
            valid_until=data["valid_until"],
            conditions=data["conditions"],
            terms=form.terms,
            reason=data["reason"],
            seen=data["seen"],
        )
    except Refused as error:
        refuse(form, error)
        return False
    messages.success(request, f"{patient.name}: {decided.get_decision_display()}.")
    _say_what_does_not_fit(request, decided)
    _say_what_is_left_out(request, decided)
    return True


def _say_what_does_not_fit(request: StaffRequest, decided: Clearance) -> None:
    """Booked visits that do not have what the conditions ask for stand on the desk's list: say so at once."""
    lost = unfitting_visits(decided)
    if lost:
        which = "; ".join(one.words for one in lost)
        messages.warning(
            request,
            f"Booked without what you ask for: {full_stop(which)} The front desk sees "
            f"{'it' if len(lost) == 1 else 'them'} among the visits without cover, and re-plans.",
        )


def _say_what_is_left_out(request: StaffRequest, decided: Clearance) -> None:
    """Dates after the last day of a yes stay held, or booked but without a start, and a held series is booked whole or
    not at all: say so at once.
    """
    visits = left_out(decided)
    if not visits or decided.valid_until is None:
        return
    last, until = visits[-1], short_day(decided.valid_until)
    last_day = short_day(clock.local(last.starts, last.site.zone).date())
    held_until = next((one.series.held_until for one in visits if one.series and one.series.held_until), None)
    held = sum(one.status == Appointment.Status.PROPOSED for one in visits)
    booked = len(visits) - held
    if held_until is not None:
        lapse = day_words(held_until, last.site.zone)
        messages.warning(
            request,
            f"Nothing is booked: the held dates go on until {last_day}, and your yes ends on {until}. Decide again "
            f"with a later day to book them; else they are given back on {lapse}. The patient is not told yet.",
        )
    elif held:
        count = "One visit stays" if held == 1 else f"{held} visits stay"
        messages.warning(request, f"{count} held: after {until} nothing is booked until a yes reaches to {last_day}.")
    if booked:
        count = "One visit is" if booked == 1 else f"{booked} visits are"
        which = "it" if booked == 1 else "they"
        messages.warning(
            request, f"{count} booked after {until}; {which} cannot start before a yes reaches {last_day}."
        )


@require_POST
@needs(Permission.RECORD_CONSENT)
@limited(FILES_OUT)
def letter(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The letter that the patient's clearance waits for is here."""
    patient = patient_or_404(request.user, pk)
    latest = latest_clearance(patient)
    if latest is None:
        raise Http404
    try:
        ticked = tick_letter(by=Actor.of(request.user), clearance=latest)
    except Refused as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"The letter from {ticked.letter_from} is here.")
    return back(request, "desk:patient", pk)
