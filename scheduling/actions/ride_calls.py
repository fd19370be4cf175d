"""What comes of a call about the ride home, while nobody is named: who was called, and when to call again."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused, WrongStatus
from clinic.permissions import Permission
from scheduling.actions.rides import ensure_ride
from scheduling.messages import rows
from scheduling.models import Appointment, Message, Ride
from scheduling.opening_days import next_nearer
from scheduling.selectors.opening import Opening, openings


@action
def record_ride_call(
    *, by: Actor, appointments: Sequence[Appointment], outcome: str, until: datetime | None = None, note: str = ""
) -> list[Ride]:
    """Write what came of a call about these visits of one patient (`outcome`: a Ride.Call); returns the rides.

    After "reached" nobody calls about a visit again until it is nearer by one step (opening_days.Nearness), and not at
    all once it is the day itself; otherwise again at `until` (aware; None: at once). A call that the ledger had about
    the same thing is done with this one.

    Raises Refused for an outcome that there is not or no visit, WrongStatus when a driver was found for every one of
    them meanwhile, and NotAllowed.
    """
    if not by.may(Permission.WORK_CALLS):
        raise NotAllowed("You may not work the call list.")
    if outcome not in Ride.Call.values:
        raise Refused("Choose what came of the call.", field="outcome")
    if not appointments:
        raise Refused("Choose at least one visit. Nothing was changed.", field="appointments")
    patient = appointments[0].patient_id
    locks.take([locks.patient(patient)])
    visits = list(
        Appointment.objects.blocking()
        .filter(pk__in=[visit.pk for visit in appointments], patient=patient, protocol_version__needs_ride=True)
        .select_related("site")
        .order_by("starts")
    )
    rides = [ride for ride in map(ensure_ride, visits) if ride.status in Ride.MISSING]
    if not rides:
        raise WrongStatus(_("Somebody is named to drive by now, or the visit is over. Nothing was changed."))
    now, word = clock.now(), Ride.Call(outcome)
    opening = openings({visit.site for visit in visits}, now)
    for ride in rides:
        visit = ride.appointment
        back = _when_nearer(visit, opening[visit.site_id]) if word is Ride.Call.REACHED else until
        ride.call_outcome, ride.called_at, ride.called_by = word, now, by.user
        ride.call_note = "\n".join(part for part in [ride.call_note, note.strip()] if part)
        ride.call_after = min(back, visit.ends) if back is not None and back > now else None
        ride.save(update_fields=["call_outcome", "called_at", "called_by", "call_note", "call_after"])
    if word is Ride.Call.REACHED:
        told = rows.waiting().filter(appointment__in=visits, kind=Message.Kind.RIDE_MISSING, state=Message.State.PERSON)
        told.update(state=Message.State.SENT, sent_at=now, outcome=Message.Outcome.REACHED, done_by=by.user)
    return rides


def _when_nearer(visit: Appointment, opening: Opening) -> datetime:
    """When the desk has to look at the visit again (UTC): its end, once nothing is nearer than today."""
    zone = visit.site.zone
    nearer = next_nearer(clock.today(zone), clock.local(visit.starts, zone).date(), opening.is_open)
    return clock.day_bounds(nearer, zone)[0] if nearer is not None else visit.ends
