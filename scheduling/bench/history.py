"""Years of visits behind the bench site and weeks of them before it, loaded by COPY.

They are written past the triggers (a trail of what was made up says nothing) but not past the constraints.
"""

import io
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count, cycle, islice
from uuid import UUID

from django.db import connection

from clinic import clock
from patients.models import Patient
from scheduling.bench.days import CHAIRS, NURSES, OPENS, SHARE, WATCH, DayVisit, FullDay, full_day, workdays
from scheduling.bench.server import cluster
from scheduling.bench.site import Bench
from scheduling.models import ProtocolVersion, Series
from scheduling.selectors.shapes import visit_shape

#: Different days that the years are made of.
KINDS_OF_DAYS = 12
#: Days ahead that are as full as the past: as far as the search for a series looks, and a week more.
AHEAD = timedelta(days=60)
YEAR = timedelta(days=365)
#: Patients who are in treatment at the same time; one comes about every sixth workday.
IN_TREATMENT = 400
NULL = r"\N"
_SERIES = """id, patient_id, site_id, protocol_version_id, status, stage, sessions, first_day, wishes, plan_terms,
 version, created_at, end_reason"""
_VISITS = """id, patient_id, site_id, series_id, protocol_version_id, kind, number, status, mode, starts, ends, pinned,
 plan_reasons, version, ending, counts, status_reason, created_at"""
_HOLDS = "resource_id, capacity, start_cell, end_cell, first_unit, end_unit, appointment_id"
#: A series whose visits are all over is history; one that ran on for ever would wait for a doctor's decision.
_COMPLETED = """
UPDATE scheduling_series AS series SET status = %s, ended_at = over.ends
FROM (SELECT series_id, max(ends) AS ends FROM scheduling_appointment GROUP BY series_id
      HAVING bool_and(status = 'fulfilled')) AS over
WHERE over.series_id = series.id AND series.status = %s
"""

Line = tuple[object, ...]


def make_days(bench: Bench, kinds: int = KINDS_OF_DAYS) -> list[FullDay]:
    """So many different full days of the bench's protocols; those that a long visit's leavings kept below SHARE are
    passed over."""
    shapes = {name: visit_shape(version) for name, version in bench.versions.items()}
    every = (full_day(seed, shapes) for seed in count())
    return list(islice((day for day in every if day.share >= SHARE), kinds))


@dataclass(slots=True)
class Course:
    """One patient's series in progress: its id, and how many visits it has."""

    patient: UUID
    series: UUID
    visits: int = 0


@dataclass(slots=True)
class _Rows:
    """What is to be copied into each table."""

    series: list[Line] = field(default_factory=list)
    visits: list[Line] = field(default_factory=list)
    holds: list[Line] = field(default_factory=list)


class History:
    """Writes workdays, each as full as one of `days`. Patients come in turn, each to the visits of a whole series."""

    def __init__(self, bench: Bench, days: list[FullDay], patients: list[Patient]) -> None:
        self.bench, self.days = bench, days
        self.now = clock.now()
        self._random = random.Random(1)  # noqa: S311 -- the same history in each run, nothing secret
        self._turns = count()
        self._next_patients = cycle([one.pk for one in patients])
        self._seen: set[UUID] = set()
        self._courses: dict[tuple[int, str], Course] = {}
        watch = [1 + WATCH if CHAIRS <= number < CHAIRS + NURSES else 1 for number in range(len(bench.resources))]
        self._resources = list(zip(bench.resources, watch, strict=True))

    def write(self, first: date, last: date) -> int:
        """Fill the workdays from `first` to `last` (local dates, both included). Returns the number of holds."""
        rows = _Rows()
        for day in workdays(first, last):
            self._day(day, rows)
        loading = cluster().connect(database=str(connection.settings_dict["NAME"]))
        with loading.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.copy_expert(f"COPY scheduling_series ({_SERIES}) FROM STDIN", _file(rows.series))
            cursor.copy_expert(f"COPY scheduling_appointment ({_VISITS}) FROM STDIN", _file(rows.visits))
            cursor.copy_expert(f"COPY scheduling_hold ({_HOLDS}) FROM STDIN", _file(rows.holds))
            cursor.execute(_COMPLETED, [Series.Status.COMPLETED, Series.Status.ACTIVE])
            cursor.execute("VACUUM ANALYZE")
        loading.close()
        return len(rows.holds)

    def _day(self, day: date, rows: _Rows) -> None:
        midnight, _ = clock.day_bounds(day, self.bench.site.zone)
        self._seen.clear()
        opening = clock.cell(midnight) + OPENS // clock.CELL_MINUTES
        for visit in self._random.choice(self.days).visits:
            self._visit(visit, opening, day, rows)

    def _visit(self, visit: DayVisit, opening: int, day: date, rows: _Rows) -> None:
        starts, ends = clock.of_cell(opening + visit.start), clock.of_cell(opening + visit.end)
        key = self._new_id()
        version = self.bench.versions[visit.shape]
        if visit.shape == "consult":
            patient, series, kind, number = self._new_patient(), NULL, "consult", 1
        else:
            course = self._course(visit.shape, version, day, rows)
            course.visits += 1
            patient, series, kind, number = course.patient, str(course.series), "infusion", course.visits
        past = ends < self.now
        rows.visits.append(
            (
                *(key, patient, self.bench.site.pk, series, version.pk, kind, number),
                *("fulfilled" if past else "booked", "in_person", starts, ends, False, "[]", 0),
                *("completed" if past else "", "t" if past else NULL, "", self._written(starts)),
            )
        )
        for resource, first, last, low, high in visit.holds:
            identity, capacity = self._resources[resource]
            rows.holds.append((identity, capacity, opening + first, opening + last, low, high, key))

    def _course(self, shape: str, version: ProtocolVersion, day: date, rows: _Rows) -> Course:
        """The series of the next patient in treatment who is not here yet today; a new one where the last is done."""
        while True:
            place = (next(self._turns) % IN_TREATMENT, shape)
            course = self._courses.get(place)
            if course is None or course.visits == version.sessions:
                break
            if course.patient not in self._seen:
                self._seen.add(course.patient)
                return course
        course = self._courses[place] = Course(self._new_patient(), self._new_id())
        rows.series.append(
            (
                *(course.series, course.patient, self.bench.site.pk, version.pk, "active", "induction"),
                *(version.sessions, day, "{}", "{}", 1, self.now, ""),
            )
        )
        return course

    def _new_patient(self) -> UUID:
        patient = next(one for one in self._next_patients if one not in self._seen)
        self._seen.add(patient)
        return patient

    def _new_id(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)

    def _written(self, starts: datetime) -> datetime:
        """When a visit was booked: two weeks ahead, and never in the time to come."""
        return min(self.now, starts - timedelta(days=14))


def _file(lines: Iterable[Line]) -> io.StringIO:
    """Rows in PostgreSQL's text format. No value here holds a tab, a newline or a backslash but NULL."""
    return io.StringIO("".join("\t".join(map(str, line)) + "\n" for line in lines))
