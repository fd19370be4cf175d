"""Fifty clerks at once, through a real server, for the one remaining place: exactly one gets it (promise 1).

The control takes constraint and locks away and sees doubles: so the harness could see them.
"""

import http.client
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from clinic import locks
from clinic.permissions import Role
from clinic.runtime.cluster import OWNER_ROLE
from patients.models import Patient
from scheduling.models import Appointment, Offer, Series
from tests.database import cluster
from tests.desk.pages import order, series_url, values, wishes
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import overlaps_in_holds

CLERKS = 50
CONSTRAINT = "hold_never_twice"
#: The control needs fewer: one double is enough.
CONTROL_CLERKS = 12

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _server_clock(settings: Any) -> None:
    """The server answers in other threads, so its clock is moved by the setting, as in a drill of several processes."""
    settings.CLOCK_OFFSET_SECONDS = (NOW - datetime.now(UTC)).total_seconds()


@pytest.fixture
def one_chair() -> Clinic:
    """A clinic with one chair and one nurse, where an hour has one place."""
    return make_clinic(chairs=1, nurses=1)


class Desk:
    """A signed-in clerk's session, used from many machines at once."""

    def __init__(self, clinic: Clinic, server: LiveServer) -> None:
        user = clinic.by(Role.FRONT_DESK).user
        assert user is not None
        self.client = Client()
        self.client.force_login(user)
        self.address = urlsplit(server.url)

    def best_starts(self, clinic: Clinic, patient: Patient) -> str:
        """What the best plan's form posts."""
        return values(self.client.get(series_url(patient), wishes(clinic)), "starts")[0]

    def book_at_once(self, clinic: Clinic, patients: list[Patient], starts: str) -> list[tuple[int, str]]:
        """Every patient's form is posted at the same moment: (status, page) of each."""
        together = Barrier(len(patients))
        with ThreadPoolExecutor(len(patients)) as pool:
            return list(pool.map(lambda patient: self._post(clinic, patient, starts, together), patients))

    def _post(self, clinic: Clinic, patient: Patient, starts: str, together: Barrier) -> tuple[int, str]:
        token = "a" * 32
        cookies = f"session={self.client.cookies['session'].value}; csrf={token}"
        body = urlencode(order(clinic, starts, uuid4()) | {"csrfmiddlewaretoken": token}, doseq=True)
        wire = http.client.HTTPConnection(str(self.address.hostname), self.address.port, timeout=120)
        wire.connect()
        together.wait()
        headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        wire.request("POST", series_url(patient), body, headers)
        answer = wire.getresponse()
        page = answer.read().decode()
        wire.close()
        return answer.status, page


def test_of_fifty_clerks_who_book_the_one_remaining_place_exactly_one_wins(
    one_chair: Clinic, live_server: LiveServer
) -> None:
    patients = [make_patient(one_chair.site, cleared=True) for _ in range(CLERKS)]
    desk = Desk(one_chair, live_server)
    starts = desk.best_starts(one_chair, patients[0])
    answers = desk.book_at_once(one_chair, patients, starts)
    assert Counter(status for status, _ in answers) == {302: 1, 409: CLERKS - 1}
    assert Series.objects.count() == 1
    assert Appointment.objects.count() == 6
    assert overlaps_in_holds() == 0
    assert sum("Kept for you until" in page for _, page in answers) == Offer.objects.count() > 0
    for status, page in answers:
        if status == 409:
            assert "has just been taken" in page
            # Who lost is kept another plan, as long as there is one.
            assert "Kept for you until" in page or "No plan fits" in page
            assert starts not in page


@pytest.fixture
def unprotected(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither the constraint nor the locks: what is left is the look before the write."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [CONSTRAINT])
        definition = cursor.fetchone()[0]
    _as_owner(f"ALTER TABLE scheduling_hold DROP CONSTRAINT {CONSTRAINT}")
    monkeypatch.setattr(locks, "take", lambda _wanted: None)
    yield
    _as_owner("TRUNCATE scheduling_hold")
    _as_owner(f"ALTER TABLE scheduling_hold ADD CONSTRAINT {CONSTRAINT} {definition}")


def _as_owner(statement: str) -> None:
    owner = cluster().connect(OWNER_ROLE, str(django_settings.DATABASES["default"]["NAME"]))
    with owner.cursor() as cursor:
        cursor.execute(statement)
    owner.close()


@pytest.mark.usefixtures("unprotected")
def test_without_constraint_and_locks_the_same_harness_sees_doubles(one_chair: Clinic, live_server: LiveServer) -> None:
    desk = Desk(one_chair, live_server)
    booked = 0
    for _round in range(5):  # on a slow machine one round may be served one after the other
        patients = [make_patient(one_chair.site, cleared=True) for _ in range(CONTROL_CLERKS)]
        answers = desk.book_at_once(one_chair, patients, desk.best_starts(one_chair, patients[0]))
        booked = sum(status == 302 for status, _ in answers)
        if booked > 1:
            break
        # Who lost is kept another plan: one chair has soon no room left for a round.
        _as_owner("TRUNCATE scheduling_hold")
    assert booked > 1
    assert overlaps_in_holds() > 0
