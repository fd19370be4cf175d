"""/healthz says which part is down, and only a GET or HEAD may ask."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from structlog.stdlib import ProcessorFormatter

from clinic import clock, health
from clinic.models import Heartbeat
from clinic.tasks import heartbeat

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def only_own_checks(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The checks that apps above this one have added are not the matter here."""
    checks: dict[str, object] = {}
    monkeypatch.setattr(health, "_checks", checks)
    return checks


@pytest.mark.django_db
@pytest.mark.usefixtures("only_own_checks")
def test_a_clinic_whose_worker_works_is_healthy(client: Client) -> None:
    heartbeat()
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "database": "ok", "worker": "ok"}
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.usefixtures("only_own_checks")
def test_a_worker_that_never_beat_is_down(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "down", "database": "ok", "worker": "down"}


@pytest.mark.django_db
@pytest.mark.usefixtures("only_own_checks")
def test_a_heartbeat_counts_for_five_ticks_and_no_longer() -> None:
    with clock.at_moment(MORNING):
        heartbeat()
    with clock.at_moment(MORNING + timedelta(seconds=74)):
        assert health.report()["worker"] == "ok"
    with clock.at_moment(MORNING + timedelta(seconds=76)):
        assert health.report()["worker"] == "down"


@pytest.mark.django_db
def test_a_second_beat_moves_the_first_and_adds_no_row() -> None:
    with clock.at_moment(MORNING):
        heartbeat()
    with clock.at_moment(MORNING + timedelta(hours=1)):
        heartbeat()
    assert list(Heartbeat.objects.values_list("name", "at")) == [("worker", MORNING + timedelta(hours=1))]


@pytest.mark.django_db
def test_a_part_that_is_overdue_is_named(client: Client, only_own_checks: dict[str, object]) -> None:
    heartbeat()
    health.register("messages", lambda: False)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "down", "database": "ok", "worker": "ok", "messages": "down"}


@pytest.mark.django_db
@pytest.mark.usefixtures("only_own_checks")
@pytest.mark.parametrize("error", [OperationalError("the server is gone"), InterfaceError("connection already closed")])
def test_without_a_database_the_page_still_answers(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse() -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(connection, "cursor", refuse)
        answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "down", "database": "down", "worker": "unknown"}


def test_the_page_takes_no_post(client: Client) -> None:
    assert client.post("/healthz").status_code == 405


def test_structured_logs_are_in_use() -> None:
    logger = structlog.get_logger("anything").bind()
    assert isinstance(logger._logger, logging.Logger), "else a log line that cannot be written breaks the page"
    (handler,) = (one for one in logging.getLogger().handlers if isinstance(one.formatter, ProcessorFormatter))
    line = logging.LogRecord("anything", logging.INFO, __file__, 1, "something happened", None, None)
    assert json.loads(handler.format(line))["event"] == "something happened"
