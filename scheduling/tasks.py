"""Background work: nudges and ticks. What is due stands in the ledger and in the offers; a lost task costs a tick."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from celery import shared_task
from celery.signals import worker_ready

from clinic import clock
from clinic.actor import Actor, origin
from clinic.counters import MESSAGES
from scheduling.actions import alerts, asking, booster_offers, boosters, offers, waiting_counts
from scheduling.messages import delivery, nudge

log = structlog.get_logger(__name__)


@worker_ready.connect
def _look_at_once(**_: Any) -> None:
    """What fell due while no worker was there need not wait for the next tick of the beat."""
    nudge.now()


@shared_task(name=nudge.DELIVER_DUE)
def deliver_due() -> None:
    """Deliver every message that is due. What does not fit into one run goes on at once in another, and where there is
    too much for one worker the next is called.
    """
    with _from_task("deliver_due"):
        run = delivery.deliver(more=nudge.now)
    for outcome, number in run.counts().items():
        MESSAGES.labels(str(outcome)).inc(number)
    if run.did_something:
        log.info("messages_delivered", counts=run.counts())
    if run.unfinished:
        nudge.now()


@shared_task(name="scheduling.release_lapsed")
def release_lapsed() -> None:
    """Give back the time of offers and held series that nobody took up in time."""
    with _from_task("release_lapsed"):
        released = offers.release_lapsed(by=Actor.system("release of what lapsed"))
    if released:
        log.info("lapsed_released", count=released)


@shared_task(name="scheduling.book_next_boosters")
def book_next_boosters() -> None:
    """Wherever a booster was given, book the one that is to follow the last, by the doctor's interval."""
    with _from_task("book_next_boosters"):
        rolled = boosters.roll_on(by=Actor.system("next boosters"))
    if rolled:
        log.info("boosters_booked", series=rolled)


@shared_task(name="scheduling.count_what_waits")
def count_what_waits() -> None:
    """Keep the figures of the navigation that take a reading of whole days, for pages to read."""
    waiting_counts.keep_slow_counts(now=clock.now())


@shared_task(name=nudge.LOOK_AFTER_ALERTS)
def look_after_alerts() -> None:
    """Tell the clinician, and then others, that an answer about self-harm waits."""
    with _from_task("look_after_alerts"):
        sent = alerts.look_after_alerts(by=Actor.system("alerts that wait"))
    if sent:
        log.info("alert_notices_sent", count=sent)


@shared_task(name="scheduling.propose_boosters")
def propose_boosters() -> None:
    """Once for each night, or when a worker is back: work out the dates of boosters ahead, and offer the next ones."""
    with _from_task("propose_boosters"):
        offered = booster_offers.by_night(by=Actor.system("proposed boosters"))
    if offered:
        log.info("boosters_offered", series=offered)


@shared_task(name="scheduling.ask_missing_scores")
def ask_missing_scores() -> None:
    """Ask patients of whom nothing was heard since a treatment how it goes, once."""
    with _from_task("ask_missing_scores"):
        asked = asking.ask_missing_scores(by=Actor.system("missing scores"))
    if asked:
        log.info("scores_asked", count=asked)


@contextmanager
def _from_task(name: str) -> Iterator[None]:
    """What the task writes says on the audit trail that it came from it."""
    token = origin.set(f"task {name}")
    try:
        yield
    finally:
        origin.reset(token)
