"""The shapes of many visits, each read once: what a visit takes by its protocol version and a doctor's conditions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from django.utils.functional import cached_property

from scheduling.models import Appointment, ProtocolVersion
from scheduling.planner.values import Kind, Lane, VisitShape
from scheduling.selectors.care import PLAIN, Care, special_cares
from scheduling.selectors.shapes import BED, KnownVersion, known_versions, rest_of

#: An id as whoever asks has it: a UUID, or its text.
Id = TypeVar("Id", UUID, str)


class Booked(NamedTuple, Generic[Id]):
    """What of a visit decides whether it is covered; `doctor` is a resource. Thousands are looked at for each one that
    is not: as model instances with their relations they took longer to make than to check.
    """

    pk: Id
    patient_id: UUID
    starts: datetime
    ends: datetime
    protocol_version_id: UUID
    mode: str
    doctor: int | None


#: What of an Appointment a Booked is made of.
BOOKED = (*Booked._fields[:-1], "practitioner__resource_id")


class KnownShape:
    """The shape of some visits, with what is asked of it for each of them."""

    def __init__(self, shape: VisitShape, care: Care = PLAIN) -> None:
        self.shape = shape
        #: Whether a doctor wants the patient in a bed at these visits.
        self.needs_bed = care.bed and shape.chair_kinds == BED
        self.needs_presence = any(need.lane is Lane.PRESENCE for phase in shape.phases for need in phase.needs)
        self._least: dict[int, int] = {}

    def least(self, done: int) -> int:
        """What the rest of a visit after its first `done` cells holds at the least (`area_of`)."""
        if done not in self._least:
            self._least[done] = area_of(rest_of(self.shape, done))
        return self._least[done]


class Shapes:
    """Shapes of visits, read once for each protocol version and whatever a doctor's conditions add to it. `versions`:
    those that are known already.
    """

    def __init__(self, versions: Mapping[UUID, KnownVersion] | None = None) -> None:
        self._versions = dict(versions or {})
        self._known: dict[Any, KnownShape] = {}

    @cached_property
    def _cares(self) -> dict[UUID, Care]:
        """What some patients need beyond the protocol; one query for all of them."""
        return special_cares()

    def known(self, visit: Appointment | Booked[Any]) -> KnownShape:
        """What is known of the shape of `visit`."""
        if isinstance(visit, Booked):
            doctor = visit.doctor
        else:
            doctor = visit.practitioner.resource_id if visit.practitioner is not None else None
        care = self._cares.get(visit.patient_id, PLAIN)
        return self._look(visit.protocol_version_id, visit.mode, doctor, care)

    def of(self, visit: Appointment | Booked[Any]) -> VisitShape:
        """The shape of `visit`."""
        return self.known(visit).shape

    def of_version(self, version: ProtocolVersion) -> VisitShape:
        """The shape of a visit in person, with whichever doctor."""
        return self._look(version.pk, Appointment.Mode.IN_PERSON, None, PLAIN).shape

    def _look(self, version: UUID, mode: str, doctor: int | None, care: Care) -> KnownShape:
        key = (version, mode, doctor, care)
        if key not in self._known:
            if version not in self._versions:
                self._versions |= known_versions([version])
            is_remote = mode != Appointment.Mode.IN_PERSON
            shape = self._versions[version].shape(doctor=doctor, is_remote=is_remote, care=care)
            self._known[key] = KnownShape(shape, care)
        return self._known[key]


def area_of(shape: VisitShape) -> int:
    """How many unit-cells a visit of the shape holds at the least: one that has fewer has lost some of its people."""
    needed, chairs = 0, []
    at = 0
    for phase in shape.phases:
        for need in phase.needs:
            if need.kind is Kind.CHAIR:
                chairs += [at, at + phase.cells]
            elif need.lane is not Lane.PRESENCE:
                needed += need.units * phase.cells
        at += phase.cells
    return needed + (chairs[-1] - chairs[0] + shape.turnover_cells if chairs else 0)
