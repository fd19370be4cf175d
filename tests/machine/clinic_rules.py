"""The rest of the rules: what doctors decide, and how the clinic itself changes."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from clinic import clock
from clinic.actor import Actor
from clinic.models import Shift
from patients.actions import decide_clearance
from scheduling.actions import boosters, clinic_changes
from scheduling.models import Appointment, Series
from scheduling.selectors.boosters import BOOSTERS_AHEAD
from tests.machine.agreement import held_rows
from tests.machine.driver import CLEARED_FOR
from tests.machine.machine import DAY, MORNING, WHICH, ClinicMachine, pick
from tests.machine.truth import Closed, cell_at, cell_of, moment_of
from tests.machine.world import INJECTION

INTERVALS = st.sampled_from([7, 10, 21])
TOLERANCE = 3


class ClinicRules(ClinicMachine):
    """Clearances, booster intervals, shifts and closures."""

    @precondition(lambda self: self.driver.patients)
    @rule(which=WHICH, yes=st.sampled_from(["long", "short", "no"]))
    def a_doctor_decides(self, which: int, yes: str) -> None:
        """A yes until a day, or a suspension: visits are booked or put on hold with it."""
        patient = pick(self.driver.patients, which)
        until = self.driver.today + CLEARED_FOR[yes] if yes in CLEARED_FOR else None
        self.driver.act(
            decide_clearance,
            by=self.world.doctor,
            patient=patient,
            decision="cleared" if until else "suspended",
            valid_until=until,
            reason="" if until else "Blood pressure.",
        )
        self.driver.note_decision(patient.pk, until)

    @precondition(lambda self: self._induced())
    @rule(which=WHICH, days=INTERVALS)
    def a_doctor_sets_boosters(self, which: int, days: int) -> None:
        """The boosters become exactly those of the preview."""
        pk = pick(self._induced(), which)
        series = Series.objects.select_related("site", "patient", "protocol_version").get(pk=pk)
        at = self.driver.now + timedelta(seconds=1)
        with clock.at_moment(at):
            preview = boosters.preview_interval(series=series, interval_days=days, tolerance_days=TOLERANCE, now=at)
        if preview.refusal:
            return
        self.driver.act(
            boosters.set_booster_interval,
            by=self.world.doctor,
            series=series,
            interval_days=days,
            tolerance_days=TOLERANCE,
            reason="Pain comes back.",
            starts=preview.starts,
            key=uuid4(),
        )
        self.truth.series[pk].is_induction = False
        for change in preview.changes:
            self._note_change(pk, change)

    @rule()
    def boosters_roll_on(self) -> None:
        """Where a booster was given the next one follows the last; the program may look as often as it likes."""
        for _ in range(2):
            self.driver.act(boosters.roll_on, by=Actor.system("next boosters"))
            new = Appointment.objects.filter(kind="booster").exclude(pk__in=list(self.truth.visits))
            for visit in new.select_related("series").order_by("starts"):
                assert visit.series is not None
                mine = [one for one in self.truth.visits.values() if one.series == visit.series_id and one.stands]
                start = cell_of(visit.starts)
                assert start > max(one.start for one in mine), "a booster was put before one that stands"
                self.driver.note_booster(visit.series.pk, start)
        for series in self.truth.series:
            ahead = [one for one in self.truth.of_series(series) if one.what == "booster"]
            assert len(ahead) <= BOOSTERS_AHEAD, "more boosters are ahead than should be"

    def _note_change(self, series: UUID, change: boosters.BoosterMove) -> None:
        if change.appointment is None:
            assert change.new_starts is not None
            self.driver.note_booster(series, cell_of(change.new_starts))
            return
        one = self.truth.visits[change.appointment.pk]
        if change.new_starts is None:
            self.driver.note_cancelled(one)
        elif change.new_starts != change.old_starts:
            one.start = cell_of(change.new_starts)
            one.status = self.driver.status_on(one.patient, one.start)

    def _induced(self) -> list[UUID]:
        """Series whose infusion was given."""
        return [
            pk
            for pk, course in self.truth.series.items()
            if course.kind == INJECTION
            and course.status == "active"
            and any(one.series == pk and one.status == "fulfilled" for one in self.truth.visits.values())
        ]

    @precondition(lambda self: self._held_for_a_while())
    @rule(which=WHICH)
    def what_was_held_lapses_and_somebody_else_takes_it(self, which: int) -> None:
        """From the moment on at which a plan kept or a held series lapses, its time is free: nothing need tidy up."""
        lapses, start = pick(self._held_for_a_while(), which)
        self.driver.now = lapses
        if self.truth.is_legal(INJECTION, start, held_rows(self.driver.now)):
            self._book_injection(start)

    def _held_for_a_while(self) -> list[tuple[datetime, int]]:
        """When each time that is held only for a while lapses, and when it begins."""
        held = [(one.lapses, one.start) for one in self.truth.visits.values() if one.status == "proposed"]
        held += [(one.expires, at) for one in self.truth.offers.values() if one.status == "open" for at in one.starts]
        return [(lapses, start) for lapses, start in held if lapses and self.driver.now < lapses < moment_of(start)]

    @rule(which=WHICH, weekday=st.integers(0, 4))
    def a_shift_ends(self, which: int, weekday: int) -> None:
        """A nurse's or the doctor's weekly shift ends today, unless somebody booked needs it."""
        clinic = self.world.clinic
        member = pick([*clinic.nurses, clinic.doctor], which)
        if (member.resource_id, weekday) in self.truth.shifts_end:
            return
        shift = Shift.objects.select_related("site").get(staff_member=member, weekday=weekday)
        if not self.driver.refused(clinic_changes.remove_shift, by=self.world.manager, shift=shift):
            self.truth.shifts_end[member.resource_id, weekday] = self.driver.today

    @rule(which=WHICH, day=DAY, minute=MORNING, hours=st.integers(1, 3))
    def something_closes(self, which: int, day: int, minute: int, hours: int) -> None:
        """A chair, a person or the site is away for some hours, unless somebody booked needs it."""
        clinic = self.world.clinic
        people = [nurse.resource for nurse in clinic.nurses]
        resource = pick([*clinic.chairs, *people, clinic.doctor.resource, None], which)
        start = cell_at(self.driver.open_day(day), minute)
        no = self.driver.refused(
            clinic_changes.add_closure,
            by=self.world.manager,
            starts=moment_of(start),
            ends=moment_of(start + 12 * hours),
            site=None if resource is not None else clinic.site,
            resource=resource,
            reason="Planned.",
        )
        if not no:
            self.truth.closed.append(Closed(resource.pk if resource is not None else None, start, start + 12 * hours))
