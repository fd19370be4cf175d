"""Re-planning a closed day: everything that was booked on it, together, read from the database and searched."""

import statistics
import time
from datetime import timedelta

from django.db import connection, transaction

from clinic import clock
from clinic.models import Closure
from scheduling.actions.rescue import agree_rescue
from scheduling.bench.measure import Figure, in_turn
from scheduling.bench.world import World
from scheduling.models import Appointment
from scheduling.planner.rescue import Rescue, RescueRequest
from scheduling.planner.rescue_search import plan_rescue
from scheduling.planner.rescue_solver import improve_rescue, is_there
from scheduling.selectors import rescue
from scheduling.selectors.rescue_plan import SiteRescue, answers, propose, without_cover

#: Seconds within which half of all rescues are to be found.
TARGET = 2.0
#: So many visits are on the day; those of the bench's full days beyond it are called off first.
VISITS = 60
#: So long CP-SAT may look for a better rescue than the heuristic's.
SOLVER_SECONDS = 20.0


def closed_day(world: World) -> Figure:
    """Close a full day a week ahead and re-plan its VISITS visits together; nothing of it stays written."""
    site, now = world.bench.site, clock.now()
    with transaction.atomic():
        _close_a_day(world)
        lost = [one.id for one in without_cover(site, now)]
        plan = propose(site, now)
        values, floors = in_turn(
            world.options.times(25), lambda: propose(site, now), lambda: rescue.ask(site, lost, now), warm_up=1
        )
        solved = _beside_the_solver(rescue.ask(site, lost, now).request)
        agreeing = _agree(world, plan)
        transaction.set_rollback(True)
    p50 = statistics.median(values)
    found = [step for case in plan.cases for step in case.steps]
    kept = sum(step.new_starts is not None for step in found if not step.follows)
    return Figure(
        name="rescue",
        title=f"re-plan a closed day of {len(lost)} visits (load and search)",
        beside="reading alone what the rescue asks for",
        unit="ms",
        values=tuple(values),
        floors=tuple(floors),
        ratio=p50 / statistics.median(floors),
        target=f"p50 < {TARGET:g} s",
        ok=p50 < TARGET * 1000,
    ).noting(
        f"{kept} of {len(lost)} visits ({kept / len(lost):.0%}) find a place with every gap, window and wish kept;"
        f" {sum(step.follows for step in found)} others of their series move along",
        *solved,
        f"agreeing to all of it, messages and trail included, took {agreeing:,.0f} ms",
    )


def _beside_the_solver(request: RescueRequest) -> list[str]:
    """What the heuristic reaches, and what CP-SAT makes of it."""
    start = time.perf_counter()
    plain = plan_rescue(request)
    lines = [_reached("heuristic", plain, time.perf_counter() - start)]
    if not is_there():
        return [*lines, "CP-SAT is not installed (requirements-dev.in)"]
    start = time.perf_counter()
    solved = improve_rescue(request, plain, SOLVER_SECONDS)
    took = time.perf_counter() - start
    return [*lines, _reached(f"with CP-SAT for {SOLVER_SECONDS:g} s", solved, took)]


def _reached(name: str, plan: Rescue, seconds: float) -> str:
    stranded = [one for one in plan.proposals if not one.follows]
    moved = sum(one.moves for one in plan.proposals)
    return (
        f"{name}: {len(stranded) - len(plan.left)} of {len(stranded)} visits placed, {moved} moved,"
        f" {plan.cost - plan.terms['left'] - plan.terms['moved']:,} points beyond left and moved, {seconds:.1f} s"
    )


def _close_a_day(world: World) -> None:
    site = world.bench.site
    day = world.bench.first_day + timedelta(days=7)
    while day.weekday() > 4:
        day += timedelta(days=1)
    begin, end = clock.day_bounds(day, site.zone)
    booked = Appointment.objects.blocking().filter(site=site, starts__gte=begin, starts__lt=end)
    # Every so many: what is called off is spread over the day like what stays.
    surplus = list(booked.order_by("starts", "pk").values_list("pk", flat=True))
    keep = set(surplus[:: max(1, len(surplus) // VISITS)][:VISITS])
    with connection.cursor() as cursor:
        gone = [str(pk) for pk in surplus if pk not in keep]
        cursor.execute("DELETE FROM scheduling_hold WHERE appointment_id = ANY(%s::uuid[])", [gone])
        cursor.execute("DELETE FROM scheduling_appointment WHERE id = ANY(%s::uuid[])", [gone])
    Closure.objects.create(site=site, starts=begin, ends=end, reason="snow")


def _agree(world: World, plan: SiteRescue) -> float:
    """How long it takes to agree to the whole, in milliseconds."""
    key = next(iter(answers(plan.cases)))
    start = time.perf_counter()
    agree_rescue(by=world.bench.by, proposals=answers(plan.cases), reason="snow", key=key)
    return (time.perf_counter() - start) * 1000
