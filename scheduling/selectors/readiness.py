"""What a clinic still lacks before a series can be booked, site by site, in the order in which it is set up."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db.models import Q

from clinic.models import CHAIRS, OpeningHours, Resource, ResourceKind, Shift, Site, StaffMember
from clinic.permissions import Role
from scheduling.models import PhaseNeed, Protocol, ProtocolVersion


@dataclass(frozen=True, slots=True)
class Step:
    """One step of setting up a site: `page` is the name of the address that does it. `lacks` says what is missing."""

    title: str
    page: str
    lacks: str = ""
    needs_site: bool = True

    @property
    def is_done(self) -> bool:
        """Whether nothing is missing."""
        return not self.lacks


@dataclass(slots=True)
class _Found:
    """What there is at one site."""

    is_open: bool = False
    kinds: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=set)
    on_shift: set[str] = field(default_factory=set)
    most_watched: int = 0
    protocols: list[tuple[Protocol, ProtocolVersion]] = field(default_factory=list)


def steps_of(sites: Sequence[Site], today: date) -> dict[UUID, list[Step]]:
    """The steps of each site, by its id. A constant number of queries, however many sites."""
    found = _look(sites, today)
    return {site.pk: _steps(found[site.pk]) for site in sites}


def _steps(found: _Found) -> list[Step]:
    return [
        Step("Opening hours", "setup:hours", "" if found.is_open else "Say when the site is open."),
        Step("Chairs", "setup:places", "" if found.kinds & set(CHAIRS) else "Add the chairs or beds."),
        Step("People", "setup:people", _people(found), needs_site=False),
        Step("Shifts", "setup:shifts", _shifts(found)),
        Step("Protocols", "setup:protocols", _protocols(found), needs_site=False),
    ]


def _people(found: _Found) -> str:
    missing = [role.label for role in (Role.NURSE, Role.DOCTOR, Role.FRONT_DESK) if role.value not in found.roles]
    return f"Nobody here has the role: {', '.join(map(str, missing))}." if missing else ""


def _shifts(found: _Found) -> str:
    missing = [role.label for role in (Role.NURSE, Role.DOCTOR) if role.value not in found.on_shift]
    return f"No shifts yet: {', '.join(map(str, missing))}." if missing else ""


def _protocols(found: _Found) -> str:
    kinds = {protocol.kind for protocol, _version in found.protocols}
    if Protocol.Kind.CONSULT not in kinds or Protocol.Kind.INFUSION not in kinds:
        lacking = [kind.label for kind in Protocol.Kind if kind not in kinds]
        return f"Not offered here yet: {', '.join(map(str, lacking))}."
    return " ".join(_cannot(found, protocol, version) for protocol, version in found.protocols).strip()


def _cannot(found: _Found, protocol: Protocol, version: ProtocolVersion) -> str:
    """Why a protocol that is offered can never take place; empty when it can."""
    needs = [need for phase in version.phases.all() for need in phase.needs.all()]
    kinds = {need.kind for need in needs}
    if PhaseNeed.Kind.CHAIR in kinds and not found.kinds & set(version.chair_kinds or CHAIRS):
        return f"{protocol} needs a {' or '.join(version.chair_kinds) or 'chair'}, and there is none."
    if PhaseNeed.Kind.MONITOR in kinds and ResourceKind.MONITOR not in found.kinds:
        return f"{protocol} needs a monitor, and there is none."
    watch = max((need.units for need in needs if need.lane == PhaseNeed.Lane.WATCH), default=0)
    if watch > found.most_watched:
        return f"{protocol} takes {watch} of a nurse's watch, and no nurse here may watch so many."
    return ""


def _look(sites: Sequence[Site], today: date) -> dict[UUID, _Found]:
    found: dict[UUID, _Found] = defaultdict(_Found)
    ids = [site.pk for site in sites]
    for site in OpeningHours.objects.filter(site__in=ids).values_list("site_id", flat=True).distinct():
        found[site].is_open = True
    places = Resource.objects.filter(site__in=ids, is_active=True).exclude(kind=ResourceKind.STAFF)
    for site_id, kind in places.values_list("site_id", "kind").distinct():
        if site_id is not None:
            found[site_id].kinds.add(kind)
    members = StaffMember.objects.filter(is_active=True, sites__in=ids)
    for site, role, capacity in members.values_list("sites", "role_rows__role", "resource__capacity"):
        if role:
            found[site].roles.add(role)
        if role == Role.NURSE:
            found[site].most_watched = max(found[site].most_watched, capacity - 1)
    shifts = Shift.objects.filter(site__in=ids, staff_member__is_active=True)
    shifts = shifts.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=today))
    for site, role in shifts.values_list("site_id", "staff_member__role_rows__role").distinct():
        if role:
            found[site].on_shift.add(role)
    versions = ProtocolVersion.objects.filter(is_current=True, protocol__is_active=True, protocol__sites__in=ids)
    for version in versions.distinct().select_related("protocol").prefetch_related("phases__needs", "protocol__sites"):
        for place in version.protocol.sites.all():
            found[place.pk].protocols.append((version.protocol, version))
    return found
