"""What a manager has to see to, in a real Chromium: each row leads to its one next action and goes away when done."""

from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from clinic import clock
from clinic.models import Shift, StaffRole, User
from clinic.permissions import Role
from tests.browser.judges import broken_rules, too_wide
from tests.browser.people import go, open_clinic, sign_in
from tests.factories import NOW, Clinic, make_patient, make_staff
from tests.scheduling.helpers import book

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def clinic(settings: Any, live_server: LiveServer) -> Clinic:
    """A clinic where a person has no role, and six visits have lost their nurses."""
    clinic = open_clinic(settings, live_server.url)
    with clock.at_moment(NOW):
        book(clinic, make_patient(clinic.site, cleared=True, given_name="Ada", family_name="Quill"))
        Shift.objects.filter(staff_member__in=clinic.nurses).update(valid_until=NOW.date())
        nina = make_staff(clinic.site, "Nina New", Role.NURSE, watch=4)
    StaffRole.objects.filter(staff_member=nina).delete()
    User.objects.update(password="as if chosen")
    return clinic


def test_a_manager_lands_on_what_needs_doing_and_does_it(
    browser: Browser, live_server: LiveServer, clinic: Clinic
) -> None:
    # Given a manager who signs in, then the list says what is wrong, and with whom.
    page = sign_in(browser, live_server.url, clinic.manager, reduced_motion="reduce")
    to_do = page.get_by_role("region", name="Needs doing")
    expect(to_do).to_contain_text(f"6 visits without cover at {clinic.site}")
    expect(to_do).to_contain_text("Nina New")
    assert broken_rules(page) == []
    assert too_wide(page) == []
    # When she follows the one action of a row and does it,
    to_do.get_by_role("link", name="Choose the roles").press("Enter")
    page.get_by_label("Nurse", exact=True).check()
    page.get_by_role("button", name="Save").click()
    # then the row is gone, and who has come to work takes over what waits for a nurse.
    go(page, "setup:home")
    expect(to_do).not_to_contain_text("Nina New")
    to_do.get_by_role("link", name="Re-plan them together").press("Enter")
    page.get_by_label("What happened").fill("Shifts ended.")
    page.get_by_role("button", name="Agree to what is ticked").click()
    page.get_by_text("Every visit has its cover.").wait_for()
    go(page, "setup:home")
    expect(to_do).to_be_visible()
    expect(to_do).not_to_contain_text("without cover")
