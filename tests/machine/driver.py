"""How the machine acts: through the real actions, at its own clock, with what came of it held against the truth."""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from clinic import clock
from clinic.errors import JustTaken, Refused
from patients.models import Patient
from scheduling.models import Appointment, ProtocolVersion, Series
from tests.factories import NOW, clear, make_patient
from tests.machine.agreement import Agreement, held_rows
from tests.machine.truth import Course, Kind, Visit, cell_of, day_of, moment_of
from tests.machine.world import World

T = TypeVar("T")
TICK = timedelta(seconds=1)
#: How far ahead a patient's clearance reaches: past every date, or only a few days.
CLEARED_FOR = {"long": timedelta(days=300), "short": timedelta(days=5)}


class Driver:
    """One run of the machine: the world, the truth about it, and the time."""

    def __init__(self, world: World) -> None:
        self.world, self.truth, self.now = world, world.truth(), NOW
        self.agreement = Agreement(self.truth)
        self.patients: list[Patient] = []

    # -- acting --------------------------------------------------------------------------------------------------

    def act(self, action: Callable[..., T], **arguments: Any) -> T:
        """Run an action now; the clock ticks, so that no two things happen at one moment."""
        self.now += TICK
        with clock.at_moment(self.now):
            return action(**arguments)

    def attempt(
        self,
        action: Callable[..., T],
        cells: Sequence[int],
        kind: Kind,
        *,
        without: Collection[UUID] = (),
        never_refused: bool = False,
        **more: Any,
    ) -> T | None:
        """Run an action that takes time from these cells on: it gets what the counts allow, and nothing else.

        None when it was refused. `without`: the visits whose own time counts as free. `never_refused`: it was shown
        just now that it can be done, and only a doctor's clearance may still stand in the way.
        """
        held = held_rows(self.now + TICK, without)
        illegal = [moment_of(start) for start in cells if not self.truth.is_legal(kind, start, held)]
        result, no = self.answer(action, **more)
        if isinstance(no, JustTaken) or (no is not None and no.code == "closed"):
            assert illegal, f"a legal start was refused: {no.message}"
        assert no is not None or not illegal, f"a start was booked that is not free: {illegal}"
        assert no is None or not never_refused or no.code == "not_cleared", f"shown as possible, and refused: {no}"
        return result

    def answer(self, action: Callable[..., T], **arguments: Any) -> tuple[T | None, Refused | None]:
        """What the action made, or how it said no."""
        try:
            return self.act(action, **arguments), None
        except Refused as no:
            return None, no

    def refused(self, action: Callable[..., Any], **arguments: Any) -> bool:
        """Whether the action said no."""
        return self.answer(action, **arguments)[1] is not None

    @property
    def seen(self) -> datetime:
        """The moment of the next action, at which a page shows what can be done."""
        return self.now + TICK

    def seen_at(self) -> Any:
        """The clock at that moment."""
        return clock.at_moment(self.seen)

    # -- patients ------------------------------------------------------------------------------------------------

    def new_patient(self, cleared: str) -> Patient:
        """A patient of the clinic, cleared for a "long" or "short" time or ("no") not at all."""
        site = self.world.clinic.site
        with clock.at_moment(self.now):
            patient = make_patient(site)
            until = self.today + CLEARED_FOR[cleared] if cleared in CLEARED_FOR else None
            if until is not None:
                clear(patient, site, valid_until=until)
        self.truth.covered[patient.pk] = until
        self.patients.append(patient)
        return patient

    def is_covered(self, patient: UUID, day: date) -> bool:
        """Whether a doctor's yes covers the day."""
        until = self.truth.covered[patient]
        return until is not None and day <= until

    # -- time ----------------------------------------------------------------------------------------------------

    @property
    def today(self) -> date:
        """The local date."""
        return day_of(cell_of(self.now))

    def open_day(self, number: int) -> date:
        """The first, second ... weekday after today."""
        day = self.today
        for _ in range(number):
            day += timedelta(days=3 if day.weekday() == 4 else 2 if day.weekday() == 5 else 1)
        return day

    # -- the truth after a booking -------------------------------------------------------------------------------

    def note_series(self, series: Series, version: ProtocolVersion, starts: Sequence[int]) -> None:
        """A series was booked at these cells: what must be in the database from now on."""
        patient, kind = series.patient_id, self.world.kind_of(version)
        booked = self.is_covered(patient, day_of(starts[-1]))
        held_until = None if booked else min(self.now + timedelta(days=7), moment_of(starts[0]))
        status = "active" if booked else "draft"
        course = Course(patient, kind, status, held_until, len(starts), version.min_gap_days)
        self.truth.series[series.pk] = course
        status = "booked" if booked else "proposed"
        for number, start in enumerate(starts, start=1):
            visit = Visit(patient, kind, start, status, series.pk, "infusion", number, held_until)
            self.truth.visits[self._new_visit(series.pk, start)] = visit

    def note_infusion(self, series: UUID, start: int, number: int = 0) -> None:
        """An infusion that was missing is booked again."""
        course = self.truth.series[series]
        visit = Visit(course.patient, course.kind, start, "booked", series, "infusion", number)
        self.truth.visits[self._new_visit(series, start)] = visit

    def _new_visit(self, series: UUID, start: int) -> UUID:
        known = list(self.truth.visits)
        return Appointment.objects.filter(series=series, starts=moment_of(start)).exclude(pk__in=known).get().pk

    def note_booster(self, series: UUID, start: int) -> None:
        """A booster was booked in the series: the next number, held where no clearance covers it."""
        course = self.truth.series[series]
        numbers = [one.number for one in self.truth.visits.values() if (one.series, one.what) == (series, "booster")]
        status = self.status_on(course.patient, start)
        visit = Visit(course.patient, course.kind, start, status, series, "booster", max(numbers, default=0) + 1)
        self.truth.visits[self._new_visit(series, start)] = visit

    def status_on(self, patient: UUID, start: int) -> str:
        """Booked where a clearance covers the day, else held."""
        return "booked" if self.is_covered(patient, day_of(start)) else "proposed"

    def note_end(self, series: UUID) -> None:
        """A series was stopped, or its held dates released: its open visits are cancelled."""
        course = self.truth.series[series]
        course.status, course.held_until = "revoked", None
        for visit in self.truth.of_series(series):
            if visit.status != "arrived":
                self.note_cancelled(visit)

    def note_cancelled(self, visit: Visit) -> None:
        """It was called off, and does not count."""
        visit.status, visit.counts = "cancelled", False

    def note_decision(self, patient: UUID, until: date | None) -> None:
        """A doctor decided: yes until a day, or (None) no."""
        self.truth.covered[patient] = until
        (self.truth.refused.discard if until else self.truth.refused.add)(patient)
        for pk, course in self.truth.series.items():
            if course.patient == patient and course.status in {"draft", "active", "on-hold"}:
                self._apply_decision(pk, course, until)

    def _apply_decision(self, pk: UUID, course: Course, until: date | None) -> None:
        visits = self.truth.of_series(pk)
        to_come = [one for one in visits if moment_of(one.start) > self.now]
        if until is None:
            if course.status == "active":
                course.status = "on-hold"
                for one in to_come:
                    one.status = "proposed" if one.status == "booked" else one.status
            return
        if course.status == "draft":
            lapsed = course.held_until is not None and course.held_until <= self.now
            if visits and not lapsed and day_of(max(one.start for one in visits)) <= until:
                course.status, course.held_until = "active", None
                for one in visits:
                    one.status, one.lapses = ("booked" if one.status == "proposed" else one.status), None
            return
        course.status = "active"
        for one in to_come:
            if one.status == "proposed" and day_of(one.start) <= until:
                one.status = "booked"

    def visits_that(self, *statuses: str) -> list[tuple[UUID, Visit]]:
        """Visits in one of these statuses, in the order in which they were booked."""
        return [(pk, visit) for pk, visit in self.truth.visits.items() if visit.status in statuses]

    def open_series(self) -> list[UUID]:
        """Series that have not ended."""
        return [pk for pk, one in self.truth.series.items() if one.status in {"draft", "active", "on-hold"}]
