"""Whether people at the screens notice that ten thousand messages fall due at the same minute."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import cycle

from django.urls import reverse

from clinic import clock
from scheduling.bench.measure import percentile, timed
from scheduling.bench.web import Browser, serving
from scheduling.drill.findings import Finding, at_most
from scheduling.drill.world import World, make_due
from scheduling.messages import nudge
from scheduling.models import Message

NAME = "pages"
MESSAGES, TIMES = 10_000, 80


def pages_stay_quick(world: World) -> list[Finding]:
    """The 95th percentile of each page while the worker sends, beside the same in peace; the worst of them."""
    house, times = world.house, world.share(TIMES, 10)
    messages = make_due(world.bench, world.share(MESSAGES), due_at=clock.now() + timedelta(days=1))
    mail = house.sink()
    # As `make run` has it.
    workers, beat = house.workers(1, concurrency=2), house.beat()
    with serving() as server:
        browser = server.signed_in(world.bench.clerk)
        paths = _paths(world, messages[0])
        _visit(browser, paths, 5)
        normal = _visit(browser, paths, times)
        Message.objects.filter(pk__in=[one.pk for one in messages]).update(due_at=clock.now())
        nudge.now()
        busy = _visit(browser, paths, times)
    went = len(house.arrived())
    house.keeper.let_go(beat, *workers, mail)
    Message.objects.filter(state="due").update(state="skipped", skip_reason="the drill is over")
    ratios = {path: percentile(busy[path], 0.95) / percentile(normal[path], 0.95) for path in paths}
    worst = max(ratios, key=lambda path: ratios[path])
    note = (
        f"the worst of {len(paths)} pages, {percentile(busy[worst], 0.95):.0f} ms beside"
        f" {percentile(normal[worst], 0.95):.0f}; {went:,} of {len(messages):,} messages went out meanwhile"
    )
    return [at_most(NAME, "p95 of a page while the messages go out, beside its normal", ratios[worst], 2, "x", note)]


def _paths(world: World, message: Message) -> list[str]:
    site = world.bench.site
    board = reverse("desk:board", args=[site.pk, clock.today(site.zone) + timedelta(days=1)])
    lists = [reverse(name) for name in ("desk:work", "desk:calls", "desk:patients")]
    return [board, *lists, reverse("desk:patient", args=[message.patient_id])]


def _visit(browser: Browser, paths: Sequence[str], times: int) -> dict[str, list[float]]:
    """Milliseconds of each page, opened in turn."""
    found: dict[str, list[float]] = {path: [] for path in paths}
    for path, _ in zip(cycle(paths), range(times * len(paths)), strict=False):
        found[path].append(timed(lambda path=path: browser.get(path)))  # type: ignore[misc]
    return found
