"""People on the earlier-time list, and times offered to them, as the desk does it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from clinic import clock
from clinic.actor import Actor
from clinic.permissions import Role
from scheduling.actions import earlier
from scheduling.models import Appointment, EarlierWish, Invitation, Offer
from scheduling.planner.values import Wishes
from scheduling.selectors.earlier import Looking
from tests.factories import Clinic, make_clinic, make_patient
from tests.scheduling.helpers import book, visits_of

#: Wednesday of the week after: a day that leaves time for everything.
SOONER = date(2027, 4, 14)
LATE = date(2027, 4, 28)


def injection(clinic: Clinic, day: date = LATE, hour: int = 9, **fields: Any) -> Appointment:
    """One booked visit of a patient of its own."""
    patient = make_patient(clinic.site, cleared=True, **fields)
    return visits_of(book(clinic, patient, [clinic.at(day, hour)], version=clinic.injection))[0]


def wish(clinic: Clinic, visit: Appointment, hours: Wishes | None = None, **fields: Any) -> EarlierWish:
    """The visit on the list, as the desk puts it there."""
    return earlier.wish_sooner(by=clinic.by(Role.FRONT_DESK), appointment=visit, hours=hours or Wishes(), **fields)


def offer(clinic: Clinic, starts: datetime, wishes: Sequence[EarlierWish], minutes: int = 120, **fields: Any) -> Offer:
    """The time offered to these."""
    order: dict[str, Any] = {"by": clinic.by(Role.FRONT_DESK), "site": clinic.site, "key": uuid4()} | fields
    return earlier.offer_time(starts=starts, wishes=wishes, minutes=minutes, **order)


def asked(offer: Offer) -> list[Invitation]:
    """The invitations of an offer, in the order of their wishes."""
    return list(offer.invitations.select_related("appointment__site", "patient", "offer").order_by("wish__created_at"))


def patient_of(invitation: Invitation) -> Actor:
    """The patient who was asked, on their page."""
    return Actor("patient", str(invitation.patient_id), invitation.patient.name)


def days_of(clinic: Clinic, **only: Any) -> list[date]:
    """The local dates on which somebody on the list could come sooner."""
    return [wall_day(clinic, one.starts) for one in Looking(clinic.site, clock.now(), **only).chances()]


def wall_day(clinic: Clinic, moment: datetime) -> date:
    return clock.local(moment, clinic.site.zone).date()


def closed_but_for(clinic: Clinic, day: date) -> Wishes:
    """Hours on that one weekday only."""
    return Wishes(patient_can={day.weekday(): ((0, 24 * 60),)})


def filled(clinic: Clinic, day: date) -> list[Appointment]:
    """Visits one after the other, seventy minutes each, until nothing more fits on `day`."""
    starts = clinic.at(day, 8)
    made = []
    while starts + timedelta(minutes=70) <= clinic.at(day, 18):
        patient = make_patient(clinic.site, cleared=True)
        made.append(visits_of(book(clinic, patient, [starts], version=clinic.injection))[0])
        starts += timedelta(minutes=70)
    return made


def two_asked(minutes: int = 120) -> tuple[Clinic, Offer, list[Invitation]]:
    """A time offered to two, of whom the second came onto the list a minute after the first."""
    clinic = make_clinic()
    wishes = [wish(clinic, injection(clinic, LATE, 9))]
    with clock.at_moment(clock.now() + timedelta(minutes=1)):
        wishes.append(wish(clinic, injection(clinic, LATE, 12)))
    made = offer(clinic, clinic.at(SOONER, 9), wishes, minutes)
    return clinic, made, asked(made)
