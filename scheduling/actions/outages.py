"""What has simply happened: a nurse is ill, a chair is broken, snow closes the site. It is written down, never refused;
the visits that have no cover now are named, to be re-planned together (actions.rescue).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.models import Closure, Resource, Site
from clinic.permissions import Permission
from scheduling.actions.clinic_changes import check_closure, sites_of
from scheduling.actions.cover import lock_sites
from scheduling.actions.once import earlier_result, keep_result
from scheduling.actions.placing import check_may
from scheduling.selectors.coverage import Stranded
from scheduling.selectors.stranded import booked_days, stranded


@dataclass(frozen=True, slots=True)
class Outage:
    """What was written down, and the visits in that time that have no cover, soonest first."""

    closure: Closure
    without_cover: tuple[Stranded, ...]


@action
def record_outage(
    *,
    by: Actor,
    starts: datetime,
    ends: datetime,
    reason: str,
    key: UUID,
    site: Site | None = None,
    resource: Resource | None = None,
) -> Outage:
    """Somebody or something is out for [starts, ends) (aware): the whole `site`, or one chair, monitor or person.

    Everybody who works here may say so. Whatever is booked then stays booked, and is returned. The same key again
    returns the same closure.

    Raises:
        Refused: the times are in the wrong order, or not exactly one thing is named.
        NotAllowed: the actor does not see the schedule.
    """
    check_may(by, Permission.VIEW_SCHEDULE)
    check_closure(starts, ends, site, resource)
    done = earlier_result(key, "record_outage", by)
    sites = sites_of(site, resource)
    lock_sites(sites)
    if done is not None:
        closure = Closure.objects.get(pk=done["closure"])
    else:
        closure = Closure.objects.create(site=site, resource=resource, starts=starts, ends=ends, reason=reason.strip())
        keep_result(key, closure=str(closure.pk))
    now = clock.now()
    begin = max(starts, now)
    found: list[Stranded] = []
    for place in sites:
        found += stranded(place, booked_days(place, begin, max(begin, ends)), now).values()
    return Outage(closure, tuple(found))


@action
def take_back_outage(*, by: Actor, closure: Closure, ends: datetime) -> Closure | None:
    """It is over sooner than was thought: the closure ends at `ends` (aware), or goes if it had not begun by then.

    Raises:
        NotAllowed: the actor does not see the schedule.
    """
    check_may(by, Permission.VIEW_SCHEDULE)
    lock_sites(sites_of(closure.site, closure.resource))
    closure = Closure.objects.select_for_update().get(pk=closure.pk)
    if ends <= closure.starts:
        closure.delete()
        return None
    closure.ends = min(closure.ends, ends)
    closure.save(update_fields=["ends"])
    return closure
