"""The people of a browser test: each with a browser of their own, signed in by the sign-in page."""

import re
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

from django.urls import reverse
from playwright.sync_api import Browser, Page

from clinic import clock
from clinic.models import StaffMember
from tests.factories import NOW, Clinic, make_clinic

PASSWORD = "a-long-password-for-tests"
#: A link to somebody's own page, as it stands in a mail.
LINK = re.compile(r"https?://[^\s]+/my/[\w-]+/")


def take_the_clock_to(settings: Any, moment: datetime) -> None:
    """Move the program's clock, in every thread, to `moment`."""
    settings.CLOCK_OFFSET_SECONDS = (moment - datetime.now(UTC)).total_seconds()


def open_clinic(settings: Any, base: str, *, chairs: int = 3) -> Clinic:
    """A small clinic on its quiet Monday morning: the program's clock stands at NOW, and links lead to `base`."""
    settings.PUBLIC_URL = base
    take_the_clock_to(settings, NOW)
    with clock.at_moment(NOW):
        return make_clinic(chairs=chairs)


def sign_in(browser: Browser, base: str, member: StaffMember, **context: Any) -> Page:
    """A browser in which this member of staff has signed in."""
    assert member.user is not None
    member.user.set_password(PASSWORD)
    member.user.save()
    page = browser.new_context(base_url=base, **context).new_page()
    page.set_default_timeout(10_000)
    page.goto("/")
    page.get_by_label("Username").fill(member.user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "login" not in url)
    return page


def go(page: Page, name: str, *args: object) -> None:
    """Open a page by the name of its address."""
    page.goto(reverse(name, args=args))


def text_of(message: EmailMessage) -> str:
    """The plain text of a mail."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(message: EmailMessage) -> str:
    """The link that a mail leads its reader by."""
    link = LINK.search(text_of(message))
    assert link is not None
    return link.group()
