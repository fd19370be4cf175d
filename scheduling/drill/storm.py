"""The storm: a working day's messages while workers, beat and database are killed and the mail server misbehaves."""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from scheduling.drill.changes import Changes
from scheduling.drill.findings import Finding, all_of, at_most, none_of
from scheduling.drill.house import House, surely
from scheduling.drill.keeper import Kept
from scheduling.drill.sink import BAD, Habits, Try
from scheduling.drill.world import World, make_due
from scheduling.messages import selectors
from scheduling.models import Message

State = Message.State
NAME = "storm"

MESSAGES, BAD_EVERY, WORKERS = 2000, 50, 4
HABITS = Habits(refuse=0.10, cut=0.03)
#: Share of the messages whose visit is cancelled or moved before anybody looks, and while they are being sent.
CHANGED_BEFORE, CHANGED_MEANWHILE = 0.05, 0.05
#: How many times a worker or the beat is killed, on average: after some number of mails and not of seconds, so that a
#: slow machine, on which a worker takes longer to come up, gets as far as a quick one.
BLOWS, BLOWS_QUICK = 40, 8
#: Share of the mails after which the database is killed, and after which nobody is killed any more.
DATABASE_AT, CALM_AT = 0.4, 0.8
#: Seconds after which what has not come will not: longer than a lease and the longest wait of those refused twice.
PATIENCE = 1200


@dataclass(slots=True)
class Blows:
    """What was killed, and how many messages can have been in flight then: one for each process that sends."""

    killed: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0

    def count(self, name: str, in_flight: int) -> None:
        """Something was killed, and with it at most so many messages were in flight."""
        self.killed[name] += 1
        self.in_flight += in_flight

    def words(self) -> str:
        """For the table."""
        return "killed: " + ", ".join(f"{name} {times} x" for name, times in sorted(self.killed.items()))


def storm(world: World) -> list[Finding]:
    """Two thousand messages, four workers, everything killed at random; each good one arrives, the bad are shown."""
    house, chance = world.house, random.Random(7)  # noqa: S311 -- luck, not a secret
    messages = make_due(world.bench, world.share(MESSAGES, 60), bad_every=BAD_EVERY)
    good = [one for one in messages if not _is_bad(one)]
    changes = Changes(good, chance)
    changes.make(int(len(messages) * CHANGED_BEFORE))
    mail = house.sink(HABITS)
    began = time.monotonic()
    workers, beat = house.workers(WORKERS), house.beat()
    often = BLOWS_QUICK if world.quick else BLOWS
    blows = _rage(house, len(good), often, workers, beat, changes, chance)
    _wait_for_calm(house)
    took = time.monotonic() - began
    house.keeper.let_go(beat, *workers)
    house.keeper.let_go(mail)
    return judge(world, messages, changes, house.arrived(), blows, f"{len(messages):,} messages in {took:.0f} s")


def _rage(
    house: House,
    wanted: int,
    often: int,
    workers: Sequence[Kept],
    beat: Kept,
    changes: Changes,
    chance: random.Random,
) -> Blows:
    """Kill (about `often` times) and change at random until CALM_AT of the mails have come, starting what is dead."""
    blows, rate = Blows(), often / (CALM_AT * wanted)
    changes_left = int(wanted * CHANGED_MEANWHILE)
    next_blow = chance.expovariate(rate)
    deadline = time.monotonic() + PATIENCE
    while (come := len({one.id for one in house.arrived()})) < CALM_AT * wanted and time.monotonic() < deadline:
        house.keeper.look()
        if changes_left:
            changes.make()
            changes_left -= 1
        if not blows.killed["database"] and come >= DATABASE_AT * wanted:
            blows.count("database", sum(worker.alive for worker in workers))
            house.database.kill()
        if come >= next_blow:
            victim = chance.choice([*workers, beat])
            if victim.kill():
                blows.count("beat" if victim is beat else "workers", int(victim is not beat))
            next_blow = come + chance.expovariate(rate)
        time.sleep(0.1)
    return blows


def _wait_for_calm(house: House) -> None:
    """Until nothing waits any more, or PATIENCE is over."""
    deadline = time.monotonic() + PATIENCE
    while surely(waiting) and time.monotonic() < deadline:
        house.keeper.look()
        time.sleep(0.5)


def waiting() -> int:
    """How many messages are not at their end yet."""
    return Message.objects.filter(state__in=[State.DUE, State.SENDING]).count()


def judge(
    world: World, messages: Sequence[Message], changes: Changes, came: Sequence[Try], blows: Blows, made_of: str
) -> list[Finding]:
    """Hold the mailboxes against the ledger."""
    now = {one.pk: one for one in Message.objects.filter(pk__in=[one.pk for one in messages])}
    bad = [one for one in messages if _is_bad(one)]
    wanted = [one for one in messages if not _is_bad(one) and now[one.pk].state != State.SKIPPED]
    ids: dict[str, list[str]] = defaultdict(list)
    for one in came:
        ids[one.to].append(one.id)
    arrived = sum(bool(ids[_address(one)]) and now[one.pk].state == State.SENT for one in wanted)
    unasked = [one for one in messages if now[one.pk].state == State.SKIPPED and one.pk not in changes.made]
    again = sum(len(found) - 1 for found in ids.values())
    other_ids = sum(len(set(found)) > 1 for found in ids.values())
    cuts = sum(one.what == "cut" for one in came)
    stopped = sum(now[key].state == State.SKIPPED for key in changes.made)
    return [
        all_of(NAME, "every good message arrives and is marked sent", arrived, len(wanted), "messages", made_of),
        none_of(NAME, "no message is lost or left out", len(unasked) + waiting(), "messages", blows.words()),
        at_most(
            NAME,
            "mails that come twice: no more than cuts and messages in flight at kills",
            again,
            cuts + blows.in_flight,
            "mails",
            f"{cuts} lines cut after acceptance, {blows.in_flight} in flight at most",
        ),
        none_of(NAME, "no mail comes twice under two Message-IDs", other_ids, "mails"),
        none_of(
            NAME,
            "no look passes a visit cancelled or moved before it",
            len(changes.wrongly_written()),
            "messages",
            f"{len(changes.made)} visits changed; {stopped} of their messages stopped, the others looked at before",
        ),
        all_of(NAME, "bad addresses failed and shown to the desk", _shown(world, bad), len(bad), "messages"),
    ]


def _shown(world: World, bad: Sequence[Message]) -> int:
    """How many of them the desk's list of failed messages has."""
    failed = selectors.ledger_of(world.bench.clerk, state=State.FAILED)
    return failed.filter(pk__in=[one.pk for one in bad]).exclude(last_error="").count()


def _is_bad(message: Message) -> bool:
    return _address(message).startswith(BAD)


def _address(message: Message) -> str:
    return message.patient.email if message.patient is not None else ""
