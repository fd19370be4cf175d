"""How the pages stand in a real Chromium: every page of the project, found by its address, on the demo clinic.

One walk looks at each page once and asks all judges: making the clinic and loading the pages takes the time.
"""

from collections import defaultdict
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, ViewportSize
from playwright.sync_api import Page as Tab
from pytest_django.live_server_helper import LiveServer

from clinic import clock
from clinic.models import User
from patients.models import Patient
from scheduling.models import Series
from tests.browser import judges
from tests.browser.every_page import NOW, Behind, Everywhere, Page, cookies_of, cookies_of_known, left_out
from tests.browser.judges import DESKTOP, ZOOMED
from tests.browser.people import sign_in, take_the_clock_to
from tests.factories import NOW as MONDAY
from tests.factories import Clinic, make_clinic, make_patient
from tests.test_sweep import addresses

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: What each judge says of one page; nothing where all is well.
Findings = dict[str, list[str]]
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture
def everywhere(settings: Any, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Everywhere:
    """The demo clinic at noon, and the program's clock with it."""
    monkeypatch.setenv("DEMO_PASSWORD", "a-password-for-a-test")
    settings.PUBLIC_URL = live_server.url
    take_the_clock_to(settings, NOW)
    return Everywhere()


def look_at(tab: Tab, url: str) -> Findings:
    """Open the address and ask every judge that every page has to stand before."""
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "Security Policy" in message.text:
            said.append(message.text)

    tab.on("console", listen)
    tab.goto(url)
    found = {
        "script": judges.in_need_of_a_script(tab),
        "axe": judges.broken_rules(tab),
        "dark": judges.faint_in_the_dark(tab),
        "wide": judges.too_wide(tab),
        "zoom": judges.too_wide(tab, ZOOMED),
        "keyboard": judges.out_of_reach(tab),
        "policy": said,
    }
    tab.remove_listener("console", listen)
    return found


def told(wrong: dict[str, Findings]) -> str:
    """The findings as lines to read."""
    lines = [
        f"{page}: {judge}: {line}" for page, found in wrong.items() for judge, some in found.items() for line in some
    ]
    return "\n".join(lines)


def walk(browser: Browser, base: str, pages: list[Page]) -> dict[str, Findings]:
    """What is wrong with each of the staff's pages, each looked at by whom it is for."""
    by_user: dict[User, list[Page]] = defaultdict(list)
    for page in pages:
        assert page.user is not None, "staff's pages are looked at by somebody"
        by_user[page.user].append(page)
    wrong: dict[str, Findings] = {}
    for user, theirs in by_user.items():
        context = browser.new_context(base_url=base, reduced_motion="reduce", viewport=DESKTOP)
        context.add_cookies(cookies_of(user, base))
        tab = context.new_page()
        for page in theirs:
            wrong[str(page)] = look_at(tab, page.url)
        context.close()
    return wrong


def walk_behind(browser: Browser, base: str, links: list[Behind], looked_at: set[str]) -> dict[str, Findings]:
    """The same for pages without an account, on a phone: a link, then what lies behind it. Which were there to look at
    is added to `looked_at`.
    """
    wrong: dict[str, Findings] = {}
    for who, link, behind, proven in links:
        context = browser.new_context(base_url=base, reduced_motion="reduce", viewport=PHONE, has_touch=True)
        if proven is not None:
            context.add_cookies(cookies_of_known(proven, base))
        tab = context.new_page()
        for url in behind if proven is not None else [link, *behind]:
            if url != link and not is_a_page_of(context, url):
                continue
            looked_at.add(url)
            tab.set_viewport_size(PHONE)
            tab.goto(url)
            small = judges.too_small_for_a_finger(tab)
            wrong[f"{who} {tab.url}"] = look_at(tab, tab.url) | {"fingers": small}
        context.close()
    return wrong


def is_a_page_of(context: BrowserContext, url: str) -> bool:
    """Whether a GET answers with a page for whoever has opened the link."""
    answer = context.request.get(url, max_redirects=0)
    return answer.status == 200 and answer.headers["content-type"].startswith("text/html")


def test_every_page_stands_in_light_and_dark_at_each_width_and_by_keyboard(
    browser: Browser, live_server: LiveServer, everywhere: Everywhere
) -> None:
    pages = everywhere.staff_pages()
    wrong = walk(browser, live_server.url, pages)
    looked_at = {page.url for page in pages}
    without_account = walk_behind(browser, live_server.url, everywhere.portal_pages(), looked_at)

    assert left_out(addresses(), looked_at, everywhere.small) == [], "every page of the project was looked at"
    assert not told(wrong | without_account), told(wrong | without_account)


def test_a_page_that_the_walk_has_not_seen_is_named(db: None) -> None:
    patients = next(one for one in addresses() if one.name == "desk:patients")
    posted = next(one for one in addresses() if one.name == "desk:pin")
    things = {"visit": uuid4()}

    assert left_out([patients, posted], set(), things) == ["desk:patients"]
    assert left_out([patients, posted], {"/patients/?q=ma"}, things) == []


@pytest.fixture
def clinic(settings: Any, live_server: LiveServer) -> Clinic:
    """A small clinic on its quiet Monday morning."""
    settings.PUBLIC_URL = live_server.url
    take_the_clock_to(settings, MONDAY)
    with clock.at_moment(MONDAY):
        return make_clinic()


@pytest.fixture
def fresh(clinic: Clinic) -> Patient:
    """Somebody who may be booked."""
    with clock.at_moment(MONDAY):
        return make_patient(clinic.site, cleared=True, consented=True)


def test_a_series_is_booked_with_the_keyboard_alone(
    browser: Browser, live_server: LiveServer, clinic: Clinic, fresh: Patient
) -> None:
    page = sign_in(browser, live_server.url, clinic.clerk)
    page.goto(reverse("desk:book_series", args=[fresh.pk]))
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
    page.wait_for_url(f"**{reverse('desk:patient', args=[fresh.pk])}")
    series = Series.objects.get(patient=fresh)
    starts = [clock.local(visit.starts, clinic.site.zone) for visit in series.appointments.all()]
    assert len(starts) == 6
    assert {start.weekday() for start in starts} <= {0, 1, 2, 3, 4}


def _tab_to(page: Tab, what: str) -> None:
    """Press Tab until the focus is on the field called `what`, or on something that says so."""
    for _press in range(120):
        page.keyboard.press("Tab")
        here = page.evaluate("[document.activeElement.name || '', document.activeElement.textContent.trim()]")
        if here[0] == what or here[1].startswith(what):
            return
    raise AssertionError(f"the keyboard never reaches “{what}”")
