"""What the importer knows of a file: plain values, no Django."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

#: A value of a patient's field as an import brings it; None: known to be empty.
FieldValue = str | bool | date | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where and when a file is read: the site's country (telephone numbers) and zone (dates without a time), and now
    (aware)."""

    country: str
    zone: ZoneInfo
    now: datetime

    @property
    def today(self) -> date:
        """The site's date."""
        return self.now.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Coding:
    """One code of a CodeableConcept."""

    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True)
class ConditionRecord:
    """One Condition. `codings` is never empty; `clinical_status` is a code of FHIR condition-clinical.

    `is_real` is False for one that was refuted or entered in error.
    """

    source_id: str
    codings: tuple[Coding, ...]
    clinical_status: str
    onset: date | None
    abatement: date | None
    is_real: bool


@dataclass(frozen=True, slots=True)
class ReadingRecord:
    """One value of one measure (a value of patients.models.Measure), to two decimals; `effective_at` is aware.

    `value` is None for a reading that was entered in error or cancelled: one known here goes.
    """

    source_id: str
    measure: str
    value: Decimal | None
    effective_at: datetime


@dataclass(slots=True)
class PersonRecord:
    """One Patient of a file and what the file says about him or her.

    `keys` are (system, value) pairs by which the person is found again, never empty. `fields` holds only what the
    file speaks of."""

    keys: tuple[tuple[str, str], ...]
    fields: dict[str, FieldValue]
    conditions: list[ConditionRecord] = field(default_factory=list)
    readings: list[ReadingRecord] = field(default_factory=list)
