"""Something has happened, in a real Chromium: two clicks to the list, one to agree; and nothing for axe to find."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from clinic import clock
from clinic.models import Closure
from scheduling.models import Appointment
from tests.browser.judges import NARROWEST, broken_rules
from tests.browser.people import open_clinic, sign_in
from tests.factories import FIRST_DAY, NOW, Clinic, make_patient
from tests.scheduling.helpers import book

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def full(settings: Any, live_server: LiveServer) -> Clinic:
    """A small clinic with a full first day: series that could move, and single visits."""
    clinic = open_clinic(settings, live_server.url)
    with clock.at_moment(NOW):
        for _ in range(2):
            book(clinic, make_patient(clinic.site, cleared=True, consented=True))
        for hour in (8, 11, 12, 14, 15, 16):
            patient = make_patient(clinic.site, cleared=True, consented=True)
            book(clinic, patient, [clinic.at(FIRST_DAY, hour)], version=clinic.injection)
    return clinic


def judge(page: Page) -> None:
    """Nothing for axe to find, and nothing that scrolls sideways on a narrow phone."""
    assert broken_rules(page) == []
    page.set_viewport_size({"width": NARROWEST, "height": 640})
    assert int(page.evaluate("document.documentElement.scrollWidth")) <= NARROWEST
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_snow_day_is_re_planned_with_three_clicks(browser: Browser, live_server: LiveServer, full: Clinic) -> None:
    page = sign_in(browser, live_server.url, full.clerk, reduced_motion="reduce")
    page.goto(reverse("desk:board", args=[full.site.pk, FIRST_DAY]))
    page.get_by_role("link", name="Something happened").click()
    judge(page)
    page.get_by_role("button", name="All of Harbor is closed").click()
    page.wait_for_url(f"**{reverse('desk:rescue', args=[full.site.pk])}")
    judge(page)
    page.get_by_label("What happened").fill("snow")
    page.get_by_role("button", name="Agree to what is ticked").click()
    page.get_by_text("Every visit has its cover.").wait_for()
    judge(page)
    begin, end = clock.day_bounds(FIRST_DAY, full.site.zone)
    assert Closure.objects.get().starts == begin
    assert not Appointment.objects.filter(starts__gte=begin, starts__lt=end).exists()


def test_the_work_list_and_the_board_say_so_in_light_and_dark(
    browser: Browser, live_server: LiveServer, full: Clinic
) -> None:
    full.site.opening_hours.filter(weekday=FIRST_DAY.weekday()).delete()
    begin, end = clock.day_bounds(FIRST_DAY, full.site.zone)
    visits = Appointment.objects.filter(starts__gte=begin, starts__lt=end).count()
    for scheme in ("light", "dark"):
        page = sign_in(browser, live_server.url, full.clerk, color_scheme=scheme, reduced_motion="reduce")
        for address, words in (
            ("/", f"Visits left without cover, {full.site}"),
            (reverse("desk:board", args=[full.site.pk, FIRST_DAY]), f"{visits} visits of this day have no cover"),
            (reverse("desk:rescue", args=[full.site.pk]), "Visits left without cover"),
        ):
            page.goto(address)
            assert words in page.locator("main").inner_text()
            judge(page)
        page.context.close()
