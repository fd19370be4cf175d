"""Every page of the project on the demo clinic: found by its addresses, so that a new page cannot be forgotten.
`left_out` says which address shows a page that the walk has not seen.

What an address takes is known to tests/test_sweep.py; here each kind of object is the demo's richest one of its kind,
and where the demo has none, one of a small clinic beside it.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from clinic import clock
from clinic.actor import Actor
from clinic.invitations import link_for
from clinic.models import Closure, Resource, Site, StaffMember, User
from clinic.permissions import ROLE_PERMISSIONS, Role
from clinic.public_names import public_name
from patients.models import Authorisation, Consent, ConsultRequest, Contact, Measure, Patient, SafetyAlert
from scheduling.actions.tablets import hand_over
from scheduling.messages import links
from scheduling.models import (
    Appointment,
    ChangeRequest,
    EarlierWish,
    Invitation,
    Link,
    Message,
    Offer,
    Protocol,
    Series,
)
from scheduling.portal import visitor
from scheduling.selectors.earlier import Looking
from tests import factories
from tests.browser.no_page import NO_PAGE
from tests.clinic.signing import SECRET
from tests.swept import things_of
from tests.test_sweep import Address, addresses

#: A Wednesday at noon in New York: patients are at their chairs. Before the days on which tests/test_sweep.py books.
NOW = datetime(2027, 3, 31, 16, tzinfo=UTC)
#: The demo's account of each role.
ACCOUNTS = {
    Role.FRONT_DESK: "frontdesk",
    Role.NURSE: "nurse",
    Role.DOCTOR: "doctor",
    Role.MANAGER: "manager",
    Role.SUPPORT: "support",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page to look at: its name, its address, and who looks (None: somebody without an account)."""

    name: str
    url: str
    user: User | None

    def __str__(self) -> str:
        who = self.user.username if self.user is not None else "nobody"
        return f"{self.name} for {who} ({self.url[:60]})"


class Behind(NamedTuple):
    """Who has no account, the address that they open, and the addresses behind it. `proven`: the link of a patient who
    has given the birth date in this browser.
    """

    who: str
    opens: str
    behind: list[str]
    proven: Link | None = None


class DemoPages:
    """The pages of a demo clinic as it is at `now` (aware)."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.demo = demo_things(now)
        self.users = {role: User.objects.get(username=name) for role, name in ACCOUNTS.items()}

    def staff_pages(self) -> list[Page]:
        """One page for each address of the staff that answers a GET with a page, and those that show more of it."""
        found = [page for address in addresses() if (page := self._page(address)) is not None]
        return [*found, *self._about_signing_in(), *self._more()]

    def signing_in(self) -> list[User]:
        """Whose pages about their own sign-in are looked at."""
        return [self.users[Role.FRONT_DESK]]

    def _about_signing_in(self) -> Iterator[Page]:
        """allauth's pages for who is signed in: each once, as the first sees it who has it."""
        users = self.signing_in()
        mine = [
            one for one in addresses() if one.name.startswith(("mfa_", "account_reauthenticate", "account_sessions"))
        ]
        for address in mine:
            for user in users if not address.takes and address.name not in NO_PAGE else ():
                answer = browser_of(user).get(address.url({}))
                if answer.status_code == 200:
                    yield Page(address.name, address.url({}), user)
                    break

    def instead(self, address: Address, role: Role) -> tuple[User, str] | None:
        """Who looks where at an address that takes what the demo has none of; None: nobody."""
        return None

    def _page(self, address: Address) -> Page | None:
        needs = getattr(address.view, "needs", None)
        if needs is None or address.name in NO_PAGE:
            return None
        role = next(role for role in Role if needs <= ROLE_PERMISSIONS[role])
        looked: tuple[User, str] | None
        try:
            looked = self.users[role], address.url(self.demo)
        except KeyError:
            looked = self.instead(address, role)
        if looked is None or not is_a_page(looked[1], looked[0], self.now):
            return None
        return Page(address.name, looked[1], looked[0])

    def _more(self) -> Iterator[Page]:
        """Pages that show more with a question in the address, other states of a visit, and errors."""
        desk, nurse, doctor = self.users[Role.FRONT_DESK], self.users[Role.NURSE], self.users[Role.DOCTOR]
        demo, site = self.demo, self.demo["site"]
        day = clock.local(self.now, Site.objects.get(pk=site).zone).date()
        protocol = Protocol.objects.get(name__startswith="Fibromyalgia").pk
        asked = f"?site={site}&protocol={protocol}&first_day={day + timedelta(days=2)}"
        fresh = Patient.objects.get(family_name="Adeyemi").pk
        visit, series = demo["visit"], demo["series"]
        yield Page("plans", reverse("desk:book_series", args=[fresh]) + asked, desk)
        yield Page(
            "plans, too late", reverse("desk:book_series", args=[fresh]) + asked.replace(str(day.year), "2020"), desk
        )
        yield Page("move along", reverse("desk:move_along", args=[visit]) + f"?to_date={day + timedelta(days=3)}", desk)
        yield Page(
            "move the rest", reverse("desk:move_rest", args=[visit]) + f"?to_date={day + timedelta(days=9)}", desk
        )
        yield Page("re-plan", reverse("desk:rest", args=[series]) + f"?first_day={day + timedelta(days=4)}", desk)
        yield Page("course", reverse("desk:course", args=[series]) + "?sessions=7&least=3&ideal=3.5&most=7", doctor)
        yield Page("patients found", reverse("desk:patients") + "?q=ma", desk)
        yield Page("patients alike", reverse("desk:patients") + "?q=carmdoy", desk)
        yield Page("the whole journey", reverse("desk:patient", args=[demo["patient"]]) + "?whole=1", doctor)
        yield Page("two records", reverse("desk:patient_merge", args=[fresh]) + f"?other={demo['patient']}", desk)
        yield Page("messages sent", reverse("desk:messages") + "?state=sent", desk)
        for name, state in (("here", "arrived"), ("over", "fulfilled")):
            some = Appointment.objects.filter(status=state, series__isnull=False).order_by("-starts").first()
            if some is not None:
                yield Page(f"visit, {name}", reverse("nurse:visit", args=[some.pk]), nurse)
        forgotten = Appointment.objects.filter(status="booked", ends__lt=self.now).first()
        if forgotten is not None:
            yield Page("nurse:afterwards", reverse("nurse:afterwards", args=[forgotten.pk]), nurse)
        held = Series.objects.filter(status=Series.Status.DRAFT).first()
        if held is not None:
            yield Page("held series", reverse("desk:stop_series", args=[held.pk]), desk)
            yield Page("clearance", reverse("doctor:clearance", args=[held.patient_id]), doctor)
        offered = Series.objects.filter(proposed_boosters__status="offered").first()
        if offered is not None:
            yield Page("course, boosters offered", reverse("doctor:boosters", args=[offered.pk]), doctor)
        yield Page("no such page", "/no-such-page/", desk)
        yield Page("not allowed", reverse("setup:home"), desk)

    def portal_pages(self) -> list[Behind]:
        """For a patient and for a companion the link that opens and the pages behind it; the clinic's tablet; a link
        that is not valid; the sign-in.
        """
        ride = Appointment.objects.get(pk=self.demo["visit"]).ride
        patient = Patient.objects.get(pk=self.demo["patient"])
        contact = ride.companion or Contact.objects.filter(patient=patient).first()
        mine = links.issue(patient=patient, purpose=Link.Purpose.PATIENT)
        theirs = links.issue(patient=patient, purpose=Link.Purpose.COMPANION, contact=contact)
        behind = [
            url
            for address in addresses()
            if address.name.startswith("portal:") and "token" not in address.takes
            if set(address.takes) <= set(self.demo)
            for url in [address.url(self.demo)]
        ]
        known = links.issue(patient=patient, purpose=Link.Purpose.PATIENT)
        clinical = ("screening", "score", "questionnaires", "questionnaire")
        asked = [url for url in behind if resolve(url).url_name in clinical]
        proven = Link.objects.filter(patient=patient).latest("created_at")
        by = Actor.of(self.users[Role.NURSE])
        somebody = Patient.objects.get(family_name="Adeyemi")
        consent = hand_over(by=by, patient=somebody, purpose=Link.Purpose.CONSENT)
        tablet = hand_over(by=by, patient=patient, purpose=Link.Purpose.SCORES, measure=Measure.PHQ9)
        anybody = [reverse(f"public:{name}", args=[self.demo["clinic"]]) for name in ("ask", "thanks")]
        return [
            Behind("patient", mine, [*behind, mine.replace("/my/", "/my/stop/")]),
            Behind("patient who is known", known, asked, proven),
            Behind("patient with the tablet", reverse("portal:tablet"), [reverse("portal:tablet")], tablet),
            Behind("patient who signs", reverse("portal:consent"), [reverse("portal:consent")], consent),
            Behind("companion", theirs, behind),
            Behind("stranger", reverse("portal:enter", args=["x" * 40]), []),
            Behind("anybody", reverse("public:sites"), anybody),
            Behind("signed out", "/accounts/login/", ["/accounts/signup/", "/accounts/inactive/", *self.invited()]),
        ]

    def invited(self) -> list[str]:
        """The link of somebody new, who has not chosen a password."""
        return []


class Everywhere(DemoPages):
    """A demo clinic made at NOW, with a small clinic beside it for what the demo has none of."""

    def __init__(self) -> None:
        with clock.at_moment(NOW):
            call_command("demo", verbosity=0)
            self.beside = factories.make_clinic(name="Quay")
            self.small = things_of(self.beside)
            super().__init__(NOW)

    def signing_in(self) -> list[User]:
        """Somebody without a second factor, and somebody with one."""
        user = self.beside.clerk.user
        assert isinstance(user, User)
        TOTP.activate(user, SECRET)
        RecoveryCodes.activate(user)
        return [*super().signing_in(), user]

    def invited(self) -> list[str]:
        """A link for the small clinic's nurse."""
        user = self.beside.nurses[0].user
        assert isinstance(user, User)
        return [urlsplit(link_for(user, default_token_generator.make_token(user))).path]

    def instead(self, address: Address, role: Role) -> tuple[User, str] | None:
        """The same address at the small clinic."""
        clinic = self.beside
        people: dict[Role, StaffMember] = {
            Role.FRONT_DESK: clinic.clerk,
            Role.NURSE: clinic.nurses[0],
            Role.DOCTOR: clinic.doctor,
            Role.MANAGER: clinic.manager,
        }
        user = people[role].user
        assert isinstance(user, User)
        return user, address.url(self.small)


def demo_things(now: datetime) -> dict[str, Any]:
    """The demo's objects by the words that addresses use for them, all at one site, since not everybody works at both;
    without those that it has none of at `now`.
    """
    to_come = Appointment.objects.filter(status="booked", starts__gt=now, series__isnull=False).order_by("starts")
    carmody = to_come.filter(patient__family_name="Carmody").select_related("patient", "site").first()
    visit = carmody or to_come.select_related("patient", "site").first()
    assert visit is not None, "the demo has no visit to come"
    patient, site = visit.patient, visit.site
    today = clock.local(now, site.zone).date()
    rows: dict[str, Any] = {
        "contact": Contact.objects.filter(patient=patient).order_by("name"),
        "consent": Consent.objects.filter(patient=patient).order_by("-signed_at"),
        "authorisation": Authorisation.objects.filter(patient=patient),
        "offer": Offer.objects.filter(site=site, kind=Offer.Kind.KEPT_PLAN, status=Offer.Status.OPEN),
        "asked": ConsultRequest.objects.filter(site=site, status=ConsultRequest.Status.WAITING),
        "change": ChangeRequest.objects.waiting().filter(appointment__site=site, kind=ChangeRequest.Kind.MOVE),
        "message": Message.objects.filter(patient=patient).order_by("-created_at"),
        "closure": Closure.objects.filter(site=site, ends__gt=now),
        "member": StaffMember.objects.with_role(Role.NURSE).filter(sites=site).order_by("name"),
        "protocol": Protocol.objects.filter(name__startswith="Fibromyalgia"),
        "account": User.objects.filter(username="frontdesk"),
        "invitation": Invitation.objects.filter(offer__site=site, status=Invitation.Status.OPEN),
        "wish": EarlierWish.objects.waiting().filter(appointment__site=site),
        "alert": SafetyAlert.objects.filter(site=site),
        "earlier_offer": Offer.objects.earlier_times().filter(site=site, status=Offer.Status.OPEN),
    }
    found: dict[str, Any] = {kind: row.pk for kind, some in rows.items() if (row := some.first()) is not None}
    chair = Resource.objects.chairs().filter(site=site).first()
    found |= {
        "site": site.pk,
        "clinic": public_name(site),
        "day": board_day(site, today),
        "patient": patient.pk,
        "visit": visit.pk,
        "series": visit.series_id,
        "place": chair.public_id if chair is not None else None,
        "token": "x" * 32,
        "measure": Measure.PHQ9.value,
        "kind": Message.Kind.BOOKED.value,
        "cell": next((one.cell for one in Looking(site, now).chances()), None),
        "language": "en",
    }
    return {kind: thing for kind, thing in found.items() if thing is not None}


def board_day(site: Site, today: date) -> date:
    """Today, or the next day with visits where nobody comes today."""
    begin = clock.day_bounds(today, site.zone)[0]
    first = Appointment.objects.filter(site=site, starts__gte=begin).order_by("starts").first()
    return clock.local(first.starts, site.zone).date() if first is not None else today


def left_out(found: Iterable[Address], looked_at: Collection[str], things: dict[str, Any]) -> list[str]:
    """Which of the addresses answer a GET, with a page as far as NO_PAGE knows, and are not among the addresses (paths)
    looked at. A form that is only posted says 405 to anybody.
    """
    seen = {name for path in looked_at if (name := _name_of(path)) is not None}
    missing = [one for one in found if one.name not in seen and one.name not in NO_PAGE]
    return [one.name for one in missing if Client().get(one.url(things)).status_code != 405]


def _name_of(path: str) -> str | None:
    try:
        return resolve(urlsplit(path).path).view_name
    except Resolver404:
        return None


def is_a_page(url: str, user: User, now: datetime) -> bool:
    """Whether a GET answers with a whole page: forms that are only posted, files and fragments are none."""
    client = browser_of(user)
    with clock.at_moment(now):
        answer = client.get(url)
    if answer.status_code in {302, 405} or not answer["Content-Type"].startswith("text/html"):
        return False
    assert answer.status_code == 200, f"{url}: {answer.status_code}"
    if answer.get("X-Frame-Options") == "SAMEORIGIN":  # a mail, shown in a frame of another page
        return False
    return b"<html" in answer.content


def browser_of(user: User) -> Client:
    """A browser in which this person has given the password just now."""
    client = Client()
    client.force_login(user)
    request = HttpRequest()
    request.session, request.user = client.session, user
    record_authentication(request, user, method="password", username=user.username, reauthenticated=True)
    request.session.save()
    return client


def cookies_of(user: User, base: str) -> list[Any]:
    """The cookies of a browser in which this person is signed in."""
    session = browser_of(user).cookies[settings.SESSION_COOKIE_NAME]
    return [{"name": session.key, "value": session.value, "url": base}]


def cookies_of_known(link: Link, base: str) -> list[Any]:
    """The cookies of a browser in which the link is open and the patient's birth date was given."""
    response = HttpResponse()
    visitor.remember(response, link, visitor.spoken_by(link), proven=True)
    return [{"name": one.key, "value": one.value, "url": base + visitor.PATH} for one in response.cookies.values()]
