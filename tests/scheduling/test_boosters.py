"""Boosters: what an interval would move, and booking exactly that, once, with one message."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from clinic import clock
from clinic.errors import JustTaken, NotAllowed, Refused, Stale
from clinic.permissions import Role
from scheduling.actions import boosters, moving
from scheduling.models import Appointment, BoosterPlan, Hold, Message, Ride, Series
from scheduling.selectors.boosters import BOOSTERS_AHEAD
from tests.factories import Clinic, clear, make_clinic, make_patient
from tests.scheduling.helpers import book, treat, visits_of, wall

pytestmark = pytest.mark.django_db
Status = Appointment.Status


class Induced:
    """A patient whose six infusions are done; the clock stands on the day after the last, at 09:00."""

    def __init__(self, **clinic: Any) -> None:
        self.clinic: Clinic = make_clinic(**clinic)
        self.series: Series = book(self.clinic, make_patient(self.clinic.site, cleared=True))
        visits = visits_of(self.series)
        treat(visits)
        self.last_day = wall(visits[-1])[0]
        self.now = self.clinic.at(self.last_day + timedelta(days=1), 9)

    def preview(self, interval: int, tolerance: int = 3, now: datetime | None = None) -> boosters.BoosterPreview:
        """What the doctor is shown."""
        return boosters.preview_interval(
            series=self.series, interval_days=interval, tolerance_days=tolerance, now=now or clock.now()
        )

    def agree(self, interval: int, starts: list[datetime], tolerance: int = 3, **changes: Any) -> BoosterPlan:
        """The doctor agrees to `starts`."""
        order: dict[str, Any] = {
            "by": self.clinic.by(Role.DOCTOR),
            "series": self.series,
            "interval_days": interval,
            "tolerance_days": tolerance,
            "reason": "Relief lasted about three weeks.",
            "starts": starts,
            "key": uuid4(),
        }
        plan = boosters.set_booster_interval(**(order | changes))
        self.series.refresh_from_db()
        return plan

    def set(self, interval: int, **changes: Any) -> BoosterPlan:
        """Preview and agree."""
        return self.agree(interval, self.preview(interval).starts, **changes)

    @property
    def boosters(self) -> list[Appointment]:
        """Boosters to come, in order."""
        return [one for one in visits_of(self.series) if one.kind == "booster" and one.status in Appointment.BLOCKING]


def test_a_preview_writes_nothing_and_explains_each_date() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        before = Appointment.objects.count()
        preview = world.preview(21)
    assert preview.refusal == []
    assert len(preview.changes) == BOOSTERS_AHEAD
    assert all(change.appointment is None and change.new_starts and change.why for change in preview.changes)
    assert Appointment.objects.count() == before


def test_agreeing_books_the_boosters_and_starts_maintenance() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        plan = world.set(21)
    assert (plan.interval_days, plan.set_by) == (21, world.clinic.doctor)
    assert world.series.stage == Series.Stage.MAINTENANCE
    days = [world.last_day, *(wall(one)[0] for one in world.boosters)]
    assert all(18 <= (later - earlier).days <= 24 for earlier, later in pairwise(days))
    assert [one.number for one in world.boosters] == [1, 2, 3]
    assert {one.status for one in world.boosters} == {Status.BOOKED}
    assert all(one.plan_reasons[0]["code"] != "pinned" for one in world.boosters)
    assert Ride.objects.filter(appointment__in=world.boosters).count() == BOOSTERS_AHEAD
    assert Message.objects.filter(series=world.series, kind=Message.Kind.BOOSTERS_CHANGED).count() == 1


def test_a_new_interval_moves_what_is_to_come_and_tells_it_once() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        world.set(21)
        old = {one.pk: one.starts for one in world.boosters}
        preview = world.preview(28)
        assert {change.appointment.pk: change.old_starts for change in preview.changes if change.appointment} == old
        world.agree(28, preview.starts)
    days = [world.last_day, *(wall(one)[0] for one in world.boosters)]
    assert all(25 <= (later - earlier).days <= 31 for earlier, later in pairwise(days))
    assert {one.pk for one in world.boosters} == set(old)
    assert all(one.version == 1 for one in world.boosters)
    changed = Message.objects.filter(series=world.series, kind=Message.Kind.BOOSTERS_CHANGED)
    assert changed.filter(version=world.series.version).count() == 1
    assert not Message.objects.filter(kind=Message.Kind.MOVED).exists()
    for one in world.boosters:
        assert min(Hold.objects.filter(appointment=one).values_list("start_cell", flat=True)) == clock.cell(one.starts)


def test_a_shorter_interval_moves_boosters_to_times_that_others_of_them_had() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        world.set(28)
        first = world.boosters[0].starts
        # The day 14 days after the second one is Memorial Day.
        starts = [first - timedelta(days=14), first, first + timedelta(days=15)]
        world.agree(14, starts)
    assert [one.starts for one in world.boosters] == starts


def test_the_same_interval_again_moves_nothing() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        world.set(21)
        before = [(one.pk, one.starts, one.version) for one in world.boosters]
        world.agree(21, [one.starts for one in world.boosters])
    assert [(one.pk, one.starts, one.version) for one in world.boosters] == before
    assert Message.objects.filter(kind=Message.Kind.BOOSTERS_CHANGED).count() == 1
    assert BoosterPlan.objects.count() == 2


def test_a_booster_inside_the_notice_period_stays() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        world.set(21)
    first = world.boosters[0]
    with clock.at_moment(first.starts - timedelta(hours=20)):
        preview = world.preview(35)
        assert preview.changes[0].new_starts == preview.changes[0].old_starts == first.starts
        assert "notice" in preview.changes[0].why[0]
        world.agree(35, preview.starts)
    stayed, *later = world.boosters
    assert (stayed.pk, stayed.starts, stayed.version) == (first.pk, first.starts, 0)
    assert 32 <= (wall(later[0])[0] - wall(stayed)[0]).days <= 38
    assert len(later) == 2


def test_a_patient_who_is_overdue_comes_soon() -> None:
    world = Induced()
    with clock.at_moment(world.now + timedelta(days=60)):
        preview = world.preview(21)
        world.agree(21, preview.starts)
        first = wall(world.boosters[0])[0]
        assert 1 <= (first - clock.today(world.clinic.site.zone)).days <= 5


def test_a_booster_beyond_the_clearance_is_only_held() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        clear(world.series.patient, world.clinic.site, valid_until=world.last_day + timedelta(days=30))
        world.set(21)
    assert [one.status for one in world.boosters] == [Status.BOOKED, Status.PROPOSED, Status.PROPOSED]
    assert not Hold.objects.exclude(expires_at=None).exists()


def test_the_same_key_sets_the_interval_once() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        key, starts = uuid4(), world.preview(21).starts
        assert world.agree(21, starts, key=key) == world.agree(21, starts, key=key)
    assert BoosterPlan.objects.count() == 1
    assert len(world.boosters) == BOOSTERS_AHEAD


def test_a_start_taken_since_the_preview_moves_nothing() -> None:
    world = Induced(chairs=1)
    with clock.at_moment(world.now):
        starts = world.preview(21).starts
        other = make_patient(world.clinic.site, cleared=True)
        day = clock.local(starts[1], world.clinic.site.zone).date()
        book(world.clinic, other, [starts[1]], version=world.clinic.injection, first_day=day)
        with pytest.raises(JustTaken):
            world.agree(21, starts)
    assert world.boosters == []
    assert world.series.stage == Series.Stage.INDUCTION


def test_more_boosters_than_may_stand_are_not_booked() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        world.set(21)
        starts = world.preview(28).starts
        extra = [*starts, starts[-1] + timedelta(days=28)]
        with pytest.raises(Stale):
            world.agree(28, extra)


@pytest.mark.parametrize("deed", ["moved", "cancelled"])
def test_a_booster_that_a_clerk_changed_meanwhile_is_named_and_nothing_moves(deed: str) -> None:
    world = Induced()
    with clock.at_moment(world.now):
        world.set(21)
        preview = world.preview(28)
        clerk, first = world.clinic.by(Role.FRONT_DESK), world.boosters[0]
        if deed == "moved":
            later = first.starts + timedelta(hours=1)
            moving.move_visit(by=clerk, appointment=first, starts=later, reason="By phone", version=first.version)
        else:
            moving.cancel_visit(by=clerk, appointment=first, reason="By phone", version=first.version)
        before = [one.starts for one in world.boosters]
        with pytest.raises(Stale, match=f"{deed} it"):
            world.agree(28, preview.starts, seen=preview.seen)
        assert [one.starts for one in world.boosters] == before
        assert BoosterPlan.objects.count() == 1
        # The control: without the versions that were seen, it would have been moved back.
        world.agree(28, preview.starts)
        assert [one.starts for one in world.boosters] == preview.starts


@pytest.mark.parametrize(("interval", "tolerance"), [(0, 0), (6, 1), (500, 3), (21, 21), (21, -1)])
def test_an_interval_that_cannot_be_is_refused_in_words(interval: int, tolerance: int) -> None:
    world = Induced()
    with clock.at_moment(world.now):
        preview = world.preview(interval, tolerance)
        assert preview.changes == ()
        assert preview.refusal[0].endswith("Nothing was changed.")
        with pytest.raises(Refused):
            world.agree(interval, [], tolerance=tolerance)


def test_starts_outside_the_interval_are_refused() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        starts = world.preview(21).starts
        with pytest.raises(Refused, match="the interval allows 18 to 24"):
            world.agree(21, [starts[0], starts[1] + timedelta(days=7), starts[2]])


def test_infusions_to_come_stand_before_any_booster() -> None:
    clinic = make_clinic()
    series = book(clinic, make_patient(clinic.site, cleared=True))
    preview = boosters.preview_interval(series=series, interval_days=21, tolerance_days=3, now=clock.now())
    assert "still to come" in preview.refusal[0]


def test_only_a_doctor_sets_the_interval_and_says_why() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        starts = world.preview(21).starts
        with pytest.raises(NotAllowed):
            world.agree(21, starts, by=world.clinic.by(Role.FRONT_DESK))
        with pytest.raises(Refused, match="Say why"):
            world.agree(21, starts, reason="  ")


def test_a_stopped_series_gets_no_boosters() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        moving.stop_series(by=world.clinic.by(Role.DOCTOR), series=world.series, reason="No benefit.")
        world.series.refresh_from_db()
        assert "stopped" in world.preview(21).refusal[0]
