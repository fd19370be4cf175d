"""From a due row to the patient's mailbox over a real Redis: beat, broker, worker and mail server."""

import time
from collections.abc import Callable

import pytest

from clinic import health
from clinic.models import Heartbeat
from patients.models import Patient
from scheduling.messages import ledger
from scheduling.models import Message
from tests.factories import Clinic, make_clinic, make_patient
from tests.messages import world
from tests.redis.conftest import Server
from tests.smtp import Sink

pytestmark = [pytest.mark.redis, pytest.mark.usefixtures("background")]
#: Seconds until a wait is given up. Alone, a worker needs three to start, and a message then one or two.
PATIENCE = 90


def _wait(until: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not until():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _tell(clinic: Clinic, patient: Patient, hour: int) -> Message:
    """Book a consult, which makes a due message."""
    ledger.announce_consult(world.make_visit(clinic, patient, clinic.at(world.NEXT_WEEK[0], hour)))
    return Message.objects.latest("due_at", "pk")


def test_a_due_message_reaches_the_mailbox_and_the_worker_shows_that_it_lives(smtp_sink: Sink) -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, email="ada@example.org")
    _tell(clinic, patient, 9)
    assert _wait(lambda: bool(smtp_sink.to("ada@example.org")))
    assert _wait(lambda: Message.objects.filter(state=Message.State.SENT).count() == 1)
    assert Heartbeat.objects.filter(name="worker").exists()
    assert health.report()["worker"] == "ok"
    assert len(smtp_sink.to("ada@example.org")) == 1


def test_a_broker_that_dies_with_everything_in_it_costs_seconds_and_no_message(
    smtp_sink: Sink, redis_server: Server
) -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site, email="ada@example.org")
    assert _wait(lambda: Heartbeat.objects.exists())
    redis_server.kill()
    _tell(clinic, patient, 11)
    redis_server.start()
    assert _wait(lambda: bool(smtp_sink.to("ada@example.org")))
    assert _wait(lambda: Message.objects.filter(state=Message.State.SENT).count() == 1)
    assert len(smtp_sink.to("ada@example.org")) == 1
