"""An earlier time on the patient's page: a look changes nothing, a button answers, and twice is the same as once."""

from datetime import timedelta

import pytest
from django.test import Client

from clinic.permissions import Role
from patients.models import Patient
from scheduling.actions import earlier, earlier_answers
from scheduling.models import Appointment, Invitation
from scheduling.planner.values import Wishes
from tests import factories
from tests.desk.pages import text
from tests.portal.conftest import DAYS
from tests.scheduling.earlier_list import injection, offer
from tests.scheduling.helpers import visits_of
from tests.snapshot import everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(clinic: factories.Clinic, ada: Patient, visits: list[Appointment]) -> Invitation:
    """Ada is asked whether she wants the Friday before her first visit."""
    wish = earlier.wish_sooner(by=clinic.by(Role.FRONT_DESK), appointment=visits[0], hours=Wishes())
    made = offer(clinic, clinic.at(DAYS[0] - timedelta(days=3), 9), [wish])
    return made.invitations.get()


def url(invitation: Invitation) -> str:
    return f"/my/earlier/{invitation.pk}/"


def test_the_page_shows_both_times_and_how_to_prepare_and_changes_nothing(at_ada: Client, asked: Invitation) -> None:
    before = everything()
    said = text(at_ada.get("/my/")) + text(at_ada.get(url(asked)))
    assert everything() == before
    for words in ("An earlier time is free for you", "Friday, April 9, 2027", "Monday, April 12, 2027"):
        assert words in said
    assert "Nothing to eat after 3 a.m." in said


def test_yes_moves_the_visit_and_yes_again_is_the_same(at_ada: Client, asked: Invitation) -> None:
    for _ in range(2):
        assert at_ada.post(url(asked), {"answer": "yes"}).status_code == 302
    visit = Appointment.objects.get(pk=asked.appointment_id)
    assert (visit.starts, visit.version) == (asked.offer.first_start, 1)
    assert "You said yes" in text(at_ada.get(url(asked)))
    assert "An earlier time is free for you" not in text(at_ada.get("/my/"))


def test_no_leaves_the_visit_as_it_is(at_ada: Client, asked: Invitation) -> None:
    at_ada.post(url(asked), {"answer": "no"})
    assert Appointment.objects.get(pk=asked.appointment_id).version == 0
    assert "You said no." in text(at_ada.get(url(asked)))


def test_who_comes_second_reads_kindly_that_it_is_taken(
    clinic: factories.Clinic, at_ada: Client, asked: Invitation
) -> None:
    by = clinic.by(Role.FRONT_DESK)
    earlier_answers.take_back(by=by, offer=asked.offer)
    page = at_ada.post(url(asked), {"answer": "yes"}, follow=True)
    assert "This offer is over" in text(page)
    assert Appointment.objects.get(pk=asked.appointment_id).version == 0


def test_somebody_elses_offer_does_not_exist(clinic: factories.Clinic, at_ada: Client, asked: Invitation) -> None:
    other = injection(clinic, DAYS[0] + timedelta(days=14))
    wish = earlier.wish_sooner(by=clinic.by(Role.FRONT_DESK), appointment=other, hours=Wishes())
    theirs = offer(clinic, clinic.at(DAYS[0] + timedelta(days=8), 9), [wish]).invitations.get()
    assert at_ada.get(url(theirs)).status_code == 404
    assert at_ada.post(url(theirs), {"answer": "yes"}).status_code == 404
    assert visits_of(other.series)[0].version == 0  # type: ignore[arg-type]
