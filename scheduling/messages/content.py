"""What a message says, as plain values in the language that is active: made from its subject as it is now, nothing
clinical (promise 8).

Made afresh for each delivery, so that a message never tells what was true when it was written and no longer is.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from clinic import clock
from patients.contact_points import show_phone
from patients.models import Channel, Contact, Patient
from scheduling.messages import changes, content_kinds, joining
from scheduling.messages.driver_words import driver_words
from scheduling.messages.look import NOT_ESSENTIAL
from scheduling.messages.routing import recipient_of
from scheduling.messages.rows import CARRIED_TOGETHER
from scheduling.messages.visit_words import preparation_words, visit_words
from scheduling.messages.wording import own_words
from scheduling.models import Appointment, Message, NewTime, Ride
from scheduling.preparation import begins

Kind, State = Message.Kind, Message.State
Status, Mode = Appointment.Status, Appointment.Mode

#: Kinds that speak of all visits of a series to come.
OF_A_SERIES = {
    Kind.BOOKED: (Status.BOOKED,),
    Kind.HELD: (Status.PROPOSED,),
    Kind.BOOSTERS_CHANGED: (Status.BOOKED,),
    Kind.STOPPED: (),
    Kind.RELEASED: (),
    Kind.DATES_OFFERED: (),
}
#: Kinds after which the patient knows how to prepare: a visit without such a message to come is prepared for in this
#: one.
ANNOUNCING = (
    *(Kind.BOOKED, Kind.CONSULT_BOOKED, Kind.MOVED, Kind.BOOSTERS_CHANGED, Kind.REMINDER),
    joining.TOGETHER,
)
#: So long before a preparation begins it has to be told; later it is told at once.
ENOUGH = timedelta(hours=2)
#: States in which a message has told, or will tell, what it is for.
TELLS = (State.DUE, State.SENDING, State.SENT, State.PERSON)


@dataclass(frozen=True, slots=True)
class Content:
    """What the templates print (`words`), and the visits that the message speaks of, cancelled ones included."""

    words: dict[str, Any]
    visits: tuple[Appointment, ...]
    #: Whose template prints it: the message's kind, or that of several changes told as one.
    template: str


def content_of(message: Message, carried: Sequence[Message] = ()) -> Content:
    """The content of the message, telling what `carried` tell as well. Needs `site`, `patient` and `contact` loaded."""
    if carried and message.kind in changes.KINDS:
        return content_about(message, _visits_of_all([message, *carried]), carried)
    return content_about(message, _visits(message, carried), joined=carried)


def content_about(
    message: Message,
    visits: Sequence[Appointment],
    several: Sequence[Message] = (),
    joined: Sequence[Message] = (),
) -> Content:
    """The content of a message that speaks of `visits`, as these are loaded: `site`, `patient`, `ride__companion` and
    `protocol_version` with its texts. `several`: other changes of dates that are told with it; `joined`: other dues of
    the day.
    """
    told = joining.told_of([message, *joined])
    kind: str = Kind.BOOSTERS_CHANGED if several else message.kind
    if message.kind in joining.LEADS:
        kind = joining.template_of([message, *joined], told)
    spoken = message.channel not in {Channel.MAIL, Channel.PAPER, Channel.TEXT}
    words = _common(message) | {
        "spoken": spoken,
        # Only these are read by nobody else, or said to the right person: the others lead to the page.
        "openly": spoken or message.channel == Channel.PAPER,
        "visits": [visit_words(visit) for visit in visits],
        "first": visit_words(visits[0]) if visits else None,
        "several": len(visits) > 1,
        "is_today": bool(visits) and told.get(visits[0].pk) == Kind.TODAY,
        "in_person": any(visit.mode == Mode.IN_PERSON for visit in visits),
        "by_phone": any(visit.mode == Mode.PHONE for visit in visits),
        "by_video": any(visit.mode == Mode.VIDEO for visit in visits),
        "asks_score": any(row.kind == Kind.SCORE_ASKED for row in [message, *joined]),
        "optional": all(row.kind in NOT_ESSENTIAL for row in [message, *joined]),
    }
    words |= _ride(visits)
    if kind == Kind.BOOSTERS_CHANGED:
        asked = NewTime.objects.filter(appointment__in=visits, version=F("appointment__version"), confirmed_at=None)
        words["to_confirm"] = asked.exists()
    now = {key for key, of_visit in told.items() if of_visit in {Kind.PREPARE, Kind.TODAY}}
    if kind in ANNOUNCING:
        words |= _preparation_now(visits, now)
    elif now:
        words |= preparation_words([visit for visit in visits if visit.pk in now])
    if several:
        gone = content_kinds.several_changes([message, *several], visits, words)
    else:
        gone = content_kinds.add(kind, message, words)
    if message.kind in CARRIED_TOGETHER:
        words |= driver_words([message, *joined], visits)
    if kind in {message.kind, joining.TOGETHER}:
        words |= own_words(message, words)
    return Content(words, (*visits, *gone), kind)


def _common(message: Message) -> dict[str, Any]:
    site, patient, person = message.site, message.patient, recipient_of(message)
    full_name = person.name if person is not None else ""
    return {
        "language": message.language,
        "clinic": site.neutral_name,
        "address": site.one_line_address,
        # With no-break spaces: a number is not to be torn apart at the end of a line.
        "phone": show_phone(site.phone, site.country).replace(" ", "\u00a0"),
        "emergency": site.emergency_phone,
        "full_name": full_name,
        "name": person.given_name if isinstance(person, Patient) else full_name,
        "patient_name": patient.given_name if patient is not None else "",
        # Somebody who is told in the patient's stead: "you" in the texts is then the patient.
        "in_stead": isinstance(person, Contact) and message.recipient == Message.Recipient.PATIENT,
    }


def _visits(message: Message, carried: Sequence[Message]) -> list[Appointment]:
    """The visits that the message is about and that still take place, soonest first."""
    wanted = _loaded(Appointment.objects.all())
    if message.kind in OF_A_SERIES:
        statuses = OF_A_SERIES[Kind(message.kind)]
        found = wanted.filter(series_id=message.series_id, status__in=statuses, starts__gt=clock.now())
        return list(found.order_by("starts"))
    if message.kind == Kind.CANCELLED:
        return _others_of_series(message)
    if message.kind in {Kind.AFTERCARE, Kind.FOLLOW_UP}:
        told = joining.told_of(carried)
        found = _others_of_series(message)
        return [visit for visit in found if visit.pk in told] or found[:1]
    rows = [row for row in [message, *carried] if row.kind != Kind.SCORE_ASKED]
    keys = {row.appointment_id for row in rows if row.appointment_id is not None}
    return list(wanted.filter(pk__in=keys).order_by("starts"))


def _loaded(visits: Any) -> Any:
    return visits.select_related("site", "patient", "protocol_version", "ride__companion").prefetch_related(
        "protocol_version__texts"
    )


def _others_of_series(message: Message) -> list[Appointment]:
    visit = message.appointment
    if visit is None or visit.series_id is None:
        return []
    return list(
        _loaded(Appointment.objects.filter(series_id=visit.series_id, status=Status.BOOKED, starts__gt=clock.now()))
        .exclude(pk=visit.pk)
        .order_by("starts")
    )


def _ride(visits: Sequence[Appointment]) -> dict[str, Any]:
    """Who drives: `drivers` are those named so far, `ride_open` says that for one visit at least nobody is."""
    rides = [(visit, getattr(visit, "ride", None)) for visit in visits if visit.protocol_version.needs_ride]
    wanted = [(visit, ride) for visit, ride in rides if ride is None or ride.status != Ride.Status.WAIVED]
    named = [
        ride.companion.name
        for _visit, ride in wanted
        if ride is not None and ride.status in Ride.SETTLED and ride.companion is not None
    ]
    return {
        "needs_ride": bool(wanted),
        "several_rides": len(wanted) > 1,
        "drivers": get_text_list(list(dict.fromkeys(named)), _("and")),
        "ride_open": len(named) < len(wanted),
    }


def _preparation_now(visits: Sequence[Appointment], now: Collection[UUID] = ()) -> dict[str, Any]:
    """Preparation for the visits of `now` (ids), whose own message about it this one is, and for those whose own does
    not come in time any more: a reminder on the day tells too late when to stop eating.
    """
    rows = Message.objects.filter(
        appointment__in=visits,
        kind__in=[Kind.PREPARE, Kind.TODAY],
        recipient=Message.Recipient.PATIENT,
        state__in=TELLS,
    ).values_list("appointment_id", "version", "due_at")
    at: dict[tuple[UUID | None, int], datetime] = {}
    for key, version, due_at in rows:
        at[key, version] = min(due_at, at.get((key, version), due_at))
    untold = [
        visit
        for visit in visits
        if visit.pk in now or at.get((visit.pk, visit.version), visit.starts) > begins(visit) - ENOUGH
    ]
    words = preparation_words(untold) if untold else {}
    return words | {
        "soon": visit_words(untold[0]) if len(untold) == 1 else None,
        "told_later": len(untold) < len(visits),
        "told_partly": bool(untold),
    }


def _visits_of_all(messages: Sequence[Message]) -> list[Appointment]:
    """The visits to come of every series, and the single visits, that several changes speak of, soonest first."""
    series = {row.series_id or (row.appointment.series_id if row.appointment else None) for row in messages} - {None}
    single = {row.appointment_id for row in messages}
    found = _loaded(Appointment.objects.filter(Q(series__in=series) | Q(pk__in=single)))
    return list(found.filter(status=Status.BOOKED, starts__gt=clock.now()).order_by("starts"))
