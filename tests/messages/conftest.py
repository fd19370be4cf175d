"""A quiet Monday morning at a small clinic, a patient, and shorthand for what the actions would have written."""

from collections.abc import Iterator

import pytest

from clinic import clock
from patients.models import Patient
from tests.factories import NOW, Clinic, make_clinic, make_patient


@pytest.fixture(autouse=True)
def _monday_morning() -> Iterator[None]:
    with clock.at_moment(NOW):
        yield


@pytest.fixture
def harbor(db: None) -> Clinic:
    """One small site in New York."""
    return make_clinic()


@pytest.fixture
def ada(harbor: Clinic) -> Patient:
    """A patient with email and telephone."""
    return make_patient(harbor.site, email="ada@example.org", phone="+15185550142")
