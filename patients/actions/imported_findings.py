"""The conditions and readings of an imported person: kept as they came, compared with what is here, judged by the
rules of flags.

A finding is known by its id. Other systems give new ids when they export again, so that one which agrees in code and
onset (a condition), or in measure, time and value (a reading), with one that the file does not otherwise mention, is
that one."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from clinic import clock
from clinic.models import Site
from patients import flags
from patients.fhir.records import Coding, ConditionRecord, PersonRecord, ReadingRecord
from patients.models import Condition, FlagCode, Measure, Observation, Patient

SNOMED = "http://snomed.info/sct"
_PRESSURE = (Measure.SYSTOLIC, Measure.DIASTOLIC)


def write(patient: Patient, record: PersonRecord, site: Site) -> bool:
    """Bring conditions, readings and their flags up to the record. True when anything changed. Inside an action
    only."""
    conditions_changed = _write_conditions(patient, record.conditions)
    changed_measures = _write_readings(patient, record.readings)
    if changed_measures & set(_PRESSURE):
        _judge_latest_pressure(patient, site)
    return conditions_changed or bool(changed_measures)


def _write_conditions(patient: Patient, records: Iterable[ConditionRecord]) -> bool:
    records = list(records)
    codes = _wanted_codes(records)
    known = {row.source_id: row for row in Condition.objects.filter(patient=patient)}
    claimed = {record.source_id for record in records}
    free = {(row.system, row.code, row.onset): row for row in known.values() if row.source_id not in claimed}
    fresh: list[Condition] = []
    changed = False
    for record in records:
        coding = _choose(record.codings, codes)
        row = known.get(record.source_id) or free.pop((coding.system, coding.code, record.onset), None)
        if not record.is_real:
            changed |= row is not None and _drop(patient, row)
        elif row is None:
            fresh.append(_fill(Condition(patient=patient, source_id=record.source_id), record, coding))
        else:
            changed |= _update_condition(patient, row, record, coding, codes)
    Condition.objects.bulk_create(fresh)
    for row in fresh:
        flags.judge_condition(patient, row, codes)
    return changed or bool(fresh)


def _wanted_codes(records: Iterable[ConditionRecord]) -> dict[tuple[str, str], FlagCode]:
    wanted = {coding.code for record in records for coding in record.codings}
    return flags.codes_by_key(FlagCode.objects.filter(code__in=wanted))


def _choose(codings: tuple[Coding, ...], codes: Mapping[tuple[str, str], FlagCode]) -> Coding:
    """The coding to keep: one that raises a flag, else SNOMED CT, else the first."""
    for coding in codings:
        if (coding.system, coding.code) in codes:
            return coding
    return next((coding for coding in codings if coding.system == SNOMED), codings[0])


def _fill(row: Condition, record: ConditionRecord, coding: Coding) -> Condition:
    row.system, row.code, row.display = coding.system, coding.code, coding.display
    row.clinical_status, row.onset, row.abatement = record.clinical_status, record.onset, record.abatement
    return row


def _update_condition(
    patient: Patient,
    row: Condition,
    record: ConditionRecord,
    coding: Coding,
    codes: Mapping[tuple[str, str], FlagCode],
) -> bool:
    before = (row.system, row.code, row.display, row.clinical_status, row.onset, row.abatement)
    was_active = row.clinical_status in flags.ACTIVE
    _fill(row, record, coding)
    if before == (row.system, row.code, row.display, row.clinical_status, row.onset, row.abatement):
        return False
    row.save()
    flags.judge_condition(patient, row, codes, was_active=was_active)
    return True


def _drop(patient: Patient, row: Condition) -> bool:
    """It was none after all. The audit trail keeps what it said."""
    flags.forget_condition(patient, row.source_id)
    row.delete()
    return True


def _write_readings(patient: Patient, records: Iterable[ReadingRecord]) -> set[Measure]:
    """The measures of which something was added, changed or removed."""
    records = list(records)
    rows = Observation.objects.filter(patient=patient, source=Observation.Source.IMPORT)
    known = {(row.source_id, row.measure): row for row in rows}
    claimed = {(record.source_id, record.measure) for record in records}
    free = {
        (row.measure, row.effective_at, row.value): row for row in rows if (row.source_id, row.measure) not in claimed
    }
    fresh: list[Observation] = []
    changed: set[Measure] = set()
    for record in records:
        row = known.get((record.source_id, record.measure))
        if row is None and record.value is not None:
            row = free.pop((record.measure, record.effective_at, record.value), None)
        if row is None and record.value is not None:
            fresh.append(_observation(patient, record, record.value))
        elif row is not None and _update_reading(row, record):
            changed.add(Measure(record.measure))
    Observation.objects.bulk_create(fresh)
    return changed | {Measure(row.measure) for row in fresh}


def _observation(patient: Patient, record: ReadingRecord, value: Decimal) -> Observation:
    return Observation(
        patient=patient,
        measure=record.measure,
        value=value,
        effective_at=record.effective_at,
        source=Observation.Source.IMPORT,
        source_id=record.source_id,
    )


def _update_reading(row: Observation, record: ReadingRecord) -> bool:
    if record.value is None:
        row.delete()
        return True
    if (row.value, row.effective_at) == (record.value, record.effective_at):
        return False
    row.value, row.effective_at = record.value, record.effective_at
    row.save(update_fields=["value", "effective_at"])
    return True


def _judge_latest_pressure(patient: Patient, site: Site) -> None:
    """Judge the latest imported blood pressure; older ones are history."""
    imported = Observation.objects.filter(patient=patient, source=Observation.Source.IMPORT, measure__in=_PRESSURE)
    latest = imported.order_by("-effective_at").first()
    if latest is None:
        return
    halves = dict(imported.filter(effective_at=latest.effective_at).values_list("measure", "value"))
    flags.judge_pressure(
        patient,
        systolic=halves.get(Measure.SYSTOLIC),
        diastolic=halves.get(Measure.DIASTOLIC),
        on=clock.local(latest.effective_at, site.zone).date(),
    )
