"""Any message as it would reach a patient who does not exist: written by the ledger, read by the same code that sends.

The patient, the visits and the message are rows that live inside a transaction which is taken back, so that looking at
a preview leaves nothing behind. Whatever else was written in the same block (a wording not saved yet) is part of it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction

from clinic import clock
from clinic.models import OpeningHours, Site, StaffMember
from patients.models import Channel, Clearance, Contact, Language, Patient
from scheduling.messages import ledger, letters, rows
from scheduling.messages.texts import Rendered
from scheduling.models import Appointment, Message, Protocol, ProtocolVersion, Ride, Series

Kind, State = Message.Kind, Message.State
Status = Appointment.Status

#: Who is written to: an address that nobody can own (RFC 2606), a number of a range kept for examples.
NAMES = {Language.ENGLISH: ("Maria", "Sample", "Ben Sample"), Language.SPANISH: ("María", "Ejemplo", "Benito Ejemplo")}
EMAIL = "sample@patient.example"
PHONE = "+15555550142"
#: The largest number of the column, so that the sequence of real record numbers is not touched.
RECORD_NUMBER = 2_147_483_647
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


@contextmanager
def taken_back() -> Iterator[None]:
    """A block whose writes are all taken back at its end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def preview(
    site: Site, kind: str, language: str, *, version: ProtocolVersion | None = None, channel: str = Channel.MAIL
) -> Rendered:
    """The message of `kind` to the sample patient of a site; call it inside `taken_back`.

    `version`: whose texts are used; by default the first series (or consult) that the site offers.

    Raises:
        LookupError: the kind has no sample, which a test would have found.
    """
    sample = _make(site, language, version)
    _CAUSES[Kind(kind)](sample)
    found = Message.objects.filter(patient=sample.patient, kind=kind).order_by("due_at").first()
    if found is None:
        found = _like_another(sample, kind)
    found.channel = channel
    whole = Message.objects.select_related("site", "patient", "contact", "series", "appointment").get(pk=found.pk)
    whole.channel = channel
    return letters.preview(whole)


def _make(site: Site, language: str, version: ProtocolVersion | None) -> Sample:
    given, family, driver = NAMES[Language(language)]
    patient = Patient.objects.create(
        record_number=RECORD_NUMBER,
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


def _series(sample: Sample) -> None:
    ledger.announce_booked(sample.series())


def _held(sample: Sample) -> None:
    until = clock.now() + timedelta(days=sample.site.uncleared_hold_days)
    ledger.announce_held(sample.series(Series.Status.DRAFT, Status.PROPOSED, held_until=until))


def _ended(announce: Callable[[Series], None]) -> Callable[[Sample], None]:
    def cause(sample: Sample) -> None:
        announce(sample.series(Series.Status.REVOKED, Status.CANCELLED, ended_at=clock.now(), end_reason="a sample"))

    return cause


def _boosters(sample: Sample) -> None:
    series = sample.series()
    first, second, *_rest = series.appointments.order_by("starts")
    ledger.announce_boosters(series, [first], [(second, second.starts - timedelta(days=1))], [])


def _consult(sample: Sample) -> None:
    ledger.announce_consult(sample.visit(sample.days[0]))


def _moved(sample: Sample) -> None:
    series = sample.series()
    visit = series.appointments.order_by("starts")[0]
    ledger.announce_moved(visit, _day_before(visit.starts))


def _cancelled(sample: Sample) -> None:
    series = sample.series()
    day = sample.days[-1] + timedelta(days=APART)
    gone = sample.visit(day, series=series, number=VISITS + 1, status=Status.CANCELLED, ending="cancelled", version=1)
    ledger.announce_cancelled(gone)


def _named(sample: Sample) -> None:
    ride = _ride(sample, Ride.Status.NAMED)
    ledger.announce_companion(ride)


def _released(sample: Sample) -> None:
    ride = _ride(sample, Ride.Status.NEEDED)
    ledger.announce_companion(
        Ride(appointment=ride.appointment, companion=sample.companion, status=Ride.Status.NAMED, version=ride.version)
    )
    told = Message.objects.filter(patient=sample.patient, kind=Kind.COMPANION_NAMED)
    told.update(state=State.SENT, sent_at=clock.now())
    ledger.announce_companion_released(ride, sample.companion)


def _ride(sample: Sample, status: str) -> Ride:
    visit = sample.series().appointments.order_by("starts")[0]
    Ride.objects.filter(appointment=visit).delete()
    companion = sample.companion if status == Ride.Status.NAMED else None
    return Ride.objects.create(appointment=visit, status=status, companion=companion, version=1, changed_at=clock.now())


def _over(sample: Sample) -> Appointment:
    """The first visit of a series whose others are to come."""
    series = sample.series()
    today = clock.local(clock.now(), sample.site.zone).date()
    return sample.visit(
        today - timedelta(days=1),
        series=series,
        number=VISITS + 1,
        status=Status.FULFILLED,
        ending="completed",
        counts=True,
    )


def _aftercare(sample: Sample) -> None:
    ledger.announce_discharged(_over(sample))


def _follow_up(sample: Sample) -> None:
    ledger.announce_left_alone(_over(sample))


def _news(sample: Sample) -> None:
    doctor = StaffMember.objects.filter(sites=sample.site).order_by("name").first()
    if doctor is None:
        raise LookupError("nobody works at the site, who could have decided")
    decision = Clearance.objects.create(
        patient=sample.patient,
        decision=Clearance.Decision.CLEARED,
        decided_by=doctor,
        decided_at=clock.now(),
        valid_until=sample.days[-1] + timedelta(days=365),
    )
    ledger.announce_clearance(decision)


def _day_before(moment: datetime) -> datetime:
    return moment - timedelta(days=1)


def _like_another(sample: Sample, kind: str) -> Message:
    """A message that the protocol's reminders leave out, made like one that they have."""
    visit = Appointment.objects.filter(patient=sample.patient).order_by("starts")[0]
    row = rows.to_patient(
        sample.patient,
        sample.site,
        Kind(kind),
        channel=Channel.MAIL,
        appointment=visit,
        version=visit.version,
        due_at=clock.now(),
        not_after=visit.starts,
    )
    rows.write(row)
    return Message.objects.get(patient=sample.patient, kind=kind)


#: What happens to the sample patient, so that the ledger writes the message.
_CAUSES: dict[Message.Kind, Callable[[Sample], None]] = {
    Kind.BOOKED: _series,
    Kind.HELD: _held,
    Kind.CONSULT_BOOKED: _consult,
    Kind.MOVED: _moved,
    Kind.CANCELLED: _cancelled,
    Kind.STOPPED: _ended(ledger.announce_stopped),
    Kind.RELEASED: _ended(ledger.announce_released),
    Kind.BOOSTERS_CHANGED: _boosters,
    Kind.REMINDER: _series,
    Kind.PREPARE: _series,
    Kind.TODAY: _series,
    Kind.RIDE_MISSING: _series,
    Kind.COMPANION_NAMED: _named,
    Kind.COMPANION_CANCELLED: _released,
    Kind.AFTERCARE: _aftercare,
    Kind.FOLLOW_UP: _follow_up,
    Kind.NEWS: _news,
}
