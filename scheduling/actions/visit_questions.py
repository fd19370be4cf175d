"""Asking a doctor at the chair, and the doctor's answer; and what the doctor orders.

An answer does what it says: a waiver waives, “not today” ends a visit whose drip has not begun, “suspend” is also a
decision about the clearance. docs/decisions/gates-and-endings.md.
"""

from decimal import Decimal
from uuid import UUID

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused, WrongStatus
from clinic.models import StaffMember
from clinic.permissions import Permission
from patients.actions import decide_clearance
from patients.models import Clearance
from scheduling.actions import rides
from scheduling.actions.visit_end import end_visit
from scheduling.actions.visit_locks import locked, locked_with_holds, record_of, settle
from scheduling.actions.visit_notes import told_of_events
from scheduling.models import Appointment, Ending, GivenRoute, Order, Question, Unit

About, Answer = Question.About, Question.Answer

#: The answers that each question may get. About the clearance and the order the decision itself is the answer.
ANSWERS: dict[str, tuple[Question.Answer, ...]] = {
    About.RIDE: (Answer.GO_AHEAD, Answer.NO),
    About.READING: (Answer.GO_AHEAD, Answer.NOT_TODAY, Answer.SUSPEND),
    About.EARLY: (Answer.GO_AHEAD, Answer.NO),
    About.EVENT: (Answer.SEEN,),
    About.ORDER: (Answer.NO,),
    About.CLEARANCE: (Answer.NO,),
    About.OTHER: (Answer.GO_AHEAD, Answer.NOT_TODAY, Answer.SEEN),
}


@action
def ask_doctor(*, by: Actor, appointment: Appointment, about: str, words: str = "") -> Question:
    """Put one question about this visit on the doctors' list; asked twice, it stays one. Raises Refused for something
    else without words, WrongStatus when the visit is over.
    """
    if about not in About.values:
        raise Refused("Choose what the doctor is asked about. Nothing was sent.", field="about")
    if about == About.OTHER and not words.strip():
        raise Refused("Say what the doctor has to know. Nothing was sent.", field="words")
    visit = locked(appointment)
    if visit.status not in Appointment.BLOCKING:
        raise WrongStatus("This visit is over: there is nothing to decide about it any more. Nothing was sent.")
    question, is_new = Question.objects.get_or_create(
        appointment=visit,
        about=about,
        answer="",
        defaults={"words": words.strip(), "asked_at": clock.now(), "asked_by": by.user},
    )
    if not is_new and words.strip() and words.strip() != question.words:
        question.words = words.strip()
        question.save(update_fields=["words"])
    return question


@action
def withdraw_question(*, by: Actor, appointment: Appointment, about: str) -> None:
    """What was asked is no longer needed; it leaves the doctors' list and stays on the visit. Nothing where nothing
    waits.
    """
    settle(locked(appointment), by, about)


@action
def answer_doctor(*, by: Actor, appointment: Appointment, about: str, answer: str, reason: str = "") -> Question:
    """A doctor decides about this visit, asked or not; what follows from the answer is done in the same transaction.

    Raises NotAllowed for anybody but a doctor, Refused without a reason or for an answer that the question does not
    have, WrongStatus when the visit is over.
    """
    doctor = _doctor(by)
    if about not in ANSWERS or answer not in ANSWERS[about]:
        raise Refused("Choose one of the answers. Nothing was saved.", field="answer")
    if answer != Answer.SEEN and not reason.strip():
        raise Refused("Give the reason; the nurse reads it, and it is kept with the visit.", field="reason")
    visit = locked_with_holds(appointment)
    if visit.status not in Appointment.BLOCKING:
        raise WrongStatus("This visit is over: there is nothing to decide about it any more. Nothing was saved.")
    question = _answered(visit, about, Answer(answer), doctor, reason)
    if about == About.RIDE and answer == Answer.GO_AHEAD:
        rides.waive_ride(by=by, appointment=visit, reason=reason)
    if about == About.EVENT:
        told_of_events(visit, doctor)
    if about == About.READING and answer in {Answer.NOT_TODAY, Answer.SUSPEND}:
        _not_treated(by, visit, reason, suspend=answer == Answer.SUSPEND)
    return question


@action
def write_order(
    *,
    by: Actor,
    appointment: Appointment,
    whole_series: bool,
    drug: str,
    route: str,
    least: Decimal,
    most: Decimal,
    unit: str,
    rate: str = "",
    others: str = "",
    note: str = "",
) -> Order:
    """A doctor's order for this visit, or for every visit of its series that has none of its own. The newest counts;
    earlier ones stay as history. Nothing is computed.

    Raises NotAllowed for anybody but a doctor, Refused with the field for words or numbers that are missing or in the
    wrong order.
    """
    doctor = _doctor(by)
    if not drug.strip():
        raise Refused("Name the drug. Nothing was saved.", field="drug")
    if least <= 0 or most < least:
        raise Refused(
            "The range runs from the smaller dose to the larger one, both above nothing. Nothing was saved.",
            field="most",
        )
    if route not in GivenRoute.values or unit not in Unit.values:
        raise Refused("Choose the route and the unit. Nothing was saved.", field="route")
    visit = locked(appointment)
    if whole_series and visit.series_id is None:
        raise Refused("This visit belongs to no series. Order for the visit; nothing was saved.", field="scope")
    order = Order.objects.create(
        series=visit.series if whole_series else None,
        appointment=None if whole_series else visit,
        drug=drug.strip(),
        route=route,
        least=least,
        most=most,
        unit=unit,
        rate=rate.strip(),
        others=others.strip(),
        note=note.strip(),
        ordered_by=doctor,
        ordered_at=clock.now(),
    )
    _settle(visit, About.ORDER, doctor, "Ordered.")
    return order


def settle_clearance_questions(doctor: StaffMember, patient_id: UUID) -> None:
    """A doctor has decided about the patient's clearance: what was asked about it is answered. For actions."""
    for question in Question.objects.waiting().filter(appointment__patient=patient_id, about=About.CLEARANCE):
        _close(question, Answer.SEEN, doctor, "Decided.")


def _answered(visit: Appointment, about: str, answer: Question.Answer, doctor: StaffMember, reason: str) -> Question:
    """The open question with its answer, or a new row for a decision that nobody asked for."""
    question = Question.objects.filter(appointment=visit, about=about, answer="").first()
    return _close(question or Question(appointment=visit, about=about), answer, doctor, reason)


def _settle(visit: Appointment, about: str, doctor: StaffMember, reason: str) -> None:
    question = Question.objects.filter(appointment=visit, about=about, answer="").first()
    if question is not None:
        _close(question, Answer.SEEN, doctor, reason)


def _close(question: Question, answer: Question.Answer, doctor: StaffMember, reason: str) -> Question:
    question.answer, question.answered_by, question.answered_at = answer, doctor, clock.now()
    question.reason = reason.strip()
    question.save()
    return question


def _not_treated(by: Actor, visit: Appointment, reason: str, *, suspend: bool) -> None:
    """Nothing more is given today. A visit whose drip has not begun ends; one that has goes on to recovery by the
    nurse, since somebody has to watch the patient. Suspending is a decision about the clearance as well.
    """
    if visit.status == Appointment.Status.ARRIVED and record_of(visit).started_at is None:
        end_visit(by=by, appointment=visit, ending=Ending.NOT_TREATED_PRESSURE, note=reason)
    if suspend:
        decide_clearance(by=by, patient=visit.patient, decision=Clearance.Decision.SUSPENDED, reason=reason)


def _doctor(by: Actor) -> StaffMember:
    staff = by.staff_member
    if staff is None or not by.may(Permission.ORDER):
        raise NotAllowed("Only a doctor decides this. Nothing was changed; ask one.")
    return staff
