"""Visits as the pages behind links print them: dates and times in words, on the clock of the visit's site."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from clinic import clock
from clinic.models import Site
from scheduling.actions.requests import can_be_asked_about
from scheduling.models import Appointment, ChangeRequest, Ride
from scheduling.selectors.visits import VisitPhase, phase_due, phase_of
from scheduling.when import day_words, time_words, zone_words

S = Ride.Status


@dataclass(frozen=True, slots=True)
class RideLine:
    """Who drives after one visit: `status` is one of Ride.Status, `sentence` says it to the patient, `short` in a
    list.
    """

    status: str
    companion: str
    sentence: str
    short: str

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to be named."""
        return self.status in {S.NEEDED, S.DECLINED}


@dataclass(frozen=True, slots=True)
class VisitCard:
    """One visit in words, in the active language."""

    id: str
    date: str
    starts: str
    ends: str
    zone: str
    site: Site
    #: How a visit takes place that is not in person; empty otherwise.
    how: str
    #: Until when the date is only held, in words; empty once it is booked.
    held_until: str
    #: A doctor has put the treatment on hold: the date stays reserved, and nobody is to come on it.
    is_on_hold: bool
    ride: RideLine | None
    #: Whether the patient may still ask to move or cancel it.
    can_ask: bool
    #: What the patient has asked and the desk has not answered yet.
    asked: ChangeRequest | None
    #: What the desk answered last where it changed nothing; empty otherwise.
    answer: str


def visit_card(appointment: Appointment) -> VisitCard:
    """Needs `site`, `series`, `protocol_version`, `ride__companion` and `change_requests` loaded."""
    zone = appointment.site.zone
    about = sorted(appointment.change_requests.all(), key=lambda one: one.created_at)
    last = about[-1] if about else None
    return VisitCard(
        id=str(appointment.pk),
        date=day_words(appointment.starts, zone),
        starts=time_words(appointment.starts, zone),
        ends=time_words(appointment.ends, zone),
        zone=zone_words(appointment.starts, zone),
        site=appointment.site,
        how="" if appointment.mode == Appointment.Mode.IN_PERSON else str(appointment.get_mode_display()),
        held_until=_held_until(appointment),
        is_on_hold=appointment.is_on_hold,
        ride=ride_line(appointment) if appointment.protocol_version.needs_ride else None,
        can_ask=can_be_asked_about(appointment, clock.now()),
        asked=last if last is not None and last.status == ChangeRequest.Status.WAITING else None,
        answer=last.answer if last is not None else "",
    )


def ride_line(appointment: Appointment) -> RideLine:
    """Who drives after this visit; a visit without a row in the table of rides has nobody named."""
    ride: Ride | None = getattr(appointment, "ride", None)
    status = S(ride.status) if ride is not None else S.NEEDED
    name = ride.companion.name if ride is not None and ride.companion is not None else ""
    sentences = {
        S.NEEDED: _("Nobody is named to drive you home yet."),
        S.NAMED: _("%(name)s is named to drive you home and has not answered yet."),
        S.CONFIRMED: _("%(name)s drives you home."),
        S.DECLINED: _("%(name)s cannot drive you home. Please name somebody else."),
        S.PICKED_UP: _("%(name)s has picked you up."),
        S.WAIVED: _("Nobody has to drive you home after this visit."),
    }
    short = {
        S.NEEDED: _("Nobody drives yet"),
        S.NAMED: _("%(name)s, not answered yet"),
        S.CONFIRMED: _("%(name)s drives"),
        S.DECLINED: _("%(name)s cannot"),
        S.PICKED_UP: "%(name)s",
        S.WAIVED: _("Nobody has to drive"),
    }
    values = {"name": name}
    return RideLine(status.value, name, sentences[status] % values, short[status] % values)


def _held_until(appointment: Appointment) -> str:
    if appointment.status != Appointment.Status.PROPOSED or appointment.series is None:
        return ""
    until = appointment.series.held_until
    return day_words(until, appointment.site.zone) if until is not None else ""


@dataclass(frozen=True, slots=True)
class RideCard:
    """One date on the companion's page."""

    id: str
    date: str
    starts: str
    pick_up: str
    zone: str
    site: Site
    status: str
    #: The patient recovers, and `pick_up` is when they are expected to be ready.
    is_soon: bool
    #: The date is reserved, and nobody is to come on it as things are.
    is_on_hold: bool

    @property
    def field(self) -> str:
        """The name of its form field."""
        return answer_field(self.id)


def answer_field(ride_id: object) -> str:
    """The form field that carries the companion's answer for a ride."""
    return f"ride-{ride_id}"


def ride_card(ride: Ride) -> RideCard:
    """The pick-up time is the planned end of the visit, and once the patient recovers when that should be over. Needs
    `appointment__site`, its record and the phases of its protocol version loaded.
    """
    visit = ride.appointment
    zone = visit.site.zone
    is_soon = phase_of(visit) is VisitPhase.RECOVERING
    ready = phase_due(visit) if is_soon else None
    return RideCard(
        id=str(ride.pk),
        date=day_words(visit.starts, zone),
        starts=time_words(visit.starts, zone),
        pick_up=time_words(ready or visit.ends, zone),
        zone=zone_words(visit.starts, zone),
        site=visit.site,
        status=ride.status,
        is_soon=is_soon,
        is_on_hold=visit.is_on_hold,
    )


def is_today(appointment: Appointment) -> bool:
    """Whether the visit is on the present local day of its site."""
    return clock.local(appointment.starts, appointment.site.zone).date() == clock.today(appointment.site.zone)


def masked_email(address: str) -> str:
    """An address that its owner knows again and others do not learn: "a…@example.org"."""
    name, _at, domain = address.rpartition("@")
    return f"{name[:1]}…\N{WORD JOINER}@{domain}"


def masked_phone(number: str) -> str:
    """The last two digits of a number."""
    return number[-2:]
