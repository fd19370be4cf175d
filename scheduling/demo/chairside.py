"""What the demo's nurses and doctors write down at the chair: orders, readings, doses, what patients felt."""

from datetime import timedelta
from decimal import Decimal

from clinic import clock
from clinic.actor import Actor
from clinic.models import StaffMember
from scheduling.actions import visit_notes, visit_questions
from scheduling.models import (
    AdverseEvent,
    Appointment,
    GivenRoute,
    ProtocolVersion,
    Question,
    Series,
    SideEffect,
    Unit,
)

#: The limits that the demo's doctors set (mmHg, %), and how often vital signs are taken; common in published protocols.
LIMITS: dict[str, object] = {
    "systolic_limit": 160,
    "diastolic_limit": 100,
    "spo2_least": 92,
    "reading_every_minutes": 30,
}
#: What the demo's doctors order, by route: drug, least, most, unit, rate. Invented, and no advice.
ORDERS = {
    ProtocolVersion.Route.INTRAVENOUS: ("ketamine", Decimal(35), Decimal(40), Unit.MG, "over 40 minutes"),
    ProtocolVersion.Route.INTRAMUSCULAR: ("ketamine", Decimal(50), Decimal(60), Unit.MG, "one injection"),
}
OTHERS = "ondansetron 4 mg by mouth, for nausea"


def order(doctor: Actor, series: Series) -> None:
    """What the doctor orders for every visit of the series, the day after it was booked."""
    first = series.appointments.order_by("starts").first()
    if first is None:
        return
    drug, least, most, unit, rate = ORDERS[ProtocolVersion.Route(series.protocol_version.route)]
    with clock.at_moment(min(series.created_at + timedelta(minutes=20), clock.now())):
        visit_questions.write_order(
            by=doctor,
            appointment=first,
            whole_series=True,
            drug=drug,
            route=GivenRoute(series.protocol_version.route),
            least=least,
            most=most,
            unit=unit,
            rate=rate,
            others=OTHERS,
        )


def measure(nurse: Actor, visit: Appointment, *, after: int = 0) -> None:
    """One set of vital signs, `after` minutes into the visit; like a person's, but always the same for the same one."""
    seed = sum(visit.patient.name.encode()) + visit.number
    values: dict[str, int | Decimal | None] = {
        "systolic": 112 + seed % 24 + after // 4,
        "diastolic": 70 + seed % 13 + after // 8,
        "pulse": 62 + seed % 19,
        "spo2": 96 + seed % 4,
        "respiration": 12 + seed % 5,
    }
    if not after:
        values |= {"temperature": Decimal("36.40") + Decimal(seed % 7) / 10, "weight": Decimal(58 + seed % 35)}
    visit_notes.record_reading(by=nurse, appointment=visit, values=values)


def give(nurse: Actor, visit: Appointment) -> None:
    """The dose, as it was ordered."""
    drug, least, most, unit, rate = ORDERS[ProtocolVersion.Route(visit.protocol_version.route)]
    visit_notes.record_dose(
        by=nurse,
        appointment=visit,
        drug=drug,
        amount=(least + most) / 2,
        unit=unit,
        route=visit.protocol_version.route,
        rate=rate,
    )


def feel(nurse: Actor, visit: Appointment) -> None:
    """What some patients feel at some visits."""
    kinds = list(SideEffect.Kind)[: len(SideEffect.Kind) - 1]
    seed = sum(visit.patient.name.encode()) + visit.number
    if seed % 3 == 0:
        return
    felt = [kinds[seed % len(kinds)]]
    if seed % 5 == 0:
        felt.append(kinds[(seed + 3) % len(kinds)])
    visit_notes.note_effects(by=nurse, appointment=visit, kinds=sorted(set(felt)), strength=SideEffect.Strength.MILD)


def stop(nurse: Actor, visit: Appointment) -> None:
    """A reading over the limit while the drip runs: it is stopped, and a doctor is asked."""
    values: dict[str, int | Decimal | None] = {"systolic": 172, "diastolic": 94, "pulse": 91, "spo2": 97}
    visit_notes.record_reading(by=nurse, appointment=visit, values=values, note="Says she is anxious")
    visit_questions.ask_doctor(
        by=nurse,
        appointment=visit,
        about=Question.About.READING,
        words="Was 128/81 before the start. Resting; measured again in ten minutes.",
    )


def went_wrong(nurse: Actor, doctor: StaffMember, visit: Appointment) -> None:
    """Something that went wrong and was looked after."""
    visit_notes.record_event(
        by=nurse,
        appointment=visit,
        what="Fainted when the cannula was taken out; awake again within a minute",
        severity=AdverseEvent.Severity.MODERATE,
        action_taken="Laid flat, legs raised; blood pressure taken every five minutes until steady",
        doctor_told=doctor,
    )
