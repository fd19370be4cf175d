"""The figures of the navigation that no query gives: worked out by reading whole days, and so by the worker.

docs/decisions/counts-in-the-navigation.md says how a page comes by them.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from clinic.models import Site, StaffRole, User
from clinic.permissions import Permission
from scheduling.models import KeptCount
from scheduling.selectors.clearances import waiting_clearances
from scheduling.selectors.courses import undecided
from scheduling.selectors.desk_scope import Scope, scope_of
from scheduling.selectors.rescue_plan import without_cover_of
from scheduling.selectors.work_list import earlier_ahead, ends_ahead

Kind = KeptCount.Kind


def slow_counts(now: datetime) -> Iterator[KeptCount]:
    """What waits at `now` (aware) for each user who sees such a figure, not yet kept. Users of the same sites share one
    look: it grows with the groups of sites, not with the users.
    """
    known: dict[tuple[Kind, frozenset[UUID]], int] = {}
    for user, sites in _users():
        for kind, (permission, compute) in _COMPUTE.items():
            if not user.may(permission):
                continue
            if (kind, sites) not in known:
                known[kind, sites] = compute(scope_of(user, now))
            yield KeptCount(user=user, kind=kind, count=known[kind, sites], counted_at=now)


def _users() -> Iterator[tuple[User, frozenset[UUID]]]:
    """Whoever can sign in and works at a site, with the ids of the active ones; one query."""
    sites = Site.objects.filter(is_active=True, staff__user=OuterRef("pk")).order_by()
    roles = StaffRole.objects.filter(staff_member__user=OuterRef("pk"), staff_member__is_active=True)
    users = User.objects.filter(is_active=True).annotate(
        site_ids=ArraySubquery(sites.values("pk")), known_roles=ArraySubquery(roles.values("role"))
    )
    for user in users:
        if user.site_ids:
            yield user, frozenset(user.site_ids)


def _work(scope: Scope) -> int:
    uncovered = without_cover_of(scope.user, scope.now)
    return sum(len(found) for _site, found in uncovered) + len(ends_ahead(scope)) + len(earlier_ahead(scope))


def _decisions(scope: Scope) -> int:
    return len(waiting_clearances(scope.user)) + len(undecided(scope.user))


_COMPUTE: dict[Kind, tuple[Permission, Callable[[Scope], int]]] = {
    Kind.WORK: (Permission.BOOK, _work),
    Kind.DECIDE: (Permission.DECIDE_CLEARANCE, _decisions),
}
