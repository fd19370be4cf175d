"""Who opened whose record is on the audit trail: once for each time, and not for what refreshes by itself."""

from uuid import uuid4

import pytest
from django.conf import settings
from django.db import DatabaseError, connection
from django.urls import reverse

from clinic import opening
from clinic.models import AuditEvent
from clinic.permissions import Role
from clinic.runtime.cluster import OWNER_ROLE
from patients.models import Patient
from tests.database import cluster
from tests.desk.conftest import SignIn
from tests.factories import Clinic, make_patient
from tests.scheduling.helpers import book, visits_of

pytestmark = pytest.mark.django_db


def openings() -> list[AuditEvent]:
    """What the trail has of them."""
    return list(AuditEvent.objects.filter(operation="open"))


def test_opening_a_record_is_on_the_trail_with_who_and_where(signed_in: SignIn, patient: Patient) -> None:
    signed_in(Role.FRONT_DESK).get(reverse("desk:patient", args=[patient.pk]), REMOTE_ADDR="10.1.2.3")

    (event,) = openings()
    assert (event.patient, event.actor_name, event.action) == (patient.pk, "Finn Okafor", "desk:patient")
    assert "10.1.2.3" in event.origin


def test_the_same_page_again_is_the_same_opening_but_for_another_person_or_record_a_new_one(
    signed_in: SignIn, harbor: Clinic, patient: Patient
) -> None:
    page = reverse("desk:patient", args=[patient.pk])
    clerk = signed_in(Role.FRONT_DESK)
    clerk.get(page)
    clerk.get(page)
    assert len(openings()) == 1

    signed_in(Role.NURSE).get(page)
    clerk.get(reverse("desk:patient", args=[make_patient(harbor.site).pk]))
    assert len(openings()) == 3


@pytest.mark.parametrize(
    "headers", [{"X-Requested-With": "fetch"}, {"HX-Request": "true", "HX-Current-URL": "http://testserver{page}?a=b"}]
)
def test_what_an_open_page_asks_for_by_itself_is_no_opening(
    signed_in: SignIn, patient: Patient, headers: dict[str, str]
) -> None:
    page = reverse("desk:patient", args=[patient.pk])
    signed_in(Role.FRONT_DESK).get(page, headers={name: value.format(page=page) for name, value in headers.items()})

    assert openings() == []


def test_a_visit_opened_on_the_board_is_an_opening(signed_in: SignIn, harbor: Clinic, patient: Patient) -> None:
    visit = visits_of(book(harbor, make_patient(harbor.site, cleared=True)))[0]
    signed_in(Role.FRONT_DESK).get(reverse("desk:board_visit", args=[visit.pk]), headers={"HX-Request": "true"})

    assert [event.patient for event in openings()] == [visit.patient_id]


def test_a_list_of_patients_opens_no_record(signed_in: SignIn, patient: Patient) -> None:
    signed_in(Role.FRONT_DESK).get(reverse("desk:patients"))

    assert openings() == []


@pytest.mark.django_db(transaction=True)
def test_a_record_whose_opening_cannot_be_written_is_not_handed_out(signed_in: SignIn, patient: Patient) -> None:
    clerk = signed_in(Role.FRONT_DESK)
    owner = cluster().connect(OWNER_ROLE, str(settings.DATABASES["default"]["NAME"]))
    signature = "clinic_record_opening(uuid, text, text, text, text, text, text, integer)"
    with owner.cursor() as cursor:
        cursor.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM clinic_app")
    owner.commit()
    try:
        with pytest.raises(DatabaseError):
            clerk.get(reverse("desk:patient", args=[patient.pk]))
    finally:
        with owner.cursor() as cursor:
            cursor.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO clinic_app")
        owner.commit()
        owner.close()


def test_after_some_minutes_it_is_opened_anew(signed_in: SignIn, patient: Patient) -> None:
    page = reverse("desk:patient", args=[patient.pk])
    clerk = signed_in(Role.FRONT_DESK)
    clerk.get(page)
    later: list[str | int] = [
        str(patient.pk),
        "desk:patient",
        "user",
        openings()[0].actor_id,
        "Finn Okafor",
        "",
        "",
        0,
    ]  # as if no minute counted as the same
    with connection.cursor() as cursor:
        cursor.execute("SELECT clinic_record_opening(%s, %s, %s, %s, %s, %s, %s, %s)", later)
    assert len(openings()) == 2


def test_what_a_view_inside_another_shows_is_on_the_others_page() -> None:
    patient = uuid4()
    with opening.watched() as shown:
        with opening.watched():
            opening.shows(patient)
        assert shown == {patient: ""}
