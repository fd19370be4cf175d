"""The Celery application. Everything that matters is a row; a task carries ids only, and a lost one costs seconds."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_process_init, worker_ready
from django.conf import settings

from clinic.runtime.broker import Amqp

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

#: How far the processes that work step back for the web server on the same machine (nice(2), 0 to 19): at 10 a process
#: of the web server gets nine times their share. On a machine of their own it changes nothing.
NICENESS = 10

app = Celery("clinic", amqp=Amqp)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def make_broker_folders() -> None:
    """Without Redis the broker is a folder of the data folder: make it, readable by nobody else."""
    if settings.REDIS_URL:
        return
    for name in ("data_folder_in", "control_folder"):
        folder = Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS[name])
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@worker_ready.connect
def _say_hello(**_: Any) -> None:
    """The first sign of life, so that a fresh start need not wait a tick of the beat to be called healthy."""
    from clinic.tasks import heartbeat

    heartbeat()


@worker_process_init.connect
def _end_with_the_worker(**_: Any) -> None:
    """A pool process whose worker was killed would keep its connections and half a task: it ends too."""
    from clinic.runtime.processes import die_with_parent

    die_with_parent()


@worker_process_init.connect
def _step_back(**_: Any) -> None:
    """People at the screens go first: where both want the processor, ten thousand messages take a little longer."""
    os.nice(NICENESS)


make_broker_folders()
