"""From an empty database to a booked series, by a manager and through the pages alone."""

import io
import re
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clinic.models import Resource, Site, StaffMember
from patients.models import Patient
from scheduling.models import Appointment, ProtocolVersion
from tests.browser.judges import broken_rules, too_wide
from tests.browser.people import take_the_clock_to
from tests.factories import FIRST_DAY, NOW

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "seven wise old herons"


def judge(page: Page) -> None:
    """Nothing for axe to find, and nothing that scrolls sideways on a narrow phone."""
    assert broken_rules(page) == []
    assert too_wide(page) == []


@pytest.fixture
def manager(browser: Browser, live_server: LiveServer, settings: Any) -> Page:
    """The only person that there is, at the link that the command has printed."""
    settings.PUBLIC_URL = live_server.url
    take_the_clock_to(settings, NOW)
    said = io.StringIO()
    call_command("add_manager", "mona", "Mona Reyes", stdout=said)
    page = browser.new_context(base_url=live_server.url, reduced_motion="reduce").new_page()
    page.set_default_timeout(15_000)
    page.goto(said.getvalue().split()[-1])
    return page


def test_a_new_clinic_is_set_up_through_the_pages_until_a_series_can_be_booked(manager: Page) -> None:
    she_chooses_a_password_and_signs_in(manager)
    she_adds_the_site_whose_name_says_nothing(manager)
    she_says_when_it_is_open(manager)
    she_adds_chairs(manager)
    she_adds_the_people(manager)
    she_sets_their_weeks(manager)
    she_writes_two_protocols(manager)
    she_looks_at_what_patients_will_read(manager)
    a_series_can_be_booked(manager)


def she_chooses_a_password_and_signs_in(page: Page) -> None:
    judge(page)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same once more").fill(PASSWORD)
    page.get_by_role("button", name="Keep this password").click()
    page.get_by_label("Username").fill("mona")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Welcome. Let us set up your clinic.")).to_be_visible()
    judge(page)


def she_adds_the_site_whose_name_says_nothing(page: Page) -> None:
    page.get_by_role("link", name="Begin with the site").click()
    for label, value in (
        ("Name used inside", "Harbor"),
        ("Neutral name", "Harbor Ketamine Center"),
        ("Street address", "12 Quay Street"),
        ("City", "Albany"),
        ("State or region", "NY"),
        ("Postal code", "12207"),
        ("Telephone", "518 555 0100"),
    ):
        page.get_by_label(re.compile(rf"^\s*{label}")).fill(value)
    page.get_by_label(re.compile(r"^\s*Time zone")).select_option("America/New_York")
    page.get_by_role("button", name="Add the site").click()
    expect(page.get_by_text("“Ketamine” may tell whoever sees the message")).to_be_visible()
    expect(page.get_by_label(re.compile(r"^\s*City"))).to_have_value("Albany")
    judge(page)
    page.get_by_label(re.compile(r"^\s*Neutral name")).fill("Harborside Practice")
    page.get_by_role("button", name="Add the site").click()
    expect(page.get_by_role("heading", name="Opening hours")).to_be_visible()
    assert Site.objects.get().neutral_name == "Harborside Practice"


def she_says_when_it_is_open(page: Page) -> None:
    page.get_by_label("Monday", exact=True).fill("8 to late")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("could not be read. Write hours like 8am-12pm")).to_be_visible()
    page.get_by_label("Monday", exact=True).fill("8-12, 12-18")
    page.get_by_role("button", name=re.compile("hours until Friday")).click()
    expect(page.get_by_label("Friday", exact=True)).to_have_value("8-12, 12-18")
    judge(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Chairs, beds and monitors")).to_be_visible()


def she_adds_chairs(page: Page) -> None:
    page.get_by_label(re.compile(r"^\s*How many")).fill("3")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Added: Chair 1, Chair 2, Chair 3.")).to_be_visible()
    judge(page)
    page.get_by_role("button", name="Chair 3 further up").click()
    expect(page.locator(".work li").nth(1)).to_contain_text("Chair 3")
    assert Resource.objects.chairs().count() == 3


def she_adds_the_people(page: Page) -> None:
    for name, role, username in (
        ("Grace Lind", "Nurse", "grace"),
        ("Tom Ferreira", "Nurse", ""),
        ("Dr. Amara Osei", "Doctor", ""),
        ("Robin Castle", "Front desk", ""),
    ):
        page.goto(reverse("setup:person_new"))
        page.get_by_label(re.compile(r"^\s*Name")).fill(name)
        page.get_by_label(role, exact=True).check()
        page.get_by_label(re.compile(r"^\s*Username")).fill(username)
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        if username:
            page.get_by_role("button", name="Make a sign-in link").click()
            expect(page.locator(".secret")).to_contain_text("/accounts/welcome/")
            judge(page)


def she_sets_their_weeks(page: Page) -> None:
    site = Site.objects.get()
    for member in StaffMember.objects.filter(role_rows__role__in=["nurse", "doctor"]):
        page.goto(reverse("setup:week", args=[site.pk, member.pk]))
        page.get_by_label("Begin with the week of").select_option("hours")
        page.get_by_role("button", name="Copy in").click()
        expect(page.get_by_label("Monday", exact=True)).to_have_value("8am-12pm, 12pm-6pm")
        page.get_by_role("button", name="Save the week").click()
        expect(page.get_by_text(f"{member}'s weekly shifts at Harbor are saved.")).to_be_visible()
    judge(page)


def she_writes_two_protocols(page: Page) -> None:
    for name in ("First consult", "Fibromyalgia, six intravenous"):
        page.goto(reverse("setup:protocol_new"))
        page.get_by_label("Begin with", exact=True).select_option(name)
        page.get_by_role("button", name="Copy in").click()
        expect(page.get_by_label(re.compile(r"^\s*Name"))).to_have_value(name)
        page.get_by_role("button", name="Add the protocol").click()
        expect(page.get_by_text(f"{name} is added.")).to_be_visible()
    judge(page)
    page.get_by_role("link", name="Change").click()
    page.get_by_label("Row 2: minutes").fill("60")
    page.get_by_label("Row 2: minutes").blur()
    expect(page.get_by_text("Infuse, 60 minutes: chair, 2 of a nurse's watch")).to_be_visible()
    judge(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    version = ProtocolVersion.objects.get(protocol__name__startswith="Fibro")
    assert (version.number, version.phases.all()[1].minutes) == (1, 60)


def she_looks_at_what_patients_will_read(page: Page) -> None:
    page.goto(reverse("setup:wording", args=[Site.objects.get().pk, "booked"]))
    page.get_by_label("After the greeting").first.press_sequentially("Welcome, {name}!")
    frame = page.frame_locator("iframe").first
    expect(frame.get_by_text("Welcome, Maria!")).to_be_visible()
    judge(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Messages say so from now on.")).to_be_visible()
    page.goto("/clinic/")
    expect(page.get_by_text("ready to book")).to_be_visible()


def a_series_can_be_booked(page: Page) -> None:
    page.goto(reverse("desk:patient_new"))
    page.get_by_label("Given names").fill("Ada")
    page.get_by_label("Family name").fill("Quill")
    page.get_by_label("Birth date").fill("1980-05-17")
    page.get_by_label("Telephone", exact=True).fill("518 555 0142")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Ada Quill")).to_be_visible()
    page.goto(reverse("desk:book_series", args=[Patient.objects.get().pk]))
    page.get_by_label("First possible day").fill(FIRST_DAY.isoformat())
    page.get_by_role("button", name="Show the best plans").click()
    page.get_by_role("button", name=re.compile("all 6")).first.click()
    expect(page.get_by_role("heading", name="Ada Quill")).to_be_visible()
    visits = Appointment.objects.filter(patient__family_name="Quill")
    assert [visit.status for visit in visits] == ["proposed"] * 6, "held until a doctor has cleared her"
