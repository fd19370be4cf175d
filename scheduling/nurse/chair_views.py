"""What is written down at the chair: one view for each form of the visit's page."""

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.actions import visit_drip, visit_notes, visit_questions
from scheduling.models import Dose, Question, Reading
from scheduling.nurse.chair_forms import (
    DoseForm,
    EffectsForm,
    EventForm,
    PauseForm,
    PlaceForm,
    ReadingForm,
    ToldForm,
)
from scheduling.nurse.doctor_forms import AnswerForm, AskForm
from scheduling.nurse.steps import Warned, back, button, press, step, take, visit_of


def _said_of_reading(reading: Reading) -> str:
    """What to know of the reading that was kept: one over the limit stops the drip."""
    if not reading.over:
        return "The reading is kept."
    rest = "Let the patient rest and measure again, or ask a doctor: both readings are kept."
    if reading.appointment.pauses.filter(until=None).exists():
        return Warned(f"The reading is over the limit: stop the drip, which is recorded as paused. {rest}")
    return Warned(f"The reading is over the limit. {rest}")


def _said_of_dose(dose: Dose) -> str:
    """What to know of the dose that was kept."""
    if not dose.marks:
        return "The medicine is kept."
    return Warned(f"Kept, and marked: {'; '.join(dose.mark_words)}. Tell the doctor.")


#: Vital signs, taken now.
reading = step(Permission.RUN_VISIT, ReadingForm, visit_notes.record_reading, _said_of_reading, part="vitals")

#: A medicine that was given.
dose = step(Permission.RUN_VISIT, DoseForm, visit_notes.record_dose, _said_of_dose, part="medicines")

#: What the patient feels.
effects = step(
    Permission.RUN_VISIT, EffectsForm, visit_notes.note_effects, "The side effects are kept.", part="effects"
)

#: Something went wrong.
event = step(Permission.RUN_VISIT, EventForm, visit_notes.record_event, "The event is kept.", part="effects")

#: A doctor was told of what went wrong.
told = step(
    Permission.RUN_VISIT, ToldForm, visit_notes.tell_doctor, "It is kept which doctor was told.", part="effects"
)

#: The drip stands still.
pause = step(
    Permission.RUN_VISIT,
    PauseForm,
    visit_drip.pause,
    "The drip is paused. What it stands still comes on top of its time.",
)

#: The drip goes on.
resume = button(Permission.RUN_VISIT, visit_drip.resume, "The drip goes on.", part="next")

#: Another chair or another nurse.
place = step(
    Permission.RUN_VISIT, PlaceForm, visit_drip.note_place, "Chair and nurse are recorded as they are.", part="place"
)

#: Put a question on the doctors' list.
ask = step(
    Permission.RUN_VISIT,
    AskForm,
    visit_questions.ask_doctor,
    "Asked. It is on the doctors' list now; the answer comes here.",
    part="doctor",
)


@require_POST
@needs(Permission.RUN_VISIT)
def unask(request: StaffRequest, pk: UUID) -> HttpResponse:
    """What was asked is no longer needed."""
    withdraw = partial(visit_questions.withdraw_question, about=request.POST.get("about", ""))
    found = visit_of(request.user, pk)
    return press(request, found, withdraw, "The question is off the doctors' list.", part="doctor")


@require_POST
@needs(Permission.ORDER)
def answer(request: StaffRequest, pk: UUID) -> HttpResponse:
    """A doctor's answer."""
    found = visit_of(request.user, pk)
    about = request.POST.get("about", "")
    if about not in Question.About.values:
        messages.error(request, "This form is damaged. Open the page again; nothing was saved.")
        return back(request, found)
    form = AnswerForm(request.POST, visit=found, about=about)
    said = "Your answer is kept, and the nurse sees it."
    return take(request, found, form, visit_questions.answer_doctor, said, part="doctor")
