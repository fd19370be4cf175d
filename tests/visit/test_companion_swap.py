"""Somebody else than was named takes the patient home: what is typed is never put aside for what stood there."""

import pytest
from django.test import Client
from django.urls import reverse

from clinic.permissions import Role
from patients.actions import add_contact
from patients.models import Contact
from scheduling.models import Ride
from tests.desk.pages import text
from tests.visit.conftest import Ward
from tests.visit.worlds import name_ride

MARTA = {"companion-name": "Marta Ruiz", "companion-phone": "+1 518 555 0177", "companion-is_adult": "on"}


@pytest.fixture
def nurse(ward: Ward) -> Client:
    """Rosa Lind is named to drive."""
    name_ride(ward.visit, ward.companion)
    return ward.signed_in(Role.NURSE)


def test_who_is_typed_takes_the_place_of_who_was_named_and_still_stands_in_the_list(ward: Ward, nurse: Client) -> None:
    typed = MARTA | {"companion-contact": str(ward.companion.pk)}

    nurse.post(reverse("nurse:companion", args=[ward.visit.pk]), typed)

    assert Ride.objects.get(appointment=ward.visit).companion == Contact.objects.get(name="Marta Ruiz")


def test_who_chooses_one_and_types_another_is_asked_which(ward: Ward, nurse: Client) -> None:
    uncle = add_contact(
        by=ward.clinic.by(Role.FRONT_DESK), patient=ward.visit.patient, name="Ed Lind", is_adult=True, may_drive=True
    )

    refused = nurse.post(reverse("nurse:companion", args=[ward.visit.pk]), MARTA | {"companion-contact": str(uncle.pk)})

    assert refused.status_code == 422
    assert "somebody known or somebody new" in text(refused)
    assert 'value="Marta Ruiz"' in refused.content.decode()
    assert Ride.objects.get(appointment=ward.visit).companion == ward.companion
    assert not Contact.objects.filter(name="Marta Ruiz").exists()
