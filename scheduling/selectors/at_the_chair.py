"""What was noted at one visit, gathered once: readings and the limits that they broke, medicines beside the order,
pauses, effects, events, questions to a doctor, corrected times. Reads only.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from clinic import clock
from scheduling.models import (
    AdverseEvent,
    Appointment,
    Dose,
    Order,
    Pause,
    Question,
    Reading,
    SideEffect,
)
from scheduling.models.noted import Noted
from scheduling.selectors.care import pressure_limits

#: The field of ProtocolVersion that limits a field of Reading, and whether a value above it (or below it) breaks it.
LIMITS: dict[str, tuple[str, bool]] = {
    "systolic": ("systolic_limit", True),
    "diastolic": ("diastolic_limit", True),
    "spo2": ("spo2_least", False),
}


def over_limits(visit: Appointment, values: dict[str, int | None]) -> list[str]:
    """The fields of `values` that lie beyond a limit of the visit: the protocol version's, or a lower one that a doctor
    set for the patient. On the limit is within it.
    """
    broken, pressure = [], pressure_limits(visit)
    doctors = {"systolic": pressure.systolic, "diastolic": pressure.diastolic}
    for field, (limit_field, is_most) in LIMITS.items():
        limit, value = doctors.get(field, getattr(visit.protocol_version, limit_field)), values.get(field)
        if limit is not None and value is not None and (value > limit if is_most else value < limit):
            broken.append(field)
    return broken


@dataclass(frozen=True, slots=True)
class Stop:
    """What keeps the drip from running: the newest values are beyond a limit, and no doctor has said go ahead since.
    `answer` is what a doctor said instead, if anything."""

    readings: tuple[Reading, ...]
    answer: Question | None


def order_for(visit: Appointment) -> Order | None:
    """The order that stands for the visit: its own newest, else its series's newest; of a visit that is over, its
    series's newest of then, since what was ordered for later visits is not what was given by.
    """
    newest, over = orders_of(visit), _ended_at(visit)
    own = next((one for one in newest if one.appointment_id is not None), None)
    return own or next((one for one in newest if over is None or one.ordered_at <= over), None)


def _ended_at(visit: Appointment) -> datetime | None:
    record = getattr(visit, "record", None)
    return record.ended_at if record is not None else None


def orders_of(visit: Appointment) -> list[Order]:
    """Every order for the visit or its series, newest first."""
    orders = Order.objects.for_visit(visit.pk, visit.series_id)
    return list(orders.select_related("ordered_by").order_by("-ordered_at"))


def marks_of(
    order: Order | None, *, is_treatment: bool, drug: str, amount: Decimal, unit: str, route: str, rate: str
) -> list[str]:
    """How what was given lies outside of the order (codes of Dose.Mark); empty where it lies within. Nothing is
    converted or computed: another unit is said to be another unit, and a rate in other words to be another rate.
    """
    mark = Dose.Mark
    if order is None:
        return [mark.NO_ORDER]
    if not is_treatment:
        named = re.search(rf"\b{re.escape(drug.casefold())}\b", order.others.casefold())
        return [] if named else [mark.OTHER]
    found: list[str] = []
    if drug.casefold() != order.drug.casefold():
        found.append(mark.DRUG)
    if route != order.route:
        found.append(mark.ROUTE)
    if unit != order.unit:
        found.append(mark.UNIT)
    elif amount < order.least:
        found.append(mark.BELOW)
    elif amount > order.most:
        found.append(mark.ABOVE)
    if order.rate and not rate:
        found.append(mark.NO_RATE)
    elif order.rate and _as_written(rate) != _as_written(order.rate):
        found.append(mark.RATE)
    return found


def _as_written(rate: str) -> str:
    """The rate without what does not tell two apart: capitals and spaces."""
    return "".join(rate.casefold().split())


def stop_of(readings: Sequence[Reading], answers: Sequence[Question]) -> Stop | None:
    """Why the drip may not run, by the newest standing blood pressure and saturation; None when nothing is in the way.

    `readings` and `answers` in order of time. A doctor's “go ahead” opens it for the readings written before it, not
    for a new one.
    """
    standing = [one for one in reversed(readings) if one.struck_at is None]
    pressure = next((one for one in standing if one.systolic is not None), None)
    saturation = next((one for one in standing if one.spo2 is not None), None)
    over = []
    if pressure is not None and {"systolic", "diastolic"} & set(pressure.over):
        over.append(pressure)
    if saturation is not None and "spo2" in saturation.over and saturation not in over:
        over.append(saturation)
    if not over:
        return None
    written = max(one.recorded_at for one in over)
    said = [one for one in answers if one.about == Question.About.READING]
    last = said[-1] if said and cast(datetime, said[-1].answered_at) >= written else None
    if last is not None and last.answer == Question.Answer.GO_AHEAD:
        return None
    return Stop(tuple(over), last)


class Chair:
    """Everything noted at one visit, each kind in one query when it is asked for."""

    def __init__(self, visit: Appointment) -> None:
        self.visit = visit
        self.order = order_for(visit)
        self.readings = list(visit.readings.select_related("recorded_by", "struck_by").order_by("at", "recorded_at"))
        self.doses = list(visit.doses.select_related("recorded_by", "struck_by", "order").order_by("at", "recorded_at"))
        self.pauses = list(visit.pauses.order_by("since"))
        self.effects = list(visit.sideeffects.select_related("recorded_by", "struck_by").order_by("at"))
        self.events = list(visit.adverseevents.select_related("recorded_by", "struck_by", "doctor_told").order_by("at"))
        self.questions = list(visit.questions.select_related("asked_by", "answered_by").order_by("asked_at"))
        self.corrections = list(visit.time_corrections.select_related("corrected_by").order_by("corrected_at"))

    @property
    def stop(self) -> Stop | None:
        """Why the drip may not run."""
        return stop_of(self.readings, answers_in_order(self.questions))

    @property
    def pause(self) -> Pause | None:
        """The pause that lasts, if one does."""
        return next((one for one in self.pauses if one.until is None), None)

    @property
    def weight(self) -> Reading | None:
        """The newest standing reading with a weight."""
        return next((one for one in reversed(self.readings) if one.weight is not None and one.struck_at is None), None)

    @property
    def waiting(self) -> list[Question]:
        """What a doctor was asked and has not answered."""
        return [one for one in self.questions if not one.answer]


def answers_in_order(questions: Sequence[Question]) -> list[Question]:
    """Those that a doctor has answered, oldest answer first; what was withdrawn is no answer."""
    given = [one for one in questions if one.answer and one.answer != Question.Answer.WITHDRAWN]
    return sorted(given, key=lambda one: cast(datetime, one.answered_at))


def stop_at(visit: Appointment) -> Stop | None:
    """`stop_of` for one visit: two queries."""
    readings = list(Reading.objects.filter(appointment=visit).order_by("at", "recorded_at"))
    return stop_of(readings, answers_in_order(list(Question.objects.filter(appointment=visit))))


def standing_readings(visit: Appointment) -> list[Reading]:
    """The visit's readings that nobody struck out, oldest first."""
    return list(Reading.objects.filter(appointment=visit, struck_at=None).order_by("at", "recorded_at"))


def paused_for(pauses: Iterable[Pause], now: datetime | None = None) -> timedelta:
    """How long the drip has stood still in all, a pause that lasts counted until `now`."""
    until = now or clock.now()
    return sum((max((one.until or until) - one.since, timedelta()) for one in pauses), timedelta())


def grave_and_untold(visit: Appointment) -> list[AdverseEvent]:
    """Severe events that stand and that no doctor knows of by the record."""
    return list(
        AdverseEvent.objects.filter(
            appointment=visit, struck_at=None, severity__in=AdverseEvent.GRAVE, doctor_told__isnull=True
        )
    )


#: Every note that can be struck out, by the word that forms use.
NOTES: dict[str, type[Noted]] = {"reading": Reading, "dose": Dose, "effect": SideEffect, "event": AdverseEvent}
