"""A page says when its session is about to end, and takes what was typed along."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clinic import clock, sessions
from clinic.permissions import Role
from clinic.session_limits import Limits
from scheduling.models import Appointment
from tests.browser.people import PASSWORD, open_clinic, sign_in
from tests.factories import NOW, Clinic, make_patient
from tests.scheduling.helpers import book, visits_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
IDLE = timedelta(minutes=20)
#: What the page counts, and when it begins to warn (static/session.js).
COUNTED = IDLE - sessions.GRAIN
WARNS = COUNTED - timedelta(minutes=2)


@pytest.fixture
def clinic(settings: Any, live_server: LiveServer) -> Clinic:
    settings.SESSION_LIMITS = {role: Limits(IDLE, timedelta(hours=8)) for role in Role}
    return open_clinic(settings, live_server.url)


@pytest.fixture
def visit(clinic: Clinic) -> Appointment:
    with clock.at_moment(NOW):
        return visits_of(book(clinic, make_patient(clinic.site, cleared=True)))[0]


def pass_by(page: Page, time: timedelta) -> None:
    """Let the browser's clock run on; nothing is done."""
    page.clock.fast_forward(int(time.total_seconds() * 1000))


def test_a_page_warns_stays_when_asked_and_else_keeps_what_was_typed_for_the_same_person(
    browser: Browser, live_server: LiveServer, clinic: Clinic, visit: Appointment
) -> None:
    # Given a clerk who has half a sentence in a form, and is called away
    page = sign_in(browser, live_server.url, clinic.clerk)
    page.clock.install()
    page.goto(reverse("desk:cancel", args=[visit.pk]))
    page.get_by_label("Why").fill("half a sentence")
    warning = page.get_by_role("dialog", name="Are you still there?")
    pass_by(page, WARNS - timedelta(seconds=30))
    expect(warning).to_be_hidden()

    # When the end comes near, the page asks, and stays where somebody answers
    pass_by(page, timedelta(seconds=31))
    expect(warning).to_be_visible()
    expect(warning).to_contain_text("What you have typed is kept for you")
    warning.get_by_role("button", name="Stay signed in").click()
    expect(warning).to_be_hidden()
    pass_by(page, WARNS - timedelta(seconds=30))
    expect(warning).to_be_hidden()
    expect(page.get_by_label("Why")).to_have_value("half a sentence")

    # And where nobody answers, it puts the form away and asks to sign in
    pass_by(page, timedelta(minutes=3))
    page.wait_for_url("**/accounts/login/**")
    expect(page.get_by_text("half a sentence")).to_have_count(0)

    # Then the same person finds the form as it was, and nothing has been done
    page.get_by_label("Username").fill(clinic.clerk.user.username)  # type: ignore[union-attr]
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Why")).to_have_value("half a sentence")
    expect(page.get_by_text("What you typed is here")).to_be_visible()
    visit.refresh_from_db()
    assert visit.status == "booked"
