"""The earlier-time list, in a real Chromium: from a cancellation to the patient who came sooner, and the one who was
second.
"""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clinic import clock
from clinic.permissions import Role
from scheduling.actions import earlier, moving
from scheduling.messages.delivery import deliver
from scheduling.models import Appointment, EarlierWish, Message, Offer
from scheduling.planner.values import Wishes
from tests.browser.judges import NARROWEST, broken_rules
from tests.browser.people import go, link_in, open_clinic, sign_in
from tests.factories import NOW, Clinic
from tests.scheduling.earlier_list import SOONER, filled, injection
from tests.smtp import Sink

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Story:
    """One chair, full next Wednesday; two patients who could come then; the desk and the patients' mailboxes."""

    def __init__(self, browser: Browser, base: str, sink: Sink, settings: Any) -> None:
        self.browser, self.base, self.sink, self.settings = browser, base, sink, settings
        self.clinic: Clinic = open_clinic(settings, base, chairs=1)
        with clock.at_moment(NOW):
            self.full = filled(self.clinic, SOONER)
            self.ada = injection(
                self.clinic, date(2027, 4, 20), given_name="Ada", family_name="Quill", email="ada@example.org"
            )
            self.ben = injection(
                self.clinic, date(2027, 4, 21), given_name="Ben", family_name="Lind", email="ben@example.org"
            )
        deliver()
        self.clerk = sign_in(browser, base, self.clinic.clerk, reduced_motion="reduce")

    def put_on_the_list(self, visit: Appointment) -> None:
        """On Wednesdays only, by the desk's form."""
        go(self.clerk, "desk:earlier_wish", visit.pk)
        self.clerk.locator("input[name=patient_days][value='2']").check(force=True)
        self.clerk.get_by_label("Not before this day").fill(SOONER.isoformat())
        judge(self.clerk)
        self.clerk.get_by_role("button", name="Put on the list").click()
        self.clerk.get_by_text("is on the earlier-time list").wait_for()

    def phone_of(self, visit: Appointment) -> Page:
        """The patient's telephone with the page that the last mail leads to."""
        deliver()
        page = self.browser.new_context(viewport={"width": 390, "height": 740}, reduced_motion="reduce").new_page()
        page.set_default_timeout(10_000)
        page.goto(link_in(self.sink.to(visit.patient.email)[-1]))
        return page


@pytest.fixture
def story(browser: Browser, live_server: LiveServer, smtp_sink: Sink, settings: Any) -> Story:
    """A quiet Monday morning."""
    return Story(browser, live_server.url, smtp_sink, settings)


def judge(page: Page) -> None:
    """Nothing for axe to find, and nothing that scrolls sideways on a narrow phone."""
    size = page.viewport_size
    assert broken_rules(page) == []
    page.set_viewport_size({"width": NARROWEST, "height": 640})
    assert int(page.evaluate("document.documentElement.scrollWidth")) <= NARROWEST
    if size is not None:
        page.set_viewport_size(size)


def test_from_a_cancellation_to_the_patient_who_came_sooner(story: Story) -> None:
    two_want_sooner(story)
    a_cancellation_shows_on_the_work_list(story)
    the_desk_offers_the_time_to_both(story)
    phones = [story.phone_of(visit) for visit in (story.ada, story.ben)]
    ada_says_yes(story, phones[0])
    ben_reads_that_it_is_taken(story, phones[1])


def two_want_sooner(story: Story) -> None:
    story.put_on_the_list(story.ada)
    story.put_on_the_list(story.ben)
    go(story.clerk, "desk:earlier")
    expect(story.clerk.get_by_text("No free time suits anybody on the list just now.")).to_be_visible()
    judge(story.clerk)


def a_cancellation_shows_on_the_work_list(story: Story) -> None:
    go(story.clerk, "desk:cancel", story.full[2].pk)
    story.clerk.get_by_label("Why").fill("A cold.")
    story.clerk.get_by_role("button", name="Cancel it").click()
    go(story.clerk, "desk:work")
    section = story.clerk.get_by_role("region", name="Earlier times that somebody would like")
    expect(section).to_contain_text("2 fit")
    section.get_by_role("link", name="Offer it").first.click()
    expect(story.clerk.locator(".seeker").first).to_contain_text("Lind")
    judge(story.clerk)


def the_desk_offers_the_time_to_both(story: Story) -> None:
    for box in story.clerk.locator("input[name=wishes]").all():
        box.check(force=True)
    story.clerk.get_by_role("button", name="Offer it").click()
    story.clerk.get_by_text("Offered, and held until").wait_for()
    judge(story.clerk)
    assert Offer.objects.get(status="open").invitations.count() == 2


def ada_says_yes(story: Story, phone: Page) -> None:
    before = list(Message.objects.values_list("pk", "state"))
    expect(phone.get_by_text("An earlier time is free for you")).to_be_visible()
    judge(phone)
    phone.get_by_role("link", name="Look at it and answer").click()
    judge(phone)
    assert list(Message.objects.values_list("pk", "state")) == before, "looking changes nothing"
    phone.get_by_role("button", name="Yes, I come earlier").click()
    expect(phone.get_by_text("Your visit is at the earlier time now.")).to_be_visible()
    story.ada.refresh_from_db()
    assert story.ada.starts == story.full[2].starts


def ben_reads_that_it_is_taken(story: Story, phone: Page) -> None:
    invitation = story.ben.invitations.get()
    phone.goto(story.base + reverse("portal:earlier", args=[invitation.pk]))
    expect(phone.get_by_text("Somebody else was a little quicker")).to_be_visible()
    judge(phone)
    deliver()
    assert "is taken" in str(story.sink.to(story.ben.patient.email)[-1]["Subject"])
    assert EarlierWish.objects.get(appointment=story.ben).status == EarlierWish.Status.WAITING


def test_who_has_no_mail_is_called_and_the_answer_is_written_down(story: Story) -> None:
    # Given somebody without email to whom a time is offered,
    patient = story.ada.patient
    patient.email = ""
    patient.save()
    by = story.clinic.by(Role.FRONT_DESK)
    with clock.at_moment(NOW):
        moving.cancel_visit(by=by, appointment=story.full[2], reason="A cold.", version=0)
        wish = earlier.wish_sooner(by=by, appointment=story.ada, hours=Wishes())
    # when the desk offers the free time,
    go(story.clerk, "desk:earlier_time", story.clinic.site.pk, clock.cell(story.full[2].starts))
    story.clerk.get_by_role("button", name="Offer it").click()
    deliver()
    # then the call is on the list with the words to say, and the answer is one button.
    go(story.clerk, "desk:calls")
    expect(story.clerk.get_by_text("You asked for an earlier time", exact=False).first).to_be_visible()
    go(story.clerk, "desk:earlier_offer", wish.invitations.get().offer_id)
    story.clerk.get_by_role("button", name="Says yes").click()
    story.clerk.get_by_text("Ada Quill comes on").wait_for()
    story.ada.refresh_from_db()
    assert story.ada.starts == story.full[2].starts


def test_a_patient_asks_to_come_sooner_on_the_telephone_and_takes_what_is_offered(story: Story) -> None:
    # Given Ada's own page, on which she says that Wednesdays would suit her sooner.
    phone = story.phone_of(story.ada)
    phone.get_by_role("link", name="Say which days and hours suit").click()
    phone.locator("input[name=days][value='2']").check(force=True)
    phone.locator("input[name=first_day]").fill(SOONER.isoformat())
    phone.get_by_role("button", name="Put me on the list").click()
    expect(phone.get_by_role("link", name="Change the hours")).to_be_visible()
    # When a time of that day comes free, then the desk reads that it suits her, and offers it.
    with clock.at_moment(NOW):
        moving.cancel_visit(by=story.clinic.by(Role.FRONT_DESK), appointment=story.full[2], reason="A cold.", version=0)
    go(story.clerk, "desk:work")
    section = story.clerk.get_by_role("region", name="Earlier times that somebody would like")
    section.get_by_role("link", name="Offer it").first.click()
    expect(story.clerk.locator(".seeker")).to_contain_text("Quill")
    story.clerk.get_by_role("button", name="Offer it").click()
    story.clerk.get_by_text("Offered, and held until").wait_for()
    # Then the mail's link leads her to it, and one yes moves the visit and takes her off the list.
    phone = story.phone_of(story.ada)
    phone.get_by_role("link", name="Look at it and answer").click()
    phone.get_by_role("button", name="Yes, I come earlier").click()
    expect(phone.get_by_text("Your visit is at the earlier time now.")).to_be_visible()
    story.ada.refresh_from_db()
    assert story.ada.starts == story.full[2].starts
    assert not EarlierWish.objects.filter(status=EarlierWish.Status.WAITING).exists()
