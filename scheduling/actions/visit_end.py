"""How a visit ends: discharged to a named person, ended otherwise, or nobody came. The table of endings is
scheduling/endings.py.

Whatever the ending, the time that is left is given back, reminders about the visit stop, and the word for it is kept
with who and when.
"""

from collections.abc import Sequence

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import GateClosed, Refused, WrongStatus
from clinic.models import StaffMember
from patients.models import Contact
from scheduling import status
from scheduling.actions import holds, rides
from scheduling.actions.visit_locks import is_doctor_at, locked_with_holds, record_of
from scheduling.endings import DISCHARGED, RULES, counts
from scheduling.messages import ledger
from scheduling.models import Appointment, Ending, Pause, Ride, VisitRecord
from scheduling.selectors.drivers import why_not
from scheduling.selectors.gates import ride_of, shut_exits

Status = Appointment.Status


@action
def discharge(
    *,
    by: Actor,
    appointment: Appointment,
    handed_to: Contact | None,
    fitness: Sequence[str] = (),
    note: str = "",
    ending: Ending = Ending.COMPLETED,
) -> VisitRecord:
    """The patient leaves as discharged, now, handed to `handed_to`; `ending` is completed or stopped early.

    `fitness`: the points of the protocol's fitness list (in English, as it has them) that are met: it takes all of
    them, and the protocol's least time of recovery. `handed_to` may be None only where the protocol needs no ride or a
    doctor has waived it. A visit already discharged stays as it is. Raises GateClosed when nobody adult is named, a
    point is not met, the recovery is too short or a severe event is untold; WrongStatus when the drip was never started
    or the patient is not here.
    """
    visit = locked_with_holds(appointment)
    record = record_of(visit)
    if visit.status == Status.FULFILLED and visit.ending in DISCHARGED:
        return record
    if ending not in DISCHARGED:
        raise Refused(
            f"“{ending.label}” is no discharge. Choose it among the other endings; nothing was changed.", field="ending"
        )
    _check_open(visit, record, ending)
    exits = shut_exits(visit)
    if exits:
        raise GateClosed(" ".join(f"{gate.sentence} {gate.remedy}" for gate in exits) + " The visit is still open.")
    _check_fitness(visit, fitness)
    _hand_over(visit, record, handed_to)
    record.fitness = list(fitness)
    _close(visit, record, ending, note)
    return record


@action
def end_visit(
    *,
    by: Actor,
    appointment: Appointment,
    ending: Ending,
    note: str = "",
    doctor_told: StaffMember | None = None,
) -> VisitRecord:
    """End a visit in another way than by discharge: not treated, left alone against advice, sent to hospital; or close
    a consult.

    A visit that already has this ending stays as it is. Raises Refused with the field at fault: an ending that the
    facts contradict, a doctor not named where one must have been told, or an ending that has its own way (discharge,
    no-show, cancelling); WrongStatus when the patient is not here.
    """
    visit = locked_with_holds(appointment)
    record = record_of(visit)
    if visit.status == Status.FULFILLED and visit.ending == ending:
        return record
    _check_own_way(visit, ending)
    _check_open(visit, record, ending)
    if doctor_told is not None and not is_doctor_at(doctor_told, visit):
        raise Refused(
            f"{doctor_told.name} is no doctor at {visit.site.name}. Name one who was told.", field="doctor_told"
        )
    if RULES[ending].tells_doctor and doctor_told is None:
        raise Refused(
            "A patient who leaves alone against advice is a doctor's business: tell one now, and name who was "
            "told. The visit is still open.",
            field="doctor_told",
        )
    record.doctor_told = doctor_told
    _close(visit, record, ending, note)
    return record


@action
def record_no_show(*, by: Actor, appointment: Appointment, reason: str = "") -> Appointment:
    """The patient did not come: the time is given back at once and the visit does not count. `reason`: why that is said
    only later.

    Raises WrongStatus when the patient has arrived or the visit is over, Refused before its planned start.
    """
    visit = locked_with_holds(appointment)
    if visit.status == Status.NOSHOW:
        return visit
    if visit.status not in {Status.PROPOSED, Status.BOOKED}:
        raise WrongStatus(
            f"This visit is “{visit.get_status_display()}”: it cannot be recorded that the patient did not come. "
            "Nothing was changed."
        )
    if clock.now() < visit.starts:
        raise Refused("This visit has not begun yet; wait for its time, or cancel it. Nothing was changed.")
    record = record_of(visit)
    _close(visit, record, Ending.NO_SHOW, "", reason)
    return visit


def _check_own_way(visit: Appointment, ending: Ending) -> None:
    """Send the caller to the way that an ending has for itself."""
    if ending == Ending.NO_SHOW:
        raise Refused("Use “Did not come” for a patient who never arrived. Nothing was changed.", field="ending")
    if ending == Ending.CANCELLED:
        raise Refused("Cancel the visit at the desk, so that the patient is told. Nothing was changed.", field="ending")
    if ending in DISCHARGED and visit.kind != Appointment.Kind.CONSULT:
        raise GateClosed(
            f"“{ending.label}” is a discharge: say to whom the patient was handed. The visit is still open.",
            field="ending",
        )


def _check_open(visit: Appointment, record: VisitRecord, ending: Ending) -> None:
    """The patient is here, and the ending agrees with whether the drip ran."""
    if visit.status != Status.ARRIVED:
        raise WrongStatus(
            f"This visit is “{visit.get_status_display()}”; only a visit whose patient is here can end. Nothing "
            "was changed."
        )
    if visit.kind == Appointment.Kind.CONSULT:
        return
    needs_start = RULES[ending].after_start
    if needs_start is True and record.started_at is None:
        raise WrongStatus(
            f"The drip was never started, so the visit cannot be “{ending.label}”. Choose why the patient was not "
            "treated.",
            field="ending",
        )
    if needs_start is False and record.started_at is not None:
        raise WrongStatus(
            f"The drip was started, so the visit cannot be “{ending.label}”. Discharge the patient as “stopped early”.",
            field="ending",
        )


def _check_fitness(visit: Appointment, fitness: Sequence[str]) -> None:
    """Every point of the protocol's list is met."""
    missing = [point["en"] for point in visit.protocol_version.fitness_list if point["en"] not in fitness]
    if missing:
        raise GateClosed(
            f"Not fit to leave yet: {'; '.join(missing)}. Tick each point when it is met. The visit is still open.",
            field="fitness",
        )


def _hand_over(visit: Appointment, record: VisitRecord, handed_to: Contact | None) -> None:
    """Write to whom the patient goes; promise 3."""
    ride = ride_of(visit)
    if handed_to is not None:
        against = (
            why_not(handed_to, [visit])
            if handed_to.patient_id == visit.patient_id
            else f"{handed_to.name} is not among the contacts of {visit.patient.name}. Add the person there first."
        )
        if against:
            raise GateClosed(f"{against} The visit is still open.", field="handed_to")
        if visit.protocol_version.needs_ride:
            rides.picked_up(visit, handed_to)
        record.handed_to = handed_to
        record.handed_to_name = handed_to.name
        return
    waived = ride is not None and ride.status == Ride.Status.WAIVED
    if visit.protocol_version.needs_ride and not waived:
        raise GateClosed(
            f"Name the adult who takes {visit.patient.name} home, or ask a doctor to waive it. If the patient has "
            "left alone, say so as "
            "“left alone against advice”. The visit is still open.",
            field="handed_to",
        )


def _close(visit: Appointment, record: VisitRecord, ending: Ending, note: str, reason: str = "") -> None:
    """Write the ending, give back the time that is left, stop the reminders, and send what to do afterwards."""
    now = clock.now()
    if ending != Ending.NO_SHOW:
        record.ended_at = now
    record.note = note.strip() or record.note
    record.save()
    Pause.objects.filter(appointment=visit, until=None).update(until=now)
    visit.ending = ending
    visit.counts = counts(visit, started=record.started_at is not None)
    status.move(visit, RULES[ending].status, reason=reason or str(ending.label))
    holds.free_from(appointment=visit, cell=clock.cell_up(now))
    ledger.visit_over(visit, f"the visit is over: {ending.label}")
    if ending == Ending.LEFT_AGAINST_ADVICE:
        ledger.announce_left_alone(visit)
    elif RULES[ending].aftercare and visit.kind != Appointment.Kind.CONSULT:
        ledger.announce_discharged(visit)
