"""The counts beside the words of the navigation: what waits, for whoever is signed in.

One query counts what rows can be counted by; the rest the worker counts (slow_counts.py beside this).
docs/decisions/counts-in-the-navigation.md says why.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.aggregates import JSONBAgg
from django.core.cache import cache
from django.db.models import QuerySet
from django.db.models.functions import JSONArray

from clinic.models import User
from clinic.permissions import Permission, Role
from scheduling.models import Appointment, KeptCount
from scheduling.selectors.alerts import waiting_alerts
from scheduling.selectors.asked import unordered_visits, waiting_questions
from scheduling.selectors.clearances import blocked_visits
from scheduling.selectors.desk_scope import Scope, scope_of
from scheduling.selectors.work_list import QUERIES, Kind, WorkList, ask, count_statement

#: Seconds for which what a list has shown is remembered: longer than from one look of the worker to the next.
BEHIND = 30
#: How long the same statement is asked. Its rows are always those of now; only what the statement itself is made of may
#: be so far behind: the moment by which something is late, near or due, and the user's sites with their opening days.
SAME = timedelta(seconds=60)
#: What a doctor has to decide that rows can be counted by.
DECIDE = ("alerts", "blocked", "asked", "unordered")


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


class _Question(NamedTuple):
    """The statement that counts for one user, as it was put together at a moment."""

    since: datetime
    names: tuple[str, ...]
    statement: str
    values: Sequence[Any]


#: By user and roles. Each process has its own; a user's is small, and all are forgotten when there are many.
_questions: dict[tuple[UUID, frozenset[Role]], _Question] = {}
_MOST = 500


def counts_for(user: User, now: datetime) -> Counts:
    """What the user's navigation says at `now` (aware). One query counts rows and reads what the worker counted."""
    question = _question(user, now)
    found, kept = dict[str, int](), dict[str, int]()
    if question.names:
        *counts, by_worker = ask(question.statement, question.values)
        found, kept = dict(zip(question.names, counts, strict=True)), _kept(user, json.loads(by_worker or "[]"))
    return Counts(
        work=sum(found[kind] for kind in QUERIES) + kept[KeptCount.Kind.WORK] if user.may(Permission.BOOK) else None,
        calls=found[Kind.RIDES] + found[Kind.CALLS] if Kind.CALLS in found else None,
        failed=found.get(Kind.FAILED),
        here=found.get("here"),
        decide=sum(found[one] for one in DECIDE) + kept[KeptCount.Kind.DECIDE] if "blocked" in found else None,
    )


def _question(user: User, now: datetime) -> _Question:
    """The statement of the last SAME seconds, or a new one: it is asked on every page, and putting it together, with
    the sites and their opening days, takes several times as long as its answer."""
    key = (user.pk, user.roles)
    known = _questions.get(key)
    if known is not None and timedelta() <= now - known.since < SAME:
        return known
    queries = _queries(scope_of(user, now))
    if len(_questions) >= _MOST:
        _questions.clear()
    found = _Question(now, tuple(queries), *count_statement(list(queries.values()), [_by_worker(user)]))
    _questions[key] = found
    return found


def _by_worker(user: User) -> QuerySet[Any, Any]:
    """What the worker counted for the user, as one value of JSON: lists of kind, count and moment (ISO 8601)."""
    one = JSONArray("kind", "count", "counted_at")
    return KeptCount.objects.filter(user=user).values("user").annotate(found=JSONBAgg(one)).values("found")


def _queries(scope: Scope) -> dict[str, QuerySet[Any, Any]]:
    user, wanted = scope.user, dict[str, QuerySet[Any, Any]]()
    if user.may(Permission.BOOK):
        wanted |= {kind.value: query(scope) for kind, query in QUERIES.items()}
    elif user.may(Permission.WORK_CALLS):
        wanted |= {kind.value: QUERIES[kind](scope) for kind in (Kind.RIDES, Kind.CALLS, Kind.FAILED)}
    if user.may(Permission.RUN_VISIT):
        wanted["here"] = Appointment.objects.filter(site__in=scope.sites, status=Appointment.Status.ARRIVED)
    if user.may(Permission.DECIDE_CLEARANCE):
        wanted |= {
            "alerts": waiting_alerts(user),
            "blocked": blocked_visits(user),
            "asked": waiting_questions(user),
            "unordered": unordered_visits(user),
        }
    return wanted


def remember_work(scope: Scope, work: WorkList) -> None:
    """The work list has just looked at everything: its navigation, and the pages after it, say the same."""
    _questions.pop((scope.user.pk, scope.user.roles), None)
    found = sum(one.count for one in work.lists if one.kind in {Kind.ENDS, Kind.EARLIER})
    _remember(KeptCount.Kind.WORK, scope.user, scope.now, found + sum(len(found) for _site, found in work.uncovered))


def remember_decisions(user: User, now: datetime, count: int) -> None:
    """The same for the doctor's list: `count` clearances waiting and courses to decide about, at `now` (aware). Its
    other rows are counted where they are; one that has just come near may be counted up to SAME later.
    """
    _remember(KeptCount.Kind.DECIDE, user, now, count)


def _remember(kind: str, user: User, now: datetime, count: int) -> None:
    cache.set(_key(kind, user), (now, count), BEHIND)


def _kept(user: User, by_worker: Sequence[tuple[str, int, str]]) -> dict[str, int]:
    """The slow figures by kind: what the worker kept, or what a list of this user showed since. 0 where neither is."""
    newest = {kind: (datetime.fromisoformat(counted_at), count) for kind, count, counted_at in by_worker}
    for kind in KeptCount.Kind.values:
        shown: tuple[datetime, int] | None = cache.get(_key(kind, user))
        if shown is not None and (kind not in newest or shown > newest[kind]):
            newest[kind] = shown
    return {kind: newest[kind][1] if kind in newest else 0 for kind in KeptCount.Kind.values}


def _key(kind: str, user: User) -> str:
    return f"waits:{kind}:{user.pk}"
