"""The state machine: the desk, the nurse, the doctor and the manager do what they do, in any order, at any time."""

from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from clinic import clock
from clinic.actor import Actor
from scheduling.actions import booking, moving, offers, rides, visit
from scheduling.actions.series_writing import SeriesOrder
from scheduling.models import Appointment, Ending, Series
from scheduling.planner.values import Wishes
from scheduling.selectors import planning
from tests.machine.agreement import held_rows
from tests.machine.driver import Driver
from tests.machine.truth import Kept, Visit, cell_at, cell_of, day_of, moment_of
from tests.machine.world import INFUSION, INJECTION, TALK, World

T = TypeVar("T")
#: Which of several: taken modulo how many there are.
WHICH = st.integers(0, 99)
CLEARED = st.sampled_from(["long", "long", "short", "no"])
#: Minutes of the morning, on cells: few enough for visits to get into each other's way.
MORNING = st.integers(0, 24).map(lambda number: 8 * 60 + 5 * number)
DAY = st.integers(1, 2)
#: For how long a plan is kept; 0: it is booked at once.
HOURS = st.sampled_from([0, 0, 2, 20])


def pick(some: list[T], which: int) -> T:
    """One of `some`."""
    return some[which % len(some)]


class ClinicMachine(RuleBasedStateMachine):
    """Rules act and write down what must be so; after each the database is looked at in full."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.driver = Driver(world)
        self.truth = self.driver.truth
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()

    def teardown(self) -> None:
        """Take back everything that this run has written."""
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    @invariant()
    def the_database_agrees(self) -> None:
        """Everything that must be so is so."""
        self.driver.agreement.check(self.driver.now)

    # -- booking -------------------------------------------------------------------------------------------------

    @rule(
        which=WHICH, cleared=CLEARED, day=DAY, plan=WHICH, keep=st.sampled_from([0, 0, 2, 30]), shift=st.integers(0, 4)
    )
    def book_a_series(self, which: int, cleared: str, day: int, plan: int, keep: int, shift: int) -> None:
        """Three infusions as planned, or (`shift`) the first later than planned; `keep`: only kept for so many hours.

        For somebody new, or now and then for somebody who is a patient already.
        """
        known = self.driver.patients
        patient = pick(known, which) if known and which % 4 == 0 else self.driver.new_patient(cleared)
        wanted: dict[str, Any] = {
            "patient": patient,
            "site": self.world.clinic.site,
            "version": self.world.three,
            "first_day": self.driver.open_day(day),
            "wishes": Wishes(preferred_from=8 * 60, preferred_until=10 * 60),
        }
        with clock.at_moment(self.driver.now):
            plans = planning.plan_series(**wanted, now=self.driver.now).plans
        if not plans:
            return
        starts = [cell_of(one) for one in planning.moments_of(pick(list(plans), plan))]
        starts[0] += shift
        self._book(wanted, starts, keep)

    def _book(self, wanted: dict[str, Any], starts: list[int], keep: int = 0) -> None:
        order = SeriesOrder(**wanted, starts=[moment_of(start) for start in starts])
        kind = self.world.kind_of(order.version)
        form: dict[str, Any] = {"by": self.world.clerk, "key": uuid4(), "order": order}
        if keep:
            kept = self.driver.attempt(offers.keep_plan, starts, kind, hours=keep, **form)
            if kept is not None:
                expires = min(self.driver.now + timedelta(hours=keep), moment_of(starts[0]))
                self.truth.offers[kept.pk] = Kept(order.patient.pk, kind, tuple(starts), expires)
            return
        series = self.driver.attempt(booking.book_series, starts, kind, **form)
        if series is not None:
            self.driver.note_series(series, order.version, starts)

    @initialize(day=DAY, minutes=st.lists(MORNING, min_size=2, max_size=5))
    def some_are_booked_already(self, day: int, minutes: list[int]) -> None:
        """Nobody starts with an empty book."""
        self.book_injections_at_any_time(day, minutes)

    @initialize(given=st.integers(0, 2))
    def a_course_is_under_way(self, given: int) -> None:
        """Somebody is in the middle of three infusions, or about to begin."""
        self.book_a_series(1, "long", 1, 0, 0, 0)
        for number in range(given):
            mine = [(pk, one) for pk, one in self._to_treat() if one.kind == INFUSION]
            if mine:
                self._treat(*mine[0], "treated" if number == 0 else "ill")

    @rule(day=DAY, minutes=st.lists(MORNING, min_size=1, max_size=4))
    def book_injections_at_any_time(self, day: int, minutes: list[int]) -> None:
        """Each is booked where the counts allow it, and refused where not."""
        on = self.driver.open_day(day)
        for minute in minutes:
            self._book_injection(cell_at(on, minute))

    @rule(day=DAY, which=WHICH)
    def book_an_injection_at_a_free_time(self, day: int, which: int) -> None:
        """At a start that the counts allow it is never refused. Best at one where no single watch unit is free all
        through, or where something has lapsed."""
        on, held = self.driver.open_day(day), held_rows(self.driver.now)
        cells = range(cell_at(on, 8 * 60), cell_at(on, 13 * 60))
        free = [start for start in cells if self.truth.is_legal(INJECTION, start, held)]
        hard = [start for start in free if self.truth.needs_two_labels(INJECTION, start, held)]
        lapsed = [start for start in free if self._lapsed_at(start)]
        if free:
            before = len(self.truth.series)
            self._book_injection(pick(hard + lapsed or free, which))
            assert len(self.truth.series) == before + 1, "a legal start was refused"

    def _lapsed_at(self, start: int) -> bool:
        times = [(one.start, one.lapses) for one in self.truth.visits.values() if one.status == "proposed"]
        times += [(at, one.expires) for one in self.truth.offers.values() for at in one.starts if one.status == "open"]
        return any(
            lapses is not None and lapses <= self.driver.now and abs(at - start) < INJECTION.cells
            for at, lapses in times
        )

    def _book_injection(self, start: int) -> None:
        patient = self.driver.new_patient("long")
        wanted = {
            "patient": patient,
            "site": self.world.clinic.site,
            "version": self.world.one,
            "first_day": day_of(start),
            "wishes": Wishes(),
        }
        self._book(wanted, [start])

    @rule(which=WHICH, day=DAY, minute=MORNING, named=st.booleans(), mode=st.sampled_from(Appointment.Mode.values))
    def book_a_consult(self, which: int, day: int, minute: int, named: bool, mode: str) -> None:
        """With the doctor, for somebody new or somebody who may have a visit then."""
        known = self.driver.patients
        patient = pick(known, which) if known and which % 2 else self.driver.new_patient("no")
        start = cell_at(self.driver.open_day(day), minute)
        consult = self.driver.attempt(
            booking.book_consult,
            [start],
            TALK,
            by=self.world.clerk,
            patient=patient,
            site=self.world.clinic.site,
            version=self.world.talk,
            doctor=self.world.clinic.doctor if named else None,
            starts=moment_of(start),
            mode=mode,
            key=uuid4(),
        )
        if consult is not None:
            self.truth.visits[consult.pk] = Visit(patient.pk, TALK, start, "booked", what="consult")

    # -- changing ------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.driver.visits_that("proposed", "booked"))
    @rule(which=WHICH, days=st.integers(-2, 3), minute=MORNING)
    def move_a_visit(self, which: int, days: int, minute: int) -> None:
        """To any time of a day near its own."""
        pk, one = pick(self.driver.visits_that("proposed", "booked"), which)
        start = cell_at(day_of(one.start) + timedelta(days=days), minute)
        now = self._appointment(pk)
        moved = self.driver.attempt(
            moving.move_visit,
            [start],
            one.kind,
            without=[pk],
            by=self.world.clerk,
            appointment=now,
            starts=moment_of(start),
            reason="Asked for.",
            version=now.version,
        )
        if moved is not None:
            assert one.lapses is None or one.lapses > self.driver.now, "a visit was moved to a time that nothing holds"
            one.start = start

    @precondition(lambda self: self.truth.visits)
    @rule(which=WHICH)
    def cancel_a_visit(self, which: int) -> None:
        """One that is open is called off; any other stays as it is."""
        pk, one = pick(list(self.truth.visits.items()), which)
        now = self._appointment(pk)
        no = self.driver.refused(
            moving.cancel_visit, by=self.world.clerk, appointment=now, reason="Asked for.", version=now.version
        )
        assert no == (one.status not in {"proposed", "booked"})
        if not no:
            self.driver.note_cancelled(one)

    @precondition(lambda self: self.driver.open_series())
    @rule(which=WHICH)
    def stop_a_series(self, which: int) -> None:
        """All that is still to come is called off at once."""
        pk = pick(self.driver.open_series(), which)
        self.driver.act(moving.stop_series, by=self.world.clerk, series=Series.objects.get(pk=pk), reason="Moved away.")
        self.driver.note_end(pk)

    # -- time ----------------------------------------------------------------------------------------------------

    @rule(hours=st.sampled_from([1, 3, 24]), tidy=st.booleans())
    def time_passes(self, hours: int, tidy: bool) -> None:
        """What was held for a while is free from then on, whether the job that tidies up has run or not."""
        self.driver.now += timedelta(hours=hours)
        if tidy:
            self.driver.act(offers.release_lapsed, by=Actor.system("release_lapsed"))
            for kept in self.truth.offers.values():
                if kept.status == "open" and kept.expires <= self.driver.now:
                    kept.status = "expired"
            for pk, course in self.truth.series.items():
                if course.status == "draft" and course.held_until and course.held_until <= self.driver.now:
                    self.driver.note_end(pk)

    # -- the day itself ------------------------------------------------------------------------------------------

    @precondition(lambda self: self._soon())
    @rule(which=WHICH, late=st.sampled_from([10, 25, 90]))
    def somebody_does_not_come(self, which: int, late: int) -> None:
        """Recorded some minutes after the start: the rest of the time is free."""
        pk, one = pick(self._soon(), which)
        self._wait_until(one, late)
        self.driver.act(visit.record_no_show, by=self.world.nurse, appointment=self._appointment(pk))
        one.status, one.freed, one.counts = "noshow", cell_of(self.driver.now) + 1, False

    @precondition(lambda self: self._to_treat())
    @rule(which=WHICH, how=st.sampled_from(["treated", "treated", "left alone", "ill"]))
    def somebody_comes(self, which: int, how: str) -> None:
        """The patient comes, is treated and discharged, leaves early and alone, or is ill and not treated: the time
        that is left is free."""
        self._treat(*pick(self._to_treat(), which), how)

    def _treat(self, pk: UUID, one: Visit, how: str) -> None:
        self._wait_until(one, 0)
        if not self.driver.is_covered(one.patient, self.driver.today):
            return
        if one.kind == INFUSION:
            waived = {"by": self.world.doctor, "reason": "Lives next door."}
            self.driver.act(rides.waive_ride, appointment=self._appointment(pk), **waived)
        self._nurse(visit.arrive, pk)
        self.driver.agreement.statuses[pk] = "arrived"
        if how != "ill":
            self._nurse(visit.start, pk)
        if how == "treated":
            self.driver.now += timedelta(minutes=30 if one.kind == INFUSION else 0)
            self._nurse(visit.to_recovery, pk)
            self.driver.now += timedelta(minutes=5 * one.kind.parts[-1].cells)
            self._nurse(visit.discharge, pk, handed_to=None)
        else:
            self.driver.now += timedelta(minutes=20)
            alone = {"ending": Ending.LEFT_AGAINST_ADVICE, "doctor_told": self.world.clinic.doctor}
            self._nurse(visit.end_visit, pk, **({"ending": Ending.NOT_TREATED_ILL} if how == "ill" else alone))
        one.status, one.freed, one.counts = "fulfilled", cell_of(self.driver.now) + 1, how != "ill"

    def _nurse(self, action: Any, pk: UUID, **more: Any) -> None:
        self.driver.act(action, by=self.world.nurse, appointment=self._appointment(pk), **more)

    def _to_treat(self) -> list[tuple[UUID, Visit]]:
        return [(pk, one) for pk, one in self._soon() if one.status == "booked" and one.series is not None]

    def _soon(self) -> list[tuple[UUID, Visit]]:
        """Open visits of the next days: waiting for others would make the book empty."""
        until = self.driver.now + timedelta(days=4)
        return [(pk, one) for pk, one in self.driver.visits_that("proposed", "booked") if moment_of(one.start) < until]

    def _wait_until(self, one: Visit, minutes: int) -> None:
        self.driver.now = max(self.driver.now, moment_of(one.start) + timedelta(minutes=minutes))

    def _appointment(self, pk: UUID) -> Appointment:
        return Appointment.objects.select_related("site", "patient", "series", "protocol_version").get(pk=pk)
