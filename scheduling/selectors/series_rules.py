"""The rules that tie the visits of a series together, as a request to the planner and as checks of given dates.

Days between visits count dates: Monday to Wednesday is a gap of 2. `window_days` of a protocol is the most days from
the first visit to the last (the planner counts both ends, so it is given one more).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import formats

from clinic import clock
from clinic.errors import Refused
from clinic.models import Site
from clinic.statements import Statement
from patients.models import Clearance, Patient
from scheduling.models import Appointment, ProtocolVersion, Series
from scheduling.selectors.local_days import as_cells


def date_words(day: date) -> str:
    """A local date for a sentence: "Monday, December 7, 2026"."""
    return formats.date_format(day, "l, F j, Y")


def local_day(moment: datetime, site: Site) -> date:
    """The site's date of a moment (aware)."""
    return clock.local(moment, site.zone).date()


def window_of(version: ProtocolVersion, sessions: int) -> int:
    """The most days from the first of `sessions` visits to the last; in proportion where the number was changed."""
    if sessions <= 1:
        return 0
    if sessions == version.sessions or version.sessions <= 1:
        return max(version.window_days, (sessions - 1) * version.min_gap_days)
    scaled = -(-version.window_days * (sessions - 1) // (version.sessions - 1))
    return max(scaled, (sessions - 1) * version.min_gap_days)


def decided_against(patient: Patient, version: ProtocolVersion, latest: Clearance | None) -> str:
    """That a doctor has refused or suspended the patient by the newest decision, in a sentence, where the protocol asks
    for a clearance; empty otherwise.
    """
    noes = {Clearance.Decision.REFUSED, Clearance.Decision.SUSPENDED}
    if latest is None or not version.needs_clearance or latest.decision not in noes:
        return ""
    return f"A doctor has decided “{latest.get_decision_display()}” for {patient.name}."


@dataclass(frozen=True, slots=True)
class Spacing:
    """Days between the infusions of a series: at least, ideally, at most."""

    least: int
    ideal: float
    most: int


def spacing_of_protocol(version: ProtocolVersion) -> Spacing:
    """The spacing that a protocol has."""
    return Spacing(version.min_gap_days, float(version.ideal_gap_days), version.max_gap_days)


def spacing_of(series: Series) -> Spacing:
    """The spacing that a doctor set for the series, else its protocol's."""
    if series.min_gap_days is None or series.ideal_gap_days is None or series.max_gap_days is None:
        return spacing_of_protocol(series.protocol_version)
    return Spacing(series.min_gap_days, float(series.ideal_gap_days), series.max_gap_days)


def window_of_series(series: Series) -> int:
    """The most days from the first infusion of a series to its last; with a spacing of its own, what its gaps allow."""
    if series.max_gap_days is not None:
        return (series.sessions - 1) * series.max_gap_days
    return window_of(series.protocol_version, series.sessions)


def other_infusion_days(
    patient: Patient, version: ProtocolVersion, zone: ZoneInfo, without: Series | None = None, least: int | None = None
) -> tuple[tuple[date, int], ...]:
    """Local dates of the patient's infusions in other series, each with the days to keep from it.

    The larger of the two smallest gaps holds between any two infusions of one patient. `without`: the series that is
    asked for, whose own spacing counts then; `least`: the smallest gap that it is about to get instead.
    """
    own = spacing_of(without).least if without is not None else version.min_gap_days
    own = least if least is not None else own
    others = Appointment.objects.standing().filter(patient=patient, series__isnull=False)
    if without is not None:
        others = others.exclude(series=without)
    gap_kept = Coalesce("series__min_gap_days", "protocol_version__min_gap_days")
    rows = others.order_by("starts").values_list("starts", gap_kept)
    return tuple((clock.local(starts, zone).date(), max(gap, own)) for starts, gap in rows)


def busy_cells(
    patient: Patient, begin: datetime, end: datetime, without: Sequence[Appointment] = ()
) -> tuple[tuple[int, int], ...]:
    """When the patient is at a visit already, between two moments, in cells."""
    rows = (
        Appointment.objects.blocking()
        .filter(patient=patient, starts__lt=end, ends__gt=begin)
        .exclude(pk__in=[one.pk for one in without])
        .values_list("starts", "ends")
    )
    return tuple(as_cells(starts, ends) for starts, ends in rows)


def _standing(patient: UUID) -> QuerySet[Appointment, Any]:
    gap = Coalesce("series__min_gap_days", "protocol_version__min_gap_days")
    visits = Appointment.objects.standing().filter(patient=patient).order_by("starts")
    return visits.values_list("starts", "ends", "status", "series", gap)


_STANDING = Statement(_standing, 1)


def days_and_hours_taken(
    patient: Patient, version: ProtocolVersion, zone: ZoneInfo, begin: datetime, end: datetime
) -> tuple[tuple[tuple[date, int], ...], tuple[tuple[int, int], ...]]:
    """What a new series has to keep from: `other_infusion_days`, and `busy_cells` from `begin` to `end`; one query."""
    days: list[tuple[date, int]] = []
    busy: list[tuple[int, int]] = []
    for starts, ends, status, series, gap in _STANDING.rows(patient.pk):
        if series is not None:
            days.append((clock.local(starts, zone).date(), max(gap, version.min_gap_days)))
        if status in Appointment.BLOCKING and starts < end and ends > begin:
            busy.append(as_cells(starts, ends))
    return tuple(days), tuple(busy)


def check_series_days(days: Sequence[date], version: ProtocolVersion, first_day: date) -> None:
    """Raise Refused when these local dates (in order) break the first possible day, a gap or the window."""
    if not days:
        raise Refused("Choose at least one date. Nothing was booked.", field="starts")
    if days[0] < first_day:
        raise Refused(
            f"{date_words(days[0])} lies before {date_words(first_day)}, the first possible day. Nothing was booked.",
            field="starts",
        )
    for earlier, later in pairwise(days):
        check_gap(earlier, later, version.min_gap_days, version.max_gap_days)
    allowed = window_of(version, len(days))
    if (days[-1] - days[0]).days > allowed:
        raise Refused(
            f"From {date_words(days[0])} to {date_words(days[-1])} are {(days[-1] - days[0]).days} days; the protocol "
            f"allows {allowed} from the first visit to the last. Nothing was booked.",
            field="starts",
            code="window",
        )


def check_other_infusions(days: Sequence[date], others: Sequence[tuple[date, int]]) -> None:
    """Raise Refused when one of `days` lies too near an infusion of another series."""
    for day in days:
        for other, least in others:
            if abs((day - other).days) < least:
                raise Refused(
                    f"{date_words(day)} is too near the patient's infusion on {date_words(other)}: "
                    f"at least {least} days must lie between. Nothing was booked.",
                    field="starts",
                    code="gap",
                )


def check_gap(earlier: date, later: date, least: int, most: int | None) -> None:
    """Raise Refused when two neighbouring local dates lie too near or (where there is a `most`) too far apart."""
    between = (later - earlier).days
    limit = f"at least {least}" if between < least else f"at most {most}"
    if between < least or (most is not None and between > most):
        raise Refused(
            f"{date_words(earlier)} and {date_words(later)} are {between} days apart; the series needs {limit}. "
            "Nothing was booked.",
            field="starts",
            code="gap",
        )
