"""A protocol version as the planner's VisitShape."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from typing import Any

from clinic import clock
from clinic.models import StaffMember
from scheduling.models import ProtocolVersion
from scheduling.planner.values import Kind, Lane, Need, VisitShape
from scheduling.planner.values import Phase as PlannedPhase

#: What a visit by video or telephone does without.
PLACES = frozenset({Kind.CHAIR, Kind.MONITOR})


def visit_shape(version: ProtocolVersion, *, doctor: StaffMember | None = None, is_remote: bool = False) -> VisitShape:
    """The phases of `version` in cells, each rounded up to whole cells, with what they need.

    `doctor`: only this one will do. `is_remote`: by video or telephone, so without chair and monitor.
    """
    rows = version.phases.order_by("position", "needs__pk").values_list(
        "position", "kind", "minutes", "needs__kind", "needs__lane", "needs__units", "needs__alone"
    )
    phases = groupby(rows, key=lambda row: row[:3])
    return VisitShape(
        phases=tuple(
            PlannedPhase(kind, _cells(minutes), _needs((row[3:] for row in group), is_remote))
            for (_, kind, minutes), group in phases
        ),
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


def _needs(rows: Iterable[tuple[Any, ...]], is_remote: bool) -> tuple[Need, ...]:
    """Rows of (kind, lane, units, alone); a phase without needs comes as one row without a kind."""
    needs = (Need(Kind(kind), Lane(lane), units, alone) for kind, lane, units, alone in rows if kind is not None)
    return tuple(need for need in needs if not (is_remote and need.kind in PLACES))


def _cells(minutes: int) -> int:
    return -(-minutes // clock.CELL_MINUTES)
