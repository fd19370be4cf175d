"""The clinic's own background work."""

import structlog
from celery import shared_task

from clinic import clock, seals
from clinic.models import Heartbeat

WORKER = "worker"
log = structlog.get_logger(__name__)


@shared_task(name="clinic.heartbeat")
def heartbeat() -> None:
    """Write that background work is done: sent by the beat each tick, so it proves beat, broker and worker at once."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=WORKER, at=clock.now())], update_conflicts=True, unique_fields=["name"], update_fields=["at"]
    )


@shared_task(name="clinic.seal_audit")
def seal_audit() -> None:
    """Seal what was added to the audit trail. The head goes to the log, where the database's owner cannot reach it."""
    sealed = seals.seal()
    if sealed:
        log.info("audit_sealed", events=sealed, head=str(seals.head()))
