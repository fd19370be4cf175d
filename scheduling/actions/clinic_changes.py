"""Planned changes of the clinic, which strand nobody.

The change is made; visits that it leaves without cover are taken over by others at the same time where anybody can;
and where nobody can, it is taken back and says for whom, unless each is accepted by name (`accepted`, with the
`reason`). Each takes its sites' locks for itself, so that no booking runs meanwhile: whichever comes first, the other
sees it. Running series keep the version of the protocol that they were booked with, so a new version strands nobody.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Closure, OpeningHours, Resource, Shift, ShiftException, Site, StaffMember
from clinic.permissions import Permission
from scheduling.actions import holds
from scheduling.actions.cover import NAMED, StrandsVisits, stranding_nobody
from scheduling.actions.placing import check_may
from scheduling.selectors.coverage import kept_plan

__all__ = [
    "NAMED",
    "StrandsVisits",
    "add_closure",
    "add_shift_exception",
    "change_opening_hours",
    "change_shift",
    "remove_shift",
    "set_watch_limit",
    "take_out_of_use",
]

Stretch = tuple[time, time]
"""From and until, on the site's clock."""
#: An exception without hours: the person is away all day.
NOT_AT_ALL: Sequence[tuple[None, None]] = ((None, None),)
#: What a person's resource may have besides the hands: domain of Resource.capacity, less unit 0.
MOST_WATCHED = 63


@action
def remove_shift(
    *, by: Actor, shift: Shift, last_day: date | None = None, accepted: Collection[UUID] = (), reason: str = ""
) -> None:
    """Let a weekly shift end: after `last_day` (local date of its site), or at once. One that never began is deleted.

    Raises:
        StrandsVisits: visits booked would lose their cover; the sentence names them and nothing is changed.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    with stranding_nobody([shift.site], clock.now(), accepted=accepted, reason=reason):
        _end_shift(_as_it_is(shift), last_day or clock.today(shift.site.zone) - timedelta(days=1))


@action
def change_shift(
    *,
    by: Actor,
    shift: Shift,
    starts: time,
    ends: time,
    first_day: date,
    accepted: Collection[UUID] = (),
    reason: str = "",
) -> Shift:
    """Other hours (local) for a weekly shift from `first_day` on. The old one stays on record until the day before.

    Raises:
        StrandsVisits: as `remove_shift`.
        Refused: the times are in the wrong order.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    _check_in_order(starts, ends)
    with stranding_nobody([shift.site], clock.now(), accepted=accepted, reason=reason):
        shift = _as_it_is(shift)
        until = shift.valid_until
        _end_shift(shift, first_day - timedelta(days=1))
        return Shift.objects.create(
            staff_member=shift.staff_member,
            site=shift.site,
            weekday=shift.weekday,
            starts=starts,
            ends=ends,
            valid_from=max(first_day, shift.valid_from),
            valid_until=until,
        )


def _as_it_is(shift: Shift) -> Shift:
    """The shift as it is now, under its site's lock. Raises Refused when it is gone."""
    fresh = Shift.objects.select_related("site").filter(pk=shift.pk).first()
    if fresh is None:
        raise Refused("Somebody else has removed this shift meanwhile. Nothing was changed.")
    return fresh


def _end_shift(shift: Shift, last: date) -> None:
    if shift.valid_from > last:
        Shift.objects.filter(pk=shift.pk).delete()
    else:
        shift.valid_until = min(last, shift.valid_until or last)
        shift.save(update_fields=["valid_until"])


@action
def add_shift_exception(
    *,
    by: Actor,
    member: StaffMember,
    site: Site,
    day: date,
    stretches: Sequence[Stretch],
    accepted: Collection[UUID] = (),
    reason: str = "",
) -> list[ShiftException]:
    """Replace somebody's weekly shifts at a site on one local date: by `stretches`, or by none when it is empty.

    Raises:
        StrandsVisits: as `remove_shift`.
        Refused: the times are in the wrong order.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    for starts, ends in stretches:
        _check_in_order(starts, ends)
    begin, end = clock.day_bounds(day, site.zone)
    with stranding_nobody([site], max(begin, clock.now()), end, accepted=accepted, reason=reason):
        ShiftException.objects.filter(staff_member=member, site=site, date=day).delete()
        rows = [
            ShiftException(staff_member=member, site=site, date=day, starts=one[0], ends=one[1], reason=reason.strip())
            for one in (stretches or NOT_AT_ALL)
        ]
        return ShiftException.objects.bulk_create(rows)


@action
def change_opening_hours(
    *,
    by: Actor,
    site: Site,
    weekday: int,
    stretches: Sequence[Stretch],
    accepted: Collection[UUID] = (),
    reason: str = "",
) -> None:
    """Open the site in `stretches` (local) on a weekday (Monday 0), or not at all, from now on.

    Raises:
        StrandsVisits: as `remove_shift`.
        Refused: the times are in the wrong order.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    for starts, ends in stretches:
        _check_in_order(starts, ends)
    with stranding_nobody([site], clock.now(), accepted=accepted, reason=reason):
        OpeningHours.objects.filter(site=site, weekday=weekday).delete()
        OpeningHours.objects.bulk_create(
            OpeningHours(site=site, weekday=weekday, opens=opens, closes=closes) for opens, closes in stretches
        )


@action
def take_out_of_use(*, by: Actor, resource: Resource, accepted: Collection[UUID] = (), reason: str = "") -> Resource:
    """A chair, bed or monitor is no longer used; it stays on record.

    Raises:
        StrandsVisits: as `remove_shift`.
        Refused: the resource is a person.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    if resource.site is None:
        raise Refused("A person is not taken out of use: end the shifts instead. Nothing was changed.")
    with stranding_nobody([resource.site], clock.now(), accepted=accepted, reason=reason):
        fresh = Resource.objects.get(pk=resource.pk)
        fresh.is_active = False
        fresh.save(update_fields=["is_active"])
    return fresh


@action
def set_watch_limit(
    *, by: Actor, member: StaffMember, watch: int, accepted: Collection[UUID] = (), reason: str = ""
) -> Resource:
    """How many patients a nurse may watch at once, from now on. With fewer, visits that she watches too many of at
    once are taken over by others.

    Raises:
        StrandsVisits: as `remove_shift`.
        Refused: a number that is none.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    if not 0 <= watch <= MOST_WATCHED:
        raise Refused(f"A nurse watches between 0 and {MOST_WATCHED} patients. Nothing was changed.", field="watch")
    with stranding_nobody(list(member.sites.all()), clock.now(), accepted=accepted, reason=reason):
        # What does not fit any more is given back: its visits have lost their cover, and are found by what they lack.
        resource = Resource.objects.get(pk=member.resource_id)
        plans = holds.fit_below(resource, 1 + watch, clock.cell(clock.now()))
        if plans:
            raise StrandsVisits([kept_plan(plan) for plan in plans])
        resource.capacity = 1 + watch
        resource.save(update_fields=["capacity"])
    return resource


@action
def add_closure(
    *,
    by: Actor,
    starts: datetime,
    ends: datetime,
    site: Site | None = None,
    resource: Resource | None = None,
    reason: str = "",
    accepted: Collection[UUID] = (),
) -> Closure:
    """Plan to close a site, or to take a chair, monitor or staff member out, for [starts, ends) (aware). Exactly one is
    named. What has simply happened is recorded by actions.outages, which never refuses.

    Raises:
        StrandsVisits: as `remove_shift`.
        Refused: the times are in the wrong order, or not exactly one thing is named.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    check_closure(starts, ends, site, resource)
    sites = sites_of(site, resource)
    with stranding_nobody(sites, max(starts, clock.now()), ends, accepted=accepted, reason=reason):
        return Closure.objects.create(site=site, resource=resource, starts=starts, ends=ends, reason=reason.strip())


def check_closure(starts: datetime, ends: datetime, site: Site | None, resource: Resource | None) -> None:
    """Raise Refused for a closure of nothing or of two things, or one that ends before it starts."""
    if starts >= ends:
        raise Refused("A closure ends after it starts. Nothing was changed.", field="ends")
    if (site is None) == (resource is None):
        raise Refused("Name either a site or one chair or person to close. Nothing was changed.", field="resource")


def sites_of(site: Site | None, resource: Resource | None) -> list[Site]:
    """The sites that a closure concerns: of a person, all where he or she works."""
    if site is not None:
        return [site]
    if resource is not None and resource.site is not None:
        return [resource.site]
    return list(Site.objects.filter(staff__resource=resource).distinct())


def _check_in_order(starts: time, ends: time) -> None:
    if starts >= ends:
        raise Refused("The hours end after they start. Nothing was changed.", field="ends")
