"""The rules by which a finding becomes a flag. A flag never refuses by itself: a doctor decides in sight of it.

Called inside actions only. A flag that its source withdraws (a condition resolved, an answer changed to no) stays as
a row with `withdrawn_at`; when the source finds it again, it is new again and waits for a doctor."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from clinic import clock
from patients.models import Condition, Flag, FlagCode, FlagKind, Patient, Questionnaire, Screening

#: FHIR condition-clinical codes that mean "has it now".
ACTIVE = frozenset({"active", "recurrence", "relapse"})

#: mmHg. A resting reading of at least this raises a flag: hypertension of grade 2 in the ESC/ESH guidelines of 2018
#: (160-179 or 100-109). Spravato's label asks to weigh the risk from above 140/90 on the day; that is for the gate
#: before the drip, not for a flag.
HIGH_SYSTOLIC = Decimal(160)
HIGH_DIASTOLIC = Decimal(100)

#: All readings share one flag: once a doctor has decided about it, later high readings do not stop a series again.
READING = "blood-pressure"
#: How the flag of a medicine that the patient names is known again: this, and its name.
MEDICINE = "medicine:"
#: A medicine's name, as it is found in what a patient writes.
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a source says: `detail` in words (no patient's name), the code behind it, the day that it speaks of."""

    kind: str
    source: Flag.Source
    source_id: str
    detail: str
    code: str = ""
    dated: date | None = None


def _raise(patient: Patient, finding: Finding, *, worse: bool = False) -> bool:
    """Write the flag of `finding`; `worse` makes a flag that was decided already wait for a doctor again. True when
    something changed."""
    flag, is_new = Flag.objects.get_or_create(
        patient=patient,
        kind=finding.kind,
        source=finding.source,
        source_id=finding.source_id,
        defaults={
            "detail": finding.detail,
            "code": finding.code,
            "dated": finding.dated,
            "found_at": clock.now(),
        },
    )
    if is_new:
        return True
    before = (flag.detail, flag.code, flag.dated, flag.withdrawn_at, flag.decided_in_id)
    flag.detail, flag.code, flag.dated = finding.detail, finding.code, finding.dated
    if flag.withdrawn_at is not None or worse:
        flag.withdrawn_at, flag.decided_in, flag.found_at = None, None, clock.now()
    if before == (flag.detail, flag.code, flag.dated, flag.withdrawn_at, flag.decided_in_id):
        return False
    flag.save()
    return True


def withdraw(flags: Iterable[Flag]) -> bool:
    """Mark the flags as withdrawn; True when there was one to mark."""
    changed = False
    for flag in flags:
        flag.withdrawn_at = clock.now()
        flag.save(update_fields=["withdrawn_at"])
        changed = True
    return changed


def codes_by_key(codes: Iterable[FlagCode] | None = None) -> dict[tuple[str, str], FlagCode]:
    """The table of codes (all of it by default), by (system, code)."""
    return {(row.system, row.code): row for row in (FlagCode.objects.all() if codes is None else codes)}


def judge_condition(
    patient: Patient, condition: Condition, codes: Mapping[tuple[str, str], FlagCode], *, was_active: bool | None = None
) -> bool:
    """Raise, refresh or withdraw the flag of one condition. True when a flag changed.

    `was_active`: whether the condition was active before this change; None when it is new or unchanged. One that
    comes back waits for a doctor again."""
    row = codes.get((condition.system, condition.code))
    is_active = condition.clinical_status in ACTIVE
    standing = Flag.objects.filter(
        patient=patient, source=Flag.Source.CONDITION, source_id=condition.source_id, withdrawn_at=None
    )
    if row is None or not (is_active or row.when_resolved):
        return withdraw(standing)
    stale = withdraw(standing.exclude(kind=row.kind))
    finding = Finding(
        kind=row.kind,
        source=Flag.Source.CONDITION,
        source_id=condition.source_id,
        detail=_condition_in_words(condition),
        code=condition.code,
        dated=condition.onset,
    )
    return _raise(patient, finding, worse=is_active and was_active is False) or stale


def _condition_in_words(condition: Condition) -> str:
    system = "SNOMED CT" if condition.system == "http://snomed.info/sct" else condition.system
    words = f"{condition.display[:200]}, {system[:100]} {condition.code}, {condition.clinical_status}"
    if condition.onset:
        words += f" since {condition.onset:%Y-%m-%d}"
    if condition.abatement and condition.clinical_status not in ACTIVE:
        words += f" until {condition.abatement:%Y-%m-%d}"
    return words


def forget_condition(patient: Patient, source_id: str) -> bool:
    """The condition turned out to be none (refuted, entered in error): withdraw its flag. True when there was one."""
    return withdraw(
        Flag.objects.filter(patient=patient, source=Flag.Source.CONDITION, source_id=source_id, withdrawn_at=None)
    )


def judge_pressure(patient: Patient, *, systolic: Decimal | None, diastolic: Decimal | None, on: date) -> bool:
    """Raise or withdraw the flag of the latest resting blood pressure (mmHg; either half may be missing). True when a
    flag changed.

    Readings taken during an infusion must not come here: ketamine itself raises the pressure for a while.
    """
    high = (systolic is not None and systolic >= HIGH_SYSTOLIC) or (
        diastolic is not None and diastolic >= HIGH_DIASTOLIC
    )
    if not high:
        # One quiet reading takes back what a doctor has not looked at yet, and never what was decided upon.
        return withdraw(
            Flag.objects.filter(
                patient=patient,
                source=Flag.Source.READING,
                source_id=READING,
                withdrawn_at=None,
                decided_in=None,
            )
        )
    shown = "/".join("?" if half is None else f"{half.quantize(Decimal(1))}" for half in (systolic, diastolic))
    finding = Finding(
        kind=FlagKind.BLOOD_PRESSURE,
        source=Flag.Source.READING,
        source_id=READING,
        detail=f"Blood pressure {shown} mmHg on {on:%Y-%m-%d} (flagged from {HIGH_SYSTOLIC}/{HIGH_DIASTOLIC})",
        dated=on,
    )
    return _raise(patient, finding)


def judge_answers(screening: Screening, questionnaire: Questionnaire) -> bool:
    """Raise the flags of the questions answered yes or unsure, and withdraw those now answered no. True when a flag
    changed."""
    changed = False
    for question in questionnaire.questions:
        if not question.get("flag"):
            continue
        answer = screening.answers.get(question["id"])
        if answer == "no":
            changed |= withdraw(
                Flag.objects.filter(
                    patient=screening.patient,
                    source=Flag.Source.ANSWER,
                    source_id=question["id"],
                    withdrawn_at=None,
                )
            )
        elif answer in {"yes", "unsure"}:
            word = "Yes" if answer == "yes" else "Not sure"
            finding = Finding(
                kind=question["flag"],
                source=Flag.Source.ANSWER,
                source_id=question["id"],
                detail=f"{word}: {question['text']['en']}"[:400],
                # The day is left out on purpose: the same answer given again is no new finding.
            )
            changed |= _raise(screening.patient, finding)
    return changed


def is_one_word(name: str) -> bool:
    """Whether a medicine of that name can be found in what a patient writes."""
    return _WORD.fullmatch(name) is not None


def judge_medicines(screening: Screening) -> bool:
    """Raise a flag for each medicine of the table (`FlagCode.MEDICINE`) that the patient names as a word of its own,
    and withdraw those of earlier answers that are no longer named. True when a flag changed."""
    known = {row.code.casefold(): row for row in FlagCode.objects.filter(system=FlagCode.MEDICINE)}
    words = set(_WORD.findall(screening.medicines.casefold()))
    named = {word: known[word] for word in words & set(known)}
    gone = Flag.objects.filter(
        patient=screening.patient,
        source=Flag.Source.ANSWER,
        source_id__startswith=MEDICINE,
        withdrawn_at=None,
    ).exclude(source_id__in=[f"{MEDICINE}{word}" for word in named])
    changed = withdraw(gone)
    for word, row in sorted(named.items()):
        finding = Finding(
            kind=row.kind,
            source=Flag.Source.ANSWER,
            source_id=f"{MEDICINE}{word}",
            detail=f"Takes {word}: {row.display}"[:400],
            # The day is left out as with the answers: the same medicine named again is no new finding.
        )
        changed |= _raise(screening.patient, finding)
    return changed
