"""The ledger: what is to be told to whom, written as rows in the transaction that gives cause for it (promise 2).

Called by actions, inside their transaction. Nothing is sent from here; what must not happen twice is kept from it by
the constraint `message_once`. Texts are made when a row is delivered, from the subject as it is then
(scheduling/messages/content.py).
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from clinic import clock
from clinic.models import Site
from patients.models import Channel, Clearance, Contact, Patient
from scheduling.messages import hours, nudge, reminders, rows
from scheduling.messages.routing import channel_for
from scheduling.models import Appointment, Message, Ride, Series

Kind, State = Message.Kind, Message.State
Status = Appointment.Status

#: News without a date of its own is not worth sending after this.
NEWS_LASTS = timedelta(days=14)
#: Days in which a patient is still called and asked how they are.
FOLLOW_UP_LASTS = timedelta(days=3)


def announce_booked(series: Series, visits: Sequence[Appointment] | None = None) -> None:
    """All dates of a series, one message; and the reminders of each. `visits`: its booked ones to come, in order of
    time, where the caller has them at hand.
    """
    to_come = visits if visits is not None else _to_come(series, Status.BOOKED)
    if not to_come:
        return
    news = _of_series(series, Kind.BOOKED, concerns=to_come[0].starts, not_after=to_come[-1].starts)
    rows.write_all([news, *_reminders_of(to_come)])
    nudge.after_commit()


def announce_held(series: Series) -> None:
    """The dates are held until `series.held_until`, while a doctor decides. No reminders yet."""
    _about_series(series, Kind.HELD, not_after=series.held_until)


def announce_consult(appointment: Appointment) -> None:
    """A consult is booked; and its reminders."""
    _about_visit(appointment, Kind.CONSULT_BOOKED, concerns=appointment.starts, not_after=appointment.starts)
    _remind([appointment])


def announce_moved(appointment: Appointment, old_starts: datetime) -> None:
    """The visit was at `old_starts` (UTC) and has a new time. Reminders of the old one are withdrawn, new ones made.

    Two moves before the patient heard of the first are told as one, from the time that the patient knows.
    """
    known = _time_known(appointment, old_starts)
    _retire(appointment, "the visit has moved")
    _about_visit(
        appointment,
        Kind.MOVED,
        context={"old_starts": known.isoformat()},
        concerns=min(known, appointment.starts),
        not_after=max(known, appointment.starts),
    )
    if appointment.status == Status.BOOKED:
        _remind([appointment])


def announce_cancelled(appointment: Appointment) -> None:
    """The visit does not take place; what was still to be sent about it is withdrawn."""
    known = _time_known(appointment, appointment.starts)
    _retire(appointment, "the visit was cancelled")
    _about_visit(
        appointment,
        Kind.CANCELLED,
        context={"old_starts": known.isoformat()},
        concerns=known,
        not_after=hours.end_of_day(known, appointment.site.zone),
    )


def announce_stopped(series: Series) -> None:
    """The series has ended; its visits to come are cancelled, and the patient hears of all of them at once."""
    _close(series, Kind.STOPPED, "the series was stopped")


def announce_released(series: Series) -> None:
    """The dates that were held for the patient are free again."""
    _close(series, Kind.RELEASED, "the held dates were released")


def announce_boosters(
    series: Series,
    booked: list[Appointment],
    moved: list[tuple[Appointment, datetime]],
    cancelled: list[Appointment],
) -> None:
    """The visits to come have changed: one message for all of it. `moved` pairs a visit with its old start (UTC)."""
    if not booked and not moved and not cancelled:
        return
    for visit, _old in moved:
        _retire(visit, "the visit has moved")
    for visit in cancelled:
        _retire(visit, "the visit was cancelled")
    rows.skip(
        rows.waiting().filter(series=series, kind__in=[Kind.BOOKED, Kind.BOOSTERS_CHANGED]),
        "a newer message tells all dates",
    )
    times = [visit.starts for visit in [*booked, *cancelled]] + [old for _visit, old in moved]
    _about_series(
        series,
        Kind.BOOSTERS_CHANGED,
        context={
            "booked": [str(visit.pk) for visit in booked],
            "moved": [[str(visit.pk), old.isoformat()] for visit, old in moved],
            "cancelled": [str(visit.pk) for visit in cancelled],
        },
        concerns=min(times),
        not_after=clock.now() + NEWS_LASTS,
    )
    _remind([*booked, *(visit for visit, _old in moved)])


def announce_companion(ride: Ride) -> None:
    """To the companion named: the date, the place, when to be there. Several dates named together make one message."""
    contact = ride.companion
    if contact is None or not contact.may_be_told:
        return
    visit = ride.appointment
    rows.skip(_to_companion(ride, contact, rows.waiting()), "a newer message tells it")
    _to_contact(ride, contact, Kind.COMPANION_NAMED, not_after=visit.ends)


def announce_companion_released(ride: Ride, contact: Contact) -> None:
    """To a companion who was named: no longer needed. Who had not heard of the date yet is told nothing."""
    rows.skip(_to_companion(ride, contact, rows.waiting()), "no longer needed as the driver")
    told = Message.objects.filter(appointment=ride.appointment, contact=contact, kind=Kind.COMPANION_NAMED).exclude(
        state=State.SKIPPED
    )
    if told.exists() and contact.may_be_told:
        _to_contact(ride, contact, Kind.COMPANION_CANCELLED, not_after=ride.appointment.ends)


def announce_clearance(clearance: Clearance) -> None:
    """A doctor has decided. What was decided is on no message; a "no" is told by a person, in a call."""
    patient = clearance.patient
    site = _site_of(patient)
    if site is None:
        return
    rows.skip(rows.waiting().filter(patient=patient, kind=Kind.NEWS), "a newer decision tells it")
    now = clock.now()
    by_person = not clearance.is_yes and bool(patient.phone)
    channel = Channel.CALL if by_person else channel_for(patient)
    rows.write(
        rows.to_patient(
            patient,
            site,
            Kind.NEWS,
            channel=channel,
            version=Clearance.objects.filter(patient=patient).count(),
            context={"clearance": str(clearance.pk), **({"fixed": True} if by_person else {})},
            due_at=hours.soonest(site, now, channel),
            not_after=now + NEWS_LASTS,
        )
    )


def announce_discharged(appointment: Appointment) -> None:
    """What to do after the visit, as soon as the patient has left; worth sending on that day only."""
    _about_visit(
        appointment,
        Kind.AFTERCARE,
        concerns=clock.now(),
        not_after=hours.end_of_day(clock.now(), appointment.site.zone),
    )


def announce_left_alone(appointment: Appointment) -> None:
    """The patient left without a companion: what to do now, by the usual way, and a call at once to ask how they are.

    Who has to be called in any case hears both in one call.
    """
    if channel_for(appointment.patient) != Channel.CALL:
        announce_discharged(appointment)
    _follow_up(appointment, clock.now(), left_alone=True)


def announce_follow_up(appointment: Appointment, call_on: date) -> None:
    """Something went wrong at the visit: the patient is called on that local day and asked how they are."""
    site = appointment.site
    _follow_up(appointment, clock.moment(call_on, site.send_from, site.zone))


def _follow_up(appointment: Appointment, due_at: datetime, *, left_alone: bool = False) -> None:
    """One call for one visit, at the earliest time that somebody asked for; it tells what to do after the visit only
    where nothing else has (`left_alone`).
    """
    row = rows.to_patient(
        appointment.patient,
        appointment.site,
        Kind.FOLLOW_UP,
        channel=Channel.CALL,
        appointment=appointment,
        version=appointment.version,
        context={"fixed": True, "left_alone": left_alone},
        due_at=due_at,
        not_after=due_at + FOLLOW_UP_LASTS,
    )
    rows.write(row)
    Message.objects.filter(
        appointment=appointment, kind=Kind.FOLLOW_UP, version=row.version, state=State.DUE, due_at__gt=due_at
    ).update(due_at=due_at, not_after=row.not_after, context=row.context)
    nudge.after_commit()


def schedule_reminders(appointment: Appointment) -> None:
    """The reminders to come of a booked visit. Again for the same version of the visit: nothing is written twice."""
    _remind([appointment])


def withdraw(appointment: Appointment, reason: str) -> None:
    """What is still to be sent ahead of the visit is skipped, with the reason (shown to staff)."""
    rows.skip(rows.waiting().filter(appointment=appointment, kind__in=[*reminders.KINDS, Kind.CONSULT_BOOKED]), reason)


def visit_over(appointment: Appointment, reason: str) -> None:
    """What spoke of the visit as one to come is skipped, a new time of it too: it has taken place, or never will."""
    withdraw(appointment, reason)
    rows.skip(rows.waiting().filter(appointment=appointment, kind=Kind.MOVED), reason)


def withdraw_patient(patient: Patient, reason: str) -> None:
    """Nothing more is sent to the patient, nor to companions about the patient."""
    rows.skip(rows.waiting().filter(patient=patient), reason)


def _to_come(series: Series, *statuses: str) -> list[Appointment]:
    return list(
        series.appointments.filter(status__in=statuses, starts__gt=clock.now())
        .select_related("site", "patient", "protocol_version")
        .order_by("starts")
    )


def _site_of(patient: Patient) -> Site | None:
    """Where the patient comes: the site of the next visit, else the first of the patient's sites."""
    visit = patient.appointments.blocking().order_by("starts").select_related("site").first()
    return visit.site if visit is not None else patient.sites.order_by("name").first()


def _remind(visits: Sequence[Appointment]) -> None:
    rows.write_all(_reminders_of(visits))


def _reminders_of(visits: Sequence[Appointment]) -> list[Message]:
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
        for due in reminders.dues_of(visits, clock.now())
    ]


def _about_visit(
    appointment: Appointment,
    kind: Message.Kind,
    *,
    concerns: datetime,
    not_after: datetime,
    context: dict[str, Any] | None = None,
) -> None:
    """News of one visit. `concerns`: the time that it is about, which decides whether it can wait for the morning."""
    rows.write(
        rows.to_patient(
            appointment.patient,
            appointment.site,
            kind,
            appointment=appointment,
            version=appointment.version,
            context=context or {},
            due_at=hours.soonest(appointment.site, clock.now(), channel_for(appointment.patient), concerns),
            not_after=not_after,
        )
    )
    nudge.after_commit()


def _about_series(
    series: Series,
    kind: Message.Kind,
    *,
    not_after: datetime | None,
    concerns: datetime | None = None,
    context: dict[str, Any] | None = None,
) -> None:
    """News of a whole series, bound to the series' version."""
    rows.write(_of_series(series, kind, not_after=not_after, concerns=concerns, context=context))
    nudge.after_commit()


def _of_series(
    series: Series,
    kind: Message.Kind,
    *,
    not_after: datetime | None,
    concerns: datetime | None = None,
    context: dict[str, Any] | None = None,
) -> Message:
    return rows.to_patient(
        series.patient,
        series.site,
        kind,
        series=series,
        version=series.version,
        context=context or {},
        due_at=hours.soonest(series.site, clock.now(), channel_for(series.patient), concerns),
        not_after=not_after,
    )


def _close(series: Series, kind: Message.Kind, reason: str) -> None:
    """The series' visits to come were called off: withdraw what was to be sent, and tell those dates."""
    now = clock.now()
    rows.skip(rows.waiting().filter(series=series), reason)
    told = set(
        Message.objects.filter(appointment__series=series, kind=Kind.CANCELLED).values_list("appointment_id", flat=True)
    )
    called_off = [visit for visit in _to_come(series, Status.CANCELLED) if visit.pk not in told]
    for visit in called_off:
        _retire(visit, reason)
    _about_series(
        series,
        kind,
        context={"cancelled": [str(visit.pk) for visit in called_off]},
        concerns=called_off[0].starts if called_off else None,
        not_after=now + NEWS_LASTS,
    )


def _retire(appointment: Appointment, reason: str) -> None:
    """Skip whatever is still to be sent to the patient about the visit as it was."""
    rows.skip(rows.waiting().filter(appointment=appointment, recipient=Message.Recipient.PATIENT), reason)


def _time_known(appointment: Appointment, old_starts: datetime) -> datetime:
    """The start that the patient knows of: that of before the first move which has not been told yet."""
    untold = rows.waiting().filter(appointment=appointment, kind=Kind.MOVED).order_by("version").first()
    return datetime.fromisoformat(untold.context["old_starts"]) if untold is not None else old_starts


def _to_companion(ride: Ride, contact: Contact, waiting: rows.Rows) -> rows.Rows:
    return waiting.filter(
        appointment=ride.appointment, contact=contact, kind__in=[Kind.COMPANION_NAMED, Kind.COMPANION_CANCELLED]
    )


def _to_contact(ride: Ride, contact: Contact, kind: Message.Kind, *, not_after: datetime) -> None:
    visit = ride.appointment
    row = rows.to_contact(
        contact,
        visit,
        kind,
        version=ride.version,
        due_at=hours.soonest(visit.site, clock.now(), channel_for(contact), visit.starts),
        not_after=not_after,
    )
    row.carried_by = rows.lead_for(row)
    rows.write(row)
    nudge.after_commit()
