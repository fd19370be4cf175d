"""The tasks, the command, the nudge and the health check around the ledger."""

import io
import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import pytest
from celery import Celery, current_app
from django.conf import settings as django_settings
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import transaction
from kombu.exceptions import OperationalError

from clinic import celery, clock, health
from clinic.models import AuditEvent
from patients.models import Patient
from scheduling import tasks
from scheduling.messages import delivery, ledger, nudge, waiting
from scheduling.models import Message
from tests.factories import NOW, Clinic
from tests.messages import world

Kind, State = Message.Kind, Message.State


def book(harbor: Clinic, ada: Patient) -> None:
    """Something to tell."""
    ledger.announce_consult(world.make_visit(harbor, ada, harbor.at(world.NEXT_WEEK[0], 9)))


def test_the_task_delivers_what_is_due(harbor: Clinic, ada: Patient) -> None:
    book(harbor, ada)
    tasks.deliver_due()
    assert len(mail.outbox) == 1
    sent = AuditEvent.objects.filter(table="scheduling_message", operation="update").latest("id")
    assert (sent.actor_name, sent.origin) == ("delivery of messages", "task deliver_due")


def test_a_worker_that_is_ready_looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    nudged: list[bool] = []
    monkeypatch.setattr(nudge, "now", lambda: nudged.append(True))
    tasks._look_at_once()
    assert nudged == [True]


def test_a_process_that_sends_steps_back_for_the_web_server(monkeypatch: pytest.MonkeyPatch) -> None:
    stepped: list[int] = []
    monkeypatch.setattr(os, "nice", stepped.append)
    celery._step_back()
    assert stepped == [10]


def test_every_task_of_the_beat_exists(db: None) -> None:
    current_app.loader.import_default_modules()
    scheduled = {str(entry["task"]) for entry in django_settings.CELERY_BEAT_SCHEDULE.values()}
    assert scheduled <= set(current_app.tasks)


def test_a_tick_that_waited_longer_than_the_next_one_is_dropped() -> None:
    schedule: dict[str, Any] = django_settings.CELERY_BEAT_SCHEDULE
    for entry in schedule.values():
        assert entry["options"]["expires"] <= entry["schedule"]


def test_the_nudge_goes_out_when_the_booking_commits(
    harbor: Clinic, ada: Patient, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **options: sent.append(name))
    with django_capture_on_commit_callbacks(execute=True):
        book(harbor, ada)
        assert sent == []
    assert sent == ["scheduling.deliver_due"]


@pytest.mark.parametrize("error", [OperationalError("no broker"), ConnectionRefusedError(), FileNotFoundError()])
def test_a_broker_that_is_down_does_not_fail_the_booking(
    harbor: Clinic,
    ada: Patient,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
    error: Exception,
) -> None:
    def down(name: str, **options: Any) -> None:
        raise error

    monkeypatch.setattr(current_app, "send_task", down)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        book(harbor, ada)
    assert world.only(kind=Kind.CONSULT_BOOKED).state == State.DUE


def test_a_run_that_could_not_finish_nudges_the_next(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    nudged: list[bool] = []
    monkeypatch.setattr(delivery, "deliver", lambda more: delivery.Run(unfinished=True))
    monkeypatch.setattr(nudge, "now", lambda: nudged.append(True))
    tasks.deliver_due()
    assert nudged == [True]


def test_a_run_stops_when_its_time_is_over(harbor: Clinic, ada: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "BATCH", 1)
    book(harbor, ada)
    run = delivery.deliver(budget=0)
    assert (run.sent, run.unfinished) == (1, True)
    assert delivery.BUDGET < django_settings.CELERY_TASK_TIME_LIMIT


def test_the_command_sends_without_any_broker_and_counts(harbor: Clinic, ada: Patient) -> None:
    book(harbor, ada)
    out = io.StringIO()
    call_command("send_due", stdout=out)
    assert out.getvalue() == "1 sent\n"
    out = io.StringIO()
    call_command("send_due", stdout=out)
    assert out.getvalue() == "nothing was due\n"


def test_the_command_fails_clearly_when_the_mail_server_is_away(harbor: Clinic, ada: Patient, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 9, 2
    book(harbor, ada)
    with pytest.raises(CommandError, match="The mail server could not be used, so mail waits"):
        call_command("send_due", stdout=io.StringIO())


def test_overdue_messages_turn_the_health_page_red(harbor: Clinic, ada: Patient) -> None:
    book(harbor, ada)
    assert health.report()["messages"] == "ok"
    ticks = timedelta(seconds=django_settings.REMINDER_TICK_SECONDS)
    with clock.at_moment(NOW + waiting.OVERDUE_TICKS * ticks - timedelta(seconds=1)):
        assert health.report()["messages"] == "ok"
    with clock.at_moment(NOW + waiting.OVERDUE_TICKS * ticks):
        assert health.report()["messages"] == "down"
        delivery.deliver()
        assert health.report()["messages"] == "ok"


def test_a_message_waiting_for_its_next_try_is_not_overdue(harbor: Clinic, ada: Patient) -> None:
    book(harbor, ada)
    Message.objects.filter(kind=Kind.CONSULT_BOOKED).update(lease_until=NOW + timedelta(hours=1))
    with clock.at_moment(NOW + timedelta(minutes=30)):
        assert waiting.none_overdue()


def test_lapsed_offers_are_released_by_the_task(harbor: Clinic, ada: Patient) -> None:
    series = world.make_series(harbor, ada, held=True)
    with clock.at_moment(NOW + timedelta(days=7, seconds=1)):
        tasks.release_lapsed()
    series.refresh_from_db()
    assert series.status == "revoked"
    assert Kind.RELEASED in world.kinds(series=series)


def test_a_dead_redis_keeps_whoever_books_waiting_for_less_than_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real client against a port on which nothing listens, with the options that settings give with REDIS_URL."""
    options = subprocess.run(
        [
            sys.executable,
            "-c",
            "import json; from clinic import settings; print(json.dumps(settings.CELERY_BROKER_TRANSPORT_OPTIONS))",
        ],
        env={**os.environ, "REDIS_URL": "redis://127.0.0.1:9/0"},
        capture_output=True,
        check=True,
    )
    app = Celery("sender", broker="redis://127.0.0.1:9/0")
    app.conf.broker_transport_options = json.loads(options.stdout)
    monkeypatch.setattr(nudge, "current_app", app)
    started = time.monotonic()
    nudge.now()
    assert time.monotonic() - started < 2
