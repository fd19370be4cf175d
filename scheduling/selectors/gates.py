"""The gates at the start of a drip and at discharge: what still stands in the way, and how to open it. Reading only;
the actions decide by it.

Promises 3 and 4: nobody goes home alone, nobody is treated uncleared or without consent.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.utils import formats

from clinic import clock
from patients.models import Clearance, Patient
from patients.selectors import Standing, standing
from scheduling.models import Appointment, Phase, Question, Ride
from scheduling.selectors.at_the_chair import (
    answers_in_order,
    grave_and_untold,
    standing_readings,
    stop_at,
)
from scheduling.selectors.care import pressure_limits
from scheduling.selectors.drivers import why_not
from scheduling.selectors.visits import minutes_of, record_or_none
from scheduling.when import time_words


class GateKind(StrEnum):
    """What a gate asks for."""

    CLEARANCE = "clearance"
    CONSENT = "consent"
    COMPANION = "companion"
    READING = "reading"
    RECOVERY = "recovery"
    EVENT = "event"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate that is shut: `sentence` says what is missing, `remedy` what to do. Neither names a diagnosis."""

    kind: GateKind
    sentence: str
    remedy: str


def shut_gates(appointment: Appointment) -> list[Gate]:
    """What keeps the drip of this visit from starting now; empty when it may start.

    The day that counts is the local date of the visit's site at this moment, not the planned one. What the protocol
    version does not ask for is not looked at.
    """
    version, patient = appointment.protocol_version, appointment.patient
    today = clock.today(appointment.site.zone)
    gates: list[Gate] = []
    if version.needs_clearance or version.needs_consent:
        known = standing(patient, today)
        if version.needs_clearance:
            gates += _clearance(patient, known, today)
        if version.needs_consent and known.consent is None:
            gates.append(
                Gate(
                    GateKind.CONSENT,
                    f"No signed consent of {patient.name} is valid today.",
                    "Have the consent signed and record it.",
                )
            )
    if version.needs_ride:
        gates += _companion(appointment)
    return gates + reading_gates(appointment)


def reading_gates(appointment: Appointment) -> list[Gate]:
    """What the vital signs keep from starting or going on: none taken where they are limited, or the newest beyond a
    limit.
    """
    patient, limits = appointment.patient, pressure_limits(appointment)
    taken = any(one.systolic is not None for one in standing_readings(appointment))
    if limits.are_any and not taken:
        sentence = f"The blood pressure of {patient.name} has not been taken at this visit."
        return [Gate(GateKind.READING, sentence, "Take it and record it.")]
    stop = stop_at(appointment)
    if stop is None:
        return []
    whose = "that the doctor set for this patient" if limits.by_doctor else "of the protocol"
    sentence = f"The last reading is over the limit {whose}."
    if stop.answer is not None and stop.answer.answered_by is not None:
        said, who = stop.answer.get_answer_display(), stop.answer.answered_by.name
        return [Gate(GateKind.READING, sentence, f"{who} says: {said}. A new reading within the limits opens it.")]
    return [Gate(GateKind.READING, sentence, "Let the patient rest and measure again, or ask a doctor.")]


def leaves_from(appointment: Appointment) -> datetime | None:
    """The first moment (UTC) at which the patient may leave by the protocol's least time of recovery; None where there
    is none, or it has not begun.
    """
    record, least = record_or_none(appointment), minutes_of(appointment, Phase.Kind.RECOVER)
    return record.recovery_at + least if record is not None and record.recovery_at is not None and least else None


def shut_exits(appointment: Appointment) -> list[Gate]:
    """What keeps the patient from being discharged now, beside the fitness list and the companion, which the discharge
    asks for: the least time of recovery, and a severe event that no doctor knows of.
    """
    gates: list[Gate] = []
    if minutes_of(appointment, Phase.Kind.RECOVER) and not _may_leave_early(appointment):
        until = leaves_from(appointment)
        if until is None:
            gates.append(
                Gate(GateKind.RECOVERY, "The recovery has not begun by the record.", "Record that the drip is out.")
            )
        elif clock.now() < until:
            sentence = f"Until {time_words(until, appointment.site.zone)} the least time of recovery is not over."
            gates.append(Gate(GateKind.RECOVERY, sentence, "Wait until then, or ask a doctor."))
    if grave_and_untold(appointment):
        gates.append(
            Gate(
                GateKind.EVENT,
                "A severe event is recorded, and no doctor who was told of it.",
                "Tell a doctor now, and name who was told.",
            )
        )
    return gates


def _may_leave_early(appointment: Appointment) -> bool:
    said = answers_in_order(list(appointment.questions.filter(about=Question.About.EARLY)))
    return bool(said) and said[-1].answer == Question.Answer.GO_AHEAD


def ride_of(appointment: Appointment) -> Ride | None:
    """The visit's ride; None where nobody was ever asked to drive."""
    return getattr(appointment, "ride", None)


def waived_ride_of(appointment: Appointment) -> Ride | None:
    """The visit's ride where a doctor lets the patient go without one, who and why; else None."""
    ride = ride_of(appointment)
    return ride if ride is not None and ride.status == Ride.Status.WAIVED else None


def _clearance(patient: Patient, known: Standing, today: date) -> list[Gate]:
    ask = "Ask a doctor to decide about the clearance."
    if known.clearance is None:
        return [Gate(GateKind.CLEARANCE, _why_not_cleared(patient, known.latest, today), ask)]
    gates: list[Gate] = []
    if known.open_flags:
        found = len(known.open_flags)
        what = "One finding is" if found == 1 else f"{found} findings are"
        sentence = f"{what} newer than the clearance of {patient.name}: a doctor has to look at that first."
        gates.append(Gate(GateKind.CLEARANCE, sentence, ask))
    if known.clearance.waits_for_a_letter:
        sentence = f"A letter from {known.clearance.letter_from} has to be here first, and is not by the record."
        gates.append(Gate(GateKind.LETTER, sentence, "Tick it when it has come, or ask a doctor to decide anew."))
    return gates


def _why_not_cleared(patient: Patient, latest: Clearance | None, today: date) -> str:
    if latest is None:
        return f"No doctor has cleared {patient.name} yet."
    if latest.is_yes and latest.valid_until is not None and latest.valid_until < today:
        return f"The clearance of {patient.name} ended on {_date(latest.valid_until)}."
    return f"The last decision about {patient.name} is “{latest.get_decision_display()}”, by {latest.decided_by.name}."


def _companion(appointment: Appointment) -> list[Gate]:
    ride, patient = ride_of(appointment), appointment.patient
    remedy = "Name an adult who drives the patient home, or ask a doctor to waive it."
    if ride is None or ride.status == Ride.Status.NEEDED:
        return [Gate(GateKind.COMPANION, f"Nobody is named to drive {patient.name} home.", remedy)]
    if ride.status == Ride.Status.WAIVED:
        return []
    companion = ride.companion
    if ride.status == Ride.Status.DECLINED or companion is None:
        who = companion.name if companion else "The companion"
        return [Gate(GateKind.COMPANION, f"{who} has declined to drive {patient.name} home.", remedy)]
    against = why_not(companion, [appointment])
    return [Gate(GateKind.COMPANION, against, remedy)] if against else []


def _date(day: date) -> str:
    return formats.date_format(day, "F j, Y")
