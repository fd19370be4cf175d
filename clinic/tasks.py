"""The clinic's own background work."""

from celery import shared_task

from clinic import clock
from clinic.models import Heartbeat

WORKER = "worker"


@shared_task(name="clinic.heartbeat")
def heartbeat() -> None:
    """Write that background work is done: sent by the beat each tick, so it proves beat, broker and worker at once."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=WORKER, at=clock.now())], update_conflicts=True, unique_fields=["name"], update_fields=["at"]
    )
