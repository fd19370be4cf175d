"""Who drives the patient home: naming, agreeing, declining, waiving (promise 3: nobody goes home alone).

The companion is told through the ledger, in the same transaction. Each action locks the patient before it looks, and
doing a thing twice is the same as doing it once: no second message goes out.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused, WrongStatus
from clinic.models import StaffMember
from clinic.permissions import Permission
from patients.models import Contact
from scheduling import ride_status
from scheduling.actions.new_driver import save_driver
from scheduling.messages import ledger, links, rows
from scheduling.models import Appointment, Message, Ride
from scheduling.selectors.drivers import why_not
from scheduling.when import day_words

S = Ride.Status


@action
def name_companion(
    *, by: Actor, appointments: Sequence[Appointment], companion: Contact, confirmed: bool = False
) -> list[Ride]:
    """Name who drives home from each of these visits of one patient; `confirmed`: the companion has said yes already.

    All visits or none. The companion is told (unless they may not be), and one who was named before is told that they
    are no longer needed. Raises Refused (no visit, a visit that is over, a contact who is not an adult or may not
    drive, somebody treated that day or the day before) and NotAllowed.
    """
    if not appointments:
        raise Refused(_("Choose at least one visit. Nothing was changed."), field="appointments")
    patient_id = appointments[0].patient_id
    _check_person(by, appointments[0])
    locks.take([locks.patient(patient_id)])
    visits = list(
        Appointment.objects.filter(pk__in=[visit.pk for visit in appointments], patient_id=patient_id)
        .select_related("site", "patient", "protocol_version")
        .order_by("starts")
    )
    if len(visits) != len({visit.pk for visit in appointments}) or companion.patient_id != patient_id:
        raise Refused(_("These visits and this person do not belong to one patient. Nothing was changed."))
    for visit in visits:
        _check_to_come(by, visit)
    companion.refresh_from_db()
    against = why_not(companion, visits)
    if against:
        raise Refused(against, field="companion")
    return [_name(ensure_ride(visit), companion, S.CONFIRMED if confirmed else S.NAMED) for visit in visits]


@action
def name_new_companion(
    *,
    by: Actor,
    appointments: Sequence[Appointment],
    name: str,
    relationship: str = "",
    phone: str = "",
    email: str = "",
    is_adult: bool,
    confirmed: bool = False,
) -> list[Ride]:
    """Save a new contact who drives and may be told of the visits, and name them; nobody is saved twice.

    Raises whatever `save_driver` and `name_companion` refuse.
    """
    if not appointments:
        raise Refused(_("Choose at least one visit. Nothing was changed."), field="appointments")
    _check_person(by, appointments[0])
    companion = save_driver(
        by=by,
        patient=appointments[0].patient,
        name=name,
        relationship=relationship,
        phone=phone,
        email=email,
        is_adult=is_adult,
    )
    return name_companion(by=by, appointments=appointments, companion=companion, confirmed=confirmed)


@action
def confirm_ride(*, by: Actor, ride: Ride) -> Ride:
    """The companion drives: said by the companion, or by the patient or the desk for them.

    Raises Refused when nobody is named, the visit is over or the companion may no longer drive, and NotAllowed for
    somebody else's ride.
    """
    ride = _locked(by, ride)
    if ride.companion is None:
        raise WrongStatus(_("Nobody is named for this visit yet. Name who drives first."))
    if ride.status == S.CONFIRMED:
        return ride
    against = why_not(ride.companion, [ride.appointment])
    if against:
        raise Refused(against)
    ride_status.move(ride, S.CONFIRMED, companion=ride.companion)
    return ride


@action
def decline_ride(*, by: Actor, ride: Ride) -> Ride:
    """The companion cannot drive: the visit needs somebody else. Who declined stays written until another is named.

    Raises Refused when nobody is named or the visit is over, and NotAllowed for somebody else's ride.
    """
    ride = _locked(by, ride)
    if ride.status == S.DECLINED:
        return ride
    if ride.companion is None:
        raise WrongStatus(_("Nobody is named for this visit, so there is nothing to decline."))
    ride_status.move(ride, S.DECLINED, companion=ride.companion)
    ledger.announce_driver_lost(ride)
    return ride


@action
def wrong_person(*, by: Actor, contact: Contact) -> None:
    """A message reached somebody else than the companion: nothing more goes there, and rides to come are open again.

    Raises NotAllowed when a companion speaks for another contact.
    """
    if by.kind == "companion" and by.id != str(contact.pk):
        raise NotAllowed(_("This page is not yours."))
    locks.take([locks.patient(contact.patient_id)])
    contact.refresh_from_db()
    if contact.stopped_at is None:
        contact.stopped_at, contact.stopped_way = clock.now(), contact.way_reached
        contact.save(update_fields=["stopped_at", "stopped_way"])
    links.revoke(contact=contact)
    rows.skip(rows.waiting().filter(contact=contact), "the address is that of somebody else")
    to_come = Ride.objects.filter(
        companion=contact,
        status__in=[S.NAMED, S.CONFIRMED, S.DECLINED],
        appointment__status__in=Appointment.BLOCKING,
    ).select_related("appointment__site", "appointment__patient")
    for ride in to_come:
        ride_status.move(ride, S.NEEDED, companion=None)
        ledger.announce_driver_lost(ride)


@action
def waive_ride(*, by: Actor, appointment: Appointment, reason: str) -> Ride:
    """A doctor decides that this visit needs no companion, and says why. Whoever was named is told.

    Raises NotAllowed for anybody but a doctor, Refused without a reason or when the visit is over.
    """
    doctor = _doctor(by)
    if not reason.strip():
        raise Refused(_("Say why the ride is waived; it is kept with the visit."), field="reason")
    locks.take([locks.patient(appointment.patient_id)])
    visit = Appointment.objects.select_related("site", "patient", "protocol_version").get(pk=appointment.pk)
    _check_to_come(by, visit)
    ride = ensure_ride(visit)
    if ride.status == S.WAIVED:
        return ride
    before, has_agreed = ride.companion if ride.status in Ride.SETTLED else None, ride.status == S.CONFIRMED
    ride_status.move(ride, S.WAIVED, companion=None, waived_by=doctor, waiver_reason=reason.strip())
    if before is not None:
        ledger.announce_companion_released(ride, before, has_agreed=has_agreed)
    return ride


def ensure_ride(appointment: Appointment) -> Ride:
    """The ride of a visit, made as "nobody named yet" where there is none. For actions, inside their transaction."""
    existing = Ride.objects.select_related("companion").filter(appointment=appointment).first()
    if existing is not None:
        existing.appointment = appointment
        return existing
    try:
        with transaction.atomic():
            return Ride.objects.create(appointment=appointment, changed_at=clock.now())
    except IntegrityError:
        # An action that does not lock the patient was quicker; its row is the ride.
        return Ride.objects.select_related("companion").get(appointment=appointment)


def visit_moved(appointment: Appointment) -> None:
    """The visit has another time: who drives has to agree anew, and is told. For actions, after the move."""
    ride = Ride.objects.select_related("companion", "appointment__site").filter(appointment=appointment).first()
    if ride is None or ride.companion is None or ride.status not in Ride.SETTLED:
        return
    if why_not(ride.companion, [ride.appointment]):
        _release(ride, [ride.appointment.starts])
        return
    ride_status.move(ride, S.NAMED, companion=ride.companion)
    if ride.companion.may_be_told:
        ledger.announce_companion(ride, settles=[ride.appointment.starts])


def visits_cancelled(appointments: Sequence[Appointment]) -> None:
    """The visits do not take place: whoever was to drive is told. For actions, after they cancelled the visits."""
    settled = Ride.objects.filter(appointment__in=appointments, status__in=Ride.SETTLED, companion__isnull=False)
    with_whom = settled.select_related("companion", "appointment__site", "appointment__patient")
    found = list(with_whom.order_by("appointment__starts"))
    times: dict[UUID | None, list[datetime]] = {}
    for ride in found:
        times.setdefault(ride.companion_id, []).append(ride.appointment.starts)
    for ride in found:
        _release(ride, times[ride.companion_id])


def _release(ride: Ride, settles: Sequence[datetime]) -> None:
    """Whoever was to drive is not needed any more, and is told; nobody is named then. `settles`: as in the ledger."""
    before, has_agreed = ride.companion, ride.status == S.CONFIRMED
    ride_status.move(ride, S.NEEDED, companion=None)
    if before is not None:
        ledger.announce_companion_released(ride, before, has_agreed=has_agreed, settles=settles)


def picked_up(appointment: Appointment, companion: Contact) -> Ride:
    """The patient was handed to `companion` at the door. For the discharge, inside its transaction and locks.

    Raises Refused when that person is not an adult contact of the patient's.
    """
    if companion.patient_id != appointment.patient_id or not companion.is_adult:
        raise Refused(_("The patient can only be handed to an adult who is among the contacts."), field="handed_to")
    ride = ensure_ride(appointment)
    ride_status.move(ride, S.PICKED_UP, companion=companion)
    return ride


def _name(ride: Ride, companion: Contact, to: Ride.Status) -> Ride:
    """Move one ride to its companion, telling the new one and the one before."""
    same = ride.companion_id == companion.pk and ride.status in Ride.SETTLED
    if same and (ride.status == to or ride.status == S.CONFIRMED):
        return ride
    before = ride.companion if ride.status in Ride.SETTLED and not same else None
    has_agreed = ride.status == S.CONFIRMED
    ride_status.move(ride, to, companion=companion)
    if before is not None:
        ledger.announce_companion_released(ride, before, has_agreed=has_agreed)
    if not same and companion.may_be_told:
        ledger.announce_companion(ride)
    # Nobody has to be called any more to ask who drives.
    asking = rows.waiting().filter(appointment=ride.appointment_id, kind=Message.Kind.RIDE_MISSING)
    rows.skip(asking, "somebody is named to drive by now")
    return ride


def _locked(by: Actor, ride: Ride) -> Ride:
    """The ride as it is now, under the patient's lock, when `by` may speak for it and the visit is to come."""
    # Whose visit it is never changes, so this may be read before the lock.
    locks.take([locks.patient(ride.appointment.patient_id)])
    fresh = Ride.objects.select_related(
        "companion", "appointment__site", "appointment__patient", "appointment__protocol_version"
    ).get(pk=ride.pk)
    if by.kind == "companion" and by.id != str(fresh.companion_id):
        raise NotAllowed(
            _("Somebody else is named for %(date)s by now, so your answer for that day was not needed.")
            % {"date": day_words(fresh.appointment.starts, fresh.appointment.site.zone)}
        )
    _check_person(by, fresh.appointment)
    _check_to_come(by, fresh.appointment)
    return fresh


def _check_person(by: Actor, appointment: Appointment) -> None:
    """A patient speaks for their own visits only."""
    if by.kind == "patient" and by.id != str(appointment.patient_id):
        raise NotAllowed(_("This visit is not yours."))


def _check_to_come(by: Actor, appointment: Appointment) -> None:
    """A visit that needs a ride and is not over. Staff may still name somebody while the visit runs late."""
    when = day_words(appointment.starts, appointment.site.zone)
    if not appointment.protocol_version.needs_ride:
        raise Refused(_("Nobody has to drive after the visit on %(date)s.") % {"date": when})
    over = appointment.status not in Appointment.BLOCKING
    if over or (by.kind in {"patient", "companion"} and appointment.ends <= clock.now()):
        raise Refused(_("The visit on %(date)s is over or was cancelled. Nothing was changed.") % {"date": when})


def _doctor(by: Actor) -> StaffMember:
    staff = by.staff_member
    if staff is None or not by.may(Permission.WAIVE_RIDE):
        raise NotAllowed(_("Only a doctor can waive the ride home."))
    return staff
