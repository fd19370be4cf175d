"""Dates that the patient knew are no longer true: moved, cancelled, planned anew. Each change is a row; changes made
within ten minutes are told in one message, unless a visit is near, and then at once.

The first row leads and goes out when its ten minutes are over; what follows is carried by it (`Message.carried_by`), so
a change that is taken back or overtaken leaves by itself. Of a visit that has moved to and fro nothing is told: it is
where the patient knows it to be. docs/decisions/one-message-for-several-changes.md.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from clinic import clock
from clinic.models import Site
from scheduling.messages import hours, news, nudge, rows
from scheduling.messages.news import remind, retire
from scheduling.messages.routing import channel_for
from scheduling.models import Appointment, Message, Series
from scheduling.preparation import begins, begins_for

Kind, State = Message.Kind, Message.State
Status = Appointment.Status

#: Changes made within this of the first go out as one message: a clerk who moves three visits needs no longer.
SETTLES = timedelta(minutes=10)
#: A visit this near, before the change or after it, is told of at once.
NEAR = timedelta(hours=24)
#: News without a date of its own is not worth sending after this.
NEWS_LASTS = timedelta(days=14)
#: What tells that dates have changed, and can be told together.
KINDS = (Kind.MOVED, Kind.CANCELLED, Kind.BOOSTERS_CHANGED, Kind.STOPPED, Kind.RELEASED)
#: What tells all dates of a series for the first time: until it has gone out, the patient knows none of them.
FIRST_TOLD = (Kind.BOOKED, Kind.HELD)


def announce_moved(appointment: Appointment, old_starts: datetime) -> None:
    """The visit was at `old_starts` (UTC) and has a new time. Reminders of the old one are withdrawn, new ones made.

    What is told is the difference to what the patient knows: of two moves the way from the first to the last, of a
    move there and back nothing.
    """
    known = known_start(appointment, old_starts)
    retire([appointment], "the visit has moved")
    if known is None:
        _told_with_the_booking(appointment)
    elif known != appointment.starts:
        until = max(known, appointment.starts)
        _tell(appointment, Kind.MOVED, known, concerns=[known, begins(appointment)], not_after=until)
    if appointment.status == Status.BOOKED:
        remind([appointment], told=known != appointment.starts)


def announce_cancelled(appointment: Appointment) -> None:
    """The visit does not take place; what was still to be sent about it is withdrawn.

    It is told even where the booking has not been: the patient may have heard of the date on the telephone.
    """
    known = known_start(appointment, appointment.starts) or appointment.starts
    retire([appointment], "the visit was cancelled")
    until = hours.end_of_day(known, appointment.site.zone)
    _tell(appointment, Kind.CANCELLED, known, concerns=[known], not_after=until)


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
    """The visits to come have changed: one message for all of it. `moved` pairs a visit with its old start (UTC).

    What an earlier message of this kind was still to tell goes along.
    """
    if not booked and not moved and not cancelled:
        return
    known = known_starts([*moved, *((visit, visit.starts) for visit in cancelled)])
    known |= {visit.pk: known[visit.pk] or visit.starts for visit in cancelled}
    retire([visit for visit, _old in moved], "the visit has moved")
    retire(cancelled, "the visit was cancelled")
    untold = _untold(series, [visit.pk for visit in [*booked, *cancelled]] + [visit.pk for visit, _old in moved])
    rows.skip(
        rows.waiting().filter(series=series, kind__in=[Kind.BOOKED, Kind.BOOSTERS_CHANGED]),
        "a newer message tells all dates",
    )
    differs = [
        (visit, before) for visit, _old in moved if (before := known[visit.pk]) is not None and before != visit.starts
    ]
    new = [*booked, *(visit for visit, _old in moved if known[visit.pk] is None)]
    context: dict[str, Any] = {
        "booked": [*untold["booked"], *(str(visit.pk) for visit in new)],
        "moved": [*untold["moved"], *([str(visit.pk), before.isoformat()] for visit, before in differs)],
        "cancelled": [*untold["cancelled"], *(str(visit.pk) for visit in cancelled)],
        "known": untold["known"] | {str(visit.pk): _iso(known[visit.pk]) for visit in cancelled},
    }
    changed = [before for _visit, before in differs] + [_prepared(series, visit) for visit, _before in differs]
    changed += [moment for visit in cancelled if (moment := known[visit.pk]) is not None]
    now, channel = clock.now(), channel_for(series.patient)
    concerns = [*changed, *(_prepared(series, visit) for visit in new)]
    first = min(concerns, default=None)
    tells = any(context[name] for name in ("booked", "moved", "cancelled"))
    if tells:
        _write(
            rows.to_patient(
                series.patient,
                series.site,
                Kind.BOOSTERS_CHANGED,
                series=series,
                version=series.version,
                context=context,
                # Dates that are only new are no change: they are told at once, as every booking is.
                due_at=due_at(series.site, channel, changed)
                if changed
                else hours.soonest(series.site, now, channel, first),
                not_after=now + NEWS_LASTS,
            ),
            concerns,
        )
    remind([*booked, *(visit for visit, _old in moved)], told=tells)


def known_start(appointment: Appointment, starts: datetime) -> datetime | None:
    """The start (UTC) that the patient knows of: `starts`, or that of before the first change not told yet. None when
    the visit itself has not been told.
    """
    return known_starts([(appointment, starts)])[appointment.pk]


def known_starts(visits: Sequence[tuple[Appointment, datetime]]) -> dict[UUID, datetime | None]:
    """The same for several visits, by their ids; one query."""
    about = rows.waiting().filter(recipient=Message.Recipient.PATIENT)
    of_visits = Q(appointment__in=[visit.pk for visit, _ in visits], kind__in=[Kind.MOVED, Kind.CONSULT_BOOKED])
    series = {visit.series_id for visit, _ in visits if visit.series_id is not None}
    of_series = Q(series__in=series, kind__in=[*FIRST_TOLD, Kind.BOOSTERS_CHANGED])
    waiting = list(about.filter(of_visits | of_series).order_by("created_at", "version"))
    return {visit.pk: _known_by(visit, starts, waiting) for visit, starts in visits}


def _known_by(appointment: Appointment, starts: datetime, waiting: Sequence[Message]) -> datetime | None:
    """What of these rows (in order of time) still stands between the visit and what the patient knows."""
    key = str(appointment.pk)
    for row in waiting:
        if row.appointment_id not in {None, appointment.pk} or row.series_id not in {None, appointment.series_id}:
            continue
        if row.kind in {*FIRST_TOLD, Kind.CONSULT_BOOKED} or key in row.context.get("booked", ()):
            return None
        before = {key: row.context.get("old_starts")} | dict(row.context.get("moved", ()))
        if before[key]:
            return datetime.fromisoformat(before[key])
    return starts


def due_at(site: Site, channel: str, concerns: Iterable[datetime]) -> datetime:
    """When a change is told that concerns these times (UTC, before it and after it)."""
    now, times = clock.now(), list(concerns)
    near = min(times, default=None)
    settled = now if near is not None and near < now + NEAR else now + SETTLES
    return hours.soonest(site, settled, channel, near)


def _tell(
    visit: Appointment, kind: Message.Kind, known: datetime, *, concerns: list[datetime], not_after: datetime
) -> None:
    """Write that a visit is no longer at the time that the patient knows of."""
    _write(
        rows.to_patient(
            visit.patient,
            visit.site,
            kind,
            appointment=visit,
            version=visit.version,
            context={"old_starts": known.isoformat()},
            due_at=due_at(visit.site, channel_for(visit.patient), concerns),
            not_after=not_after,
        ),
        concerns,
    )


def _write(row: Message, concerns: Iterable[datetime]) -> None:
    """Save a change that concerns these times (UTC), carried by the one that is still waiting; a near one takes that
    along at once.
    """
    rows.speaks_of(row, *concerns)
    lead = (
        Message.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(
            lease_until__isnull=True,
            state=State.DUE,
            carried_by__isnull=True,
            patient=row.patient,
            site=row.site,
            recipient=row.recipient,
            channel=row.channel,
            kind__in=KINDS,
        )
        .order_by("created_at")
        .first()
    )
    if lead is not None:
        row.due_at = lead.due_at = min(lead.due_at, row.due_at)
        rows.speaks_of(lead, *filter(None, [row.first_of_all]))
        lead.save(update_fields=["due_at", "context"])
        row.carried_by = lead
    rows.write(row)
    nudge.after_commit()


def _told_with_the_booking(appointment: Appointment) -> None:
    """The booking is still to be told, and tells the new time, if need be at once. That of a consult spoke of the old
    one.
    """
    concerns = begins(appointment)
    if appointment.kind == Appointment.Kind.CONSULT:
        news.about_visit(appointment, Kind.CONSULT_BOOKED, concerns=concerns, not_after=appointment.starts)
        return
    if concerns >= clock.now() + NEAR:
        return
    waiting = rows.waiting().filter(series=appointment.series_id, kind__in=[*FIRST_TOLD, Kind.BOOSTERS_CHANGED])
    for row in waiting.filter(state=State.DUE, lease_until__isnull=True).select_for_update(of=("self",)):
        rows.speaks_of(row, concerns)
        row.due_at = min(row.due_at, hours.soonest(appointment.site, clock.now(), row.channel, concerns))
        row.save(update_fields=["due_at", "context"])
    nudge.after_commit()


def _untold(series: Series, changed: Sequence[Any]) -> dict[str, Any]:
    """What waiting messages were to tell of other visits of the series than `changed` (ids)."""
    skip = {str(pk) for pk in changed}
    found: dict[str, Any] = {"booked": [], "moved": [], "cancelled": [], "known": {}}
    for row in rows.waiting().filter(series=series, kind=Kind.BOOSTERS_CHANGED).order_by("created_at"):
        found["booked"] += [pk for pk in row.context["booked"] if pk not in skip]
        found["moved"] += [pair for pair in row.context["moved"] if pair[0] not in skip]
        found["cancelled"] += [pk for pk in row.context["cancelled"] if pk not in skip]
        found["known"] |= row.context.get("known", {})
    return found


def _close(series: Series, kind: Message.Kind, reason: str) -> None:
    """The series' visits to come were called off: withdraw what was to be sent, and tell those dates."""
    now = clock.now()
    told = _told_off(series)
    called_off = [visit for visit in news.visits_to_come(series, Status.CANCELLED) if str(visit.pk) not in told]
    told_of = known_starts([(visit, visit.starts) for visit in called_off])
    known = {visit.pk: told_of[visit.pk] or visit.starts for visit in called_off}
    rows.skip(rows.waiting().filter(series=series), reason)
    retire(called_off, reason)
    _write(
        rows.to_patient(
            series.patient,
            series.site,
            kind,
            series=series,
            version=series.version,
            context={
                "cancelled": [str(visit.pk) for visit in called_off],
                "known": {str(pk): moment.isoformat() for pk, moment in known.items()},
            },
            due_at=due_at(series.site, channel_for(series.patient), known.values()),
            not_after=now + NEWS_LASTS,
        ),
        known.values(),
    )


def _told_off(series: Series) -> set[str]:
    """The ids of the visits whose calling off was told already, or will be by a message of their own."""
    kept = Message.objects.exclude(state=State.SKIPPED)
    alone = kept.filter(appointment__series=series, kind=Kind.CANCELLED).values_list("appointment_id", flat=True)
    # One that still waits is withdrawn: what it was to tell, the message that is written now tells.
    together = kept.filter(series=series, kind=Kind.BOOSTERS_CHANGED).exclude(pk__in=rows.waiting().values("pk"))
    return {
        *map(str, alone),
        *(pk for context in together.values_list("context", flat=True) for pk in context.get("cancelled", ())),
    }


def _prepared(series: Series, visit: Appointment) -> datetime:
    """When the patient begins to prepare for a visit of the series: all of its visits go by one version."""
    return begins_for(series.protocol_version, visit.starts)


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment is not None else ""
