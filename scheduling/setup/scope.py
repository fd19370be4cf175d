"""What a manager may set up: the sites where she works, in use or not, and what belongs to them."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from clinic.models import Resource, ResourceKind, Site, StaffMember, User
from scheduling.models import Protocol


def managed_sites(user: User) -> QuerySet[Site]:
    """The sites where the user works, those out of use included."""
    return Site.objects.filter(pk__in=StaffMember.sites.through.objects.filter(staffmember__user=user).values("site"))


def site_or_404(user: User, pk: UUID) -> Site:
    """One of them; Http404 otherwise."""
    return get_object_or_404(managed_sites(user), pk=pk)


def places(site: Site) -> QuerySet[Resource]:
    """Chairs, beds and monitors of a site, those out of use included, in their order."""
    found = Resource.objects.filter(site=site).exclude(kind=ResourceKind.STAFF)
    return found.order_by("-is_active", "position", "name")


def place_or_404(user: User, public_id: UUID) -> Resource:
    """A chair, bed or monitor of one of the user's sites; Http404 otherwise."""
    found = Resource.objects.exclude(kind=ResourceKind.STAFF).filter(site__in=managed_sites(user))
    return get_object_or_404(found.select_related("site"), public_id=public_id)


def staff(user: User) -> QuerySet[StaffMember]:
    """Who shares a site with the user, and the user; those who left included."""
    shared = StaffMember.sites.through.objects.filter(site__in=managed_sites(user)).values("staffmember")
    return StaffMember.objects.filter(Q(pk__in=shared) | Q(user=user)).select_related("resource", "user")


def member_or_404(user: User, pk: UUID) -> StaffMember:
    """One of them; Http404 otherwise."""
    return get_object_or_404(staff(user), pk=pk)


def protocols(user: User) -> QuerySet[Protocol]:
    """Protocols offered at one of the user's sites, or at none, those out of use included."""
    offered = Protocol.sites.through.objects.filter(site__in=managed_sites(user)).values("protocol")
    return Protocol.objects.filter(Q(pk__in=offered) | Q(sites__isnull=True)).distinct()


def protocol_or_404(user: User, pk: UUID) -> Protocol:
    """One of them; Http404 otherwise."""
    return get_object_or_404(protocols(user), pk=pk)
