"""What was measured, felt and given at each treatment of a course, in short words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from scheduling.models import Appointment, Dose, Reading, SideEffect


@dataclass(slots=True)
class VisitFacts:
    """One visit: its highest and last blood pressure, its side effects, the treatment given and other medicines."""

    pressure: str = ""
    effects: list[str] = field(default_factory=list)
    doses: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def facts_of(visits: Sequence[Appointment]) -> dict[UUID, VisitFacts]:
    """The facts by visit; what was struck out is left out. Three queries, however many visits."""
    found = {visit.pk: VisitFacts() for visit in visits}
    stands = {"appointment__in": list(found), "struck_at": None}
    pressures: dict[UUID, list[tuple[int, int]]] = {}
    for reading in Reading.objects.filter(**stands, systolic__isnull=False).order_by("at"):
        pressures.setdefault(reading.appointment_id, []).append((reading.systolic or 0, reading.diastolic or 0))
    for visit, values in pressures.items():
        found[visit].pressure = _range(values)
    for effect in SideEffect.objects.filter(**stands).order_by("at"):
        words = effect.words or effect.get_kind_display()
        line = f"{words} ({effect.get_strength_display()})"
        if line not in found[effect.appointment_id].effects:
            found[effect.appointment_id].effects.append(line)
    for dose in Dose.objects.filter(**stands).order_by("at"):
        facts = found[dose.appointment_id]
        (facts.doses if dose.is_treatment else facts.others).append(f"{dose.drug} {dose.amount_words}")
    return found


def _range(values: Sequence[tuple[int, int]]) -> str:
    """ "128/80, highest 152/91", or one pair where none was higher."""
    first, highest = values[0], max(values)
    words = f"{first[0]}/{first[1]}"
    return words if highest <= first else f"{words}, highest {highest[0]}/{highest[1]}"
