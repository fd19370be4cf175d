"""The demand of CHT-I for CP-SAT, which knows all of it at once and may choose whom to take."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ortools.sat.python import cp_model

from scheduling.bench.cht_i import CHAIRS, DAYS, DOCTORS, NURSES, SLOTS, WATCH, Place, Wanted
from scheduling.bench.cp_sat import WORKERS


@dataclass(frozen=True, slots=True)
class Packed:
    """How many visits the solver placed, and the number that it has proven nobody can exceed."""

    visits: int
    bound: int


def pack(demand: Sequence[Wanted], known: Sequence[Place | None], seconds: float) -> Packed:
    """The most visits of whole patients within the 28 days, as far as the solver gets in `seconds`.

    It begins with `known`, a place for each patient or None: from nothing it had placed 236 of 2,340 visits after a
    minute, which would flatter whoever is measured against it.
    """
    model = cp_model.CpModel()
    chairs: list[Any] = []
    hands: list[Any] = []
    doctors: list[Any] = []
    taken = [model.new_bool_var("") for _ in demand]
    for wanted, is_in, place in zip(demand, taken, known, strict=True):
        first = model.new_int_var(0, DAYS - 1 - wanted[-1].day, "")
        model.add_hint(is_in, place is not None)
        model.add_hint(first, place.first if place else 0)
        for number, visit in enumerate(wanted):
            slot = model.new_int_var(0, SLOTS - visit.slots, "")
            model.add_hint(slot, place.slots[number] if place else 0)
            start = model.new_int_var(0, DAYS * SLOTS, "")
            model.add(start == SLOTS * (first + visit.day) + slot)
            model.add_hint(
                start, SLOTS * ((place.first if place else 0) + visit.day) + (place.slots[number] if place else 0)
            )
            seated = start + int(visit.consult)
            chairs.append(model.new_optional_fixed_size_interval_var(seated, 1 + visit.treatment, is_in, ""))
            hands.append(model.new_optional_fixed_size_interval_var(seated, 1, is_in, ""))
            if visit.consult:
                doctors.append(model.new_optional_fixed_size_interval_var(start, 1, is_in, ""))
    model.add_cumulative(chairs, [1] * len(chairs), CHAIRS)
    # Who sits in a chair is watched; with a hand-over at any slot the nurses' watch counts as one pool.
    model.add_cumulative(chairs, [1] * len(chairs), NURSES * WATCH)
    model.add_cumulative(hands, [1] * len(hands), NURSES)
    model.add_cumulative(doctors, [1] * len(doctors), DOCTORS)
    model.maximize(sum(len(wanted) * is_in for wanted, is_in in zip(demand, taken, strict=True)))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = WORKERS
    solver.parameters.max_time_in_seconds = seconds
    status = solver.solve(model)
    found = round(solver.objective_value) if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else 0
    return Packed(found, int(solver.best_objective_bound))
