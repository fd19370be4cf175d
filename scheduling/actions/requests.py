"""What patients ask for: a consult, or another time for a booked visit. Taken down, taken back, answered, or settled by
what is booked.
"""

from collections.abc import Sequence
from datetime import date, datetime

from django.utils.translation import gettext as _

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused, WrongStatus
from clinic.permissions import Permission
from patients.models import ConsultRequest, Patient
from scheduling import wishes as wishes_json
from scheduling.actions import placing
from scheduling.models import Appointment, ChangeRequest
from scheduling.planner.values import Wishes

Status = ChangeRequest.Status


def can_be_asked_about(visit: Appointment, now: datetime) -> bool:
    """Whether something can be asked about the visit at `now` (aware): only while it has not begun."""
    return visit.status in {Appointment.Status.PROPOSED, Appointment.Status.BOOKED} and visit.starts > now


@action
def ask_for_change(
    *,
    by: Actor,
    appointment: Appointment,
    kind: str,
    words: str = "",
    wishes: Wishes | None = None,
    first_day: date | None = None,
) -> ChangeRequest:
    """Take down that the patient asks to move or cancel a visit (`kind`: a ChangeRequest.Kind). The visit stays as it
    is.

    Asking again about the same visit replaces what was asked before. `first_day`: a local date of the site.

    Raises:
        WrongStatus: the visit has begun, is over or was cancelled.
        NotAllowed: somebody else's visit, or an actor who may not book.
    """
    placing.check_may_ask(by, appointment.patient_id)
    locks.take([locks.patient(appointment.patient_id)])
    visit = Appointment.objects.get(pk=appointment.pk)
    if not can_be_asked_about(visit, clock.now()):
        raise WrongStatus(_("This visit has begun, is over or was cancelled already. Nothing was changed."))
    asked, _new = ChangeRequest.objects.update_or_create(
        appointment=visit,
        status=Status.WAITING,
        defaults={
            "patient_id": visit.patient_id,
            "kind": kind,
            "asked_version": visit.version,
            "wishes": wishes_json.to_json(wishes) if wishes is not None else {},
            "first_day": first_day,
            "words": words.strip(),
            "created_at": clock.now(),
        },
    )
    return asked


@action
def withdraw(*, by: Actor, request: ChangeRequest) -> ChangeRequest:
    """The patient lets the visit stay as it is. Withdrawing twice is the same as once.

    Raises:
        WrongStatus: it was answered already.
        NotAllowed: somebody else's request.
    """
    placing.check_may_ask(by, request.appointment.patient_id)
    asked = _locked(request)
    if asked.status == Status.WITHDRAWN:
        return asked
    return _close(asked, Status.WITHDRAWN)


@action
def close(*, by: Actor, request: ChangeRequest, answer: str) -> ChangeRequest:
    """Answer without a change. `answer` is shown to the patient on their page.

    Raises:
        Refused: no answer given.
        WrongStatus: it was answered, settled or withdrawn already.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    if not answer.strip():
        raise Refused("Write what the patient is told; they read it on their page.", field="answer")
    return _close(_locked(request), Status.CLOSED, answer.strip())


@action
def note_cancelled(*, by: Actor, request: ChangeRequest) -> ChangeRequest:
    """The desk has seen that the patient called a visit off, and done what follows. Twice is once.

    Raises:
        WrongStatus: the visit still takes place, so something is to be answered.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    asked = _locked(request)
    if asked.status == Status.DONE:
        return asked
    if asked.appointment.status != Appointment.Status.CANCELLED:
        raise WrongStatus("This visit still takes place. Move it, cancel it, or answer the patient.")
    return _close(asked, Status.DONE)


def settle(visits: Sequence[Appointment]) -> None:
    """These visits were moved or cancelled by the desk: what was asked about them is done. Under their locks."""
    ChangeRequest.objects.filter(appointment__in=visits, status=Status.WAITING).update(
        status=Status.DONE, closed_at=clock.now()
    )


def answer_consult_request(asked: ConsultRequest, patient: Patient) -> None:
    """A consult is booked for whoever asked: the request is done, and known to be this patient's. Inside an action.

    Raises:
        Refused: somebody has answered it already.
    """
    _locked_consult_request(asked)
    ConsultRequest.objects.filter(pk=asked.pk).update(status=ConsultRequest.Status.BOOKED, patient=patient)


@action
def close_consult_request(*, by: Actor, request: ConsultRequest, reason: str) -> None:
    """Nothing will be booked for it; `reason` stays on the trail.

    Raises:
        Refused: no reason given, or somebody has answered it already.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    if not reason.strip():
        raise Refused("Say why; it is kept on the trail.", field="reason")
    _locked_consult_request(request)
    ConsultRequest.objects.filter(pk=request.pk).update(status=ConsultRequest.Status.CLOSED)


def _locked_consult_request(asked: ConsultRequest) -> None:
    fresh = ConsultRequest.objects.select_for_update().get(pk=asked.pk)
    if fresh.status != ConsultRequest.Status.WAITING:
        raise Refused(
            f"Somebody has answered this request already: it is “{fresh.get_status_display()}”. Nothing was booked."
        )


def _locked(request: ChangeRequest) -> ChangeRequest:
    locks.take([locks.patient(request.patient_id)])
    return ChangeRequest.objects.select_for_update().get(pk=request.pk)


def _close(asked: ChangeRequest, to: str, answer: str = "") -> ChangeRequest:
    if asked.status != Status.WAITING:
        raise WrongStatus(
            _("This request is “%(status)s” already. Nothing was changed.") % {"status": asked.get_status_display()}
        )
    asked.status, asked.answer, asked.closed_at = to, answer, clock.now()
    asked.save(update_fields=["status", "answer", "closed_at"])
    return asked
