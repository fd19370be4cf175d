"""What single kinds of message say beyond the visits to come: times that are no longer true, offers, decisions, what to
do afterwards. Each adds to the words of scheduling/messages/content.py, and returns the visits that do not take place
any more, for the calendar file.
"""

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from datetime import datetime
from typing import Any
from uuid import UUID

from clinic import clock
from patients.models import Clearance
from scheduling.messages.visit_words import preparation_words, when_words
from scheduling.models import Appointment, Invitation, Message, ProposedBooster, Series
from scheduling.preparation import preparation_for
from scheduling.when import day_words, time_words, zone_words

Kind = Message.Kind


def add(kind: str, message: Message, words: dict[str, Any]) -> Iterable[Appointment]:
    """Add what the kind says to `words`."""
    return _ADDS[Kind(kind)](message, words) if kind in _ADDS else ()


def several_changes(
    messages: Sequence[Message], visits: Sequence[Appointment], words: dict[str, Any]
) -> Iterable[Appointment]:
    """Every time that the patient knew and that no visit has any more; returns the visits called off."""
    times: set[datetime] = set()
    gone: list[str] = []
    for row in messages:
        if row.kind in {Kind.MOVED, Kind.CANCELLED}:
            times.add(datetime.fromisoformat(row.context["old_starts"]))
            gone += [str(row.appointment_id)] if row.kind == Kind.CANCELLED else []
        else:
            times |= _times_before(row)
            gone += row.context["cancelled"]
    still = {visit.starts for visit in visits}
    words["gone"] = [when_words(moment, messages[0].site.zone) for moment in sorted(times - still)]
    return _by_ids(gone)


def _times_before(message: Message) -> set[datetime]:
    """The times that the patient knew of visits of a series that were moved or called off."""
    known = message.context.get("known", {})
    times = {datetime.fromisoformat(old) for _visit, old in message.context.get("moved", ())}
    for visit in _by_ids(message.context["cancelled"]):
        times.add(datetime.fromisoformat(known[str(visit.pk)]) if str(visit.pk) in known else visit.starts)
    return times


def _cancelled(message: Message, words: dict[str, Any]) -> Iterable[Appointment]:
    _old(message, words)
    return [message.appointment] if message.appointment is not None else []


def _old(message: Message, words: dict[str, Any]) -> Iterable[Appointment]:
    """The time that the patient knew of."""
    old = datetime.fromisoformat(message.context["old_starts"])
    words["old"] = when_words(old, message.site.zone)
    words["old_day"] = day_words(old, message.site.zone)
    return ()


def _held(message: Message, words: dict[str, Any]) -> Iterable[Appointment]:
    until = message.series.held_until if message.series is not None else None
    words["held_until"] = when_words(until, message.site.zone) if until is not None else ""
    return ()


def _called_off(message: Message, words: dict[str, Any]) -> Iterable[Appointment]:
    zone = message.site.zone
    words["gone"] = [when_words(moment, zone) for moment in sorted(_times_before(message))]
    return _by_ids(message.context.get("cancelled", []))


def _offer(message: Message, words: dict[str, Any]) -> Iterable[Appointment]:
    """The time offered, until when to answer, and how to prepare for it."""
    invitation = Invitation.objects.select_related("offer").get(pk=message.context["invitation"])
    zone, visit = message.site.zone, message.appointment
    starts = invitation.offer.first_start
    words["offered"] = when_words(starts, zone)
    words["offered_day"] = day_words(starts, zone)
    words["answer_by"] = when_words(invitation.offer.expires_at, zone)
    if visit is not None:
        sooner = copy(visit)
        sooner.starts, sooner.ends = starts, starts + (visit.ends - visit.starts)
        words |= preparation_words([sooner])
    return ()


def _dates_offered(message: Message, words: dict[str, Any]) -> Iterable[Appointment]:
    """The dates that wait for a yes or a no."""
    waiting = ProposedBooster.objects.filter(pk__in=message.context["proposed"], status=ProposedBooster.Status.OFFERED)
    words["offered"] = [when_words(one.starts, message.site.zone) for one in waiting]
    return ()


def _pick_up(message: Message, words: dict[str, Any]) -> Iterable[Appointment]:
    """When the patient is expected to be ready."""
    ready, zone = datetime.fromisoformat(message.context["ready_at"]), message.site.zone
    words["ready"], words["zone"] = time_words(ready, zone), zone_words(ready, zone)
    return ()


def _news(message: Message, words: dict[str, Any]) -> Iterable[Appointment]:
    decision = Clearance.objects.get(pk=message.context["clearance"])
    words["agreed"] = decision.is_yes
    on_hold = Appointment.objects.filter(
        patient=decision.patient_id,
        status=Appointment.Status.PROPOSED,
        starts__gt=clock.now(),
        series__status=Series.Status.ON_HOLD,
    )
    words["reserved"] = not decision.is_yes and on_hold.exists()
    return ()


def _aftercare(message: Message, words: dict[str, Any]) -> Iterable[Appointment]:
    visit = message.appointment
    if visit is not None:
        words["left_alone"] = bool(message.context.get("left_alone"))
        prepared = preparation_for(visit)
        words["aftercare"], words["watch_for"] = prepared.aftercare, prepared.watch_for
        words["needs_ride"] = visit.protocol_version.needs_ride
    return ()


def _by_ids(keys: Iterable[str]) -> list[Appointment]:
    found = Appointment.objects.filter(pk__in=[UUID(key) for key in keys])
    return list(found.select_related("site", "patient").order_by("starts"))


_ADDS: dict[Message.Kind, Callable[[Message, dict[str, Any]], Iterable[Appointment]]] = {
    Kind.CANCELLED: _cancelled,
    Kind.MOVED: _old,
    Kind.HELD: _held,
    Kind.STOPPED: _called_off,
    Kind.RELEASED: _called_off,
    Kind.BOOSTERS_CHANGED: _called_off,
    Kind.PICK_UP: _pick_up,
    Kind.NEWS: _news,
    Kind.AFTERCARE: _aftercare,
    Kind.FOLLOW_UP: _aftercare,
    Kind.EARLIER_OFFER: _offer,
    Kind.EARLIER_OVER: _offer,
    Kind.DATES_OFFERED: _dates_offered,
}
