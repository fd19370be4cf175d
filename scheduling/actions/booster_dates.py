"""New times of boosters that the patient says yes to."""

from collections.abc import Sequence
from datetime import datetime

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Stale
from clinic.permissions import Permission
from scheduling.models import Appointment, NewTime, ProposedBooster, Series

Status = ProposedBooster.Status


def ask_about_new_times(visits: Sequence[Appointment], now: datetime) -> None:
    """The visits have moved: the patient is to say that the new time suits. Called inside an action."""
    NewTime.objects.bulk_create(
        [NewTime(appointment=visit, version=visit.version, asked_at=now) for visit in visits], ignore_conflicts=True
    )


def withdraw_proposed(series: Series, now: datetime) -> None:
    """What was proposed for the series is no longer true. Called inside an action."""
    ProposedBooster.objects.filter(series=series, status__in=ProposedBooster.OPEN).update(
        status=Status.REPLACED, answered_at=now
    )


@action
def confirm_new_time(*, by: Actor, appointment: Appointment, version: int) -> NewTime:
    """The new time suits: the patient said so on the page, or to the clerk by telephone. Twice is once.

    Raises:
        Stale: the visit has moved again since, or is no longer to come.
        NotAllowed: the actor is neither the patient nor somebody who books.
    """
    if by.user is None and by.id != str(appointment.patient_id):
        raise NotAllowed("Only the patient or the desk can say that. Nothing was changed.")
    if by.user is not None and not by.user.may(Permission.BOOK):
        raise NotAllowed("Your role does not cover this. Nothing was changed.")
    locks.take([locks.patient(appointment.patient_id)])
    fresh = Appointment.objects.get(pk=appointment.pk)
    if fresh.version != version or fresh.status not in Appointment.BLOCKING:
        raise Stale("This visit has changed meanwhile. Nothing was confirmed; look at the dates again.")
    asked = NewTime.objects.filter(appointment=fresh, version=version).first()
    if asked is None:
        raise Stale("Nobody asks about this time any more. Nothing was changed.")
    if asked.confirmed_at is None:
        asked.confirmed_at, asked.confirmed_by = clock.now(), by.user
        asked.save(update_fields=["confirmed_at", "confirmed_by"])
    return asked
