"""What simply happens, and the re-planning of whoever has no cover then."""

from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from clinic.models import Closure, Resource
from scheduling.actions import outages, rescue
from scheduling.models import Message
from scheduling.selectors.rescue_plan import Case, answers, propose
from tests.machine.agreement import held_rows
from tests.machine.machine import MORNING, WHICH, ClinicMachine, pick
from tests.machine.truth import Closed, cell_at, cell_of, moment_of

#: Messages that tell a patient of another time.
NEWS = ("moved", "boosters_changed", "cancelled", "booked", "consult_booked")


class OutageRules(ClinicMachine):
    """Somebody is ill, a chair breaks, snow: recorded, re-planned, and told once."""

    @rule(which=WHICH, day=st.integers(0, 2), minute=MORNING, hours=st.sampled_from([1, 3, 10]))
    def something_is_out(self, which: int, day: int, minute: int, hours: int) -> None:
        """Anything, at any time. It is never refused."""
        clinic = self.world.clinic
        people = [member.resource for member in (*clinic.nurses, clinic.doctor)]
        start = cell_at(self.driver.open_day(day), minute)
        self._out(pick([*clinic.chairs, *people, None], which), start, start + 12 * hours)

    @precondition(lambda self: self._soon())
    @rule(which=WHICH, what=WHICH, minutes=st.sampled_from([0, 0, 20]), hours=st.sampled_from([1, 3, 10]))
    def something_is_out_that_somebody_needs(self, which: int, what: int, minutes: int, hours: int) -> None:
        """The chair or a nurse of a visit, or the site; `minutes` after its start, when somebody may sit there."""
        pk, one = pick(self._soon(), which)
        held = list(Resource.objects.filter(holds__appointment=pk).distinct().order_by("pk"))
        if minutes:
            self._wait_until(one, minutes)
        start = max(one.start, cell_of(self.driver.now))
        self._out(pick([*held, *held, None], what), start, start + 12 * hours)

    def _out(self, resource: Resource | None, start: int, end: int) -> None:
        """Written down; whoever is booked stays booked, and whoever has no cover now is named."""
        clinic = self.world.clinic
        outage = self.driver.act(
            outages.record_outage,
            by=self.world.nurse,
            starts=moment_of(start),
            ends=moment_of(end),
            reason="It happens.",
            key=uuid4(),
            site=None if resource is not None else clinic.site,
            resource=resource,
        )
        self.truth.closed.append(Closed(resource.pk if resource is not None else None, start, end, outage.closure.pk))
        before = self.driver.agreement.lost or set()
        self.driver.agreement.lost = None
        self.the_database_agrees()
        found = {one.id for one in outage.without_cover}
        lost: set[UUID] = self.driver.agreement.lost or set()
        assert lost - before <= found <= lost, "the answer names others than those who lost their cover"

    @precondition(lambda self: any(one.outage for one in self.truth.closed))
    @rule(which=WHICH, hours=st.sampled_from([0, 1, 24]))
    def it_is_over_sooner(self, which: int, hours: int) -> None:
        """Whoever was without cover only for that has it back."""
        one = pick([one for one in self.truth.closed if one.outage], which)
        ends = cell_of(self.driver.now) + 1 + 12 * hours
        assert one.outage is not None
        closure = Closure.objects.select_related("site", "resource__site").get(pk=one.outage)
        self.driver.act(outages.take_back_outage, by=self.world.nurse, closure=closure, ends=moment_of(ends))
        self.truth.closed.remove(one)
        if ends > one.start:
            self.truth.closed.append(Closed(one.resource, one.start, min(one.end, ends), one.outage))

    @precondition(lambda self: self._visits_lost())
    @rule(which=WHICH, parts=st.sampled_from([False, False, True]))
    def the_desk_agrees_to_a_rescue(self, which: int, parts: bool) -> None:
        """To the whole, which can always be done as it was shown, or to one case of it, which others may hinder."""
        lost = self._visits_lost()
        with self.driver.seen_at():
            plan = propose(self.world.clinic.site, self.driver.seen)
        cases = [pick(list(plan.cases), which)] if parts and plan.cases else plan.cases
        wanted = answers(cases)
        if len(lost) == 1:
            self._keeps_its_time_if_it_can(lost[0], wanted)
        self._the_mail_goes_out()
        told = self._told()
        steps = {step.visit.pk: step.visit.version for case in cases for step in case.steps}
        _, no = self.driver.answer(
            rescue.agree_rescue,
            by=self.world.clerk,
            proposals=wanted,
            reason="It happens.",
            key=uuid4(),
            versions=steps,
        )
        assert no is None or parts, f"the whole was shown and refused: {no.message if no else ''}"
        if no is None:
            self._note(cases, wanted, told)
        if not parts:
            left = {pk for pk, start in wanted.items() if start is None}
            assert set(self._still_lost()) <= left, "somebody was given a place and has no cover"

    def _note(
        self, cases: list[Case] | tuple[Case, ...], wanted: dict[UUID, datetime | None], told: Counter[UUID]
    ) -> None:
        moved = set()
        for pk, start in wanted.items():
            visit = self.truth.visits[pk]
            if start is not None and cell_of(start) != visit.start:
                assert not visit.pinned, "a date that was kept fixed has moved"
                visit.start = cell_of(start)
                moved.add(visit.patient)
        assert self._told() - told == Counter(moved), "each patient is told once, and nobody else"

    def _keeps_its_time_if_it_can(self, pk: UUID, wanted: dict[UUID, datetime | None]) -> None:
        """A hand-over comes first: nobody is moved whom others can serve at the same time."""
        visit = self.truth.visits[pk]
        if visit.start > cell_of(self.driver.seen) and self.truth.is_legal(
            visit.kind, visit.start, held_rows(self.driver.seen, [pk])
        ):
            start = wanted[pk]
            assert start is not None
            assert cell_of(start) == visit.start, "moved, though others could have taken over"

    def _the_mail_goes_out(self) -> None:
        """Whatever was to be told before is known by now, so that what follows is not told together with it."""
        Message.objects.filter(kind__in=NEWS, state="due").update(
            state="sent", sent_at=self.driver.now, carried_by=None
        )

    def _told(self) -> Counter[UUID]:
        """How many messages of another time each patient was written."""
        rows = Message.objects.filter(recipient="patient", kind__in=NEWS, carried_by=None)
        return Counter(rows.values_list("patient", flat=True))

    def _visits_lost(self) -> list[UUID]:
        """Visits without cover, as of the step before."""
        return [pk for pk in self.driver.agreement.lost or () if pk in self.truth.visits and self._is_to_come(pk)]

    def _still_lost(self) -> list[UUID]:
        self.the_database_agrees()
        return self._visits_lost()

    def _is_to_come(self, pk: UUID) -> bool:
        return moment_of(self.truth.visits[pk].end) > self.driver.now + timedelta(minutes=10)
