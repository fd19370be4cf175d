"""Planning an infusion or a booster anew that was lost: the patient did not come, or was not treated."""

from datetime import datetime, timedelta
from uuid import UUID

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import Permission
from scheduling.actions import holds, placing, rides
from scheduling.actions.holds import ToHold
from scheduling.actions.once import earlier_result, keep_result
from scheduling.actions.series_writing import CHOSEN, is_cleared
from scheduling.messages import ledger
from scheduling.models import Appointment, Series
from scheduling.selectors import series_rules
from scheduling.selectors.make_up import infusion_days, is_missing, place_in_series
from scheduling.selectors.planning import shape_of


@action
def make_up(*, by: Actor, appointment: Appointment, starts: datetime, key: UUID) -> Appointment:
    """Book a visit at `starts` (aware) in place of `appointment`, which ended without counting.

    It takes the lost one's place in the series; chair and nurses are chosen anew. The patient is told once. The same
    key again returns the same visit.

    Raises:
        Refused: nothing is missing, the time is past or too near another infusion, the site is closed, the patient is
            elsewhere, or the doctor's clearance does not reach to that day.
        JustTaken: the time is no longer free.
        NotAllowed: the actor may not plan lost infusions anew.
    """
    placing.check_may(by, Permission.REPLAN_LOST)
    done = earlier_result(key, "make_up", by)
    if done is not None:
        return Appointment.objects.get(pk=done["appointment"])
    now, site, shape = clock.now(), appointment.site, shape_of(appointment)
    placing.check_starts([starts], site.zone, now)
    day = series_rules.local_day(starts, site)
    placing.take_locks(site, appointment.patient, [day], shape)
    lost = Appointment.objects.select_related("site", "patient", "series", "protocol_version").get(pk=appointment.pk)
    _check(lost, starts)
    ends = starts + timedelta(minutes=clock.CELL_MINUTES * shape.cells)
    placing.check_patient_free(lost.patient, [(starts, ends)], site.zone)
    sheet = placing.free_sheet(site, [day], now)
    placements = placing.place(sheet, shape, [starts])[0]
    with placing.as_just_taken(sheet.zone):
        visit = _write(lost, starts, ends, by, now)
        holds.write([ToHold(placements, appointment=visit.pk)])
    if visit.protocol_version.needs_ride:
        rides.ensure_ride(visit)
    ledger.announce_boosters(_newer(visit), [visit], [], [])
    keep_result(key, appointment=str(visit.pk))
    return visit


def _check(lost: Appointment, starts: datetime) -> None:
    """What only the locks make sure."""
    day = series_rules.local_day(starts, lost.site)
    if not is_missing(lost):
        raise Refused("No visit of this series is missing any more. Nothing was booked.", code="not_missing")
    placing.check_bookable(lost.patient, lost.site)
    if not is_cleared(lost.patient, lost.protocol_version, day):
        raise Refused(
            f"The doctor's clearance does not reach to {series_rules.date_words(day)}. Nothing was booked; choose an "
            "earlier date, or ask the doctor to decide first.",
            field="starts",
            code="not_cleared",
        )
    series_rules.check_other_infusions([day], infusion_days(lost))


def _write(lost: Appointment, starts: datetime, ends: datetime, by: Actor, now: datetime) -> Appointment:
    return Appointment.objects.create(
        patient=lost.patient,
        site=lost.site,
        series=lost.series,
        protocol_version=lost.protocol_version,
        kind=lost.kind,
        number=place_in_series(lost),
        status=Appointment.Status.BOOKED,
        starts=starts,
        ends=ends,
        plan_reasons=CHOSEN,
        created_at=now,
        created_by=by.user,
    )


def _newer(visit: Appointment) -> Series:
    """The series with the next version, which the message about it carries."""
    series = Series.objects.select_related("site", "patient").select_for_update(of=("self",)).get(appointments=visit)
    series.version += 1
    series.save(update_fields=["version"])
    return series
