"""How fast messages go out: beside a loop that only writes and sends them, and two workers beside one."""

import statistics
import time
from collections.abc import Sequence

from scheduling.drill.findings import Finding, at_least
from scheduling.drill.house import House
from scheduling.drill.keeper import wait_until
from scheduling.drill.sink import Habits
from scheduling.drill.world import World, make_due
from scheduling.messages import letters, nudge
from scheduling.messages.post import PostOffice
from scheduling.models import Message, MessageAttempt

MESSAGES, ROUNDS = 500, 3
#: The slow mail server takes this long over each message, in seconds.
SLOW = 0.05
PATIENCE = 600


def beside_a_loop(world: World) -> list[Finding]:
    """One worker, beside a loop that renders and hands over the same number of the same messages to the same server."""
    number, rounds = world.share(MESSAGES), 1 if world.quick else ROUNDS
    house = world.house
    mail, workers = house.sink(), house.workers(1)
    _worked(world, 20)
    _looped(world, 20)
    loops, works = [], []
    for _ in range(rounds):
        loops.append(_looped(world, number))
        works.append(_worked(world, number))
    house.keeper.let_go(*workers, mail)
    loop, work = statistics.median(loops), statistics.median(works)
    note = f"{work:.0f} a second beside {loop:.0f}; {rounds} x {number:,} messages"
    promise = "one worker, beside a loop that renders and sends the same messages"
    return [at_least("speed", promise, work / loop, 0.6, "x", note)]


def two_beside_one(world: World) -> list[Finding]:
    """Two workers beside one, against a mail server that takes its time."""
    number, house = world.share(MESSAGES), world.house
    mail = house.sink(Habits(delay=SLOW))
    rates = []
    for count in (1, 2):
        workers = house.workers(count)
        _worked(world, 20)
        rates.append(_worked(world, number))
        house.keeper.let_go(*workers)
    house.keeper.let_go(mail)
    note = f"{rates[1]:.1f} a second beside {rates[0]:.1f}; {number:,} messages, {SLOW * 1000:.0f} ms each"
    promise = "two workers beside one, against a mail server that takes 50 ms a message"
    return [at_least("two-workers", promise, rates[1] / rates[0], 1.6, "x", note)]


def _worked(world: World, number: int) -> float:
    """Messages a second by the workers that wait, from the first in a mailbox to the last."""
    before = len(world.house.arrived())
    make_due(world.bench, number)
    nudge.now()
    if not wait_until(lambda: _in(world.house) >= before + number, PATIENCE, meanwhile=world.house.keeper.look):
        raise ValueError(f"Only {_in(world.house) - before} of {number} messages came.")
    # The marks of the last ones, so that the next round begins in peace.
    wait_until(lambda: not Message.objects.filter(state__in=["due", "sending"]).exists(), PATIENCE)
    times = [one.at for one in world.house.arrived()[before:]]
    return _rate(times)


def _looped(world: World, number: int) -> float:
    """Messages a second by a loop that renders and hands over, and keeps no ledger."""
    made = make_due(world.bench, number)
    rows = Message.objects.filter(pk__in=[one.pk for one in made]).select_related(
        "patient", "contact", "series", "appointment__ride"
    )
    # A worker reads the sites of its batches once, too.
    rows = rows.prefetch_related("site__wordings")
    times = []
    with PostOffice() as post:
        for row in rows:
            post.open()
            mail = letters.write(row, []).mail
            if mail is None or post.send(mail).result != MessageAttempt.Result.ACCEPTED:
                raise ValueError("The loop could not send.")
            times.append(time.time())
    Message.objects.filter(pk__in=[one.pk for one in made]).update(state="skipped", skip_reason="sent by the loop")
    return _rate(times)


def _rate(times: Sequence[float]) -> float:
    return (len(times) - 1) / (times[-1] - times[0])


def _in(house: House) -> int:
    return len(house.arrived())
