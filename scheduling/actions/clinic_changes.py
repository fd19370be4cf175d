"""Planned changes of the clinic that must strand nobody: the change is made, and taken back when a visit lost its
cover.

Each takes its site's lock for itself, so that no booking runs meanwhile: whichever comes first, the other sees it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from django.utils.translation import ngettext

from clinic import clock, locks
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Closure, Resource, Shift, Site
from clinic.permissions import Permission
from scheduling.actions.placing import check_may
from scheduling.selectors.coverage import booked_days, stranded

#: So many visits are named in a refusal; the rest are counted.
NAMED = 10


@action
def remove_shift(*, by: Actor, shift: Shift, last_day: date | None = None) -> None:
    """Let a weekly shift end: after `last_day` (local date of its site), or at once. One that never began is deleted.

    Raises:
        Refused: visits booked would lose their cover; the sentence names them and nothing is changed.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    site = shift.site
    with _stranding_nobody([site], clock.now(), None):
        last = last_day or clock.today(site.zone) - timedelta(days=1)
        if shift.valid_from > last:
            Shift.objects.filter(pk=shift.pk).delete()
        else:
            shift.valid_until = min(last, shift.valid_until or last)
            shift.save(update_fields=["valid_until"])


@action
def add_closure(
    *,
    by: Actor,
    starts: datetime,
    ends: datetime,
    site: Site | None = None,
    resource: Resource | None = None,
    reason: str = "",
) -> Closure:
    """Close a site, or take a chair, monitor or staff member out, for [starts, ends) (aware). Exactly one is named.

    Raises:
        Refused: the times are in the wrong order, or visits booked would lose their cover; the sentence names them.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    if starts >= ends:
        raise Refused("A closure ends after it starts. Nothing was changed.", field="ends")
    if (site is None) == (resource is None):
        raise Refused("Name either a site or one chair or person to close. Nothing was changed.", field="resource")
    with _stranding_nobody(_sites_of(site, resource), max(starts, clock.now()), ends):
        return Closure.objects.create(site=site, resource=resource, starts=starts, ends=ends, reason=reason)


def _sites_of(site: Site | None, resource: Resource | None) -> list[Site]:
    if site is not None:
        return [site]
    if resource is not None and resource.site is not None:
        return [resource.site]
    return list(Site.objects.filter(staff__resource=resource).distinct())


@contextmanager
def _stranding_nobody(sites: list[Site], begin: datetime, end: datetime | None) -> Iterator[None]:
    """Make the change inside; raise Refused, which takes it back, when it leaves a visit in [begin, end) uncovered.

    Visits that had no cover before do not count: they are not this change's doing.
    """
    locks.take([locks.site(site.pk, shared=False) for site in sites])
    now = clock.now()
    days = {site: booked_days(site, begin, end) for site in sites}
    before = {pk for site in sites for pk in stranded(site, days[site], now)}
    yield
    after = {pk: one for site in sites for pk, one in stranded(site, days[site], now).items()}
    lost = [one.words for pk, one in after.items() if pk not in before]
    if lost:
        raise Refused(_refusal(lost), code="strands_visits")


def _refusal(lost: list[str]) -> str:
    named = "; ".join(lost[:NAMED]) + (f"; and {len(lost) - NAMED} more" if len(lost) > NAMED else "")
    said = ngettext(
        "%(count)d booked visit would lose its cover: %(named)s.",
        "%(count)d booked visits would lose their cover: %(named)s.",
        len(lost),
    ) % {"count": len(lost), "named": named}
    return f"{said} Nothing was changed; move or cancel them first."
