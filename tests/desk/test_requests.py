"""What patients asked for becomes bookings: the wishes are filled in, and the booking settles the request."""

from datetime import date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.errors import Refused
from clinic.permissions import Role
from patients.models import ConsultRequest, Patient
from scheduling.actions import booking, requests
from scheduling.models import Appointment, ChangeRequest
from scheduling.planner.values import Wishes
from tests.desk.pages import text, values
from tests.factories import NOW, Clinic, make_clinic
from tests.scheduling.helpers import book, visits_of


@pytest.fixture
def asked(harbor: Clinic) -> ConsultRequest:
    """Somebody has asked for a consult on the public form."""
    return ConsultRequest.objects.create(
        site=harbor.site,
        name="Cora Lind",
        phone="(518) 555-0142",
        best_times="not Tuesdays, after 2 pm",
        complaint="pain in both hands",
        created_at=NOW,
    )


def page_of(asked: ConsultRequest) -> str:
    """The address of the request's page."""
    return reverse("desk:consult_request", args=[asked.pk])


def test_the_request_becomes_a_patient_and_a_consult_with_its_wishes(
    clerk: Client, harbor: Clinic, asked: ConsultRequest
) -> None:
    page = clerk.get(page_of(asked))
    assert "Cora Lind asks for a consult" in text(page)
    assert "pain in both hands" not in text(page), "what for is not the desk's to read"
    new = f"{reverse('desk:patient_new')}?request={asked.pk}"
    assert 'value="Cora"' in clerk.get(new).content.decode()

    person = {
        "given_name": "Cora",
        "family_name": "Lind",
        "birth_date": "1979-02-03",
        "sex": "female",
        "phone": "518-555-0142",
        "channel": "call",
        "language": "en",
        "site": str(harbor.site.pk),
        "key": str(uuid4()),
    }
    booking_page = clerk.post(new, person, follow=True)
    cora = Patient.objects.get(family_name="Lind")
    walls = [clock.local(moment, harbor.site.zone) for moment in _starts(booking_page)]
    assert walls
    assert all(wall.weekday() != 1 and wall.hour >= 14 for wall in walls)

    form = {
        "site": str(harbor.site.pk),
        "protocol": str(harbor.consult.protocol_id),
        "first_day": "2027-04-05",
        "mode": "in_person",
        "request": str(asked.pk),
        "starts": values(booking_page, "starts")[0],
        "key": str(uuid4()),
    }
    done = clerk.post(reverse("desk:book_consult", args=[cora.pk]), form, follow=True)

    assert "The request is answered." in text(done)
    asked.refresh_from_db()
    assert (asked.status, asked.patient) == ("booked", cora)
    assert Appointment.objects.get().patient == cora
    assert clerk.get(page_of(asked)).status_code == 404


def _starts(page: Any) -> list[datetime]:
    """The free times on a page."""
    return [datetime.fromisoformat(one.split("|")[0]) for one in values(page, "starts")]


def test_who_may_be_asking_is_found_by_telephone(clerk: Client, patient: Patient, asked: ConsultRequest) -> None:
    Patient.objects.filter(pk=patient.pk).update(phone="+15185550142")

    assert "Book for Ada" in text(clerk.get(page_of(asked)))


def test_a_request_is_answered_once(harbor: Clinic, patient: Patient, asked: ConsultRequest) -> None:
    what = {"by": harbor.by(Role.FRONT_DESK), "patient": patient, "site": harbor.site, "version": harbor.consult}
    what |= {"doctor": None, "mode": "in_person", "asked": asked}
    booking.book_consult(**what, starts=harbor.at(date(2027, 4, 6), 9), key=uuid4())  # type: ignore[arg-type]

    with pytest.raises(Refused, match="Somebody has answered this request already"):
        booking.book_consult(**what, starts=harbor.at(date(2027, 4, 6), 11), key=uuid4())  # type: ignore[arg-type]

    assert Appointment.objects.count() == 1


def test_a_request_is_closed_with_a_reason(clerk: Client, asked: ConsultRequest) -> None:
    refused = clerk.post(page_of(asked), {"reason": ""})
    assert refused.status_code == 422
    assert "Say why; it is kept on the trail." in text(refused)

    clerk.post(page_of(asked), {"reason": "called: was a mistake"})

    asked.refresh_from_db()
    assert asked.status == "closed"


def test_another_sites_request_does_not_exist(clerk: Client, patient: Patient) -> None:
    there = make_clinic(name="Mesa", time_zone="America/Phoenix")
    theirs = ConsultRequest.objects.create(site=there.site, name="X", phone="1", created_at=NOW)

    assert clerk.get(page_of(theirs)).status_code == 404
    assert clerk.get(reverse("desk:book_consult", args=[patient.pk]) + f"?request={theirs.pk}").status_code == 404


# -- a visit to move or cancel -----------------------------------------------------------------------------------------


def wants(clinic: Clinic, visit: Appointment, kind: str = "move") -> ChangeRequest:
    """The patient asks: not before ten, and not on the day it is."""
    begin = clock.local(visit.starts, clinic.site.zone)
    days = [day for day in range(5) if day != begin.weekday()]
    return requests.ask_for_change(
        by=clinic.by(Role.FRONT_DESK),
        appointment=visit,
        kind=kind,
        words="my driver cannot",
        wishes=Wishes(patient_can=dict.fromkeys(days, ((600, 1440),))),
    )


def change_url(asked: ChangeRequest) -> str:
    """The address of the request's page."""
    return reverse("desk:change_request", args=[asked.pk])


def test_only_times_that_suit_are_offered_and_moving_settles_it(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    last = visits_of(book(harbor, patient))[-1]
    asked = wants(harbor, last)

    page = clerk.get(change_url(asked))

    assert "my driver cannot" in text(page)
    walls = [clock.local(moment, harbor.site.zone) for moment in _starts(page)]
    assert walls
    assert all(wall.hour >= 10 for wall in walls)
    form = {"do": "move", "version": str(last.version), "starts": values(page, "starts")[0]}
    done = clerk.post(change_url(asked), form, follow=True)
    assert "; the patient is told." in text(done)
    asked.refresh_from_db()
    assert asked.status == "done"


def test_cancelling_settles_it_too(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    last = visits_of(book(harbor, patient))[-1]
    asked = wants(harbor, last, "cancel")

    clerk.post(change_url(asked), {"do": "cancel", "version": str(last.version)})

    last.refresh_from_db()
    asked.refresh_from_db()
    assert (last.status, asked.status) == ("cancelled", "done")


def test_an_answer_without_a_change_needs_words(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    last = visits_of(book(harbor, patient))[-1]
    asked = wants(harbor, last)

    refused = clerk.post(change_url(asked), {"do": "answer", "version": "0", "answer": ""})
    assert refused.status_code == 422
    assert "Write what the patient is told" in text(refused)
    clerk.post(change_url(asked), {"do": "answer", "version": "0", "answer": "That week is full."})

    asked.refresh_from_db()
    assert (asked.status, asked.answer) == ("closed", "That week is full.")


def test_a_visit_changed_meanwhile_is_not_moved_unseen(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    last = visits_of(book(harbor, patient))[-1]
    asked = wants(harbor, last)
    starts = values(clerk.get(change_url(asked)), "starts")[0]
    Appointment.objects.filter(pk=last.pk).update(version=7)

    page = clerk.post(change_url(asked), {"do": "move", "version": "0", "starts": starts})

    assert page.status_code == 422
    assert "Somebody else has changed this visit" in text(page)
