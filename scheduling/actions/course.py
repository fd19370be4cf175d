"""Changing a part of a running series: a move that takes others along, the rest planned anew, one visit more or fewer,
an early end, another number or spacing, and dates kept fixed.

Every verb writes exactly what a page showed (scheduling.selectors.replanning), or nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused, Stale, WrongStatus
from clinic.permissions import Permission
from scheduling.actions import booking, course_writing, moving, placing, rides
from scheduling.actions.course_writing import Agreed, Locked
from scheduling.actions.once import earlier_result, keep_result
from scheduling.messages import ledger
from scheduling.models import Appointment, Series
from scheduling.selectors import replanning, series_rules, shifting
from scheduling.selectors.series_rules import Spacing, local_day

Seen = Mapping[UUID, int]
Why = Mapping[datetime, list[dict[str, Any]]]


@action
def move_with_neighbours(
    *,
    by: Actor,
    appointment: Appointment,
    starts: datetime,
    others: Mapping[UUID, datetime],
    reason: str,
    version: int,
    key: UUID,
    seen: Seen | None = None,
    beyond: bool = False,
    with_rest: bool = False,
) -> Appointment:
    """Move one visit to `starts` (aware), and exactly `others` of its series with it; one message tells all of it.

    `version`: of the visit as it was seen; `seen`: of all visits to come. `beyond`: see course_writing.Agreed.
    `with_rest`: the page planned all after it along, which says why each goes where it goes. The same key again returns
    the same visit.

    Raises:
        Stale: somebody else has changed the visit, or another of the series, since.
        Refused: past, closed, the patient elsewhere then, a gap broken, a fixed visit among `others`, no reason.
        JustTaken: a time is no longer free; nothing has moved.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    if earlier_result(key, "move_with_neighbours", by) is not None:
        return Appointment.objects.get(pk=appointment.pk)
    _check_reason(reason)
    series = _series_of(appointment)
    why = _why_moved(appointment, starts, with_rest=with_rest)
    agreed = Agreed({**others, appointment.pk: starts}, seen=seen, beyond=beyond, chosen=appointment.pk)
    locked = course_writing.lock(series, agreed, Appointment.Kind(appointment.kind))
    visit = next((one for one in locked.rest.coming if one.pk == appointment.pk), None)
    if visit is None or visit.version != version:
        raise Stale(_as_it_is(appointment, version))
    course_writing.check(locked, locked.rest.spacing, locked.rest.window)
    course_writing.write(locked, by=by, reason=reason, why=why)
    keep_result(key, appointment=str(visit.pk))
    return Appointment.objects.select_related("site", "patient", "series").get(pk=visit.pk)


@action
def replan_rest(
    *,
    by: Actor,
    series: Series,
    first_day: date,
    moves: Mapping[UUID, datetime],
    added: Sequence[datetime],
    reason: str,
    key: UUID,
    seen: Seen | None = None,
    beyond: bool = False,
) -> Series:
    """Plan what is left of an induction anew: `moves` to new starts (aware), `added` for infusions that were lost.

    `first_day`: the local date from which the page planned, for the reasons of each date. The series keeps its number
    of infusions. The patient is told once. The same key again returns the same series.

    Raises:
        Stale: a visit to come was changed since.
        Refused: more is added than is missing, or as `move_with_neighbours`.
        JustTaken: a time is no longer free; nothing has changed.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    if earlier_result(key, "replan_rest", by) is not None:
        return Series.objects.get(pk=series.pk)
    _check_reason(reason)
    why = replanning.rest_plan(series=series, first_day=first_day, now=clock.now()).reasons
    locked = course_writing.lock(series, Agreed(moves, added, seen=seen, beyond=beyond))
    _check_induction(locked)
    if not moves and not added:
        raise Refused("Nothing would change, so nothing was written.", code="nothing")
    if len(added) > locked.rest.missing:
        raise Refused(
            f"{locked.rest.missing} infusions of this series are still to be planned, not {len(added)}. Nothing was "
            "changed; a doctor may add one.",
            code="too_many",
        )
    course_writing.check(locked, locked.rest.spacing, locked.rest.window)
    keep_result(key, series=str(series.pk))
    return course_writing.write(locked, by=by, reason=reason, why=why)


@action
def drop_visit(
    *,
    by: Actor,
    appointment: Appointment,
    moves: Mapping[UUID, datetime],
    reason: str,
    version: int,
    key: UUID,
    seen: Seen | None = None,
    beyond: bool = False,
) -> Series:
    """Take one infusion out of the series, which then has one fewer; `moves`: what closes the gap. Told once.

    Raises:
        Stale, Refused, JustTaken, NotAllowed: as `move_with_neighbours`; Refused also for the only infusion.
    """
    placing.check_may(by, Permission.BOOK)
    series = _series_of(appointment)
    if earlier_result(key, "drop_visit", by) is not None:
        return Series.objects.get(pk=series.pk)
    _check_reason(reason)
    plan = replanning.rest_plan(
        series=series, first_day=clock.today(series.site.zone), now=clock.now(), without=appointment
    )
    agreed = Agreed(moves, dropped=[appointment.pk], seen=seen, beyond=beyond, chosen=appointment.pk)
    locked = course_writing.lock(series, agreed)
    _check_induction(locked)
    visit = next((one for one in locked.rest.coming if one.pk == appointment.pk), None)
    if visit is None or visit.version != version:
        raise Stale(_as_it_is(appointment, version))
    if locked.series.sessions < 2:
        raise Refused("It is the only infusion of the series. Nothing was changed; stop the series instead.")
    locked.series.sessions -= 1
    course_writing.check(locked, locked.rest.spacing, series_rules.window_of_series(locked.series))
    locked.series.save(update_fields=["sessions"])
    keep_result(key, series=str(series.pk))
    return course_writing.write(locked, by=by, reason=reason, why=plan.reasons)


@action
def change_course(
    *,
    by: Actor,
    series: Series,
    sessions: int,
    spacing: Spacing | None,
    first_day: date,
    moves: Mapping[UUID, datetime],
    added: Sequence[datetime],
    dropped: Sequence[UUID],
    reason: str,
    key: UUID,
    seen: Seen | None = None,
    beyond: bool = False,
) -> Series:
    """A doctor sets how many infusions a running induction has and how far apart; its visits follow as the page showed.

    `spacing` None: the protocol's. The protocol version stays. Told once. The same key again returns the same series.

    Raises:
        NotAllowed: the actor is no doctor.
        Refused: fewer than were given, a spacing below the protocol's smallest gap or out of order, dates that do not
            make up the number, or as `move_with_neighbours`.
        Stale, JustTaken: as there.
    """
    if not by.may(Permission.SET_COURSE):
        raise NotAllowed("Only a doctor changes the number and spacing of a series. Nothing was changed.")
    if earlier_result(key, "change_course", by) is not None:
        return Series.objects.get(pk=series.pk)
    _check_reason(reason)
    check_spacing(series, spacing)
    plan = replanning.rest_plan(series=series, first_day=first_day, now=clock.now(), sessions=sessions, spacing=spacing)
    locked = course_writing.lock(series, Agreed(moves, added, dropped, seen, beyond))
    _check_induction(locked)
    _check_number(locked, sessions)
    fresh, least = locked.series, locked.rest.spacing.least
    fresh.sessions = sessions
    fresh.min_gap_days = spacing.least if spacing else None
    fresh.ideal_gap_days = Decimal(str(spacing.ideal)) if spacing else None
    fresh.max_gap_days = spacing.most if spacing else None
    locked.rest = replace(
        locked.rest, spacing=series_rules.spacing_of(fresh), window=series_rules.window_of_series(fresh)
    )
    is_wider = locked.rest.spacing.least > least
    course_writing.check(locked, locked.rest.spacing, locked.rest.window, is_wider=is_wider)
    fresh.save(update_fields=["sessions", "min_gap_days", "ideal_gap_days", "max_gap_days"])
    keep_result(key, series=str(series.pk))
    return course_writing.write(locked, by=by, reason=reason, why=plan.reasons)


@action
def cancel_rest(
    *, by: Actor, appointment: Appointment, reason: str, version: int, seen: Seen | None = None
) -> list[Appointment]:
    """Call off a visit and all that are to come after it in its series, which goes on without them; told once.

    Infusions that are missing then may be planned anew. `version` and `seen`: as they were seen. Returns what was
    cancelled.

    Raises:
        Stale: somebody else has changed the visit, or another of the series, since.
        Refused: no reason, or a series that is not running.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    _check_reason(reason)
    locked = course_writing.lock(_series_of(appointment), Agreed(seen=seen), Appointment.Kind(appointment.kind))
    rest, fresh = locked.rest, locked.series
    visit = next((one for one in rest.coming if one.pk == appointment.pk), None)
    if visit is None or visit.version != version:
        raise Stale(_as_it_is(appointment, version))
    cancelled = booking.cancel_visits(rest.coming[rest.coming.index(visit) :], reason)
    fresh.version += 1
    fresh.save(update_fields=["version"])
    course_writing.number_anew(fresh, rest.kind, rest.now)
    ledger.announce_boosters(fresh, [], [], cancelled)
    rides.visits_cancelled(cancelled)
    return cancelled


@action
def finish_early(*, by: Actor, series: Series, reason: str, seen: Seen | None = None) -> Series:
    """End an induction with the infusions given: those to come are cancelled, their time is free, the patient is told
    once. The series goes on to what a doctor decides next (stopping it altogether is `moving.stop_series`).

    `seen`: the version of each visit to come as the person saw it; None: whatever they are now.

    Raises:
        Stale: somebody else has changed one of them since.
        Refused: none was given yet, or the patient is here for one now; no reason.
        WrongStatus: nothing of the induction is left to come.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    _check_reason(reason)
    locked = course_writing.lock(series, Agreed(seen=seen))
    _check_induction(locked)
    rest, fresh = locked.rest, locked.series
    if not rest.given:
        raise Refused("No infusion was given yet. Nothing was changed; stop the series instead.", code="none_given")
    if any(one.status == Appointment.Status.ARRIVED for one in rest.coming):
        raise Refused("The patient is here for an infusion now. Nothing was changed; end that visit first.")
    if not rest.coming and not rest.missing:
        raise WrongStatus("Nothing of this induction is left to come. Nothing was changed.")
    cancelled = booking.cancel_visits(rest.coming, reason)
    fresh.sessions = len(rest.given)
    fresh.version += 1
    fresh.save(update_fields=["sessions", "version"])
    course_writing.number_anew(fresh, rest.kind, rest.now)
    ledger.announce_boosters(fresh, [], [], cancelled)
    rides.visits_cancelled(cancelled)
    return fresh


@action
def keep_fixed(*, by: Actor, appointment: Appointment, fixed: bool) -> Appointment:
    """Pin a date, or let it move again. Nobody is told: nothing changes for the patient.

    Raises:
        WrongStatus: the visit has begun, is over, or was cancelled.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    locks.take([locks.patient(appointment.patient_id)])
    visit = Appointment.objects.select_related("site", "patient").select_for_update(of=("self",)).get(pk=appointment.pk)
    if visit.status not in moving.OPEN:
        raise WrongStatus(f"This visit is “{visit.get_status_display()}” and stays as it is. Nothing was changed.")
    visit.pinned = fixed
    visit.save(update_fields=["pinned"])
    return visit


def check_spacing(series: Series, spacing: Spacing | None) -> None:
    """Raise Refused for a spacing that is out of order or nearer than the protocol allows."""
    least = series.protocol_version.min_gap_days
    if spacing is None:
        return
    if spacing.least < least:
        raise Refused(
            f"The protocol keeps at least {least} days between infusions. Nothing was changed; a shorter gap needs a "
            "new version of the protocol.",
            field="least",
        )
    if not spacing.least <= spacing.ideal <= spacing.most:
        raise Refused(
            "The ideal gap lies between the smallest and the largest. Nothing was changed; correct one of the three.",
            field="ideal",
        )


def _check_number(locked: Locked, sessions: int) -> None:
    rest, agreed = locked.rest, locked.agreed
    dates = len(rest.given) + len(rest.coming) - len(agreed.dropped) + len(agreed.added)
    if dates != sessions or sessions < 1:
        raise Refused(
            f"These dates make {dates} infusions, not {sessions}. Nothing was changed; look at the plan again.",
            field="sessions",
            code="sessions",
        )


def _check_induction(locked: Locked) -> None:
    if locked.series.stage != Series.Stage.INDUCTION:
        raise WrongStatus("The induction of this series is over. Nothing was changed.")


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused("Say why; the reason is kept with the visit. Nothing was changed.", field="reason")


def _as_it_is(appointment: Appointment, seen: int) -> str:
    """Who did what to a visit that is no longer as it was seen."""
    fresh = Appointment.objects.select_related("site").get(pk=appointment.pk)
    return moving.what_changed(fresh, seen)


def _series_of(appointment: Appointment) -> Series:
    if appointment.series is None:
        raise Refused("A consult belongs to no series. Nothing was changed; move it by itself.")
    return appointment.series


def _why_moved(appointment: Appointment, starts: datetime, *, with_rest: bool) -> Why:
    """Why each visit goes where the plan for this move puts it, as things stand now."""
    wall = clock.local(starts, appointment.site.zone)
    planned = shifting.shift_plan if with_rest else replanning.move_plan
    day = local_day(starts, appointment.site)
    return planned(appointment=appointment, to_date=day, to_time=wall.time(), now=clock.now()).reasons
