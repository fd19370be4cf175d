"""What a plan costs: one sum of whole points, every term named here and nowhere else. Lower is better.

The planner finds the plan of least total cost among all legal ones. The weights say what one point buys; they are
this project's choice, set so that one day away from the ideal gap (400) outweighs an hour away from the usual hour
(48), which in turn outweighs a tidy chair or a level load. A start on the quarter (50) is worth the largest piece of a
chair that an infusion of two hours can waste on one side (2 x 24), but no day of waiting (60): it decides between
starts that are otherwise as good, so that times can be said on the telephone. Nothing clinical hangs on a weight:
clinical limits are limits, never costs.

======================= =============================================================================================
term                    points
======================= =============================================================================================
spacing                 400 x (gap - ideal gap in days) squared, rounded, for each gap
first_day               60 for each day that the first visit lies after the first possible day (no previous visit)
preferred_weekday       300 for each visit on a weekday that is not preferred
preferred_hours         8 for each 5 minutes that a start lies outside the preferred hours
same_hour               4 for each 5 minutes between the local starts of two neighbours
round_start             6 for a start at :15, :30 or :45 past the hour, 50 for one that is not on a quarter of an hour
fragmentation           2 for each free 5 minutes left on the chair beside the visit in a piece too short for another
nurse_load              1 for each cell given to a nurse, times the tenths of her day that are already taken
handover                40 for each time the watching passes from one nurse to another
moved                   100 x (days away from the date an existing visit had) squared
======================= =============================================================================================
"""

import numpy as np
import numpy.typing as npt

SPACING = 400
FIRST_DAY = 60
PREFERRED_WEEKDAY = 300
PREFERRED_HOURS = 8
SAME_HOUR = 4
QUARTER_START = 6
ODD_START = 50
FRAGMENTATION = 2
NURSE_LOAD = 1
HANDOVER = 40
MOVED = 100

TERMS = (
    "spacing",
    "first_day",
    "preferred_weekday",
    "preferred_hours",
    "same_hour",
    "round_start",
    "fragmentation",
    "nurse_load",
    "handover",
    "moved",
)

IMPOSSIBLE = 1 << 26
"""At or above this a cost means "not possible". Real plans stay far below, and a dozen of these fit into 32 bits."""


MOST = 1 << 18
"""A squared term grows no further than this (some 25 days from the ideal gap), so that no sum leaves 32 bits."""


def spacing(gap_days: int, ideal_days: float) -> int:
    """Points for one gap between neighbours."""
    return min(MOST, round(SPACING * (gap_days - ideal_days) ** 2))


def moved(days: int) -> int:
    """Points for a visit so many days away from the date it had."""
    return min(MOST, MOVED * days**2)


def hours_outside(minute: int, preferred_from: int | None, preferred_until: int | None) -> int:
    """How many 5-minute steps (rounded up) a start at local ``minute`` lies outside the preferred hours."""
    early = 0 if preferred_from is None else max(0, preferred_from - minute)
    late = 0 if preferred_until is None else max(0, minute - preferred_until)
    return -(-(early + late) // 5)


def round_start(minute: int) -> int:
    """Points for a start at local ``minute``: none on the hour, few on a quarter of it, more anywhere else."""
    if minute % 60 == 0:
        return 0
    return QUARTER_START if minute % 15 == 0 else ODD_START


def unusable(free_cells: int, hold_cells: int) -> int:
    """Cells lost in a free piece beside a visit: all of a piece too short for another like it, else none."""
    return free_cells if free_cells < hold_cells else 0


def load_tenths(taken: npt.NDArray[np.int64], capacity: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Tenths (0..10, rounded down) of nurses' days, hands and watch units together, that are taken."""
    return np.where(capacity > 0, np.minimum(10, 10 * taken // np.maximum(capacity, 1)), 10)
