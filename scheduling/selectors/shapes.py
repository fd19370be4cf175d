"""A protocol version as the planner's VisitShape."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Subquery

from clinic import clock
from clinic.models import StaffMember
from clinic.statements import Statement
from patients.models import Patient
from scheduling.models import Phase, ProtocolVersion
from scheduling.planner.values import Kind, Lane, Need, VisitShape
from scheduling.planner.values import Phase as PlannedPhase
from scheduling.selectors.care import PLAIN, Care, newest_yes

#: What a visit by video or telephone does without.
PLACES = frozenset({Kind.CHAIR, Kind.MONITOR})
#: Where somebody lies who needs a bed.
BED = frozenset({"bed"})


Row = tuple[Any, ...]
"""Of one need of one phase: the columns below, those of the need None where the phase has none."""
_COLUMNS = ("position", "kind", "minutes", "needs__kind", "needs__lane", "needs__units", "needs__alone")


def shape_for(
    version: ProtocolVersion, patient: Patient | UUID, *, doctor: StaffMember | None = None, is_remote: bool = False
) -> VisitShape:
    """The shape of this patient's visits by `version`: a doctor's conditions change what a treatment takes. One query,
    as without them: every booking asks.
    """
    if not version.needs_clearance:
        return visit_shape(version, doctor=doctor, is_remote=is_remote)
    rows = _WITH_CARE.rows(version.pk, patient.pk if isinstance(patient, Patient) else patient)
    *_, bed, extra_watch = rows[0] if rows else (None, None)
    care = Care(bed, extra_watch) if bed is not None else PLAIN
    return _shape([row[: len(_COLUMNS)] for row in rows], version, _resource(doctor), is_remote, care)


def visit_shape(version: ProtocolVersion, *, doctor: StaffMember | None = None, is_remote: bool = False) -> VisitShape:
    """The phases of `version` in cells, each rounded up to whole cells, with what they need by the protocol alone.

    `doctor`: only this one will do. `is_remote`: by video or telephone, so without chair and monitor.
    """
    return _shape(_PLAIN.rows(version.pk), version, _resource(doctor), is_remote, PLAIN)


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """What of a protocol version the visits of a whole day are looked at with, read once for all of them."""

    needs_ride: bool
    needs_clearance: bool
    chair_kinds: Sequence[str]
    turnover_minutes: int
    rows: Sequence[Row]

    @property
    def phases(self) -> list[tuple[str, int]]:
        """Kind and minutes of each, in order."""
        return [(kind, minutes) for (_, kind, minutes), _ in groupby(self.rows, key=lambda row: row[:3])]

    def shape(self, *, doctor: int | None, is_remote: bool, care: Care) -> VisitShape:
        """As `shape_for` has it; `doctor`: the resource of the only one who will do. No query."""
        return _shape(self.rows, self, doctor, is_remote, care if self.needs_clearance else PLAIN)


def known_versions(versions: Collection[UUID]) -> dict[UUID, KnownVersion]:
    """The protocol versions with these ids; one query."""
    own = ("pk", "needs_ride", "needs_clearance", "chair_kinds", "turnover_minutes")
    found = (
        ProtocolVersion.objects.filter(pk__in=versions)
        .order_by("pk", "phases__position", "phases__needs__pk")
        .values_list(*own, *(f"phases__{name}" for name in _COLUMNS))
    )
    return {
        pk: KnownVersion(
            ride, clearance, kinds, minutes, [row[len(own) :] for row in rows if row[len(own)] is not None]
        )
        for (pk, ride, clearance, kinds, minutes), rows in groupby(found, key=lambda row: row[: len(own)])
    }


def _resource(doctor: StaffMember | None) -> int | None:
    return doctor.resource_id if doctor is not None else None


def _rows(version: UUID) -> QuerySet[Phase]:
    """Every need of every phase, in order; a phase without needs is one row."""
    return Phase.objects.filter(version=version).order_by("position", "needs__pk")


def _rows_with_care(version: UUID, patient: UUID) -> QuerySet[Phase, Any]:
    """The same with what the patient's newest yes asks for; None where there is none."""
    bed, extra_watch = (Subquery(newest_yes(patient).values(name)[:1]) for name in ("needs_bed", "extra_watch"))
    return _rows(version).annotate(bed=bed, extra_watch=extra_watch).values_list(*_COLUMNS, "bed", "extra_watch")


_PLAIN = Statement(lambda version: _rows(version).values_list(*_COLUMNS), 1)
_WITH_CARE = Statement(_rows_with_care, 2)


def _shape(
    rows: Iterable[Row], version: ProtocolVersion | KnownVersion, doctor: int | None, is_remote: bool, care: Care
) -> VisitShape:
    phases = groupby(rows, key=lambda row: row[:3])
    return VisitShape(
        phases=tuple(
            PlannedPhase(kind, _cells(minutes), _needs((row[3:] for row in group), is_remote, care.extra_watch))
            for (_, kind, minutes), group in phases
        ),
        chair_kinds=BED if care.bed else frozenset(version.chair_kinds),
        turnover_cells=0 if is_remote else _cells(version.turnover_minutes),
        doctor=doctor,
    )


def rest_of(shape: VisitShape, done: int, *, keeps_place: bool = False) -> VisitShape:
    """What is left of a visit after its first `done` cells; phases that are over are left out.

    `keeps_place`: the patient stays in the chair, so that the rest needs none, nor a monitor.
    """
    phases, left_out = [], done
    for phase in shape.phases:
        cells = min(phase.cells, phase.cells - left_out)
        left_out = max(0, left_out - phase.cells)
        if cells > 0:
            needs = tuple(need for need in phase.needs if not (keeps_place and need.kind in PLACES))
            phases.append(PlannedPhase(phase.name, cells, needs))
    return replace(shape, phases=tuple(phases), turnover_cells=0 if keeps_place else shape.turnover_cells)


def _needs(rows: Iterable[tuple[Any, ...]], is_remote: bool, extra_watch: int) -> tuple[Need, ...]:
    """Rows of (kind, lane, units, alone); a phase without needs comes as one row without a kind."""
    needs = (
        Need(Kind(kind), Lane(lane), units + (extra_watch if lane == Lane.WATCH else 0), alone)
        for kind, lane, units, alone in rows
        if kind is not None
    )
    return tuple(need for need in needs if not (is_remote and need.kind in PLACES))


def _cells(minutes: int) -> int:
    return -(-minutes // clock.CELL_MINUTES)
