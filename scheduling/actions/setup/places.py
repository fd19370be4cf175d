"""Chairs, beds and monitors: added, renamed, put in order, taken out of use and back."""

from collections.abc import Collection, Sequence
from uuid import UUID

from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Resource, ResourceKind, Site
from clinic.permissions import Permission
from scheduling.actions.clinic_changes import take_out_of_use
from scheduling.actions.cover import lock_sites
from scheduling.actions.placing import check_may
from scheduling.actions.setup.seen import check_unchanged
from scheduling.actions.setup.sites import save_checked
from scheduling.models import Hold
from scheduling.selectors import changes

#: Kinds that are no persons.
KINDS = (ResourceKind.RECLINER, ResourceKind.BED, ResourceKind.MONITOR)
#: So many can be added at once: a slip of the finger is no hall of chairs.
MOST_AT_ONCE = 40


@action
def add_places(*, by: Actor, site: Site, kind: str, name: str, count: int = 1) -> list[Resource]:
    """Add `count` places of a kind to a site: called `name`, or "name 1", "name 2"… where they are several, going on
    from the numbers that are there.

    Raises:
        Refused: a name is taken, the kind is no place, or the number is out of range.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    if kind not in KINDS:
        raise Refused("Choose a recliner, a bed or a monitor. Nothing was added.", field="kind")
    if not 1 <= count <= MOST_AT_ONCE:
        raise Refused(f"Add between 1 and {MOST_AT_ONCE} at a time. Nothing was added.", field="count")
    lock_sites([site])
    there = Resource.objects.filter(site=site)
    taken = {one.casefold() for one in there.values_list("name", flat=True)}
    position = max(there.values_list("position", flat=True), default=-1) + 1
    names = [name.strip()] if count == 1 else _numbered(name.strip(), count, taken)
    if names[0].casefold() in taken:
        raise Refused(
            f"There is a “{names[0]}” at {site} already. Choose another name; nothing was added.", field="name"
        )
    made = [Resource(site=site, kind=kind, name=one, position=position + step) for step, one in enumerate(names)]
    for one in made:
        save_checked(one)
    return made


def _numbered(name: str, count: int, taken: Collection[str]) -> list[str]:
    found: list[str] = []
    number = 1
    while len(found) < count:
        if f"{name} {number}".casefold() not in taken:
            found.append(f"{name} {number}")
        number += 1
    return found


@action
def change_place(
    *,
    by: Actor,
    place: Resource,
    name: str,
    kind: str,
    in_use: bool,
    seen: int | None = None,
    accepted: Collection[UUID] = (),
    reason: str = "",
) -> Resource:
    """Rename a chair, bed or monitor, correct what it is, take it out of use or put it back.

    Raises:
        ChangedMeanwhile: somebody else changed the site's places since `seen` (the mark of `changes.places`).
        StrandsVisits: it is taken out of use under what is booked on it.
        Refused: the name is taken; or its kind changes while time on it is held.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    if place.site is None or kind not in KINDS:
        raise Refused("This is no chair, bed or monitor. Nothing was changed.")
    lock_sites([place.site])
    check_unchanged(changes.places(place.site), seen)
    fresh = Resource.objects.get(pk=place.pk)
    if kind != fresh.kind and Hold.objects.filter(resource=fresh).exists():
        raise Refused(
            f"Time on {fresh} was or is booked, so it stays a {fresh.get_kind_display()}. Take it out of use and add "
            "a new one; nothing was changed.",
            field="kind",
        )
    same = Resource.objects.filter(site=fresh.site, name__iexact=name.strip()).exclude(pk=fresh.pk)
    if same.exists():
        raise Refused(
            f"There is a “{name.strip()}” here already. Choose another name; nothing was changed.", field="name"
        )
    fresh.name, fresh.kind = name.strip(), kind
    fresh.is_active = fresh.is_active or in_use
    save_checked(fresh)
    if fresh.is_active and not in_use:
        return take_out_of_use(by=by, resource=fresh, accepted=accepted, reason=reason)
    return fresh


@action
def order_places(*, by: Actor, site: Site, order: Sequence[UUID], seen: int | None = None) -> None:
    """Put the site's places in this order, by public id; those left out follow as they were.

    Raises:
        ChangedMeanwhile: as `change_place`.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    lock_sites([site])
    check_unchanged(changes.places(site), seen)
    ranks = {key: rank for rank, key in enumerate(order)}
    places = list(Resource.objects.filter(site=site).order_by("position", "name"))
    places.sort(key=lambda one: ranks.get(one.public_id, len(ranks)))
    for position, one in enumerate(places):
        if one.position != position:
            one.position = position
            one.save(update_fields=["position"])
