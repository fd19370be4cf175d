"""Booking a consult: free times by day, one click, and refusals in words."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.permissions import Role
from patients.models import Patient
from scheduling.models import Appointment, Protocol
from tests.desk.pages import text, values
from tests.factories import Clinic, make_patient, make_protocol, make_staff
from tests.scheduling.helpers import book


def url(patient: Patient) -> str:
    return reverse("desk:book_consult", args=[patient.pk])


def asked(clinic: Clinic, **changes: Any) -> dict[str, Any]:
    return {
        "site": str(clinic.site.pk),
        "protocol": str(clinic.consult.protocol_id),
        "first_day": "2027-04-06",
        "mode": "in_person",
        "doctor": "",
    } | changes


def test_the_page_shows_free_times_at_once(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    page = clerk.get(url(patient))
    assert page.status_code == 200
    first = datetime.fromisoformat(values(page, "starts")[0].split("|")[0])
    assert clock.local(first, harbor.site.zone).strftime("%Y-%m-%d %H:%M") == "2027-04-05 09:15"
    assert "Doctor Gray" in text(page)


def test_choosing_a_time_books_the_consult_with_that_doctor(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    page = clerk.get(url(patient), asked(harbor))
    done = clerk.post(url(patient), asked(harbor, starts=values(page, "starts")[0], key=str(uuid4())))
    assert done.status_code == 302
    booked = Appointment.objects.get()
    assert (booked.kind, booked.practitioner, booked.status) == ("consult", harbor.doctor, "booked")
    (said,) = get_messages(done.wsgi_request)
    assert "a.m.." not in str(said), "one full stop after it, not two"


def test_the_first_free_doctor_is_the_one_shown(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    second = make_staff(harbor.site, "Doctor Blue", Role.DOCTOR)
    first_time = values(clerk.get(url(patient), asked(harbor, doctor=str(harbor.doctor.pk))), "starts")[0]
    other = make_patient(harbor.site)
    clerk.post(url(other), asked(harbor, doctor=str(harbor.doctor.pk), starts=first_time, key=str(uuid4())))
    offered = values(clerk.get(url(patient), asked(harbor)), "starts")[0]
    assert offered == first_time.replace(str(harbor.doctor.pk), str(second.pk))


def test_a_taken_time_is_refused_and_the_others_are_shown(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    starts = values(clerk.get(url(patient), asked(harbor)), "starts")[0]
    clerk.post(url(make_patient(harbor.site)), asked(harbor, starts=starts, key=str(uuid4())))
    page = clerk.post(url(patient), asked(harbor, starts=starts, key=str(uuid4())))
    assert page.status_code == 422
    assert "has just been taken" in text(page)
    assert values(page, "starts")
    assert values(page, "starts")[0] != starts


def test_a_consult_by_telephone_is_booked_as_one(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    starts = values(clerk.get(url(patient), asked(harbor, mode="phone")), "starts")[0]
    clerk.post(url(patient), asked(harbor, mode="phone", starts=starts, key=str(uuid4())))
    found = Appointment.objects.get()
    assert found.mode == Appointment.Mode.PHONE
    # Who waits for the patient in the room reads that the patient does not come.
    board = reverse("desk:board", args=[harbor.site.pk, clock.local(found.starts, harbor.site.zone).date()])
    for page in (board, reverse("desk:patient", args=[patient.pk]), reverse("nurse:visit", args=[found.pk])):
        assert f"{harbor.doctor.name}, by telephone" in text(clerk.get(page)), page


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"first_day": "2027-04-01"}, "Thursday, April 1, 2027 is in the past. Choose today or a later day."),
        ({"first_day": "2027-13-01"}, "That is not a date."),
        ({"first_day": ""}, "Choose a day."),
    ],
)
def test_a_day_that_will_not_do_gets_a_sentence(
    clerk: Client, harbor: Clinic, patient: Patient, typed: dict[str, str], sentence: str
) -> None:
    page = clerk.get(url(patient), asked(harbor, **typed))
    assert sentence in text(page)
    assert values(page, "starts") == []


def test_booking_without_a_choice_says_so(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    page = clerk.post(url(patient), asked(harbor, key=str(uuid4())))
    assert page.status_code == 422
    assert "Choose one of the times first; nothing was booked." in text(page)


def test_looking_by_get_books_nothing(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    starts = values(clerk.get(url(patient), asked(harbor)), "starts")[0]
    clerk.get(url(patient), asked(harbor, starts=starts, key=str(uuid4())))
    assert Appointment.objects.count() == 0


def test_a_follow_up_is_offered_first_to_who_was_here_before(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    talk = (("talk", 20, (("doctor", "hands", 1),)),)
    again = make_protocol(
        [harbor.site],
        "A second look",
        talk,
        kind="consult",
        needs_ride=False,
        needs_clearance=False,
        needs_consent=False,
        chair_kinds=[],
    )
    Protocol.objects.filter(pk=again.protocol_id).update(is_follow_up=True)
    assert f'value="{harbor.consult.protocol_id}" selected' in clerk.get(url(patient)).content.decode()

    book(harbor, patient)

    page = clerk.get(url(patient))
    assert f'value="{again.protocol_id}" selected' in page.content.decode()
    assert "was here before" in text(page)


def test_only_times_that_suit_the_patient_are_shown(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    page = clerk.get(url(patient), asked(harbor, words="not Tuesdays, after 14:00"))

    walls = [clock.local(datetime.fromisoformat(one.split("|")[0]), harbor.site.zone) for one in values(page, "starts")]
    assert walls
    assert all(wall.weekday() != 1 and wall.hour >= 14 for wall in walls)
