"""One request over one grid, ready to be searched: prices per visit, day and hour, and the gaps between."""

from dataclasses import replace
from datetime import date as Date
from datetime import timedelta

import numpy as np

from scheduling.planner import cost, wishes
from scheduling.planner.chain import Chain, Gap, Keep, Search
from scheduling.planner.grid import Bools, Grid, Ints, build_grid
from scheduling.planner.starts import VisitTable
from scheduling.planner.values import CELL_MINUTES, Limit, PerGap, Pin, Resource, SeriesRequest, SiteDay, Taken

NOTHING: frozenset[Limit] = frozenset()

BREACH = 100_000
"""Points for each visit that breaks a relaxed limit: more than any other terms, so a relaxed plan breaks the fewest."""

PER_VISIT = (Limit.PATIENT_HOURS, Limit.DRIVER_HOURS, Limit.NOT_DATES, Limit.OTHER_APPOINTMENTS, Limit.LAST_DAY)


class Problem:
    """A request with everything that does not depend on which limits are relaxed computed once.

    The calendar axis runs over every date from the first day of the grid (or an earlier booked pin) to the last; the
    slot axis over local times of day in steps of 5 minutes. ``stays``: visits that
    may keep the place they have; ``barred``: a date that a visit must leave.

    Raises:
        ValueError: the request contradicts itself; the sentence says how.
    """

    def __init__(self, request: SeriesRequest, grid: Grid) -> None:
        self.request, self.grid = request, grid
        self.gaps = read_gaps(request)
        self.pins = read_pins(request)
        self.stays: dict[int, Pin] = {}
        self.barred: dict[int, Date] = {}
        self.tables: dict[tuple[bool, bool], VisitTable] = {}
        dates = [day.date for day in grid.days] + [pin.date for pin in request.pins if pin.booked]
        self.base = min(dates, default=request.first_day)
        self.height = (max(dates, default=request.first_day) - self.base).days + 1
        self.row_of = np.asarray([(day.date - self.base).days for day in grid.days], dtype=np.int64)
        self.day_at = {int(row): number for number, row in enumerate(self.row_of)}
        slots = grid.minutes // CELL_MINUTES
        known = grid.minutes >= 0
        self.low = int(slots[known].min()) if known.any() else 0
        self.slots = int(slots[known].max()) - self.low + 1 if known.any() else 1
        self._place = (self.row_of[:, None] * self.slots + slots - self.low)[known]
        self._known: Bools = known
        self._repeated = bool(known.any()) and int(np.bincount(self._place).max()) > 1
        self._open_prices: dict[frozenset[Limit], tuple[Ints, Ints]] = {}
        self._commons: dict[frozenset[Limit], Ints] = {}
        self._end_prices: dict[frozenset[Limit], tuple[Ints, Ints]] = {}
        self.firm = wishes.firm_mask(grid, request)
        self.limits = wishes.limit_masks(grid, request)
        self.wished = wishes.wish_costs(grid, request)

    # -- prices --------------------------------------------------------------------------------------------------

    def table(self, relaxed: frozenset[Limit] = NOTHING) -> VisitTable:
        """The starts of the visit, for any chair or any doctor where that limit is relaxed."""
        any_chair, any_doctor = Limit.CHAIR_KIND in relaxed, Limit.DOCTOR in relaxed
        key = (any_chair, any_doctor)
        if key not in self.tables:
            shape = self.request.shape
            shape = replace(shape, chair_kinds=frozenset()) if any_chair else shape
            shape = replace(shape, doctor=None) if any_doctor else shape
            self.tables[key] = VisitTable(self.grid, shape)
        return self.tables[key]

    def open_prices(self, relaxed: frozenset[Limit] = NOTHING) -> tuple[Ints, Ints]:
        """[day, cell] twice: points of a start under the limits, and for a pinned visit, free of the wishes."""
        if relaxed not in self._open_prices:
            own = self.table(relaxed).costs + self.wished
            breaches = np.zeros_like(own)
            allowed = self.firm.copy()
            for limit, mask in self.limits.items():
                if limit in relaxed:
                    breaches += np.where(mask, 0, BREACH)
                else:
                    allowed &= mask
            free = np.where(allowed, own + breaches, cost.IMPOSSIBLE)
            # A pin overrides the wishes, but the patient still cannot be in two places.
            elsewhere = self.limits.get(Limit.OTHER_APPOINTMENTS)
            kept = self.firm if elsewhere is None or Limit.OTHER_APPOINTMENTS in relaxed else self.firm & elsewhere
            self._open_prices[relaxed] = free, np.where(kept, own, cost.IMPOSSIBLE)
        return self._open_prices[relaxed]

    def on_calendar(self, prices: Ints) -> Ints:
        """[calendar day, slot] from [day, cell]; where a clock change repeats an hour, the cheaper of the two cells."""
        laid = np.full(self.height * self.slots, cost.IMPOSSIBLE, dtype=np.int32)
        if self._repeated:
            np.minimum.at(laid, self._place, prices[self._known])
        else:
            laid[self._place] = prices[self._known]
        return np.minimum(laid, cost.IMPOSSIBLE).reshape(self.height, self.slots)

    def prices(self, relaxed: frozenset[Limit] = NOTHING) -> list[Ints]:
        """Per visit [calendar day, slot], with pins, anchors and the gaps to what lies before and after."""
        _, pinned = self.open_prices(relaxed)
        per_visit = [self._common(relaxed)] * self.request.count
        for index, pin in self.pins.items():
            per_visit[index] = self._pinned(pin, pinned)
        for index, pin in self.stays.items():
            # More than everything else together, so that the fewest leave, and still in sum less than impossible.
            leave = cost.IMPOSSIBLE // (2 * self.request.count)
            per_visit[index] = np.minimum(per_visit[index] + leave, self._pinned(pin, pinned))
        for index, anchor in enumerate(self.request.anchors):
            if anchor is not None and index not in self.pins:
                # A visit that stays is zero days away, so its price does not change.
                away = [cost.moved((self.date(row) - anchor).days) for row in range(self.height)]
                per_visit[index] = per_visit[index] + np.asarray(away, dtype=np.int32)[:, None]
        for index, date in self.barred.items():
            per_visit[index] = per_visit[index].copy()
            per_visit[index][(date - self.base).days] = cost.IMPOSSIBLE
        before, after = self._ends(relaxed)
        per_visit[0] = per_visit[0] + before
        per_visit[-1] = per_visit[-1] + after
        return [np.minimum(price, cost.IMPOSSIBLE).astype(np.int32, copy=False) for price in per_visit]

    def _pinned(self, pin: Pin, prices: Ints) -> Ints:
        laid = np.full((self.height, self.slots), cost.IMPOSSIBLE, dtype=np.int32)
        row = (pin.date - self.base).days
        day = self.day_at.get(row)
        if pin.booked and 0 <= row < self.height:
            cell = None if day is None or pin.start is None else pin.start - int(self.grid.starts[day])
            inside = cell is not None and 0 <= cell < self.grid.lengths[day]
            laid[row, self.slot(int(self.grid.minutes[day, cell])) if inside else slice(None)] = 0
        elif day is not None:
            only = np.full_like(prices, cost.IMPOSSIBLE)
            cells = slice(None) if pin.start is None else pin.start - int(self.grid.starts[day])
            if isinstance(cells, slice) or 0 <= cells < self.grid.lengths[day]:
                only[day, cells] = prices[day, cells]
            laid = self.on_calendar(only)
        return laid

    def row_for(self, date: Date) -> int | None:
        """The calendar row of a date, ``None`` outside the calendar."""
        row = (date - self.base).days
        return row if 0 <= row < self.height else None

    def booked_at(self, index: int, row: int, slot: int) -> Pin | None:
        """The booked visit ``index`` if it stays, placed as it is, in this calendar row and slot."""
        pin = self.pins.get(index)
        if pin is not None and pin.booked:
            return pin
        stay = self.stays.get(index)
        if stay is None or self._pinned(stay, self.open_prices()[1])[row, slot] >= cost.IMPOSSIBLE:
            return None
        return stay

    def slot(self, minute: int) -> int:
        """The slot that a local minute of the day falls into."""
        return minute // CELL_MINUTES - self.low

    def minute(self, slot: int) -> int:
        """Local minute of the day at which a slot begins."""
        return (slot + self.low) * CELL_MINUTES

    def cell(self, index: int, row: int, slot: int, relaxed: frozenset[Limit] = NOTHING) -> tuple[int, int]:
        """Day number and cell of visit ``index`` in a slot: the cheaper one where clocks go back and there are two."""
        day = self.day_at[row]
        free, pinned = self.open_prices(relaxed)
        pin = self.pins.get(index)
        if pin is not None and pin.start is not None:
            return day, pin.start - int(self.grid.starts[day])
        line = (free if pin is None else pinned)[day]
        cells = np.flatnonzero(self._known[day] & (self.grid.minutes[day] // CELL_MINUTES - self.low == slot))
        return day, int(cells[line[cells].argmin()])

    def _common(self, relaxed: frozenset[Limit]) -> Ints:
        """[calendar day, slot]: the price of a visit that nothing ties down, laid out once."""
        if relaxed not in self._commons:
            free, _ = self.open_prices(relaxed)
            self._commons[relaxed] = self.on_calendar(free)
        return self._commons[relaxed]

    def _ends(self, relaxed: frozenset[Limit]) -> tuple[Ints, Ints]:
        """What the first and the last visit add, worked out once."""
        if relaxed not in self._end_prices:
            self._end_prices[relaxed] = self._before(relaxed), self._after(relaxed)
        return self._end_prices[relaxed]

    def _before(self, relaxed: frozenset[Limit]) -> Ints:
        """Points that the first visit adds: the gap and hour from the previous visit, else the days waited."""
        request = self.request
        if request.previous_day is None:
            waited = [max(0, (self.date(row) - request.first_day).days) for row in range(self.height)]
            price = np.asarray(waited)[:, None] * cost.FIRST_DAY
            return price.astype(np.int32)
        gap = self.gap_before(relaxed)
        since = [gap.price((self.date(row) - request.previous_day).days) if gap else 0 for row in range(self.height)]
        price = np.asarray(since)[:, None] + np.zeros((1, self.slots), dtype=np.int32)
        if request.previous_minute is not None:
            apart = np.abs(np.arange(self.slots) + self.low - request.previous_minute // CELL_MINUTES)
            price = price + apart[None, :] * cost.SAME_HOUR
        return price.astype(np.int32)

    def _after(self, relaxed: frozenset[Limit]) -> Ints:
        """Points that the last visit adds: the gap to a later fixed visit, and the end of a window that is running."""
        request, gap = self.request, self.gap_after(relaxed)
        price = np.zeros((self.height, 1), dtype=np.int32)
        for row in range(self.height):
            if gap is not None and request.next_day is not None:
                price[row] = gap.price((request.next_day - self.date(row)).days)
            if Limit.WINDOW not in relaxed and self._after_running_window(row):
                price[row] = cost.IMPOSSIBLE
        return price

    def _after_running_window(self, row: int) -> bool:
        request = self.request
        if request.window_days is None or request.window_start is None:
            return False
        return (self.date(row) - request.window_start).days >= request.window_days

    # -- gaps ----------------------------------------------------------------------------------------------------

    def gap_before(self, relaxed: frozenset[Limit] = NOTHING) -> Gap | None:
        """The gap from the previous visit to the first, where there is one."""
        return self._relax(self.gaps[0], relaxed) if self.request.previous_day is not None else None

    def gap_after(self, relaxed: frozenset[Limit] = NOTHING) -> Gap | None:
        """The gap from the last visit to a later fixed one, where there is one."""
        return self._relax(self.gaps[-1], relaxed) if self.request.next_day is not None else None

    def gaps_between(self, relaxed: frozenset[Limit] = NOTHING) -> list[Gap]:
        """The gaps between the visits to plan, one fewer than these."""
        first = 1 if self.request.previous_day is not None else 0
        return [self._relax(gap, relaxed) for gap in self.gaps[first : first + self.request.count - 1]]

    def _relax(self, gap: Gap, relaxed: frozenset[Limit]) -> Gap:
        return Gap(gap.least, max(gap.most, 10_000), gap.ideal) if Limit.GAP_MAX in relaxed else gap

    # -- search --------------------------------------------------------------------------------------------------

    def date(self, row: int) -> Date:
        """The date of a calendar row."""
        return self.base + timedelta(days=row)

    def search(self, relaxed: frozenset[Limit] = NOTHING) -> Search:
        """The search over the visits as they are tied down now."""
        is_open = Limit.WINDOW in relaxed or self.request.window_start is not None
        window = None if is_open else self.request.window_days
        return Search(self.prices(relaxed), self.gaps_between(relaxed), window)

    def cheapest(self, relaxed: frozenset[Limit] = NOTHING, keep: Keep | None = None) -> Chain | None:
        """The cheapest chain; ``keep`` may narrow the prices of each visit first."""
        return self.search(relaxed).cheapest(keep)


def pose(request: SeriesRequest, days: tuple[SiteDay, ...], resources: tuple[Resource, ...], taken: Taken) -> Problem:
    """Lay a request over the free time of a site."""
    return Problem(request, build_grid(days, resources, taken, pad=max(0, request.shape.turnover_cells)))


def read_gaps(request: SeriesRequest) -> list[Gap]:
    """All gaps of a request in order.

    Raises:
        ValueError: a count below one, a gap under one day, a least above a most, or the wrong number of gaps.
    """
    if request.count < 1:
        raise ValueError("A series needs at least one visit.")
    if request.window_days is not None and request.window_days < 1:
        raise ValueError("The window of a series is at least one day.")
    count = request.count - 1 + (request.previous_day is not None) + (request.next_day is not None)
    columns = [
        _spread(given, count, name)
        for given, name in (
            (request.min_gap_days, "smallest"),
            (request.max_gap_days, "largest"),
            (request.ideal_gap_days, "ideal"),
        )
    ]
    gaps = [Gap(int(least), int(most), ideal) for least, most, ideal in zip(*columns, strict=True)]
    for gap in gaps:
        if gap.least < 1:
            raise ValueError("Visits of a series lie on different days: the smallest gap is at least one day.")
        if gap.least > gap.most:
            raise ValueError(f"The smallest gap ({gap.least} days) is larger than the largest ({gap.most} days).")
    return gaps


def _spread(given: PerGap, count: int, name: str) -> list[float]:
    if not isinstance(given, tuple):
        return [given] * count
    if len(given) != count:
        raise ValueError(f"There are {count} gaps, but {len(given)} values for the {name} gap.")
    return list(given)


def read_pins(request: SeriesRequest) -> dict[int, Pin]:
    """Pins by visit.

    Raises:
        ValueError: a pin for a visit that does not exist, two for one, or a booked one without its start.
    """
    pins: dict[int, Pin] = {}
    for pin in request.pins:
        if not 0 <= pin.index < request.count:
            raise ValueError(f"There is no visit {pin.index + 1} to pin in a series of {request.count}.")
        if pin.index in pins:
            raise ValueError(f"Visit {pin.index + 1} is pinned twice.")
        if pin.booked and pin.start is None:
            raise ValueError(f"Visit {pin.index + 1} is booked, so its pin must say when it starts.")
        pins[pin.index] = pin
    return pins
