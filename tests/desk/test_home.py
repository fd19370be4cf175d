"""Home: each role lands on its own work; every row has its next action; empty lists say what to do."""

import re
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import clock
from clinic.models import StaffRole
from clinic.permissions import Role
from patients.models import ConsultRequest, Patient
from scheduling.models import Message, Series
from tests.desk.conftest import SignIn
from tests.desk.pages import order, series_url, text, values, wishes
from tests.desk.waiting import FAILED, told, waiting
from tests.factories import NOW, Clinic, make_patient, make_staff
from tests.scheduling.helpers import book, visits_of


def test_signed_out_the_address_sends_to_sign_in_where_one_post_signs_in(harbor: Clinic) -> None:
    member = make_staff(harbor.site, "Pat Doe", Role.FRONT_DESK)
    assert member.user is not None
    member.user.set_password("a long enough passphrase")
    member.user.save()
    browser = Client(enforce_csrf_checks=True)
    sent = browser.get("/")
    assert sent["Location"] == "/accounts/login/?next=/"
    page = browser.get(sent["Location"])
    token = values(page, "csrfmiddlewaretoken")[0]
    typed = {"login": member.user.username, "password": "a long enough passphrase", "csrfmiddlewaretoken": token}
    done = browser.post(sent["Location"], typed)
    assert (done.status_code, done["Location"]) == (302, "/")
    assert "Work list" in text(browser.get("/", follow=True))


def test_a_wrong_password_keeps_the_name_and_says_so(harbor: Clinic) -> None:
    page = Client().post("/accounts/login/", {"login": "finn", "password": "wrong"})
    assert page.status_code == 200
    assert values(page, "login") == ["finn"]
    assert "not correct" in text(page)


def test_each_role_lands_on_its_own_list(signed_in: SignIn, clerk: Client) -> None:
    assert clerk.get("/")["Location"] == reverse("desk:work")
    assert signed_in(Role.DOCTOR).get("/")["Location"] == reverse("doctor:home")
    assert signed_in(Role.NURSE).get("/")["Location"] == reverse("nurse:home")
    assert signed_in(Role.MANAGER).get("/")["Location"] == reverse("setup:home")


def test_somebody_with_several_roles_starts_at_the_desk_and_reaches_the_others(harbor: Clinic) -> None:
    StaffRole.objects.create(staff_member=harbor.clerk, role=Role.NURSE)
    assert harbor.clerk.user is not None
    browser = Client()
    browser.force_login(harbor.clerk.user)
    page = browser.get("/", follow=True)
    assert "Work list" in text(page)
    assert reverse("nurse:home") in page.content.decode()


def test_an_account_without_a_role_is_told_whom_to_ask(harbor: Clinic) -> None:
    nobody = make_staff(harbor.site, "New Person")
    assert nobody.user is not None
    browser = Client()
    browser.force_login(nobody.user)
    assert "Ask your manager to give you a role" in text(browser.get("/", follow=True))


def test_empty_lists_say_what_to_do_next(clerk: Client) -> None:
    words = text(clerk.get("/", follow=True))
    assert "Nothing waits" in words
    assert "Nobody is booked today. Open a patient to book a consult or a series." in words
    assert "come here by themselves" in words


def test_a_visit_without_a_driver_waits_with_its_next_action(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    page = clerk.get(series_url(patient), wishes(harbor))
    clerk.post(series_url(patient), order(harbor, values(page, "starts")[0]))
    words = text(clerk.get("/", follow=True))
    assert "Ada Quill Tue Apr 6, 9 a.m. · Infusion 1 of 6" in words
    assert "Name as the driver" in words


def test_a_held_series_a_failed_message_a_call_and_a_request_wait(clerk: Client, harbor: Clinic) -> None:
    new = make_patient(harbor.site, given_name="Uri", family_name="Vale")
    page = clerk.get(series_url(new), wishes(harbor))
    clerk.post(series_url(new), order(harbor, values(page, "starts")[0]))
    assert Series.objects.get().status == Series.Status.DRAFT
    for number, state in enumerate((Message.State.PERSON, Message.State.FAILED)):
        Message.objects.create(
            site=harbor.site,
            patient=new,
            recipient=Message.Recipient.PATIENT,
            kind=Message.Kind.NEWS,
            channel="call",
            version=number,
            due_at=NOW - timedelta(hours=1),
            state=state,
            message_id=f"{number}@clinic.example",
            created_at=NOW,
        )
    ConsultRequest.objects.create(site=harbor.site, name="Zoe Asks", phone="+15185550123", created_at=clock.now())
    words = text(clerk.get("/", follow=True))
    assert "Uri Vale Six infusions · Harbor · has not answered the screening yet" in words
    assert "Messages that failed 1" in words
    assert "Decision about treatment · due Mon Apr 5, 8 a.m." in words
    assert "Zoe Asks Harbor · asked Mon Apr 5" in words


def test_the_manager_sees_what_the_clinic_is_made_of(signed_in: SignIn) -> None:
    page = signed_in(Role.MANAGER).get(reverse("setup:home"))
    words = text(page)
    assert "Harbor Day Center" in words
    assert "Six infusions" in words
    assert "Nurse 1" in words
    assert "Chairs 3" in words


def test_the_clinic_page_is_not_for_the_front_desk(clerk: Client) -> None:
    page = clerk.get(reverse("setup:home"))
    assert page.status_code == 403
    assert "Nothing was changed" in text(page)


def test_signing_out_is_one_post(clerk: Client) -> None:
    clerk.post(reverse("account_logout"))
    assert clerk.get("/")["Location"] == "/accounts/login/?next=/"


def test_the_number_of_queries_does_not_grow_with_the_rows(clerk: Client, harbor: Clinic) -> None:
    def queries_with(patients: int) -> int:
        for _ in range(patients):
            person = make_patient(harbor.site, cleared=True)
            page = clerk.get(series_url(person), wishes(harbor))
            clerk.post(series_url(person), order(harbor, values(page, "starts")[0]))
        clerk.get(reverse("desk:work"))
        with CaptureQueriesContext(connection) as captured:
            clerk.get(reverse("desk:work"))
        return len(captured)

    # A list that is empty need not ask for what its rows would show.
    assert queries_with(2) == queries_with(2)


def test_what_is_too_late_to_be_of_use_is_left_and_not_called_about(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    message = told(harbor, patient, **FAILED)
    Message.objects.filter(pk=message.pk).update(not_after=NOW)
    page = text(clerk.get(reverse("desk:work")))
    assert "Too late: leave it" in page
    assert "Call instead" not in page

    refused = clerk.post(reverse("desk:message_call_instead", args=[message.pk]), {"next": "home"}, follow=True)

    assert "too late to be of use. Open the message, and leave it unsent." in text(refused)
    assert waiting(harbor) == {"failed": 1}, "nothing vanishes unseen"
    clerk.post(reverse("desk:message_leave_unsent", args=[message.pk]), {"reason": "told at the door"})
    assert waiting(harbor) == {}


def test_the_menu_lights_where_one_is_on_the_pages_below_it_too(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    request = ConsultRequest.objects.create(site=harbor.site, name="Cleo Marsh", phone="1", created_at=NOW)
    lit = re.compile(r'<a href="([^"]+)" aria-current="(page|true)">')
    for address, item in {
        reverse("desk:work"): ("/desk/", "page"),
        reverse("desk:book_series", args=[patient.pk]): ("/patients/", "true"),
        reverse("desk:patient_edit", args=[patient.pk]): ("/patients/", "true"),
        reverse("desk:consult_request", args=[request.pk]): ("/desk/", "true"),
        reverse("desk:rides"): ("/calls/", "true"),
    }.items():
        page = clerk.get(address).content.decode()
        assert {*lit.findall(page[: page.index("<main")])} == {item}, address


def test_a_visit_that_nobody_closed_waits_from_the_next_morning_until_somebody_says_what_came_of_it(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    first = visits_of(book(harbor, patient))[0]
    with clock.at_moment(first.starts + timedelta(hours=5)):
        assert "unclosed" not in waiting(harbor), "the day is not over"
    with clock.at_moment(first.starts + timedelta(days=1)):
        assert waiting(harbor)["unclosed"] == 1
        page = clerk.get(reverse("desk:work"))
        assert "Earlier visits that nobody closed" in text(page)
        assert reverse("nurse:visit", args=[first.pk]) in page.content.decode()

        clerk.post(reverse("nurse:did_not_come", args=[first.pk]))

        assert "unclosed" not in waiting(harbor)


def test_on_a_public_holiday_home_says_that_the_site_is_closed(harbor: Clinic) -> None:
    harbor.site.observes_holidays = True
    harbor.site.save()
    assert harbor.clerk.user is not None
    with clock.at_moment(datetime(2027, 11, 25, 15, tzinfo=UTC)):
        browser = Client()
        browser.force_login(harbor.clerk.user)
        words = text(browser.get(reverse("desk:work")))
    assert "Closed today. Thanksgiving" in words
    assert "Nobody is booked today" not in words
