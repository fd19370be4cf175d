"""The visit as it happens: arrived, check-in, started, in recovery.

Facts are recorded, not refused: an arrival goes in whatever is missing. The gates stand at the start of the drip and at
discharge (scheduling/actions/visit_end.py). Times are stamped here, by the server, in UTC.
"""

from collections.abc import Mapping

from django.db import IntegrityError, transaction

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import GateClosed, Refused, WrongStatus
from clinic.models import Resource, StaffMember
from scheduling import status
from scheduling.actions.visit_end import discharge, end_visit, record_no_show
from scheduling.actions.visit_locks import check_place, locked, record_of, settle
from scheduling.messages import ledger
from scheduling.models import Appointment, Pause, Phase, Question, VisitRecord
from scheduling.selectors.gates import shut_gates
from scheduling.selectors.visits import minutes_of, planned_chair, planned_nurse

__all__ = [
    "arrive",
    "discharge",
    "end_visit",
    "record_checkin",
    "record_no_show",
    "start",
    "to_recovery",
    "undo_arrival",
]

Status = Appointment.Status
ANSWERS = ("yes", "no")
#: Questions to a doctor that a start has overtaken.
GATES_PASSED = (Question.About.RIDE, Question.About.CLEARANCE, Question.About.READING)


@action
def arrive(*, by: Actor, appointment: Appointment) -> Appointment:
    """Record that the patient is here, now. Never refused: not for a missing clearance, consent or ride, not for the
    hour or the status.

    The first arrival counts; a second click changes nothing. Somebody who was recorded as not having come is here after
    all: the visit goes on, without the time that was given back. At a visit that was cancelled or is over, the arrival
    is a fact on the record and the status stays.
    """
    visit = locked(appointment)
    record = record_of(visit)
    if record.arrived_at is None:
        record.arrived_at = clock.now()
        record.save()
    if visit.status != Status.ARRIVED and status.may_move(visit, Status.ARRIVED):
        try:
            with transaction.atomic():
                status.move(visit, Status.ARRIVED)
        except IntegrityError:
            # Came late, and the visit was planned anew meanwhile: that one keeps its place, and the arrival stays a
            # fact on this record.
            visit.refresh_from_db(fields=["status", "ending", "counts", "status_reason"])
        # Time held for a clearance no longer lapses while the patient sits here.
        visit.holds.update(expires_at=None)
    return visit


@action
def undo_arrival(*, by: Actor, appointment: Appointment, reason: str) -> Appointment:
    """The wrong patient was ticked as arrived: the visit is expected again. Raises Refused without a reason,
    WrongStatus once the drip has started.
    """
    if not reason.strip():
        raise Refused("Say why the arrival is taken back; it is kept on the trail.", field="reason")
    visit = locked(appointment)
    record = record_of(visit)
    if visit.status != Status.ARRIVED or record.started_at is not None:
        raise WrongStatus(
            "Only the arrival of a patient whose drip has not started can be taken back. Nothing was changed."
        )
    record.arrived_at = None
    record.save()
    status.move(visit, Status.BOOKED, reason=reason.strip())
    return visit


@action
def record_checkin(*, by: Actor, appointment: Appointment, checkin: Mapping[str, str]) -> VisitRecord:
    """Keep the answers to the protocol's check-in list, given before or after the drip starts; a later answer replaces
    an earlier one.

    `checkin`: {question in English as the protocol has it: "yes" or "no"}. Raises Refused for a question or answer that
    the list does not have.
    """
    visit = locked(appointment)
    record = record_of(visit)
    _note_answers(visit, record, checkin)
    record.save()
    return record


@action
def start(
    *,
    by: Actor,
    appointment: Appointment,
    chair: Resource | None = None,
    nurse: StaffMember | None = None,
    checkin: Mapping[str, str] | None = None,
) -> VisitRecord:
    """Start the drip (or give the injection, or begin the consult), now.

    `chair` and `nurse` are where and by whom it really happens; left out, it happens as planned. Starting twice keeps
    the first time. Raises WrongStatus unless the patient has arrived, GateClosed with one sentence for each shut gate,
    Refused for a chair, nurse or answer that cannot be.
    """
    visit = locked(appointment)
    record = record_of(visit)
    if record.started_at is not None:
        return record
    if visit.status != Status.ARRIVED:
        raise WrongStatus(
            f"This visit is “{visit.get_status_display()}”, so it cannot start. Record the arrival first; nothing "
            "was changed."
        )
    check_place(visit, chair, nurse)
    gates = shut_gates(visit)
    if gates:
        raise GateClosed(" ".join(gate.sentence for gate in gates))
    if checkin is not None:
        _note_answers(visit, record, checkin)
    record.started_at = clock.now()
    record.chair = chair or planned_chair(visit)
    record.nurse = nurse or planned_nurse(visit)
    record.save()
    settle(visit, by, *GATES_PASSED)
    return record


@action
def to_recovery(*, by: Actor, appointment: Appointment) -> VisitRecord:
    """The drip has ended (or was stopped) and the patient recovers, from now on; a second click changes nothing.

    Raises WrongStatus when the drip never started or the visit is over.
    """
    visit = locked(appointment)
    record = record_of(visit)
    if record.recovery_at is not None:
        return record
    if visit.status != Status.ARRIVED or record.started_at is None:
        raise WrongStatus(
            "Recovery follows a started drip: this visit has none running. Nothing was changed; start it, or "
            "choose how it ended."
        )
    record.recovery_at = clock.now()
    record.save()
    Pause.objects.filter(appointment=visit, until=None).update(until=record.recovery_at, resumed_by=by.user)
    settle(visit, by, Question.About.READING)
    ready_at = record.recovery_at + minutes_of(visit, Phase.Kind.RECOVER)
    ledger.announce_pick_up(visit, ready_at)
    return record


def _note_answers(visit: Appointment, record: VisitRecord, checkin: Mapping[str, str]) -> None:
    questions = {question["en"] for question in visit.protocol_version.checkin_list}
    for question, answer in checkin.items():
        if question not in questions:
            raise Refused(f"“{question}” is not on this visit's check-in list. Nothing was recorded.", field="checkin")
        if answer not in ANSWERS:
            raise Refused(
                f"The answer to “{question}” must be yes or no, not “{answer}”. Nothing was recorded.", field="checkin"
            )
    record.checkin = {**record.checkin, **checkin}
