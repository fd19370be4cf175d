"""The companion's page: what it shows of the patient, and one form for all dates."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic.actor import Actor
from clinic.permissions import Role
from patients.actions import change_contact
from patients.models import Contact, Patient
from scheduling.actions import rides
from scheduling.messages import links
from scheduling.models import Appointment, Link, Ride, Series
from tests import factories
from tests.desk.pages import text
from tests.desk.waiting import waiting
from tests.portal.conftest import make_driver, open_link

S = Ride.Status


@pytest.fixture
def named(ada: Patient, ben: Contact, visits: list[Appointment]) -> list[Ride]:
    """Ben named for all three dates."""
    by = Actor("patient", str(ada.pk), ada.name)
    return rides.name_companion(by=by, appointments=visits, companion=ben)


@pytest.fixture
def at_ben(client: Client, ada: Patient, ben: Contact, named: list[Ride]) -> Client:
    """The companion's browser with the link opened."""
    return open_link(client, links.issue(patient=ada, purpose=Link.Purpose.COMPANION, contact=ben))


def statuses() -> list[str]:
    """The statuses of the rides, by date."""
    return [ride.status for ride in Ride.objects.order_by("appointment__starts")]


def test_the_page_shows_first_name_dates_place_and_pick_up(at_ben: Client, ada: Patient) -> None:
    page = at_ben.get("/my/").content.decode()

    for words in (
        "Hello Ben Quill",
        "Ada has named you",
        "Monday, April 12, 2027",
        "About 10:55 a.m.",
        "12 Quay Street",
    ):
        assert words in page
    assert "expected at 9 a.m." in page
    assert ada.family_name not in page.replace("Ben Quill", "")
    for word in ("ketamine", "infusion", "chair", "treatment", "Nothing to eat"):
        assert word.casefold() not in page.casefold()


def test_all_dates_are_answered_at_once(at_ben: Client, named: list[Ride]) -> None:
    answers = {f"ride-{named[0].pk}": "yes", f"ride-{named[1].pk}": "no", f"ride-{named[2].pk}": "yes"}

    response = at_ben.post("/my/answer/", answers, follow=True)

    assert "Your answer is written down" in response.content.decode()
    assert statuses() == [S.CONFIRMED, S.DECLINED, S.CONFIRMED]


def test_yes_to_all(at_ben: Client) -> None:
    at_ben.post("/my/answer/", {"all": "yes"})

    assert statuses() == [S.CONFIRMED] * 3


def test_answering_twice_is_the_same_as_once(at_ben: Client) -> None:
    at_ben.post("/my/answer/", {"all": "yes"})
    before = list(Ride.objects.order_by("pk").values())

    at_ben.post("/my/answer/", {"all": "yes"})

    assert list(Ride.objects.order_by("pk").values()) == before


def test_an_empty_answer_changes_nothing_and_says_so(at_ben: Client) -> None:
    response = at_ben.post("/my/answer/", {"ride-nonsense": "yes"}, follow=True)

    assert "No answer was given" in response.content.decode()
    assert statuses() == [S.NAMED] * 3


def test_somebody_replaced_sees_and_answers_nothing(
    at_ben: Client, ada: Patient, visits: list[Appointment], named: list[Ride]
) -> None:
    cy = make_driver(ada, "Cy Park", email="cy@example.org")
    rides.name_companion(by=Actor("patient", str(ada.pk), ada.name), appointments=visits, companion=cy)

    assert "Nothing to do at the moment" in at_ben.get("/my/").content.decode()
    at_ben.post("/my/answer/", {f"ride-{named[0].pk}": "no"})
    assert statuses() == [S.NAMED] * 3


def test_a_wrong_person_is_left_alone_from_then_on(at_ben: Client, ben: Contact) -> None:
    assert "I am not Ben Quill" in at_ben.get("/my/").content.decode()

    response = at_ben.post("/my/wrong-person/", follow=True)

    assert "We do not write to you again" in response.content.decode()
    assert statuses() == [S.NEEDED] * 3
    assert at_ben.get("/my/").status_code == 403
    ben.refresh_from_db()
    assert ben.stopped_at is not None


@pytest.mark.parametrize(
    ("mended", "is_written_to"),
    [({"email": "ben@elsewhere.example"}, True), ({"is_active": False}, False)],
)
def test_the_desk_hears_of_a_wrong_person_until_the_contact_is_mended_or_put_aside(
    at_ben: Client, ben: Contact, clinic: factories.Clinic, mended: dict[str, Any], is_written_to: bool
) -> None:
    at_ben.post("/my/wrong-person/")
    assert waiting(clinic)["contacts"] == 1
    clerk = Client()
    assert clinic.clerk.user is not None
    clerk.force_login(clinic.clerk.user)
    page = text(clerk.get(reverse("desk:work")))
    assert "“Wrong person”, somebody answered at ben@example.org" in page

    desk = clinic.by(Role.FRONT_DESK)
    change_contact(by=desk, contact=ben, name="Benjamin Quill", phone="+15185550111")
    assert waiting(clinic)["contacts"] == 1, "that is not where somebody else answered"
    change_contact(by=desk, contact=ben, **mended)

    assert "contacts" not in waiting(clinic)
    assert (ben.stopped_at is None) is is_written_to


def test_where_somebody_else_answered_stays_said_when_the_contact_is_reached_another_way(
    at_ben: Client, ben: Contact, clinic: factories.Clinic
) -> None:
    at_ben.post("/my/wrong-person/")
    desk = clinic.by(Role.FRONT_DESK)
    change_contact(by=desk, contact=ben, phone="+15185550111", channel="text")
    clerk = Client()
    assert clinic.clerk.user is not None
    clerk.force_login(clinic.clerk.user)
    assert "somebody answered at ben@example.org" in text(clerk.get(reverse("desk:work")))

    change_contact(by=desk, contact=ben, email="")

    assert ben.stopped_at is None, "only the wrong one is gone, and that is what was to be mended"
    assert "contacts" not in waiting(clinic)


def test_a_patient_link_opens_no_companion_answer(at_ada: Client, named: list[Ride]) -> None:
    assert at_ada.post("/my/answer/", {"all": "no"}).status_code == 403
    assert at_ada.post("/my/wrong-person/").status_code == 403
    assert statuses() == [S.NAMED] * 3


def test_while_a_doctor_holds_the_dates_who_drives_reads_that_they_are_not_certain(at_ben: Client) -> None:
    assert "not certain at the moment" not in at_ben.get("/my/").content.decode()
    Series.objects.update(status=Series.Status.ON_HOLD)
    Appointment.objects.update(status=Appointment.Status.PROPOSED)

    assert "not certain at the moment. Please ask Ada before you come." in at_ben.get("/my/").content.decode()
