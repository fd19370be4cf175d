"""The earlier-time list at the desk: pages, refusals in words, and a number of queries that does not grow."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import clock
from clinic.permissions import Role
from scheduling.models import EarlierWish, Invitation, Offer
from scheduling.planner.values import Wishes
from scheduling.templatetags.suits import suits
from tests.desk.pages import text, values
from tests.factories import Clinic
from tests.scheduling.earlier_list import LATE, SOONER, injection, offer, wish

pytestmark = pytest.mark.django_db


def time_url(clinic: Clinic, hour: int = 9) -> str:
    return reverse("desk:earlier_time", args=[clinic.site.pk, clock.cell(clinic.at(SOONER, hour))])


def test_a_visit_goes_on_the_list_with_its_hours_and_off_again(clerk: Client, harbor: Clinic) -> None:
    visit = injection(harbor)
    url = reverse("desk:earlier_wish", args=[visit.pk])
    assert "Put on the list" in text(clerk.get(url))
    clerk.post(url, {"patient_days": [0, 1, 2], "patient_from": "09:00", "patient_until": "12:00", "note": "Works."})
    found = EarlierWish.objects.get(appointment=visit)
    assert suits(found) == "Mon to Wed from 9 a.m. until noon"
    assert "Mon to Wed from 9 a.m. until noon" in text(clerk.get(reverse("desk:earlier")))
    clerk.post(reverse("desk:earlier_end", args=[found.pk]))
    assert "Nobody waits for an earlier time." in text(clerk.get(reverse("desk:earlier")))


def test_hours_that_run_backwards_are_refused_and_stay_typed(clerk: Client, harbor: Clinic) -> None:
    url = reverse("desk:earlier_wish", args=[injection(harbor).pk])
    page = clerk.post(url, {"patient_from": "12:00", "patient_until": "09:00", "note": "Works."})
    assert page.status_code == 422
    assert "Change one of them." in text(page)
    assert values(page, "note") == ["Works."]


def test_a_time_is_offered_with_one_click_to_several(clerk: Client, harbor: Clinic) -> None:
    wishes = [wish(harbor, injection(harbor, LATE, hour)) for hour in (9, 12)]
    page = clerk.get(time_url(harbor))
    assert set(values(page, "wishes")) == {str(one.pk) for one in wishes}
    form = {"key": str(uuid4()), "wishes": [str(one.pk) for one in wishes], "minutes": "120"}
    for _ in range(2):
        clerk.post(time_url(harbor), form)
    made = Offer.objects.get()
    assert made.invitations.count() == 2
    assert "Says yes" in text(clerk.get(reverse("desk:earlier_offer", args=[made.pk])))


def test_offering_to_nobody_is_refused_in_words(clerk: Client, harbor: Clinic) -> None:
    wish(harbor, injection(harbor))
    page = clerk.post(time_url(harbor), {"key": str(uuid4()), "minutes": "120"})
    assert page.status_code == 422
    assert "Tick at least one person. Nothing was offered." in text(page)


def test_a_time_that_was_taken_meanwhile_says_so(clerk: Client, harbor: Clinic) -> None:
    someone = wish(harbor, injection(harbor))
    offer(harbor, harbor.at(SOONER, 9), [someone])
    form = {"key": str(uuid4()), "wishes": [str(someone.pk)], "minutes": "120"}
    page = clerk.post(time_url(harbor), form)
    assert page.status_code == 422
    assert "is no longer among those who fit" in text(page)


def test_an_answer_on_the_telephone_is_one_button_and_may_be_pressed_twice(clerk: Client, harbor: Clinic) -> None:
    made = offer(harbor, harbor.at(SOONER, 9), [wish(harbor, injection(harbor))])
    invitation = made.invitations.get()
    url = reverse("desk:earlier_answer", args=[invitation.pk])
    assert clerk.get(url)["Location"] == reverse("desk:earlier_offer", args=[made.pk])
    for _ in range(2):
        said = text(clerk.post(url, {"answer": "yes"}, follow=True))
        assert "comes on" in said
        assert "the others are told" not in said, "nobody else was asked"
    invitation.refresh_from_db()
    assert (invitation.status, invitation.appointment.version) == (Invitation.Status.ACCEPTED, 1)


def test_the_work_list_shows_a_time_until_it_is_offered(clerk: Client, harbor: Clinic) -> None:
    someone = wish(harbor, injection(harbor), Wishes(patient_can={SOONER.weekday(): ((9 * 60, 11 * 60),)}))
    heading = "Earlier times that somebody would like"
    assert heading in text(clerk.get(reverse("desk:work")))
    offer(harbor, harbor.at(SOONER, 9), [someone])
    page = text(clerk.get(reverse("desk:work")))
    assert heading not in page
    assert "Earlier times offered" in page


def test_the_page_asks_as_much_for_many_as_for_few(clerk: Client, harbor: Clinic) -> None:
    counts = []
    for number in (2, 10):
        while EarlierWish.objects.count() < number:
            day = LATE + timedelta(days=EarlierWish.objects.count() // 4)
            wish(harbor, injection(harbor, day, hour=8 + 2 * (EarlierWish.objects.count() % 4)))
        clerk.get(reverse("desk:earlier"))  # what the navigation counts is remembered for a while
        with CaptureQueriesContext(connection) as queries:
            assert clerk.get(reverse("desk:earlier")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_manager_may_book_and_the_nurse_may_not(signed_in, harbor: Clinic) -> None:  # type: ignore[no-untyped-def]
    assert signed_in(Role.MANAGER).get(reverse("desk:earlier")).status_code == 200
    assert signed_in(Role.NURSE).get(reverse("desk:earlier")).status_code == 403
