"""What each process counts, for `/metrics`. All processes of one machine keep their counts in one folder."""

import os
import time
from pathlib import Path
from typing import Any

from celery.signals import task_postrun, task_prerun
from django.conf import settings

if settings.METRICS_FOLDER:
    # Read by the library when it is imported.
    Path(settings.METRICS_FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = settings.METRICS_FOLDER

from prometheus_client import Counter, Histogram

REQUESTS = Counter("clinic_requests", "Requests answered", ["view", "method", "status"])
SECONDS = Histogram(
    "clinic_request_seconds", "Seconds to answer", ["view"], buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
)
REFUSED = Counter("clinic_refused", "Actions that said no, by why: just_taken is a booking conflict", ["code"])
MESSAGES = Counter("clinic_messages", "Messages that went through the delivery, by what became of them", ["outcome"])
TASKS = Counter("clinic_tasks", "Tasks that workers have done", ["task", "state"])
TASK_SECONDS = Histogram("clinic_task_seconds", "Seconds of a task", ["task"], buckets=(0.05, 0.25, 1, 5, 30, 120))

_started: dict[str, float] = {}


@task_prerun.connect
def _task_begins(task_id: str, **kwargs: Any) -> None:
    _started[task_id] = time.perf_counter()


@task_postrun.connect
def _task_ends(task_id: str, task: Any, state: str | None = None, **kwargs: Any) -> None:
    TASKS.labels(task.name, state or "unknown").inc()
    began = _started.pop(task_id, None)
    if began is not None:
        TASK_SECONDS.labels(task.name).observe(time.perf_counter() - began)
