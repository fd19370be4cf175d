"""Moving one visit of a long series takes along as few others as can be: ten days running, proven by a solver.

The visits of a series do the same, so what counts is on which dates there is one. The solver is told nothing of orders
or of the planner: it chooses dates, each kept or new, so that the gaps hold, and keeps as many as it can.
"""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from ortools.sat.python import cp_model

from clinic import clock
from clinic.models import Closure
from clinic.permissions import Role
from scheduling.actions import course
from scheduling.models import Appointment, ProtocolVersion, Series
from scheduling.selectors import replanning, rest_search
from scheduling.selectors.day_sheets import load_sheet
from scheduling.selectors.rest import Rest, rest_of
from tests.factories import FIRST_DAY, NOW, Clinic, make_clinic, make_patient, make_protocol
from tests.scheduling.helpers import book, treat, visits_of
from tests.searching import seeds

pytestmark = pytest.mark.django_db

#: CRPS: four hours a day for ten days (domain.md).
FOUR_HOURS = (
    ("prepare", 15, (("chair", "whole", 1), ("nurse", "hands", 1), ("nurse", "watch", 1))),
    ("infuse", 240, (("chair", "whole", 1), ("nurse", "watch", 1))),
    ("recover", 30, (("chair", "whole", 1), ("nurse", "watch", 1))),
)
SESSIONS = 10
REACH = 45
NEEDS_THE_PROOF = 7
"""A case in which no likely order is the best."""
LAST = FIRST_DAY + timedelta(days=REACH - 20)
"""Nobody asks for a date after this."""


class TenDays:
    """A clinic with one series of ten long visits, some of them over, some dates closed, some visits fixed."""

    def __init__(self, seed: int) -> None:
        self.chance = chance = random.Random(seed)
        self.clinic: Clinic = make_clinic(name=f"Ten {seed}", chairs=1, nurses=1)
        self.least, self.most = chance.choice(((1, 3), (1, 3), (1, 4), (2, 4)))
        self.version = self._protocol(seed)
        patient = make_patient(self.clinic.site, cleared=True)
        self.series: Series = book(self.clinic, patient, version=self.version)
        visits = visits_of(self.series)
        given = chance.randrange(4)
        treat(visits[:given])
        self.now = (visits[given - 1].starts + timedelta(hours=8)) if given else NOW
        self._close_some({self._day(one) for one in visits})
        self.mine = chance.choice(visits[given:])
        for one in visits[given:]:
            if one != self.mine and chance.random() < 0.15:
                course.keep_fixed(by=self.clinic.by(Role.FRONT_DESK), appointment=one, fixed=True)

    def _protocol(self, seed: int) -> ProtocolVersion:
        rules: dict[str, Any] = {
            "sessions": SESSIONS,
            "min_gap_days": self.least,
            "ideal_gap_days": self.least,
            "max_gap_days": self.most,
            "window_days": (SESSIONS - 1) * self.most,
        }
        return make_protocol([self.clinic.site], f"Ten days {seed}", FOUR_HOURS, **rules)

    def _day(self, visit: Appointment) -> date:
        return clock.local(visit.starts, self.clinic.site.zone).date()

    def _close_some(self, booked: set[date]) -> None:
        for offset in range(REACH):
            day = FIRST_DAY + timedelta(days=offset)
            if day not in booked and self.chance.random() < 0.25:
                begin, end = clock.day_bounds(day, self.clinic.site.zone)
                Closure.objects.create(site=self.clinic.site, starts=begin, ends=end, reason="closed")

    def open_days(self) -> list[date]:
        """The dates on which a visit can be put: the clinic is open, and only this series is ever there."""
        days = [FIRST_DAY + timedelta(days=number) for number in range(REACH + 30)]
        return [one.date for one in load_sheet(self.clinic.site, days, now=self.now).days]

    def rest(self) -> Rest:
        """What is left of the series."""
        fresh = Series.objects.select_related("site", "patient", "protocol_version").get(pk=self.series.pk)
        return rest_of(fresh, self.now)


def most_kept(world: TenDays, rest: Rest, to_date: date, possible: Sequence[date]) -> int | None:
    """How many of the other visits to come can keep their date when `world.mine` goes to `to_date`, proven; None when
    there is no way. `possible`: the dates on which something new may lie.
    """
    model = cp_model.CpModel()
    others = {rest.day(one): one for one in rest.coming if one.pk != world.mine.pk}
    left, last = rest.day(world.mine), rest.day(rest.given[-1]) if rest.given else None
    dates = sorted({*others, *possible, to_date})
    taken = {day: model.new_bool_var(f"{day}") for day in dates}
    kept = {day: model.new_bool_var(f"keep {day}") for day in others}
    for day, var in taken.items():
        may_be_new = day in possible and day != left
        if day in kept:
            model.add_implication(kept[day], var)
            if not may_be_new or rest.is_fixed(others[day]):
                model.add_implication(var, kept[day])
            if rest.is_fixed(others[day]):
                model.add(kept[day] == 1)
        elif not may_be_new:
            model.add(var == 0)
    model.add(taken[to_date] == 1)
    if to_date in kept:
        model.add(kept[to_date] == 0)
    model.add(sum(taken.values()) == len(rest.coming))
    line = [*([last] if last else []), *dates]
    for at, day in enumerate(line):
        there = taken.get(day, 1) if day != last else 1
        after = [other for other in line[at + 1 :] if other != last]
        for other in after:
            if (other - day).days < world.least:
                model.add(there + taken[other] <= 1)
        near = [taken[other] for other in after if (other - day).days <= world.most]
        for other in after:
            if (other - day).days > world.most:
                # Somebody who comes after a hole too wide: one of those in between must be there.
                model.add(there + taken[other] <= 1 + sum(near))
    model.maximize(sum(kept.values()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    status = solver.solve(model)
    assert status in (cp_model.OPTIMAL, cp_model.INFEASIBLE)
    return round(solver.objective_value) if status == cp_model.OPTIMAL else None


@pytest.mark.parametrize("seed", seeds(12))
def test_no_plan_for_ten_days_running_moves_fewer_others(seed: int) -> None:
    move_one(seed)


def test_control_with_only_some_orders_tried_more_would_move(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest_search, "fewest_leave", lambda wanted: None)
    with pytest.raises(AssertionError, match="more than"):
        move_one(NEEDS_THE_PROOF)


def move_one(seed: int) -> None:
    """Plan a move as the page does, hold it against the solver, and book it."""
    with clock.at_moment(NOW):
        world = TenDays(seed)
    with clock.at_moment(world.now):
        rest, zone = world.rest(), world.clinic.site.zone
        notice = clock.local(rest.notice_until, zone).date()
        possible = [day for day in world.open_days() if day > notice]
        wanted = [day for day in possible if day < LAST and day != rest.day(world.mine)]
        to_date, now = world.chance.choice(wanted), world.now
        visit = next(one for one in rest.coming if one.pk == world.mine.pk)
        plan = replanning.move_plan(appointment=visit, to_date=to_date, to_time=None, now=now)
        best = most_kept(world, rest, to_date, possible)
        if best is None:
            assert plan.refusal or plan.beyond
            return
        assert not [*plan.refusal, *plan.beyond]
        others = {pk: starts for pk, starts in plan.moves.items() if pk != visit.pk}
        least = len(rest.coming) - 1 - best
        assert len(others) == least, f"{len(others)} others move, more than the {least} that have to"
        course.move_with_neighbours(
            by=world.clinic.by(Role.FRONT_DESK),
            appointment=visit,
            starts=plan.moves[visit.pk],
            others=others,
            reason="Asked for.",
            version=visit.version,
            key=uuid4(),
            seen=plan.seen,
        )
