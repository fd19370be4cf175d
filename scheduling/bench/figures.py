"""What is measured, in the order in which it is worth waiting for."""

from collections.abc import Callable

from scheduling.bench.board import board_beside_trivial
from scheduling.bench.booking import book_beside_inserts
from scheduling.bench.clerks import clerks_beside_one
from scheduling.bench.cost import costs
from scheduling.bench.demand import demand_beside_solver
from scheduling.bench.doctor import doctors_desk
from scheduling.bench.measure import Figure
from scheduling.bench.planning import plan_beside_fetch, ten_years_beside_one
from scheduling.bench.rescue import closed_day
from scheduling.bench.searching import search_beside_solver
from scheduling.bench.web import memory_stays_flat, page_beside_trivial
from scheduling.bench.world import World

#: By the name that `--only` takes; a figure that cannot be measured here says why and is None.
FIGURES: dict[str, Callable[[World], Figure | None]] = {
    "plan": plan_beside_fetch,
    "book": book_beside_inserts,
    "search": search_beside_solver,
    "http": page_beside_trivial,
    "board": board_beside_trivial,
    "doctor": doctors_desk,
    "clerks": clerks_beside_one,
    "years": ten_years_beside_one,
    "rescue": closed_day,
    "cht-i": demand_beside_solver,
    "memory": memory_stays_flat,
    "cost": costs,
}
