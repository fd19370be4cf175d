"""The next dates of boosters on the patient's page: yes books, no leaves it to a call, nothing else is an answer."""

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from scheduling.actions import booster_offers
from scheduling.messages import links
from scheduling.models import Link, ProposedBooster
from tests.portal.conftest import open_link
from tests.scheduling.test_booster_patterns import JOB, Offering, Status


@pytest.fixture
def world(db: None) -> Offering:
    """Two dates were offered by night."""
    world = Offering()
    with clock.at_moment(world.night):
        booster_offers.by_night(by=JOB)
    return world


@pytest.fixture
def patient(client: Client, world: Offering) -> Client:
    """The patient's browser with the link opened."""
    with clock.at_moment(world.night):
        return open_link(client, links.issue(patient=world.series.patient, purpose=Link.Purpose.PATIENT))


def say(patient: Client, proposed: ProposedBooster, **answer: str) -> str:
    """Press a button of the page; the page that follows."""
    url = reverse("portal:answer_date", args=[proposed.pk])
    return patient.post(url, answer, follow=True).content.decode()


def test_yes_books_no_is_followed_by_a_call_and_a_damaged_answer_is_neither(world: Offering, patient: Client) -> None:
    first, second = world.offered()
    with clock.at_moment(world.night):
        assert "nothing was saved" in say(patient, first)
        assert "nothing was saved" in say(patient, first, answer="perhaps")
        assert len(world.offered()) == 2
        assert "This date is yours now." in say(patient, first, answer="yes")
        assert "This date is yours now." in say(patient, first, answer="yes"), "twice is once"
        assert "We call you to find another date." in say(patient, second, answer="no")
    assert [one.starts for one in world.boosters] == [first.starts]
    assert ProposedBooster.objects.get(pk=second.pk).status == Status.DECLINED


def test_while_dates_wait_for_an_answer_nobody_is_asked_to_call_for_one(world: Offering, patient: Client) -> None:
    with clock.at_moment(world.night):
        page = patient.get("/my/").content.decode()
        assert "Do these dates suit you?" in page
        assert "No visit is booked" not in page
        for one in world.offered():
            booster_offers.decline(by=world.by, proposed=one)
        # The control: with nothing offered either, the page says whom to call.
        assert "No visit is booked" in patient.get("/my/").content.decode()
