"""The pages behind links in a real browser, on a phone's screen: a scanner that runs scripts, and two people."""

from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response, expect
from pytest_django.live_server_helper import LiveServer

from clinic.models import Site
from patients.models import Contact, Patient
from scheduling.messages import links
from scheduling.models import Appointment, Link, Ride
from tests import factories
from tests.portal.conftest import DAYS, make_driver, make_visits, path_of
from tests.portal.test_scanner import as_it_was
from tests.snapshot import everything

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

S = Ride.Status


@pytest.fixture(autouse=True)
def at_rest(settings: Any) -> None:
    """The server runs in threads of its own, so the whole process is taken to the morning of the tests."""
    settings.CLOCK_OFFSET_SECONDS = (factories.NOW - datetime.now(UTC)).total_seconds()


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, object]) -> dict[str, object]:
    """A phone."""
    return {**browser_context_args, "viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture
def ada(transactional_db: None) -> Patient:
    """A patient with three visits to come."""
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic.site, cleared=True, consented=True)
    make_visits(clinic, patient, DAYS)
    return patient


@pytest.fixture
def ben(ada: Patient) -> Contact:
    """Somebody who may drive."""
    return make_driver(ada, "Ben Quill", email="ben@example.org")


def address(server: LiveServer, patient: Patient, contact: Contact | None = None) -> str:
    """A fresh link at the test's server."""
    purpose = Link.Purpose.COMPANION if contact else Link.Purpose.PATIENT
    return server.url + path_of(links.issue(patient=patient, purpose=purpose, contact=contact))


def statuses() -> list[str]:
    """The statuses of the rides, by date."""
    return [ride.status for ride in Ride.objects.order_by("appointment__starts")]


def crawl(page: Page, start: str) -> set[str]:
    """Open `start`, let its scripts run, and follow every anchor of every page; returns the addresses opened."""
    waiting, seen = [start], set()
    while waiting:
        target = waiting.pop().split("#")[0]
        if target in seen or not target.startswith("http") or target.endswith(".ics"):
            continue
        seen.add(target)
        page.goto(target, wait_until="networkidle")
        waiting += page.eval_on_selector_all("a[href]", "anchors => anchors.map(anchor => anchor.href)")
    return seen


def test_a_scanner_that_runs_scripts_and_follows_every_anchor_changes_nothing(
    page: Page, live_server: LiveServer, ada: Patient, ben: Contact
) -> None:
    Ride.objects.filter(appointment=Appointment.objects.order_by("starts").first()).update(
        status=S.NAMED, companion=ben
    )
    Site.objects.update(patients_move=True)
    visits = list(Appointment.objects.select_related("patient", "site").order_by("starts"))
    mine = address(live_server, ada)
    old = live_server.url + path_of(
        links.issue(patient=ada, purpose=Link.Purpose.PATIENT, visits=[as_it_was(visits[0])])
    )
    starts = [mine, address(live_server, ada, ben), mine.replace("/my/", "/my/stop/"), old]
    before = everything()

    seen = set().union(*(crawl(page, start) for start in starts))

    for part in ("driver", "change", "cancel", "sooner", "birth-date", "contact", "stop"):
        assert any(f"/my/{part}/" in url for url in seen), part
    assert everything() == before


def test_the_patient_names_a_driver_and_the_driver_answers(page: Page, live_server: LiveServer, ada: Patient) -> None:
    page.goto(address(live_server, ada))
    expect(page).to_have_url(f"{live_server.url}/my/")
    page.get_by_role("link", name="Say who drives you").click()
    page.get_by_label("Their name").fill("Eve Moss")
    page.get_by_label("Their telephone number").fill("518-555-0177")
    page.get_by_role("button", name="Save who drives me").click()
    expect(page.get_by_text("Whoever drives you home must be 18 or older.")).to_be_visible()
    expect(page.get_by_label("Their name")).to_have_value("Eve Moss")
    page.get_by_label("This person is 18 or older").check()
    page.get_by_role("button", name="Save who drives me").click()
    expect(page.get_by_text("Eve Moss is named to drive you home", exact=False).first).to_be_visible()
    assert statuses() == [S.NAMED] * 3

    page.goto(address(live_server, ada, Contact.objects.get(name="Eve Moss")))
    page.get_by_role("group", name="Monday, April 12, 2027").get_by_label("Yes, I drive").check()
    page.get_by_role("group", name="Friday, April 16, 2027").get_by_label("No, I cannot").check()
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_text("Your answer is written down")).to_be_visible()
    assert statuses() == [S.CONFIRMED, S.NAMED, S.DECLINED]


def test_everything_works_without_scripts(page: Page, live_server: LiveServer, ada: Patient, ben: Contact) -> None:
    context = page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    plain = context.new_page()
    plain.goto(address(live_server, ada))
    plain.get_by_role("link", name="Say who drives you").click()
    plain.get_by_label("Ben Quill").check()
    plain.get_by_role("button", name="Save who drives me").click()
    plain.get_by_role("button", name="Ben Quill has told me yes").click()

    expect(plain.get_by_text("Ben Quill drives you home.")).to_be_visible()
    assert statuses() == [S.CONFIRMED] * 3
    context.close()


def test_nothing_on_the_pages_is_refused_or_missing_and_all_targets_are_large(
    page: Page, live_server: LiveServer, ada: Patient, ben: Contact
) -> None:
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)

    def note(response: Response) -> None:
        if response.status >= 400:
            trouble.append(response.url)

    page.on("response", note)
    for start in (address(live_server, ada), f"{live_server.url}/my/driver/", address(live_server, ada, ben)):
        page.goto(start)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "no sideways scrolling"
        small = page.eval_on_selector_all(
            "main a, main button, main label.choice, main summary",
            "all => all.filter(one => one.offsetParent && one.getBoundingClientRect().height < 43.5)"
            ".map(one => one.outerHTML)",
        )
        assert small == []

    assert trouble == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible(
    page: Page, live_server: LiveServer, ada: Patient, ben: Contact, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    starts = (
        address(live_server, ada),
        f"{live_server.url}/my/driver/",
        address(live_server, ada, ben),
        f"{live_server.url}/my/no-such-link/",
    )
    found = []
    for start in starts:
        page.goto(start)
        found += [violation["id"] for violation in Axe().run(page).response["violations"]]

    assert found == []


def test_a_link_with_its_token_is_never_a_referer(page: Page, live_server: LiveServer, ada: Patient) -> None:
    link = address(live_server, ada)
    referers: list[str] = []
    page.on("request", lambda request: referers.append(request.headers.get("referer", "")))

    page.goto(link)
    page.get_by_role("link", name="Say who drives you").click()

    token = link.rstrip("/").rsplit("/", 1)[1]
    assert len(referers) > 2
    assert not any(token in referer for referer in referers)
