"""Rows about one visit or one series, and the reminders of visits: what the parts of the ledger share.

Called inside an action's transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from clinic import clock
from scheduling.messages import hours, nudge, reminders, rows
from scheduling.messages.routing import channel_for
from scheduling.models import Appointment, Message, Series


def visits_to_come(series: Series, *statuses: str) -> list[Appointment]:
    """The series' visits of these statuses that have not begun, soonest first."""
    return list(
        series.appointments.filter(status__in=statuses, starts__gt=clock.now())
        .select_related("site", "patient", "protocol_version")
        .order_by("starts")
    )


def remind(visits: Sequence[Appointment], *, told: bool = True) -> None:
    """The reminders to come of these visits. Again for the same version of a visit: nothing is written twice. `told`:
    news of them goes out as well.
    """
    rows.write_all(reminders_of(visits, told=told))


def reminders_of(visits: Sequence[Appointment], *, told: bool = True) -> list[Message]:
    """The reminders still to come of these visits, not saved."""
    return [
        rows.to_patient(
            due.appointment.patient,
            due.appointment.site,
            due.kind,
            appointment=due.appointment,
            version=due.appointment.version,
            due_at=due.at,
            not_after=due.appointment.starts,
        )
        for due in reminders.dues_of(visits, clock.now(), told=told)
    ]


def follow(visit: Appointment) -> None:
    """What the protocol's ladder has after a visit that has really ended. Again for the same visit: nothing is written
    twice.
    """
    rows.write_all(
        rows.to_patient(
            visit.patient,
            visit.site,
            due.kind,
            appointment=visit,
            version=visit.version,
            due_at=due.at,
            not_after=due.at + reminders.ASKED_FOR,
        )
        for due in reminders.dues_after(visit, clock.now())
    )


def retire(appointments: Sequence[Appointment], reason: str) -> None:
    """Skip whatever is still to be sent to the patient about the visits as they were."""
    rows.skip(rows.waiting().filter(appointment__in=appointments, recipient=Message.Recipient.PATIENT), reason)


def about_visit(
    appointment: Appointment,
    kind: Message.Kind,
    *,
    concerns: datetime,
    not_after: datetime,
    context: dict[str, Any] | None = None,
    version: int | None = None,
    can_wait: bool = False,
) -> None:
    """News of one visit, at once. `concerns`: the time that it is about, which decides whether it can wait for the
    morning, and with `can_wait` for Monday. `version`: what makes it untrue, the visit's unless given.
    """
    channel = channel_for(appointment.patient)
    rows.write(
        rows.to_patient(
            appointment.patient,
            appointment.site,
            kind,
            appointment=appointment,
            version=appointment.version if version is None else version,
            context=context or {},
            due_at=hours.soonest(appointment.site, clock.now(), channel, concerns, can_wait=can_wait),
            not_after=not_after,
        )
    )
    nudge.after_commit()


def about_series(
    series: Series,
    kind: Message.Kind,
    *,
    not_after: datetime | None,
    concerns: datetime | None = None,
    context: dict[str, Any] | None = None,
) -> None:
    """News of a whole series, at once, bound to the series' version."""
    rows.write(of_series(series, kind, not_after=not_after, concerns=concerns, context=context))
    nudge.after_commit()


def of_series(
    series: Series,
    kind: Message.Kind,
    *,
    not_after: datetime | None,
    concerns: datetime | None = None,
    context: dict[str, Any] | None = None,
) -> Message:
    """News of a whole series, at once, not saved."""
    row = rows.to_patient(
        series.patient,
        series.site,
        kind,
        series=series,
        version=series.version,
        context=context or {},
        due_at=hours.soonest(series.site, clock.now(), channel_for(series.patient), concerns),
        not_after=not_after,
    )
    rows.speaks_of(row, *([concerns] if concerns is not None else []))
    return row
