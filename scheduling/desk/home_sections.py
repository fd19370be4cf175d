"""The lists of the work list in words: heading, icon, and where the rest of a long list is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from scheduling.desk import calls, ride_calls
from scheduling.models import Message
from scheduling.selectors.work_list import Kind, Listed, WorkList

#: Heading, icon, and whether what it lists presses: then its number is shown in red.
_HEADINGS: dict[Kind, tuple[str, str, bool]] = {
    Kind.RIDES: ("Rides home missing", "car", True),
    Kind.UNCLOSED: ("Earlier visits that nobody closed", "circle-question-mark", True),
    Kind.CHANGES: ("Patients ask to move or cancel", "calendar-clock", False),
    Kind.CALLS: ("Other calls due", "phone", False),
    Kind.FAILED: ("Messages that failed", "triangle-alert", True),
    Kind.BOUNCED: ("Email that does not arrive", "mail-x", False),
    Kind.CONTACTS: ("Contacts who are not reached", "user-x", False),
    Kind.REQUESTS: ("Consult requests", "inbox", False),
    Kind.HELD: ("Series waiting for clearance", "hourglass", False),
    Kind.PAUSED: ("Pauses that are over", "play", False),
    Kind.OFFERS: ("Kept plans about to lapse", "timer", False),
    Kind.EARLIER: ("Earlier times that somebody would like", "sparkles", False),
    Kind.ASKED: ("Earlier times offered", "hourglass", False),
    Kind.DUE: ("Boosters due, nothing booked", "repeat", True),
    Kind.DATES: ("Next dates offered, not answered", "calendar-plus", False),
    Kind.NEW_TIMES: ("New times nobody has confirmed", "calendar-clock", False),
    Kind.ENDS: ("Ends before a booked visit", "calendar-x-2", False),
}
#: How a row is made ready for its template, where it is more than the row itself.
_READY: dict[Kind, Callable[[Any], Any]] = {Kind.RIDES: ride_calls.as_call, Kind.CALLS: calls.as_call}


@dataclass(frozen=True, slots=True)
class Section:
    """One list as home shows it. `href` leads to all of it; empty where home shows all, or each row leads on."""

    key: str
    title: str
    icon: str
    presses: bool
    rows: Sequence[Any]
    count: int
    more: int
    href: str

    @property
    def template(self) -> str:
        """What one row looks like."""
        return f"desk/home/rows/{self.key}.html"


def sections_of(work: WorkList) -> list[Section]:
    """The lists that have rows, in the order of Kind."""
    found = sorted(work.lists, key=lambda one: list(Kind).index(one.kind))
    return [_section(one) for one in found]


def _section(listed: Listed) -> Section:
    title, icon, presses = _HEADINGS[listed.kind]
    ready = _READY.get(listed.kind)
    rows = [ready(row) for row in listed.rows] if ready is not None else listed.rows
    return Section(listed.kind.value, title, icon, presses, rows, listed.count, listed.more, _href(listed.kind))


def _href(kind: Kind) -> str:
    if kind is Kind.RIDES:
        return reverse("desk:rides")
    if kind is Kind.CALLS:
        return reverse("desk:calls")
    if kind is Kind.FAILED:
        return f"{reverse('desk:messages')}?state={Message.State.FAILED.value}"
    if kind in {Kind.EARLIER, Kind.ASKED}:
        return reverse("desk:earlier")
    return ""
