"""A part of a running series: one visit moved with others, the rest anew, one more or fewer, an early end, a lost
infusion made up. Each is booked as a page has just shown it.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from scheduling.actions import course, make_up
from scheduling.models import Appointment, Series
from scheduling.selectors import make_up as lost_infusions
from scheduling.selectors import replanning
from scheduling.selectors.replanning import Replan
from scheduling.selectors.series_rules import Spacing
from tests.machine.machine import MORNING, WHICH, ClinicMachine, pick
from tests.machine.truth import OPEN, Visit, cell_of, day_of
from tests.machine.world import LEAST_GAP, MOST_GAP

#: A spacing that a doctor may set: the protocol's, or a wider one.
SPACINGS = (None, Spacing(LEAST_GAP, 2.5, MOST_GAP + 2), Spacing(LEAST_GAP + 1, 3.5, MOST_GAP + 1))
WHY = "By the response."


class CourseRules(ClinicMachine):
    """Whatever changes in a series, the rest of it holds together."""

    @precondition(lambda self: self._of_running_series())
    @rule(which=WHICH, days=st.integers(-3, 4), minute=st.one_of(st.none(), MORNING))
    def move_a_visit_and_whoever_stands_in_its_way(self, which: int, days: int, minute: int | None) -> None:
        """To a day near its own, others making room; fixed ones stay."""
        pk, one = pick(self._of_running_series(), which)
        visit = self._appointment(pk)
        with self.driver.seen_at():
            plan = replanning.move_plan(
                appointment=visit,
                to_date=day_of(one.start) + timedelta(days=days),
                to_time=None if minute is None else time(minute // 60, minute % 60),
                now=self.driver.seen,
            )
        if plan.refusal or pk not in plan.moves:
            return
        others = {other: start for other, start in plan.moves.items() if other != pk}
        moved = self._book_plan(
            course.move_with_neighbours,
            one.series,
            plan,
            chosen=pk,
            appointment=visit,
            starts=plan.moves[pk],
            others=others,
            version=visit.version,
        )
        if moved is not None and one.series is not None:
            self.truth.number_anew(one.series, one.what)

    @precondition(lambda self: self._running())
    @rule(which=WHICH, days=st.integers(0, 3))
    def plan_the_rest(self, which: int, days: int) -> None:
        """What was lost comes back; visits before the first day leave."""
        pk = pick(self._running(), which)
        first_day = self.driver.today + timedelta(days=days)
        with self.driver.seen_at():
            plan = replanning.rest_plan(series=self._series(pk), first_day=first_day, now=self.driver.seen)
        if plan.refusal or not plan.differs:
            return
        order: dict[str, Any] = {
            "series": self._series(pk),
            "first_day": first_day,
            "moves": plan.moves,
            "added": plan.added,
        }
        if self._book_plan(course.replan_rest, pk, plan, **order) is not None:
            self.truth.number_anew(pk)

    @precondition(lambda self: self._of_running_series("infusion"))
    @rule(which=WHICH)
    def drop_one(self, which: int) -> None:
        """The series has one infusion fewer; an only one stays."""
        pk, one = pick(self._of_running_series("infusion"), which)
        visit = self._appointment(pk)
        assert one.series is not None
        mine = self.truth.series[one.series]
        with self.driver.seen_at():
            plan = replanning.rest_plan(
                series=self._series(one.series), first_day=self.driver.today, now=self.driver.seen, without=visit
            )
        if plan.refusal or mine.sessions < 2 or one.start <= cell_of(self.driver.seen):
            return
        order: dict[str, Any] = {"appointment": visit, "moves": plan.moves, "version": visit.version}
        if self._book_plan(course.drop_visit, one.series, plan, chosen=pk, **order) is not None:
            self.driver.note_cancelled(one)
            mine.sessions -= 1
            self.truth.number_anew(one.series)

    @precondition(lambda self: self._running())
    @rule(which=WHICH, more=st.integers(-1, 1), spacing=st.sampled_from(SPACINGS))
    def a_doctor_changes_the_course(self, which: int, more: int, spacing: Spacing | None) -> None:
        """Another number, another spacing, or both."""
        pk = pick(self._running(), which)
        mine = self.truth.series[pk]
        sessions, today = mine.sessions + more, self.driver.today
        if sessions < 1:
            return
        with self.driver.seen_at():
            plan = replanning.rest_plan(
                series=self._series(pk), first_day=today, now=self.driver.seen, sessions=sessions, spacing=spacing
            )
        if plan.refusal:
            return
        order: dict[str, Any] = {
            "series": self._series(pk),
            "first_day": today,
            "moves": plan.moves,
            "added": plan.added,
        }
        order |= {"sessions": sessions, "spacing": spacing, "dropped": plan.dropped, "by": self.world.doctor}
        if self._book_plan(course.change_course, pk, plan, **order) is not None:
            for dropped in plan.dropped:
                self.driver.note_cancelled(self.truth.visits[dropped])
            mine.sessions = sessions
            mine.least = spacing.least if spacing else self.world.version_of(mine.kind).min_gap_days
            self.truth.number_anew(pk)

    @precondition(lambda self: self._running())
    @rule(which=WHICH)
    def finish_early(self, which: int) -> None:
        """With what was given: the rest is called off, and the series goes on."""
        pk = pick(self._running(), which)
        mine = self.truth.series[pk]
        given = [one for one in self.truth.infusions(pk) if one.counts]
        no = self.driver.refused(course.finish_early, by=self.world.clerk, series=self._series(pk), reason=WHY)
        if no:
            assert not given or len(given) == mine.sessions
            return
        assert given, "an induction ended early before it began"
        for one in self.truth.infusions(pk):
            if one.status in OPEN:
                self.driver.note_cancelled(one)
        mine.sessions = len(given)
        self.truth.number_anew(pk)

    @precondition(lambda self: self.driver.visits_that("proposed", "booked"))
    @rule(which=WHICH, fixed=st.sampled_from([True, True, False]))
    def keep_a_date_fixed(self, which: int, fixed: bool) -> None:
        """Nothing but the clerk's own move takes it elsewhere from now on."""
        pk, one = pick(self.driver.visits_that("proposed", "booked"), which)
        self.driver.act(course.keep_fixed, by=self.world.clerk, appointment=self._appointment(pk), fixed=fixed)
        one.pinned = fixed

    @precondition(lambda self: self._lost_infusions())
    @rule(which=WHICH, slot=WHICH, days=st.integers(0, 4))
    def make_up_for_a_lost_one(self, which: int, slot: int, days: int) -> None:
        """At any of the times shown, once."""
        pk, one = pick(self._lost_infusions(), which)
        assert one.series is not None
        mine, lost = self.truth.series[one.series], self._appointment(pk)
        standing = self.truth.infusions(one.series)
        missing = mine.status == "active" and mine.is_induction and len(standing) < mine.sessions
        with self.driver.seen_at():
            offered = lost_infusions.is_missing(lost)
            assert offered == missing, "offered to make up for what is not missing, or not for what is"
            first_day = self.driver.today + timedelta(days=days)
            slots = lost_infusions.make_up_slots(lost=lost, first_day=first_day, days=7, now=self.driver.seen)
        if not missing or not slots:
            return
        start = cell_of(pick(slots, slot).starts)
        visit = self.driver.attempt(
            make_up.make_up,
            [start],
            mine.kind,
            never_refused=True,
            by=self.world.clerk,
            appointment=lost,
            starts=pick(slots, slot).starts,
            key=uuid4(),
        )
        if visit is not None:
            taken = {other.number for other in standing}
            free = next(number for number in range(1, mine.sessions + 1) if number not in taken)
            self.driver.note_infusion(one.series, start, free if one.number in taken else one.number)

    # -- what they share -----------------------------------------------------------------------------------------

    def _book_plan(
        self, action: Any, pk: UUID | None, plan: Replan, *, chosen: UUID | None = None, **order: Any
    ) -> Any:
        """Book what was shown, and write down where everything is now; None when it was refused."""
        assert pk is not None
        moves: dict[UUID, datetime] = plan.moves
        cells = [cell_of(start) for start in (*moves.values(), *plan.added)]
        order = {"by": self.world.clerk, "reason": WHY, "key": uuid4(), "seen": plan.seen} | order
        done = self.driver.attempt(
            action,
            cells,
            self.truth.series[pk].kind,
            without=[*moves, *plan.dropped, *([chosen] if chosen is not None else [])],
            never_refused=True,
            beyond=bool(plan.beyond),
            **order,
        )
        if done is not None:
            self._note_plan(pk, moves, plan.added, chosen)
        return done

    def _note_plan(self, pk: UUID, moves: dict[UUID, datetime], added: Sequence[datetime], chosen: UUID | None) -> None:
        for other, start in moves.items():
            one = self.truth.visits[other]
            assert other == chosen or not one.pinned, "a date that was kept fixed has moved"
            assert other == chosen or one.start > cell_of(self.driver.now), "a visit that had begun was moved"
            one.start = cell_of(start)
        for start in added:
            self.driver.note_infusion(pk, cell_of(start))

    def _running(self) -> list[UUID]:
        """Inductions that are running."""
        return [pk for pk, one in self.truth.series.items() if one.status == "active" and one.is_induction]

    def _of_running_series(self, *what: str) -> list[tuple[UUID, Visit]]:
        """Visits to come of running series."""
        running = {pk for pk, one in self.truth.series.items() if one.status == "active"}
        return [
            (pk, one)
            for pk, one in self.driver.visits_that("booked", "proposed")
            if one.series in running and (not what or one.what in what)
        ]

    def _lost_infusions(self) -> list[tuple[UUID, Visit]]:
        return [(pk, one) for pk, one in self.truth.visits.items() if one.what == "infusion" and one.counts is False]

    def _series(self, pk: UUID) -> Series:
        return Series.objects.select_related("site", "patient", "protocol_version__protocol").get(pk=pk)

    def _appointment(self, pk: UUID) -> Appointment:
        return Appointment.objects.select_related("site", "patient", "series__site", "protocol_version").get(pk=pk)
