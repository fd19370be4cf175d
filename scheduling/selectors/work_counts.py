"""The counts beside the words of the navigation: what waits, for whoever is signed in.

One query counts what rows can be counted by; docs/decisions/counts-in-the-navigation.md says what becomes of the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import QuerySet

from clinic.permissions import Permission
from scheduling.models import Appointment
from scheduling.selectors.asked import unordered_visits, waiting_questions
from scheduling.selectors.clearances import blocked_visits, waiting_clearances
from scheduling.selectors.courses import to_decide
from scheduling.selectors.desk_scope import Scope
from scheduling.selectors.rescue_plan import without_cover_of
from scheduling.selectors.work_list import QUERIES, Kind, WorkList, counted, earlier_ahead, ends_ahead

#: Seconds for which a figure that takes the planner's own reading of the days may be behind, away from the work list.
BEHIND = 30
#: What a doctor has to decide that rows can be counted by.
DECIDE = ("blocked", "asked", "unordered")


@dataclass(frozen=True, slots=True)
class Counts:
    """How much waits: rows of the work list, calls (rides among them), failed messages, patients who are here, and
    what a doctor has to decide. None: not the user's to see.
    """

    work: int | None
    calls: int | None
    failed: int | None
    here: int | None
    decide: int | None


def counts_for(scope: Scope) -> Counts:
    """What the user's navigation says. One query, and those of the slow figures once in BEHIND seconds."""
    user, wanted = scope.user, dict[str, QuerySet[Any, Any]]()
    if user.may(Permission.BOOK):
        wanted |= {kind.value: query(scope) for kind, query in QUERIES.items()}
    elif user.may(Permission.WORK_CALLS):
        wanted |= {kind.value: QUERIES[kind](scope) for kind in (Kind.RIDES, Kind.CALLS, Kind.FAILED)}
    if user.may(Permission.RUN_VISIT):
        wanted["here"] = Appointment.objects.filter(site__in=scope.sites, status=Appointment.Status.ARRIVED)
    if user.may(Permission.DECIDE_CLEARANCE):
        wanted |= {
            "blocked": blocked_visits(user),
            "asked": waiting_questions(user),
            "unordered": unordered_visits(user),
        }
    found = dict(zip(wanted, counted(list(wanted.values())), strict=True)) if wanted else {}
    return Counts(
        work=sum(found[kind] for kind in QUERIES) + _slow(SLOW_WORK, scope) if user.may(Permission.BOOK) else None,
        calls=found[Kind.RIDES] + found[Kind.CALLS] if Kind.CALLS in found else None,
        failed=found.get(Kind.FAILED),
        here=found.get("here"),
        decide=sum(found[one] for one in DECIDE) + _slow(SLOW_DECIDE, scope) if "blocked" in found else None,
    )


def keep_slow_work(scope: Scope, work: WorkList) -> None:
    """The work list has just looked at everything: its navigation, and the pages after it, say the same."""
    found = sum(one.count for one in work.lists if one.kind in {Kind.ENDS, Kind.EARLIER})
    cache.set(_key(SLOW_WORK, scope), found + sum(len(found) for _site, found in work.uncovered), BEHIND)


def keep_slow_decisions(scope: Scope, count: int) -> None:
    """The same for the doctor's list: `count` clearances waiting and courses to decide about."""
    cache.set(_key(SLOW_DECIDE, scope), count, BEHIND)


def _slow_work(scope: Scope) -> int:
    uncovered = without_cover_of(scope.user, scope.now)
    return sum(len(found) for _site, found in uncovered) + len(ends_ahead(scope)) + len(earlier_ahead(scope))


def _slow_decisions(scope: Scope) -> int:
    return len(waiting_clearances(scope.user)) + len(to_decide(scope.user))


SLOW_WORK, SLOW_DECIDE = "work", "decide"
_COMPUTE: dict[str, Callable[[Scope], int]] = {SLOW_WORK: _slow_work, SLOW_DECIDE: _slow_decisions}


def _slow(name: str, scope: Scope) -> int:
    known: int | None = cache.get(_key(name, scope))
    if known is None:
        known = _COMPUTE[name](scope)
        cache.set(_key(name, scope), known, BEHIND)
    return known


def _key(name: str, scope: Scope) -> str:
    return f"waits:{name}:" + ",".join(sorted(str(site.pk) for site in scope.sites))
