"""Who is told, and by which way: the guardian of somebody under 18, and only channels that the patient agreed to."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from clinic import clock
from patients.models import Contact, Patient
from scheduling.messages import ledger
from scheduling.messages.delivery import deliver
from scheduling.models import Message
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.messages.world import make_series, only

pytestmark = pytest.mark.django_db
CHILD = date(2012, 1, 1)


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    with clock.at_moment(NOW):
        yield make_clinic()


def told(clinic: Clinic, patient: Patient) -> Message:
    """The message that tells the dates, delivered."""
    ledger.announce_booked(make_series(clinic, patient))
    deliver()
    return only(kind=Message.Kind.BOOKED)


def told_one(clinic: Clinic, patient: Patient) -> Message:
    """The same, of one patient among several."""
    ledger.announce_booked(make_series(clinic, patient))
    deliver()
    return only(kind=Message.Kind.BOOKED, patient=patient)


def guardian_of(patient: Patient, **fields: Any) -> Contact:
    values: dict[str, Any] = {"name": "Maud Quill", "is_adult": True, "may_decide": True, "email": "maud@example.org"}
    return Contact.objects.create(patient=patient, **(values | fields))


def test_the_guardian_of_a_minor_gets_the_message_and_reads_whom_it_is_about(clinic: Clinic) -> None:
    child = make_patient(clinic.site, birth_date=CHILD, email="child@example.org")
    guardian_of(child)

    assert told(clinic, child).address == "maud@example.org"
    (letter,) = mail.outbox
    assert letter.to == ["maud@example.org"]
    assert "Hello Maud Quill," in letter.body
    assert "This is about Ada, for whom you decide" in str(letter.body).replace("\n", " ")


def test_the_desk_reads_on_the_message_who_was_told_in_the_patients_stead(clinic: Clinic, client: Client) -> None:
    child = make_patient(clinic.site, birth_date=CHILD, email="child@example.org")
    guardian_of(child, relationship="mother")
    grown = make_patient(clinic.site, email="grown@example.org")
    guardian_of(grown, email="other@example.org")
    assert clinic.clerk.user is not None
    client.force_login(clinic.clerk.user)

    def page(patient: Patient) -> str:
        return client.get(reverse("desk:message", args=[told_one(clinic, patient).pk])).content.decode()

    assert "stead: Maud Quill, mother" in page(child)
    assert "stead: Maud Quill" not in page(grown)


def test_an_adult_gets_it_even_with_a_contact_who_may_decide(clinic: Clinic) -> None:
    grown = make_patient(clinic.site, email="ada@example.org")
    guardian_of(grown)

    assert told(clinic, grown).address == "ada@example.org"
    assert "for whom you decide" not in mail.outbox[0].body


def test_a_guardian_who_has_only_a_telephone_is_called(clinic: Clinic) -> None:
    child = make_patient(clinic.site, birth_date=CHILD, email="child@example.org", phone="+15185550100")
    guardian_of(child, email="", phone="+15185550177")

    row = told(clinic, child)

    assert (row.state, row.channel, row.address) == (Message.State.PERSON, "call", "+15185550177")
    assert "May I speak with Maud Quill?" in row.body


def test_one_who_may_not_decide_is_no_guardian(clinic: Clinic) -> None:
    child = make_patient(clinic.site, birth_date=CHILD, email="child@example.org")
    guardian_of(child, may_decide=False)

    assert told(clinic, child).address == "child@example.org"


def test_without_consent_to_email_a_call_is_made(clinic: Clinic) -> None:
    quiet = make_patient(clinic.site, mail_consent=False)

    row = told(clinic, quiet)

    assert (row.state, row.channel, row.address) == (Message.State.PERSON, "call", quiet.phone)
    assert mail.outbox == []


def test_consent_taken_back_holds_for_what_is_queued_already(clinic: Clinic) -> None:
    patient = make_patient(clinic.site)
    ledger.announce_booked(make_series(clinic, patient))
    assert only(kind=Message.Kind.BOOKED).channel == "mail"

    Patient.objects.filter(pk=patient.pk).update(mail_consent=False)
    deliver()

    assert only(kind=Message.Kind.BOOKED).channel == "call"
    assert mail.outbox == []


def test_a_patient_without_a_number_is_not_mailed_against_the_wish(clinic: Clinic) -> None:
    row = told(clinic, make_patient(clinic.site, mail_consent=False, phone="", channel="call"))

    assert (row.channel, row.address) == ("call", "")
    assert mail.outbox == []
