"""The counts beside the words of the navigation: what waits, for whoever is signed in.

One query counts what rows can be counted by; the rest the worker counts (slow_counts.py beside this).
docs/decisions/counts-in-the-navigation.md says why.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db.models import QuerySet

from clinic.models import User
from clinic.permissions import Permission
from scheduling.models import Appointment, KeptCount
from scheduling.selectors.asked import unordered_visits, waiting_questions
from scheduling.selectors.clearances import blocked_visits
from scheduling.selectors.desk_scope import Scope
from scheduling.selectors.work_list import QUERIES, Kind, WorkList, counted

#: Seconds for which what a list has shown is remembered: longer than from one look of the worker to the next.
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
    """What the user's navigation says. Two queries: one counts rows, one reads what the worker counted."""
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
    kept = _kept(user) if wanted else {}
    return Counts(
        work=sum(found[kind] for kind in QUERIES) + kept[KeptCount.Kind.WORK] if user.may(Permission.BOOK) else None,
        calls=found[Kind.RIDES] + found[Kind.CALLS] if Kind.CALLS in found else None,
        failed=found.get(Kind.FAILED),
        here=found.get("here"),
        decide=sum(found[one] for one in DECIDE) + kept[KeptCount.Kind.DECIDE] if "blocked" in found else None,
    )


def remember_work(scope: Scope, work: WorkList) -> None:
    """The work list has just looked at everything: its navigation, and the pages after it, say the same."""
    found = sum(one.count for one in work.lists if one.kind in {Kind.ENDS, Kind.EARLIER})
    _remember(KeptCount.Kind.WORK, scope.user, scope.now, found + sum(len(found) for _site, found in work.uncovered))


def remember_decisions(user: User, now: datetime, count: int) -> None:
    """The same for the doctor's list: `count` clearances waiting and courses to decide about, at `now` (aware)."""
    _remember(KeptCount.Kind.DECIDE, user, now, count)


def _remember(kind: str, user: User, now: datetime, count: int) -> None:
    cache.set(_key(kind, user), (now, count), BEHIND)


def _kept(user: User) -> dict[str, int]:
    """The slow figures by kind: what the worker kept, or what a list of this user showed since. 0 where neither is."""
    newest = {kept.kind: (kept.counted_at, kept.count) for kept in KeptCount.objects.filter(user=user)}
    for kind in KeptCount.Kind.values:
        shown: tuple[datetime, int] | None = cache.get(_key(kind, user))
        if shown is not None and (kind not in newest or shown > newest[kind]):
            newest[kind] = shown
    return {kind: newest[kind][1] if kind in newest else 0 for kind in KeptCount.Kind.values}


def _key(kind: str, user: User) -> str:
    return f"waits:{kind}:{user.pk}"
