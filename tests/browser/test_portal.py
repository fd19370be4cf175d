"""A patient and a companion on their telephones, in a real Chromium: dates that change, who may read what, and the ride
home on the day.
"""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clinic import clock
from clinic.actor import Actor
from clinic.models import Site
from clinic.permissions import Role
from patients.models import Contact, Observation
from scheduling.actions import moving, rides, visit
from scheduling.messages.delivery import deliver
from scheduling.models import Appointment, Message, Ride, VisitRecord
from tests.browser import judges
from tests.browser.people import go, link_in, open_clinic, sign_in, take_the_clock_to
from tests.factories import NOW, Clinic, make_patient
from tests.portal.conftest import make_driver
from tests.scheduling.helpers import book, visits_of
from tests.smtp import Sink

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Story:
    """Ada has six visits; her sister Bea could drive. Their telephones open what the last mail leads to."""

    def __init__(self, browser: Browser, base: str, sink: Sink, settings: Any) -> None:
        self.browser, self.base, self.sink, self.settings = browser, base, sink, settings
        self.clinic: Clinic = open_clinic(settings, base)
        with clock.at_moment(NOW):
            self.ada = make_patient(
                self.clinic.site,
                cleared=True,
                consented=True,
                given_name="Ada",
                family_name="Quill",
                email="ada@example.org",
                birth_date=date(1971, 3, 4),
            )
            self.bea = make_driver(self.ada, "Bea Moss", email="bea@example.org")
            self.visits = visits_of(book(self.clinic, self.ada))

    def link_of(self, email: str) -> str:
        """The link of the newest mail to somebody, after everything due has gone out."""
        Message.objects.filter(state=Message.State.DUE, due_at__lt=clock.now() + timedelta(hours=1)).update(
            due_at=clock.now()
        )
        deliver()
        return link_in(self.sink.to(email)[-1])

    def phone(self, link: str, **context: Any) -> Page:
        """A telephone on which a link was opened."""
        what: dict[str, Any] = {"viewport": {"width": 390, "height": 740}, "reduced_motion": "reduce"} | context
        page = self.browser.new_context(base_url=self.base, **what).new_page()
        page.set_default_timeout(10_000)
        page.goto(link)
        return page


@pytest.fixture
def story(browser: Browser, live_server: LiveServer, smtp_sink: Sink, settings: Any) -> Story:
    """A quiet Monday morning."""
    return Story(browser, live_server.url, smtp_sink, settings)


def judge(page: Page) -> None:
    """Axe in light and dark, nothing wider than the narrowest phone, everything by keyboard, targets for a finger."""
    size = page.viewport_size
    assert judges.broken_rules(page) == []
    assert judges.faint_in_the_dark(page) == []
    assert judges.too_wide(page) == []
    assert size is not None
    page.set_viewport_size(size)
    assert judges.out_of_reach(page) == []
    assert judges.too_small_for_a_finger(page) == []


def test_a_date_is_changed_and_the_old_link_says_so(story: Story) -> None:
    # Given the mail with all dates, on two telephones, and a clinic that lets patients choose.
    Site.objects.update(patients_move=True)
    old = story.link_of("ada@example.org")
    phone, other = story.phone(old), story.phone(old)
    third = story.visits[2]
    # When Ada takes another time, with the keyboard alone.
    phone.get_by_role("link", name=re.compile("Another time.*Monday, April 12")).press("Enter")
    judge(phone)
    phone.get_by_role("radio", name="2 p.m.").first.press("Space")
    phone.get_by_role("button", name="Take this time").press("Enter")
    # Then it is hers at once, and the page that she has open goes on.
    expect(phone.get_by_text("Your visit is now at 2 p.m. on Monday, April 12, 2027.")).to_be_visible()
    third.refresh_from_db()
    assert third.version == 1
    # When the desk moves it once more, then both old pages say what became of it, and do nothing.
    desk, starts = story.clinic.by(Role.FRONT_DESK), story.clinic.at(date(2027, 4, 12), 11)
    moving.move_visit(by=desk, appointment=third, starts=starts, reason="asked", version=1)
    other.get_by_role("link", name=re.compile("Cancel.*Monday, April 12")).click()
    expect(other.get_by_role("heading", name="This visit has another time")).to_be_visible()
    judge(other)
    # And the newest mail opens the dates as they are.
    phone = story.phone(story.link_of("ada@example.org"))
    expect(phone.get_by_text("12:55 p.m.")).to_be_visible()


def test_a_visit_is_called_off_without_scripts_and_the_desk_hears_of_it(story: Story) -> None:
    # Given a telephone without scripts, the evening before the first visit.
    link = story.link_of("ada@example.org")
    take_the_clock_to(story.settings, story.visits[0].starts - timedelta(hours=15))
    phone = story.phone(link, java_script_enabled=False)
    # When Ada wants to cancel, then she reads that it is late, and what follows.
    phone.get_by_role("link", name=re.compile("Cancel.*Tuesday, April 6")).click()
    expect(phone.get_by_text("begins in less than 24 hours")).to_be_visible()
    phone.get_by_label("Anything we should know?").fill("I have a fever.")
    phone.get_by_role("button", name="Yes, cancel this visit").click()
    # Then it is cancelled, and the others stay.
    expect(phone.get_by_text("Your visit on Tuesday, April 6, 2027 is cancelled.")).to_be_visible()
    expect(phone.locator("[aria-labelledby=dates] .dates > li")).to_have_count(5)
    # And the desk has it on the list of what to do.
    clerk = sign_in(story.browser, story.base, story.clinic.clerk, reduced_motion="reduce")
    go(clerk, "desk:home")
    clerk.get_by_role("link", name=re.compile("Call about a new date")).click()
    expect(clerk.get_by_text("“I have a fever.”")).to_be_visible()
    expect(clerk.get_by_text("inside the notice of 24 hours")).to_be_visible()
    clerk.get_by_role("button", name="Done: take it off the list").click()
    expect(clerk.get_by_text("Off the list.")).to_be_visible()


def test_the_birth_date_stands_before_what_is_clinical_and_the_language_is_kept(story: Story) -> None:
    # Given Ada's page, which names no illness.
    phone = story.phone(story.link_of("ada@example.org"))
    judge(phone)
    # When she wants to say how she is, then she is asked who she is.
    phone.get_by_role("link", name="Tell us how you are today").click()
    judge(phone)
    phone.get_by_label("Month").select_option(label="May")
    phone.get_by_label("Day").fill("4")
    phone.get_by_label("Year").fill("1971")
    phone.get_by_role("button", name="Go on").click()
    expect(phone.get_by_text("You can try 4 more times")).to_be_visible()
    expect(phone.get_by_label("Year")).to_have_value("1971")
    phone.get_by_label("Month").select_option(label="March")
    phone.get_by_role("button", name="Go on").click()
    # Then she answers, with the keyboard.
    judge(phone)
    phone.get_by_role("radio", name="6", exact=True).press("Space")
    phone.get_by_role("button", name="Save").press("Enter")
    expect(phone.get_by_text("Your answer for today is kept")).to_be_visible()
    assert [int(one.value) for one in Observation.objects.all()] == [6]
    # When she would rather read Spanish, then page and mail are Spanish from then on.
    phone.goto(reverse("portal:contact"))
    judge(phone)
    phone.get_by_label("Español").check()
    phone.get_by_role("button", name="Save").click()
    expect(phone.get_by_role("heading", name="Hola, Ada")).to_be_visible()
    judge(phone)
    phone.goto(reverse("portal:driver"))
    phone.get_by_label("Bea Moss").check()
    story.ada.refresh_from_db()
    assert story.ada.language == "es"


def test_a_companion_answers_all_dates_hears_when_to_come_and_can_be_the_wrong_person(story: Story) -> None:
    # Given Bea, named for all six dates in one answer.
    me = Actor("patient", str(story.ada.pk), story.ada.name)
    rides.name_companion(by=me, appointments=story.visits, companion=story.bea)
    phone = story.phone(story.link_of("bea@example.org"))
    judge(phone)
    expect(phone.locator("fieldset.date-answer")).to_have_count(6)
    phone.get_by_role("button", name="Yes to all dates").click()
    assert set(Ride.objects.values_list("status", flat=True)) == {Ride.Status.CONFIRMED}
    # When recovery begins earlier than planned, then she is written to, and her page has the new time.
    first = story.visits[0]
    take_the_clock_to(story.settings, first.starts + timedelta(minutes=30))
    nurse = story.clinic.by(Role.NURSE)
    visit.arrive(by=nurse, appointment=first)
    came, began = first.starts, first.starts + timedelta(minutes=10)
    VisitRecord.objects.filter(appointment=first).update(arrived_at=came, started_at=began)
    visit.to_recovery(by=nurse, appointment=first)
    link = story.link_of("bea@example.org")
    assert "Ada will be ready at about 10:30 a.m." in str(story.sink.to("bea@example.org")[-1]["Subject"])
    phone = story.phone(link)
    expect(phone.get_by_text("About 10:30 a.m.")).to_be_visible()
    expect(phone.get_by_text("this is the newest time")).to_be_visible()
    for word in ("Quill", "infusion", "chair"):
        assert word.casefold() not in phone.locator("body").inner_text().casefold()
    # When it was somebody else who got this, then one button ends it, and the rides are open again.
    phone.get_by_text("I am not Bea Moss").click()
    phone.get_by_role("button", name="Wrong person: stop writing to me").click()
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    assert Contact.objects.get(pk=story.bea.pk).stopped_at is not None
    open_again = Ride.objects.filter(appointment__status=Appointment.Status.BOOKED)
    assert set(open_again.values_list("status", flat=True)) == {Ride.Status.NEEDED}


def test_the_other_pages_behind_the_link_stand_too(story: Story) -> None:
    link = story.link_of("ada@example.org")
    phone = story.phone(link)
    third = story.visits[2].pk
    for address, heading in {
        reverse("portal:cancel", args=[third]): "Cancel this visit?",
        reverse("portal:sooner", args=[third]): "Come sooner",
        reverse("portal:cancel", args=["00000000-0000-4000-8000-000000000000"]): "There is no such page",
        link.replace("/my/", "/my/stop/"): "Fewer messages",
    }.items():
        phone.goto(address)
        expect(phone.get_by_role("heading", name=heading, level=1)).to_be_visible()
        judge(phone)
