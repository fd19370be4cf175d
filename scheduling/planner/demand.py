"""A visit's shape, checked and read once into the spans of cells that each kind of resource must cover."""

from dataclasses import dataclass

from scheduling.planner.values import Kind, Lane, Phase, VisitShape

Span = tuple[int, int]
"""Cells from the start of the visit, half-open."""

ALLOWED = {
    Kind.CHAIR: {Lane.WHOLE},
    Kind.MONITOR: {Lane.WHOLE},
    Kind.NURSE: {Lane.HANDS, Lane.WATCH, Lane.PRESENCE},
    Kind.DOCTOR: {Lane.HANDS, Lane.PRESENCE},
}


@dataclass(frozen=True, slots=True)
class NurseBlock:
    """What one phase asks of the nurses. ``hands``: one nurse all through; else the watch may change hands at any cell.

    ``watch``: units; with ``alone`` all units of the nurse. ``joined``: the phase before it has a nurse too, so a
    change of nurse between the two is a hand-over.
    """

    phase: int
    offset: int
    cells: int
    hands: bool
    watch: int
    alone: bool
    joined: bool


@dataclass(frozen=True, slots=True)
class Demand:
    """The spans of a visit: its chair, its doctor's hands, its monitor, presence by kind, and the nurse blocks."""

    cells: int
    chair: Span | None
    chair_phase: int
    doctor: tuple[tuple[int, Span], ...]
    monitor: tuple[tuple[int, Span], ...]
    presence: tuple[tuple[Kind, Span], ...]
    nurse: tuple[NurseBlock, ...]


def read_shape(shape: VisitShape) -> Demand:
    """Read ``shape`` into spans.

    Raises:
        ValueError: the shape has no cells, or a need that no resource could meet; the sentence says which.
    """
    if shape.cells <= 0:
        raise ValueError("A visit needs at least one phase that takes time.")
    if shape.turnover_cells < 0:
        raise ValueError("The time to clean a chair cannot be negative.")
    chair: list[tuple[int, Span]] = []
    doctor: list[tuple[int, Span]] = []
    monitor: list[tuple[int, Span]] = []
    presence: list[tuple[Kind, Span]] = []
    nurse: list[NurseBlock] = []
    offset = 0
    for number, phase in enumerate(shape.phases):
        _check(phase)
        span = (offset, offset + phase.cells)
        for need in phase.needs:
            if phase.cells and need.lane is Lane.PRESENCE:
                presence.append((need.kind, span))
        held = {need.kind for need in phase.needs if need.lane is not Lane.PRESENCE} if phase.cells else set()
        chair += [(number, span)] if Kind.CHAIR in held else []
        doctor += [(number, span)] if Kind.DOCTOR in held else []
        monitor += [(number, span)] if Kind.MONITOR in held else []
        if Kind.NURSE in held:
            nurse.append(_block(number, phase, offset, nurse))
        offset += phase.cells
    return Demand(
        cells=shape.cells,
        chair=(chair[0][1][0], chair[-1][1][1]) if chair else None,
        chair_phase=chair[0][0] if chair else 0,
        doctor=tuple(doctor),
        monitor=tuple(monitor),
        presence=tuple(presence),
        nurse=tuple(nurse),
    )


def _block(number: int, phase: Phase, offset: int, before: list[NurseBlock]) -> NurseBlock:
    needs = [need for need in phase.needs if need.kind is Kind.NURSE]
    return NurseBlock(
        phase=number,
        offset=offset,
        cells=phase.cells,
        hands=any(need.lane is Lane.HANDS for need in needs),
        watch=sum(need.units for need in needs if need.lane is Lane.WATCH),
        alone=any(need.alone for need in needs),
        joined=bool(before) and before[-1].offset + before[-1].cells == offset,
    )


def _check(phase: Phase) -> None:
    if phase.cells < 0:
        raise ValueError(f"Phase {phase.name!r} cannot take negative time.")
    seen: set[tuple[Kind, Lane]] = set()
    for need in phase.needs:
        if need.lane not in ALLOWED[need.kind]:
            raise ValueError(f"Phase {phase.name!r}: a {need.kind} has no {need.lane} to give.")
        if (need.kind, need.lane) in seen:
            raise ValueError(f"Phase {phase.name!r} asks twice for the {need.lane} of a {need.kind}; add the units up.")
        if need.units < 1 or (need.units > 1 and need.lane is not Lane.WATCH):
            raise ValueError(f"Phase {phase.name!r}: {need.units} units of {need.lane} cannot be asked for at once.")
        if need.alone and (need.kind, need.lane) != (Kind.NURSE, Lane.HANDS):
            raise ValueError(f"Phase {phase.name!r}: only a nurse's hands can ask to work alone.")
        seen.add((need.kind, need.lane))
