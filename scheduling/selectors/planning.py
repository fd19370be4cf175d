"""Asking the planner: the best series for a patient, free times for a consult, legal new times for one visit.

Everything here only reads. What it finds may be taken a moment later: the actions look again under their locks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NotRequired, TypedDict, Unpack

from clinic import clock
from clinic.errors import Refused
from clinic.models import Site, StaffMember
from patients.models import Patient
from scheduling.models import Appointment, ProtocolVersion
from scheduling.planner.search import PossibleStarts, possible_starts, search_series
from scheduling.planner.values import Plan, SeriesRequest, SeriesResult, VisitShape, Wishes
from scheduling.selectors import series_rules
from scheduling.selectors.day_sheets import Sheet, load_sheet, people_of
from scheduling.selectors.local_days import LocalDay, days_between
from scheduling.selectors.neighbours import neighbours_of
from scheduling.selectors.reasons import explain, explain_refusal
from scheduling.selectors.shapes import shape_for, visit_shape

__all__ = ["Slot", "consult_slots", "explain", "explain_refusal", "moments_of", "plan_series", "visit_slots"]

FIRST_VISIT_WITHIN_DAYS = 28
"""How far ahead the first visit is looked for. Four weeks: a longer wait is better answered by a later first day."""
NEAR_DAYS = 28
"""A whole series is looked for in the four weeks from its first day, and further only where these hold none, or when
the clerk asks (docs/decisions/four-weeks-first.md)."""
ROOM_DAYS = 8
"""A series too long for that is looked for as far as it may lie that begins within a week: on the first day or one of
the seven after it."""
SLOT_MINUTES = 15
"""Free times are shown on the quarters of the local hour, so that a list can be read out on the telephone."""


class Asked(TypedDict):
    """What is asked for. `first_day`: a local date of the site; `now`: an aware moment before which nothing starts;
    `alternatives`: how many plans at most, the best among them; `sessions`: how many visits where not as many as the
    protocol has.
    """

    site: Site
    version: ProtocolVersion
    wishes: Wishes
    first_day: date
    patient: Patient
    now: datetime
    sessions: NotRequired[int | None]
    alternatives: NotRequired[int]


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found on the local dates up to `last`; it could have been looked for up to `farthest`."""

    result: SeriesResult
    last: date
    farthest: date


@dataclass(frozen=True, slots=True)
class Slot:
    """A free time (FHIR Slot): `starts` and `ends` in UTC; `doctor` for a visit that needs one's hands."""

    doctor: StaffMember | None
    starts: datetime
    ends: datetime


def plan_series(**asked: Unpack[Asked]) -> SeriesResult:
    """The best plan for a series and a few different ones, each date with its reasons; or why there is none.

    Raises:
        Refused: the first day is past.
    """
    return look_for_series(**asked).result


def look_for_series(*, is_far: bool = False, **asked: Unpack[Asked]) -> Looked:
    """The best plans on the near days of `last_days`; where there are none, or at once when `is_far`, on all of them.
    Each date comes with its reasons; without a plan, why there is none.

    Raises:
        Refused: the first day is past.
    """
    lasts = last_days(asked["version"], asked["first_day"], asked.get("sessions"))
    for last in lasts[-1:] if is_far else lasts:
        request, sheet = series_question(**asked, last_day=last)
        result = search_series(request, sheet.days, sheet.resources, sheet.taken, says_why=last == lasts[-1])
        if result.plans:
            break
    return Looked(result, last, lasts[-1])


def last_days(version: ProtocolVersion, first_day: date, sessions: int | None = None) -> list[date]:
    """How far a series is looked for, two local dates: the last of NEAR_DAYS, and the last on which a series can end
    that begins within FIRST_VISIT_WITHIN_DAYS.
    """
    window = series_rules.window_of(version, sessions or version.sessions)
    near = first_day + timedelta(days=max(NEAR_DAYS, window + ROOM_DAYS) - 1)
    far = first_day + timedelta(days=window + FIRST_VISIT_WITHIN_DAYS)
    return [near, far]


def series_question(
    *,
    site: Site,
    version: ProtocolVersion,
    wishes: Wishes,
    first_day: date,
    patient: Patient,
    now: datetime,
    sessions: int | None = None,
    alternatives: int = 3,
    last_day: date | None = None,
) -> tuple[SeriesRequest, Sheet]:
    """What `plan_series` asks the planner, and the day sheets that it asks about. Loads; searches nothing.

    `last_day`: the last local date on which a visit may be planned, no other is read; None: the last of `last_days`.

    Raises:
        Refused: the first day is past.
    """
    check_first_day(first_day, site, now)
    count = sessions or version.sessions
    days = days_between(first_day, last_day or last_days(version, first_day, count)[-1])
    sheet = load_sheet(site, days, now=now)
    begin, end = _bounds(site, first_day, days[-1])
    other_days, busy = series_rules.days_and_hours_taken(patient, version, site.zone, begin, end)
    request = SeriesRequest(
        shape=shape_for(version, patient),
        count=count,
        first_day=first_day,
        min_gap_days=version.min_gap_days,
        max_gap_days=version.max_gap_days,
        ideal_gap_days=float(version.ideal_gap_days),
        window_days=series_rules.window_of(version, count) + 1,
        wishes=wishes,
        other_days=other_days,
        busy=busy,
        earliest_cell=clock.cell(now) + 1,
        alternatives=alternatives,
    )
    return request, sheet


def check_first_day(first_day: date, site: Site, now: datetime) -> None:
    """Raise Refused when `first_day` is before today at the site."""
    today = clock.local(now, site.zone).date()
    if first_day < today:
        raise Refused(
            f"{series_rules.date_words(first_day)} is in the past. Choose today or a later day; nothing was booked.",
            field="first_day",
            code="past",
        )


def moments_of(plan: Plan) -> list[datetime]:
    """The starts of a plan's visits, in UTC."""
    return [clock.of_cell(visit.start) for visit in plan.visits]


def consult_slots(
    *,
    site: Site,
    version: ProtocolVersion,
    doctor: StaffMember | None,
    first_day: date,
    days: int = 14,
    now: datetime,
    patient: Patient | None = None,
    limit: int = 60,
    is_remote: bool = False,
    wishes: Wishes | None = None,
) -> list[Slot]:
    """Free times for a consult, earliest first, at most `limit`.

    `doctor` None: with whoever of the doctors is free. `days`: how many local dates from `first_day` on. `is_remote`:
    by video or telephone, so without a chair. The patient's other visits are kept free when `patient` is given;
    `wishes`: when the patient can come.

    Raises:
        Refused: the first day is past.
    """
    check_first_day(first_day, site, now)
    last = first_day + timedelta(days=days - 1)
    begin, end = _bounds(site, first_day, last)
    sheet = load_sheet(site, days_between(first_day, last), now=now)
    shape = visit_shape(version, doctor=doctor, is_remote=is_remote)
    busy = series_rules.busy_cells(patient, begin, end) if patient is not None else ()
    found = possible_starts(
        shape, sheet.days, sheet.resources, sheet.taken, wishes=wishes, busy=busy, earliest_cell=clock.cell(now) + 1
    )
    doctors = {person.member.resource_id: person.member for person in people_of(site) if "doctor" in person.roles}
    return list(slots_of(found, sheet, shape, doctors, limit))


def visit_slots(*, appointment: Appointment, first_day: date, days: int, now: datetime, limit: int = 200) -> list[Slot]:
    """Legal new times for one visit on `days` local dates from `first_day` on: free, and with every gap kept.

    The time that the visit holds now counts as free, except its own start. Dates before today give nothing.
    """
    site = appointment.site
    first = max(first_day, clock.local(now, site.zone).date())
    last = first_day + timedelta(days=days - 1)
    if last < first:
        return []
    bound = neighbours_of(appointment)
    dates = [day for day in days_between(first, last) if bound.allows(day)]
    sheet = load_sheet(site, dates, now=now, without_visits=[appointment.pk])
    begin, end = _bounds(site, first, last)
    shape = shape_of(appointment)
    found = possible_starts(
        shape,
        sheet.days,
        sheet.resources,
        sheet.taken,
        busy=series_rules.busy_cells(appointment.patient, begin, end, without=[appointment]),
        earliest_cell=clock.cell(now) + 1,
    )
    doctor = appointment.practitioner
    doctors = {doctor.resource_id: doctor} if doctor is not None else {}
    slots = slots_of(found, sheet, shape, doctors, limit)
    return [slot for slot in slots if slot.starts != appointment.starts]


def shape_of(appointment: Appointment) -> VisitShape:
    """The shape of a booked visit: its own doctor for a consult, no chair when it is by video or telephone, and what a
    doctor's conditions add.
    """
    return shape_for(
        appointment.protocol_version,
        appointment.patient_id,
        doctor=appointment.practitioner,
        is_remote=appointment.mode != Appointment.Mode.IN_PERSON,
    )


def slots_of(
    found: PossibleStarts, sheet: Sheet, shape: VisitShape, doctors: dict[int, StaffMember], limit: int
) -> Iterator[Slot]:
    shown = 0
    for start in found.starts:
        if shown >= limit:
            return
        if start.minute % SLOT_MINUTES:
            continue
        shown += 1
        serving = next((one.resource for one in found.placements(start.start) if one.resource in doctors), None)
        yield Slot(
            doctor=doctors[serving] if serving is not None else None,
            starts=clock.of_cell(start.start),
            ends=clock.of_cell(start.start + shape.cells),
        )


def _bounds(site: Site, first: date, last: date) -> tuple[datetime, datetime]:
    return clock.of_cell(LocalDay(first, site.zone).first), clock.of_cell(LocalDay(last, site.zone).end)
