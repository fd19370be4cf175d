"""Re-planning together all visits that have lost their cover: what goes in, what comes out, and what it costs.

A nurse is ill, a chair is broken, snow closes the site. The visits concerned are given back to the planner at once:
first a *hand-over*, which keeps the time and which the patient never notices, then the fewest and the smallest moves.
Every gap and window of each series is kept, so is what the patient and the driver can do. A visit of the same series
that has its cover stays, unless a gap can be kept in no other way; then it is a *follower* and is named as one.

Whole points, summed over all visits; each line outweighs everything below it:

=========== ==========================================================================================
term        points
=========== ==========================================================================================
left        1,000,000,000 for each visit that finds no place
moved       1,000,000 for each visit that gets another time, followers included
days        4,000 x (days away from its date) squared, at most 484,000 (11 days)
hours       100 for each 5 minutes between its old and its new local time of day
tidy        what its chair and nurses cost (``cost.py``: fragmentation, nurse_load, handover); a few hundred at most
=========== ==========================================================================================

The weights are this project's choice. A move of three hours on the same day costs about as much as the next day at the
same hour (36 x 100 against 4,000): patient and driver have that day off already.

The search (``rescue_search.py``) is a heuristic: greedy by fewest options, then taking a few visits off and putting
them back in another order while that makes the sum smaller. tests/planner/test_rescue_against_cp_sat.py measures
it against CP-SAT, which a clinic that has OR-tools may also let look on from its answer (``rescue_solver.py``).
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from itertools import pairwise

from scheduling.planner.seats import Row
from scheduling.planner.values import Placement, Reason, Resource, SiteDay, Stretches, Taken, VisitShape, Wishes

LEFT = 1_000_000_000
MOVED = 1_000_000
DAY = 4_000
MOST_DAYS = 11
HOUR = 100

TERMS = ("left", "moved", "days", "hours", "tidy")


@dataclass(frozen=True, slots=True)
class BookedVisit:
    """One visit of a course as it is booked: local date, start in cells.

    ``stranded``: it has lost its cover. ``may_move``: it may get another time (not a visit that has begun, is over, or
    was pinned by the clerk). ``held``: what it holds and keeps if nothing is done about it: in ``taken`` for a visit
    with cover, and not for a stranded one, which nearly always gives it back.
    """

    key: Hashable
    date: Date
    start: int
    minute: int
    stranded: bool = False
    may_move: bool = False
    held: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """The visits of one series in order of time, done ones too, or one single visit; all of one ``shape``.

    ``gaps``: least and most days (``None``: no limit) between neighbours, one fewer than visits. ``in_window``: so many
    of the first visits lie within ``window_days`` from the first to the last. ``least_gap``: days to keep from the
    infusions of the same patient's other courses; 0 for a consult, which keeps none. ``busy`` and ``other_days``: the
    patient's visits that are no part of the rescue, as in ``values.SeriesRequest``. ``last_day``: where a doctor's
    clearance ends.
    """

    key: Hashable
    patient: Hashable
    shape: VisitShape
    visits: tuple[BookedVisit, ...]
    gaps: tuple[tuple[int, int | None], ...] = ()
    least_gap: int = 0
    in_window: int = 0
    window_days: int = 0
    wishes: Wishes = field(default_factory=Wishes)
    busy: Stretches = ()
    other_days: tuple[tuple[Date, int], ...] = ()
    last_day: Date | None = None

    @property
    def stranded(self) -> int:
        """How many of its visits have lost their cover."""
        return sum(visit.stranded for visit in self.visits)

    def breaks(self, dates: Sequence[Date]) -> tuple[int, str] | None:
        """The first visit (its index) that would break a rule if the visits lay on ``dates``, and which: ``order``,
        ``gap`` or ``window``; ``None`` when all are kept.
        """
        for index, ((earlier, later), (least, most)) in enumerate(zip(pairwise(dates), self.gaps, strict=True)):
            days = (later - earlier).days
            if days < 1:
                return index + 1, "order"
            if days < least or (most is not None and days > most):
                return index + 1, "gap"
        if self.in_window > 1 and (dates[self.in_window - 1] - dates[0]).days > self.window_days:
            return self.in_window - 1, "window"
        return None


@dataclass(frozen=True, slots=True)
class RescueRequest:
    """Which courses to rescue, and on what. ``taken`` holds nothing of a stranded visit.

    A visit may be moved to a later time from ``earliest_cell`` on, and to an earlier one only from ``earlier_cell`` on:
    somebody who comes at three can be told to come at four an hour before, not to come at noon. ``rounds``: how often a
    few visits are taken off and put back, 0 for the greedy plan alone.
    """

    courses: tuple[Course, ...]
    days: tuple[SiteDay, ...]
    resources: tuple[Resource, ...]
    taken: Taken
    earliest_cell: int
    earlier_cell: int
    rounds: int | None = None

    @property
    def shapes(self) -> frozenset[VisitShape]:
        """The shapes of its courses."""
        return frozenset(course.shape for course in self.courses)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for one visit. ``new_start`` is ``None`` where no place was found; the visit stays stranded.

    ``placements``: who and what serves it. ``follows``: it had its cover and moves only to keep the series' gaps.
    """

    key: Hashable
    course: Hashable
    old_date: Date
    old_start: int
    new_date: Date | None
    new_start: int | None
    placements: tuple[Placement, ...]
    reasons: tuple[Reason, ...]
    follows: bool = False

    @property
    def keeps_time(self) -> bool:
        """Whether only chair or people change: a hand-over."""
        return self.new_start == self.old_start

    @property
    def moves(self) -> bool:
        """Whether the patient gets another time."""
        return self.new_start is not None and not self.keeps_time


@dataclass(frozen=True, slots=True)
class Rescue:
    """The plan for all stranded visits: one proposal for each, and one for each follower, in order of the old times.

    ``terms``: points by term (``TERMS``).
    """

    proposals: tuple[Proposal, ...]
    terms: dict[str, int]

    @property
    def cost(self) -> int:
        """Sum of the terms."""
        return sum(self.terms.values())

    @property
    def left(self) -> tuple[Proposal, ...]:
        """Those that found no place."""
        return tuple(one for one in self.proposals if one.new_start is None)


def points(visit: BookedVisit, date: Date, start: int, minute: int) -> dict[str, int]:
    """The points of a visit at another time (or its own), but for what is ``tidy``."""
    if start == visit.start:
        return {}
    days = min(MOST_DAYS, abs((date - visit.date).days))
    return {"moved": MOVED, "days": DAY * days**2, "hours": HOUR * (abs(minute - visit.minute) // 5)}
