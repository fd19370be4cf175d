"""Who may be treated, in a real browser: from a request on the web to a clearance with conditions, and a treatment that
is suspended, cleared again and stopped.
"""

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, ViewportSize
from pytest_django.live_server_helper import LiveServer

from clinic import clock
from clinic.models import ResourceKind
from patients.models import Clearance, ConsultRequest, Patient
from scheduling.models import Appointment, CourseChange, Hold, Series
from tests.browser.judges import broken_rules, faint_in_the_dark, too_wide
from tests.browser.people import go, open_clinic, sign_in, take_the_clock_to
from tests.factories import NOW, Clinic, make_chair, make_patient
from tests.scheduling.helpers import book

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: Every page is looked at as it is: nothing for axe, in light and dark, nothing that scrolls sideways.
PHONE: ViewportSize = {"width": 390, "height": 844}


class Story:
    """A small clinic with one bed, and whoever takes part."""

    def __init__(self, browser: Browser, server: LiveServer, settings: Any) -> None:
        self.browser, self.base, self.settings = browser, server.url, settings
        self.clinic: Clinic = open_clinic(settings, server.url)
        with clock.at_moment(NOW):
            make_chair(self.clinic.site, "Bed 1", ResourceKind.BED)

    def at(self, minutes: int) -> None:
        """The clinic's clock stands that many minutes after the start of the story."""
        take_the_clock_to(self.settings, NOW + timedelta(minutes=minutes))


@pytest.fixture
def story(browser: Browser, live_server: LiveServer, settings: Any) -> Story:
    """A quiet Monday morning."""
    return Story(browser, live_server, settings)


def judge(page: Page) -> None:
    """Nothing to find fault with on this page."""
    size = page.viewport_size
    assert broken_rules(page) == []
    assert faint_in_the_dark(page) == []
    assert too_wide(page) == []
    if size is not None:
        page.set_viewport_size(size)


def test_from_a_request_on_the_web_to_a_clearance_with_conditions(story: Story) -> None:
    # Given somebody without an account, on a phone that runs no script:
    somebody_asks_for_a_consult(story)
    # When the desk takes the request up, and hands over the tablet, which then opens nothing but the questions:
    tablet = the_desk_adds_the_patient_and_hands_over_the_tablet(story)
    the_patient_answers_on_the_tablet(story, tablet)
    # Then a doctor finds the patient waiting, each flag with its source, and clears with conditions.
    the_doctor_clears_with_conditions(story)
    # And what is booked next lies in the bed that the doctor asked for.
    what_is_booked_next_lies_in_a_bed(story)


def somebody_asks_for_a_consult(story: Story) -> None:
    page = story.browser.new_context(base_url=story.base, viewport=PHONE, java_script_enabled=False).new_page()
    page.goto("/consult/")
    page.get_by_label("Your name").fill("Nora Field")
    page.get_by_label("Your telephone number").fill("518-555-0144")
    page.get_by_label("What would you like help with?").fill("Pain all over")
    story.at(1)
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Thank you. We have your request.").wait_for()
    assert ConsultRequest.objects.get().name == "Nora Field"
    scripted = story.browser.new_context(base_url=story.base, viewport=PHONE).new_page()
    scripted.goto("/consult/harbor-day-center/?lang=es")
    judge(scripted)


def the_desk_adds_the_patient_and_hands_over_the_tablet(story: Story) -> Page:
    page = sign_in(story.browser, story.base, story.clinic.clerk)
    page.get_by_role("link", name="Book the consult of Nora Field").click()
    page.get_by_role("link", name="Add the patient").click()
    page.get_by_label("Family name").fill("Field")
    page.get_by_label("Given names").fill("Nora")
    page.get_by_label("Birth date").fill("1980-05-17")
    page.get_by_role("button", name="Save").first.click()
    page.wait_for_url(lambda url: "/new/" not in url)
    go(page, "desk:patient", Patient.objects.get().pk)
    page.get_by_text("On this tablet").click()
    judge(page)
    page.get_by_role("button", name="Hand it over to Nora").click()
    page.get_by_role("heading", name="Questions before your treatment").wait_for()
    return page


def the_patient_answers_on_the_tablet(story: Story, page: Page) -> None:
    judge(page)
    for question in page.locator("fieldset.question").all():
        said = "Yes" if "seizure" in (question.text_content() or "") else "No"
        question.get_by_label(said, exact=True).check()
    page.get_by_label("Which medicines do you take now?").fill("Tramadol 50 mg")
    page.get_by_role("button", name="Send my answers").press("Enter")
    page.get_by_text("Please give this device back now.").wait_for()
    judge(page)
    page.goto("/my/screening/")
    page.get_by_role("heading", name="This page is closed").wait_for()
    page.goto("/")
    page.get_by_label("Username").wait_for()


def the_doctor_clears_with_conditions(story: Story) -> None:
    page = sign_in(story.browser, story.base, story.clinic.doctor)
    go(page, "doctor:home")
    page.get_by_role("link", name="Decide about Nora Field").press("Enter")
    page.get_by_text("Takes tramadol: an opioid").wait_for()
    page.get_by_text("Yes: Have you ever had a seizure").wait_for()
    judge(page)
    page.get_by_label("Cleared with conditions").check()
    page.get_by_label("A yes holds until").fill("2027-12-31")
    page.get_by_label("Systolic up to").fill("150")
    page.get_by_label("A bed instead of a recliner").check()
    page.get_by_role("button", name="Decide").press("Enter")
    page.get_by_text("Nora Field: cleared with conditions.").wait_for()
    decided = Clearance.objects.get()
    assert (decided.systolic_limit, decided.needs_bed) == (150, True)
    assert {flag.decided_in for flag in decided.patient.flags.all()} == {decided}


def what_is_booked_next_lies_in_a_bed(story: Story) -> None:
    with clock.at_moment(NOW + timedelta(minutes=5)):
        series = book(story.clinic, Patient.objects.get())
    chairs = Hold.objects.filter(appointment__series=series, resource__kind__in=["bed", "recliner"])
    assert set(chairs.values_list("resource__kind", flat=True)) == {"bed"}


def test_a_treatment_is_suspended_cleared_again_and_stopped_on_a_call(story: Story) -> None:
    # Given a patient with six infusions to come,
    with clock.at_moment(NOW):
        patient = make_patient(story.clinic.site, cleared=True, consented=True)
        series = book(story.clinic, patient)
    doctor = sign_in(story.browser, story.base, story.clinic.doctor)
    desk = sign_in(story.browser, story.base, story.clinic.clerk)
    # When a doctor suspends the treatment, every date stays reserved, and the desk reads so.
    story.at(10)
    the_doctor_decides(doctor, patient, "Suspended", "a rash")
    the_desk_reads_that_the_dates_stay_reserved(desk, patient, series)
    # Then a yes books them all again.
    story.at(20)
    the_doctor_decides(doctor, patient, "Cleared")
    assert set(statuses(series)) == {"booked"}
    # When the patient rings and stops, the time is free at once, and a doctor is told.
    story.at(30)
    the_desk_stops_on_a_call(desk, patient, series)
    the_doctor_reads_it_and_ticks_it_off(doctor, patient)


def statuses(series: Series) -> list[str]:
    """The statuses of the visits of a series."""
    return list(Appointment.objects.filter(series=series).values_list("status", flat=True))


def the_doctor_decides(page: Page, patient: Patient, decision: str, reason: str = "") -> None:
    go(page, "doctor:clearance", patient.pk)
    page.get_by_label(decision, exact=True).check()
    page.get_by_label("A yes holds until").fill(date(2027, 12, 31).isoformat())
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="Decide").press("Enter")
    page.get_by_text(f"{patient.name}: {decision.lower()}.").wait_for()


def the_desk_reads_that_the_dates_stay_reserved(page: Page, patient: Patient, series: Series) -> None:
    assert set(statuses(series)) == {"proposed"}
    go(page, "desk:work")
    page.get_by_text("a doctor has put the treatment on hold; the dates stay reserved").wait_for()
    judge(page)
    go(page, "desk:patient", patient.pk)
    page.get_by_text("A doctor has put the treatment on hold.").wait_for()


def the_desk_stops_on_a_call(page: Page, patient: Patient, series: Series) -> None:
    go(page, "desk:pause_series", series.pk)
    judge(page)
    page.get_by_role("link", name="Stop it instead").click()
    page.get_by_label("Who called?").select_option(label=f"{patient.name}, the patient")
    page.get_by_label("Why").fill("It does not help")
    page.get_by_role("button", name="Stop the series").press("Enter")
    page.get_by_text("The series is stopped and its time is free.").wait_for()
    assert not Hold.objects.filter(appointment__series=series).exists()
    assert CourseChange.objects.get().called_off == len(statuses(series))


def the_doctor_reads_it_and_ticks_it_off(page: Page, patient: Patient) -> None:
    page.goto(reverse("doctor:home"))
    page.get_by_text("It does not help").wait_for()
    judge(page)
    page.get_by_role("listitem").filter(has_text=patient.name).get_by_role("button", name="Seen").press("Enter")
    page.get_by_text("It does not help").wait_for(state="detached")
    assert CourseChange.objects.get().seen_by is not None
