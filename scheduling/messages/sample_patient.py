"""The patient who does not exist, and what can be booked for them: rows for previews, taken back at once."""

import secrets
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from clinic import clock
from clinic.models import OpeningHours, Site
from patients.models import Contact, Language, Patient
from scheduling.models import Appointment, Protocol, ProtocolVersion, Ride, Series

Status = Appointment.Status

#: Who is written to: an address that nobody can own (RFC 2606), a number of a range kept for examples.
NAMES = {Language.ENGLISH: ("Maria", "Sample", "Ben Sample"), Language.SPANISH: ("María", "Ejemplo", "Benito Ejemplo")}
EMAIL = "sample@patient.example"
PHONE = "+15555550142"
#: Out of the largest numbers of the column, so that the sequence of real record numbers is not touched, and any of
#: them, so that two who look at previews at once do not wait for each other.
RECORD_NUMBERS = range(2_000_000_000, 2_147_483_648)
#: The visits of the sample: the first so far ahead that no reminder is due yet, then some days apart.
AHEAD = timedelta(days=10)
VISITS = 3
APART = 2
DEFAULT_START = time(9)
LASTS = timedelta(minutes=115)


@dataclass(frozen=True, slots=True)
class Sample:
    """The patient and what is booked for them."""

    site: Site
    patient: Patient
    companion: Contact
    treatment: ProtocolVersion
    consult: ProtocolVersion
    days: tuple[date, ...]
    at: time

    def series(self, status: str = Series.Status.ACTIVE, visits: str = Status.BOOKED, **fields: Any) -> Series:
        """A series of some visits to come."""
        series = Series.objects.create(
            patient=self.patient,
            site=self.site,
            protocol_version=self.treatment,
            status=status,
            sessions=len(self.days),
            first_day=self.days[0],
            created_at=clock.now(),
            **fields,
        )
        for number, day in enumerate(self.days, start=1):
            ended: dict[str, Any] = {"ending": "cancelled"} if visits == Status.CANCELLED else {}
            self.visit(day, series=series, number=number, status=visits, **ended)
        return series

    def visit(self, day: date, *, at: time | None = None, series: Series | None = None, **fields: Any) -> Appointment:
        """One visit of a series, or a consult, with its ride open."""
        version = self.treatment if series is not None else self.consult
        starts = clock.moment(day, at or self.at, self.site.zone)
        values: dict[str, Any] = {
            "kind": Appointment.Kind.INFUSION if series is not None else Appointment.Kind.CONSULT,
            "status": Status.BOOKED,
            "ends": starts + (version.duration or LASTS),
        }
        visit = Appointment.objects.create(
            patient=self.patient,
            site=self.site,
            series=series,
            protocol_version=version,
            starts=starts,
            created_at=clock.now(),
            **(values | fields),
        )
        if version.needs_ride and visit.status in Appointment.BLOCKING:
            Ride.objects.create(appointment=visit, changed_at=clock.now())
        return visit


def make(site: Site, language: str, version: ProtocolVersion | None) -> Sample:
    given, family, driver = NAMES[Language(language)]
    patient = Patient.objects.create(
        record_number=secrets.choice(RECORD_NUMBERS),
        given_name=given,
        family_name=family,
        birth_date=date(1980, 1, 1),
        language=language,
        email=EMAIL,
        phone=PHONE,
        created_at=clock.now(),
    )
    patient.sites.add(site)
    companion = Contact.objects.create(
        patient=patient,
        name=driver,
        language=language,
        email=f"driver-{EMAIL}",
        phone=PHONE,
        is_adult=True,
        may_be_told=True,
        may_drive=True,
    )
    days, at = _days(site)
    consult = _version(site, Protocol.Kind.CONSULT, version)
    return Sample(site, patient, companion, _version(site, Protocol.Kind.INFUSION, version), consult, days, at)


def _version(site: Site, kind: str, given: ProtocolVersion | None) -> ProtocolVersion:
    """The version asked for where it is of the kind, else the site's first, else an empty one."""
    if given is not None and given.protocol.kind == kind:
        return given
    offered = ProtocolVersion.objects.filter(is_current=True, protocol__kind=kind, protocol__is_active=True)
    found = offered.filter(protocol__sites=site).order_by("protocol__name").first()
    if found is not None:
        return found
    protocol = Protocol.objects.create(name=f"Sample {kind} {clock.now().isoformat()}", kind=kind)
    return ProtocolVersion.objects.create(
        protocol=protocol, number=1, created_at=clock.now(), needs_ride=kind == Protocol.Kind.INFUSION
    )


def _days(site: Site) -> tuple[tuple[date, ...], time]:
    """Some days on which the site is open, and a quarter past its opening."""
    hours = dict(OpeningHours.objects.filter(site=site).order_by("-opens").values_list("weekday", "opens"))
    day = clock.local(clock.now() + AHEAD, site.zone).date()
    found: list[date] = []
    while len(found) < VISITS:
        if not hours or day.weekday() in hours:
            found.append(day)
            day += timedelta(days=APART - 1)
        day += timedelta(days=1)
    return tuple(found), max(hours.values(), default=DEFAULT_START)
