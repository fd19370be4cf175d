"""A clerk's morning without JavaScript: a call written down, a driver named, a series booked, visits moved and
cancelled.

Given a browser that runs no scripts, when the clerk does the day's work, then every form does what it says.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clinic import clock
from patients.models import Patient
from scheduling.models import Appointment, Message, Ride, Series
from tests.browser.people import go, open_clinic, sign_in
from tests.desk.waiting import told
from tests.factories import FIRST_DAY, NOW, Clinic, make_patient
from tests.scheduling.helpers import book, visits_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def clinic(settings: Any, live_server: LiveServer) -> Clinic:
    """A quiet Monday morning."""
    return open_clinic(settings, live_server.url)


def test_the_desks_work_is_done_without_any_script(browser: Browser, live_server: LiveServer, clinic: Clinic) -> None:
    with clock.at_moment(NOW):
        ada = make_patient(clinic.site, cleared=True, consented=True, given_name="Ada", family_name="Quill")
        visits = visits_of(book(clinic, ada))
        bea = make_patient(clinic.site, cleared=True, consented=True, given_name="Bea", family_name="Lind")
        call = told(clinic, bea)
    page = sign_in(browser, live_server.url, clinic.clerk, java_script_enabled=False)

    a_call_is_written_down_in_one_tap(page, call)
    a_driver_is_named_in_one_short_form(page, ada)
    a_series_is_booked(page, bea)
    a_visit_is_moved(page, visits[1])
    a_visit_is_cancelled(page, visits[-1])


def a_call_is_written_down_in_one_tap(page: Page, call: Message) -> None:
    go(page, "desk:work")
    section = page.locator("section", has=page.get_by_role("heading", name="Other calls due"))
    section.locator("summary").click()
    section.get_by_role("button", name="Reached").click()
    expect(page.get_by_role("heading", name="Work list")).to_be_visible()
    call.refresh_from_db()
    assert (call.state, call.outcome) == (Message.State.SENT, Message.Outcome.REACHED)


def a_driver_is_named_in_one_short_form(page: Page, patient: Patient) -> None:
    go(page, "desk:work")
    row = page.locator(f"#ride-{patient.pk}")
    row.locator("summary").click()
    row.get_by_label("Name", exact=True).fill("Ben Quill")
    row.get_by_role("button", name="Name as the driver").click()
    expect(page.get_by_text("Whoever drives home must be 18 or older").first).to_be_visible()
    row = page.locator(f"#ride-{patient.pk}")
    expect(row.get_by_label("Name", exact=True)).to_have_value("Ben Quill")
    row.get_by_label("Telephone").fill("518 555 0188")
    row.get_by_label("Is 18 or older").check()
    row.get_by_role("button", name="Name as the driver").click()
    expect(page.get_by_text("Ben Quill drives Ada Quill home after 6 visits.")).to_be_visible()
    assert Ride.objects.filter(companion__name="Ben Quill").count() == 6


def a_series_is_booked(page: Page, patient: Patient) -> None:
    go(page, "desk:book_series", patient.pk)
    page.get_by_label("Protocol").select_option(label="Six infusions")
    page.get_by_label("First possible day").fill(FIRST_DAY.isoformat())
    page.get_by_role("button", name="Show the best plans").click()
    page.get_by_role("button", name="Book all 6 of plan 1").click()
    expect(page.get_by_role("heading", name="Bea Lind")).to_be_visible()
    assert Series.objects.get(patient=patient).appointments.filter(status="booked").count() == 6


def a_visit_is_moved(page: Page, visit: Appointment) -> None:
    before = visit.starts
    go(page, "desk:move", visit.pk)
    page.locator("input[name=starts]").last.check(force=True)
    page.get_by_label("Why").fill("The driver can only come then")
    page.get_by_role("button", name="Move the visit").click()
    expect(page.get_by_role("heading", name="Ada Quill")).to_be_visible()
    visit.refresh_from_db()
    assert visit.starts != before


def a_visit_is_cancelled(page: Page, visit: Appointment) -> None:
    go(page, "desk:cancel", visit.pk)
    page.get_by_label("Why").first.fill("The patient is away")
    page.get_by_role("button", name="Cancel it").click()
    expect(page.get_by_role("heading", name="Ada Quill")).to_be_visible()
    visit.refresh_from_db()
    assert visit.status == Appointment.Status.CANCELLED
    assert reverse("desk:patient", args=[visit.patient_id]) in page.url
    assert visit.starts - NOW > timedelta(days=7)
