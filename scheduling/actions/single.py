"""One visit by itself: a consult, the one infusion that a protocol has, a missing one of a series, a booster; and the
patient who stands at the desk and is seen now.
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db import transaction

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import JustTaken, Refused
from clinic.models import Site, StaffMember
from clinic.permissions import Permission
from patients.models import Patient
from scheduling.actions import booking, course, holds, placing, visit
from scheduling.actions.holds import ToHold
from scheduling.actions.once import earlier_result, keep_result
from scheduling.actions.series_writing import CHOSEN, Explained, SeriesOrder, is_cleared, open_rides, write_series
from scheduling.messages import ledger, rows
from scheduling.models import Appointment, Series
from scheduling.planner.values import Wishes
from scheduling.selectors import singles
from scheduling.selectors.boosters import next_number
from scheduling.selectors.series_rules import check_other_infusions, local_day
from scheduling.selectors.shapes import shape_for, visit_shape
from scheduling.selectors.singles import Single
from scheduling.when import full_stop, time_words

Status, Kind = Appointment.Status, Appointment.Kind
#: Why a walk-in patient is sent nothing ahead of the visit.
HERE = "the patient is here already"
IN_PERSON = Appointment.Mode.IN_PERSON.value


@action
def book_single(
    *,
    by: Actor,
    patient: Patient,
    site: Site,
    single: Single,
    starts: datetime,
    key: UUID,
    doctor: StaffMember | None = None,
    mode: str = IN_PERSON,
) -> Appointment:
    """Book this one visit at `starts` (aware). `doctor` and `mode` are a consult's. The same key books it once.

    Raises:
        Refused, JustTaken, NotAllowed: as booking.book_consult and booking.book_series; Refused too where the doctor's
            clearance does not reach, or an infusion is too near.
    """
    if single.kind == Kind.CONSULT:
        return booking.book_consult(
            by=by, patient=patient, site=site, version=single.version, doctor=doctor, starts=starts, mode=mode, key=key
        )
    if single.series is None:
        made = booking.book_series(
            by=by,
            order=SeriesOrder(
                patient=patient,
                site=site,
                version=single.version,
                first_day=local_day(starts, site),
                wishes=Wishes(),
                starts=[starts],
            ),
            key=key,
        )
        return made.appointments.select_related("site", "patient", "series", "protocol_version").get()
    if single.kind == Kind.BOOSTER:
        return _book_booster(by, single.series, starts, key)
    course.replan_rest(
        by=by,
        series=single.series,
        first_day=local_day(starts, site),
        moves={},
        added=[starts],
        reason="One infusion booked by itself",
        key=key,
        beyond=True,
    )
    return Appointment.objects.select_related("site", "patient", "series", "protocol_version").get(
        series=single.series, starts=starts, status__in=Appointment.BLOCKING
    )


def _book_booster(by: Actor, series: Series, starts: datetime, key: UUID) -> Appointment:
    placing.check_may(by, Permission.BOOK)
    done = earlier_result(key, "book_booster", by)
    if done is not None:
        return Appointment.objects.select_related("site", "patient").get(pk=done["appointment"])
    now, site = clock.now(), series.site
    placing.check_starts([starts], site.zone, now)
    shape, day = shape_for(series.protocol_version, series.patient_id), local_day(starts, site)
    placing.take_locks(site, series.patient, [day], shape)
    fresh = Series.objects.select_related("site", "patient", "protocol_version__protocol").get(pk=series.pk)
    if fresh.status != Series.Status.ACTIVE or fresh.stage != Series.Stage.MAINTENANCE:
        raise Refused("A doctor sets first how often boosters come. Nothing was booked.", code="no_interval")
    placing.check_bookable(fresh.patient, site)
    ends = starts + timedelta(minutes=clock.CELL_MINUTES * shape.cells)
    placing.check_patient_free(fresh.patient, [(starts, ends)], site.zone)
    single = Single(fresh.protocol_version, Kind.BOOSTER, fresh)
    check_other_infusions([day], singles.near_infusions(single, fresh.patient, site))
    if not is_cleared(fresh.patient, fresh.protocol_version, day):
        raise Refused("The doctor's clearance does not reach to that day. Nothing was booked.", code="not_cleared")
    sheet = placing.free_sheet(site, [day], now)
    placements = placing.place(sheet, shape, [starts])[0]
    with placing.as_just_taken(sheet.zone):
        made = _row(by, fresh.patient, site, single, starts, ends, number=next_number(fresh))
        holds.write([ToHold(placements, appointment=made.pk)])
    open_rides(fresh.protocol_version, [made])
    fresh.version += 1
    fresh.save(update_fields=["version"])
    ledger.announce_boosters(fresh, [made], [], [])
    keep_result(key, appointment=str(made.pk))
    return made


@action
def walk_in(
    *,
    by: Actor,
    patient: Patient,
    site: Site,
    single: Single,
    key: UUID,
    doctor: StaffMember | None = None,
    anyway: bool = False,
    reason: str = "",
) -> Appointment:
    """The patient is here without an appointment and is seen now: booked from the next five minutes on, and arrived.

    Where nothing is free, `anyway` with a `reason` records what happens all the same: a visit that holds no time, which
    the board then lists with what it collides with. The patient, who stands here, is sent nothing ahead of the visit.

    Raises:
        Refused: with code "nothing_free" where no time is free and `anyway` is not said; and as book_single.
        NotAllowed: the actor may not book.
    """
    placing.check_may(by, Permission.BOOK)
    done = earlier_result(key, "walk_in", by)
    if done is not None:
        return Appointment.objects.select_related("site", "patient").get(pk=done["appointment"])
    starts = clock.of_cell(clock.cell(clock.now()) + 1)
    _check_walk_in(patient, site, single, starts)
    try:
        with transaction.atomic():
            made = book_single(
                by=by, patient=patient, site=site, single=single, starts=starts, key=uuid5(key, "visit"), doctor=doctor
            )
    except Refused as error:
        if not (isinstance(error, JustTaken) or error.code == "closed"):
            raise
        if not anyway:
            raise Refused(_nothing_free(patient, site, single, starts), field="anyway", code="nothing_free") from error
        if not reason.strip():
            raise Refused("Say why the visit takes place all the same; it is kept with it.", field="reason") from error
        made = _as_a_fact(by, patient, site, single, starts, doctor, reason)
    here = visit.arrive(by=by, appointment=made)
    ledger.withdraw(here, HERE)
    if here.series is not None:
        rows.skip(rows.waiting().filter(series=here.series, version=here.series.version), HERE)
    keep_result(key, appointment=str(here.pk))
    return here


def _check_walk_in(patient: Patient, site: Site, single: Single, starts: datetime) -> None:
    """What no reason gets past: another visit of the patient's now, and an infusion without a doctor's yes."""
    length = timedelta(minutes=clock.CELL_MINUTES * visit_shape(single.version).cells)
    other = Appointment.objects.blocking().filter(patient=patient, starts__lt=starts + length, ends__gt=starts).first()
    if other is not None:
        raise Refused(
            f"{patient.name} has a visit today at {time_words(other.starts, other.site.zone)}; nothing was booked. "
            "Record the arrival there, or move that visit first.",
            code="patient_busy",
        )
    if not is_cleared(patient, single.version, local_day(starts, site)):
        raise Refused(
            f"No doctor's clearance of {patient.name} is valid today, so there can be no infusion. Nothing was booked; "
            "a consult can be booked now instead.",
            field="what",
            code="not_cleared",
        )


def _nothing_free(patient: Patient, site: Site, single: Single, starts: datetime) -> str:
    """What stands in the way, and the first time today at which it would not."""
    later = singles.single_slots(
        single=single, patient=patient, site=site, first_day=local_day(starts, site), days=1, now=starts, limit=1
    )
    needed = "doctor" if single.is_consult else "chair and nurse"
    if later:
        first = time_words(later[0].starts, site.zone)
        then = f"The first time today with {needed} free is {full_stop(first)}"
    else:
        then = f"There is no time with {needed} free for the rest of today."
    return f"Nothing is free from {time_words(starts, site.zone)} on. {then} Nothing was booked."


def _as_a_fact(
    by: Actor,
    patient: Patient,
    site: Site,
    single: Single,
    starts: datetime,
    doctor: StaffMember | None,
    reason: str,
) -> Appointment:
    """A visit that takes place though nothing is free for it: it holds no time, and says why."""
    placing.take_locks(site, patient, [local_day(starts, site)], visit_shape(single.version))
    placing.check_bookable(patient, site)
    ends = starts + timedelta(minutes=clock.CELL_MINUTES * visit_shape(single.version).cells)
    made = new_row(by, patient, site, single, starts, ends, doctor=doctor)
    made.status_reason = f"Came without an appointment, and nothing was free: {reason.strip()}"
    made.save(update_fields=["status_reason"])
    return made


def new_row(
    by: Actor,
    patient: Patient,
    site: Site,
    single: Single,
    starts: datetime,
    ends: datetime,
    *,
    doctor: StaffMember | None = None,
) -> Appointment:
    """The visit with its place in its series, which is made where it has none; booked, and holding no time."""
    if single.kind != Kind.CONSULT and single.series is None:
        order = SeriesOrder(patient, site, single.version, local_day(starts, site), Wishes(), (starts,))
        _series, visits = write_series(order, visit_shape(single.version), Explained((CHOSEN,)), by=by, now=clock.now())
        made = visits[0]
    else:
        made = _row(by, patient, site, single, starts, ends, number=_number(single), doctor=doctor)
    open_rides(single.version, [made])
    return made


def _number(single: Single) -> int:
    """Its number in the series: after all there are."""
    if single.series is None:
        return 1
    if single.kind == Kind.BOOSTER:
        return next_number(single.series)
    numbers = Appointment.objects.filter(series=single.series, kind=single.kind).values_list("number", flat=True)
    return max(numbers, default=0) + 1


def _row(
    by: Actor,
    patient: Patient,
    site: Site,
    single: Single,
    starts: datetime,
    ends: datetime,
    *,
    number: int,
    doctor: StaffMember | None = None,
) -> Appointment:
    return Appointment.objects.create(
        patient=patient,
        site=site,
        series=single.series,
        protocol_version=single.version,
        kind=single.kind,
        number=number,
        status=Status.BOOKED,
        practitioner=doctor if single.is_consult else None,
        starts=starts,
        ends=ends,
        plan_reasons=CHOSEN,
        created_at=clock.now(),
        created_by=by.user,
    )
