"""A word to the workers that something is due now. Only a nudge: the beat looks at the ledger anyway (house rule 7)."""

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import KombuError

DELIVER_DUE = "scheduling.deliver_due"
log = structlog.get_logger(__name__)


def after_commit() -> None:
    """When the present transaction commits, ask a worker to deliver what is due."""
    transaction.on_commit(now, robust=True)


def now() -> None:
    """Ask a worker to deliver what is due. A broker that is down costs a tick, never the booking: it is logged and
    left.
    """
    try:
        # No retries: the person at the screen waits for this. The name, not the task: the ledger must not import who
        # reads it. After a tick the beat has said the same.
        current_app.send_task(DELIVER_DUE, retry=False, ignore_result=True, expires=settings.REMINDER_TICK_SECONDS)
    except (KombuError, OSError) as error:
        log.warning("nudge_lost", error=type(error).__name__)
