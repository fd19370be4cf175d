"""The broker: killed with all that waits in it, and none at all."""

import subprocess
import sys
import time

from django.conf import settings

from clinic.runtime.folder import PROJECT
from scheduling.drill.findings import Finding, all_of, at_most
from scheduling.drill.house import House, redis_answers
from scheduling.drill.keeper import Kept, wait_until
from scheduling.drill.world import World, make_due
from scheduling.messages import nudge

MESSAGES, NUDGES = 200, 20
#: Ticks that the broker is away once messages have fallen due, so that the beat has failed at some and the workers have
#: begun to wait longer.
AWAY_TICKS = 4
PATIENCE = 600


def broker_lost(world: World) -> list[Finding]:
    """The broker dies with its queue while messages fall due; how long after its return the last one has come."""
    house, name = world.house, "broker"
    mail, workers, beat = house.sink(), house.workers(2), house.beat()
    number = world.share(MESSAGES)
    lost = _lose_redis if house.redis is not None else _lose_folder
    back = lost(house, world, number, [*workers, beat])
    came = wait_until(lambda: len(house.arrived()) >= number, PATIENCE, meanwhile=house.keeper.look)
    took = house.arrived()[-1].at - back if came else float(PATIENCE)
    house.keeper.let_go(beat, *workers, mail)
    what = "Redis killed without persistence" if house.redis is not None else "workers and beat killed, queue emptied"
    waited = sum(mail.at >= back for mail in house.arrived())
    note = f"{what}; {waited} of {number} waited for it; a tick is {settings.REMINDER_TICK_SECONDS} s"
    return [
        all_of(name, "everything due is delivered after the broker's return", len(house.arrived()), number, "messages"),
        at_most(
            name,
            "the last within two ticks of its return",
            took / settings.REMINDER_TICK_SECONDS,
            2,
            "ticks",
            note,
        ),
    ]


def _lose_redis(house: House, world: World, number: int, others: list[Kept]) -> float:
    """Kill Redis while messages fall due, and bring it back empty; when it answers again (Unix time)."""
    redis = house.redis
    if redis is None:
        raise ValueError("The drill runs without Redis.")
    house.keeper.leave(redis)
    redis.kill()
    # A task that a worker has in hand would deliver them while the broker is away, and nothing would be tried.
    time.sleep(settings.REMINDER_TICK_SECONDS)
    _fall_due(world, number)
    time.sleep(AWAY_TICKS * settings.REMINDER_TICK_SECONDS)
    house.keeper.keep(redis)
    wait_until(redis_answers, PATIENCE)
    return time.time()


def _lose_folder(house: House, world: World, number: int, others: list[Kept]) -> float:
    """Kill whatever works on the folder, empty it, and start all again; when the first worker is there (Unix time)."""
    for process in others:
        house.keeper.leave(process)
        process.kill()
    _fall_due(world, number)
    house.lose_the_queue()
    beat, *workers = reversed(others)
    house.keeper.keep(beat)
    for worker in workers:
        worker.log.unlink()
        house.keeper.keep(worker)
    wait_until(lambda: any(b" ready" in worker.log.read_bytes() for worker in workers), PATIENCE)
    return time.time()


def _fall_due(world: World, number: int) -> None:
    make_due(world.bench, number)
    for _ in range(NUDGES):
        nudge.now()


def no_broker(world: World) -> list[Finding]:
    """Nothing but the database and `manage.py send_due`, as somebody would run it by hand or from cron."""
    house, number = world.house, world.share(MESSAGES)
    mail = house.sink()
    redis = house.redis
    if redis is not None:
        house.keeper.leave(redis)
        redis.kill()
    make_due(world.bench, number)
    command = [sys.executable, str(PROJECT / "manage.py"), "send_due"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)  # noqa: S603
    if redis is not None:
        house.keeper.keep(redis)
        wait_until(redis_answers, PATIENCE)
    house.keeper.let_go(mail)
    said = (done.stdout.strip().splitlines() or [done.stderr.strip()[-200:]])[-1]
    promise = "everything due is delivered by `send_due`, without worker, beat and broker"
    return [all_of("no-broker", promise, len(house.arrived()), number, "messages", f"it said: {said}")]
