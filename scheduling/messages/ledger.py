"""The ledger: what is to be told to whom, written as rows in the transaction that gives cause for it (promise 2).

Called by actions, inside their transaction. Nothing is sent from here; what must not happen twice is kept from it by
the constraint `message_once`. Texts are made when a row is delivered, from the subject as it is then
(scheduling/messages/content.py).
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from clinic import clock
from clinic.models import Site
from patients.models import Channel, Clearance, Contact, Patient
from scheduling.messages import changes, hours, news, nudge, reminders, rows
from scheduling.messages.changes import (
    NEWS_LASTS,
    announce_boosters,
    announce_cancelled,
    announce_moved,
    announce_released,
    announce_stopped,
)
from scheduling.messages.earlier import announce_offer_over, announce_offered, withdraw_offered
from scheduling.messages.routing import channel_for
from scheduling.models import Appointment, Message, Ride, Series
from scheduling.preparation import begins

__all__ = [
    "announce_booked",
    "announce_boosters",
    "announce_cancelled",
    "announce_clearance",
    "announce_companion",
    "announce_companion_released",
    "announce_consult",
    "announce_discharged",
    "announce_driver_lost",
    "announce_follow_up",
    "announce_held",
    "announce_left_alone",
    "announce_moved",
    "announce_offer_over",
    "announce_offered",
    "announce_pick_up",
    "announce_released",
    "announce_stopped",
    "schedule_reminders",
    "visit_over",
    "withdraw",
    "withdraw_offered",
    "withdraw_patient",
]

Kind, State = Message.Kind, Message.State
Status = Appointment.Status

#: A pick-up time is still worth telling this long after it: most stay a little longer.
PICK_UP_LASTS = timedelta(hours=1)
#: Days in which a patient is still called and asked how they are.
FOLLOW_UP_LASTS = timedelta(days=3)


def announce_booked(series: Series, visits: Sequence[Appointment] | None = None) -> None:
    """All dates of a series, one message; and the reminders of each. `visits`: its booked ones to come, in order of
    time, where the caller has them at hand.
    """
    to_come = visits if visits is not None else news.visits_to_come(series, Status.BOOKED)
    if not to_come:
        return
    booked = news.of_series(series, Kind.BOOKED, concerns=begins(to_come[0]), not_after=to_come[-1].starts)
    rows.write_all([booked, *news.reminders_of(to_come)])
    nudge.after_commit()


def announce_held(series: Series) -> None:
    """The dates are held until `series.held_until`, while a doctor decides. No reminders yet."""
    news.about_series(series, Kind.HELD, not_after=series.held_until)


def announce_consult(appointment: Appointment) -> None:
    """A consult is booked; and its reminders."""
    news.about_visit(appointment, Kind.CONSULT_BOOKED, concerns=begins(appointment), not_after=appointment.starts)
    news.remind([appointment])


def announce_companion(ride: Ride, *, settles: Sequence[datetime] = ()) -> None:
    """To the companion named: the date, the place, when to be there. Several dates named together make one message.

    `settles`: the times (UTC) of the visits that were moved, so that it waits as a change of these does
    (scheduling/messages/changes.py).
    """
    contact = ride.companion
    if contact is None or not contact.may_be_told:
        return
    visit = ride.appointment
    rows.skip(_to_companion(ride, contact, rows.waiting()), "a newer message tells it")
    _to_contact(ride, contact, Kind.COMPANION_NAMED, not_after=visit.ends, settles=settles)


def announce_companion_released(
    ride: Ride, contact: Contact, *, has_agreed: bool = False, settles: Sequence[datetime] = ()
) -> None:
    """To a companion who was named: no longer needed. Who had not heard of the date yet is told nothing.

    `has_agreed`: they had said yes to it, and so know of it without any message. `settles`: the times (UTC) of the
    visits that were moved or cancelled: where one is near, all are told at once.
    """
    rows.skip(_to_companion(ride, contact, rows.waiting()), "no longer needed as the driver")
    # One that a clerk took out of the queue was told in another way, for all that is known here.
    told = Message.objects.filter(appointment=ride.appointment, contact=contact, kind=Kind.COMPANION_NAMED).exclude(
        state=State.SKIPPED, done_by=None
    )
    if contact.may_be_told and (has_agreed or told.exists()):
        _to_contact(ride, contact, Kind.COMPANION_CANCELLED, not_after=ride.appointment.ends, settles=settles)


def announce_driver_lost(ride: Ride) -> None:
    """Who was named cannot drive after all: the patient is asked again who does. Several dates declined together are
    one message, as several changes are. Who is only called is called as the day comes near.
    """
    visit = ride.appointment
    channel = channel_for(visit.patient)
    if visit.status != Status.BOOKED or channel in {Channel.CALL, Channel.PAPER}:
        return
    row = rows.to_patient(
        visit.patient,
        visit.site,
        Kind.RIDE_MISSING,
        appointment=visit,
        version=visit.version,
        due_at=changes.due_at(visit.site, channel, [visit.starts]),
        not_after=visit.starts,
    )
    before = row.same_by(channel).select_for_update(of=("self",)).first()
    if before is None:
        rows.write(row)
    elif before.state in {State.SENT, State.SKIPPED, State.FAILED}:
        # A new question beside the earlier one.
        before.message_id = row.message_id
        rows.due_again(before, row.due_at)
    elif before.state == State.DUE and row.due_at < before.due_at:
        rows.due_again(before, row.due_at)


def announce_pick_up(appointment: Appointment, ready_at: datetime) -> None:
    """Recovery has begun: whoever drives hears when (UTC) the patient is expected to be ready, at once and once."""
    ride = Ride.objects.select_related("companion").filter(appointment=appointment, status__in=Ride.SETTLED).first()
    if ride is None or ride.companion is None or not ride.companion.may_be_told:
        return
    row = rows.to_contact(
        ride.companion,
        appointment,
        Kind.PICK_UP,
        version=ride.version,
        due_at=clock.now(),
        not_after=ready_at + PICK_UP_LASTS,
    )
    row.context = {"ready_at": ready_at.isoformat()}
    rows.write(row)
    nudge.after_commit()


def announce_clearance(clearance: Clearance, *, untold: bool = False) -> None:
    """A doctor has decided. What was decided is on no message; a "no" is told by a person, in a call. `untold`: nobody
    is told of this one, and what was to be told of an earlier one is out of date.
    """
    patient = clearance.patient
    site = _site_of(patient)
    if site is None:
        return
    rows.skip(rows.waiting().filter(patient=patient, kind=Kind.NEWS), "a newer decision tells it")
    if untold:
        return
    now = clock.now()
    by_person = not clearance.is_yes and bool(patient.phone)
    channel = Channel.CALL if by_person else channel_for(patient)
    row = rows.to_patient(
        patient,
        site,
        Kind.NEWS,
        channel=channel,
        version=Clearance.objects.filter(patient=patient).count(),
        context={"clearance": str(clearance.pk), **({"fixed": True} if by_person else {})},
        due_at=hours.soonest(site, now, channel),
        not_after=now + NEWS_LASTS,
    )
    if not clearance.is_yes:
        # Told after a date on which nobody is to come any more, it comes too late.
        kept = Appointment.objects.filter(patient=patient, status=Status.PROPOSED, starts__gt=now)
        rows.speaks_of(row, *kept.order_by("starts").values_list("starts", flat=True)[:1])
    rows.write(row)


def announce_discharged(appointment: Appointment) -> None:
    """What to do after the visit, as soon as the patient has left; worth sending on that day only. And what the
    protocol asks some days later.
    """
    news.about_visit(
        appointment,
        Kind.AFTERCARE,
        concerns=clock.now(),
        not_after=hours.end_of_day(clock.now(), appointment.site.zone),
    )
    news.follow(appointment)


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
    news.remind([appointment])


def withdraw(appointment: Appointment, reason: str) -> None:
    """What is still to be sent ahead of the visit is skipped, with the reason (shown to staff)."""
    rows.skip(rows.waiting().filter(appointment=appointment, kind__in=[*reminders.BEFORE, Kind.CONSULT_BOOKED]), reason)


def visit_over(appointment: Appointment, reason: str) -> None:
    """What spoke of the visit as one to come is skipped, a new time of it too: it has taken place, or never will."""
    withdraw(appointment, reason)
    rows.skip(rows.waiting().filter(appointment=appointment, kind=Kind.MOVED), reason)


def withdraw_patient(patient: Patient, reason: str) -> None:
    """Nothing more is sent to the patient, nor to companions about the patient."""
    rows.skip(rows.waiting().filter(patient=patient), reason)


def _site_of(patient: Patient) -> Site | None:
    """Where the patient comes: the site of the next visit, else the first of the patient's sites."""
    visit = patient.appointments.blocking().order_by("starts").select_related("site").first()
    return visit.site if visit is not None else patient.sites.order_by("name").first()


def _to_companion(ride: Ride, contact: Contact, waiting: rows.Rows) -> rows.Rows:
    return waiting.filter(
        appointment=ride.appointment, contact=contact, kind__in=[Kind.COMPANION_NAMED, Kind.COMPANION_CANCELLED]
    )


def _to_contact(
    ride: Ride, contact: Contact, kind: Message.Kind, *, not_after: datetime, settles: Sequence[datetime]
) -> None:
    visit, channel = ride.appointment, channel_for(contact)
    at_once = hours.soonest(visit.site, clock.now(), channel, visit.starts)
    row = rows.to_contact(
        contact,
        visit,
        kind,
        version=ride.version,
        due_at=changes.due_at(visit.site, channel, settles) if settles else at_once,
        not_after=not_after,
    )
    # What is told of the time, so that a later message can say what of it no longer holds.
    row.context = {"ends": visit.ends.isoformat()}
    row.carried_by = rows.lead_for(row)
    rows.write(row)
    nudge.after_commit()
