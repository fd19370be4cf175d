"""Patterns of boosters: widening, as needed, an end, one extra now; dates offered, and what was suggested."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from clinic import clock
from clinic.actor import Actor
from clinic.errors import JustTaken, NotAllowed, Refused, Stale
from clinic.models import AuditEvent, Closure, Site
from clinic.permissions import Role
from patients.actions import record_observation
from scheduling.actions import booster_dates, booster_offers, boosters
from scheduling.actions.single import book_single
from scheduling.models import Appointment, BoosterPlan, Message, NewTime, ProposedBooster, Series
from scheduling.selectors.desk_scope import scope_of
from scheduling.selectors.proposed import due_unbooked
from scheduling.selectors.singles import singles_for
from scheduling.selectors.work_list import Kind, count_rows
from tests.scheduling.helpers import treat, wall
from tests.scheduling.test_boosters import Induced

pytestmark = pytest.mark.django_db
Status = ProposedBooster.Status
JOB = Actor.system("proposed boosters")


def look(world: Induced, days: int, **more: Any) -> boosters.BoosterPreview:
    """What the doctor is shown of a pattern."""
    return boosters.preview_interval(series=world.series, interval_days=days, tolerance_days=3, now=clock.now(), **more)


def agree(world: Induced, days: int, **more: Any) -> BoosterPlan:
    """Preview and agree."""
    preview = look(world, days, **{name: one for name, one in more.items() if name not in {"review_on", "measure"}})
    return world.agree(days, preview.starts, **more)


def gaps(world: Induced) -> list[int]:
    """Days between the last infusion and the boosters to come."""
    days = [world.last_day, *(wall(one)[0] for one in world.boosters)]
    return [(later - earlier).days for earlier, later in pairwise(days)]


def within(found: list[int], wanted: list[int], tolerance: int = 3) -> bool:
    """Whether each gap is the wanted one, give or take."""
    return len(found) == len(wanted) and all(
        abs(one - other) <= tolerance for one, other in zip(found, wanted, strict=True)
    )


def test_a_widening_interval_takes_its_steps_one_after_the_other() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        plan = agree(world, 42, pattern="widening", steps=(14, 21, 28, 42))
    assert within(gaps(world), [14, 21, 28])
    assert plan.words == "after 14, 21, 28, 42 days, then every 42 days"


def test_a_step_that_is_overdue_says_so_and_is_not_called_as_intended() -> None:
    world = Induced()
    steps: dict[str, Any] = {"pattern": "widening", "steps": (14, 21, 28, 42)}
    with clock.at_moment(world.now):
        # The control: in time it comes as intended, or as near as it can.
        assert not any("Overdue" in one for one in look(world, 42, **steps).changes[0].why)
    with clock.at_moment(world.now + timedelta(days=25)):
        first, second, _ = look(world, 42, **steps).changes
        assert first.new_starts is not None
        days = (wall_of(world, first.new_starts) - world.last_day).days
        assert first.why[0] == f"Overdue: it was to come 14 days after the visit before, and now comes after {days}."
        assert not any("as intended" in one for one in first.why)
        assert not any("Overdue" in one for one in second.why)
        agree(world, 42, **steps)
    assert world.boosters[0].plan_reasons[0]["code"] == "overdue", "kept with the visit as well"


def test_after_each_booster_given_the_next_step_follows_and_the_last_one_stays() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        agree(world, 28, pattern="widening", steps=(14, 21, 28))
    for expected in ([14, 21, 28, 28], [14, 21, 28, 28, 28]):
        given = world.boosters[0]
        with clock.at_moment(given.ends + timedelta(hours=1)):
            treat([given])
            assert boosters.roll_on(by=JOB) == 1
        every = Appointment.objects.filter(series=world.series, kind="booster").order_by("starts")
        days = [world.last_day, *(wall(one)[0] for one in every)]
        assert within([(later - earlier).days for earlier, later in pairwise(days)], expected)


def test_as_needed_books_none_ahead_and_frees_those_that_stand() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        world.set(21)
    with clock.at_moment(world.now + timedelta(minutes=1)):
        preview = look(world, 14, pattern="as_needed")
        assert preview.starts == []
        assert {one for change in preview.changes for one in change.why} == {
            "Boosters come as needed: none is booked ahead."
        }
        agree(world, 14, pattern="as_needed")
        assert world.boosters == []
        assert boosters.roll_on(by=JOB) == 0
        assert not due_unbooked([world.clinic.site], clock.now() + timedelta(days=90)).exists()


def test_as_needed_the_desk_books_one_no_nearer_than_the_smallest_gap() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        agree(world, 14, pattern="as_needed")
        single = next(one for one in singles_for(world.series.patient, world.clinic.site, clock.now()) if one.series)
        order: dict[str, Any] = {"by": world.clinic.by(Role.FRONT_DESK), "patient": world.series.patient}
        order |= {"site": world.clinic.site, "single": single}
        near = world.clinic.at(_workday(world.last_day + timedelta(days=9)), 10)
        with pytest.raises(Refused):
            book_single(**order, starts=near, key=uuid4())
        far = world.clinic.at(_workday(world.last_day + timedelta(days=15)), 10)
        assert book_single(**order, starts=far, key=uuid4()).kind == Appointment.Kind.BOOSTER


def _workday(day: date) -> date:
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


def test_no_booster_lies_past_the_last_day() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        last = world.last_day + timedelta(days=45)
        agree(world, 21, ends_on=last)
        assert len(world.boosters) == 2
        assert all(wall(one)[0] <= last for one in world.boosters)
        # The control: without an end there are three.
        assert len(look(world, 21).starts) == 3


def test_one_extra_comes_as_soon_as_it_can_and_the_interval_counts_from_it() -> None:
    world = Induced()
    with clock.at_moment(world.now + timedelta(days=6)):
        plan = agree(world, 28, extra_now=True)
        first, *others = gaps(world)
        assert first <= 14
        assert within(others, [28, 28])
        assert plan.extra_now
    assert world.boosters[0].plan_reasons[0]["code"] == "extra_booster"


def test_a_booster_inside_the_notice_period_moves_only_where_the_doctor_says_so() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        world.set(21)
        near = world.boosters[0]
    with clock.at_moment(near.starts - timedelta(hours=5)):
        assert near.starts in look(world, 35).starts
        preview = look(world, 35, moves_near=True)
        assert near.starts not in preview.starts
        world.agree(35, preview.starts, moves_near=True)
        assert all(one.starts != near.starts for one in world.boosters)


def test_a_day_to_look_again_must_lie_ahead_and_puts_the_course_first() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        with pytest.raises(Refused, match="must lie ahead"):
            agree(world, 21, review_on=world.last_day)
        plan = agree(world, 21, review_on=world.last_day + timedelta(days=60))
    assert plan.review_on == world.last_day + timedelta(days=60)


@pytest.mark.parametrize(
    ("days", "more"),
    [
        (0, {}),
        (500, {}),
        (21, {"pattern": "widening", "steps": (21,)}),
        (14, {"pattern": "widening", "steps": (28, 14)}),
        (500, {"pattern": "widening", "steps": (14, 500)}),
        (21, {"ends_on": date(2020, 1, 1)}),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence_and_changes_nothing(days: int, more: dict[str, Any]) -> None:
    world = Induced()
    with clock.at_moment(world.now):
        (sentence,) = look(world, days, **more).refusal
        assert sentence.endswith("Nothing was changed.")
        with pytest.raises(Refused):
            world.agree(days, [], **more)
    assert not BoosterPlan.objects.exists()


def test_what_the_curve_suggested_is_kept_beside_what_was_decided_and_on_the_trail() -> None:
    world = Induced()
    nurse, patient = world.clinic.by(Role.NURSE), world.series.patient
    with clock.at_moment(world.now):
        for days_ago, value in ((40, 8), (0, 3)):
            record_observation(
                by=nurse,
                patient=patient,
                measure="pain",
                value=value,
                effective_at=clock.now() - timedelta(days=days_ago),
                source="staff",
            )
        plan = world.set(28)
    assert plan.suggested["interval_days"] is None
    assert plan.suggested["words"] == "Not enough to suggest: 0 of 6 reliefs seen to the end, 3 are needed."
    assert len(plan.suggested["reliefs"]) == 6
    event = AuditEvent.objects.filter(table="scheduling_boosterplan").get()
    assert event.after is not None
    assert (event.after["interval_days"], event.after["suggested"]["words"]) == (28, plan.suggested["words"])


def test_moved_times_wait_for_the_patients_yes_and_are_on_the_desks_list() -> None:
    world = Induced()
    with clock.at_moment(world.now):
        world.set(21)
        assert not NewTime.objects.exists()
        world.set(28)
        scope = scope_of(world.clinic.by(Role.FRONT_DESK).user, clock.now())  # type: ignore[arg-type]
        assert count_rows(scope)[Kind.NEW_TIMES] == 3
        first, second, third = world.boosters
        by = Actor("patient", str(world.series.patient_id), world.series.patient.name)
        booster_dates.confirm_new_time(by=by, appointment=first, version=first.version)
        booster_dates.confirm_new_time(by=world.clinic.by(Role.FRONT_DESK), appointment=second, version=second.version)
        assert count_rows(scope)[Kind.NEW_TIMES] == 1
        stranger = Actor("patient", str(uuid4()), "Somebody")
        with pytest.raises(NotAllowed):
            booster_dates.confirm_new_time(by=stranger, appointment=third, version=third.version)
        with pytest.raises(Stale):
            booster_dates.confirm_new_time(by=by, appointment=third, version=third.version + 1)


class Offering(Induced):
    """A site that offers boosters; the first was given, and none is booked ahead."""

    def __init__(self) -> None:
        super().__init__()
        site = self.clinic.site
        site.offers_boosters = True
        site.save()
        with clock.at_moment(self.now):
            agree(self, 21, ends_on=None)
        first, second, third = self.boosters
        treat([first])
        Appointment.objects.filter(pk__in=[second.pk, third.pk]).update(status="cancelled", ending="cancelled")
        for one in (second, third):
            one.holds.all().delete()
        self.series = Series.objects.select_related("site", "patient", "protocol_version__protocol").get(
            pk=self.series.pk
        )
        self.given = wall(first)[0]
        self.night = self.clinic.at(self.given + timedelta(days=1), 2, 30)

    @property
    def open(self) -> list[ProposedBooster]:
        """Dates that may still become visits."""
        return list(ProposedBooster.objects.filter(series=self.series, status__in=ProposedBooster.OPEN))

    def offered(self) -> list[ProposedBooster]:
        """Those that wait for an answer."""
        return [one for one in self.open if one.status == Status.OFFERED]

    @property
    def by(self) -> Actor:
        """The patient."""
        return Actor("patient", str(self.series.patient_id), self.series.patient.name)


def test_by_night_dates_are_proposed_months_ahead_and_the_next_two_offered_without_holding_anything() -> None:
    world = Offering()
    with clock.at_moment(world.night):
        assert booster_offers.by_night(by=JOB) == 1
        assert boosters.roll_on(by=JOB) == 0
    days = [world.given, *(wall_of(world, one.starts) for one in world.open)]
    assert len(world.open) == 5
    assert all(18 <= (later - earlier).days <= 24 for earlier, later in pairwise(days))
    assert [one.status for one in world.open] == [Status.OFFERED] * 2 + [Status.PROPOSED] * 3
    assert world.boosters == []
    assert Message.objects.filter(kind=Message.Kind.DATES_OFFERED).count() == 1


def wall_of(world: Induced, moment: datetime) -> date:
    """Its local day."""
    return clock.local(moment, world.clinic.site.zone).date()


def test_by_day_nothing_is_proposed_and_a_second_night_changes_nothing() -> None:
    world = Offering()
    Site.objects.update(offers_boosters=False)
    with clock.at_moment(world.night):
        assert booster_offers.by_night(by=JOB) == 0
    Site.objects.update(offers_boosters=True)
    with clock.at_moment(world.night + timedelta(hours=8)):
        assert booster_offers.by_night(by=JOB) == 0, "a site that begins to offer by day does so from the next night on"
    for night in (1, 2):
        with clock.at_moment(world.night + timedelta(days=night)):
            booster_offers.by_night(by=JOB)
            before = [one.pk for one in world.open]
    assert len(before) == 5, "the control: by night they are"
    with clock.at_moment(world.night + timedelta(days=2, minutes=10)):
        booster_offers.by_night(by=JOB)
    assert [one.pk for one in world.open] == before
    assert Message.objects.filter(kind=Message.Kind.DATES_OFFERED).count() == 1


def test_a_yes_books_the_date_once_and_a_no_puts_the_patient_on_the_desks_list() -> None:
    world = Offering()
    with clock.at_moment(world.night):
        booster_offers.by_night(by=JOB)
        first, second = world.offered()
        visit = booster_offers.accept(by=world.by, proposed=first)
        assert booster_offers.accept(by=world.by, proposed=first) == visit
        assert (visit.starts, visit.status) == (first.starts, Appointment.Status.BOOKED)
        assert visit.holds.exists()
        booster_offers.decline(by=world.by, proposed=second)
        with pytest.raises(Stale):
            booster_offers.accept(by=world.by, proposed=second)
        with pytest.raises(NotAllowed):
            booster_offers.decline(by=Actor("patient", str(uuid4()), "Somebody"), proposed=first)


def test_who_declines_everything_is_due_with_nothing_booked() -> None:
    world = Offering()
    with clock.at_moment(world.night):
        booster_offers.by_night(by=JOB)
        for one in world.offered():
            booster_offers.decline(by=world.by, proposed=one)
        # At once, since the page has promised a call; the control: before the answer nothing was due.
        assert [row.pk for row in due_unbooked([world.clinic.site], clock.now())] == [world.series.pk]
    ProposedBooster.objects.update(status=Status.REPLACED)
    with clock.at_moment(world.night + timedelta(days=2)):
        assert not due_unbooked([world.clinic.site], clock.now()).exists()
    with clock.at_moment(world.night + timedelta(days=16)):
        assert [row.pk for row in due_unbooked([world.clinic.site], clock.now())] == [world.series.pk]


def test_after_a_no_the_desk_calls_and_the_night_offers_nothing_until_something_is_booked() -> None:
    world = Offering()
    with clock.at_moment(world.night):
        booster_offers.by_night(by=JOB)
        first, second = world.offered()
        booster_offers.accept(by=world.by, proposed=first)
        booster_offers.decline(by=world.by, proposed=second)
    for night in (1, 2):
        with clock.at_moment(world.night + timedelta(days=night)):
            assert booster_offers.by_night(by=JOB) == 0
    treat(world.boosters)
    with clock.at_moment(first.starts + timedelta(days=1)):
        booster_offers.propose(by=JOB, series=world.series)
        # The next one is offered again, on another day than the one that did not suit.
        offered = [wall_of(world, one.starts) for one in world.offered()]
    assert len(offered) == 2
    assert wall_of(world, second.starts) not in offered


def test_a_booster_whose_offer_nobody_answered_is_due_although_a_later_one_is_offered() -> None:
    world = Offering()
    with clock.at_moment(world.night):
        booster_offers.by_night(by=JOB)
        first, second = world.offered()
    with clock.at_moment(first.starts - timedelta(days=4)):
        # The control: while it waits for an answer, it is on the list of those that do.
        assert not due_unbooked([world.clinic.site], clock.now()).exists()
    with clock.at_moment(first.starts - timedelta(hours=world.clinic.site.notice_hours - 1)):
        booster_offers.propose(by=JOB, series=world.series)
        assert second.pk in [one.pk for one in world.offered()]
        assert [row.pk for row in due_unbooked([world.clinic.site], clock.now())] == [world.series.pk]


def test_a_date_that_somebody_else_took_meanwhile_is_said_to_be_taken_and_nothing_is_booked() -> None:
    world = Offering()
    with clock.at_moment(world.night):
        booster_offers.by_night(by=JOB)
        first = world.offered()[0]
        closed = wall_of(world, first.starts)
        begin = clock.day_bounds(closed, world.clinic.site.zone)[0]
        for chair in world.clinic.chairs:
            Closure.objects.create(resource=chair, starts=begin, ends=begin + timedelta(days=1))
        with pytest.raises((JustTaken, Refused)):
            booster_offers.accept(by=world.by, proposed=first)
    assert world.boosters == []
    assert ProposedBooster.objects.get(pk=first.pk).status == Status.OFFERED


def test_a_new_interval_takes_back_what_was_proposed() -> None:
    world = Offering()
    with clock.at_moment(world.night):
        booster_offers.by_night(by=JOB)
        agree(world, 28)
    assert world.open == []
