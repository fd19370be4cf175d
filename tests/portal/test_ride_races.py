"""Two tabs, one patient: what the lock on the patient keeps apart, and what happens without it."""

from threading import Barrier
from typing import Any

import pytest

from clinic import locks
from clinic.actor import Actor
from patients.models import Contact, Patient
from scheduling.actions import new_driver, rides
from scheduling.models import Appointment, Message, Ride
from tests import factories
from tests.portal.conftest import DAYS, make_visits
from tests.scheduling.helpers import at_once

pytestmark = pytest.mark.django_db(transaction=True)

TABS = 4


@pytest.fixture
def two_visits(transactional_db: None) -> list[Appointment]:
    """Visits of a patient who has no contacts yet."""
    clinic = factories.make_clinic()
    return make_visits(clinic, factories.make_patient(clinic.site), DAYS[:2])


def name_eve(visits: list[Appointment]) -> list[Ride]:
    """What each tab sends."""
    patient: Patient = visits[0].patient
    return rides.name_new_companion(
        by=Actor("patient", str(patient.pk), patient.name),
        appointments=visits,
        name="Eve Moss",
        email="eve@example.org",
        is_adult=True,
    )


def test_the_same_answer_from_many_tabs_at_once_is_one_answer(two_visits: list[Appointment]) -> None:
    results = at_once([lambda: name_eve(two_visits)] * TABS)

    assert [result for result in results if isinstance(result, Exception)] == []
    eve = Contact.objects.get()
    assert set(Ride.objects.values_list("companion", "status", "version")) == {(eve.pk, "named", 1)}
    assert Message.objects.filter(contact=eve).count() == 2, "one due for each visit, told together"


def test_without_the_lock_the_same_person_is_saved_twice(
    two_visits: list[Appointment], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, known = Barrier(2), new_driver._known

    def look_together(*args: Any) -> Contact | None:
        found = known(*args)
        looked.wait(timeout=30)
        return found

    monkeypatch.setattr(locks, "take", lambda wanted: None)
    monkeypatch.setattr(new_driver, "_known", look_together)
    at_once([lambda: name_eve(two_visits)] * 2)

    assert Contact.objects.filter(name="Eve Moss").count() == 2
