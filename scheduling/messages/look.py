"""The second look: whether what a row says is still true, taken just before it is handed over (promise 2)."""

from collections.abc import Callable
from datetime import datetime

from patients.models import SCORES, Clearance, Observation, Screening
from patients.selectors import latest_clearance
from scheduling.models import Appointment, Invitation, Message, ProposedBooster, Ride, Series

Kind = Message.Kind
Status = Appointment.Status
#: What a visit does not need: the day before tells how to prepare, and the booking told the date.
NOT_ESSENTIAL = frozenset({Kind.REMINDER, Kind.SCORE_ASKED})


def why_skip(message: Message, now: datetime) -> str:
    """Why the message is no longer worth sending at `now`, as a phrase for staff; empty when it is.

    Needs `patient`, `contact`, `series` and `appointment__ride` loaded as they are now.
    """
    return (
        _about_people(message)
        or _not_wanted(message)
        or _BY_KIND[Kind(message.kind)](message)
        or _too_late(message, now)
    )


def _about_people(message: Message) -> str:
    patient, contact = message.patient, message.contact
    if patient is not None and patient.deceased_at is not None:
        return "the patient has died"
    if patient is not None and not patient.is_active:
        return "the patient is no longer in care"
    if contact is not None and contact.stopped_at is not None:
        return "the address belongs to somebody else"
    if contact is not None and not contact.is_active:
        return "the contact was removed"
    if contact is not None and not contact.may_be_told:
        return "the contact may no longer be told of visits"
    return ""


def _not_wanted(message: Message) -> str:
    """Who wants only what a visit needs is spared the rest."""
    spared = message.patient is not None and message.patient.essential_only and message.kind in NOT_ESSENTIAL
    return "the patient wants only what is essential" if spared else ""


def _too_late(message: Message, now: datetime) -> str:
    if message.not_after is not None and message.not_after <= now:
        return "too late to be of use"
    return ""


def _ahead_of_a_visit(message: Message) -> str:
    """For what speaks of a visit to come, at the time that it has."""
    visit = _visit(message)
    if visit.version != message.version:
        return "the visit has moved"
    if visit.status == Status.CANCELLED:
        return "the visit was cancelled"
    if visit.status == Status.PROPOSED:
        return "the visit is only held, not booked"
    if visit.status != Status.BOOKED:
        return "the visit has begun or is over"
    return ""


def _ride_missing(message: Message) -> str:
    ride = _ride(message)
    settled = ride is not None and ride.status in {*Ride.SETTLED, Ride.Status.WAIVED}
    return _ahead_of_a_visit(message) or ("somebody is named to drive by now" if settled else "")


def _moved(message: Message) -> str:
    visit = _visit(message)
    if visit.version != message.version:
        return "the visit has moved again or was cancelled"
    return "" if visit.status in {Status.BOOKED, Status.PROPOSED} else "the visit has begun or is over"


def _cancelled(message: Message) -> str:
    return "" if _visit(message).status == Status.CANCELLED else "the visit takes place after all"


def _aftercare(message: Message) -> str:
    return "" if _visit(message).status == Status.FULFILLED else "the visit is not over after all"


def _series_runs(message: Message) -> str:
    series = _series(message)
    if series.status != Series.Status.ACTIVE:
        return f"the series is {series.get_status_display()}"
    return ""


def _booked(message: Message) -> str:
    series = _series(message)
    to_come = Appointment.objects.filter(series=series, status=Status.BOOKED)
    return _series_runs(message) or ("" if to_come.exists() else "no visit of the series is to come")


def _offered(message: Message) -> str:
    """An offer is worth telling while it waits for an answer about the visit as it is."""
    invitation = _invitation(message)
    if invitation.status != Invitation.Status.OPEN:
        return f"the offer is over: {invitation.get_status_display()}"
    return "" if invitation.visit_version == _visit(message).version else "the visit has changed since"


def _offer_over(message: Message) -> str:
    over = {Invitation.Status.TAKEN, Invitation.Status.WITHDRAWN}
    return "" if _invitation(message).status in over else "the offer ended otherwise"


def _series_held(message: Message) -> str:
    return "" if _series(message).status == Series.Status.DRAFT else "the dates are no longer only held"


def _series_ended(message: Message) -> str:
    return "" if _series(message).status == Series.Status.REVOKED else "the series runs after all"


def _boosters(message: Message) -> str:
    if _series(message).version != message.version:
        return "a newer message tells all dates"
    return ""


def _companion_named(message: Message) -> str:
    visit, ride = _visit(message), _ride(message)
    if visit.status not in Appointment.BLOCKING:
        return "the visit was cancelled or is over"
    if ride is None or ride.companion_id != message.contact_id or ride.status not in Ride.SETTLED:
        return "somebody else drives, or nobody has to"
    return "" if ride.version == message.version else "a newer message tells it"


def _pick_up(message: Message) -> str:
    visit, ride = _visit(message), _ride(message)
    if visit.status != Status.ARRIVED:
        return "the patient has left, or is expected again"
    same = ride is not None and ride.companion_id == message.contact_id and ride.status in Ride.SETTLED
    return "" if same else "somebody else drives, or nobody has to"


def _companion_released(message: Message) -> str:
    visit, ride = _visit(message), _ride(message)
    again = ride is not None and ride.companion_id == message.contact_id and ride.status in Ride.SETTLED
    return "named as the driver again" if again and visit.status in Appointment.BLOCKING else ""


def _news(message: Message) -> str:
    """The newest decision counts; a yes that confirmed held dates has been told with them."""
    decision = Clearance.objects.filter(pk=message.context.get("clearance")).first()
    latest = latest_clearance(decision.patient) if decision is not None else None
    if decision is None or latest != decision:
        return "a newer decision stands"
    booked = Message.objects.filter(
        patient=message.patient, kind__in=[Kind.BOOKED, Kind.BOOSTERS_CHANGED], created_at__gte=decision.decided_at
    ).exclude(state=Message.State.SKIPPED)
    return "told with the dates that were confirmed" if decision.is_yes and booked.exists() else ""


def _score_asked(message: Message) -> str:
    """Who has answered since the treatment, or is no longer in a course, is not asked; but once as it ends."""
    visit = _visit(message)
    ended = visit.series.ended_at if visit.series is not None else None
    asked_at_the_end = ended is not None and message.created_at >= ended
    if visit.series is None or (visit.series.status != Series.Status.ACTIVE and not asked_at_the_end):
        return "the series no longer runs"
    answered = Observation.objects.filter(
        patient=visit.patient_id, measure__in=SCORES, effective_at__gt=visit.ends
    ).exists()
    return "answered meanwhile" if answered else ""


def _screening(message: Message) -> str:
    answered = Screening.objects.filter(patient=message.patient_id, answered_at__gt=message.created_at)
    return "answered meanwhile" if answered.exists() else ""


def _dates_offered(message: Message) -> str:
    waiting = ProposedBooster.objects.filter(
        pk__in=message.context.get("proposed", []), status=ProposedBooster.Status.OFFERED
    )
    return _series_runs(message) or ("" if waiting.exists() else "no date waits for an answer any more")


def _visit(message: Message) -> Appointment:
    if message.appointment is None:
        raise LookupError(f"a message of kind {message.kind} speaks of no visit")
    return message.appointment


def _series(message: Message) -> Series:
    if message.series is None:
        raise LookupError(f"a message of kind {message.kind} speaks of no series")
    return message.series


def _invitation(message: Message) -> Invitation:
    return Invitation.objects.get(pk=message.context["invitation"])


def _ride(message: Message) -> Ride | None:
    return getattr(_visit(message), "ride", None)


_BY_KIND: dict[Message.Kind, Callable[[Message], str]] = {
    Kind.BOOKED: _booked,
    Kind.HELD: _series_held,
    Kind.CONSULT_BOOKED: _ahead_of_a_visit,
    Kind.MOVED: _moved,
    Kind.CANCELLED: _cancelled,
    Kind.STOPPED: _series_ended,
    Kind.RELEASED: _series_ended,
    Kind.BOOSTERS_CHANGED: _boosters,
    Kind.REMINDER: _ahead_of_a_visit,
    Kind.PREPARE: _ahead_of_a_visit,
    Kind.TODAY: _ahead_of_a_visit,
    Kind.RIDE_MISSING: _ride_missing,
    Kind.COMPANION_NAMED: _companion_named,
    Kind.COMPANION_CANCELLED: _companion_released,
    Kind.PICK_UP: _pick_up,
    Kind.AFTERCARE: _aftercare,
    Kind.FOLLOW_UP: _aftercare,
    Kind.NEWS: _news,
    Kind.EARLIER_OFFER: _offered,
    Kind.EARLIER_OVER: _offer_over,
    Kind.SCREENING: _screening,
    Kind.SCORE_ASKED: _score_asked,
    Kind.DATES_OFFERED: _dates_offered,
}
