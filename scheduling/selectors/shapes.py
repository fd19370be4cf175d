"""A protocol version as the planner's VisitShape."""

from dataclasses import replace

from clinic import clock
from clinic.models import StaffMember
from scheduling.models import Phase, ProtocolVersion
from scheduling.planner.values import Kind, Lane, Need, VisitShape
from scheduling.planner.values import Phase as PlannedPhase

#: What a visit by video or telephone does without.
PLACES = frozenset({Kind.CHAIR, Kind.MONITOR})


def visit_shape(version: ProtocolVersion, *, doctor: StaffMember | None = None, is_remote: bool = False) -> VisitShape:
    """The phases of `version` in cells, each rounded up to whole cells, with what they need.

    `doctor`: only this one will do. `is_remote`: by video or telephone, so without chair and monitor.
    """
    phases = version.phases.prefetch_related("needs").order_by("position")
    return VisitShape(
        phases=tuple(_phase(phase, is_remote) for phase in phases),
        chair_kinds=frozenset(version.chair_kinds),
        turnover_cells=0 if is_remote else _cells(version.turnover_minutes),
        doctor=doctor.resource_id if doctor is not None else None,
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


def _phase(phase: Phase, is_remote: bool) -> PlannedPhase:
    needs = (
        Need(Kind(need.kind), Lane(need.lane), need.units, need.alone)
        for need in sorted(phase.needs.all(), key=lambda one: one.pk)
    )
    return PlannedPhase(
        phase.kind, _cells(phase.minutes), tuple(need for need in needs if not (is_remote and need.kind in PLACES))
    )


def _cells(minutes: int) -> int:
    return -(-minutes // clock.CELL_MINUTES)
