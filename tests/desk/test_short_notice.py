"""A time that leaves none to fast or to find a driver is said to be near where it is booked, and is booked."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from patients.models import Patient
from scheduling.models import Appointment, ProtocolVersion
from tests.desk.pages import series_url, text, values, wishes
from tests.factories import NOW, Clinic

TODAY = {"first_day": "2027-04-05", "patient_from": "", "patient_until": ""}


@pytest.fixture(autouse=True)
def _notice(harbor: Clinic) -> None:
    """Twelve hours for a driver, six for fasting."""
    assert harbor.site.driver_notice_hours == 12
    ProtocolVersion.objects.update(fasting_food_hours=6)


def test_a_plan_that_begins_today_says_so_and_one_from_the_next_day_on_does_not(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    today = text(clerk.get(series_url(patient), wishes(harbor, **TODAY)))
    assert "The first visit is less than 12 hours away: ask what the patient has eaten, and who drives." in today

    assert "hours away" not in text(clerk.get(series_url(patient), wishes(harbor)))


def test_one_visit_today_is_at_short_notice_until_the_evening(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    url, what = reverse("desk:book_single", args=[patient.pk]), f"infusion:{harbor.injection.protocol_id}"
    form = {"what": what, "first_day": "2027-04-05", "mode": "in_person", "site": str(harbor.site.pk)}

    page = clerk.get(url, form)
    assert "Times before Mon Apr 5, 9 p.m. are at short notice" in text(page)
    clerk.post(url, form | {"starts": values(page, "starts")[0], "key": str(uuid4())})

    assert Appointment.objects.filter(patient=patient).exists(), "it warns and blocks nothing"
    assert "short notice" not in text(clerk.get(url, form | {"first_day": "2027-04-06"}))


def test_a_consult_needs_no_notice(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    form = {"what": f"consult:{harbor.consult.protocol_id}", "first_day": "2027-04-05", "mode": "in_person"}
    ProtocolVersion.objects.filter(protocol=harbor.consult.protocol).update(fasting_food_hours=None)

    page = clerk.get(reverse("desk:book_single", args=[patient.pk]), form)

    assert values(page, "starts")
    assert "short notice" not in text(page)


def test_a_move_warns_of_sooner_times_and_of_later_ones_not(
    clerk: Client, harbor: Clinic, patient: Patient, rides: list[Appointment]
) -> None:
    first = rides[0]
    url = reverse("desk:move", args=[first.pk])
    assert "Times before Mon Apr 5, 9 p.m. are at short notice" in text(clerk.get(url))

    with clock.at_moment(first.starts - timedelta(minutes=90)):
        sooner = clerk.get(url)
        assert "are at short notice" in text(sooner)
        later = text(clerk.get(url, {"first_day": (NOW.date() + timedelta(days=2)).isoformat()}))
    assert "short notice" not in later, "the patient fasts already, and has a driver"
