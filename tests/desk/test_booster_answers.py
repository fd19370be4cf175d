"""What a patient answers by telephone to the next dates of boosters."""

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from scheduling.actions import booster_offers
from scheduling.models import ProposedBooster
from tests.scheduling.test_booster_patterns import JOB, Offering, Status

pytestmark = pytest.mark.django_db


def test_yes_books_the_date_no_declines_it_and_a_damaged_button_answers_nothing() -> None:
    world = Offering()
    with clock.at_moment(world.night):
        booster_offers.by_night(by=JOB)
        clerk = Client()
        assert world.clinic.clerk.user is not None
        clerk.force_login(world.clinic.clerk.user)
        first, second = world.offered()

        def answer(proposed: ProposedBooster, words: str) -> str:
            clerk.post(reverse("desk:booster_answer", args=[proposed.pk]), {"answer": words})
            return ProposedBooster.objects.get(pk=proposed.pk).status

        assert answer(first, "") == answer(first, "perhaps") == Status.OFFERED
        assert answer(first, "yes") == Status.ACCEPTED
        assert [one.starts for one in world.boosters] == [first.starts]
        assert answer(second, "no") == Status.DECLINED
