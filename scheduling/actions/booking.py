"""Booking: a consult, a whole series or nothing, and what becomes of a series held for an uncleared patient."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import GateClosed, Refused, Stale, WrongStatus
from clinic.models import Site, StaffMember
from clinic.permissions import Permission
from patients.models import ConsultRequest, Patient
from scheduling import status
from scheduling.actions import holds, placing, requests, rides
from scheduling.actions.holds import ToHold
from scheduling.actions.once import earlier_result, keep_result
from scheduling.actions.series_writing import (
    Explained,
    SeriesOrder,
    announce,
    check_order,
    explain_order,
    is_cleared,
    lock_days_and_place,
    lock_patient,
    write_series,
)
from scheduling.messages import ledger
from scheduling.models import Appointment, Hold, Protocol, ProtocolVersion, Series
from scheduling.selectors.shapes import visit_shape
from scheduling.selectors.who_changed import changed_in_series

Status = Appointment.Status


@action
def book_consult(
    *,
    by: Actor,
    patient: Patient,
    site: Site,
    version: ProtocolVersion,
    doctor: StaffMember | None,
    starts: datetime,
    mode: str,
    key: UUID,
    asked: ConsultRequest | None = None,
) -> Appointment:
    """Book a consult at `starts` (aware) with `doctor`, or with whichever doctor is free then.

    `mode`: an Appointment.Mode; by video or telephone it takes the doctor and no chair. `key`: of the form; the same
    key again returns the same visit. `asked`: the request that it answers, closed with it.

    Raises:
        Refused: past, closed, the patient is elsewhere or cannot be booked, the protocol is no consult of this site, or
            somebody has answered the request already.
        JustTaken: the time is no longer free.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    done = earlier_result(key, "book_consult", by)
    if done is not None:
        return Appointment.objects.get(pk=done["appointment"])
    now = clock.now()
    is_offered = version.protocol.sites.filter(pk=site.pk).exists()
    if version.protocol.kind != Protocol.Kind.CONSULT or not version.is_current or not is_offered:
        raise Refused(f"{version.protocol.name} is not a consult that {site.name} offers.", field="version")
    placing.check_starts([starts], site.zone, now)
    shape = visit_shape(version, doctor=doctor, is_remote=mode != Appointment.Mode.IN_PERSON)
    day = clock.local(starts, site.zone).date()
    ends = starts + timedelta(minutes=clock.CELL_MINUTES * shape.cells)
    placing.take_locks(site, patient, [day], shape)
    patient.refresh_from_db()
    placing.check_bookable(patient, site)
    placing.check_patient_free(patient, [(starts, ends)], site.zone)
    sheet = placing.free_sheet(site, [day], now)
    placements = placing.place(sheet, shape, [starts])[0]
    with placing.as_just_taken(sheet.zone):
        appointment = Appointment.objects.create(
            patient=patient,
            site=site,
            protocol_version=version,
            kind=Appointment.Kind.CONSULT,
            status=Status.BOOKED,
            mode=mode,
            practitioner=doctor or _serving_doctor({one.resource for one in placements}),
            starts=starts,
            ends=ends,
            created_at=now,
            created_by=by.user,
        )
        holds.write([ToHold(placements, appointment=appointment.pk)])
    if asked is not None:
        requests.answer_consult_request(asked, patient)
    ledger.announce_consult(appointment)
    keep_result(key, appointment=str(appointment.pk))
    return appointment


def _serving_doctor(resources: Collection[int]) -> StaffMember | None:
    return StaffMember.objects.filter(resource__in=resources, role_rows__role="doctor").first()


@action
def book_series(
    *,
    by: Actor,
    order: SeriesOrder,
    key: UUID,
    explained: Explained | None = None,
) -> Series:
    """Book a series at exactly the starts of the order, whole or not at all; chairs and nurses are chosen under the
    locks.

    `explained`: why these dates, where the planner has said so already; else it is asked again. `key`: of the form; the
    same key again returns the same series.

    For a patient whom a doctor's clearance covers on every date the series is ACTIVE and its visits booked. Otherwise
    it is DRAFT, its visits held until `held_until`.

    Raises:
        Refused: a past date, one before the first day, a gap or the window broken, the site closed, the patient
            elsewhere then, deceased or refused by a doctor.
        JustTaken: a time is no longer free; the sentence names it.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    done = earlier_result(key, "book_series", by)
    if done is not None:
        return Series.objects.get(pk=done["series"])
    now = clock.now()
    check_order(order, now)
    explained = explained or explain_order(order, now)
    shape = lock_patient(order)
    with placing.as_just_taken(order.site.zone):
        # Everybody waits for the days, so all that needs none of them is written before they are taken.
        series, visits = write_series(order, shape, explained, by=by, now=now)
        announce(series, visits)
        keep_result(key, series=str(series.pk))
        placed = lock_days_and_place(order, shape, now)
        holds.write(
            [
                ToHold(placements, appointment=visit.pk, expires_at=series.held_until)
                for visit, placements in zip(visits, placed.placements, strict=True)
            ]
        )
    return series


@action
def confirm_held(*, by: Actor, series: Series) -> Series:
    """The patient is cleared: the held series becomes booked, its time no longer lapses, and the patient is told.

    Raises:
        WrongStatus: the series is not held.
        GateClosed: no valid clearance covers every date.
        Refused: the time held has lapsed.
    """
    placing.check_may(by, Permission.BOOK)
    series, visits = lock_series(series)
    _check_is_held(series)
    if series.held_until is not None and series.held_until <= clock.now():
        raise Refused(
            "The time held for this series has lapsed. Nothing was booked; plan it again, its wishes are kept.",
            code="lapsed",
        )
    last = max(clock.local(visit.starts, series.site.zone).date() for visit in visits)
    if not is_cleared(series.patient, series.protocol_version, last):
        raise GateClosed("No valid clearance covers every date of this series. The dates stay held until they lapse.")
    Hold.objects.filter(appointment__in=visits).update(expires_at=None)
    for visit in visits:
        if visit.status == Status.PROPOSED:
            status.move(visit, Status.BOOKED)
    series.status, series.held_until = Series.Status.ACTIVE, None
    series.version += 1
    series.save(update_fields=["status", "held_until", "version"])
    ledger.announce_booked(series)
    return series


@action
def release_held(*, by: Actor, series: Series, reason: str, seen: Mapping[UUID, int] | None = None) -> Series:
    """Give back the time of a series held for an uncleared patient. Its visits stay, cancelled; the patient is told.

    Raises:
        WrongStatus: the series is not held.
        Refused: no reason given.
    """
    placing.check_may(by, Permission.BOOK)
    if not reason.strip():
        raise Refused("Say why the dates are released; it is kept with the series.", field="reason")
    series, visits = lock_series(series)
    check_seen(series, visits, seen)
    _check_is_held(series)
    cancelled = cancel_visits(visits, reason)
    series.status, series.held_until = Series.Status.REVOKED, None
    series.ended_at, series.end_reason = clock.now(), reason.strip()
    series.version += 1
    series.save(update_fields=["status", "held_until", "ended_at", "end_reason", "version"])
    ledger.announce_released(series)
    rides.visits_cancelled(cancelled)
    return series


def _check_is_held(series: Series) -> None:
    if series.status != Series.Status.DRAFT:
        raise WrongStatus(f"This series is “{series.get_status_display()}”, not held. Nothing was changed.")


def cancel_visits(visits: Sequence[Appointment], reason: str) -> list[Appointment]:
    """Cancel those of `visits` that are held or booked, free their time; under their locks. Who is told is the
    caller's.
    """
    to_cancel = [visit for visit in visits if visit.status in {Status.PROPOSED, Status.BOOKED}]
    status.move_all(to_cancel, Status.CANCELLED, reason=reason.strip())
    holds.release(to_cancel)
    requests.settle(to_cancel)
    return to_cancel


def check_seen(series: Series, visits: Sequence[Appointment], seen: Mapping[UUID, int] | None) -> None:
    """Raise Stale when the visits to come are not those that somebody saw, saying who did what; None: not compared."""
    now = {visit.pk: visit.version for visit in visits}
    if seen is not None and dict(seen) != now:
        deeds = " ".join(changed_in_series(seen, now, series.site))
        raise Stale(
            f"Somebody has just changed the visits of this series. {deeds} Nothing of yours was written; look again."
        )


def lock_series(series: Series, *, with_days: bool = True) -> tuple[Series, list[Appointment]]:
    """The series and its visits as they are now, under the locks of site, patient and the visits' days.

    `with_days` False: for who only gives time back. Nothing is placed then that another could place as well, and
    whoever writes on these days need not be waited for.
    """
    site = series.site
    days: set[date] = set()
    if with_days:
        starts = Appointment.objects.filter(series=series).blocking().values_list("starts", flat=True)
        days = {clock.local(one, site.zone).date() for one in starts}
    locks.take(
        [
            locks.site(site.pk),
            locks.patient(series.patient_id),
            *locks.days(site.pk, days),
        ]
    )
    fresh = Series.objects.to_change(series.pk)
    visits = list(
        Appointment.objects.filter(series=fresh)
        .blocking()
        .select_related("site", "patient", "protocol_version", "series")
        .order_by("starts")
    )
    return fresh, visits
