"""How much of a real clinic's demand finds a place when it is planned as it comes."""

from time import perf_counter

from scheduling.bench.cht_i import Calendar, read_demand
from scheduling.bench.measure import Figure
from scheduling.bench.searching import has_solver
from scheduling.bench.world import World

#: Seconds that CP-SAT gets, and the share of its visits that planning one patient after the other must place.
SECONDS = 60.0
SHARE = 0.9


def demand_beside_solver(world: World) -> Figure | None:
    """All files, first come first served, beside CP-SAT knowing everybody. None without the files or OR-tools."""
    folder = world.options.cht_i
    if folder is None or not folder.is_dir():
        world.say(f"cht-i: left out, since {folder or 'its folder'} is not there; --cht-i PATH names it")
        return None
    if not has_solver():
        world.say("cht-i: left out, since OR-tools is not installed (it comes with requirements-dev.txt)")
        return None
    from scheduling.bench.cht_i_solver import pack

    demand = read_demand(folder)
    calendar = Calendar()
    start = perf_counter()
    places = [calendar.place(wanted) for wanted in demand]
    took = perf_counter() - start
    packed = pack(demand, places, SECONDS)
    placed = sum(len(wanted) for wanted, place in zip(demand, places, strict=True) if place)
    asked = sum(map(len, demand))
    ratio = placed / max(1, packed.visits)
    return Figure(
        name="cht-i",
        title="visits of CHT-I placed, first come first served",
        beside=f"CP-SAT knowing all demand at once, after {SECONDS:.0f} s",
        unit="visits",
        values=(placed,),
        floors=(packed.visits,),
        ratio=ratio,
        target=f">= {SHARE:g} x",
        ok=ratio >= SHARE,
        notes=(
            f"{asked} visits asked for by {len(demand)} patients; {places.count(None)} patients found no place",
            f"CP-SAT began with these places; its bound, which nobody can exceed: {packed.bound} visits",
            f"{1000 * took / len(demand):.1f} ms a patient",
        ),
    )
