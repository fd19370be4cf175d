"""Pausing a course because somebody asks for it, going on with it, and what a doctor is told of it and of stops.

docs/decisions/pausing-a-course.md.
"""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused, WrongStatus
from clinic.permissions import Permission
from scheduling.actions import booking, placing, rides
from scheduling.messages import ledger
from scheduling.models import Appointment, CourseChange, Series
from scheduling.selectors.course_changes import is_paused

Kind = CourseChange.Kind


@action
def pause_series(
    *, by: Actor, series: Series, reason: str, until: date | None = None, seen: Mapping[UUID, int] | None = None
) -> Series:
    """Call off what is to come of a running series without ending it: the time is free at once, the patient is told
    once, a doctor is told. On `until` (local date of the site; None: until further notice) the desk is to plan on.

    `seen`: the version of each visit to come as the person saw it; None: whatever they are now.

    Raises:
        Stale: somebody else has changed one of them since.
        WrongStatus: it is not running, or paused already.
        Refused: no reason, a day that is not to come, or the patient is here for a visit now.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    if not reason.strip():
        raise Refused("Say why; the reason is kept with the series. Nothing was changed.", field="reason")
    series, visits = booking.lock_series(series)
    booking.check_seen(series, visits, seen)
    if until is not None and until <= clock.today(series.site.zone):
        raise Refused("Choose a day to come, or leave it empty. Nothing was changed.", field="until")
    if series.status not in {Series.Status.ACTIVE, Series.Status.ON_HOLD} or is_paused(series):
        raise WrongStatus(
            f"This series is “{'paused' if is_paused(series) else series.get_status_display()}” already. Nothing was "
            "changed."
        )
    if any(one.status == Appointment.Status.ARRIVED for one in visits):
        raise Refused("The patient is here for a visit now. Nothing was changed; end that visit first.")
    cancelled = booking.cancel_visits(visits, f"Paused: {reason.strip()}")
    series.status = Series.Status.ON_HOLD
    series.version += 1
    series.save(update_fields=["status", "version"])
    note_change(series, Kind.PAUSED, by=by, reason=reason, called_off=len(cancelled), until=until)
    ledger.announce_boosters(series, [], [], cancelled)
    rides.visits_cancelled(cancelled)
    return series


@action
def resume_series(*, by: Actor, series: Series, reason: str) -> Series:
    """Go on with a paused series: what is missing can be planned again. Where a doctor has meanwhile decided against
    treatment, it stays on hold for that.

    Raises:
        WrongStatus: it is not paused.
        Refused: no reason.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    if not reason.strip():
        raise Refused("Say what has changed; it is kept with the series. Nothing was changed.", field="reason")
    series, _visits = booking.lock_series(series)
    if series.status != Series.Status.ON_HOLD or not is_paused(series):
        raise WrongStatus(f"This series is “{series.get_status_display()}”, not paused. Nothing was changed.")
    latest = series.patient.clearances.order_by("-decided_at").first()
    forbidden = series.protocol_version.needs_clearance and latest is not None and not latest.is_yes
    if not forbidden:
        series.status = Series.Status.ACTIVE
        series.save(update_fields=["status"])
    note_change(series, Kind.RESUMED, by=by, reason=reason)
    return series


def note_change(
    series: Series,
    kind: CourseChange.Kind,
    *,
    by: Actor,
    reason: str,
    called_off: int = 0,
    until: date | None = None,
) -> CourseChange:
    """Write down what was done to a course, inside the action that does it. Who may decide about boosters knows of it
    by doing it."""
    member = by.staff_member
    knows = member is not None and by.may(Permission.SET_BOOSTERS)
    now = clock.now()
    who = f"{by.name}, asked by {by.caller.name}" if by.caller is not None else by.name
    return CourseChange.objects.create(
        series=series,
        kind=kind,
        at=now,
        reason=reason.strip(),
        called_off=called_off,
        until=until,
        made_by=by.user,
        made_by_name=who[:200],
        seen_by=member if knows else None,
        seen_at=now if knows else None,
    )


@action
def see_change(*, by: Actor, change: CourseChange) -> CourseChange:
    """A doctor has read that a course was paused or stopped. Twice is the same as once.

    Raises:
        NotAllowed: the actor is no doctor.
    """
    member = by.staff_member
    if member is None or not by.may(Permission.SET_BOOSTERS):
        raise NotAllowed("Only a doctor ticks this off. Nothing was changed.")
    locks.take([locks.patient(change.series.patient_id)])
    fresh = CourseChange.objects.select_for_update().get(pk=change.pk)
    if fresh.seen_at is None:
        fresh.seen_by, fresh.seen_at = member, clock.now()
        fresh.save(update_fields=["seen_by", "seen_at"])
    return fresh
