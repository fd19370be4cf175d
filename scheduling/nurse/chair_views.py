"""What is written down at the chair: one view for each form of the visit's page."""

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.actions import visit_drip, visit_notes, visit_questions
from scheduling.models import Appointment, Question
from scheduling.nurse.chair_forms import (
    AnswerForm,
    AskForm,
    DoseForm,
    EffectsForm,
    EventForm,
    PauseForm,
    PlaceForm,
    ReadingForm,
    ToldForm,
)
from scheduling.nurse.steps import button, step, take, visit_of


@require_POST
@needs(Permission.RUN_VISIT)
def reading(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Vital signs, taken now."""
    return step(
        request,
        pk,
        ReadingForm,
        lambda by, found, form: visit_notes.record_reading(
            by=by, appointment=found, values=form.values, note=form.cleaned_data["note"]
        ),
        _said_of_reading,
        part="vitals",
    )


def _said_of_reading(found: Appointment) -> str:
    """What to know of the reading that was just kept: one over the limit stops the drip."""
    newest = found.readings.order_by("-recorded_at").first()
    if newest is None or not newest.over:
        return "The reading is kept."
    rest = "Let the patient rest and measure again, or ask a doctor: both readings are kept."
    if found.pauses.filter(until=None).exists():
        return f"The reading is over the limit: stop the drip, which is recorded as paused. {rest}"
    return f"The reading is over the limit. {rest}"


@require_POST
@needs(Permission.RUN_VISIT)
def dose(request: StaffRequest, pk: UUID) -> HttpResponse:
    """A medicine that was given."""
    return step(
        request,
        pk,
        DoseForm,
        lambda by, found, form: visit_notes.record_dose(
            by=by,
            appointment=found,
            **{**form.cleaned_data, "is_treatment": form.cleaned_data["is_treatment"] == "yes"},
        ),
        _said_of_dose,
        part="medicines",
    )


def _said_of_dose(found: Appointment) -> str:
    """What to know of the dose that was just kept."""
    newest = found.doses.order_by("-recorded_at").first()
    if newest is None or not newest.marks:
        return "The medicine is kept."
    return f"Kept, and marked: {'; '.join(newest.mark_words)}. Tell the doctor."


@require_POST
@needs(Permission.RUN_VISIT)
def effects(request: StaffRequest, pk: UUID) -> HttpResponse:
    """What the patient feels."""
    return step(
        request,
        pk,
        EffectsForm,
        lambda by, found, form: visit_notes.note_effects(by=by, appointment=found, **form.cleaned_data),
        "The side effects are kept.",
        part="effects",
    )


@require_POST
@needs(Permission.RUN_VISIT)
def event(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Something went wrong."""
    return step(
        request,
        pk,
        EventForm,
        lambda by, found, form: visit_notes.record_event(by=by, appointment=found, **form.cleaned_data),
        "The event is kept.",
        part="effects",
    )


@require_POST
@needs(Permission.RUN_VISIT)
def told(request: StaffRequest, pk: UUID) -> HttpResponse:
    """A doctor was told of what went wrong."""
    return step(
        request,
        pk,
        ToldForm,
        lambda by, found, form: visit_notes.tell_doctor(
            by=by, appointment=found, doctor=form.cleaned_data["doctor_told"]
        ),
        "It is kept which doctor was told.",
        part="effects",
    )


@require_POST
@needs(Permission.RUN_VISIT)
def pause(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The drip stands still."""
    return step(
        request,
        pk,
        PauseForm,
        lambda by, found, form: visit_drip.pause(by=by, appointment=found, **form.cleaned_data),
        "The drip is paused. What it stands still comes on top of its time.",
    )


@require_POST
@needs(Permission.RUN_VISIT)
def resume(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The drip goes on."""
    found = visit_of(request.user, pk)
    return button(
        request, found, lambda by: visit_drip.resume(by=by, appointment=found), "The drip goes on.", part="next"
    )


@require_POST
@needs(Permission.RUN_VISIT)
def place(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Another chair or another nurse."""
    return step(
        request,
        pk,
        PlaceForm,
        lambda by, found, form: visit_drip.note_place(by=by, appointment=found, **form.cleaned_data),
        "Chair and nurse are recorded as they are.",
        part="place",
    )


@require_POST
@needs(Permission.RUN_VISIT)
def ask(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Put a question on the doctors' list."""
    return step(
        request,
        pk,
        AskForm,
        lambda by, found, form: visit_questions.ask_doctor(by=by, appointment=found, **form.cleaned_data),
        "Asked. It is on the doctors' list now; the answer comes here.",
        part="doctor",
    )


@require_POST
@needs(Permission.RUN_VISIT)
def unask(request: StaffRequest, pk: UUID) -> HttpResponse:
    """What was asked is no longer needed."""
    found = visit_of(request.user, pk)
    about = request.POST.get("about", "")
    return button(
        request,
        found,
        lambda by: visit_questions.withdraw_question(by=by, appointment=found, about=about),
        "The question is off the doctors' list.",
        part="doctor",
    )


@require_POST
@needs(Permission.ORDER)
def answer(request: StaffRequest, pk: UUID) -> HttpResponse:
    """A doctor's answer."""
    found = visit_of(request.user, pk)
    about = request.POST.get("about", "")
    if about not in Question.About.values:
        return button(request, found, _damaged, "")
    form = AnswerForm(request.POST, visit=found, about=about)
    return take(
        request,
        found,
        form,
        lambda by: visit_questions.answer_doctor(by=by, appointment=found, about=about, **form.cleaned_data),
        "Your answer is kept, and the nurse sees it.",
        part="doctor",
    )


def _damaged(by: Actor) -> None:
    raise Refused("This form is damaged. Open the page again; nothing was saved.")
