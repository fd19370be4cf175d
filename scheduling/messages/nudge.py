"""A word to the workers that something is due now. Only a nudge: the beat looks at the ledger anyway (house rule 7)."""

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import KombuError

DELIVER_DUE = "scheduling.deliver_due"
LOOK_AFTER_ALERTS = "scheduling.look_after_alerts"
log = structlog.get_logger(__name__)


def after_commit() -> None:
    """When the present transaction commits, ask a worker to deliver what is due."""
    transaction.on_commit(now, robust=True)


def alerts_after_commit() -> None:
    """When the present transaction commits, ask a worker to tell the clinician that something waits."""
    transaction.on_commit(lambda: now(LOOK_AFTER_ALERTS), robust=True)


def now(task: str = DELIVER_DUE) -> None:
    """Ask a worker to deliver what is due. A broker that is down costs a tick, never the booking: it is logged and
    left.
    """
    try:
        # No retries: the person at the screen waits for this. The name, not the task: the ledger must not import who
        # reads it. After a tick the beat has said the same.
        current_app.send_task(task, retry=False, ignore_result=True, expires=settings.REMINDER_TICK_SECONDS)
    except (KombuError, OSError) as error:
        log.warning("nudge_lost", error=type(error).__name__)
