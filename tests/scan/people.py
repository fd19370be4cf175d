"""Who walks through the clinic, with which cookies, and past which pages: the same walk that looks at every page in a
browser (tests/browser/every_page.py), on the demo clinic whose database this process has.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

import requests
from django.conf import settings
from django.test import Client
from django.urls import resolve, reverse

from clinic import clock
from clinic.models import StaffMember, User
from patients.models import Patient
from scheduling.models import Appointment, Message
from tests.browser.every_page import DemoPages, browser_of, cookies_of_known, demo_things
from tests.scan.forms import Form, forms_of
from tests.test_sweep import addresses


@dataclass
class Person:
    """Somebody with a browser; `pages` are addresses that answered with a page, one of each view."""

    name: str
    home: str
    browser: requests.Session = field(default_factory=requests.Session)
    pages: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    #: A page that only this person sees: it says whether the browser is still signed in.
    own: str = ""

    @property
    def cookies(self) -> str:
        """As a header carries them."""
        return "; ".join(f"{name}={value}" for name, value in self.browser.cookies.get_dict().items())

    def look(self, path: str, *, for_forms: bool = False) -> None:
        """Open an address; keep it and the forms of its page, where it is a page. `for_forms`: a page like another that
        is kept, with other forms perhaps.
        """
        answer = self.browser.get(urljoin(self.home, path), timeout=60)
        if answer.status_code == 200 and answer.headers.get("Content-Type", "").startswith("text/html"):
            self.pages += [] if for_forms else [answer.url]
            self.forms += forms_of(answer.url, answer.text)

    def is_still_in(self) -> bool:
        """Whether the page that only this person sees still opens."""
        answer = self.browser.get(self.own or self.home, timeout=60)
        return answer.url == (self.own or answer.url) and answer.status_code == 200


def everybody(home: str) -> Iterator[Person]:
    """Whoever has an account, by role, and whoever has none. The pages have been walked."""
    pages = DemoPages(clock.now())
    walks: dict[User, list[str]] = defaultdict(list)
    for page in pages.staff_pages():
        assert page.user is not None
        walks[page.user].append(page.url)
    for user, paths in walks.items():
        one = Person(user.username, home)
        one.browser.cookies.set(
            settings.SESSION_COOKIE_NAME, browser_of(user).cookies[settings.SESSION_COOKIE_NAME].value
        )
        for path in paths:
            one.look(path)
        for path in others():
            one.look(path, for_forms=True)
        one.own = next(url for url in one.pages if _is_closed(url, home))
        yield one
    for who, opens, behind, proven in pages.portal_pages():
        one = Person(who, home)
        for cookie in cookies_of_known(proven, home.rstrip("/")) if proven is not None else []:
            one.browser.cookies.set(cookie["name"], cookie["value"])
        for path in (opens, *behind):
            one.look(urlsplit(path)._replace(scheme="", netloc="").geturl())
        yield one


def others() -> list[str]:
    """Pages of the same view that show other forms, as what they are about stands: the visits of these days, people of
    the clinic, patients, and messages of each kind, channel and state.
    """
    now, day = clock.now(), timedelta(days=1)
    visits = Appointment.objects.filter(starts__range=(now - day, now + day)).values_list("pk", flat=True)
    messages = Message.objects.order_by("kind", "channel", "state").distinct("kind", "channel", "state")
    return [
        *(reverse("nurse:visit", args=[pk]) for pk in visits),
        *(f"{reverse('nurse:change', args=[pk])}?what=arrived" for pk in visits),
        *(reverse("setup:person", args=[pk]) for pk in StaffMember.objects.values_list("pk", flat=True)),
        *(reverse("desk:patient", args=[pk]) for pk in Patient.objects.values_list("pk", flat=True)),
        *(reverse("desk:message", args=[pk]) for pk in messages.values_list("pk", flat=True)),
    ]


def takers() -> set[str]:
    """The names of the views that take a POST, as far as the demo clinic has what their addresses name."""
    things, found = demo_things(clock.now()), set()
    for one in addresses():
        if {one.means(taken) for taken in one.takes} <= things.keys():
            allowed = Client().options(one.url(things)).get("Allow", "")
            if "POST" in allowed:
                found.add(one.name)
    return found


def _is_closed(url: str, home: str) -> bool:
    needs = getattr(resolve(url.removeprefix(home.rstrip("/")).partition("?")[0]).func, "needs", None)
    return bool(needs)
