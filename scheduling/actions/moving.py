"""Moving one visit, calling it off, and ending a series before its time (which is normal: domain.md)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused, Stale, WrongStatus
from clinic.permissions import Permission
from patients.models import Patient
from scheduling.actions import booking, holds, placing, requests, rides
from scheduling.actions.holds import ToHold
from scheduling.actions.pausing import note_change
from scheduling.actions.series_writing import CHOSEN, is_cleared
from scheduling.messages import asking, ledger
from scheduling.models import Appointment, CourseChange, ProtocolVersion, Series
from scheduling.planner.values import VisitShape
from scheduling.selectors.hits import hits_at
from scheduling.selectors.neighbours import neighbours_of
from scheduling.selectors.planning import shape_of
from scheduling.selectors.series_rules import date_words, local_day
from scheduling.selectors.who_changed import changes_since, last_change
from scheduling.when import day_words, time_words

Status = Appointment.Status
#: Only what has not begun can be moved or called off.
OPEN = frozenset({Status.PROPOSED, Status.BOOKED})


@action
def move_visit(*, by: Actor, appointment: Appointment, starts: datetime, reason: str, version: int) -> Appointment:
    """Give one visit a new start (aware), every gap of its series kept; its time is given back and taken anew at once.

    `version`: of the visit as the person saw it. The patient is told once, the companion asked anew.

    Raises:
        Stale: somebody else has changed the visit since.
        WrongStatus: it has begun, is over, or was cancelled.
        Refused: past, closed, the patient is elsewhere then, or a gap or the window of the series would break.
        JustTaken: the time is not free; the visit stays where it was.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    return _give_start(appointment, starts, reason, version)


@action
def shift_later(*, by: Actor, appointment: Appointment, starts: datetime, reason: str, version: int) -> Appointment:
    """Give a visit that one under way is in the way of a later start (aware) on the same local day, as `move_visit`
    does; whoever is at the chairs may, though she may book nothing else.

    Raises what `move_visit` raises; Refused also for another day, an earlier time, or a visit that nobody is in the
    way of.
    """
    placing.check_may(by, Permission.SHIFT_LATER)
    site = appointment.site
    day = local_day(appointment.starts, site)
    visit = _locked(appointment, shape_of(appointment), {day}, version)
    if starts <= visit.starts or local_day(starts, site) != day:
        raise Refused("From here a visit only moves to a later time of the same day. Nothing was moved.")
    if visit.pk not in {hit.visit.pk for hit in hits_at(site, day, now=clock.now(), offered=0)}:
        raise Refused("Nobody is in the way of this visit any more. Nothing was moved; it starts as planned.")
    return _give_start(visit, starts, reason, version)


def _give_start(appointment: Appointment, starts: datetime, reason: str, version: int) -> Appointment:
    now, site = clock.now(), appointment.site
    placing.check_starts([starts], site.zone, now)
    shape = shape_of(appointment)
    new_day = local_day(starts, site)
    visit = _locked(appointment, shape, {new_day}, version)
    if starts == visit.starts:
        raise Refused("That is the time the visit has already. Nothing was moved.", field="starts")
    lapses = held_until(visit)
    if lapses is not None and lapses <= now:
        raise Refused(
            "The time held for this series has lapsed. Nothing was moved; plan it again, its wishes are kept.",
            code="lapsed",
        )
    placing.check_bookable(visit.patient, site)
    ends = starts + timedelta(minutes=clock.CELL_MINUTES * shape.cells)
    placing.check_patient_free(visit.patient, [(starts, ends)], site.zone, without=[visit.pk])
    neighbours_of(visit).check(new_day)
    sheet = placing.free_sheet(site, [new_day], now, without_visits=[visit.pk])
    placements = placing.place(sheet, shape, [starts])[0]
    if visit.status == Status.BOOKED:  # one that is only held moves anywhere
        check_cleared(visit.patient, visit.protocol_version, new_day)
    old_starts = visit.starts
    with placing.as_just_taken(sheet.zone):
        put_at(visit, starts, ends, reason)
        rewrite_holds(visit, ToHold(placements, appointment=visit.pk, expires_at=held_until(visit)))
    requests.settle([visit])
    ledger.announce_moved(visit, old_starts)
    rides.visit_moved(visit)
    return visit


def check_cleared(patient: Patient, version: ProtocolVersion, day: date) -> None:
    """Raise Refused for a date that the doctor's clearance does not reach (promise 4)."""
    if not is_cleared(patient, version, day):
        raise Refused(
            f"The doctor's clearance does not reach to {date_words(day)}. Nothing was moved; choose an "
            "earlier date, or ask the doctor to extend it first.",
            field="starts",
            code="not_cleared",
        )


def put_at(
    visit: Appointment, starts: datetime, ends: datetime, reason: str, why: list[dict[str, Any]] | None = None
) -> None:
    """Write a visit's new times and why it has them (`why`: reasons as JSON); its version counts the move."""
    visit.starts, visit.ends = starts, ends
    visit.version += 1
    visit.status_reason = reason.strip()
    visit.plan_reasons = why or CHOSEN
    visit.save(update_fields=["starts", "ends", "version", "status_reason", "plan_reasons"])


def in_safe_order(visits: Sequence[Appointment], target: Mapping[UUID, datetime]) -> list[Appointment]:
    """An order of moving in which no visit lands on the time that another of the patient's still has.

    Raises:
        Refused: two visits would change places, for which there is no such order.
    """
    waiting, ordered = list(visits), []
    while waiting:
        ready = next((one for one in waiting if not _is_in_the_way(one, target[one.pk], waiting)), None)
        if ready is None:
            raise Refused("Two visits would change places. Nothing was moved; move one of them elsewhere first.")
        waiting.remove(ready)
        ordered.append(ready)
    return ordered


def _is_in_the_way(visit: Appointment, starts: datetime, others: Sequence[Appointment]) -> bool:
    ends = starts + (visit.ends - visit.starts)
    return any(one.pk != visit.pk and starts < one.ends and ends > one.starts for one in others)


def rewrite_holds(visit: Appointment, wanted: ToHold) -> None:
    """Give back a visit's time and take the new one: delete, then insert, as the constraint is not deferrable."""
    holds.release([visit])
    holds.write([wanted])


def held_until(visit: Appointment) -> datetime | None:
    """When the visit's time lapses: with its held series, else never."""
    series = visit.series
    return series.held_until if series is not None and series.status == Series.Status.DRAFT else None


@action
def cancel_visit(*, by: Actor, appointment: Appointment, reason: str, version: int) -> Appointment:
    """Call one visit off. It stays, cancelled; its time is free at once; patient and companion are told.

    Raises:
        Stale: somebody else has changed the visit since.
        WrongStatus: it has begun, is over, or was cancelled before.
        Refused: no reason given.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    if not reason.strip():
        raise Refused("Say why the visit is cancelled; it is kept with it.", field="reason")
    visit = _locked(appointment, shape_of(appointment), set(), version)
    booking.cancel_visits([visit], reason)
    ledger.announce_cancelled(visit)
    rides.visits_cancelled([visit])
    return visit


@action
def call_off(*, by: Actor, appointment: Appointment, reason: str) -> None:
    """Cancel a visit that has not begun without writing to anybody; one that has begun is left alone."""
    visit = _locked(appointment, shape_of(appointment), set(), None)
    booking.cancel_visits([visit], reason)


@action
def stop_series(*, by: Actor, series: Series, reason: str, seen: Mapping[UUID, int] | None = None) -> Series:
    """End a series before its time: visits to come are cancelled, their time is free at once, the patient is told once,
    and a doctor who did not do it.

    `seen`: the version of each visit to come as the person saw it; None: whatever they are now.

    Raises:
        Stale: somebody else has changed one of them since.
        WrongStatus: it has ended already.
        Refused: no reason given.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    if not reason.strip():
        raise Refused("Say why the series is stopped; it is kept with it.", field="reason")
    series, cancelled = _end(series, reason, seen)
    note_change(series, CourseChange.Kind.STOPPED, by=by, reason=reason, called_off=len(cancelled))
    ledger.announce_stopped(series)
    _ask_one_last_score(series)
    rides.visits_cancelled(cancelled)
    return series


def _ask_one_last_score(series: Series) -> None:
    """How the treatment that was given last has helped: asked as the series ends, unless it was asked already."""
    treated = series.appointments.filter(counts=True).select_related("site", "patient").order_by("-starts").first()
    if treated is not None:
        asking.announce_score_asked(treated)


@action
def end_series(*, by: Actor, series: Series, reason: str) -> Series:
    """What `stop_series` does, without writing to anybody."""
    return _end(series, reason)[0]


def _end(series: Series, reason: str, seen: Mapping[UUID, int] | None = None) -> tuple[Series, list[Appointment]]:
    series, visits = booking.lock_series(series, with_days=False)
    booking.check_seen(series, visits, seen)
    if series.status not in Series.RUNNING:
        raise WrongStatus(f"This series is “{series.get_status_display()}” already. Nothing was changed.")
    cancelled = booking.cancel_visits(visits, reason)
    series.status, series.held_until = Series.Status.REVOKED, None
    series.ended_at, series.end_reason = clock.now(), reason.strip()
    series.version += 1
    series.save(update_fields=["status", "held_until", "ended_at", "end_reason", "version"])
    return series, cancelled


def _locked(appointment: Appointment, shape: VisitShape, days: set[date], version: int | None) -> Appointment:
    """The visit as it is now, under the locks of its day and of `days`; checked to be open and unchanged.

    A moment's change of day between the look and the locks raises Stale: `version` counts moves.
    """
    site = appointment.site
    old_day = local_day(appointment.starts, site)
    placing.take_locks(site, appointment.patient, days | {old_day}, shape)
    visit = (
        Appointment.objects.select_related(
            "site", "patient", "series", "protocol_version__protocol", "practitioner__resource"
        )
        .select_for_update(of=("self",))
        .get(pk=appointment.pk)
    )
    seen = appointment.version if version is None else version
    if (version is not None and visit.version != version) or local_day(visit.starts, site) != old_day:
        raise Stale(what_changed(visit, seen))
    if version is not None and visit.status not in OPEN:
        now = f"This visit is “{visit.get_status_display()}” and stays as it is."
        raise WrongStatus(f"{now} {last_change(visit)} Nothing was changed.")
    return visit


def what_changed(visit: Appointment, seen: int) -> str:
    """For the second of two on one visit: who did what since the version `seen`, and how it stands now."""
    zone = visit.site.zone
    deeds = " ".join(changes_since(visit, seen)) or last_change(visit)
    return (
        f"Somebody else has changed this visit since you opened it. {deeds} It is now “{visit.get_status_display()}”, "
        f"{day_words(visit.starts, zone)} at {time_words(visit.starts, zone)}; nothing of yours was written."
    )
