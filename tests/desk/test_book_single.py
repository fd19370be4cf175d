"""The pages of one visit by itself: booked, started now, entered afterwards."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.permissions import Role
from patients.models import Patient
from scheduling.models import Appointment, VisitRecord
from tests.desk.conftest import SignIn
from tests.desk.pages import text, values
from tests.factories import NOW, Clinic, make_patient
from tests.portal.conftest import make_driver


def url(name: str, patient: Patient) -> str:
    """The address of one of the pages."""
    return reverse(f"desk:{name}", args=[patient.pk])


def injection(clinic: Clinic) -> str:
    """How the forms name the single injection."""
    return f"infusion:{clinic.injection.protocol_id}"


def test_the_page_shows_free_times_at_once_and_books_one(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    page = clerk.get(url("book_single", patient))
    assert page.status_code == 200
    form = {"what": injection(harbor), "first_day": "2027-04-06", "mode": "in_person", "site": str(harbor.site.pk)}
    starts = values(clerk.get(url("book_single", patient), form), "starts")[0]

    done = clerk.post(url("book_single", patient), form | {"starts": starts, "key": str(uuid4())}, follow=True)

    assert "Booked: infusion, Tuesday, April 6, 2027" in text(done)
    assert Appointment.objects.get().series is not None


def test_what_is_due_and_from_when_on_is_filled_in_by_the_work_list(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    page = clerk.get(url("book_single", patient), {"what": injection(harbor), "day": "2027-04-12"})
    form = page.context["form"]
    assert (form["what"].value(), form["first_day"].value()) == (injection(harbor), "2027-04-12")
    assert values(page, "starts")[0].startswith("2027-04-12")
    unknown = clerk.get(url("book_single", patient), {"what": "booster:of-somebody-else"})
    assert unknown.context["form"]["what"].errors
    assert not values(unknown, "starts")


def test_a_consult_by_telephone_is_booked_here_too(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    form = {"what": f"consult:{harbor.consult.protocol_id}", "first_day": "2027-04-06", "mode": "phone"}
    starts = values(clerk.get(url("book_single", patient), form), "starts")[0]

    clerk.post(url("book_single", patient), form | {"starts": starts, "key": str(uuid4())})

    made = Appointment.objects.get()
    assert (made.mode, made.practitioner) == ("phone", harbor.doctor)


def test_without_a_choice_nothing_is_booked_and_the_times_stay(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    form = {"what": injection(harbor), "first_day": "2027-04-06", "key": str(uuid4())}

    page = clerk.post(url("book_single", patient), form)

    assert page.status_code == 422
    assert "Choose one of the times first; nothing was booked." in text(page)
    assert values(page, "starts")


def test_a_walk_in_is_here_and_on_the_board(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    page = clerk.post(url("walk_in", patient), {"what": injection(harbor), "key": str(uuid4())}, follow=True)

    assert "Ada Quill is here, from 9:05 a.m. on." in text(page)
    assert Appointment.objects.get().status == "arrived"


def test_an_uncleared_walk_in_is_refused_and_seen_by_a_doctor_with_one_click(clerk: Client, harbor: Clinic) -> None:
    new = make_patient(harbor.site)
    form = {"what": injection(harbor), "key": str(uuid4())}
    page = clerk.post(url("walk_in", new), form)
    assert page.status_code == 422
    assert "No doctor's clearance" in text(page)
    consult = f"consult:{harbor.consult.protocol_id}"
    assert f'name="what" value="{consult}"' in page.content.decode()
    assert not Appointment.objects.exists()

    # A browser sends the field first, and the button pressed after it.
    clerk.post(url("walk_in", new), form | {"what": [injection(harbor), consult]})
    made = Appointment.objects.get()
    assert (made.kind, made.status, made.patient) == ("consult", "arrived", new)


def test_where_nothing_is_free_the_page_offers_to_record_it_all_the_same(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    for nurse in harbor.nurses:
        nurse.shifts.all().delete()
    form = {"what": injection(harbor), "key": str(uuid4())}
    assert "It takes place all the same" not in text(clerk.get(url("walk_in", patient)))

    page = clerk.post(url("walk_in", patient), form)
    assert page.status_code == 422
    assert "Nothing is free from 9:05 a.m. on." in text(page)
    assert "It takes place all the same" in text(page)
    page = clerk.post(url("walk_in", patient), form | {"anyway": "on"})
    assert "Say why the visit takes place all the same" in text(page)
    done = clerk.post(url("walk_in", patient), form | {"anyway": "on", "reason": "came from far"}, follow=True)

    assert "It holds no chair or nurse" in text(done)
    assert Appointment.objects.get().holds.count() == 0


def past(clinic: Clinic, **changes: str) -> dict[str, str]:
    """What a nurse enters about this morning."""
    return {
        "what": injection(clinic),
        "day": clock.local(NOW, clinic.site.zone).date().isoformat(),
        "arrived": "09:00",
        "started": "09:10",
        "recovery": "09:20",
        "ended": "10:25",
        "ending": "completed",
        "reason": "the network was down",
        "key": str(uuid4()),
    } | changes


def test_a_visit_of_this_morning_is_entered(signed_in: SignIn, harbor: Clinic, patient: Patient) -> None:
    ben = make_driver(patient, "Ben Quill")
    nurse = signed_in(Role.NURSE)
    with clock.at_moment(NOW + timedelta(hours=5)):
        refused = nurse.post(url("past_visit", patient), past(harbor))
        done = nurse.post(url("past_visit", patient), past(harbor, handed_to=str(ben.pk)), follow=True)

    assert refused.status_code == 422
    assert "Name the adult who took the patient home" in text(refused)
    assert 'value="09:10"' in refused.content.decode(), "what was typed stays"
    assert "marked as entered afterwards" in text(done)
    record = VisitRecord.objects.get()
    assert record.started_at == harbor.at(clock.local(NOW, harbor.site.zone).date(), 9, 10)


def test_the_desk_is_offered_consults_only(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    page = clerk.get(url("past_visit", patient)).content.decode()

    assert f"consult:{harbor.consult.protocol_id}" in page
    assert injection(harbor) not in page


@pytest.mark.parametrize("name", ["book_single", "walk_in", "past_visit"])
def test_looking_writes_nothing(clerk: Client, patient: Patient, name: str) -> None:
    assert clerk.get(url(name, patient)).status_code == 200
    assert not Appointment.objects.exists()
