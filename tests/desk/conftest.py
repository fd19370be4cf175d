"""A clinic on its quiet Monday morning, and people signed in at its desk."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client

from clinic import clock
from clinic.permissions import Role
from patients.models import Patient
from scheduling.models import Appointment
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import book, visits_of


@pytest.fixture(autouse=True)
def _monday_morning() -> Iterator[None]:
    with clock.at_moment(NOW):
        yield


@pytest.fixture
def harbor(db: None) -> Clinic:
    """One small site with everything that a booking needs."""
    return make_clinic()


@pytest.fixture
def patient(harbor: Clinic) -> Patient:
    """Cleared and consented: a series for her is booked, not held."""
    return make_patient(harbor.site, cleared=True, consented=True, given_name="Ada", family_name="Quill")


SignIn = Callable[[Role], Client]


@pytest.fixture
def signed_in(harbor: Clinic) -> SignIn:
    """A browser in which the clinic's person of that role is signed in."""

    def sign_in(role: Role) -> Client:
        user = harbor.by(role).user
        assert user is not None
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def clerk(signed_in: SignIn) -> Client:
    """The front desk's browser."""
    return signed_in(Role.FRONT_DESK)


@pytest.fixture
def rides(harbor: Clinic, patient: Patient) -> list[Appointment]:
    """Six infusions from tomorrow on that nobody drives home from."""
    return visits_of(book(harbor, patient))
