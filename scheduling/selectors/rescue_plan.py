"""The visits of a site that have no cover, and what is proposed for each: for the desk to read, choose and agree to."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from clinic import clock
from clinic.models import Closure, Site, User
from patients.models import Patient
from scheduling.models import Appointment, Hold
from scheduling.planner.rescue import Proposal
from scheduling.planner.rescue_search import plan_rescue
from scheduling.planner.rescue_solver import improve_rescue
from scheduling.selectors import rescue
from scheduling.selectors.coverage import Stranded
from scheduling.selectors.reasons import explain
from scheduling.selectors.stranded import booked_days, booked_days_at, stranded, stranded_at


@dataclass(frozen=True, slots=True)
class Step:
    """One visit of a case: `new_starts` (UTC) is its own start for a hand-over, None where no place was found."""

    visit: Appointment
    new_starts: datetime | None
    why: tuple[str, ...]
    follows: bool

    @property
    def keeps_time(self) -> bool:
        """Whether the patient notices nothing."""
        return self.new_starts == self.visit.starts


@dataclass(frozen=True, slots=True)
class Case:
    """What belongs together, since the gaps of one series tie it: agreed to, called about, or left as a whole."""

    patient: Patient
    steps: tuple[Step, ...]

    @property
    def is_left(self) -> bool:
        """Whether a visit of it found no place."""
        return any(step.new_starts is None for step in self.steps)

    @property
    def keeps_time(self) -> bool:
        """Whether every visit of it keeps its time."""
        return all(step.keeps_time for step in self.steps)

    @property
    def name(self) -> str:
        """What its choice is called in a form: the id of its first visit."""
        return str(self.steps[0].visit.pk)


@dataclass(frozen=True, slots=True)
class SiteRescue:
    """The whole of a site: cases that found no place, that move, and that only others take over; each soonest first.

    `plans`: plans kept for patients that have no cover any more. They are answered, not moved.
    """

    site: Site
    left: tuple[Case, ...]
    moves: tuple[Case, ...]
    taken_over: tuple[Case, ...]
    plans: tuple[Stranded, ...]

    @property
    def cases(self) -> tuple[Case, ...]:
        """All of them, those that found no place on top."""
        return (*self.left, *self.moves, *self.taken_over)


def without_cover(site: Site, now: datetime) -> list[Stranded]:
    """Visits and kept plans of the site, from `now` (aware) on, that have no cover as things stand, soonest first."""
    return list(stranded(site, booked_days(site, now), now).values())


def without_cover_of(user: User, now: datetime) -> list[tuple[Site, list[Stranded]]]:
    """The same for every site of the user that has any, in as many queries for five sites as for one."""
    sites = list(Site.objects.for_user(user))
    found = stranded_at(booked_days_at(sites, now), now)
    return [(site, list(found[site].values())) for site in sites if found.get(site)]


def propose(site: Site, now: datetime) -> SiteRescue:
    """What is proposed for everything without cover at the site, seen from `now` (aware). Only reads; takes a second or
    so for a closed day of 60 visits, and RESCUE_SOLVER_SECONDS more where these are set.
    """
    found = without_cover(site, now)
    question = rescue.ask(site, [one.id for one in found if not one.is_plan], now)
    by_course: dict[object, list[Step]] = defaultdict(list)
    plan = improve_rescue(question.request, plan_rescue(question.request), settings.RESCUE_SOLVER_SECONDS)
    for proposal in plan.proposals:
        by_course[proposal.course].append(_step(question.visits[cast(UUID, proposal.key)], proposal))
    cases = [Case(steps[0].visit.patient, tuple(steps)) for steps in by_course.values()]
    return SiteRescue(
        site=site,
        left=tuple(case for case in cases if case.is_left),
        moves=tuple(case for case in cases if not case.is_left and not case.keeps_time),
        taken_over=tuple(case for case in cases if case.keeps_time),
        plans=tuple(one for one in found if one.is_plan),
    )


def what_happened(plan: SiteRescue) -> str:
    """The reasons written down for what is out while these visits take place, as one line; empty when there is none."""
    visits = [step.visit for case in plan.cases for step in case.steps if not step.follows]
    if not visits:
        return ""
    resources = Hold.objects.filter(appointment__in=visits).values("resource")
    closures = Closure.objects.filter(
        Q(site=plan.site) | Q(resource__in=resources),
        starts__lt=max(visit.ends for visit in visits),
        ends__gt=min(visit.starts for visit in visits),
    )
    return ", ".join(dict.fromkeys(reason for reason in closures.values_list("reason", flat=True) if reason))


def _step(visit: Appointment, proposal: Proposal) -> Step:
    new_starts = None
    if proposal.new_start is not None:
        new_starts = visit.starts if proposal.keeps_time else clock.of_cell(proposal.new_start)
    why = tuple(explain(reason, visit.site.zone) for reason in proposal.reasons)
    return Step(visit, new_starts, why, proposal.follows)


def answers(cases: Sequence[Case]) -> dict[UUID, datetime | None]:
    """The proposals of these cases by visit, as actions.rescue.agree_rescue takes them."""
    return {step.visit.pk: step.new_starts for case in cases for step in case.steps}
