"""The front desk's day on the board, in a real Chromium: by keyboard, by mouse, without scripts, on paper."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clinic import clock
from clinic.permissions import Role
from scheduling.actions import visit as visits
from scheduling.models import Appointment
from tests.browser.judges import NARROWEST, broken_rules
from tests.browser.people import sign_in, take_the_clock_to
from tests.factories import FIRST_DAY, NOW, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import book

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Desk:
    """A clinic on its first day with visits, at 9:10 in the morning, and the clerk before the board."""

    def __init__(self, browser: Browser, base: str, settings: Any) -> None:
        settings.PUBLIC_URL = base
        self.browser, self.base = browser, base
        with clock.at_moment(NOW):
            self.clinic: Clinic = make_clinic()
            ada = make_patient(self.clinic.site, cleared=True, consented=True, given_name="Ada", family_name="Quill")
            ben = make_patient(self.clinic.site, cleared=True, consented=True, given_name="Ben", family_name="Osei")
            self.ada = self._single(ada, 9)
            self.ben = self._single(ben, 13)
        take_the_clock_to(settings, self.clinic.at(FIRST_DAY, 9, 10))
        self.address = reverse("desk:board", args=[self.clinic.site.pk, FIRST_DAY])

    def _single(self, patient: Any, hour: int) -> Appointment:
        starts = [self.clinic.at(FIRST_DAY, hour)]
        series = book(self.clinic, patient, starts, version=self.clinic.injection)
        return series.appointments.get()

    def page(self, **context: Any) -> Page:
        """The clerk's browser with the board open."""
        page = sign_in(self.browser, self.base, self.clinic.clerk, reduced_motion="reduce", **context)
        page.goto(self.address)
        return page


@pytest.fixture
def desk(browser: Browser, live_server: LiveServer, settings: Any) -> Desk:
    """Ada is expected since 9, Ben at 13."""
    return Desk(browser, live_server.url, settings)


def on_board(page: Page, visit: Appointment) -> Any:
    return page.locator(f"#visit-{visit.pk}")


def come_back(page: Page) -> None:
    """What a tab does that is shown again: it looks at once."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_late_patient_arrives_with_two_keystrokes(desk: Desk) -> None:
    # Given Ada is late
    page = desk.page()
    expect(on_board(page, desk.ada)).to_contain_text("late")
    expect(page.get_by_text("1 late")).to_be_visible()
    # When the clerk goes to her visit with the arrows and presses Enter twice
    on_board(page, desk.ben).focus()
    page.keyboard.press("ArrowLeft")
    while page.evaluate("document.activeElement.className") == "gap":
        page.keyboard.press("ArrowLeft")
    expect(on_board(page, desk.ada)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Ada Quill")
    expect(page.get_by_role("button", name="Arrived")).to_be_focused()
    assert broken_rules(page) == []
    page.keyboard.press("Enter")
    # Then she is here, and the board is back with her visit in focus
    expect(on_board(page, desk.ada)).to_contain_text("here")
    expect(on_board(page, desk.ada)).to_be_focused()
    assert Appointment.objects.get(pk=desk.ada.pk).status == Appointment.Status.ARRIVED


def test_what_others_do_appears_by_itself_and_disturbs_no_open_form(desk: Desk) -> None:
    # Given the clerk is writing down why Ben's visit moves
    page = desk.page()
    on_board(page, desk.ben).press("m")
    reason = page.get_by_label("Why")
    reason.fill("His driver works until noon")
    # When Ada is ticked as arrived at another desk, then Ben
    visits.arrive(by=desk.clinic.by(Role.NURSE), appointment=desk.ada)
    come_back(page)
    # Then the board shows it, and what was typed stands as before
    expect(on_board(page, desk.ada)).to_contain_text("here")
    expect(reason).to_have_value("His driver works until noon")
    expect(page.get_by_text("This visit has changed")).to_be_hidden()
    visits.arrive(by=desk.clinic.by(Role.NURSE), appointment=desk.ben)
    come_back(page)
    expect(page.get_by_text("This visit has changed")).to_be_visible()
    expect(reason).to_have_value("His driver works until noon")
    page.get_by_role("button", name="Show how it is now").click()
    expect(reason).to_be_hidden()
    page.keyboard.press("Escape")
    expect(on_board(page, desk.ben)).to_be_focused()


def test_a_hidden_tab_asks_for_nothing_and_an_unchanged_board_is_not_drawn_anew(desk: Desk) -> None:
    page = desk.page()
    answers: list[int] = []
    page.on("response", lambda answer: answers.append(answer.status) if "/changes/" in answer.url else None)
    page.evaluate("document.getElementById('board').dataset.mine = 'yes'")
    page.evaluate("Object.defineProperty(document, 'hidden', {configurable: true, get: () => true})")
    come_back(page)
    page.wait_for_timeout(300)
    assert answers == []
    page.evaluate("Object.defineProperty(document, 'hidden', {configurable: true, get: () => false})")
    with page.expect_response(re.compile("/changes/")):
        come_back(page)
    page.wait_for_timeout(100)
    assert answers == [204]
    assert page.evaluate("document.getElementById('board').dataset.mine") == "yes"
    # And once signed out, the board stays and says why it stands still.
    page.context.clear_cookies()
    come_back(page)
    expect(page.get_by_text("You are signed out")).to_be_visible()
    expect(on_board(page, desk.ada)).to_be_visible()


def test_a_visit_is_dragged_to_a_new_time_and_moved_by_the_form_that_opens(desk: Desk) -> None:
    page = desk.page(viewport={"width": 1400, "height": 900})
    box = on_board(page, desk.ben).bounding_box()
    assert box is not None
    hour = box["width"] / 70 * 60  # the visit takes 70 minutes
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 20 + hour / 2, box["y"] + 22)
    page.mouse.move(box["x"] + 20 + hour, box["y"] + 22)
    expect(page.locator(".drag-says", has_text="2 p.m.")).to_be_visible()
    page.mouse.up()
    # Nothing is moved by the drop; the form has the time and asks why.
    expect(page.get_by_label("New time on")).to_have_value(re.compile("18:00:00"))
    assert Appointment.objects.get(pk=desk.ben.pk).starts == desk.ben.starts
    page.get_by_label("Why").fill("His driver asked")
    page.get_by_role("button", name="Move the visit").click()
    page.wait_for_url(f"**{desk.address}#visit-{desk.ben.pk}")
    expect(on_board(page, desk.ben)).to_have_attribute("aria-label", re.compile("2 p.m. to 3:10 p.m."))
    assert Appointment.objects.get(pk=desk.ben.pk).starts == desk.ben.starts + timedelta(hours=1)


def test_without_scripts_a_visit_is_opened_and_moved_all_the_same(desk: Desk) -> None:
    page = desk.page(java_script_enabled=False)
    on_board(page, desk.ben).click()
    page.get_by_label("New time on").select_option(label="3 p.m.")
    page.get_by_label("Why").fill("Asked by telephone")
    page.get_by_role("button", name="Move the visit").click()
    moved = Appointment.objects.get(pk=desk.ben.pk)
    assert moved.starts == desk.clinic.at(FIRST_DAY, 15)
    assert moved.status_reason == "Asked by telephone"


def test_free_time_says_how_long_it_is_and_leads_to_a_booking_there(desk: Desk) -> None:
    make_patient(desk.clinic.site, cleared=True, given_name="Cleo", family_name="Marsh")
    page = desk.page()
    page.get_by_role("link", name=re.compile("Chair 2 is free for 8 h 45, 9:15 a.m. to 6 p.m.")).click()
    assert broken_rules(page) == []
    page.get_by_label("For whom?").fill("mars")
    page.get_by_role("link", name="One visit for Cleo Marsh").click()
    expect(page.get_by_label("Look from")).to_have_value(FIRST_DAY.isoformat())
    page.go_back()
    page.get_by_role("link", name="A series for Cleo Marsh").click()
    expect(page.get_by_label("First possible day")).to_have_value(FIRST_DAY.isoformat())
    expect(page.get_by_label("not before")).to_have_value("09:15")


def test_board_and_week_stand_in_light_and_dark_on_a_phone_and_on_paper(desk: Desk) -> None:
    week = reverse("desk:board_week", args=[desk.clinic.site.pk, FIRST_DAY])
    panel = reverse("desk:board_visit", args=[desk.ben.pk])
    for scheme in ("light", "dark"):
        page = desk.page(color_scheme=scheme)
        for address in (desk.address, week, panel):
            page.set_viewport_size({"width": 1280, "height": 800})
            page.goto(address)
            assert broken_rules(page) == []
            page.set_viewport_size({"width": NARROWEST, "height": 640})
            assert int(page.evaluate("document.documentElement.scrollWidth")) <= NARROWEST
        page.goto(desk.address)
        sheet = page.pdf(format="A4")
        assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1, "the day sheet of a small clinic is one page"
        page.context.close()
