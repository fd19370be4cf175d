"""Visits, series and companions as rows, without planning: what messages speak of."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from clinic import clock
from patients.models import Contact, Patient
from scheduling.messages import ledger
from scheduling.models import (
    Appointment,
    EarlierWish,
    Invitation,
    LadderStep,
    Link,
    Message,
    Offer,
    ProtocolVersion,
    Ride,
    Series,
)
from tests.factories import Clinic

#: Monday, Wednesday and Friday of the week after the tests' Monday.
NEXT_WEEK = (date(2027, 4, 12), date(2027, 4, 14), date(2027, 4, 16))
LONG = timedelta(minutes=115)


def make_series(
    clinic: Clinic, patient: Patient, days: Sequence[date] = NEXT_WEEK, *, at: time = time(9), held: bool = False
) -> Series:
    """A series with a visit on each of `days`, booked (or held for a week), with the question who drives open."""
    series = Series.objects.create(
        patient=patient,
        site=clinic.site,
        protocol_version=clinic.induction,
        status=Series.Status.DRAFT if held else Series.Status.ACTIVE,
        held_until=clock.now() + timedelta(days=7) if held else None,
        sessions=len(days),
        first_day=days[0],
        created_at=clock.now(),
    )
    for number, day in enumerate(days, start=1):
        make_visit(clinic, patient, clock.moment(day, at, clinic.site.zone), series=series, number=number)
    if held:
        series.appointments.update(status=Appointment.Status.PROPOSED)
    return series


def make_visit(
    clinic: Clinic, patient: Patient, starts: datetime, *, series: Series | None = None, **fields: Any
) -> Appointment:
    """One booked visit: an infusion of `series`, or a consult."""
    version: ProtocolVersion = clinic.induction if series is not None else clinic.consult
    values: dict[str, Any] = {
        "kind": Appointment.Kind.INFUSION if series is not None else Appointment.Kind.CONSULT,
        "status": Appointment.Status.BOOKED,
        "ends": starts + LONG,
        "created_at": clock.now(),
    }
    visit = Appointment.objects.create(
        patient=patient,
        site=clinic.site,
        series=series,
        protocol_version=version,
        starts=starts,
        **(values | fields),
    )
    if version.needs_ride:
        Ride.objects.create(appointment=visit, changed_at=clock.now())
    return visit


def make_companion(patient: Patient, **fields: Any) -> Contact:
    """An adult who may drive and be told."""
    values = {"name": "Ben Quill", "email": "ben@example.org", "phone": "+15185550188"}
    rights = {"is_adult": True, "may_drive": True, "may_be_told": True}
    return Contact.objects.create(patient=patient, **(values | rights | fields))


def move(visit: Appointment, starts: datetime) -> None:
    """Move a visit as the action does: times, version, and the message."""
    old = visit.starts
    visit.starts, visit.ends = starts, starts + LONG
    visit.version += 1
    visit.save()
    ledger.announce_moved(visit, old)


def cancel(visit: Appointment) -> None:
    """Cancel a visit as the action does."""
    visit.status, visit.ending = Appointment.Status.CANCELLED, "cancelled"
    visit.version += 1
    visit.save()
    ledger.announce_cancelled(visit)


def told(*some: Message.Kind) -> None:
    """The messages of these kinds have gone out."""
    Message.objects.filter(kind__in=some, state=Message.State.DUE).update(state=Message.State.SENT, sent_at=clock.now())


def invite(visit: Appointment, starts: datetime) -> Invitation:
    """Ask the visit's patient about an earlier time, as rows: nothing is held, and nobody told."""
    wish, _new = EarlierWish.objects.get_or_create(
        appointment=visit,
        status=EarlierWish.Status.WAITING,
        defaults={"patient": visit.patient, "created_at": clock.now()},
    )
    offer = Offer.objects.create(
        kind=Offer.Kind.EARLIER_TIME,
        site=visit.site,
        protocol_version=visit.protocol_version,
        plan={"starts": [starts.isoformat()]},
        expires_at=clock.now() + timedelta(hours=2),
        created_at=clock.now(),
    )
    return Invitation.objects.create(
        offer=offer,
        wish=wish,
        patient=visit.patient,
        appointment=visit,
        visit_version=visit.version,
        number=1,
        created_at=clock.now(),
    )


def name_driver(visit: Appointment, companion: Contact) -> Ride:
    """Name who drives, and tell them."""
    ride = visit.ride
    ride.status, ride.companion = Ride.Status.NAMED, companion
    ride.version += 1
    ride.save()
    ledger.announce_companion(ride)
    return ride


def drop_ladders() -> None:
    """Let every protocol use the default ladder."""
    LadderStep.objects.all().delete()


def kinds(**wanted: Any) -> list[str]:
    """The kinds of the messages that fit, by due time."""
    return list(Message.objects.filter(**wanted).order_by("due_at", "kind").values_list("kind", flat=True))


def only(**wanted: Any) -> Message:
    """The one message that fits."""
    return Message.objects.get(**wanted)


def tokens_in(text: str) -> list[str]:
    """The tokens of the links in a text."""
    return [word.rstrip("/").rpartition("/")[2] for word in text.split() if "/my/" in word]


def links_of(message: Message) -> int:
    """How many links were made for a message."""
    return Link.objects.filter(message=message).count()
