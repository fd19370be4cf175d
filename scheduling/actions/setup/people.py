"""Staff: added, changed, let go, and given a link with which they choose a password."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib.auth.tokens import default_token_generator

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Resource, ResourceKind, Site, StaffMember, StaffRole, User
from clinic.permissions import Permission, Role
from scheduling.actions.clinic_changes import MOST_WATCHED, set_watch_limit
from scheduling.actions.cover import lock_sites, stranding_nobody
from scheduling.actions.placing import check_may
from scheduling.actions.setup.seen import check_unchanged
from scheduling.actions.setup.sites import save_checked
from scheduling.selectors import changes

#: What is known of a person: name, username and email of the sign-in (username empty: none), roles, sites, how many
#: patients she watches at once, minutes between two sites.
Person = Mapping[str, Any]


@action
def add_person(*, by: Actor, values: Person) -> StaffMember:
    """A new staff member. The sign-in has no password until the person chooses one (`make_sign_in_link`).

    Raises:
        Refused: the username is taken, nobody's roles or sites are given, or a number is out of range.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    _check(values)
    lock_sites(list(values["sites"]))
    resource = Resource(kind=ResourceKind.STAFF, name=values["name"][:80], capacity=1 + _watch(values))
    save_checked(resource)
    member = StaffMember(
        resource=resource,
        name=values["name"],
        user=_account(None, values),
        travel_minutes=values["travel_minutes"],
    )
    save_checked(member)
    member.sites.set(values["sites"])
    StaffRole.objects.bulk_create(StaffRole(staff_member=member, role=role) for role in values["roles"])
    return member


@action
def change_person(
    *,
    by: Actor,
    member: StaffMember,
    values: Person,
    sites_in_view: Sequence[Site],
    seen: int | None = None,
    accepted: Collection[UUID] = (),
    reason: str = "",
) -> StaffMember:
    """Change a staff member; `is_active` False lets go of somebody, who then signs in no more.

    Sites outside of `sites_in_view` (those that the manager sees) stay as they are.

    Raises:
        ChangedMeanwhile: somebody else changed the person since `seen` (the mark of `changes.person`).
        StrandsVisits: visits would lose their cover by it.
        Refused: as `add_person`; or the clinic would be left without a manager.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    _check(values)
    hidden = list(member.sites.exclude(pk__in=[site.pk for site in sites_in_view]))
    sites = sorted({*values["sites"], *hidden}, key=lambda site: site.pk)
    concerned = sorted({*sites, *member.sites.all()}, key=lambda site: site.pk)
    with stranding_nobody(concerned, clock.now(), accepted=accepted, reason=reason):
        check_unchanged(changes.person(member), seen)
        fresh = StaffMember.objects.select_related("resource", "user").get(pk=member.pk)
        if fresh.watch_limit != _watch(values):
            set_watch_limit(by=by, member=fresh, watch=_watch(values), accepted=accepted, reason=reason)
        fresh.name, fresh.travel_minutes = values["name"], values["travel_minutes"]
        fresh.is_active = values["is_active"]
        fresh.user = _account(fresh.user, values)
        save_checked(fresh)
        Resource.objects.filter(pk=fresh.resource_id).update(name=fresh.name[:80])
        fresh.sites.set(sites)
        _set_roles(fresh, values["roles"])
        if not StaffMember.objects.with_role(Role.MANAGER).filter(user__is_active=True).exists():
            raise Refused(
                "The clinic needs a manager who can sign in. Give somebody else the role first.", field="roles"
            )
    return fresh


@action
def make_sign_in_link(*, by: Actor, member: StaffMember) -> str:
    """The token of a link with which the person chooses a password, once. The old password, and links made before,
    work no more; whoever is signed in with them is signed out.

    Raises:
        Refused: the person has no username, or works here no more.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    fresh = StaffMember.objects.get(pk=member.pk)
    if fresh.user_id is None or not fresh.is_active:
        raise Refused(f"{fresh} has no sign-in. Give a username first; nothing was changed.")
    user = User.objects.select_for_update().get(pk=fresh.user_id)
    user.set_unusable_password()
    user.invited_at = clock.now()
    user.save(update_fields=["password", "invited_at"])
    return default_token_generator.make_token(user)


@action
def forget_second_factors(*, by: Actor, member: StaffMember, reason: str = "") -> None:
    """Take away every second factor and the recovery codes of a person who has lost them. Sessions go on.

    Raises:
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    if member.user_id is not None:
        Authenticator.objects.filter(user=member.user_id).delete()


def _account(user: User | None, values: Person) -> User | None:
    """The sign-in under the username given; whoever has one keeps it."""
    username = values["username"].strip()
    if not username:
        if user is not None:
            raise Refused("A sign-in keeps a username. To shut it, take the tick from “works here”.", field="username")
        return None
    same = User.objects.filter(username__iexact=username)
    if (same.exclude(pk=user.pk) if user is not None else same).exists():
        raise Refused(f"Somebody else signs in as “{username}”. Choose another username.", field="username")
    if user is None:
        user = User()
        user.set_unusable_password()
    user.username, user.email = username, values["email"]
    user.first_name, _space, user.last_name = (part[:150] for part in values["name"].rpartition(" "))
    save_checked(user)
    return user


def _watch(values: Person) -> int:
    """Only a nurse watches."""
    return int(values["watch"] or 0) if Role.NURSE in values["roles"] else 0


def _set_roles(member: StaffMember, roles: Collection[str]) -> None:
    there = set(member.role_rows.values_list("role", flat=True))
    member.role_rows.filter(role__in=there - set(roles)).delete()
    StaffRole.objects.bulk_create(StaffRole(staff_member=member, role=role) for role in sorted(set(roles) - there))


def _check(values: Person) -> None:
    if not values["sites"]:
        raise Refused("Choose at least one site where the person works.", field="sites")
    if not values["roles"]:
        raise Refused("Choose at least one role; it says what the person may do.", field="roles")
    if Role.NURSE in values["roles"] and not 1 <= (values["watch"] or 0) <= MOST_WATCHED:
        raise Refused(f"Say how many patients the nurse may watch at once: 1 to {MOST_WATCHED}.", field="watch")
