"""What every action that places visits shares: its locks, its sheet, its checks, and words for what stands in the
way.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError
from django.db.models import Count
from django.utils.translation import gettext as _

from clinic import clock, locks
from clinic.actor import Actor
from clinic.errors import JustTaken, NotAllowed, Refused
from clinic.models import Site, StaffMember
from clinic.permissions import Permission
from patients.models import Patient
from scheduling.actions import holds
from scheduling.models import Appointment
from scheduling.planner.search import PossibleStarts, possible_starts
from scheduling.planner.values import Kind, Lane, Placement, VisitShape
from scheduling.selectors.day_sheets import Sheet, load_sheet
from scheduling.selectors.local_days import LocalDay, holiday_name
from scheduling.when import day_words, time_words


def check_may(by: Actor, permission: Permission) -> None:
    """Raise NotAllowed when a signed-in person without `permission` acts. Patients and the program have their own
    gates.
    """
    if by.user is not None and not by.user.may(permission):
        raise NotAllowed("Your role does not cover this. Nothing was changed; ask somebody whose role does.")


def check_may_ask(by: Actor, patient_id: UUID) -> None:
    """Raise NotAllowed for anybody but the patient, about their own visits, and staff who book."""
    if by.kind == "patient" and by.id == str(patient_id):
        return
    if by.user is None:
        raise NotAllowed(_("This page is not yours."))
    check_may(by, Permission.BOOK)


def take_locks(site: Site, patient: Patient, days: Collection[date] | None, shape: VisitShape) -> None:
    """Take all locks of a booking: the site (shared), people it needs who work at several sites, patient, days (None:
    the whole calendar of the site).
    """
    locks.take(
        [
            locks.site(site.pk),
            *(locks.staff(resource) for resource in travellers(site, shape)),
            locks.patient(patient.pk),
            *(locks.days(site.pk, days) if days is not None else [locks.every_day(site.pk)]),
        ]
    )


def lock_days(site: Site, days: Collection[date]) -> None:
    """Take the locks of these days for who has all others already: they are the last in order."""
    locks.take(locks.days(site.pk, days))


def travellers(site: Site, shape: VisitShape) -> list[int]:
    """Resources of people of this site whom `shape` needs and who work at other sites too."""
    kinds = {
        need.kind
        for phase in shape.phases
        for need in phase.needs
        if need.kind in {Kind.NURSE, Kind.DOCTOR} and need.lane is not Lane.PRESENCE
    }
    everybody = StaffMember.objects.annotate(site_count=Count("sites", distinct=True)).filter(site_count__gt=1)
    here = everybody.filter(pk__in=site.staff.values("pk"), role_rows__role__in=kinds)
    return sorted(set(here.values_list("resource_id", flat=True)))


def free_sheet(site: Site, days: Collection[date], now: datetime, without_visits: Collection[UUID] = ()) -> Sheet:
    """The day sheets to write on, after lapsed holds are out of the way. Call it under the locks."""
    sheet = load_sheet(site, days, now=now, without_visits=without_visits)
    clear_lapsed(sheet, days, now)
    return sheet


def clear_lapsed(sheet: Sheet, days: Collection[date], now: datetime) -> None:
    """Take lapsed holds of what is on the sheet out of the way of whoever writes on these days."""
    windows = [(day.first, day.end) for day in (LocalDay(on, sheet.zone) for on in days)]
    holds.delete_lapsed([one.id for one in sheet.resources], windows, now)


def place(sheet: Sheet, shape: VisitShape, starts: Sequence[datetime]) -> list[tuple[Placement, ...]]:
    """Who and what serves a visit at each of `starts` (aware, on different days), chosen by the planner.

    Raises:
        Refused: the site is closed then.
        JustTaken: the time is no longer free; the sentence names the local date and time.
    """
    possible = possible_starts(shape, sheet.days, sheet.resources, sheet.taken)
    return [_placed(sheet, shape, possible, one) for one in starts]


def _placed(sheet: Sheet, shape: VisitShape, possible: PossibleStarts, starts: datetime) -> tuple[Placement, ...]:
    cell = clock.cell(starts)
    if not sheet.is_open(cell, cell + shape.cells):
        raise Refused(_closed_words(sheet, starts), field="starts", code="closed")
    if not any(one.start == cell for one in possible.starts):
        raise just_taken(starts, sheet.zone)
    return possible.placements(cell)


def _closed_words(sheet: Sheet, starts: datetime) -> str:
    site, day = sheet.site, clock.local(starts, sheet.zone).date()
    when = day_words(starts, sheet.zone)
    holiday = holiday_name(site, day)
    if holiday:
        return f"{site.name} is closed on {when} ({holiday}). Nothing was booked; choose another day."
    if sheet.day(day) is None:
        return f"{site.name} is closed on {when}. Nothing was booked; choose another day."
    return (
        f"A visit on {when} at {time_words(starts, sheet.zone)} would not lie within the opening hours of {site.name}. "
        "Nothing was booked; choose another time."
    )


def just_taken(starts: datetime, zone: ZoneInfo) -> JustTaken:
    """The error that names the local date and time which somebody else has taken."""
    return JustTaken(
        f"{day_words(starts, zone)} at {time_words(starts, zone)} has just been taken. "
        "Nothing was booked; what you entered is kept.",
        field="starts",
    )


@contextmanager
def as_just_taken(zone: ZoneInfo) -> Iterator[None]:
    """Turn the database's refusal of an overlap into a sentence, by the name of the constraint that refused."""
    try:
        yield
    except IntegrityError as error:
        diagnosis: Any = getattr(error.__cause__, "diag", None)
        constraint = getattr(diagnosis, "constraint_name", None)
        if constraint == "hold_never_twice":
            cells = re.search(r"\[(\d+),", str(diagnosis.message_detail or ""))
            if cells is None:
                raise JustTaken("Somebody else has just taken a part of that time. Nothing was booked.") from error
            raise just_taken(clock.of_cell(int(cells.group(1))), zone) from error
        if constraint == "appointment_patient_in_one_place":
            raise Refused(
                "The patient already has a visit at that time. Nothing was booked; choose another.",
                field="starts",
                code="patient_busy",
            ) from error
        raise


def check_bookable(patient: Patient, site: Site) -> None:
    """Raise Refused for somebody who can have no visits: died, no longer in care, or not a patient of the site."""
    if patient.deceased_at is not None:
        raise Refused(f"{patient.name} has died; no visit can be booked.", field="patient", code="deceased")
    if not patient.is_active:
        raise Refused(
            f"{patient.name} is no longer in care here. Put the record back in care before booking.", field="patient"
        )
    if not patient.sites.filter(pk=site.pk).exists():
        raise Refused(
            f"{patient.name} is not a patient of {site.name}. Add the site to the record before booking there.",
            field="patient",
        )


def check_starts(starts: Sequence[datetime], zone: Any, now: datetime) -> None:
    """Raise Refused for a start that is not an aware moment on a 5-minute cell, or lies in the past."""
    for one in starts:
        if one.tzinfo is None or clock.of_cell(clock.cell(one)) != one:
            raise Refused("Times are given to five minutes. Nothing was booked.", field="starts")
        if one <= now:
            raise Refused(
                f"{day_words(one, zone)} at {time_words(one, zone)} is in the past. Nothing was booked; choose a "
                "later time.",
                field="starts",
                code="past",
            )


def check_patient_free(
    patient: Patient, stretches: Sequence[tuple[datetime, datetime]], zone: Any, without: Collection[UUID] = ()
) -> None:
    """Raise Refused when the patient already has a visit at one of these times, at any site. Under the patient's
    lock.
    """
    if not stretches:
        return
    others = list(
        Appointment.objects.blocking()
        .filter(
            patient=patient,
            starts__lt=max(end for _, end in stretches),
            ends__gt=min(start for start, _ in stretches),
        )
        .exclude(pk__in=without)
        .values_list("starts", "ends")
    )
    for start, end in stretches:
        for other_start, other_end in others:
            if other_start < end and other_end > start:
                raise Refused(
                    f"{patient.name} already has a visit on {day_words(other_start, zone)} at "
                    f"{time_words(other_start, zone)}, so nothing was booked. Choose another time.",
                    field="starts",
                    code="patient_busy",
                )
