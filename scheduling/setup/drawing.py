"""A visit drawn: its phases one after the other, and below them what each takes of chair, nurse, doctor and monitor.

Geometry only, in units of the drawing's own view box; the template turns it into SVG attributes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scheduling.actions.setup.protocols import NeedDraft, PhaseDraft
from scheduling.models import Phase, PhaseNeed

Kind, Lane = PhaseNeed.Kind, PhaseNeed.Lane

#: Widths and heights in units of the view box, which is as wide as a page on a desk.
WIDTH, LABELS, ROW, GAP, HEAD = 760, 150, 22, 6, 44
#: Room at the right for half of the last tick's words; ticks closer than TICKS_APART share one.
MARGIN, TICKS_APART = 22, 34
#: How wide a letter is at the drawing's size of type, on average.
LETTER = 6.4


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle with the words that fit into it; `tone` is a class of setup.css."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    words: str

    @property
    def middle(self) -> float:
        """Where the words stand."""
        return self.x + self.width / 2

    @property
    def base(self) -> float:
        """The line on which the words stand."""
        return self.y + self.height / 2 + 4


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is taken, with a label left of its bars."""

    label: str
    base: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment of the visit: "0:15" after its beginning; without words where there is no room for them."""

    x: float
    words: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole picture. `sentences` say the same in words, one a phase."""

    height: float
    bars: tuple[Bar, ...]
    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    sentences: tuple[str, ...]
    minutes: int
    width: int = WIDTH

    @property
    def bottom(self) -> float:
        """Where the lines of the ticks end."""
        return self.height - 2


def draw(phases: Sequence[PhaseDraft], turnover: int) -> Drawing | None:
    """The picture of these phases, the cleaning of the chair after them; None when there is nothing to draw."""
    total = sum(phase.minutes for phase in phases) + turnover
    if not phases or total <= 0:
        return None
    canvas = _Canvas((WIDTH - LABELS - MARGIN) / total)
    canvas.phases(phases, turnover)
    for kind, lane, label in (
        (Kind.CHAIR, Lane.WHOLE, "Chair"),
        (Kind.NURSE, Lane.HANDS, "Nurse's hands"),
        (Kind.NURSE, Lane.WATCH, "Nurse's watch"),
        (Kind.NURSE, Lane.PRESENCE, "Nurse on site"),
        (Kind.DOCTOR, Lane.HANDS, "Doctor"),
        (Kind.DOCTOR, Lane.PRESENCE, "Doctor on site"),
        (Kind.MONITOR, Lane.WHOLE, "Monitor"),
    ):
        canvas.lane(phases, kind, lane, label, turnover)
    return Drawing(
        height=canvas.y + 4,
        bars=tuple(canvas.bars),
        rows=tuple(canvas.rows),
        ticks=tuple(canvas.ticks),
        sentences=tuple(_sentence(phase) for phase in phases),
        minutes=total - turnover,
    )


class _Canvas:
    """Puts bars row below row; `scale` is units per minute."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.y: float = HEAD
        self.bars: list[Bar] = []
        self.rows: list[Row] = []
        self.ticks: list[Tick] = []

    def phases(self, phases: Sequence[PhaseDraft], turnover: int) -> None:
        """The first row: each phase with its name and minutes; its beginning is a tick."""
        self.rows.append(Row("Visit", self.y + ROW / 2 + 4))
        at = 0
        for phase in phases:
            self._bar(at, phase.minutes, f"phase-{phase.kind}", f"{_name(phase)} {phase.minutes} min", _name(phase))
            self._tick(at)
            at += phase.minutes
        self._tick(at)
        self.y += ROW + GAP

    def lane(self, phases: Sequence[PhaseDraft], kind: str, lane: str, label: str, turnover: int) -> None:
        """One thing that some phases take: watching as a row for each unit, nothing where no phase takes it."""
        taken = [_units(phase.needs, kind, lane) for phase in phases]
        deepest = max(taken)
        if not deepest:
            return
        self.rows.append(Row(label, self.y + ROW / 2 + 4))
        for unit in range(deepest):
            for start, minutes, words in _stretches(phases, taken, unit, kind, lane):
                self._bar(start, minutes, f"lane-{kind}-{lane}", words if unit == 0 else "")
            self.y += ROW + 2
        if kind == Kind.CHAIR and turnover:
            last = max(number for number, units in enumerate(taken) if units)
            self.y -= ROW + 2
            self._bar(
                sum(phase.minutes for phase in phases[: last + 1]),
                turnover,
                "lane-clean",
                f"clean {turnover} min",
                "clean",
            )
            self.y += ROW + 2
        self.y += GAP - 2

    def _bar(self, start: int, minutes: int, tone: str, *words: str) -> None:
        """A bar with the first of the words that fit into it."""
        width = minutes * self.scale
        fitting = next((one for one in words if one and width >= len(one) * LETTER + 6), "")
        x = LABELS + start * self.scale
        self.bars.append(Bar(round(x, 1), self.y, round(max(width - 1.5, 1), 1), ROW, tone, fitting))

    def _tick(self, at: int) -> None:
        x = round(LABELS + at * self.scale, 1)
        is_crowded = bool(self.ticks) and x - self.ticks[-1].x < TICKS_APART
        self.ticks.append(Tick(x, "" if is_crowded else f"{at // 60}:{at % 60:02d}"))


def _stretches(
    phases: Sequence[PhaseDraft], taken: Sequence[int], unit: int, kind: str, lane: str
) -> Iterable[tuple[int, int, str]]:
    """(start, minutes, words) of neighbouring phases that take this unit; a chair is kept in between too."""
    at, begun, minutes = 0, 0, 0
    last = max((number for number, units in enumerate(taken) if units), default=-1)
    for number, (phase, units) in enumerate(zip(phases, taken, strict=True)):
        # One chair serves from the first phase that needs it to the last.
        holds = units > unit or (kind == Kind.CHAIR and minutes > 0 and number < last)
        if holds:
            begun = begun if minutes else at
            minutes += phase.minutes
        elif minutes:
            yield begun, minutes, _words(minutes, kind, lane)
            minutes = 0
        at += phase.minutes
    if minutes:
        yield begun, minutes, _words(minutes, kind, lane)


def _words(minutes: int, kind: str, lane: str) -> str:
    return "" if lane == Lane.WATCH else f"{minutes} min"


def _units(needs: Iterable[NeedDraft], kind: str, lane: str) -> int:
    return sum(need.units for need in needs if need.kind == kind and need.lane == lane)


def _name(phase: PhaseDraft) -> str:
    return str(Phase.Kind(phase.kind).label).capitalize()


def _sentence(phase: PhaseDraft) -> str:
    """ "Prepare, 15 minutes: chair, nurse's hands, 1 of a nurse's watch"."""
    needs = ", ".join(_need_words(need) for need in phase.needs) or "nothing"
    return f"{_name(phase)}, {phase.minutes} minutes: {needs}"


def _need_words(need: NeedDraft) -> str:
    if need.lane == Lane.WATCH:
        return f"{need.units} of a nurse's watch"
    if need.lane == Lane.PRESENCE:
        return f"a {need.kind} on site"
    if need.kind == Kind.NURSE:
        return "a nurse's hands, who then watches nobody else" if need.alone else "a nurse's hands"
    return str(Kind(need.kind).label)
