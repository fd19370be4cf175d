"""Adding a site, changing what is known of it, and when it is open."""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import OpeningHours, Site
from clinic.permissions import Permission
from scheduling.actions.clinic_changes import Stretch
from scheduling.actions.cover import lock_sites, stranding_nobody
from scheduling.actions.placing import check_may
from scheduling.actions.setup.seen import check_unchanged
from scheduling.models import Appointment
from scheduling.selectors import changes

#: What a manager sets about a site: every column, but for those that have pages of their own.
FIELDS = frozenset(one.name for one in Site._meta.concrete_fields) - {"id", "open_holidays"}
#: Of these a change moves the hours in which the site is open, under what is booked.
WHEN_OPEN = frozenset({"time_zone", "country", "state", "observes_holidays", "holiday_region", "open_holidays"})


@action
def add_site(*, by: Actor, values: Mapping[str, Any]) -> Site:
    """A new site with these fields (of FIELDS); whoever adds it works there, so that she may set it up.

    Raises:
        Refused: a value is none that a site can have, or the name is taken.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    site = Site(**_known(values))
    save_checked(site)
    if by.staff_member is not None:
        by.staff_member.sites.add(site)
    return site


@action
def change_site(
    *,
    by: Actor,
    site: Site,
    values: Mapping[str, Any],
    seen: int | None = None,
    accepted: Collection[UUID] = (),
    reason: str = "",
) -> Site:
    """Set fields (of FIELDS) of a site. `seen`: the mark of `changes.site_details` that the form carried.

    Raises:
        ChangedMeanwhile: somebody else changed the site since.
        StrandsVisits: another time zone or other holidays would leave visits without an open door.
        Refused: a value is none that a site can have; or it is taken out of use while visits are booked.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    lock_sites([site])
    fresh = Site.objects.get(pk=site.pk)
    check_unchanged(changes.site_details(fresh), seen)
    new = {name: value for name, value in _known(values).items() if getattr(fresh, name) != value}
    if new.get("is_active") is False:
        _check_nothing_booked(fresh)
    if not WHEN_OPEN & new.keys():
        _set(fresh, new)
        return fresh
    with stranding_nobody([fresh], clock.now(), accepted=accepted, reason=reason):
        _set(fresh, new)
    return fresh


@action
def set_open_holidays(
    *,
    by: Actor,
    site: Site,
    names: Collection[str],
    seen: int | None = None,
    accepted: Collection[UUID] = (),
    reason: str = "",
) -> Site:
    """On which public holidays, by name and for every year, the site is open all the same.

    Raises: as `change_site`.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    lock_sites([site])
    fresh = Site.objects.get(pk=site.pk)
    check_unchanged(changes.site_details(fresh), seen)
    with stranding_nobody([fresh], clock.now(), accepted=accepted, reason=reason):
        _set(fresh, {"open_holidays": sorted(set(names))})
    return fresh


@action
def set_opening_week(
    *,
    by: Actor,
    site: Site,
    week: Mapping[int, Sequence[Stretch]],
    seen: int | None = None,
    accepted: Collection[UUID] = (),
    reason: str = "",
) -> None:
    """When the site is open from now on: for each weekday (Monday 0) its local stretches; a day left out is closed.

    Raises:
        ChangedMeanwhile: somebody else changed the hours since `seen` (the mark of `changes.opening_week`).
        StrandsVisits: booked visits would find a closed door.
        Refused: stretches that overlap or end before they start.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    check_week(week)
    lock_sites([site])
    check_unchanged(changes.opening_week(site), seen)
    with stranding_nobody([site], clock.now(), accepted=accepted, reason=reason):
        for weekday in range(7):
            wanted = list(week.get(weekday, ()))
            there = OpeningHours.objects.filter(site=site, weekday=weekday)
            if list(there.order_by("opens").values_list("opens", "closes")) != wanted:
                there.delete()
                OpeningHours.objects.bulk_create(
                    OpeningHours(site=site, weekday=weekday, opens=opens, closes=closes) for opens, closes in wanted
                )


def check_week(week: Mapping[int, Sequence[Stretch]]) -> None:
    """Raise Refused for stretches of a day that end before they start, or overlap."""
    for stretches in week.values():
        for starts, ends in stretches:
            if starts >= ends:
                raise Refused("The hours end after they start. Nothing was changed.")
        ordered = sorted(stretches)
        if any(one[1] > two[0] for one, two in pairwise(ordered)):
            raise Refused("Two stretches of one day overlap. Nothing was changed.")


def save_checked(thing: Any) -> None:
    """Save a row after its own checks. Raises Refused with the first complaint, at its field."""
    try:
        thing.full_clean()
    except ValidationError as error:
        name, complaints = next(iter(error.message_dict.items()))
        raise Refused(complaints[0], field="" if name == "__all__" else name) from None
    thing.save()


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = values.keys() - FIELDS
    if unknown:
        raise LookupError(f"a site has no {', '.join(sorted(unknown))} to set")
    return dict(values)


def _set(site: Site, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(site, name, value)
    save_checked(site)


def _check_nothing_booked(site: Site) -> None:
    count = Appointment.objects.blocking().filter(site=site, ends__gt=clock.now()).count()
    if count:
        raise Refused(
            f"{count} visit{'s are' if count > 1 else ' is'} still booked at {site}. Move or cancel them first, or "
            "leave the site in use. Nothing was changed.",
            field="is_active",
        )
