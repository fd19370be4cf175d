"""A clinic on its quiet Monday morning, and one patient with a visit under way."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client

from clinic import clock
from clinic.models import StaffMember
from clinic.permissions import Role
from patients.actions import add_contact
from patients.models import Contact
from scheduling.models import Appointment
from tests.factories import NOW, Clinic, make_clinic
from tests.visit.worlds import make_visit


@dataclass(frozen=True)
class Ward:
    """The clinic, a visit of today, and the adult who drives."""

    clinic: Clinic
    visit: Appointment
    companion: Contact

    def signed_in(self, role: Role) -> Client:
        """A browser in which this clinic's person of that role is signed in."""
        user = self.clinic.by(role).user
        assert user is not None
        client = Client()
        client.force_login(user)
        return client


@pytest.fixture
def clinic(db: None) -> Iterator[Clinic]:
    """The clock stands at NOW."""
    with clock.at_moment(NOW):
        yield make_clinic()


@pytest.fixture
def ward(clinic: Clinic) -> Ward:
    """A cleared and consented patient with an infusion that begins now, held chair and nurse, and a companion not named
    yet.
    """
    visit = make_visit(clinic, cleared=True, consented=True)
    companion = add_contact(
        by=clinic.by(Role.FRONT_DESK),
        patient=visit.patient,
        name="Rosa Lind",
        phone="+15185550188",
        is_adult=True,
        may_be_told=True,
        may_drive=True,
    )
    return Ward(clinic, visit, companion)


@pytest.fixture
def doctor(clinic: Clinic) -> StaffMember:
    """The clinic's doctor."""
    return clinic.doctor
