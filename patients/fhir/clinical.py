"""Condition and Observation resources: what may stand against a treatment, pain scores and blood pressure.

Codes: LOINC 72514-3 (pain severity 0-10), 55284-4 and 85354-9 (blood pressure panels) with 8480-6 (systolic) and
8462-4 (diastolic), in mm[Hg]."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from patients.fhir.dates import read_day, read_moment
from patients.fhir.json_tree import BadFile, Node, fits
from patients.fhir.records import Coding, ConditionRecord, ReadingRecord, Surroundings
from patients.models import RANGES, Measure

LOINC = "http://loinc.org"
MEASURES = {"72514-3": Measure.PAIN, "8480-6": Measure.SYSTOLIC, "8462-4": Measure.DIASTOLIC}
PANELS = frozenset({"55284-4", "85354-9"})
PRESSURE_UNITS = frozenset({"mm[Hg]", "mmHg", "mm Hg"})
CLINICAL_STATUSES = frozenset({"active", "recurrence", "relapse", "inactive", "remission", "resolved"})
UNREAL = frozenset({"refuted", "entered-in-error"})
HUNDREDTH = Decimal("0.01")


def _codings(concept: Node | None) -> tuple[Coding, ...]:
    """The codes of a CodeableConcept, each with words; one without a code when there is only text."""
    if concept is None:
        return ()
    text = concept.text("text")
    found = [
        Coding(
            fits(coding.text("system"), 200, f"{coding.path}.system"),
            fits(coding.text("code"), 40, f"{coding.path}.code"),
            fits(coding.text("display") or text or coding.text("code"), 300, f"{coding.path}.display"),
        )
        for coding in concept.nodes("coding")
        if coding.text("code")
    ]
    if not found and text:
        found.append(Coding("", "", fits(text, 300, f"{concept.path}.text")))
    return tuple(found)


def _first_code(concept: Node | None) -> str:
    codings = concept.nodes("coding") if concept is not None else []
    return codings[0].text("code") if codings else ""


def _source_id(resource: Node, full_url: str, *described_by: object) -> str:
    """The resource's id, else its address in the bundle, else a digest of what it says: the same in each copy of the
    file."""
    own = resource.text("id") or full_url
    if not own:
        own = hashlib.sha256("|".join(map(str, described_by)).encode()).hexdigest()
    return fits(own, 200, f"{resource.path}.id")


def read_condition(condition: Node, full_url: str, around: Surroundings) -> ConditionRecord | None:
    """What a Condition says; None for one that names no condition at all. Raises BadFile when anything is wrong."""
    codings = _codings(condition.node("code"))
    if not codings:
        return None
    period, ending = condition.node("onsetPeriod"), condition.node("abatementPeriod")
    onset = read_day(condition, "onsetDateTime", around) or (read_day(period, "start", around) if period else None)
    abatement = read_day(condition, "abatementDateTime", around) or (
        read_day(ending, "end", around) if ending else None
    )
    status = _first_code(condition.node("clinicalStatus"))
    if not status:
        has_ended = any(key.startswith("abatement") for key in condition.value)
        status = "resolved" if has_ended else "active"
    if status not in CLINICAL_STATUSES:
        raise BadFile(f"{condition.path}.clinicalStatus is not a code of FHIR's condition-clinical.")
    return ConditionRecord(
        source_id=_source_id(condition, full_url, codings[0].system, codings[0].code, codings[0].display, onset),
        codings=codings,
        clinical_status=status,
        onset=onset,
        abatement=abatement,
        is_real=_first_code(condition.node("verificationStatus")) not in UNREAL,
    )


def is_wanted(observation: Node) -> bool:
    """Whether an Observation is a pain score or a blood pressure; every other is passed over unread."""
    codes = _loinc(observation)
    return bool(codes & (PANELS | MEASURES.keys()))


def _loinc(node: Node) -> set[str]:
    concept = node.node("code")
    if concept is None:
        return set()
    return {coding.text("code") for coding in concept.nodes("coding") if coding.text("system") == LOINC}


def read_readings(observation: Node, full_url: str, around: Surroundings) -> list[ReadingRecord]:
    """The values in an Observation that `is_wanted`: none when it says that there is no value.

    Raises BadFile for a value out of range (patients.models.RANGES), in another unit, or without a time.
    """
    effective = _effective(observation, around)
    is_real = observation.text("status") not in {"entered-in-error", "cancelled"}
    source_id = _source_id(observation, full_url, sorted(_loinc(observation)), effective)
    readings = []
    for measure, holder in _holders(observation):
        value = _value(holder, measure)
        if value is not None:
            readings.append(ReadingRecord(source_id, measure.value, value if is_real else None, effective))
    if len({reading.measure for reading in readings}) < len(readings):
        raise BadFile(f"{observation.path} holds two values of one measure.")
    return readings


def _holders(observation: Node) -> Iterator[tuple[Measure, Node]]:
    """Each measure of the observation with the node that holds its value."""
    for node in (observation, *observation.nodes("component")):
        for code in sorted(_loinc(node) & MEASURES.keys()):
            yield MEASURES[code], node


def _effective(observation: Node, around: Surroundings) -> datetime:
    period = observation.node("effectivePeriod")
    effective = read_moment(observation, "effectiveDateTime", around) or read_moment(
        observation, "effectiveInstant", around
    )
    if effective is None and period is not None:
        effective = read_moment(period, "start", around) or read_moment(period, "end", around)
    if effective is None:
        raise BadFile(f"{observation.path} has no time at which it was measured.")
    return effective


def _value(holder: Node, measure: Measure) -> Decimal | None:
    quantity = holder.node("valueQuantity")
    if quantity is None:
        value = holder.number("valueInteger")
        path = f"{holder.path}.valueInteger"
    else:
        value = quantity.number("value")
        path = f"{quantity.path}.value"
        unit = quantity.text("code") or quantity.text("unit")
        if measure is not Measure.PAIN and unit and unit not in PRESSURE_UNITS:
            raise BadFile(f"{quantity.path} is not in mm[Hg].")
        if value is not None and quantity.text("comparator"):
            raise BadFile(f"{quantity.path} is no exact value.")
    if value is None:
        return None
    low, high = RANGES[measure]
    if not low <= value <= high:
        raise BadFile(f"{path} is out of range: {measure.label} goes from {low} to {high}.")
    return value.quantize(HUNDREDTH)
