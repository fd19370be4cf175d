"""What was answered and measured: screenings and observations."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import uuid4

from django.utils.translation import gettext as _

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused
from patients import flags
from patients.actions.checks import home_site
from patients.models import (
    RANGES,
    Measure,
    Observation,
    Patient,
    Questionnaire,
    Screening,
)

ANSWERS = ("yes", "no", "unsure")
#: Clocks of other machines run fast; a reading from further ahead than this is an error.
CLOCK_SKEW = timedelta(minutes=15)
#: A value is kept to two decimals.
HUNDREDTH = Decimal("0.01")


@action
def record_screening(
    *, by: Actor, patient: Patient, answers: Mapping[str, str], medicines: str = "", version: int | None = None
) -> Screening:
    """Record the answers to the current questionnaire, {question id: "yes" | "no" | "unsure"}, and raise or withdraw
    their flags, and those of the medicines named. `version`: of the questions as they were read (None: the current).

    Raises Refused when a question is unanswered, unknown, or answered by another word, and when the questions have
    changed since they were read.
    """
    locks.take([locks.patient(patient.pk)])
    questionnaire = Questionnaire.objects.get(is_current=True)
    if version is not None and version != questionnaire.version:
        raise Refused(
            _("The questions have changed while you read them. What you answered is kept; look at them once more.")
        )
    asked = {question["id"]: question["text"]["en"] for question in questionnaire.questions}
    if set(answers) - set(asked):
        raise Refused(
            _("The questions have changed since this form was opened. Nothing was saved; open the form again.")
        )
    for name, text in asked.items():
        if answers.get(name) not in ANSWERS:
            raise Refused(
                _("“%(question)s” has no answer. Nothing was saved; answer yes, no or not sure.") % {"question": text},
                field=name,
            )
    screening = Screening.objects.create(
        patient=patient,
        questionnaire=questionnaire,
        answers={name: answers[name] for name in asked},
        medicines=medicines.strip(),
        answered_at=clock.now(),
        recorded_by=by.user,
    )
    flags.judge_answers(screening, questionnaire)
    flags.judge_medicines(screening)
    return screening


@action
def record_observation(
    *,
    by: Actor,
    patient: Patient,
    measure: str,
    value: Decimal | float | int | str,
    effective_at: datetime,
    source: str,
    source_id: str = "",
    resting: bool = False,
) -> Observation:
    """Record one value of one measure (units and ranges: patients.models.RANGES) at one moment (aware).

    The same `source_id` again returns what is there when the value agrees. `resting`: a blood pressure taken at rest
    outside an infusion; a high one raises a flag. Raises Refused for a value that is no number or out of range, a
    moment in the future or before the birth, for another value under the same `source_id`, and, unless it was imported,
    for another value of the same measure at the very same moment."""
    locks.take([locks.patient(patient.pk)])
    number = _number(value, Measure(measure))
    if effective_at > clock.now() + CLOCK_SKEW:
        raise Refused(_("That time lies in the future. Nothing was saved; correct it."), field="effective_at")
    zone = home_site(patient).zone
    if clock.local(effective_at, zone).date() < patient.birth_date:
        raise Refused(_("That date lies before the patient's birth. Nothing was saved."), field="effective_at")
    _check_alone(patient, measure, number, effective_at, source, source_id)
    observation, is_new = Observation.objects.get_or_create(
        patient=patient,
        measure=measure,
        source=source,
        source_id=source_id or uuid4().hex,
        defaults={"value": number, "effective_at": effective_at, "recorded_by": by.user},
    )
    if not is_new and observation.value != number:
        raise Refused(
            _("Another value was recorded here already (%(value)s). It was kept; nothing was changed.")
            % {"value": f"{observation.value.normalize():f}"},
            field="value",
        )
    if resting and measure in {Measure.SYSTOLIC, Measure.DIASTOLIC}:
        _judge_reading(patient, observation)
    return observation


@action
def record_own_score(*, by: Actor, patient: Patient, value: Decimal | int | str) -> Observation:
    """The patient says how strong the pain is today (0-10, as RANGES has it): one value for each local day of the site
    that the patient comes to. Another one on the same day takes its place; the trail keeps both.

    Raises Refused for a value that is none, and NotAllowed for somebody else's score.
    """
    if by.kind == "patient" and by.id != str(patient.pk):
        raise NotAllowed(_("This page is not yours."))
    locks.take([locks.patient(patient.pk)])
    number = _number(value, Measure.PAIN)
    observation, _is_new = Observation.objects.update_or_create(
        patient=patient,
        measure=Measure.PAIN,
        source=Observation.Source.PATIENT,
        source_id=from_the_page(clock.today(home_site(patient).zone)),
        defaults={"value": number, "effective_at": clock.now(), "recorded_by": by.user},
    )
    return observation


def from_the_page(day: date) -> str:
    """What a score given on the patient's page on that local day comes from (`source_id`): another one takes its place,
    and not that of one given in another way.
    """
    return f"page {day}"


def _check_alone(
    patient: Patient, measure: str, number: Decimal, effective_at: datetime, source: str, source_id: str
) -> None:
    """Two values of one measure at one moment cannot both be true; what another system sent is kept as it came."""
    if source == Observation.Source.IMPORT:
        return
    same = Observation.objects.filter(patient=patient, measure=measure, effective_at=effective_at)
    there = same.exclude(source=source, source_id=source_id).exclude(value=number).first()
    if there is not None:
        raise Refused(
            _("%(measure)s has a value at that very time already (%(value)s). Nothing was saved; correct the time.")
            % {"measure": there.get_measure_display(), "value": f"{there.value.normalize():f}"},
            field="effective_at",
        )


def _judge_reading(patient: Patient, observation: Observation) -> None:
    """Look at both halves of the reading that the observation belongs to."""
    halves = dict(
        Observation.objects.filter(
            patient=patient,
            source=observation.source,
            source_id=observation.source_id,
            measure__in=[Measure.SYSTOLIC, Measure.DIASTOLIC],
        ).values_list("measure", "value")
    )
    flags.judge_pressure(
        patient,
        systolic=halves.get(Measure.SYSTOLIC),
        diastolic=halves.get(Measure.DIASTOLIC),
        on=clock.local(observation.effective_at, home_site(patient).zone).date(),
    )


def _number(value: Any, measure: Measure) -> Decimal:
    low, high = RANGES[measure]
    try:
        number = Decimal(str(value))
        fits = number.is_finite() and low <= number <= high
    except (InvalidOperation, ValueError):
        fits = False
    if not fits:
        raise Refused(
            _("%(measure)s is a number from %(low)s to %(high)s. Nothing was saved; correct it.")
            % {"measure": measure.label, "low": low, "high": high},
            field="value",
        )
    if measure is Measure.PHQ9 and number != number.to_integral_value():
        # Nine whole answers added; pain on a line of ten centimetres may well have a tenth.
        raise Refused(
            _("%(measure)s is a whole number. Nothing was saved; correct it.") % {"measure": measure.label},
            field="value",
        )
    return number.quantize(HUNDREDTH)
