"""What the nurse writes down while a visit goes on: vital signs, medicines, effects, and what went wrong.

Facts are recorded, not refused: what cannot be true of anybody is, what lies outside of an order or a limit is marked.
Times are stamped by the server, in UTC; of a visit that is over, each note says when it was (`at`, aware), and when it
was written stays beside it.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import StaffMember
from scheduling.actions.noting import here, moment_of, stage_at
from scheduling.actions.visit_locks import is_doctor_at, locked, record_of, settle
from scheduling.messages import ledger
from scheduling.models import (
    AdverseEvent,
    Appointment,
    Dose,
    GivenRoute,
    Pause,
    Question,
    Reading,
    SideEffect,
    Unit,
)
from scheduling.models.noted import Noted
from scheduling.models.reading import PLAUSIBLE
from scheduling.selectors.at_the_chair import NOTES, marks_of, order_for, over_limits, stop_at

Status = Appointment.Status
Number = int | Decimal | None
#: Fields of a reading that are whole numbers.
WHOLE = ("systolic", "diastolic", "pulse", "spo2", "respiration")


@action
def record_reading(
    *, by: Actor, appointment: Appointment, values: Mapping[str, Number], note: str = "", at: datetime | None = None
) -> Reading:
    """Keep one set of vital signs, taken now (or `at`): {field of Reading: number}, in mmHg, per minute, %, °C and kg.

    One beyond a limit of the protocol is marked, and stops a running drip: the pause is recorded with it. One that is
    within the limits again takes what a doctor was asked about the one before off the doctors' list.

    Raises Refused with the field for a value that cannot be true, a pressure by halves, no value at all, or the time
    (moment_of); WrongStatus before the arrival.
    """
    taken = {field: value for field, value in values.items() if value is not None}
    _check_plausible(taken)
    visit = here(appointment)
    record = record_of(visit)
    taken_at = moment_of(visit, record, at, in_the_visit=True)
    stage, stopped = stage_at(record, taken_at), stop_at(visit)
    over = over_limits(visit, {field: int(taken[field]) for field in WHOLE if field in taken})
    reading = Reading.objects.create(
        appointment=visit,
        at=taken_at,
        recorded_at=clock.now(),
        recorded_by=by.user,
        stage=stage,
        over=over,
        note=note.strip(),
        **taken,
    )
    running = visit.status == Status.ARRIVED and stage == Reading.Stage.DURING
    if over and running and not Pause.objects.filter(appointment=visit, until=None).exists():
        Pause.objects.create(appointment=visit, since=taken_at, why=Pause.Why.READING, paused_by=by.user)
    if stopped is not None and stop_at(visit) is None:
        settle(visit, by, Question.About.READING)
    return reading


@action
def record_dose(
    *,
    by: Actor,
    appointment: Appointment,
    drug: str,
    amount: Decimal,
    unit: str,
    route: str,
    rate: str = "",
    note: str = "",
    is_treatment: bool = True,
    at: datetime | None = None,
) -> Dose:
    """Keep one medicine that was given now (or `at`), as it was given; whatever lies outside of the order is marked.

    `is_treatment`: False for a medicine beside the treatment itself. Raises Refused without a drug, an amount above
    nothing, a unit, a route or the time (moment_of); WrongStatus before the arrival.
    """
    if not drug.strip():
        raise Refused("Name the medicine that was given. Nothing was saved.", field="drug")
    if amount <= 0:
        raise Refused("The amount given is more than nothing. Nothing was saved.", field="amount")
    if unit not in Unit.values or route not in GivenRoute.values:
        raise Refused("Choose the unit and the route. Nothing was saved.", field="unit")
    visit = here(appointment)
    given_at, order = moment_of(visit, record_of(visit), at, in_the_visit=True), order_for(visit)
    given: dict[str, Any] = {
        "is_treatment": is_treatment,
        "drug": drug.strip(),
        "amount": amount,
        "unit": unit,
        "route": route,
        "rate": rate.strip(),
    }
    return Dose.objects.create(
        appointment=visit,
        at=given_at,
        recorded_at=clock.now(),
        recorded_by=by.user,
        note=note.strip(),
        order=order,
        marks=marks_of(order, **given),
        **given,
    )


@action
def note_effects(
    *,
    by: Actor,
    appointment: Appointment,
    kinds: Sequence[str],
    strength: str,
    words: str = "",
    at: datetime | None = None,
) -> list[SideEffect]:
    """Keep what the patient feels or shows now (or did `at`), one row for each of `kinds` (SideEffect.Kind), all of one
    strength.

    `words` go with the one of another kind, or with the first. Raises Refused without a kind, or for another kind
    without words, or for the time (moment_of); WrongStatus before the arrival.
    """
    if not kinds:
        raise Refused("Tick at least one effect. Nothing was saved.", field="kinds")
    if SideEffect.Kind.OTHER in kinds and not words.strip():
        raise Refused("Say in words what the patient feels. Nothing was saved.", field="words")
    visit, now = here(appointment), clock.now()
    felt_at = moment_of(visit, record_of(visit), at)
    bearer = SideEffect.Kind.OTHER if SideEffect.Kind.OTHER in kinds else kinds[0]
    return [
        SideEffect.objects.create(
            appointment=visit,
            at=felt_at,
            recorded_at=now,
            recorded_by=by.user,
            kind=kind,
            strength=strength,
            words=words.strip() if kind == bearer else "",
        )
        for kind in kinds
    ]


@action
def record_event(
    *,
    by: Actor,
    appointment: Appointment,
    what: str,
    severity: str,
    action_taken: str,
    doctor_told: StaffMember | None = None,
    call_on: date | None = None,
    at: datetime | None = None,
) -> AdverseEvent:
    """Keep something that went wrong now (or `at`; a doctor who was told was told then). Where no doctor was told yet,
    the doctors are asked to look at it; `call_on` (a local day of the site) puts a follow-up call on the call list.

    Raises Refused with the field for missing words, a doctor who is none at the site, a call on a day that has passed,
    or the time (moment_of); WrongStatus before the arrival.
    """
    if not what.strip() or not action_taken.strip():
        field = "action_taken" if what.strip() else "what"
        raise Refused("Say what happened and what was done about it. Nothing was saved.", field=field)
    visit = here(appointment)
    happened_at = moment_of(visit, record_of(visit), at)
    _check_doctor(visit, doctor_told)
    if call_on is not None and call_on < clock.today(visit.site.zone):
        raise Refused("That day has passed. Choose a day to come for the call; nothing was saved.", field="call_on")
    event = AdverseEvent.objects.create(
        appointment=visit,
        at=happened_at,
        recorded_at=clock.now(),
        recorded_by=by.user,
        what=what.strip(),
        severity=severity,
        action_taken=action_taken.strip(),
        doctor_told=doctor_told,
        told_at=happened_at if doctor_told is not None else None,
        call_on=call_on,
    )
    if doctor_told is None:
        _ask_about(visit, event, by)
    if call_on is not None:
        ledger.announce_follow_up(visit, call_on)
    return event


@action
def tell_doctor(*, by: Actor, appointment: Appointment, doctor: StaffMember) -> None:
    """Write which doctor was told, now, of the events of this visit that none was told of. Raises Refused for somebody
    who is no doctor at the site.
    """
    visit = locked(appointment)
    _check_doctor(visit, doctor)
    told_of_events(visit, doctor)
    Question.objects.filter(appointment=visit, about=Question.About.EVENT, answer="").update(
        answer=Question.Answer.SEEN, answered_at=clock.now(), answered_by=doctor
    )


def told_of_events(visit: Appointment, doctor: StaffMember) -> None:
    """The doctor knows of every event of the visit from now on. For actions."""
    for event in AdverseEvent.objects.filter(appointment=visit, struck_at=None, doctor_told=None):
        event.doctor_told, event.told_at = doctor, clock.now()
        event.save(update_fields=["doctor_told", "told_at"])


@action
def strike(*, by: Actor, appointment: Appointment, kind: str, note_id: UUID, reason: str) -> Noted:
    """Strike out a note that was wrong (`kind` of selectors.at_the_chair.NOTES); it stays readable, with the reason.
    One struck out already stays as it is.

    Raises Refused without a reason, or for a note that this visit does not have.
    """
    if not reason.strip():
        raise Refused("Say why the note is struck out; it stays readable with the reason.", field="reason")
    visit = locked(appointment)
    note = NOTES[kind]._default_manager.filter(appointment=visit, pk=note_id).first() if kind in NOTES else None
    if note is None:
        raise Refused("This visit has no such note. Open the page again; nothing was changed.")
    if note.struck_at is None:
        note.struck_at, note.struck_by, note.struck_reason = clock.now(), by.user, reason.strip()
        note.save(update_fields=["struck_at", "struck_by", "struck_reason"])
    return note


def _check_plausible(taken: Mapping[str, int | Decimal]) -> None:
    """Each value can be true of a living person, a pressure has both its numbers, and there is something to keep."""
    if not taken:
        raise Refused("Type at least one value. Nothing was saved.")
    for field, value in taken.items():
        low, high = PLAUSIBLE[field]
        if not low <= value <= high:
            name = _name_of(field)
            raise Refused(
                f"{name} of {value} cannot be: it lies between {low} and {high}. Look at the value again; nothing was "
                "saved.",
                field=field,
            )
    upper, lower = taken.get("systolic"), taken.get("diastolic")
    if (upper is None) != (lower is None):
        missing = "systolic" if upper is None else "diastolic"
        raise Refused("A blood pressure has two numbers. Type both; nothing was saved.", field=missing)
    if upper is not None and lower is not None and lower >= upper:
        raise Refused("The first number is the larger one. Look at both again; nothing was saved.", field="diastolic")


def _name_of(field: str) -> str:
    """The field's name with a capital and without its unit."""
    found: models.Field[object, object] = Reading._meta.get_field(field)  # type: ignore[assignment]
    return str(found.verbose_name).split(",")[0].capitalize()


def _check_doctor(visit: Appointment, doctor: StaffMember | None) -> None:
    if doctor is not None and not is_doctor_at(doctor, visit):
        raise Refused(f"{doctor.name} is no doctor at {visit.site.name}. Name one who was told.", field="doctor_told")


def _ask_about(visit: Appointment, event: AdverseEvent, by: Actor) -> None:
    """The event waits on the doctors' list, once for each visit."""
    Question.objects.get_or_create(
        appointment=visit,
        about=Question.About.EVENT,
        answer="",
        defaults={"words": event.what, "asked_at": clock.now(), "asked_by": by.user},
    )
