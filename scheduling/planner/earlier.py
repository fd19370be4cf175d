"""Who on the earlier-time list fits a time that is free, and who fits best.

A *seeker* wants one booked visit sooner. A start fits when the gaps of the series allow its date, the whole visit lies
in hours that suit the patient and ends when the driver can fetch, the patient is nowhere else then, and there is time
left to answer, to fast and to find a driver. Who fits best has the fewest points:

* GAP_OFF for each day by which a gap to a neighbour departs from the ideal one: the series comes first;
* less SOONER for each day gained, MOST_SOONER at most: a month counts no more than two weeks;
* less WAITED for each day on the list, MOST_WAITED at most: nobody is passed over for ever.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date as Date

from scheduling.planner import cost
from scheduling.planner.search import PossibleStart
from scheduling.planner.values import CELL_MINUTES, Stretches, Windows, Wishes

GAP_OFF = 4
"""Points for a day away from the ideal gap, on either side."""
SOONER = 2
"""Points less for each day gained."""
MOST_SOONER = 14
"""Days gained beyond these count no more."""
WAITED = 1
"""Points less for each day on the list."""
MOST_WAITED = 30
"""Days on the list beyond these count no more."""


@dataclass(frozen=True, slots=True)
class Seeker:
    """One visit that is wanted sooner.

    ``days``: local dates that the gaps allow. A start lies in cells [``earliest``, ``before``). ``busy``: the patient's
    other visits, in cells. ``day``: the visit's date now. ``ideal``: days wished between neighbours, which are on
    ``previous`` and ``next`` (None: nothing ties it on that side). ``waited``: days on the list.
    """

    days: frozenset[Date]
    earliest: int
    before: int
    day: Date
    wishes: Wishes = field(default_factory=Wishes)
    busy: Stretches = ()
    ideal: float = 0.0
    previous: Date | None = None
    next: Date | None = None
    waited: int = 0


def fitting(starts: Iterable[PossibleStart], cells: int, seeker: Seeker) -> list[PossibleStart]:
    """Those of ``starts`` (of visits ``cells`` long) that fit the seeker, in the order given."""
    return [one for one in starts if fits(one, cells, seeker)]


def fits(start: PossibleStart, cells: int, seeker: Seeker) -> bool:
    """Whether one free start fits. The end on the local clock is the start's plus the length: clocks change at night,
    and a visit that runs across that is no visit.
    """
    if start.date not in seeker.days or not seeker.earliest <= start.start < seeker.before:
        return False
    wishes = seeker.wishes
    first, last = start.minute, start.minute + cells * CELL_MINUTES
    if start.date in wishes.not_dates:
        return False
    if not _inside(wishes.patient_can, start.date, first, last) or not _inside(
        wishes.driver_can, start.date, last, last
    ):
        return False
    return all(end <= start.start or begin >= start.start + cells for begin, end in seeker.busy)


def points(day: Date, seeker: Seeker) -> int:
    """How well a date fits; fewer is better. The terms are in the module's text."""
    off = sum(abs(gap - seeker.ideal) for gap in gaps(day, seeker))
    gained = min((seeker.day - day).days, MOST_SOONER)
    return round(GAP_OFF * off) - SOONER * gained - WAITED * min(seeker.waited, MOST_WAITED)


def gaps(day: Date, seeker: Seeker) -> list[int]:
    """Days from the visit before, and to the one after, where there are such."""
    return [abs((day - other).days) for other in (seeker.previous, seeker.next) if other is not None]


def best_start(found: Sequence[tuple[PossibleStart, Sequence[int]]]) -> PossibleStart | None:
    """The start that the most seekers could have; of these the one with the fewest points in all, the roundest, the
    earliest.

    ``found``: each start with the points of everybody whom it fits.
    """
    able = [(start, fit) for start, fit in found if fit]
    worth = [(-len(fit), sum(fit), cost.round_start(start.minute % 60), start.start) for start, fit in able]
    return able[worth.index(min(worth))][0] if able else None


def _inside(windows: Windows | None, day: Date, first: int, last: int) -> bool:
    """Whether both local minutes lie inside one window of the weekday, its ends included; None: always."""
    if windows is None:
        return True
    return any(begin <= first and last <= end for begin, end in windows.get(day.weekday(), ()))
