"""Booking, in a real Chromium: the patient's words become plans, one date is swapped, a plan is kept; clerks collide;
a walk-in starts now; a session ends while somebody types. Nothing for axe to find on any of the pages.
"""

import re
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from clinic import clock
from clinic.permissions import Role
from patients.models import ConsultRequest
from scheduling.actions import requests
from scheduling.models import Appointment, ChangeRequest, Offer
from scheduling.planner.values import Wishes
from tests.browser.judges import broken_rules, too_wide
from tests.browser.people import PASSWORD, go, open_clinic, sign_in
from tests.factories import NOW, Clinic, make_patient
from tests.scheduling.helpers import book, visits_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def harbor(settings: Any, live_server: LiveServer) -> Clinic:
    """A small clinic on its quiet Monday morning."""
    return open_clinic(settings, live_server.url)


def judge(page: Page) -> None:
    """Nothing for axe to find, and nothing that scrolls sideways on a narrow phone."""
    assert broken_rules(page) == []
    assert too_wide(page) == []


def look(page: Page, words: str) -> None:
    """Type what the patient said, and look at the plans."""
    page.get_by_label("In the patient's words").fill(words)
    page.get_by_label("Protocol").select_option(label="Six infusions")
    page.get_by_role("button", name="Show the best plans").click()
    page.get_by_role("heading", name="Best plan", exact=True).wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_words_become_plans_one_date_is_swapped_and_the_plan_is_kept_and_booked(
    browser: Browser, live_server: LiveServer, harbor: Clinic, scheme: str
) -> None:
    with clock.at_moment(NOW):
        ada = make_patient(harbor.site, cleared=True, consented=True)
    # Given a clerk with a patient on the telephone
    page = sign_in(browser, live_server.url, harbor.clerk, color_scheme=scheme, reduced_motion="reduce")
    go(page, "desk:book_series", ada.pk)
    # When she types what the patient says
    look(page, "not Tuesdays, after 10:00, driver only Mon/Wed/Fri, when the moon is full")
    # Then the fields are filled in, and what was not understood is said
    assert not page.locator("#id_patient_days_1").is_checked()
    assert page.locator("#id_driver_days_4").is_checked()
    page.get_by_text("Not understood: “when the moon is full”").wait_for()
    judge(page)
    # When she swaps the third date
    page.get_by_role("link", name="Swap visit 3").first.click()
    page.get_by_role("heading", name="Another date for visit 3").wait_for()
    judge(page)
    page.locator("#swap label.chip").first.click()
    page.get_by_role("button", name="Show the plan with this date").click()
    # Then the plan shows it, fixed, with its cost beside the best
    own = page.get_by_role("region", name="Your plan")
    own.get_by_text("Swapped, was").wait_for()
    own.get_by_text("Fixed").wait_for()
    judge(page)
    # When the patient has to ask the driver, the plan is kept; when the driver can, it is booked
    own.get_by_role("button", name="Keep for").click()
    page.locator(".left strong", has_text=" left").wait_for()
    judge(page)
    assert Offer.objects.get().status == "open"
    page.get_by_role("button", name="Book these dates").click()
    page.get_by_text("The series is booked.").wait_for()
    assert list(Appointment.objects.order_by("starts").values_list("pinned", flat=True)).count(True) == 1
    page.context.close()


def test_what_is_ticked_while_the_words_are_read_is_not_lost(
    browser: Browser, live_server: LiveServer, harbor: Clinic
) -> None:
    with clock.at_moment(NOW):
        ada = make_patient(harbor.site, cleared=True, consented=True)
    page = sign_in(browser, live_server.url, harbor.clerk, reduced_motion="reduce")
    go(page, "desk:book_consult", ada.pk)
    # Given words that are on their way to be read
    held: list[Route] = []
    slow = re.compile("words=after")

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        held.append(route)

    page.route(slow, hold_the_first)
    page.get_by_label("In the patient's words").fill("after 10:00")
    with page.expect_request(slow):
        page.get_by_label("First possible day").focus()
    # When the clerk ticks a day meanwhile, and the times for it come first
    with page.expect_response(slow):
        page.locator("#id_patient_days_4").check(force=True)
    held[0].continue_()
    # Then it stands beside what was read
    expect(page.locator("#id_patient_from")).to_have_value("10:00")
    expect(page.locator("#id_patient_days_4")).to_be_checked()
    expect(page.locator(".htmx-request")).to_have_count(0)
    expect(page.locator("#id_patient_days_4")).to_be_checked()


def test_two_clerks_collide_and_the_second_sees_the_next_best_with_nothing_lost(
    browser: Browser, live_server: LiveServer, harbor: Clinic
) -> None:
    with clock.at_moment(NOW):
        ada, other = (make_patient(harbor.site, cleared=True, consented=True) for _ in range(2))
    # Given a clerk who looks at plans
    page = sign_in(browser, live_server.url, harbor.clerk, reduced_motion="reduce")
    go(page, "desk:book_series", ada.pk)
    look(page, "after 9:00, home by 10:55")
    third = str(page.locator("input[name=starts]").first.get_attribute("value")).split(",")[2]
    # When somebody takes the third date meanwhile
    with clock.at_moment(NOW):
        for patient in (other, make_patient(harbor.site, cleared=True)):
            book(harbor, patient, [datetime.fromisoformat(third)], version=harbor.injection, wishes=Wishes())
    page.get_by_role("button", name="Book all 6").first.click()
    # Then she reads which date it was, and the next best plan stands there, with what she typed
    page.get_by_text("has just been taken").wait_for()
    page.get_by_role("heading", name="What was taken is planned anew; the rest stays").wait_for()
    assert page.locator("#id_patient_from").input_value() == "09:00"
    judge(page)
    page.get_by_role("button", name="Book all 6").first.click()
    page.get_by_text("The series is booked.").wait_for()
    assert Appointment.objects.filter(patient=ada).count() == 6


def test_a_walk_in_starts_now_or_is_recorded_all_the_same(
    browser: Browser, live_server: LiveServer, harbor: Clinic
) -> None:
    with clock.at_moment(NOW):
        ada, ben = (make_patient(harbor.site, cleared=True, consented=True) for _ in range(2))
    page = sign_in(browser, live_server.url, harbor.clerk, reduced_motion="reduce")
    go(page, "desk:walk_in", ada.pk)
    judge(page)
    page.get_by_role("button", name="Start now").click()
    page.get_by_text("is here, from").wait_for()
    # And when nobody is free, it says so, and what happens is recorded all the same
    for nurse in harbor.nurses:
        nurse.shifts.all().delete()
    go(page, "desk:walk_in", ben.pk)
    page.get_by_role("button", name="Start now").click()
    page.get_by_text("Nothing is free from").wait_for()
    judge(page)
    page.get_by_label("It takes place all the same").check()
    page.get_by_label("Why").fill("came from far")
    page.get_by_role("button", name="Start now").click()
    page.get_by_text("It holds no chair or nurse").wait_for()
    # And what happened earlier has its own page
    nurse_page = sign_in(browser, live_server.url, harbor.nurses[0], reduced_motion="reduce")
    go(nurse_page, "desk:past_visit", ada.pk)
    judge(nurse_page)
    assert {visit.status for visit in Appointment.objects.all()} == {"arrived"}


def test_what_patients_ask_for_becomes_bookings_with_the_wishes_filled_in(
    browser: Browser, live_server: LiveServer, harbor: Clinic
) -> None:
    with clock.at_moment(NOW):
        ada = make_patient(harbor.site, cleared=True, consented=True, given_name="Cora", family_name="Lind")
        asked = ConsultRequest.objects.create(
            site=harbor.site, name="Cora Lind", phone="+15185550142", best_times="Fridays after 2 pm", created_at=NOW
        )
        last = visits_of(book(harbor, ada))[-1]
        change = requests.ask_for_change(
            by=harbor.by(Role.FRONT_DESK),
            appointment=last,
            kind="move",
            words="my driver cannot",
            wishes=Wishes(patient_can=dict.fromkeys(range(5), ((600, 1440),))),
        )
    page = sign_in(browser, live_server.url, harbor.clerk, reduced_motion="reduce")
    # A consult
    go(page, "desk:consult_request", asked.pk)
    judge(page)
    page.get_by_role("link", name="Book for Cora").click()
    assert page.locator("#id_patient_days_4").is_checked()
    judge(page)
    page.locator("#times label.chip").first.click()
    page.get_by_role("button", name="Book the consult").click()
    page.get_by_text("The request is answered.").wait_for()
    # A visit to move
    go(page, "desk:change_request", change.pk)
    judge(page)
    page.locator("label.chip").first.click()
    page.get_by_role("button", name="Move the visit").click()
    page.get_by_text("; the patient is told.").first.wait_for()
    assert ChangeRequest.objects.get().status == "done"
    assert ConsultRequest.objects.get().status == "booked"


def test_what_was_typed_survives_the_end_of_the_session(
    browser: Browser, live_server: LiveServer, harbor: Clinic
) -> None:
    asked = ConsultRequest.objects.create(site=harbor.site, name="Cora Lind", phone="+15185550142", created_at=NOW)
    assert harbor.clerk.user is not None
    page = sign_in(browser, live_server.url, harbor.clerk, reduced_motion="reduce")
    go(page, "desk:consult_request", asked.pk)
    page.get_by_label("Close it without a booking").fill("was a mistake, she called")
    # When the session ends before the form is sent
    page.context.clear_cookies(name="session")
    page.get_by_role("button", name="Close the request").click()
    page.get_by_text("What you typed is kept").wait_for()
    judge(page)
    page.get_by_label("Username").fill(harbor.clerk.user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    # Then the form is there with what was typed, and nothing was done
    page.get_by_text("You had been signed out").wait_for()
    assert page.get_by_label("Close it without a booking").input_value() == "was a mistake, she called"
    assert ConsultRequest.objects.get().status == "waiting"
    page.get_by_role("button", name="Close the request").click()
    page.get_by_text("The request is closed.").wait_for()
