"""How the pages stand in a real Chromium: nothing for axe to find in light and dark, nothing wider than a small phone,
and the whole booking by keyboard."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from clinic import clock
from clinic.permissions import Role
from patients.models import Channel, Contact, Patient
from scheduling.actions import offers
from scheduling.messages import links
from scheduling.models import Appointment, Link, Message, Offer, Series
from scheduling.planner.values import Wishes
from tests.browser.people import sign_in, take_the_clock_to
from tests.factories import FIRST_DAY, NOW, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import best_starts, book, consult

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: WCAG 2.2 AA and what comes before it, and axe's own good practices.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
#: The narrowest page that must stand without scrolling sideways, in CSS pixels (WCAG 2.2, 1.4.10 Reflow).
NARROWEST = 320


@dataclass(frozen=True)
class Place:
    """A clinic with something on every page."""

    clinic: Clinic
    booked: Series
    held: Series
    offer: Offer
    fresh: Patient
    url: str

    def pages(self) -> dict[Role, list[str]]:
        """The addresses that each role looks at."""
        visit = Appointment.objects.filter(series=self.booked).earliest("starts")
        wishes = f"?site={self.clinic.site.pk}&protocol={self.clinic.induction.protocol_id}&first_day={FIRST_DAY}"
        patient = self.booked.patient_id
        return {
            Role.FRONT_DESK: [
                "/",
                reverse("desk:board", args=[self.clinic.site.pk, FIRST_DAY]),
                reverse("desk:patients"),
                reverse("desk:patient", args=[patient]),
                reverse("desk:patient_new"),
                reverse("desk:book_series", args=[self.fresh.pk]) + wishes,
                reverse("desk:book_series", args=[self.fresh.pk]) + wishes.replace("2027-04-06", "2020-01-01"),
                reverse("desk:book_consult", args=[self.fresh.pk]),
                reverse("desk:move", args=[visit.pk]),
                reverse("desk:cancel", args=[visit.pk]),
                reverse("desk:move_along", args=[visit.pk]) + f"?to_date={FIRST_DAY + timedelta(days=2)}",
                reverse("desk:rest", args=[self.booked.pk]) + f"?first_day={FIRST_DAY + timedelta(days=4)}",
                reverse("desk:drop", args=[visit.pk]),
                reverse("desk:finish", args=[self.booked.pk]),
                reverse("desk:stop_series", args=[self.held.pk]),
                reverse("desk:offer", args=[self.offer.pk]),
                reverse("desk:calls"),
                reverse("desk:messages"),
                reverse("desk:message", args=[Message.objects.earliest("created_at").pk]),
                reverse("desk:sheet", args=[patient]),
                "/clinic/",
                "/no-such-page/",
            ],
            Role.NURSE: ["/visits/", reverse("nurse:visit", args=[visit.pk])],
            Role.DOCTOR: [
                "/doctor/",
                reverse("doctor:clearance", args=[self.held.patient_id]),
                reverse("doctor:boosters", args=[self.booked.pk]),
                reverse("desk:course", args=[self.booked.pk]) + "?sessions=7&least=3&ideal=3.5&most=7",
            ],
            Role.MANAGER: ["/clinic/"],
        }

    def member(self, role: Role) -> Any:
        """Who looks."""
        clinic = self.clinic
        people = {Role.FRONT_DESK: clinic.clerk, Role.NURSE: clinic.nurses[0], Role.DOCTOR: clinic.doctor}
        return people.get(role, clinic.manager)


@pytest.fixture
def place(live_server: LiveServer, settings: Any) -> Place:
    """Something of everything: a booked series, a held one, a kept plan, a consult, a patient without email."""
    settings.PUBLIC_URL = live_server.url
    take_the_clock_to(settings, NOW)
    with clock.at_moment(NOW):
        clinic = make_clinic()
        booked = book(clinic, make_patient(clinic.site, cleared=True, consented=True))
        held = book(clinic, make_patient(clinic.site, email="", channel=Channel.CALL))
        fresh = make_patient(clinic.site, cleared=True, consented=True)
        consult(clinic, fresh, clinic.at(FIRST_DAY, 15))
        keeper = make_patient(clinic.site, cleared=True)
        offer = offers.keep_plan(
            by=clinic.by(Role.FRONT_DESK),
            patient=keeper,
            site=clinic.site,
            version=clinic.induction,
            first_day=FIRST_DAY,
            wishes=Wishes(),
            starts=best_starts(clinic, keeper),
            hours=24,
            key=uuid4(),
        )
        Contact.objects.create(patient=booked.patient, name="Rosa Lind", is_adult=True, may_drive=True)
    return Place(clinic, booked, held, offer, fresh, live_server.url)


def look_at_everything(
    browser: Browser, place: Place, judge: Callable[[Page], object], **context: Any
) -> dict[str, object]:
    """What `judge` says of each page, empty answers left out; by address."""
    found = {}
    for role, addresses in place.pages().items():
        page = sign_in(browser, place.url, place.member(role), **context)
        for address in addresses:
            page.goto(address)
            found[f"{role} {address}"] = judge(page)
        page.context.close()
    outside = browser.new_context(base_url=place.url, **context).new_page()
    token = links.issue(patient=place.booked.patient, purpose=Link.Purpose.PATIENT)
    for address in ("/accounts/login/", token):
        outside.goto(address)
        found[address.split("/my/")[0]] = judge(outside)
    outside.context.close()
    return {address: said for address, said in found.items() if said}


def broken_rules(page: Page, rules: dict[str, Any] = RULES) -> list[str]:
    """What axe finds, each as rule and place."""
    result = Axe().run(page, options=rules)
    return [
        f"{rule['id']}: {node['html'][:160]}" for rule in result.response["violations"] for node in rule["nodes"][:3]
    ]


def told(found: dict[str, object]) -> str:
    """The findings as lines to read."""
    return "\n".join(f"{address}: {said}" for address, said in found.items())


def test_axe_finds_nothing_on_any_page(browser: Browser, place: Place) -> None:
    found = look_at_everything(browser, place, broken_rules, color_scheme="light", reduced_motion="reduce")
    assert not found, told(found)


def test_every_word_stands_out_enough_in_the_dark_too(browser: Browser, place: Place) -> None:
    def faint_words(page: Page) -> list[str]:
        return broken_rules(page, {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}})

    found = look_at_everything(browser, place, faint_words, color_scheme="dark", reduced_motion="reduce")
    assert not found, told(found)


def test_no_page_scrolls_sideways_on_the_narrowest_phone(browser: Browser, place: Place) -> None:
    def too_wide(page: Page) -> int:
        return max(0, int(page.evaluate("document.documentElement.scrollWidth")) - NARROWEST)

    found = look_at_everything(browser, place, too_wide, viewport={"width": NARROWEST, "height": 640})
    assert not found, told(found)


def test_no_page_breaks_the_content_security_policy(browser: Browser, place: Place) -> None:
    said: list[str] = []

    def listen(page: Page) -> list[str]:
        page.on("console", lambda message: said.append(message.text) if "Security Policy" in message.text else None)
        page.reload()
        return []

    look_at_everything(browser, place, listen)
    assert said == []


def test_a_series_is_booked_with_the_keyboard_alone(browser: Browser, place: Place) -> None:
    page = sign_in(browser, place.url, place.clinic.clerk)
    page.goto(reverse("desk:book_series", args=[place.fresh.pk]))
    _tab_to(page, "protocol")
    page.keyboard.type("Six")
    _tab_to(page, "first_day")
    page.keyboard.type("04062027")
    _tab_to(page, "patient_days")
    page.keyboard.press("Space")
    for _weekday in range(4):
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
    _tab_to(page, "Show the best plans")
    page.keyboard.press("Enter")
    page.wait_for_selector(".plan")
    _tab_to(page, "Book all 6")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('desk:patient', args=[place.fresh.pk])}")
    series = Series.objects.get(patient=place.fresh)
    starts = [clock.local(visit.starts, place.clinic.site.zone) for visit in series.appointments.all()]
    assert len(starts) == 6
    assert {start.weekday() for start in starts} <= {0, 1, 2, 3, 4}


def _tab_to(page: Page, what: str) -> None:
    """Press Tab until the focus is on the field called `what`, or on something that says so."""
    for _press in range(120):
        page.keyboard.press("Tab")
        here = page.evaluate("[document.activeElement.name || '', document.activeElement.textContent.trim()]")
        if here[0] == what or here[1].startswith(what):
            return
    raise AssertionError(f"the keyboard never reaches “{what}”")
