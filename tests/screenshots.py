"""Pictures of every page of a running demo clinic, in light, dark and phone size: `make screenshots`.

The pages are found by their addresses (tests/browser/every_page.py), so a new page has its pictures without a line
here. CLINIC_URL (default http://127.0.0.1:8000) names the running demo, whose data folder is found as manage.py finds
it (CLINIC_DATA). The pictures go to docs/screenshots/NAME-light.webp, -dark.webp and -phone.webp; with names as
arguments only those pages are taken. Sample messages are among them, as `messages`: docs/screenshots/messages-*.webp.
"""

import base64
import os
import re
import shutil
import sys
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import django
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Page as Tab

from clinic.runtime.attach import database_for_command

if TYPE_CHECKING:
    from tests.browser.every_page import Behind, Page

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("SCREENSHOTS", ROOT / "docs" / "screenshots"))
URL = os.environ.get("CLINIC_URL", "http://127.0.0.1:8000").rstrip("/")
#: Width, least and greatest height in CSS pixels, and the colours. 390 is a usual phone. The end of a long list looks
#: like its middle, so what a picture shows of a page is limited.
LOOKS: dict[str, tuple[int, int, int, str]] = {
    "light": (1280, 800, 1300, "light"),
    "dark": (1280, 800, 800, "dark"),
    "phone": (390, 844, 1000, "light"),
}
#: Of 100, for WebP: letters stay sharp, and all pictures together stay at about 6 MB.
QUALITY = 20
#: The pictures that the README shows are sharper.
SHOWN = {"plans-light", "desk-board-light", "desk-work-light", "patient-phone"}
SHARP = 70
#: Sample messages: kind, language, and how they are read.
MESSAGES = (
    ("booked", "en", "html"),
    ("booked", "es", "html"),
    ("booked", "en", "text"),
    ("prepare", "en", "html"),
    ("prepare", "es", "html"),
    ("prepare", "es", "text"),
    ("prepare", "en", "sms"),
    ("aftercare", "en", "html"),
    ("aftercare", "es", "html"),
    ("boosters_changed", "en", "html"),
    ("companion_named", "es", "html"),
)


def main(names: list[str]) -> None:
    """Take the pictures; with `names` only those."""
    from clinic import clock
    from tests.browser.every_page import DemoPages

    found = DemoPages(clock.now())
    FOLDER.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        take_staff(browser, [page for page in found.staff_pages() if not names or name_of(page.name) in names])
        for one in found.portal_pages():
            take_behind(browser, one, names)
        if not names or "messages" in names:
            take_messages(browser)
        browser.close()


def take_staff(browser: Browser, pages: Iterable["Page"]) -> None:
    """The pages of the staff, each seen by whom it is for."""
    from tests.browser.every_page import cookies_of

    context = browser.new_context(locale="en-US", reduced_motion="reduce")
    tab = context.new_page()
    user = None
    for page in pages:
        if page.user is not None and page.user != user:
            user = page.user
            context.clear_cookies()
            context.add_cookies(cookies_of(user, URL))
        tab.goto(address(page.url))
        take(tab, name_of(page.name))
    context.close()


def take_behind(browser: Browser, link: "Behind", names: list[str]) -> None:
    """The pages that open from a link; those that this person has not are left out."""
    from tests.browser.every_page import cookies_of_known

    context = browser.new_context(locale="en-US", reduced_motion="reduce")
    if link.proven is not None:
        context.add_cookies(cookies_of_known(link.proven, URL))
    tab = context.new_page()
    taken: set[str] = set()
    for url in link.behind if link.proven is not None else [link.opens, *link.behind]:
        answer = context.request.get(address(url), max_redirects=0)
        if url != link.opens and (answer.status != 200 or "text/html" not in answer.headers["content-type"]):
            continue
        tab.goto(address(url))
        path = re.sub(r"[\w-]{20,}", "", tab.url.removeprefix(URL))
        name = name_of(f"{link.who} {path.replace('/my/', ' ')}")
        if name not in taken and (not names or name in names):
            taken.add(name)
            take(tab, name)
    context.close()


def take_messages(browser: Browser) -> None:
    """Messages as they reach a sample patient, written by the code that writes them all: HTML, text, and SMS."""
    from clinic.models import Site
    from scheduling.messages import sample

    site = Site.objects.filter(is_active=True).order_by("name")[0]
    tab = browser.new_context(viewport={"width": 640, "height": 300}).new_page()
    for kind, language, form in MESSAGES:
        with sample.taken_back():
            shown = sample.preview(site, kind, language, channel="text" if form == "sms" else "mail")
        plain = f'<pre style="font:12px/1.5 monospace;white-space:pre-wrap;margin:20px">{escape(shown.text)}</pre>'
        head = (
            f'<p style="font:600 15px system-ui;margin:0;padding:12px 20px;background:#fff">{escape(shown.subject)}</p>'
        )
        tab.set_content(shown.html if form == "html" else head + plain)
        if form == "html":
            # The subject stands above the letter, as in a mail program.
            tab.evaluate("head => document.body.insertAdjacentHTML('afterbegin', head)", head)
        name = f"messages-{kind}-{language}-{form}".replace("_", "-")
        devtools = tab.context.new_cdp_session(tab)
        tab.set_viewport_size({"width": 640, "height": int(tab.evaluate("document.documentElement.scrollHeight"))})
        shot = devtools.send("Page.captureScreenshot", {"format": "webp", "quality": 35})
        (FOLDER / f"{name}.webp").write_bytes(base64.b64decode(shot["data"]))
        sys.stdout.write(f"{name}.webp\n")
        devtools.detach()
        tab.set_viewport_size({"width": 640, "height": 300})
    tab.context.close()


def take(tab: Tab, name: str) -> None:
    """The pictures of the page that is open, one for each look: the window is made as high as the page, so that what
    sticks to its edge stands where it belongs.
    """
    devtools = tab.context.new_cdp_session(tab)
    for look, (width, height, highest, scheme) in LOOKS.items():
        tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": look == "phone"})
        tab.set_viewport_size({"width": width, "height": height})
        whole = int(tab.evaluate("document.documentElement.scrollHeight"))
        tab.set_viewport_size({"width": width, "height": min(max(whole, height), highest)})
        # Playwright itself writes PNG and JPEG only; WebP takes a fifth of a PNG.
        picture = f"{name}-{look}"
        quality = SHARP if picture in SHOWN else QUALITY
        shot = devtools.send("Page.captureScreenshot", {"format": "webp", "quality": quality})
        (FOLDER / f"{picture}.webp").write_bytes(base64.b64decode(shot["data"]))
        sys.stdout.write(f"{picture}.webp\n")
    devtools.detach()


def address(url: str) -> str:
    """The whole address of a page of the running demo; links of messages are taken to it as well."""
    return URL + re.sub(r"^https?://[^/]+", "", url)


def name_of(page: str) -> str:
    """A file's name: "desk:book_series" → "desk-book-series"."""
    return re.sub(r"[^a-z0-9]+", "-", page.lower()).strip("-")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    # Playwright's event loop runs in this thread, which also asks the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with database_for_command(["manage.py", "screenshots"]):
        django.setup()
        main(sys.argv[1:])
