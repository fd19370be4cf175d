"""The planner's rules once more, as plainly and slowly as possible: every choice is tried. The judge of small cases."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, product

from scheduling.planner import cost
from scheduling.planner.values import Kind, Lane, Resource, SeriesRequest, SiteDay, VisitShape, Windows
from tests.planner.worlds import Row

CHAIRS = {"recliner", "bed"}


class World:
    """Days, resources and rows, asked one cell at a time."""

    def __init__(self, days: Sequence[SiteDay], resources: Sequence[Resource], rows: Sequence[Row]) -> None:
        self.days, self.resources, self.rows = days, resources, rows

    def here(self, day: SiteDay, one: Resource, cell: int) -> bool:
        """Whether somebody or something is there, within the day's own cells."""
        inside = day.start <= cell < day.start + len(day.minutes)
        return inside and any(a <= cell < b for a, b in day.present.get(one.id, ()))

    def held(self, one: Resource, cell: int, first: int, last: int) -> int:
        """How many of units ``first`` to ``last`` are held in a cell."""
        units = range(first, last + 1)
        mine = [row for row in self.rows if row[0] == one.id and row[1] <= cell < row[2]]
        return sum(1 for row in mine for unit in units if row[3] <= unit < row[4])

    def hands_free(self, day: SiteDay, one: Resource, cell: int) -> bool:
        """Unit 0 is free and its owner is there."""
        return self.here(day, one, cell) and self.held(one, cell, 0, 0) == 0

    def watch_free(self, day: SiteDay, one: Resource, cell: int) -> int:
        """Watch units free."""
        return one.watch - self.held(one, cell, 1, 1000) if self.here(day, one, cell) else 0

    def load(self, day: SiteDay, one: Resource) -> int:
        """Tenths of a nurse's day taken."""
        cells = [cell for cell in range(day.start, day.end) if self.here(day, one, cell)]
        used = sum(self.held(one, cell, 0, 1000) for cell in cells)
        return min(10, 10 * used // (len(cells) * (1 + one.watch))) if cells else 10


def open_cells(day: SiteDay) -> list[tuple[int, int]]:
    """The day's open stretches."""
    return list(day.open) if day.open is not None else [(day.start, day.end)]


def serve_cost(world: World, shape: VisitShape, day: SiteDay, start: int) -> int | None:
    """Least points for chair and nurses of a visit at ``start``, ``None`` where that is not legal."""
    if not any(a <= start and start + shape.cells <= b for a, b in open_cells(day)):
        return None
    spans = []
    at = start
    for phase in shape.phases:
        spans.append((phase, at, at + phase.cells))
        at += phase.cells
    chair = _chair_cost(world, shape, day, spans)
    if chair is None or not _presence(world, shape, day, spans) or not _monitor(world, day, spans):
        return None
    best = None
    for doctor in _doctors(world, shape, day, spans):
        for path in _nurse_paths(world, day, spans, doctor):
            best = path if best is None else min(best, path)
    return None if best is None else chair + best


def _chair_cost(world: World, shape: VisitShape, day: SiteDay, spans: list) -> int | None:  # type: ignore[type-arg]
    needed = [(a, b) for phase, a, b in spans if any(n.kind is Kind.CHAIR for n in phase.needs) and b > a]
    if not needed:
        return 0
    first, last = needed[0][0], needed[-1][1]
    end, hold = last + shape.turnover_cells, last + shape.turnover_cells - first
    costs = []
    for one in world.resources:
        if not one.roles & ((shape.chair_kinds or CHAIRS) & CHAIRS):
            continue
        if not all(world.here(day, one, cell) for cell in range(first, last)):
            continue
        if any(world.held(one, cell, 0, 0) for cell in range(first, end)):
            continue

        def usable(cell: int, one: Resource = one) -> bool:
            return world.hands_free(day, one, cell) and any(a <= cell < b for a, b in open_cells(day))

        before = 0
        while usable(first - before - 1):
            before += 1
        after = 0
        while usable(end + after):
            after += 1
        costs.append(cost.FRAGMENTATION * (cost.unusable(before, hold) + cost.unusable(after, hold)))
    return min(costs, default=None)


def _presence(world: World, shape: VisitShape, day: SiteDay, spans: list) -> bool:  # type: ignore[type-arg]
    for phase, a, b in spans:
        for need in phase.needs:
            if need.lane is Lane.PRESENCE:
                able = [one for one in world.resources if need.kind.value in one.roles]
                if need.kind is Kind.DOCTOR and shape.doctor is not None:
                    able = [one for one in able if one.id == shape.doctor]
                if not all(any(world.here(day, one, cell) for one in able) for cell in range(a, b)):
                    return False
    return True


def _monitor(world: World, day: SiteDay, spans: list) -> bool:  # type: ignore[type-arg]
    cells = [c for phase, a, b in spans for c in range(a, b) if any(n.kind is Kind.MONITOR for n in phase.needs)]
    monitors = [one for one in world.resources if "monitor" in one.roles]
    return not cells or any(all(world.hands_free(day, one, cell) for cell in cells) for one in monitors)


def _doctors(world: World, shape: VisitShape, day: SiteDay, spans: list) -> Iterator[Resource | None]:  # type: ignore[type-arg]
    cells = [
        cell
        for phase, a, b in spans
        for cell in range(a, b)
        if any(n.kind is Kind.DOCTOR and n.lane is Lane.HANDS for n in phase.needs)
    ]
    if not cells:
        yield None
        return
    for one in world.resources:
        able = "doctor" in one.roles and shape.doctor in (None, one.id)
        if able and all(world.hands_free(day, one, cell) for cell in cells):
            yield one


def _nurse_paths(world: World, day: SiteDay, spans: list, doctor: Resource | None) -> Iterator[int]:  # type: ignore[type-arg]
    """The cost of every legal way to give each cell its nurse."""
    nurses = [one for one in world.resources if "nurse" in one.roles]
    cells = []
    for number, (phase, a, b) in enumerate(spans):
        mine = [need for need in phase.needs if need.kind is Kind.NURSE and need.lane is not Lane.PRESENCE]
        if mine:
            doctor_works = any(n.kind is Kind.DOCTOR and n.lane is Lane.HANDS for n in phase.needs)
            cells += [(cell, number, mine, doctor_works) for cell in range(a, b)]
    for chosen in product(nurses, repeat=len(cells)):
        points, legal = 0, True
        for at, (one, (cell, number, mine, doctor_works)) in enumerate(zip(chosen, cells, strict=True)):
            hands = any(need.lane is Lane.HANDS for need in mine)
            units = sum(need.units for need in mine if need.lane is Lane.WATCH)
            alone = any(need.alone for need in mine)
            same_before = at > 0 and cells[at - 1][0] == cell - 1
            if same_before and chosen[at - 1] is not one:
                points += cost.HANDOVER
                legal &= not (hands and cells[at - 1][1] == number)
            legal &= world.here(day, one, cell)
            legal &= world.watch_free(day, one, cell) >= (max(units, one.watch) if alone else units)
            if hands:
                legal &= world.hands_free(day, one, cell) and not (doctor_works and doctor is one)
            points += cost.NURSE_LOAD * world.load(day, one)
        if legal:
            yield points


def _in_windows(windows: Windows | None, weekday: int, first: int, last: int) -> bool:
    return windows is None or any(a <= first <= last <= b for a, b in windows.get(weekday, ()))


def visit_costs(world: World, request: SeriesRequest) -> list[tuple[SiteDay, int, int, int]]:
    """Every legal start as (day, start, local minute, points for resources and wishes)."""
    wishes, found = request.wishes, []
    for day in world.days:
        for at, minute in enumerate(day.minutes):
            start, weekday = day.start + at, day.date.weekday()
            last = at + request.shape.cells - 1
            if last >= len(day.minutes) or day.date < request.first_day or day.date in wishes.not_dates:
                continue
            ends = day.minutes[last] + 5
            if not _in_windows(wishes.patient_can, weekday, minute, ends):
                continue
            if not _in_windows(wishes.driver_can, weekday, ends, ends):
                continue
            if any(start < b and start + request.shape.cells > a for a, b in request.busy):
                continue
            if request.earliest_cell is not None and start < request.earliest_cell:
                continue
            if any(abs((day.date - other).days) < least for other, least in request.other_days):
                continue
            points = serve_cost(world, request.shape, day, start)
            if points is None:
                continue
            if wishes.preferred_weekdays and weekday not in wishes.preferred_weekdays:
                points += cost.PREFERRED_WEEKDAY
            outside = cost.hours_outside(minute, wishes.preferred_from, wishes.preferred_until)
            points += cost.round_start(minute)
            found.append((day, start, minute, points + cost.PREFERRED_HOURS * outside))
    return found


def best_cost(world: World, request: SeriesRequest) -> int | None:
    """The least cost of any series, by trying all of them (gaps as single numbers)."""
    free, best = visit_costs(world, request), None
    starts = [free] * request.count
    for pin in request.pins:
        unbound = replace(request.wishes, patient_can=None, driver_can=None, not_dates=frozenset())
        pinned = [one for one in visit_costs(world, replace(request, wishes=unbound)) if one[0].date == pin.date]
        starts[pin.index] = [one for one in pinned if pin.start in (None, one[1])]
    for chosen in product(*starts):
        dates = [one[0].date for one in chosen]
        known = ([request.previous_day] if request.previous_day else []) + dates
        known += [request.next_day] if request.next_day else []
        gaps = [(b - a).days for a, b in pairwise(known)]
        least, most, ideal = request.min_gap_days, request.max_gap_days, request.ideal_gap_days
        assert isinstance(least, int)
        assert isinstance(most, int)
        assert not isinstance(ideal, tuple)
        if not all(least <= gap <= most for gap in gaps):
            continue
        if request.window_days is not None and (dates[-1] - dates[0]).days >= request.window_days:
            continue
        points = sum(one[3] for one in chosen) + sum(cost.spacing(gap, ideal) for gap in gaps)
        points += cost.SAME_HOUR * sum(abs(a[2] - b[2]) // 5 for a, b in pairwise(chosen))
        if request.previous_day is None:
            points += cost.FIRST_DAY * (dates[0] - request.first_day).days
        best = points if best is None else min(best, points)
    return best
