"""A booked visit that is over and that nobody had closed: the system was down, or it was forgotten. What came of it is
written down later, with its real times.

Facts are recorded, not refused, and nothing is made to look as if it had been written in time: the status moves along
its table today, with the reason why only now; a time that was stamped and is not the true one is corrected beside it.
The gates ask what they asked on that day: what was missing then is said, and who took the patient home is named.
"""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import GateClosed, NotAllowed, Refused, Stale, WrongStatus
from clinic.permissions import Permission
from scheduling import status
from scheduling.actions import booking, holds, placing
from scheduling.actions.happened import (
    Happened,
    check_ending,
    check_gates,
    check_times,
    entered_afterwards,
    hand_over,
    tell,
)
from scheduling.actions.moving import what_changed
from scheduling.actions.visit import GATES_PASSED
from scheduling.actions.visit_end import record_no_show
from scheduling.actions.visit_locks import check_place, is_doctor_at, locked_with_holds, record_of, settle
from scheduling.actions.visit_times import COLUMNS, set_stages
from scheduling.endings import DISCHARGED, RULES, counts
from scheduling.messages import ledger
from scheduling.models import Appointment, Ending, Pause, TimeCorrection, VisitRecord
from scheduling.selectors.at_the_chair import grave_and_untold
from scheduling.selectors.gates import waived_ride_of
from scheduling.selectors.series_rules import local_day
from scheduling.when import time_words

Status, Kind = Appointment.Status, Appointment.Kind
#: Closed by somebody who thought that nobody came: if the patient did, that can be said later too.
OPEN = frozenset({*Appointment.BLOCKING, Status.NOSHOW})
#: Nobody has come yet, by the record: only of such a visit can be said that it did not take place.
EXPECTED = frozenset({Status.PROPOSED, Status.BOOKED})
OVER = "the visit is over: {ending}"


@action
def record_afterwards(*, by: Actor, appointment: Appointment, happened: Happened, version: int) -> Appointment:
    """The visit took place, on the local day it was planned for (or on which the patient was recorded as here).

    `version`: of the visit as the person saw it. Again with the same ending, nothing is written twice. The patient is
    sent what to do afterwards only on that very day; what the protocol asks some days later is asked all the same.

    Raises:
        Stale: somebody else has moved it since. WrongStatus: it is closed otherwise by now.
        Refused: with the field at fault, as past_visit.enter_past_visit; GateClosed: a severe event that no doctor
            knows of by the record.
        NotAllowed: the actor does not run visits (or, for a consult, does not book either).
    """
    _check_may(by, appointment)
    reason = entered_afterwards(happened.reason)
    visit = locked_with_holds(appointment)
    if visit.status == Status.FULFILLED and visit.ending == happened.ending:
        return visit
    _check_open(visit, version)
    record = record_of(visit)
    check_times(visit.site, day_of(visit, record), happened)
    check_ending(
        visit.protocol_version,
        happened,
        is_consult=visit.kind == Kind.CONSULT,
        waived=waived_ride_of(visit) is not None,
    )
    check_gates(visit.patient, visit.site, visit.protocol_version, happened)
    check_place(visit, happened.chair, happened.nurse)
    _check_doctors(visit, happened)
    _set_times(by, visit, record, happened)
    _arrive(visit)
    _write(record, happened)
    hand_over(visit, happened)
    settle(visit, by, *GATES_PASSED)
    ending = RULES[happened.ending]
    started = happened.started is not None
    status.move(visit, ending.status, ending=happened.ending, counts=counts(visit, started=started), reason=reason)
    holds.free_from(appointment=visit, cell=clock.cell_up(happened.ended))
    ledger.visit_over(visit, OVER.format(ending=happened.ending.label))
    tell(visit, happened)
    return visit


@action
def record_not_taken(*, by: Actor, appointment: Appointment, ending: Ending, reason: str, version: int) -> Appointment:
    """The visit's time has come and it did not take place: the patient did not come, or had called it off before
    (`ending`: no-show or cancelled). Nobody is written to about a day that is over.

    Raises:
        Stale: somebody else has moved it since. WrongStatus: the patient was here, or it is closed by now.
        Refused: no reason, another ending, or its time has not come.
        NotAllowed: the actor may not record arrivals (or, for a cancellation, not book).
    """
    placing.check_may(by, Permission.BOOK if ending == Ending.CANCELLED else Permission.RECORD_ARRIVAL)
    said = entered_afterwards(reason)
    visit = locked_with_holds(appointment)
    if visit.ending == ending:
        return visit
    _check_open(visit, version)
    if ending == Ending.NO_SHOW:
        return record_no_show(by=by, appointment=visit, reason=said)
    if ending != Ending.CANCELLED:
        raise Refused("A visit that took place is entered with its times. Nothing was written.", field="ending")
    if visit.status not in EXPECTED:
        raise WrongStatus(
            f"This visit is “{visit.get_status_display()}”, so it was not called off. Nothing was written.",
            field="ending",
        )
    if clock.now() < visit.starts:
        raise Refused("Its time has not come: cancel it, so that the patient is told. Nothing was written.")
    booking.cancel_visits([visit], said)
    ledger.visit_over(visit, OVER.format(ending=ending.label))
    return visit


def day_of(visit: Appointment, record: VisitRecord | None) -> date:
    """The local day that the times of the visit belong to: on which the patient was recorded as here, else the planned
    one.
    """
    arrived = record.arrived_at if record is not None else None
    return local_day(arrived or visit.starts, visit.site)


def may_enter(by: Actor, visit: Appointment) -> bool:
    """Whether the actor may write down that the visit took place: a consult may be by who books, what was given not."""
    return by.may(Permission.RUN_VISIT) or (visit.kind == Kind.CONSULT and by.may(Permission.BOOK))


def _check_may(by: Actor, visit: Appointment) -> None:
    if not may_enter(by, visit):
        raise NotAllowed("A nurse or a doctor enters what was given. Nothing was changed.")


def _check_open(visit: Appointment, version: int) -> None:
    if visit.version != version:
        raise Stale(what_changed(visit, version))
    if visit.status not in OPEN:
        raise WrongStatus(what_changed(visit, version))


def _check_doctors(visit: Appointment, happened: Happened) -> None:
    told = happened.doctor_told
    if told is not None and not is_doctor_at(told, visit):
        raise Refused(
            f"{told.name} is no doctor at {visit.site.name}. Name one who was told. Nothing was written.",
            field="doctor_told",
        )
    if happened.ending in DISCHARGED and grave_and_untold(visit):
        raise GateClosed(
            "A severe event is recorded at this visit, and no doctor who was told of it. Nothing was written: name the "
            "doctor on the visit's page first."
        )


def _set_times(by: Actor, visit: Appointment, record: VisitRecord, happened: Happened) -> None:
    """Write the times. One that was stamped to the same minute stays; another is corrected, with the reason."""
    given = dict(happened.times)
    for name, column in COLUMNS.items():
        stamped, moment = getattr(record, column), given.get(name)
        if stamped is None:
            setattr(record, column, moment)
        elif moment is None:
            raise Refused(
                f"By the record there was one at {time_words(stamped, visit.site.zone)}. Nothing was written; type the "
                "true time, or open the visit.",
                field=name,
            )
        elif _minute(moment) != _minute(stamped):
            setattr(record, column, moment)
            TimeCorrection.objects.create(
                appointment=visit,
                stamp=name,
                before=stamped,
                after=moment,
                reason=happened.reason.strip()[:300],
                corrected_at=clock.now(),
                corrected_by=by.user,
            )


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _arrive(visit: Appointment) -> None:
    """Along the table like any other visit: here, then over."""
    if visit.status == Status.ARRIVED:
        return
    try:
        with transaction.atomic():
            status.move(visit, Status.ARRIVED)
    except IntegrityError as error:
        raise Refused(
            "This visit was planned anew meanwhile, so it cannot have taken place as well. Nothing was written: cancel "
            "the new one first.",
            code="planned_anew",
        ) from error


def _write(record: VisitRecord, happened: Happened) -> None:
    record.chair = happened.chair or record.chair
    record.nurse = happened.nurse or record.nurse
    record.handed_to = happened.handed_to
    record.handed_to_name = happened.handed_to.name if happened.handed_to is not None else ""
    record.doctor_told = happened.doctor_told
    record.note = "\n".join(one for one in (record.note, happened.whole_note) if one)
    record.save()
    until = happened.recovery or happened.ended
    Pause.objects.filter(appointment=record.appointment, until=None).update(until=until)
    set_stages(record.appointment, record)
