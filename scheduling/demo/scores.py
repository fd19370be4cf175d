"""Outcome scores for demo patients: pain falls after each infusion and comes back over the weeks, with a little
noise."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import uuid5

from clinic import clock
from clinic.actor import Actor
from patients import actions as people
from patients.models import Measure, Observation, Patient
from scheduling.models import Appointment

BASELINE = 7.0
#: Points of pain that one infusion takes away, and the days after which half of it is back.
DROP, HALF_LIFE_DAYS = 2.4, 16.0
EVERY_DAYS = 3
#: Whose PHQ-9 comes from paper, as a total.
TYPED = "Abernathy"
#: Days after a treatment until which the patient goes on reporting, so that the end of its relief is seen.
FOLLOWED_DAYS = 24


def pain(day: float, infusions: Sequence[float]) -> float:
    """The score (0-10) on `day`, given the days of the infusions before it."""
    relief = sum(DROP * math.exp2((given - day) / HALF_LIFE_DAYS) for given in infusions if given <= day)
    return max(1.0, BASELINE - min(relief, BASELINE - 1.5))


def report(patient: Patient, by: Actor, visits: Sequence[Appointment], *, until: datetime) -> None:
    """Write a pain score each EVERY_DAYS days from the first of `visits` to `until`, and the two questionnaires at the
    first one and every twelve weeks.
    """
    noise = Random(patient.record_number)  # noqa: S311 -- demo data, not a secret
    first = visits[0].starts
    given = [(visit.starts - first).total_seconds() / 86400 for visit in visits if visit.starts < until]
    end = min((until - first).total_seconds() / 86400, (given[-1] + FOLLOWED_DAYS) if given else 0)
    day = 0
    while day < end:
        at = first + timedelta(days=day, hours=10)
        if at < until:
            level = pain(float(day), given)
            _write(patient, by, Measure.PAIN, round(level + noise.uniform(-0.6, 0.6)), at)
            if day % 84 == 0:
                _write(patient, by, Measure.FIQR, round(level * 9 + noise.uniform(-4, 4)), at)
                _answer(patient, by, round(level * 2 + noise.uniform(-1, 1)), at)
        day += EVERY_DAYS


def _write(patient: Patient, by: Actor, measure: Measure, value: int, at: datetime) -> None:
    said = f"{measure} {at:%Y-%m-%d}"
    if Observation.objects.filter(patient=patient, measure=measure, source_id=said).exists():
        # The day was told with the visits before.
        return
    with clock.at_moment(at):
        people.record_observation(
            by=by,
            patient=patient,
            measure=measure,
            value=value,
            effective_at=at,
            source=Observation.Source.PATIENT,
            source_id=said,
        )


def _answer(patient: Patient, by: Actor, total: int, at: datetime) -> None:
    """The PHQ-9 as the patient answered it, with nothing on item 9; of TYPED only the total is known."""
    if patient.family_name == TYPED:
        _write(patient, by, Measure.PHQ9, total, at)
        return
    items = [total // 8 + (number < total % 8) for number in range(8)]
    key = uuid5(patient.pk, f"phq9 {at:%Y-%m-%d}")
    with clock.at_moment(at):
        people.answer_questionnaire(
            by=patient.as_actor,
            patient=patient,
            measure=Measure.PHQ9,
            items=[*items, 0],
            key=key,
        )
