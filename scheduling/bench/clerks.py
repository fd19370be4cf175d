"""Twelve clerks on the same two weeks, beside one alone: each a process that plans, books and calls off in a loop."""

import multiprocessing
import statistics
import time
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from uuid import uuid4

from django.db import DatabaseError, connection, connections

from clinic import clock
from clinic.errors import JustTaken
from patients.models import Patient
from scheduling.actions.moving import stop_series
from scheduling.actions.next_best import keep_next_best
from scheduling.actions.offers import accept_offer
from scheduling.actions.series_writing import SeriesOrder
from scheduling.bench.booking import book
from scheduling.bench.measure import Figure
from scheduling.bench.planning import plan
from scheduling.bench.world import World
from scheduling.models import Series
from scheduling.planner.values import Plan, Wishes
from scheduling.selectors.planning import moments_of

CLERKS = 12
#: Each clerk's patient likes another hour, from eight on: twelve who call on one morning do not all want the same.
LIKED = tuple(Wishes(preferred_from=480 + 45 * number, preferred_until=540 + 45 * number) for number in range(CLERKS))
SECONDS = 30.0
#: The worst wait of the twelve may be so many times the median of one alone.
WORST = 30


@dataclass(slots=True)
class Shift:
    """What one clerk did: the milliseconds of each job (plan, book, call off) and of each look that found no room, how
    often somebody was quicker, and the database's errors that reached the clerk."""

    jobs: list[float] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)
    taken: int = 0
    errors: list[str] = field(default_factory=list)


def clerks_beside_one(world: World) -> Figure:
    """One clerk first, then twelve at once, for the same number of seconds."""
    seconds = 8.0 if world.options.quick else SECONDS
    alone = _at_work(world, 1, seconds)
    together = _at_work(world, CLERKS, seconds)
    one, many = [job for shift in alone for job in shift.jobs], [job for shift in together for job in shift.jobs]
    ratio = len(many) / len(one)
    single = statistics.median(one)
    errors = [error for shift in (*alone, *together) for error in shift.errors]
    overlaps = overlapping_holds()
    looks = [look for shift in together for look in shift.looks]
    worst = max([*many, *looks]) / single
    return Figure(
        name="clerks",
        title=f"{CLERKS} clerks on the same weeks for {seconds:.0f} s: plan, book, call off",
        beside="one clerk alone",
        unit="ms a job",
        values=tuple(many),
        floors=tuple(one),
        ratio=ratio,
        target=f"throughput >= 1 x, worst wait <= {WORST} x the single p50, no overlap, no error",
        ok=ratio >= 1 and worst <= WORST and not errors and not overlaps,
        notes=(
            f"{len(many) / seconds:.1f} jobs a second beside {len(one) / seconds:.1f} (the ratio); the worst wait is"
            f" {worst:.1f} x the single p50",
            f"just taken by another {sum(shift.taken for shift in together)} times, then booked at the second try;"
            f" {len(looks)} looks found no room left and count as no job; {overlaps} overlapping holds;"
            f" {len(errors)} errors{': ' + errors[0] if errors else ''}",
        ),
    )


def overlapping_holds() -> int:
    """Holds to come that share a unit and a cell with another: what the constraint must never let in. Counted without
    the index that keeps them apart."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM (
                SELECT start_cell < max(end_cell) OVER (
                    PARTITION BY resource_id, unit ORDER BY start_cell, id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                ) AS is_double
                FROM scheduling_hold, generate_series(first_unit, end_unit - 1) AS unit
                WHERE end_cell > %s
            ) AS held WHERE is_double
            """,
            [clock.cell(clock.now())],
        )
        (count,) = cursor.fetchone()
        return int(count)


def _at_work(world: World, count: int, seconds: float) -> list[Shift]:
    """`count` clerks at once; forked, so that each has the whole interpreter and a connection of its own."""
    connections.close_all()
    context = multiprocessing.get_context("fork")
    done: Queue[Shift] = context.Queue()
    begin = time.monotonic() + 0.5
    patients = [world.patient() for _ in range(count)]
    clerks = [
        context.Process(target=_clerk, args=(world, patient, number, begin, seconds, done))
        for number, patient in enumerate(patients)
    ]
    for clerk in clerks:
        clerk.start()
    shifts = [done.get(timeout=10 * seconds) for _ in clerks]
    for clerk in clerks:
        clerk.join()
    return shifts


def _clerk(world: World, patient: Patient, number: int, begin: float, seconds: float, done: "Queue[Shift]") -> None:
    shift = Shift()
    time.sleep(max(0.0, begin - time.monotonic()))
    try:
        while time.monotonic() < begin + seconds:
            start = time.perf_counter()
            done_with = shift.jobs if _job(world, patient, number, shift) else shift.looks
            done_with.append((time.perf_counter() - start) * 1000)
    except DatabaseError as error:
        shift.errors.append(f"{type(error).__name__}: {' '.join(str(error).split())[:160]}")
    done.put(shift)


def _job(world: World, patient: Patient, number: int, shift: Shift) -> bool:
    """Plan and book, and call the series off; when somebody was quicker, book what is kept then, as the page does.
    False: the others hold all of these weeks just now."""
    wishes = LIKED[number]
    best = plan(world, wishes).best
    series = _booked(world, patient, wishes, best, shift) if best is not None else None
    if series is None:
        return False
    stop_series(by=world.bench.by, series=series, reason="the patient called")
    return True


def _booked(world: World, patient: Patient, wishes: Wishes, best: Plan, shift: Shift) -> Series | None:
    try:
        return book(world, patient, best)
    except JustTaken:
        shift.taken += 1
    bench = world.bench
    order = SeriesOrder(patient, bench.site, bench.series, bench.first_day, wishes, moments_of(best))
    found = keep_next_best(by=bench.by, order=order, fixed={})
    return accept_offer(by=bench.by, offer=found.offer, key=uuid4()) if found is not None else None
