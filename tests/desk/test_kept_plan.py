"""A kept plan: how long it is still kept, when the driver fetches, and that it lapses by itself."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.actor import Actor
from patients.models import Patient
from scheduling.actions import offers
from scheduling.desk.offers import left_words
from scheduling.models import Hold, Offer
from tests.desk.pages import order, series_url, text, values, wishes
from tests.factories import NOW, Clinic
from tests.portal.conftest import make_driver
from tests.scheduling.helpers import book


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=2, hours=3, minutes=9), "2 days and 3 hours"),
        (timedelta(hours=1, minutes=1), "1 hour and 1 minute"),
        (timedelta(minutes=40, seconds=59), "40 minutes"),
        (timedelta(days=1, minutes=5), "1 day and 5 minutes"),
        (timedelta(seconds=20), "less than a minute"),
        (timedelta(seconds=-5), "less than a minute"),
    ],
)
def test_what_is_left_is_said_in_words(left: timedelta, words: str) -> None:
    assert left_words(left) == words


def kept(clerk: Client, harbor: Clinic, patient: Patient) -> str:
    """Keep the best plan for four hours; the page's address."""
    starts = values(clerk.get(series_url(patient), wishes(harbor)), "starts")[0]
    done = clerk.post(series_url(patient), order(harbor, starts, do="keep") | {"hours": "4"})
    return str(done["Location"])


def test_the_page_says_what_is_left_and_when_to_fetch(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    make_driver(patient, "Ben Quill")
    page = kept(clerk, harbor, patient)

    with clock.at_moment(NOW + timedelta(hours=1, minutes=30)):
        said = text(clerk.get(page))

    assert "2 hours and 30 minutes left" in said
    assert "10:55 a.m." in said, "when the first visit ends, for the driver"
    assert "May drive: Ben Quill." in said


def test_the_patients_page_leads_to_a_plan_that_has_lapsed_until_something_is_booked(
    clerk: Client, harbor: Clinic, patient: Patient
) -> None:
    page, record = kept(clerk, harbor, patient), reverse("desk:patient", args=[patient.pk])
    assert "has lapsed" not in text(clerk.get(record))
    with clock.at_moment(NOW + timedelta(hours=4, seconds=1)):
        before = clerk.get(record)
        assert "has lapsed" in text(before)
        assert page in before.content.decode()
        offers.release_lapsed(by=Actor.system("test"))
        assert "has lapsed" in text(clerk.get(record)), "also once the worker has put it away"

        book(harbor, patient)
        assert "has lapsed" not in text(clerk.get(record))
    with clock.at_moment(NOW + timedelta(days=15)):
        assert "has lapsed" not in text(clerk.get(record))


def test_it_lapses_by_itself_and_can_be_planned_again(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    page = kept(clerk, harbor, patient)

    with clock.at_moment(NOW + timedelta(hours=4, seconds=1)):
        said = clerk.get(page)
        assert "lapsed" in text(said)
        assert "Book these dates" not in text(said)
        assert f'href="{series_url(patient)}?' in said.content.decode()
        assert offers.release_lapsed(by=Actor.system("beat")) == 1

    assert Offer.objects.get().status == Offer.Status.EXPIRED
    assert not Hold.objects.exists()


def test_only_the_plan_is_sent_when_the_page_looks_again(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    page = kept(clerk, harbor, patient)
    part = clerk.get(page, headers={"HX-Request": "true"}).content.decode()

    assert part.lstrip().startswith('<div id="kept"')
    assert reverse("desk:offer", args=[Offer.objects.get().pk]) == page
