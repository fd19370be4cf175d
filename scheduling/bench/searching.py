"""The search alone, without the database, beside CP-SAT on the same model."""

import statistics
from dataclasses import replace
from datetime import timedelta
from functools import partial
from importlib.util import find_spec

from scheduling.bench.measure import Figure, in_turn
from scheduling.bench.planning import WISHES, ask
from scheduling.bench.world import World
from scheduling.planner.problem import pose
from scheduling.planner.search import search_series
from scheduling.planner.values import SeriesRequest
from scheduling.selectors.day_sheets import Sheet

#: Seconds that CP-SAT gets for one series.
PATIENCE = 120.0
#: The last visit is at most so many days after that of the best plan. With all six weeks to choose from CP-SAT had
#: proven nothing after two minutes.
MARGIN = timedelta(days=2)
AT_LEAST = 100


def has_solver() -> bool:
    """Whether OR-tools is installed: it is needed for development only."""
    return find_spec("ortools") is not None


def _cut(request: SeriesRequest, sheet: Sheet) -> SeriesRequest:
    """The question up to a little after its own best plan, so that the solver can prove its answer."""
    best = search_series(request, sheet.days, sheet.resources, sheet.taken).best
    if best is None:
        raise ValueError("The bench site has no room for a series.")
    return replace(request, last_day=best.visits[-1].date + MARGIN)


def search_beside_solver(world: World) -> Figure | None:
    """The best series, searched in memory, beside CP-SAT's proof. None without OR-tools."""
    if not has_solver():
        world.say("search: left out, since OR-tools is not installed (it comes with requirements-dev.txt)")
        return None
    from scheduling.bench.cp_sat import SeriesModel

    values: list[float] = []
    floors: list[float] = []
    notes, all_equal = [], True
    for wishes in WISHES[:1] if world.options.quick else WISHES:
        asked, sheet = ask(world, wishes)
        request = _cut(replace(asked, alternatives=1), sheet)
        best = search_series(request, sheet.days, sheet.resources, sheet.taken).best
        ours = in_turn(
            world.options.times(50), partial(search_series, request, sheet.days, sheet.resources, sheet.taken)
        )[0]
        answer = SeriesModel(pose(request, sheet.days, sheet.resources, sheet.taken)).solve(PATIENCE)
        cost = best.cost if best else None
        all_equal &= (
            cost == answer.cost if answer.proven else answer.cost is None or cost is None or cost <= answer.cost
        )
        values += ours
        floors.append(answer.milliseconds)
        how = "proven" if answer.proven else f"its best after {PATIENCE:.0f} s, not proven"
        notes.append(
            f"cost {cost}, CP-SAT {answer.cost} ({how}); {statistics.median(ours):.1f} ms beside"
            f" {answer.milliseconds:,.0f} ms"
        )
    ratio = statistics.median(floors) / statistics.median(values)
    return Figure(
        name="search",
        title="search alone for the best six-visit series",
        beside="CP-SAT with two workers on the same counts and costs, until proven",
        unit="ms",
        values=tuple(values),
        floors=tuple(floors),
        ratio=ratio,
        target=f">= {AT_LEAST} x faster, equal cost",
        ok=ratio >= AT_LEAST and all_equal,
        notes=tuple(notes),
    )
