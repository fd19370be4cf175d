"""The whole story, in a real browser, with real mail: from the first call to a booster that the doctor moved."""

import re
from datetime import date, timedelta
from email.message import EmailMessage
from itertools import pairwise
from typing import Any

import pytest
from django.urls import reverse
from icalendar import Calendar
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clinic import clock
from patients.models import Patient
from scheduling.messages import changes
from scheduling.messages.delivery import deliver
from scheduling.models import Appointment, Message, Series
from tests.browser.people import go, link_in, open_clinic, sign_in, take_the_clock_to, text_of
from tests.factories import FIRST_DAY, Clinic
from tests.smtp import Sink

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MAIL = "ada.quill@example.org"


class Story:
    """The clinic, its people at their screens, and the patient's mailbox."""

    def __init__(self, browser: Browser, base: str, sink: Sink, settings: Any) -> None:
        self.browser, self.base, self.sink, self.settings = browser, base, sink, settings
        self.clinic: Clinic = open_clinic(settings, base)
        self.clerk, self.nurse, self.doctor = (
            sign_in(browser, base, member) for member in (self.clinic.clerk, self.clinic.nurses[0], self.clinic.doctor)
        )

    @property
    def patient(self) -> Patient:
        """The one patient of the story."""
        return Patient.objects.get(family_name="Quill")

    def mail(self) -> list[EmailMessage]:
        """Deliver what is due; the messages that reached the patient since the last look."""
        before = len(self.sink.to(MAIL))
        deliver()
        return self.sink.to(MAIL)[before:]

    def visits(self, kind: str) -> list[Appointment]:
        """The patient's visits of a kind that are to come, in order."""
        return list(Appointment.objects.blocking().filter(patient=self.patient, kind=kind).order_by("starts"))


@pytest.fixture
def story(browser: Browser, live_server: LiveServer, smtp_sink: Sink, settings: Any) -> Story:
    """A clinic on a quiet Monday morning."""
    return Story(browser, live_server.url, smtp_sink, settings)


def test_from_the_first_call_to_a_booster_that_the_doctor_moved(story: Story) -> None:
    the_clerk_adds_the_patient_and_books_a_consult(story)
    the_consult_takes_place_and_the_screening_is_answered(story)
    the_doctor_clears_the_patient(story)
    the_clerk_books_six_visits_in_one_go(story)
    link = the_patient_gets_one_mail_with_all_dates(story)
    the_patient_names_who_drives(story, link)
    the_infusions_take_place(story)
    the_doctor_sets_how_often_boosters_come(story)
    the_doctor_changes_the_interval_and_the_patient_is_told_once(story)


def the_clerk_adds_the_patient_and_books_a_consult(story: Story) -> None:
    page = story.clerk
    go(page, "desk:patient_new")
    page.get_by_label("Given names").fill("Ada")
    page.get_by_label("Family name").fill("Quill")
    page.get_by_label("Birth date").fill("1980-05-17")
    page.get_by_label("Telephone", exact=True).fill("518 555 0142")
    page.get_by_label("Email", exact=True).fill(MAIL)
    page.get_by_label("Agrees to email").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Ada Quill")).to_be_visible()

    page.get_by_role("link", name="Book a consult").click()
    page.get_by_label("First possible day").fill(FIRST_DAY.isoformat())
    page.get_by_role("button", name="Show free times").click()
    expect(page.locator(".htmx-request")).to_have_count(0)
    page.locator("input[name=starts]").first.check(force=True)
    page.get_by_role("button", name="Book", exact=False).last.click()
    expect(page.get_by_role("heading", name="Ada Quill")).to_be_visible()

    (mail,) = story.mail()
    assert "Harbor Day Center" in text_of(mail)


def the_consult_takes_place_and_the_screening_is_answered(story: Story) -> None:
    (consult,) = story.visits("consult")
    take_the_clock_to(story.settings, consult.starts)
    page = story.nurse
    go(page, "nurse:visit", consult.pk)
    page.get_by_role("button", name="Arrived").click()
    go(page, "desk:patient_screening", story.patient.pk)
    for answer in page.locator("input[type=radio][value=no]").all():
        answer.check(force=True)
    page.locator("main form").last.get_by_role("button").last.click()

    page = story.doctor
    go(page, "nurse:visit", consult.pk)
    page.get_by_role("button", name="Begin the consult").click()
    take_the_clock_to(story.settings, consult.ends)
    page.locator("input[value=completed]").check(force=True)
    page.get_by_role("button", name="End the visit").click()
    consult.refresh_from_db()
    assert consult.status == Appointment.Status.FULFILLED


def the_doctor_clears_the_patient(story: Story) -> None:
    page = story.doctor
    go(page, "doctor:home")
    expect(page.get_by_text("Ada Quill").first).to_be_visible()
    page.locator(f"a[href='{reverse('doctor:clearance', args=[story.patient.pk])}']").first.click()
    page.locator("input[value=cleared]").check(force=True)
    page.get_by_role("button", name="Decide").click()
    go(page, "desk:patient", story.patient.pk)
    expect(page.get_by_text("cleared", exact=True).first).to_be_visible()


def the_clerk_books_six_visits_in_one_go(story: Story) -> None:
    page = story.clerk
    go(page, "desk:patient_consent", story.patient.pk)
    page.get_by_label("Version of the form").fill("2026-01")
    page.get_by_role("button", name="Record the consent").click()
    page.get_by_role("link", name="Book a series").click()
    page.get_by_label("Protocol").select_option(label="Six infusions")
    page.get_by_label("First possible day").fill((FIRST_DAY + timedelta(days=2)).isoformat())
    page.get_by_role("button", name="Show the best plans").click()
    page.get_by_role("button", name="Book all 6 of plan 1").click()
    expect(page.get_by_role("heading", name="Ada Quill")).to_be_visible()
    infusions = story.visits("infusion")
    assert [visit.status for visit in infusions] == ["booked"] * 6
    assert infusions[-1].starts - infusions[0].starts <= timedelta(days=21)


def the_patient_gets_one_mail_with_all_dates(story: Story) -> str:
    (mail,) = story.mail()
    text = text_of(mail)
    infusions = story.visits("infusion")
    zone = story.clinic.site.zone
    for visit in infusions:
        local = clock.local(visit.starts, zone)
        assert f"{local:%B} {local.day}" in text
    assert "drive" in text
    assert not re.search(r"ketamine|infusion|fibromyalgia|pain", str(mail).lower())
    (attached,) = [part for part in mail.iter_attachments() if part.get_content_type() == "text/calendar"]
    calendar = Calendar.from_ical(str(attached.get_content()))
    assert sorted(event.decoded("DTSTART") for event in calendar.walk("VEVENT")) == [
        visit.starts for visit in infusions
    ]
    return link_in(mail)


def the_patient_names_who_drives(story: Story, link: str) -> None:
    phone: Page = story.browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    before = list(Message.objects.values_list("pk", "state"))
    phone.goto(link)
    assert link not in phone.url, "the token stays in the address bar"
    assert list(Message.objects.values_list("pk", "state")) == before
    phone.get_by_role("link", name="Say who drives you").click()
    phone.get_by_label("Name", exact=False).first.fill("Ben Quill")
    phone.get_by_label("Telephone", exact=False).first.fill("518 555 0188")
    phone.get_by_label("18 or older", exact=False).check(force=True)
    for box in phone.locator("input[type=checkbox][name=visits]").all():
        box.check(force=True)
    phone.get_by_role("button", name="Save who drives me").click()
    expect(phone.get_by_text("Ben Quill").first).to_be_visible()
    assert {visit.ride.status for visit in story.visits("infusion")} <= {"named", "confirmed"}


def the_infusions_take_place(story: Story) -> None:
    page = story.nurse
    for visit in story.visits("infusion"):
        take_the_clock_to(story.settings, visit.starts)
        go(page, "nurse:visit", visit.pk)
        page.get_by_role("button", name="Arrived").click()
        page.get_by_role("button", name="Start", exact=True).click()
        expect(page.get_by_role("button", name="The drip is out: to recovery")).to_be_visible()
        take_the_clock_to(story.settings, visit.ends - timedelta(minutes=60))
        page.get_by_role("button", name="The drip is out: to recovery").click()
        # The recovery begins when the server hears of it: only then may the clock go on.
        expect(page.get_by_text("60 min").first).to_be_visible()
        take_the_clock_to(story.settings, visit.ends)
        page.reload()
        page.get_by_role("button", name="Hand over and discharge").click()
        expect(page.get_by_text("Counts toward the series").first).to_be_visible()
        visit.refresh_from_db()
        assert (visit.status, visit.ending, visit.counts) == ("fulfilled", "completed", True)
        assert visit.record.handed_to is not None


def the_doctor_sets_how_often_boosters_come(story: Story) -> None:
    deliver()
    set_the_interval(story, 21, "The relief after the induction held about three weeks.")
    series = Series.objects.get(patient=story.patient)
    assert series.stage == Series.Stage.MAINTENANCE
    last = series.appointments.filter(kind="infusion").latest("starts").starts.date()
    first = story.visits("booster")[0].starts.date()
    assert abs(first - last - timedelta(days=21)) <= timedelta(days=3)
    assert len(story.mail()) == 1


def the_doctor_changes_the_interval_and_the_patient_is_told_once(story: Story) -> None:
    before = story.visits("booster")
    set_the_interval(story, 35, "The relief now lasts longer than four weeks.")
    after = story.visits("booster")
    assert [visit.pk for visit in after][:1] == [before[0].pk], "a booster is moved, not made anew"
    days: list[date] = [clock.local(visit.starts, story.clinic.site.zone).date() for visit in after]
    assert all(abs((later - earlier).days - 35) <= 3 for earlier, later in pairwise(days))
    assert story.mail() == [], "changes of ten minutes go out as one"
    take_the_clock_to(story.settings, clock.now() + changes.SETTLES)
    mails = story.mail()
    assert len(mails) == 1, "told once"
    for day in days:
        assert f"{day:%B} {day.day}" in text_of(mails[0])


def set_the_interval(story: Story, interval: int, reason: str) -> None:
    page = story.doctor
    go(page, "doctor:boosters", Series.objects.get(patient=story.patient).pk)
    page.get_by_label("Days between boosters").fill(str(interval))
    page.get_by_label("Early or late").fill("3")
    page.get_by_label("Why").fill(reason)
    page.get_by_role("button", name="See what moves").click()
    page.get_by_role("button", name="Agree").or_(page.get_by_role("button", name="Book")).first.click()
    expect(page.get_by_text(f"every {interval} days", exact=False).first).to_be_visible()
