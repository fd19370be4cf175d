"""What goes into the planner and what comes out: plain frozen values, no Django, no clock.

Units used everywhere in the planner:

* a *cell* is five minutes; its number is UTC epoch seconds // 300, so cells know no time zone;
* every stretch is half-open, ``(start, end)`` holds start <= cell < end;
* local time enters only as ``minutes``: the local minute of the day (0..1439) at which a cell begins;
* a weekday is 0 for Monday to 6 for Sunday (``date.weekday()``);
* a cost is an integer of points, explained term by term in ``cost.py``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

CELL_MINUTES = 5
"""Length of one cell in minutes."""

Stretches = tuple[tuple[int, int], ...]
"""Half-open stretches: of cells, or of local minutes where the field says so."""

Windows = Mapping[int, Stretches]
"""Weekday to stretches of local minutes. A weekday without an entry is a day on which it is not possible."""


class Kind(StrEnum):
    """What a need asks for."""

    CHAIR = "chair"
    NURSE = "nurse"
    DOCTOR = "doctor"
    MONITOR = "monitor"


class Lane(StrEnum):
    """Which part of the resource a need takes."""

    WHOLE = "whole"
    """All of a chair or monitor: unit 0."""
    HANDS = "hands"
    """The hands of a nurse or doctor: unit 0 of the person."""
    WATCH = "watch"
    """Some of a nurse's watch: units 1..N."""
    PRESENCE = "presence"
    """Somebody of the kind is on site; nothing is held."""


class Limit(StrEnum):
    """A limit that a clerk may relax when no plan exists."""

    PATIENT_HOURS = "patient_hours"
    DRIVER_HOURS = "driver_hours"
    NOT_DATES = "not_dates"
    OTHER_APPOINTMENTS = "other_appointments"
    WINDOW = "window"
    LAST_DAY = "last_day"
    GAP_MAX = "gap_max"
    CHAIR_KIND = "chair_kind"
    DOCTOR = "doctor"


@dataclass(frozen=True, slots=True)
class Need:
    """One need of a phase: which kind, which lane, how many units.

    ``alone``: while these hands work, the nurse watches nobody else, so her whole watch is held with them.
    Only a WATCH need may ask for more than one unit.
    """

    kind: Kind
    lane: Lane
    units: int = 1
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the visit, ``cells`` long, in which ``needs`` hold throughout."""

    name: str
    cells: int
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class VisitShape:
    """A visit: its phases in order and what they hold.

    One chair serves the visit, held from the first phase that needs a chair to the end of the last that does, and
    ``turnover_cells`` longer for cleaning (which may run past closing). ``chair_kinds`` empty: any chair will do.
    The same doctor, and the same monitor, serve all phases that need one, and are held in those phases only.
    ``doctor``: only this doctor's resource id.
    """

    phases: tuple[Phase, ...]
    chair_kinds: frozenset[str] = frozenset()
    turnover_cells: int = 0
    doctor: int | None = None

    @property
    def cells(self) -> int:
        """Length of the visit in cells, cleaning not counted."""
        return sum(phase.cells for phase in self.phases)


CHAIR_ROLES = frozenset({"recliner", "bed"})
"""The roles that make a resource a chair."""


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that can be held. ``roles``: recliner, bed, monitor, nurse, doctor; a person may be nurse and doctor.

    ``watch``: how many watch units a nurse has (units 1..watch); 0 for everything else.
    """

    id: int
    roles: frozenset[str]
    watch: int = 0


@dataclass(frozen=True, slots=True)
class SiteDay:
    """One local calendar day of a site.

    ``start``: first cell of the day's grid. ``minutes``: local minute of the day of each cell from there on.
    ``present``: resource id to the cells in which it is there; a resource without an entry is away all day.
    ``open``: the cells in which visits may run; ``None`` means the whole grid. A visit lies inside one open stretch.
    """

    date: Date
    start: int
    minutes: Sequence[int]
    present: Mapping[int, Stretches]
    open: Stretches | None = None

    @property
    def end(self) -> int:
        """The cell after the last one of the grid."""
        return self.start + len(self.minutes)


IntColumn = Sequence[int] | npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """What is held already, in columns of equal length: units ``[lower, upper)`` of ``resource`` in ``[start, end)``.

    Rows of resources that the search does not know, and cells outside its days, are passed over.
    """

    resource: IntColumn = ()
    start: IntColumn = ()
    end: IntColumn = ()
    lower: IntColumn = ()
    upper: IntColumn = ()

    @classmethod
    def from_rows(cls, rows: Sequence[tuple[int, int, int, int, int]]) -> "Taken":
        """Build from rows ``(resource, start, end, lower, upper)``."""
        if not rows:
            return cls()
        columns = np.asarray(rows, dtype=np.int64).T
        return cls(columns[0], columns[1], columns[2], columns[3], columns[4])


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the patient and the driver can do (limits) and would like (costs).

    ``patient_can``: the whole visit lies inside one of these stretches of local minutes; ``None``: always.
    ``driver_can``: the end of the visit, when the driver fetches, lies in one of these (both ends included).
    ``preferred_weekdays`` empty and ``preferred_from/until`` ``None`` mean no preference; the hours speak of the start.
    """

    patient_can: Windows | None = None
    driver_can: Windows | None = None
    preferred_weekdays: frozenset[int] = frozenset()
    preferred_from: int | None = None
    preferred_until: int | None = None
    not_dates: frozenset[Date] = frozenset()


@dataclass(frozen=True, slots=True)
class Pin:
    """Visit ``index`` (0-based) stays on ``date``, and at cell ``start`` unless that is ``None``.

    A pin overrides the wishes, never the resources, the gaps or the patient's other appointments. ``booked``: the visit
    holds its resources already, so only its day and hour count, it is not placed again, and its date need not be open.
    """

    index: int
    date: Date
    start: int | None = None
    booked: bool = False


PerGap = float | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SeriesRequest:
    """What to plan: ``count`` visits of one ``shape``, in order, on different days.

    Gaps are in days between neighbours. ``min_gap_days``, ``max_gap_days`` and ``ideal_gap_days`` may each be one
    number or one per gap, in order: previous visit to first (only with ``previous_day``), then between the visits,
    then last to next (only with ``next_day``). ``window_days`` counts from the first visit to the last, both included;
    with ``window_start`` it counts from there instead. ``other_days``: infusions of the patient's other series with
    the smallest distance to keep, in days. ``busy``: the patient's other appointments, in cells.
    ``anchors``: per visit the date it would best stay near (used when an existing series moves), or ``None``.
    ``previous_minute``: local minute at which the previous visit started, for the same-hour term.
    """

    shape: VisitShape
    count: int
    first_day: Date
    min_gap_days: PerGap
    max_gap_days: PerGap
    ideal_gap_days: PerGap
    window_days: int | None = None
    window_start: Date | None = None
    wishes: Wishes = field(default_factory=Wishes)
    previous_day: Date | None = None
    previous_minute: int | None = None
    next_day: Date | None = None
    other_days: tuple[tuple[Date, int], ...] = ()
    busy: Stretches = ()
    earliest_cell: int | None = None
    pins: tuple[Pin, ...] = ()
    alternatives: int = 3
    last_day: Date | None = None
    anchors: tuple[Date | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """A code without language and its parameters (dates, local minutes, ids); ``reasons.py`` lists the codes."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Placement:
    """``units`` of one lane of a resource, held in cells ``[start, end)`` for phase number ``phase``."""

    resource: int
    lane: Lane
    units: int
    start: int
    end: int
    phase: int


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """One visit of a plan. ``minute``: local minute of the start. ``terms``: this visit's part of each cost term.

    The gap and same-hour terms of a pair of neighbours are counted with the later visit.
    """

    index: int
    date: Date
    start: int
    end: int
    minute: int
    placements: tuple[Placement, ...]
    reasons: tuple[Reason, ...]
    terms: Mapping[str, int]

    @property
    def cost(self) -> int:
        """This visit's part of the plan's cost, in points."""
        return sum(self.terms.values())


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole series. ``cost`` is the sum of ``terms``, in points."""

    visits: tuple[PlannedVisit, ...]
    cost: int
    terms: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A smallest set of limits to relax, and the plan that this would give.

    ``breaches``: one reason per visit and relaxed limit that the plan would really break
    (code ``breaks_<limit>``, params date, weekday, from, until in local minutes).
    """

    limits: tuple[Limit, ...]
    plan: Plan
    breaches: tuple[Reason, ...]

    @property
    def first(self) -> PlannedVisit:
        """The first visit that the relaxation would give."""
        return self.plan.visits[0]


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """What is most often all that is missing: on ``weekdays``, for starts in local minutes ``[from, until)``.

    ``starts``: how many otherwise possible starts it alone forbids. ``dates``: how many days it forbids altogether.
    """

    kind: Kind
    lane: Lane
    weekdays: tuple[int, ...]
    from_minute: int
    until_minute: int
    starts: int
    dates: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no plan. No relaxation means that no listed limit helps: only other resources or days would."""

    relaxations: tuple[Relaxation, ...]
    bottleneck: Bottleneck | None


@dataclass(frozen=True, slots=True)
class SeriesResult:
    """``plans`` best first and all different; empty exactly when ``refusal`` is set."""

    plans: tuple[Plan, ...]
    refusal: Refusal | None

    @property
    def best(self) -> Plan | None:
        """The plan of least cost, if there is one."""
        return self.plans[0] if self.plans else None


@dataclass(frozen=True, slots=True)
class MoveResult:
    """A moved visit: the whole series after it, and the other visits that had to move with it (fewest possible).

    ``plan`` lists all visits; one that stays has no placements, since it keeps the holds it has.
    """

    plan: Plan
    moved: tuple[int, ...]
    reasons: tuple[Reason, ...]
