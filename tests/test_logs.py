"""No patient in the logs: names are planted, everything is done with them, and the logs are searched."""

import io
import json
import logging
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from structlog.stdlib import ProcessorFormatter

from clinic import clock
from clinic.permissions import Role
from clinic.tasks import seal_audit
from scheduling.messages import delivery
from tests import factories
from tests.scheduling.helpers import book
from tests.swept import things_of
from tests.test_sweep import clinics, person, signed_in, staff_addresses

__all__ = ["clinics"]
PLANTED = ("Xanthippe", "Quackenbush", "xanthippe@example.org", "+15185559876", "mother-in-law drives")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that would be written to stderr, from DEBUG up, as the program formats it."""
    (ours,) = (one for one in logging.getLogger().handlers if isinstance(one.formatter, ProcessorFormatter))
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(ours.formatter)
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def test_whatever_is_done_with_a_patient_leaves_no_name_in_the_logs(
    clinics: tuple[factories.Clinic, factories.Clinic], log: io.StringIO
) -> None:
    here, _there = clinics
    patient = factories.make_patient(
        here.site,
        cleared=True,
        given_name=PLANTED[0],
        family_name=PLANTED[1],
        email=PLANTED[2],
        phone=PLANTED[3],
        note=PLANTED[4],
    )
    things = things_of(here)
    book(here, patient)
    for role in Role:
        client = signed_in(person(here, role))
        client.raise_request_exception = False
        client.get(reverse("desk:patients"), {"q": "Xanthippe Quackenbush"})
        for one in staff_addresses():
            about = things | {"patient": patient.pk}
            client.get(one.url(about))
            client.post(one.url(about), {"given_name": PLANTED[0], "note": PLANTED[4], "email": PLANTED[2]})
    with clock.at_moment(factories.NOW):
        delivery.deliver()
    Client(raise_request_exception=False).post(reverse("account_login"), {"login": PLANTED[2], "password": PLANTED[4]})

    written = log.getvalue()
    assert [word for word in PLANTED if word in written] == []


def test_each_line_says_of_which_request_or_job_it_is(client: Client, db: None, log: io.StringIO) -> None:
    factories.make_clinic()
    answer = client.get("/healthz")
    assert seal_audit.apply(task_id="4711").successful()
    client.get("/healthz")

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    unwell = [line for line in lines if line["event"] == "Service Unavailable: /healthz"]
    assert unwell[0]["request_id"] == answer["X-Request-ID"] != unwell[1]["request_id"]
    assert [line["job_id"] for line in lines if line["event"] == "audit_sealed"] == ["4711"]
    assert "job_id" not in unwell[1], "the job is over"


def test_the_search_finds_a_name_that_was_logged(log: io.StringIO) -> None:
    name = f"Xanthippe {uuid4()}"
    logging.getLogger("clinic").warning("opened %s", name)

    assert name in log.getvalue()
    assert json.loads(log.getvalue().splitlines()[-1])["level"] == "warning"
