"""A change asked for on the telephone names the caller, and only who may decide can ask for one."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.models import AuditEvent, User
from clinic.permissions import Role
from patients.models import Contact, Patient
from scheduling.models import Appointment
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import book, visits_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    with clock.at_moment(NOW):
        yield make_clinic()


@pytest.fixture
def desk(clinic: Clinic) -> Client:
    user = clinic.by(Role.FRONT_DESK).user
    assert isinstance(user, User)
    client = Client()
    client.force_login(user)
    return client


def visit_of(clinic: Clinic, **fields: Any) -> Appointment:
    return visits_of(book(clinic, make_patient(clinic.site, cleared=True, consented=True, **fields)))[0]


def call_off(desk: Client, visit: Appointment, caller: str) -> Any:
    form = {"reason": "ill", "version": visit.version, "caller": caller}
    return desk.post(reverse("desk:cancel", args=[visit.pk]), form)


def contact_of(patient: Patient, **fields: Any) -> Contact:
    values: dict[str, Any] = {"name": "Tom Quill", "relationship": "husband", "is_adult": True} | fields
    return Contact.objects.create(patient=patient, **values)


def trail(visit: Appointment) -> AuditEvent:
    return AuditEvent.objects.filter(table="scheduling_appointment", row=str(visit.pk), action="cancel_visit")[0]


def test_the_patients_own_call_is_on_the_trail(clinic: Clinic, desk: Client) -> None:
    visit = visit_of(clinic)

    assert call_off(desk, visit, "patient").status_code == 302

    assert (trail(visit).caller_id, trail(visit).caller_name) == ("patient", visit.patient.name)
    assert trail(visit).actor_name == "Finn Okafor"


def test_a_contact_who_may_decide_is_named(clinic: Clinic, desk: Client) -> None:
    visit = visit_of(clinic)
    contact = contact_of(visit.patient, may_decide=True)

    assert call_off(desk, visit, str(contact.pk)).status_code == 302

    assert (trail(visit).caller_id, trail(visit).caller_name) == (str(contact.pk), "Tom Quill")


def test_a_contact_who_may_not_decide_changes_nothing_and_what_was_typed_stays(clinic: Clinic, desk: Client) -> None:
    visit = visit_of(clinic)
    contact = contact_of(visit.patient, may_be_told=True)

    answer = call_off(desk, visit, str(contact.pk))

    assert answer.status_code == 422
    assert "Tom Quill may not decide for" in answer.content.decode()
    assert "ill</textarea>" in answer.content.decode()
    visit.refresh_from_db()
    assert visit.status == Appointment.Status.BOOKED


def test_somebody_elses_contact_cannot_be_chosen(clinic: Clinic, desk: Client) -> None:
    visit = visit_of(clinic)
    stranger = contact_of(make_patient(clinic.site), may_decide=True)

    assert call_off(desk, visit, str(stranger.pk)).status_code == 422
    visit.refresh_from_db()
    assert visit.status == Appointment.Status.BOOKED


def test_a_minor_does_not_decide_alone(clinic: Clinic, desk: Client) -> None:
    visit = visit_of(clinic)
    Patient.objects.filter(pk=visit.patient_id).update(birth_date=date(2011, 1, 1))

    answer = call_off(desk, visit, "patient")

    assert "is under 18 and does not decide alone" in answer.content.decode()


def test_without_a_call_the_trail_names_none(clinic: Clinic, desk: Client) -> None:
    visit = visit_of(clinic)

    call_off(desk, visit, "")

    assert (trail(visit).caller_id, trail(visit).caller_name) == ("", "")


def test_a_re_plan_asks_who_called_and_keeps_the_choice(clinic: Clinic, desk: Client) -> None:
    visit = visit_of(clinic)
    contact = contact_of(visit.patient)
    address = reverse("desk:drop", args=[visit.pk])
    agree = desk.get(address).context["agree"]
    form = {field.name: field.value() for field in agree if field.value() is not None} | {"reason": "too many"}

    refused = desk.post(address, form | {"caller": str(contact.pk)})
    assert "Tom Quill may not decide for" in refused.content.decode()
    assert f'value="{contact.pk}" selected' in refused.content.decode()
    assert desk.post(address, form | {"caller": "patient"}).status_code == 302

    event = AuditEvent.objects.filter(table="scheduling_appointment", row=str(visit.pk), action="drop_visit")[0]
    assert event.caller_id == "patient"
