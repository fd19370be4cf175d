"""The demo's sites, chairs, staff and shifts."""

from dataclasses import dataclass
from datetime import date, time

from clinic.models import OpeningHours, Resource, ResourceKind, Shift, Site, StaffMember, StaffRole, User
from clinic.permissions import Role

#: A nurse watches up to four patients at once (doi 10.1007/s00291-020-00596-8).
WATCH_LIMIT = 4
WEEKDAYS = range(5)


@dataclass(frozen=True, slots=True)
class Person:
    """One staff member of the demo: shifts are (site, weekdays, from, until)."""

    name: str
    roles: tuple[Role, ...]
    shifts: tuple[tuple[str, tuple[int, ...], time, time], ...]
    username: str = ""


HARBOR, MESA = "Harbor", "Mesa"
_ALL = tuple(WEEKDAYS)
_DAY = (time(8), time(18))

STAFF = (
    Person("Robin Castle", (Role.FRONT_DESK,), ((HARBOR, _ALL, *_DAY), (MESA, (), *_DAY)), "frontdesk"),
    Person("Nadia Brooks", (Role.NURSE,), ((HARBOR, _ALL, time(8), time(16)), (MESA, (), *_DAY)), "nurse"),
    Person(
        "Dr. Amara Osei",
        (Role.DOCTOR,),
        ((HARBOR, (0, 1, 2), time(8), time(17)), (MESA, (3, 4), time(8), time(17))),
        "doctor",
    ),
    Person("Miriam Vale", (Role.MANAGER,), ((HARBOR, _ALL, *_DAY), (MESA, (), *_DAY)), "manager"),
    Person("Iris Holt", (Role.SUPPORT,), ((HARBOR, (), *_DAY), (MESA, (), *_DAY)), "support"),
    Person("Tom Ferreira", (Role.NURSE,), ((HARBOR, _ALL, time(8), time(12)), (HARBOR, _ALL, time(13), time(18)))),
    Person("Grace Lindqvist", (Role.NURSE,), ((HARBOR, _ALL, time(10), time(18)),)),
    Person("Owen Tran", (Role.NURSE,), ((HARBOR, (0, 2, 4), *_DAY),)),
    Person("Lucía Romero", (Role.NURSE,), ((MESA, _ALL, time(8), time(16)),)),
    Person("Peter Yazzie", (Role.NURSE,), ((MESA, _ALL, time(9), time(17)),)),
    Person("Hannah Cole", (Role.NURSE, Role.FRONT_DESK), ((MESA, (0, 1, 2), time(8), time(17)),)),
    Person("Dr. Jonas Weiss", (Role.DOCTOR,), ((HARBOR, _ALL, time(9), time(18)),)),
    Person("Dr. Elena Duarte", (Role.DOCTOR,), ((MESA, _ALL, time(8), time(16)),)),
)


def make_sites() -> dict[str, Site]:
    """Two sites in different time zones, one of which knows no daylight saving time."""
    harbor = Site.objects.create(
        name="Harbor",
        neutral_name="Harborside Practice",
        time_zone="America/New_York",
        address_line="12 Wharf Street",
        city="Boston",
        state="MA",
        postal_code="02110",
        phone="+1 617 555 0100",
        email="desk@harborside.example",
        patients_move=True,
    )
    mesa = Site.objects.create(
        name="Mesa",
        neutral_name="Mesa Grove Practice",
        time_zone="America/Phoenix",
        address_line="480 Juniper Avenue",
        city="Phoenix",
        state="AZ",
        postal_code="85004",
        phone="+1 602 555 0140",
        email="desk@mesagrove.example",
        offers_boosters=True,
    )
    hours = [(harbor, day, time(8), time(18)) for day in WEEKDAYS] + [
        (mesa, day, time(8), time(17)) for day in WEEKDAYS
    ]
    OpeningHours.objects.bulk_create(
        OpeningHours(site=site, weekday=day, opens=opens, closes=closes) for site, day, opens, closes in hours
    )
    _chairs(harbor, recliners=6, beds=2)
    _chairs(mesa, recliners=4, beds=1)
    return {HARBOR: harbor, MESA: mesa}


def _chairs(site: Site, *, recliners: int, beds: int) -> None:
    named = [(ResourceKind.RECLINER, f"Chair {n}") for n in range(1, recliners + 1)]
    named += [(ResourceKind.BED, f"Bed {n}") for n in range(1, beds + 1)]
    Resource.objects.bulk_create(
        Resource(site=site, kind=kind, name=name, position=position) for position, (kind, name) in enumerate(named)
    )


def make_staff(sites: dict[str, Site], password: str, since: date) -> dict[str, StaffMember]:
    """All of STAFF by name, with shifts valid from `since`; those with a username can sign in with `password`."""
    return {person.name: _member(person, sites, password, since) for person in STAFF}


def _member(person: Person, sites: dict[str, Site], password: str, since: date) -> StaffMember:
    user = None
    if person.username:
        user = User.objects.create_user(person.username, email=f"{person.username}@clinic.example", password=password)
        user.first_name, _, user.last_name = person.name.rpartition(" ")
        user.save(update_fields=["first_name", "last_name"])
    watches = Role.NURSE in person.roles
    resource = Resource.objects.create(
        kind=ResourceKind.STAFF, name=person.name, capacity=1 + (WATCH_LIMIT if watches else 0)
    )
    member = StaffMember.objects.create(user=user, resource=resource, name=person.name)
    StaffRole.objects.bulk_create(StaffRole(staff_member=member, role=role) for role in person.roles)
    member.sites.set({sites[name] for name, *_ in person.shifts})
    Shift.objects.bulk_create(
        Shift(staff_member=member, site=sites[name], weekday=day, starts=starts, ends=ends, valid_from=since)
        for name, days, starts, ends in person.shifts
        for day in days
    )
    return member
