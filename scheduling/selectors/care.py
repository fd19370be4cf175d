"""What a doctor's conditions change about a patient's visits: where the patient lies, how much of a nurse is taken, how
high the pressure may be on the day. docs/decisions/conditions-the-program-acts-on.md.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from patients.models import Clearance, Patient
from scheduling.models import Appointment, ProtocolVersion


@dataclass(frozen=True, slots=True)
class Care:
    """What the visits of one patient take beyond their protocol: `bed`, whatever chairs it allows; `extra_watch`, units
    added to each phase that takes some of a nurse's watch.
    """

    bed: bool = False
    extra_watch: int = 0


#: What a patient needs without conditions.
PLAIN = Care()


def newest_yes(patient: Patient | UUID) -> QuerySet[Clearance]:
    """The patient's decisions that allow treatment, newest first."""
    return Clearance.objects.filter(patient=patient).yes().order_by("-decided_at")


def special_cares() -> dict[UUID, Care]:
    """The needs of everybody who has some: those that the newest yes names. A suspension after it keeps them, as its
    visits keep their time. One query, by the few that ever had some.
    """
    newest = (
        Clearance.objects.yes()
        .filter(patient__in=Clearance.objects.with_needs().values("patient"))
        .order_by("patient_id", "-decided_at")
        .distinct("patient_id")
    )
    found = {one.patient_id: _of(one) for one in newest}
    return {patient: care for patient, care in found.items() if care != PLAIN}


def _of(clearance: Clearance) -> Care:
    return Care(clearance.needs_bed, clearance.extra_watch)


@dataclass(frozen=True, slots=True)
class PressureLimits:
    """mmHg, at most, on the day; None: no limit. `by_doctor`: one of them is as low as it is by the clearance."""

    systolic: int | None
    diastolic: int | None
    by_doctor: bool = False

    @property
    def are_any(self) -> bool:
        """Whether the pressure is limited at all, so that it has to be taken before the drip starts."""
        return self.systolic is not None or self.diastolic is not None


def pressure_limits(visit: Appointment) -> PressureLimits:
    """The lower of what the protocol version and the newest yes allow, each for itself. One query."""
    version: ProtocolVersion = visit.protocol_version
    mine = PressureLimits(version.systolic_limit, version.diastolic_limit)
    if not version.needs_clearance:
        return mine
    newest = newest_yes(visit.patient_id).first()
    if newest is None:
        return mine
    both = PressureLimits(
        _lower(mine.systolic, newest.systolic_limit), _lower(mine.diastolic, newest.diastolic_limit), by_doctor=True
    )
    return both if (both.systolic, both.diastolic) != (mine.systolic, mine.diastolic) else mine


def _lower(one: int | None, other: int | None) -> int | None:
    return min((limit for limit in (one, other) if limit is not None), default=None)
