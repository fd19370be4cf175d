"""clinic.actions: what every action shares."""

import pytest
from django.db import OperationalError, connection

from clinic.actions import DEADLOCK_RETRIES, action
from clinic.actor import Actor
from clinic.models import AuditEvent, Heartbeat, Site
from tests.factories import make_clinic

BY = Actor.system("test")


class Deadlock(Exception):
    """Stands where psycopg2's error stands: as the cause, with the state that PostgreSQL gives."""

    pgcode = "40P01"


@pytest.mark.django_db
def test_what_an_action_writes_names_who_why_and_which() -> None:
    site = make_clinic().site

    @action
    def rename(*, by: Actor, reason: str) -> None:
        site.name = "Renamed"
        site.save()

    rename(by=BY, reason="The owner asked")
    event = AuditEvent.objects.filter(table="clinic_site").last()
    assert event is not None
    assert (event.actor_kind, event.actor_name, event.action, event.reason) == (
        "system",
        "test",
        "rename",
        "The owner asked",
    )
    assert event.before == {"name": "Harbor"}
    assert event.after == {"name": "Renamed"}


@pytest.mark.django_db(transaction=True)
def test_an_action_that_fails_leaves_nothing_behind() -> None:
    site = make_clinic().site

    @action
    def half(*, by: Actor) -> None:
        Site.objects.filter(pk=site.pk).update(name="Half done")
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        half(by=BY)
    site.refresh_from_db()
    assert site.name == "Harbor"
    assert not AuditEvent.objects.filter(action="half").exists()


@pytest.mark.django_db(transaction=True)
def test_the_actor_is_forgotten_when_the_action_ends() -> None:
    site = make_clinic().site

    @action
    def rename(*, by: Actor) -> None:
        Site.objects.filter(pk=site.pk).update(name="By an action")

    rename(by=BY)
    Site.objects.filter(pk=site.pk).update(name="By hand")
    event = AuditEvent.objects.filter(table="clinic_site").last()
    assert event is not None
    assert (event.actor_kind, event.action) == ("", "")
    assert event.database_role == connection.settings_dict["USER"]


@pytest.mark.django_db(transaction=True)
def test_a_lost_deadlock_is_tried_again_from_the_start() -> None:
    tries: list[int] = []

    @action
    def unlucky(*, by: Actor) -> str:
        tries.append(len(tries))
        Heartbeat.objects.create(name="written twice would clash", at="2026-01-01T00:00Z")
        if len(tries) < 3:
            raise OperationalError from Deadlock()
        return "done"

    assert unlucky(by=BY) == "done"
    assert len(tries) == 3


@pytest.mark.django_db(transaction=True)
def test_a_deadlock_that_never_ends_reaches_the_caller() -> None:
    tries: list[int] = []

    @action
    def hopeless(*, by: Actor) -> None:
        tries.append(1)
        raise OperationalError from Deadlock()

    with pytest.raises(OperationalError):
        hopeless(by=BY)
    assert len(tries) == DEADLOCK_RETRIES + 1


@pytest.mark.django_db(transaction=True)
def test_an_action_inside_an_action_keeps_the_outer_actor() -> None:
    site = make_clinic().site

    @action
    def inner(*, by: Actor) -> None:
        Site.objects.filter(pk=site.pk).update(name="Inner")

    @action
    def outer(*, by: Actor) -> None:
        inner(by=Actor.system("somebody else"))

    outer(by=BY)
    event = AuditEvent.objects.filter(table="clinic_site").last()
    assert event is not None
    assert (event.actor_name, event.action) == ("test", "outer")
