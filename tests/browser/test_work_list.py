"""The front desk's home, in a real Chromium: each row has its one next action, taken without a mouse, and is gone when
that is done; the count in the navigation goes with it.
"""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from clinic import clock
from patients.models import ConsultRequest
from scheduling.models import Ride
from tests.browser.judges import broken_rules, too_wide
from tests.browser.people import go, open_clinic, sign_in
from tests.desk.waiting import FAILED, told
from tests.factories import NOW, make_patient
from tests.scheduling.helpers import book

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, settings: Any) -> Page:
    """The clerk signs in: nobody drives Ada home, a mail to Bea came back, and Cleo asks for a consult."""
    clinic = open_clinic(settings, live_server.url)
    with clock.at_moment(NOW):
        book(clinic, make_patient(clinic.site, cleared=True, consented=True, given_name="Ada"))
        told(clinic, make_patient(clinic.site, given_name="Bea", family_name="Lind"), **FAILED)
        ConsultRequest.objects.create(site=clinic.site, name="Cleo Marsh", phone="+15185550199", created_at=NOW)
    return sign_in(browser, live_server.url, clinic.clerk, reduced_motion="reduce")


def section(page: Page, title: str) -> Locator:
    """One list of the home page."""
    return page.get_by_role("region", name=title)


def see_what_waits(page: Page, count: int) -> None:
    """So many things are to do, by the page and by the navigation."""
    go(page, "desk:work")
    expect(page.locator(".kicker")).to_have_text(f"{count} thing{'' if count == 1 else 's'} to do")
    expect(page.get_by_role("link", name=re.compile("^Work list"))).to_have_text(re.compile(rf"Work list\s*{count}\D"))


def test_what_waits_at_the_desk_is_done_row_by_row(page: Page) -> None:
    # Given a clerk who comes in, then home says what waits.
    see_what_waits(page, 3)
    assert broken_rules(page) == []
    assert too_wide(page) == []
    # When she calls about the ride and somebody drives, then that row is gone.
    row = section(page, "Rides home missing").get_by_role("listitem").first
    row.locator("summary").press("Enter")
    row.get_by_label("Name", exact=True).fill("Ben Quill")
    row.get_by_label("Telephone").fill("518 555 0188")
    row.get_by_label("Is 18 or older").press("Space")
    row.get_by_role("button", name="Name as the driver").press("Enter")
    page.get_by_text("home after 6 visits.").wait_for()
    assert Ride.objects.filter(companion__name="Ben Quill").count() == 6
    see_what_waits(page, 2)
    # When she will call instead of writing again, then the mail waits no longer.
    section(page, "Messages that failed").get_by_role("button", name=re.compile("Call instead")).press("Enter")
    page.get_by_text("It comes onto the call list in a moment.").wait_for()
    see_what_waits(page, 1)
    # When she closes what was asked on the web, then nothing waits.
    section(page, "Consult requests").get_by_role("link", name=re.compile("Book the consult")).press("Enter")
    page.get_by_label("Close it without a booking, because").fill("Would rather wait")
    page.get_by_role("button", name="Close the request").press("Enter")
    go(page, "desk:work")
    expect(page.locator(".kicker")).to_have_text("Nothing waits")
