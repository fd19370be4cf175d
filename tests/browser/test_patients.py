"""The desk and its patients, in a real Chromium: found while typing, known twice and merged, signing on the tablet, and
a call from somebody who may not decide.
"""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clinic import clock
from clinic.models import StaffMember
from clinic.permissions import Role
from patients import actions
from patients.models import Consent, Contact, Patient
from scheduling.models import Appointment
from tests.browser import judges
from tests.browser.people import go, open_clinic, sign_in
from tests.factories import NOW, Clinic, make_patient
from tests.scheduling.helpers import book, visits_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Desk:
    """A clinic with Alma, who is booked, and others whom nobody looks for."""

    def __init__(self, browser: Browser, base: str, settings: Any) -> None:
        self.browser, self.base = browser, base
        self.clinic: Clinic = open_clinic(settings, base)
        with clock.at_moment(NOW):
            for name in ("Mensah", "Okonkwo", "Pruitt"):
                make_patient(self.clinic.site, given_name="Kofi", family_name=name)
            self.alma = make_patient(
                self.clinic.site,
                cleared=True,
                consented=True,
                given_name="Alma",
                family_name="Whitfield",
                birth_date=date(1971, 3, 4),
                phone="+15185550143",
            )
            self.alma.refresh_from_db()  # The record number is given by the database.
            self.visit = visits_of(book(self.clinic, self.alma))[0]
            actions.add_consent_form(
                by=self.clinic.by(Role.MANAGER),
                version="2027-01",
                text={"en": "I was told what is done.\n\nI agree.", "es": "Me explicaron qué se hace."},
                valid_days=365,
            )

    def page(self, member: StaffMember | None = None, **context: Any) -> Page:
        """A browser in which the clerk has signed in, or another."""
        return sign_in(self.browser, self.base, member or self.clinic.clerk, reduced_motion="reduce", **context)


@pytest.fixture
def desk(browser: Browser, live_server: LiveServer, settings: Any) -> Desk:
    """The morning at the desk."""
    return Desk(browser, live_server.url, settings)


def stands(page: Page) -> None:
    """Nothing for axe to find in light and dark, and nothing that scrolls sideways on a narrow phone."""
    assert judges.broken_rules(page) == []
    assert judges.faint_in_the_dark(page) == []
    assert judges.too_wide(page) == []


def test_somebody_is_found_while_typing_with_a_slip_and_opened_without_a_mouse(desk: Desk) -> None:
    # Given the list of patients, with the cursor in the field.
    page = desk.page()
    go(page, "desk:patients")
    # When the clerk types the name with two letters swapped.
    page.keyboard.type("whitfeild")
    # Then the one who is meant stands there, and says that it is only alike; the address can be sent to a colleague.
    expect(page.locator("#found")).to_contain_text("Nobody fits exactly; these are alike.")
    expect(page.locator("#found tbody tr")).to_have_count(1)
    page.wait_for_url("**q=whitfeild")
    stands(page)
    # When the clerk goes down with the arrow and presses Enter.
    page.get_by_role("searchbox").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    # Then it is her page, with her whole journey, narrowed without leaving it.
    page.wait_for_url(f"**{reverse('desk:patient', args=[desk.alma.pk])}")
    expect(page.locator("#journey")).to_contain_text("Series booked: Six infusions")
    stands(page)
    page.locator("#journey").get_by_role("link", name="Papers").press("Enter")
    expect(page.locator("#journey")).to_contain_text("Consent signed on paper")
    expect(page.locator("#journey")).not_to_contain_text("Series booked")
    expect(page.locator("#journey").get_by_role("link", name="Papers")).to_be_focused()
    # And at any width the buttons of her visits are in view: nothing has to be scrolled to.
    for width in (1280, 800, 320):
        page.set_viewport_size({"width": width, "height": 800})
        hidden = "[...document.querySelectorAll('#visits .scroll')].filter(one => one.scrollWidth > one.clientWidth)"
        assert page.evaluate(f"{hidden}.length") == 0, width


def test_without_a_script_the_search_is_a_form(desk: Desk) -> None:
    page = desk.page(java_script_enabled=False)
    go(page, "desk:patients")
    page.get_by_role("searchbox").fill("3/4/71 alma")
    page.get_by_role("button", name="Find").click()

    expect(page.locator("#found tbody tr")).to_have_count(1)
    expect(page.locator("#found")).to_contain_text("Whitfield, Alma")


def test_a_known_patient_is_shown_before_a_second_record_is_made_and_two_are_merged(desk: Desk) -> None:
    # Given a clerk who adds somebody that is known under a like name.
    page = desk.page()
    go(page, "desk:patient_new")
    page.get_by_label("Given names").fill("Alma")
    page.get_by_label("Family name").fill("Whitfeld")
    page.get_by_label("Birth date").fill("1971-03-04")
    page.get_by_label("City").fill("Troyville")
    page.get_by_role("button", name="Save").click()
    # Then nothing is saved, the known one is shown, and what was typed is kept.
    expect(page.get_by_role("heading", name="Is it one of these?")).to_be_visible()
    expect(page.get_by_label("City")).to_have_value("Troyville")
    assert Patient.objects.filter(family_name="Whitfeld").count() == 0
    # When the clerk says that it is somebody else, and finds out later that it was not.
    page.get_by_label("This is somebody else").check()
    page.get_by_role("button", name="Save the new patient").click()
    page.get_by_text("Alma Whitfeld is added").wait_for()
    second = Patient.objects.get(family_name="Whitfeld")
    page.get_by_role("link", name="Change", exact=True).first.click()
    page.get_by_role("link", name="Merge with another record").click()
    page.get_by_role("link", name="Compare with Alma Whitfield").click()
    stands(page)
    page.get_by_label(f"keep {desk.alma.record_number}").check()
    page.get_by_label("How do you know").fill("same birth date, asked on the telephone")
    page.get_by_role("button", name="Merge the two").click()
    # Then the old record has what the new one knew, and the address of the new one leads there.
    page.wait_for_url(f"**{reverse('desk:patient', args=[desk.alma.pk])}")
    expect(page.get_by_text("Troyville")).to_be_visible()
    go(page, "desk:patient", second.pk)
    page.wait_for_url(f"**{reverse('desk:patient', args=[desk.alma.pk])}")


def test_a_patient_signs_on_the_tablet_with_a_finger_or_by_name(desk: Desk) -> None:
    # Given the tablet, handed over with the text and nothing else on it.
    page = desk.page(desk.clinic.nurses[0])
    go(page, "desk:patient_consent", desk.alma.pk)
    page.get_by_role("button", name="Sign on this screen").click()
    page.wait_for_url("**/my/consent/")
    expect(page.get_by_role("navigation")).to_have_count(0)
    stands(page)
    # When nothing is signed, then nothing is kept.
    page.get_by_role("button", name="I have read this, and I agree").click()
    expect(page.get_by_role("alert")).to_contain_text("Please sign in the field")
    assert Consent.objects.filter(patient=desk.alma, how=Consent.How.DRAWN).count() == 0
    # When she signs with a finger.
    field = page.get_by_role("img", name="Field to sign in")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 90)
    page.mouse.down()
    for step in range(1, 12):
        page.mouse.move(box["x"] + 40 + 25 * step, box["y"] + 90 + (30 if step % 2 else -30))
    page.mouse.up()
    page.get_by_role("button", name="I have read this, and I agree").click()
    page.get_by_text("Your signature is kept.").wait_for()
    stands(page)
    # Then the tablet opens nothing more, and staff see it on the record.
    expect(page.get_by_role("link", name="Staff sign in")).to_be_visible()
    page = desk.page(desk.clinic.nurses[0])
    go(page, "desk:patient", desk.alma.pk)
    page.get_by_role("link", name="see the signature").click()
    assert page.locator("svg path").count() == 1
    # And without a script the typed name does the same.
    plain = desk.page(desk.clinic.nurses[1], java_script_enabled=False)
    go(plain, "desk:patient_consent", desk.alma.pk)
    plain.get_by_role("button", name="Sign on this screen").click()
    plain.get_by_label("Or type your full name").fill("Alma Whitfield")
    plain.get_by_role("button", name="I have read this, and I agree").click()
    plain.get_by_text("Your signature is kept.").wait_for()
    assert Consent.objects.filter(patient=desk.alma, how=Consent.How.TYPED).count() == 1


def test_a_call_from_somebody_who_may_not_decide_changes_nothing(desk: Desk) -> None:
    # Given a neighbour who may drive, and calls to cancel.
    Contact.objects.create(patient=desk.alma, name="Nils Berg", is_adult=True, may_drive=True)
    page = desk.page()
    go(page, "desk:cancel", desk.visit.pk)
    page.get_by_label("Why").first.fill("she has a cold")
    page.get_by_label("Who called?").select_option(label="Nils Berg (may not decide)")
    page.get_by_role("button", name="Cancel it").click()
    # Then the visit stands, and what was typed is still there.
    expect(page.get_by_text("Nils Berg may not decide for Alma Whitfield").first).to_be_visible()
    expect(page.get_by_label("Why").first).to_have_value("she has a cold")
    desk.visit.refresh_from_db()
    assert desk.visit.status == Appointment.Status.BOOKED
    stands(page)
    # When she is called back herself.
    page.get_by_label("Who called?").select_option(label="Alma Whitfield, the patient")
    page.get_by_role("button", name="Cancel it").click()
    page.wait_for_url(f"**{reverse('desk:patient', args=[desk.alma.pk])}")
    # Then her journey says who called.
    expect(page.locator("#journey")).to_contain_text("asked on the telephone by Alma Whitfield")


def test_a_form_that_is_open_on_a_record_which_was_merged_comes_back_on_the_one_that_stays(desk: Desk) -> None:
    # Given a clerk who types on a second record of Alma's
    second = make_patient(desk.clinic.site, given_name="Alma", family_name="Whitfeld", birth_date=date(1971, 3, 4))
    page = desk.page()
    go(page, "desk:contact_new", second.pk)
    page.locator("#id_name").fill("Nils Berg")
    # While a colleague merges it into the first.
    with clock.at_moment(NOW):
        actions.merge_patients(
            by=desk.clinic.by(Role.FRONT_DESK), kept=desk.alma, other=second, reason="same birth date"
        )
    page.get_by_role("button", name="Save").click()
    # Then nothing was done, what was typed stands on the record that stays, and one more click keeps it there.
    page.wait_for_url(f"**{reverse('desk:contact_new', args=[desk.alma.pk])}")
    expect(page.get_by_text("this was not sent and nothing was done")).to_be_visible()
    expect(page.locator("#id_name")).to_have_value("Nils Berg")
    assert not Contact.objects.filter(name="Nils Berg").exists()
    stands(page)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**{reverse('desk:patient', args=[desk.alma.pk])}**")
    assert Contact.objects.get(name="Nils Berg").patient == desk.alma
