"""A death stops every visit and every message, also those that wait already; and nobody is written to about it."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.permissions import Role
from patients import actions
from patients.models import ConsultRequest, Patient
from scheduling.actions import rides
from scheduling.messages.delivery import deliver
from scheduling.models import Appointment, Message, Series
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.portal.conftest import make_driver
from tests.scheduling.helpers import book, visits_of

pytestmark = pytest.mark.django_db
WAITING = [Message.State.DUE, Message.State.PERSON]


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    with clock.at_moment(NOW):
        yield make_clinic()


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    """Booked for a series, with a driver named and messages waiting to both."""
    patient = make_patient(clinic.site, cleared=True, consented=True)
    visits = visits_of(book(clinic, patient))
    driver = make_driver(patient, "Ben Quill", email="ben@example.org")
    rides.name_companion(by=clinic.by(Role.FRONT_DESK), appointments=visits, companion=driver)
    ConsultRequest.objects.create(site=clinic.site, patient=patient, name="Ada", phone="1", created_at=NOW)
    return patient


def deliver_later() -> None:
    for days in range(0, 30, 2):
        with clock.at_moment(NOW + timedelta(days=days, hours=3)):
            deliver()


def test_nothing_takes_place_and_nothing_goes_out_any_more(clinic: Clinic, patient: Patient) -> None:
    assert Message.objects.filter(patient=patient, state__in=WAITING).exists()

    actions.record_death(by=clinic.by(Role.FRONT_DESK), patient=patient, on=date(2027, 4, 4))
    deliver_later()

    assert not Appointment.objects.blocking().filter(patient=patient).exists()
    assert Series.objects.get(patient=patient).status == Series.Status.REVOKED
    assert not Message.objects.filter(patient=patient, state__in=WAITING).exists()
    assert mail.outbox == []
    assert ConsultRequest.objects.get().status == ConsultRequest.Status.CLOSED


def test_without_the_death_the_same_days_bring_mail(clinic: Clinic, patient: Patient) -> None:
    deliver_later()

    assert {address for letter in mail.outbox for address in letter.to} == {patient.email, "ben@example.org"}


def test_a_message_written_before_and_claimed_after_the_death_is_not_sent(clinic: Clinic, patient: Patient) -> None:
    actions.record_death(by=clinic.by(Role.FRONT_DESK), patient=patient, on=date(2027, 4, 4))
    Message.objects.filter(patient=patient).update(state=Message.State.DUE, skip_reason="")

    deliver_later()

    assert mail.outbox == []
    assert set(Message.objects.filter(patient=patient).values_list("skip_reason", flat=True)) >= {
        "the patient has died"
    }


def test_the_desk_sees_who_was_to_drive_and_may_call(clinic: Clinic, patient: Patient) -> None:
    client = Client()
    assert clinic.clerk.user is not None
    client.force_login(clinic.clerk.user)

    client.post(reverse("desk:patient_death", args=[patient.pk]), {"on": "2027-04-04"})
    text = client.get(reverse("desk:patient", args=[patient.pk])).content.decode()

    assert "Nobody was written to." in text
    assert "<strong>Ben Quill</strong>" in text
