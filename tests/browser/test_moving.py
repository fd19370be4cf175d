"""Moving and cancelling, in a real Chromium: old and new side by side, told once, and two clerks on one visit."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from icalendar import Calendar
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clinic import clock
from scheduling.messages import changes
from scheduling.messages.delivery import deliver
from scheduling.models import Appointment, Hold, Series
from tests.browser.judges import NARROWEST, broken_rules
from tests.browser.people import go, open_clinic, sign_in, take_the_clock_to
from tests.factories import NOW, Clinic, make_patient
from tests.scheduling.helpers import book, visits_of
from tests.smtp import Sink

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MAIL = "ada.quill@example.org"


class Story:
    """A patient with six booked visits that she knows of, and two people at the desk."""

    def __init__(self, browser: Browser, base: str, sink: Sink, settings: Any) -> None:
        self.sink, self.settings = sink, settings
        self.clinic: Clinic = open_clinic(settings, base)
        with clock.at_moment(NOW):
            patient = make_patient(self.clinic.site, cleared=True, email=MAIL, given_name="Ada", family_name="Quill")
            self.series: Series = book(self.clinic, patient)
        deliver()
        self.told = len(sink.to(MAIL))
        self.clerk = sign_in(browser, base, self.clinic.clerk, reduced_motion="reduce")
        self.manager = sign_in(browser, base, self.clinic.manager, reduced_motion="reduce")

    @property
    def visits(self) -> list[Appointment]:
        """Her visits in order of time."""
        return visits_of(self.series)

    def mail_ten_minutes_later(self) -> list[Any]:
        """What reached the patient by then that she had not read before."""
        take_the_clock_to(self.settings, clock.now() + changes.SETTLES)
        deliver()
        found = self.sink.to(MAIL)[self.told :]
        self.told += len(found)
        return found


@pytest.fixture
def story(browser: Browser, live_server: LiveServer, smtp_sink: Sink, settings: Any) -> Story:
    """A quiet Monday morning."""
    return Story(browser, live_server.url, smtp_sink, settings)


def judge(page: Page) -> None:
    """Nothing for axe to find, and nothing that scrolls sideways on a narrow phone."""
    assert broken_rules(page) == []
    page.set_viewport_size({"width": NARROWEST, "height": 640})
    assert int(page.evaluate("document.documentElement.scrollWidth")) <= NARROWEST
    page.set_viewport_size({"width": 1280, "height": 900})


def events_of(mail: Any) -> dict[str, tuple[int, str]]:
    """UID to SEQUENCE and STATUS of the one calendar file."""
    (part,) = [one for one in mail.iter_attachments() if one.get_content_type() == "text/calendar"]
    events = Calendar.from_ical(str(part.get_content())).walk("VEVENT")
    return {str(one["UID"]): (int(str(one["SEQUENCE"])), str(one["STATUS"])) for one in events}


def test_what_was_chosen_and_typed_stays_when_the_list_of_times_comes_anew(story: Story) -> None:
    page = story.clerk
    go(page, "desk:move", story.visits[0].pk)
    # Given a time that is chosen, and a reason
    chosen = page.locator("input[name=starts]").nth(2)
    starts = chosen.get_attribute("value")
    chosen.check(force=True)
    page.get_by_label("Why").fill("Works late")
    # When the list comes anew
    page.get_by_role("button", name="Show times").click()
    expect(page.locator(".htmx-request")).to_have_count(0)
    # Then both stand, and what the new list no longer has is not said to be chosen
    expect(page.locator(f"input[name=starts][value='{starts}']")).to_be_checked()
    expect(page.get_by_label("Why")).to_have_value("Works late")
    later = clock.local(story.visits[0].starts, story.clinic.site.zone).date() + timedelta(days=1)
    page.get_by_label("Look from").fill(later.isoformat())
    expect(page.locator("[data-chosen]")).to_have_text("choose below")
    expect(page.get_by_label("Why")).to_have_value("Works late")


def move(page: Page, visit: Appointment, number: int, why: str) -> None:
    """Choose one of the times and say why."""
    go(page, "desk:move", visit.pk)
    page.locator("input[name=starts]").nth(number).check(force=True)
    page.get_by_label("Why").fill(why)


def test_two_visits_moved_and_one_cancelled_are_one_mail_with_one_file(story: Story) -> None:
    # Given a patient who knows her six dates,
    first, second, third, *_others = story.visits
    # when the desk moves two and cancels one within ten minutes,
    for visit in (first, second):
        move(story.clerk, visit, 0, "The driver works.")
        story.clerk.get_by_role("button", name="Move the visit").click()
        story.clerk.locator("#notices").get_by_text("Moved from").wait_for()
    go(story.clerk, "desk:cancel", third.pk)
    judge(story.clerk)
    story.clerk.get_by_label("Why").fill("Away that day.")
    story.clerk.get_by_role("button", name="Cancel it").click()
    story.clerk.get_by_text("The visit is cancelled").wait_for()
    # then its time is free at once, and ten minutes later one mail tells all of it, with a file that replaces the old.
    assert not Hold.objects.filter(appointment=third).exists()
    (mail,) = story.mail_ten_minutes_later()
    events = events_of(mail)
    assert (events[str(first.pk)], events[str(third.pk)]) == ((1, "CONFIRMED"), (1, "CANCELLED"))


def test_the_second_of_two_clerks_is_told_what_changed_and_by_whom(story: Story) -> None:
    # Given two people who have the same visit open,
    visit = story.visits[2]
    move(story.clerk, visit, 1, "The driver works.")
    move(story.manager, visit, 0, "Asked by phone.")
    # when the manager is quicker,
    story.manager.get_by_role("button", name="Move the visit").click()
    story.manager.locator("#notices").get_by_text("Moved from").wait_for()
    story.clerk.get_by_role("button", name="Move the visit").click()
    # then the clerk reads who did what and why, and what was typed is still there.
    problem = story.clerk.locator(".problem")
    expect(problem).to_contain_text("Mona Reyes moved it from")
    expect(problem).to_contain_text("Asked by phone.")
    expect(story.clerk.get_by_label("Why")).to_have_value("The driver works.")
    judge(story.clerk)
    visit.refresh_from_db()
    assert visit.version == 1


def test_the_rest_of_a_series_moves_along_on_one_page(story: Story) -> None:
    # Given a patient who is away in the second week,
    visits = story.visits
    third = visits[2]
    go(story.clerk, "desk:move", third.pk)
    day = clock.local(third.starts, story.clinic.site.zone).date() + timedelta(days=7)
    # when the desk asks for the rest a week later,
    story.clerk.get_by_label("The first of them to").fill(day.isoformat())
    story.clerk.get_by_role("button", name="Show old and new times").click()
    # then old and new times stand side by side before anything is written,
    expect(story.clerk.get_by_role("heading", name="What would change")).to_be_visible()
    judge(story.clerk)
    assert [visit.version for visit in story.visits] == [0] * 6
    # and agreeing moves all of them, told once.
    story.clerk.get_by_label("Why").fill("Away.")
    story.clerk.get_by_role("button", name="Move them all").click()
    story.clerk.get_by_text("visits are moved").wait_for()
    moved = story.visits
    assert [visit.starts for visit in moved[:2]] == [visit.starts for visit in visits[:2]]
    assert clock.local(moved[2].starts, story.clinic.site.zone).date() == day
    assert all(visit.version == 1 for visit in moved[2:])
    assert len(story.mail_ten_minutes_later()) == 1


def test_all_that_is_to_come_is_cancelled_in_one_go(story: Story) -> None:
    # Given a patient who stops,
    go(story.clerk, "desk:cancel", story.visits[0].pk)
    # when the desk cancels all that is to come,
    story.clerk.get_by_label("All that is to come").check(force=True)
    story.clerk.get_by_label("Why").fill("She stops.")
    story.clerk.get_by_role("button", name="Cancel it").click()
    story.clerk.get_by_text("The series is stopped").wait_for()
    # then the series is over, nothing is held, and one mail removes all six from the calendar.
    assert not Hold.objects.exists()
    (mail,) = story.mail_ten_minutes_later()
    assert {status for _, status in events_of(mail).values()} == {"CANCELLED"}
    assert reverse("desk:patient", args=[story.series.patient_id]) in story.clerk.url
