"""Rides home that are missing: who has to be called when, the outcome in one tap, the driver in one short form."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.permissions import Role
from patients.models import Contact, Patient
from scheduling.actions import rides as verbs
from scheduling.models import Appointment, Message, Ride
from scheduling.selectors.work_list import Kind, work_list
from tests.desk.pages import text
from tests.desk.waiting import scope, told, waiting
from tests.factories import FIRST_DAY, NOW, Clinic
from tests.scheduling.helpers import book


def driver(patient: Patient) -> Contact:
    return Contact.objects.create(patient=patient, name="Ben Quill", is_adult=True, may_drive=True)


def test_a_missing_ride_waits_until_a_driver_is_named(
    clerk: Client, harbor: Clinic, patient: Patient, rides: list[Appointment]
) -> None:
    ben = driver(patient)
    assert waiting(harbor) == {"rides": 1}
    page = text(clerk.get(reverse("desk:work")))
    assert "Rides home missing" in page
    assert "Ada Quill" in page
    assert "(518) 555-" in page
    assert "Who drives you home?" in page, "the words to say"

    done = clerk.post(
        reverse("desk:ride_name", args=[patient.pk]),
        {"contact": str(ben.pk), "visits": [str(visit.pk) for visit in rides], "next": "home"},
    )

    assert done["Location"] == reverse("desk:work")
    assert waiting(harbor) == {}
    assert set(Ride.objects.values_list("companion", "status")) == {(ben.pk, "named")}


def test_a_new_driver_is_named_in_one_short_form(
    clerk: Client, harbor: Clinic, patient: Patient, rides: list[Appointment]
) -> None:
    clerk.post(
        reverse("desk:ride_name", args=[patient.pk]),
        {
            "contact": "new",
            "name": "Cleo Lind",
            "phone": "518 555 0177",
            "is_adult": "on",
            "agreed": "on",
            "visits": [str(rides[0].pk)],
        },
    )

    ride = Ride.objects.get(appointment=rides[0])
    assert (ride.status, str(ride.companion)) == ("confirmed", "Cleo Lind")
    assert not Ride.objects.exclude(pk=ride.pk).filter(companion__isnull=False).exists()
    assert waiting(harbor) == {}, "the next visit is not near yet"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": "Cleo Lind", "phone": "518 555 0177"}, "18 or older"),
        ({"name": "Uber", "phone": "518 555 0177", "is_adult": "on"}, "A taxi alone is no ride home"),
        ({"name": "Cleo Lind", "is_adult": "on"}, "telephone number or an email"),
        ({"phone": "518 555 0177", "is_adult": "on"}, "Write the name"),
    ],
)
def test_what_is_wrong_with_a_driver_is_said_and_what_was_typed_is_kept(
    clerk: Client, patient: Patient, rides: list[Appointment], typed: dict[str, str], said: str
) -> None:
    page = clerk.post(
        reverse("desk:ride_name", args=[patient.pk]), typed | {"contact": "new", "visits": [str(rides[0].pk)]}
    )

    assert page.status_code == 422
    assert said in text(page)
    assert typed.get("name", "") in page.content.decode()
    assert not Ride.objects.filter(companion__isnull=False).exists()


def test_a_name_that_is_typed_beside_a_saved_driver_is_not_put_aside(
    clerk: Client, patient: Patient, rides: list[Appointment]
) -> None:
    typed = {"contact": str(driver(patient).pk), "name": "Cleo Lind", "visits": [str(rides[0].pk)]}

    page = clerk.post(reverse("desk:ride_name", args=[patient.pk]), typed)

    assert page.status_code == 422
    assert "choose “somebody new”" in text(page)
    assert "Cleo Lind" in page.content.decode()
    assert not Ride.objects.filter(companion__isnull=False).exists()


def test_who_will_call_back_is_left_alone_until_then(
    clerk: Client, harbor: Clinic, patient: Patient, rides: list[Appointment]
) -> None:
    clerk.post(
        reverse("desk:ride_call", args=[patient.pk]), {"outcome": "calls_back", "wait": "120", "note": "at work"}
    )

    assert waiting(harbor) == {}
    assert "Called, and back by themselves" in text(clerk.get(reverse("desk:rides")))
    with clock.at_moment(NOW + timedelta(minutes=119)):
        assert waiting(harbor) == {}
    with clock.at_moment(NOW + timedelta(minutes=120)):
        assert waiting(harbor) == {"rides": 1}
        assert "will call back (Finn Okafor) · at work" in text(clerk.get(reverse("desk:work")))


def test_whoever_was_reached_comes_back_when_the_visit_is_nearer_and_nobody_was_named(
    clerk: Client, harbor: Clinic, patient: Patient, rides: list[Appointment]
) -> None:
    assert clock.local(rides[0].starts, harbor.site.zone).date() == FIRST_DAY
    clerk.post(reverse("desk:ride_call", args=[patient.pk]), {"outcome": "reached"})

    assert waiting(harbor) == {}
    with clock.at_moment(harbor.at(FIRST_DAY, 7)):
        assert waiting(harbor) == {"rides": 1}, "today, and still nobody"
        clerk.post(reverse("desk:ride_call", args=[patient.pk]), {"outcome": "reached"})
        assert "rides" not in waiting(harbor)
    with clock.at_moment(rides[0].starts):
        assert "rides" not in waiting(harbor)


def test_a_driver_who_declines_brings_the_row_back_at_once(
    clerk: Client, harbor: Clinic, patient: Patient, rides: list[Appointment]
) -> None:
    clerk.post(reverse("desk:ride_call", args=[patient.pk]), {"outcome": "calls_back", "wait": "240"})
    desk = harbor.by(Role.FRONT_DESK)
    (ride,) = verbs.name_companion(by=desk, appointments=rides[:1], companion=driver(patient))
    verbs.decline_ride(by=desk, ride=ride)

    assert waiting(harbor) == {"rides": 1}
    assert "Ben Quill cannot drive" in text(clerk.get(reverse("desk:work")))


def test_who_cannot_drive_is_not_the_one_who_is_chosen_unasked(
    clerk: Client, harbor: Clinic, patient: Patient, rides: list[Appointment]
) -> None:
    by, ben = harbor.by(Role.FRONT_DESK), driver(patient)
    (ride,) = verbs.name_companion(by=by, appointments=rides[:1], companion=ben)
    verbs.decline_ride(by=by, ride=ride)

    def offered() -> list[str]:
        page = clerk.get(reverse("desk:work")).content.decode()
        return re.findall(r"<option[^>]*>([^<]+)</option>", page[page.index('name="contact"') :])

    assert offered()[:2] == ["somebody new", "Ben Quill (cannot drive)"]
    Contact.objects.create(patient=patient, name="Cleo Lind", is_adult=True, may_drive=True)
    assert offered()[0] == "Cleo Lind"


def test_mondays_gaps_are_called_about_on_friday_and_not_before_thursday(harbor: Clinic, patient: Patient) -> None:
    monday = FIRST_DAY + timedelta(days=6)
    assert monday.weekday() == 0
    book(harbor, patient, [harbor.at(monday, 9)], version=harbor.injection)
    levels = {}
    for ahead in range(6):
        with clock.at_moment(harbor.at(monday - timedelta(days=ahead), 8, 30)):
            rows = [one for one in work_list(scope(harbor)).lists if one.kind is Kind.RIDES]
            levels[ahead] = rows[0].rows[0].nearness.name if rows else ""

    assert levels == {0: "TODAY", 1: "LAST", 2: "LAST", 3: "LAST", 4: "SOON", 5: ""}


def test_the_ledgers_own_call_about_the_ride_is_no_second_row(
    clerk: Client, harbor: Clinic, patient: Patient, rides: list[Appointment]
) -> None:
    asked = told(harbor, patient, kind=Message.Kind.RIDE_MISSING, appointment=rides[3])
    near = told(harbor, patient, kind=Message.Kind.RIDE_MISSING, appointment=rides[0])
    assert waiting(harbor) == {"rides": 1}

    clerk.post(
        reverse("desk:ride_name", args=[patient.pk]),
        {"contact": str(driver(patient).pk), "visits": [str(visit.pk) for visit in rides]},
    )

    assert waiting(harbor) == {}
    assert set(Message.objects.filter(pk__in=[asked.pk, near.pk]).values_list("state", flat=True)) == {"skipped"}
