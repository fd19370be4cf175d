"""Every address of the project, visited signed out, as each role, and with another site's object.

Each view says by itself which permission it needs (`clinic.views.needs`) or that it is for everybody (`public`); here
is tried whether it keeps its word. A new address needs no line here unless it takes a new kind of object.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path, reverse

from clinic import clock
from clinic.models import AuditEvent, StaffMember, User
from clinic.permissions import ROLE_PERMISSIONS, Permission, Role
from tests import factories
from tests.snapshot import everything
from tests.swept import things_of

#: Sign-in and sign-out are django-allauth's own views; of the others it wants the names. Nobody is let in by them.
ALLAUTH = ("account_login", "account_logout", "account_signup", "account_inactive", "account_reauthenticate", "mfa_")
#: What `pk` in an address means: the longest beginning of the view's name counts.
MEANING = {
    "desk:board_visit": "visit",
    "desk:consult_request": "asked",
    "desk:change_request": "change",
    "desk:offer": "offer",
    "desk:decline_offer": "offer",
    "desk:move": "visit",
    "desk:cancel": "visit",
    "desk:drop": "visit",
    "desk:move_rest": "visit",
    "desk:pin": "visit",
    "desk:rest": "series",
    "desk:course": "series",
    "desk:finish": "series",
    "desk:stop_series": "series",
    "desk:pause_series": "series",
    "desk:resume_series": "series",
    "desk:earlier_wish": "visit",
    "desk:earlier_end": "wish",
    "desk:earlier_offer": "earlier_offer",
    "desk:earlier_take_back": "earlier_offer",
    "desk:earlier_answer": "invitation",
    "desk:patient": "patient",
    "desk:contact": "patient",
    "desk:consent": "patient",
    "desk:sheet": "patient",
    "desk:message": "message",
    "desk:call": "message",
    "nurse:": "visit",
    "doctor:clearance": "patient",
    "doctor:boosters": "series",
    "doctor:change_seen": "course_change",
    "doctor:letter": "series",
    "doctor:scores": "patient",
    "doctor:tablet": "patient",
    "mfa_": "key",
    "support:clinic_site": "site",
    "support:clinic_resource": "chair",
    "support:clinic_staffmember": "member",
    "support:clinic_user": "account",
    "support:clinic_shift": "shift",
    "support:clinic_closure": "closure",
    "support:scheduling_protocol": "protocol",
    "support:scheduling_appointment": "visit",
    "support:scheduling_series": "series",
    "support:scheduling_offer": "offer",
    "support:scheduling_message": "message",
}


@dataclass(frozen=True)
class Address:
    """One view with its name, the names of what it takes from the address, and what it says that it needs."""

    name: str
    takes: tuple[str, ...]
    view: Any

    @property
    def needs(self) -> frozenset[Permission] | None:
        """The permissions declared; None for a public view. Raises AttributeError for a view that says nothing."""
        declared: frozenset[Permission] | None = self.view.needs
        return declared

    def url(self, things: dict[str, Any]) -> str:
        """The address for these things. Raises LookupError when the sweep does not know what the address means."""
        return reverse(self.name, kwargs={taken: things[self.means(taken)] for taken in self.takes})

    def means(self, taken: str) -> str:
        """The kind of thing behind a name in the address."""
        if taken != "pk":
            return taken
        fitting = [beginning for beginning in MEANING if self.name.startswith(beginning)]
        if not fitting:
            raise LookupError(f"tell tests/test_sweep.py what the pk of {self.name} means")
        return MEANING[max(fitting, key=len)]


def addresses(patterns: list[Any] | None = None, space: str = "", outer: tuple[str, ...] = ()) -> Iterator[Address]:
    """Every address of the project, or of `patterns`; `outer`: what the part of the address before them takes."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            inside = f"{entry.namespace}:" if entry.namespace else space
            yield from addresses(entry.url_patterns, inside, (*outer, *entry.pattern.converters))
        elif isinstance(entry, URLPattern):
            takes = (*outer, *entry.pattern.converters)
            yield Address(f"{space}{entry.name}", takes, entry.callback)


def undeclared(found: Iterator[Address]) -> list[str]:
    """Views that say neither what they need nor that they are public."""
    return [one.name for one in found if not hasattr(one.view, "needs") and not one.name.startswith(ALLAUTH)]


def staff_addresses() -> list[Address]:
    """Those for people with an account."""
    return [one for one in addresses() if getattr(one.view, "needs", None) is not None]


@pytest.fixture
def clinics(db: None) -> Iterator[tuple[factories.Clinic, factories.Clinic]]:
    """Two clinics whose people have nothing to do with each other."""
    with clock.at_moment(factories.NOW):
        yield factories.make_clinic(), factories.make_clinic(name="Mesa", time_zone="America/Phoenix")


def signed_in(member: StaffMember) -> Client:
    """A browser in which this person has signed in."""
    client = Client(raise_request_exception=True)
    assert isinstance(member.user, User)
    client.force_login(member.user)
    return client


def person(clinic: factories.Clinic, role: Role) -> StaffMember:
    """The clinic's person of that role."""
    if role == Role.SUPPORT:  # few clinics have one
        return factories.make_staff(clinic.site, "Sol Tanaka", Role.SUPPORT, shifts=False)
    return {
        Role.FRONT_DESK: clinic.clerk,
        Role.NURSE: clinic.nurses[0],
        Role.DOCTOR: clinic.doctor,
        Role.MANAGER: clinic.manager,
    }[role]


def test_every_view_says_who_may_see_it() -> None:
    assert undeclared(addresses()) == []
    assert len(staff_addresses()) > 20, "the walk has found the addresses at all"


def test_the_sweep_sees_a_view_that_says_nothing() -> None:
    silent = path("secret/", lambda request: None, name="secret")  # type: ignore[arg-type, return-value]

    assert undeclared(addresses([silent])) == ["secret"]


def test_signed_out_every_page_asks_to_sign_in(clinics: tuple[factories.Clinic, factories.Clinic]) -> None:
    here, _there = clinics
    things = things_of(here)
    before = everything()

    for one in staff_addresses():
        for answer in (Client().get(one.url(things)), Client().post(one.url(things))):
            asks = answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
            assert asks or answer.status_code == 405, one.name

    assert everything() == before


def test_public_pages_answer_everybody_and_change_nothing(clinics: tuple[factories.Clinic, factories.Clinic]) -> None:
    here, _there = clinics
    things = things_of(here)
    before = everything()

    for one in addresses():
        if getattr(one.view, "needs", None) is None:
            # 503: the health page, as no worker runs in tests.
            assert Client().get(one.url(things)).status_code in {200, 302, 403, 404, 405, 503}, one.name

    assert everything() == before


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_what_it_may_and_nothing_else(
    clinics: tuple[factories.Clinic, factories.Clinic], role: Role
) -> None:
    here, _there = clinics
    things = things_of(here)
    client = signed_in(person(here, role))
    before = everything()

    wrong = []
    for one in staff_addresses():
        allowed = (one.needs or frozenset()) <= ROLE_PERMISSIONS[role]
        got = client.get(one.url(things)).status_code
        if got not in ({200, 302, 405} if allowed else {403, 405}):
            wrong.append((one.name, got))
        if not allowed and (posted := client.post(one.url(things)).status_code) not in {403, 405}:
            wrong.append((f"POST {one.name}", posted))

    assert wrong == []
    assert everything() == before, "opening pages changes nothing, and neither does a form that is not allowed"


@pytest.mark.parametrize("role", list(Role))
def test_another_sites_object_does_not_exist(clinics: tuple[factories.Clinic, factories.Clinic], role: Role) -> None:
    here, there = clinics
    theirs = things_of(there)
    client = signed_in(person(here, role))
    before = everything()

    wrong = []
    for one in staff_addresses():
        if not one.takes or not (one.needs or frozenset()) <= ROLE_PERMISSIONS[role]:
            continue
        for method in ("get", "post"):
            got = getattr(client, method)(one.url(theirs)).status_code
            if got not in {404, 405}:
                wrong.append((method, one.name, got))

    assert wrong == []
    assert everything() == before


#: What belongs to one patient: a page about it is that patient's record opened.
OF_A_PATIENT = {
    *("patient", "contact", "consent", "visit", "series", "offer", "change", "wish", "earlier_offer", "invitation"),
    *("message", "authorisation"),
}


@pytest.mark.parametrize("role", list(Role))
def test_whoever_opens_a_record_is_on_the_trail(clinics: tuple[factories.Clinic, factories.Clinic], role: Role) -> None:
    here, _there = clinics
    things = things_of(here)
    client = signed_in(person(here, role))

    unseen, opened = [], 0
    for one in staff_addresses():
        if not {one.means(taken) for taken in one.takes} & OF_A_PATIENT:
            continue
        before = AuditEvent.objects.filter(operation="open").count()
        if client.get(one.url(things)).status_code == 200:
            opened += 1
            if AuditEvent.objects.filter(operation="open").count() == before:
                unseen.append(one.name)

    assert unseen == []
    assert opened > 3, "there were records to open"


def test_an_account_without_a_role_sees_no_page(clinics: tuple[factories.Clinic, factories.Clinic]) -> None:
    here, _there = clinics
    things = things_of(here)
    client = signed_in(factories.make_staff(here.site, "Olly Newman"))
    opened = [one.name for one in staff_addresses() if one.needs and client.get(one.url(things)).status_code == 200]
    assert opened == []


def test_the_snapshot_sees_a_change(clinics: tuple[factories.Clinic, factories.Clinic]) -> None:
    here, _there = clinics
    before = everything()
    factories.make_patient(here.site)
    assert everything() != before
