"""Pictures of the real pages of a running demo clinic, in light, dark and phone size: `python -m tests.screenshots`.

CLINIC_URL (default http://127.0.0.1:8000) names the running demo, DEMO_PASSWORD its sign-ins' password (else the one
kept in the data folder is read). The pictures go to docs/screenshots/NAME-light.png, -dark.png and -phone.png; with
names as arguments only those pages are taken.
"""

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("SCREENSHOTS", ROOT / "docs" / "screenshots"))
URL = os.environ.get("CLINIC_URL", "http://127.0.0.1:8000").rstrip("/")
#: Width and height in CSS pixels. 320 is the narrowest that a page must stand (WCAG 2.2, 1.4.10); 390 is a usual phone.
LOOKS: dict[str, tuple[int, int, str]] = {
    "light": (1280, 800, "light"),
    "dark": (1280, 800, "dark"),
    "phone": (390, 844, "light"),
}


@dataclass(frozen=True)
class Shot:
    """One page: who looks at it, and how to get there from that person's home."""

    name: str
    who: str
    go: Callable[[Page], None]


def _to(path: str) -> Callable[[Page], None]:
    return lambda page: _visit(page, path)


def _visit(page: Page, path: str) -> None:
    page.goto(URL + path, wait_until="networkidle")


def _patient(name: str, then: str = "") -> Callable[[Page], None]:
    """A patient's page, found as the desk finds it; `then`: the start of the address of a link there to follow."""

    def go(page: Page) -> None:
        _visit(page, f"/patients/?q={name}")
        page.goto(URL + _first_link(page, r"/patients/[0-9a-f-]{36}/"), wait_until="networkidle")
        if then:
            page.goto(URL + _first_link(page, then + r"[0-9a-f-]{36}/(move/)?"), wait_until="networkidle")

    return go


def _first_link(page: Page, pattern: str) -> str:
    hrefs: list[str] = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    found = next((href for href in hrefs if re.fullmatch(pattern, href)), None)
    if found is None:
        raise SystemExit(f"No link like {pattern} on {page.url}.")
    return found


def _plans(page: Page) -> None:
    """The series page with the plans for a patient who is cleared and has none."""
    _patient("Adeyemi", "/book/series/")(page)
    for weekday in (0, 2, 4):
        page.locator(f"input[name=patient_days][value='{weekday}']").check()
    page.get_by_role("button", name="Show the best plans").click()
    page.wait_for_selector(".plan")
    page.wait_for_load_state("networkidle")


def _swap(page: Page) -> None:
    """The other dates of one visit of the best plan."""
    _plans(page)
    page.get_by_role("link", name="Swap visit 3").first.click()
    page.wait_for_selector("#swap")


def _board(page: Page) -> None:
    """The board of today; on a day when the clinic is closed, of the next day with visits."""
    _visit(page, "/board/")
    for _day in range(7):
        if page.locator("table.board .visit").count():
            return
        page.get_by_role("link", name="The day after").click()
        page.wait_for_load_state("networkidle")


def _panel(page: Page) -> None:
    """The last visit of the board, opened beside it."""
    _board(page)
    page.locator("table.board .visit").last.click()
    page.wait_for_selector("dialog[open] h2")


def _week(page: Page) -> None:
    """The week of that board."""
    _board(page)
    page.get_by_role("link", name="Week", exact=True).click()
    page.wait_for_load_state("networkidle")


def _visit_under_way(page: Page) -> None:
    """A visit under way at one of the sites, one that stands out first; where none is, the first of the board."""
    _visit(page, "/visits/")
    sites: list[str] = page.eval_on_selector_all("#site option", "options => options.map(one => one.value)")
    for card in (".phase-card:has(.phase-marks)", ".phase-card:has(form[action$='/recovery/'])"):
        for site in sites or [""]:
            _visit(page, f"/visits/?site={site}")
            found = page.query_selector(f"{card} a.phase-who")
            if found is not None:
                _visit(page, str(found.get_attribute("href")))
                return
    _board(page)
    _visit(page, _first_link(page, r"/visits/[0-9a-f-]{36}/"))


def _order(page: Page) -> None:
    """The doctor's order for that visit."""
    _visit_under_way(page)
    page.goto(page.url.split("#")[0] + "order/", wait_until="networkidle")


def _first_of(path: str, pattern: str) -> Callable[[Page], None]:
    """The first page linked from `path` whose address matches `pattern`."""

    def go(page: Page) -> None:
        _visit(page, path)
        page.goto(URL + _first_link(page, pattern), wait_until="networkidle")

    return go


def _protocol(page: Page) -> None:
    """The protocol of a series, drawn."""
    _visit(page, "/clinic/protocols/")
    page.get_by_role("link", name="Fibromyalgia").click()
    page.wait_for_load_state("networkidle")


def _wording(page: Page) -> None:
    """A message with words of the site's own."""
    _first_of("/clinic/", r"/clinic/sites/[0-9a-f-]{36}/wording/")(page)
    page.get_by_role("link", name="Reminder", exact=True).click()
    page.wait_for_load_state("networkidle")


SHOTS = (
    Shot("sign-in", "", _to("/")),
    Shot("work-list", "frontdesk", _to("/")),
    Shot("day-board", "frontdesk", _board),
    Shot("board-panel", "frontdesk", _panel),
    Shot("board-week", "frontdesk", _week),
    Shot("patients", "frontdesk", _to("/patients/")),
    Shot("patient", "frontdesk", _patient("Carmody")),
    Shot("series", "frontdesk", _plans),
    Shot("series-swap", "frontdesk", _swap),
    Shot("kept-plan", "frontdesk", _first_of("/desk/", r"/book/kept/[0-9a-f-]{36}/")),
    Shot("single-visit", "frontdesk", _patient("Adeyemi", "/book/visit/")),
    Shot("walk-in", "frontdesk", _patient("Adeyemi", "/book/walk-in/")),
    Shot("past-visit", "nurse", _patient("Adeyemi", "/book/past/")),
    Shot("consult-request", "frontdesk", _first_of("/desk/", r"/book/asked/[0-9a-f-]{36}/")),
    Shot("change-request", "frontdesk", _first_of("/desk/", r"/book/asked/visit/[0-9a-f-]{36}/")),
    Shot("consult", "frontdesk", _patient("Whitfield", "/book/consult/")),
    Shot("move", "frontdesk", _patient("Carmody", "/appointments/")),
    Shot("calls", "frontdesk", _to("/calls/")),
    Shot("messages", "frontdesk", _to("/messages/")),
    Shot("nurse", "nurse", _to("/visits/")),
    Shot("visit", "nurse", _visit_under_way),
    Shot("visit-question", "doctor", _visit_under_way),
    Shot("order", "doctor", _order),
    Shot("doctor", "doctor", _to("/doctor/")),
    Shot("clearance", "doctor", _first_of("/doctor/", r"/doctor/clearances/[0-9a-f-]{36}/")),
    Shot("boosters", "doctor", _first_of("/doctor/", r"/doctor/boosters/[0-9a-f-]{36}/")),
    Shot("clinic", "manager", _to("/clinic/")),
    Shot("shifts", "manager", _first_of("/clinic/", r"/clinic/sites/[0-9a-f-]{36}/shifts/")),
    Shot("protocol", "manager", _protocol),
    Shot("wording", "manager", _wording),
)


def main(names: list[str]) -> None:
    """Take the pictures; with `names` only those."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = [shot for shot in SHOTS if not names or shot.name in names]
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for look in LOOKS:
            for who in dict.fromkeys(shot.who for shot in wanted):
                with _signed_in(browser, look, who) as page:
                    for shot in wanted:
                        if shot.who == who:
                            page.set_viewport_size({"width": LOOKS[look][0], "height": LOOKS[look][1]})
                            shot.go(page)
                            _grow(page)
                            page.screenshot(path=FOLDER / f"{shot.name}-{look}.png", full_page=True)
                            sys.stdout.write(f"{shot.name}-{look}.png\n")
        browser.close()


def _grow(page: Page) -> None:
    """Make the window as high as the page: what sticks to the window's edge then stands where it belongs."""
    size = page.viewport_size
    if size is not None:
        height = int(page.evaluate("document.documentElement.scrollHeight"))
        page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})


@contextmanager
def _signed_in(browser: Browser, look: str, who: str) -> Iterator[Page]:
    width, height, scheme = LOOKS[look]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-US",
        reduced_motion="reduce",
        has_touch=look == "phone",
        device_scale_factor=1,
    )
    page = context.new_page()
    if who:
        page.goto(URL + "/")
        page.get_by_label("Username").fill(who)
        page.get_by_label("Password").fill(_password())
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state("networkidle")
    yield page
    context.close()


def _password() -> str:
    given = os.environ.get("DEMO_PASSWORD")
    if given:
        return given
    kept = Path(os.environ.get("CLINIC_DATA", ROOT / "var")) / "secrets" / "demo_password"
    return kept.read_text(encoding="utf-8").strip()


if __name__ == "__main__":
    main(sys.argv[1:])
