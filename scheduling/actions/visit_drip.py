"""A drip that stands still and goes on, and where it really is: facts, stamped by the server. No hold changes."""

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import GateClosed, Refused, WrongStatus
from clinic.models import Resource, StaffMember
from scheduling.actions.visit_locks import check_place, locked, record_of, settle
from scheduling.models import Appointment, Pause, Question, VisitRecord
from scheduling.selectors.gates import reading_gates

Status = Appointment.Status


@action
def pause(*, by: Actor, appointment: Appointment, why: str, note: str = "") -> Pause:
    """The drip stands still from now on; one that does already keeps its pause.

    Raises WrongStatus when none is running, Refused for a reason that there is not.
    """
    if why not in Pause.Why.values:
        raise Refused("Choose why the drip is paused. Nothing was changed.", field="why")
    visit = locked(appointment)
    lasting = Pause.objects.filter(appointment=visit, until=None).first()
    if lasting is not None:
        return lasting
    _check_running(visit, record_of(visit))
    return Pause.objects.create(appointment=visit, since=clock.now(), why=why, note=note.strip(), paused_by=by.user)


@action
def resume(*, by: Actor, appointment: Appointment) -> None:
    """The drip goes on from now; one that runs already keeps running.

    Raises GateClosed while the newest reading is over the limit and no doctor has said go ahead, WrongStatus when the
    drip is over.
    """
    visit = locked(appointment)
    _check_running(visit, record_of(visit))
    lasting = Pause.objects.filter(appointment=visit, until=None).first()
    if lasting is None:
        return
    gates = reading_gates(visit)
    if gates:
        raise GateClosed(" ".join(f"{gate.sentence} {gate.remedy}" for gate in gates))
    lasting.until, lasting.resumed_by = clock.now(), by.user
    lasting.save(update_fields=["until", "resumed_by"])
    settle(visit, by, Question.About.READING)


@action
def note_place(
    *, by: Actor, appointment: Appointment, chair: Resource | None, nurse: StaffMember | None
) -> VisitRecord:
    """Where the patient really sits and who really watches from now on; None leaves it as it is recorded.

    Raises WrongStatus before the start or after the end, Refused for a chair or nurse that cannot be.
    """
    visit = locked(appointment)
    record = record_of(visit)
    if visit.status != Status.ARRIVED or record.started_at is None:
        raise WrongStatus("Chair and nurse are recorded with the start, until the visit ends. Nothing was changed.")
    check_place(visit, chair, nurse)
    record.chair = chair or record.chair
    record.nurse = nurse or record.nurse
    record.save(update_fields=["chair", "nurse"])
    return record


def _check_running(visit: Appointment, record: VisitRecord) -> None:
    if visit.status != Status.ARRIVED or record.started_at is None or record.recovery_at is not None:
        raise WrongStatus("No drip is running at this visit. Nothing was changed; look how it stands.")
