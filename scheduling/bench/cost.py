"""What pages, bookings and messages cost in processor time, to size machines by (docs/operations.md).

Counted is what the kernel counts: the time of the program's own processes and of PostgreSQL's, apart. Waiting does not
count, so that a busy machine changes little.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.urls import reverse

from clinic import clock
from clinic.models import User
from scheduling.bench.board import VISITS, make_day, touch
from scheduling.bench.booking import book
from scheduling.bench.measure import Figure
from scheduling.bench.planning import WISHES, plan
from scheduling.bench.server import cluster
from scheduling.bench.web import Browser, Server, search_path, serving, trivial_path
from scheduling.bench.world import World
from scheduling.messages import delivery
from scheduling.models import Message, Series

_TICK = os.sysconf("SC_CLK_TCK")
#: How often a page is asked for, and how many series are booked; whole runs.
PAGES, SERIES = 200, 40
PLANS = "booking page with its plans"


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of processor time of one of a thing, of the program and of PostgreSQL."""

    what: str
    program: float
    database: float

    @property
    def each_second(self) -> float:
        """How many one processor does in a second, if both live on it."""
        return 1000 / max(self.program + self.database, 1e-3)

    def of(self, many: float, what: str) -> "Cost":
        """The same shared out among so many."""
        return Cost(what, self.program / max(many, 1e-9), self.database / max(many, 1e-9))

    def line(self) -> str:
        """For the reader."""
        parts = f"{self.program:.1f} ms of the program, {self.database:.1f} ms of PostgreSQL"
        return f"{self.what}: {parts}: {self.each_second:.0f} in a second of one processor"


def seconds_of(pid: int) -> float:
    """Processor time of a process, of its living descendants, and of those that have ended, in seconds.

    0 for a process that is gone.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    # utime, stime, cutime and cstime of proc(5).
    return sum(map(int, fields[11:15])) / _TICK + sum(seconds_of(int(child)) for child in children)


def _database() -> float:
    """Of the throw-away server, all its backends together, in seconds."""
    return seconds_of(int((cluster().folder / "postmaster.pid").read_text().split()[0]))


def cost_of(what: str, times: int, program: int, deed: Callable[[int], object]) -> Cost:
    """One of `times` calls of `deed`, which gets the number of the call; `program` is whose time counts."""
    own, database = seconds_of(program), _database()
    for number in range(times):
        deed(number)
    each = 1000 / times
    return Cost(what, (seconds_of(program) - own) * each, (_database() - database) * each)


def costs(world: World) -> Figure:
    """Pages through HTTP, bookings and messages in this process. The figure's own value is the dearest page."""
    with serving() as server:
        trivial, *pages = _pages(world, server)
    found = [trivial, *pages, *_work(world)]
    plans = next(cost for cost in pages if cost.what == PLANS)
    return Figure(
        name="cost",
        title="processor time of a booking page with its plans, PostgreSQL's with it",
        beside="a signed-in page that does next to nothing",
        unit="ms",
        values=(plans.program + plans.database,),
        floors=(trivial.program + trivial.database,),
        ratio=(plans.program + plans.database) / max(trivial.program + trivial.database, 1e-3),
        target="none: to size machines by",
        ok=True,
        notes=tuple(cost.line() for cost in found),
    )


def _pages(world: World, server: Server) -> list[Cost]:
    site, clerk, day = make_day(world.bench)
    board, changes = (reverse(f"desk:{name}", args=[site.pk, day]) for name in ("board", "board_changes"))
    patient = reverse("desk:patient", args=[world.patients[0].pk])
    version = server.signed_in(clerk).get(board).partition(b'data-version="')[2].partition(b'"')[0].decode()

    def drawn(browser: Browser, number: int) -> None:
        touch(site, day)
        browser.get(board)

    times, desk = world.options.times(PAGES), world.bench.clerk
    asked: list[tuple[str, int, User, Callable[[Browser, int], object]]] = [
        ("page that does next to nothing", times, desk, lambda browser, _: browser.get(trivial_path())),
        ("work list", times, desk, lambda browser, _: browser.get(reverse("desk:work"))),
        ("patient's page", times, desk, lambda browser, _: browser.get(patient)),
        (PLANS, times, desk, lambda browser, number: browser.get(search_path(world, number))),
        (f"board of {VISITS} visits, as it was", times, clerk, lambda browser, _: browser.get(board)),
        (f"board of {VISITS} visits, drawn anew", times // 4, clerk, drawn),
        (
            "open board: has anything changed?",
            times,
            clerk,
            lambda browser, _: browser.ask(f"{changes}?since={version}"),
        ),
    ]
    found = []
    for what, many, user, deed in asked:
        # One browser each: a connection that rests is closed.
        browser = server.signed_in(user)
        deed(browser, 0)
        found.append(cost_of(what, many, server.pid, partial(deed, browser)))
    return found


def _work(world: World) -> list[Cost]:
    """As many series as fit, planned and booked, and their messages sent, each into a file."""
    booked: list[Series] = []

    def book_next(number: int) -> None:
        best = plan(world, WISHES[0]).best
        if best is not None:
            booked.append(book(world, world.patient(), best))

    most = world.options.times(SERIES)
    spent = cost_of("", most, os.getpid(), book_next)
    now = clock.now() + timedelta(minutes=30)
    with clock.at_moment(now):
        due = Message.objects.filter(state=Message.State.DUE, due_at__lte=now).count()
        sent = cost_of("", 1, os.getpid(), lambda _: delivery.deliver(budget=600))
    series = spent.of(len(booked) / most, f"series of six visits, planned and booked, of {len(booked)}")
    return [series, sent.of(due, f"message sent, of {due}")]
