"""Readiness, and the numbers for Prometheus."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from clinic import clock, health
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import JustTaken
from scheduling.models import Message
from tests.factories import NOW, make_clinic, make_patient
from tests.scheduling.helpers import book

pytestmark = pytest.mark.django_db
TOKEN = {"Authorization": "Bearer sesame"}


@action
def _collide(*, by: Actor) -> None:
    raise JustTaken("gone")


def scrape(client: Client) -> dict[str, float]:
    """The page as name (with labels) to value."""
    lines = client.get("/metrics", headers=TOKEN).content.decode().splitlines()
    return {name: float(value) for name, _space, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_without_the_token_there_is_no_such_page(client: Client, settings: Any) -> None:
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "sesame"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer x"}).status_code == 404
    assert client.get("/metrics", headers=TOKEN).status_code == 200


def test_it_tells_what_is_due_and_late_and_what_collided(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = "sesame"
    with clock.at_moment(NOW):
        clinic = make_clinic()
        book(clinic, make_patient(clinic.site, cleared=True))
        due = Message.objects.filter(state=Message.State.DUE, due_at__lte=NOW).count()
        before = scrape(client)
        with pytest.raises(JustTaken):
            _collide(by=Actor.system("test"))
        client.get("/healthz")
    with clock.at_moment(NOW + timedelta(minutes=5)):
        after = scrape(client)

    assert due > 0
    assert before["clinic_messages_due"] == due
    assert after["clinic_messages_late_seconds"] == 300
    conflicts = 'clinic_refused_total{code="just_taken"}'
    assert after[conflicts] - before.get(conflicts, 0) == 1
    answered = 'clinic_requests_total{method="GET",status="503",view="healthz"}'
    assert after[answered] - before.get(answered, 0) == 1
    assert not any("ada" in name.lower() or "quill" in name.lower() for name in after)


def test_ready_means_database_and_tables(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/readyz").json() == {"status": "ok", "database": "ok", "migrations": "ok"}
    assert client.get("/readyz").status_code == 200

    monkeypatch.setattr(health, "_tables_are_up_to_date", lambda: False)
    waiting = client.get("/readyz")
    assert (waiting.status_code, waiting.json()["migrations"]) == (503, "waiting")
    monkeypatch.setattr(health, "database_answers", lambda: False)
    assert client.get("/readyz").json()["database"] == "down"
