"""The clinic's own background work."""

from typing import Any

import structlog
from celery import shared_task
from celery.signals import task_postrun, task_prerun
from django.core.management import call_command
from structlog.contextvars import bind_contextvars, unbind_contextvars

from clinic import clock, seals
from clinic.models import Heartbeat

WORKER = "worker"
log = structlog.get_logger(__name__)


@task_prerun.connect
def _name_the_job(task_id: str, **_: Any) -> None:
    """Whatever is logged inside a task says which."""
    bind_contextvars(job_id=task_id)


@task_postrun.connect
def _job_is_over(**_: Any) -> None:
    unbind_contextvars("job_id")


@shared_task(name="clinic.heartbeat")
def heartbeat() -> None:
    """Write that background work is done: sent by the beat each tick, so it proves beat, broker and worker at once."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=WORKER, at=clock.now())], update_conflicts=True, unique_fields=["name"], update_fields=["at"]
    )


@shared_task(name="clinic.forget_sessions")
def forget_sessions() -> None:
    """Remove sessions that are over, and with them what was typed into a form that nobody came back for."""
    call_command("clearsessions")


@shared_task(name="clinic.seal_audit")
def seal_audit() -> None:
    """Seal what was added to the audit trail. The head goes to the log, where the database's owner cannot reach it."""
    sealed = seals.seal()
    if sealed:
        log.info("audit_sealed", events=sealed, head=str(seals.head()))
