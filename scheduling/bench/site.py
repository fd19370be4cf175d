"""The bench site: 20 chairs, 8 nurses who watch four, 2 doctors, ten hours a day, and patients to book for."""

import secrets
from dataclasses import dataclass
from datetime import date, time, timedelta

from clinic import clock
from clinic.actor import Actor
from clinic.models import OpeningHours, Resource, ResourceKind, Shift, Site, StaffMember, StaffRole, User
from clinic.permissions import Role
from patients.models import Clearance, Consent, Patient
from scheduling.bench.days import CHAIRS, DOCTORS, NURSES, WATCH
from scheduling.demo.protocols import make_protocols
from scheduling.models import ProtocolVersion

#: The demo's protocols by the names that scheduling.bench.days gives their visits.
PROTOCOLS = {
    "consult": "First consult",
    "long": "Pain, four hours on ten days",
    "series": "Depression, six intravenous",
    "short": "Single intramuscular",
}
#: When the sites of the bench open and close, local time.
HOURS = (time(8), time(18))
_LONG_AGO = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Bench:
    """The site, who books, and the protocols by the names of scheduling.bench.days, whose order `resources` is in."""

    site: Site
    clerk: User
    versions: dict[str, ProtocolVersion]
    resources: tuple[int, ...]

    @property
    def by(self) -> Actor:
        """The clerk as an actor."""
        return Actor.of(self.clerk)

    @property
    def series(self) -> ProtocolVersion:
        """The protocol of six infusions."""
        return self.versions["series"]

    @property
    def first_day(self) -> date:
        """The first possible day that everything here plans from: tomorrow at the site."""
        return clock.today(self.site.zone) + timedelta(days=1)


def make_place(name: str, chairs: int, *, time_zone: str = "America/New_York") -> tuple[Site, list[Resource]]:
    """A site open on working days, local time of its zone, and its chairs."""
    site = Site.objects.create(
        name=name,
        neutral_name=f"{name} Day Center",
        time_zone=time_zone,
        address_line="1 Test Street",
        city="Albany",
        state="NY",
        postal_code="12207",
        phone="+1 518 555 0100",
        observes_holidays=False,
    )
    site.refresh_from_db()
    OpeningHours.objects.bulk_create(
        OpeningHours(site=site, weekday=weekday, opens=HOURS[0], closes=HOURS[1]) for weekday in range(5)
    )
    return site, [
        Resource.objects.create(site=site, kind=ResourceKind.RECLINER, name=f"Chair {number}", position=number)
        for number in range(1, chairs + 1)
    ]


def make_bench() -> Bench:
    """Make the site in an empty database, with its staff and protocols."""
    site, chairs = make_place("Bench", CHAIRS)
    nurses = [member_at(site, f"Nurse {number}", Role.NURSE, WATCH) for number in range(1, NURSES + 1)]
    doctors = [member_at(site, f"Doctor {number}", Role.DOCTOR) for number in range(1, DOCTORS + 1)]
    clerk = member_at(site, "Clerk 1", Role.FRONT_DESK)
    versions = make_protocols([site])
    if clerk.user is None:
        raise ValueError("The clerk has an account.")
    staff = [member.resource_id for member in (*nurses, *doctors)]
    return Bench(
        site=site,
        clerk=clerk.user,
        versions={kind: versions[name] for kind, name in PROTOCOLS.items()},
        resources=(*(chair.pk for chair in chairs), *staff),
    )


def member_at(site: Site, name: str, role: Role, watch: int = 0) -> StaffMember:
    """Somebody with an account who works at the site through all opening hours."""
    user = User.objects.create_user(name.lower().replace(" ", "-"), password=secrets.token_urlsafe(20))
    resource = Resource.objects.create(kind=ResourceKind.STAFF, name=name, capacity=1 + watch)
    member = StaffMember.objects.create(user=user, resource=resource, name=name)
    member.sites.add(site)
    StaffRole.objects.create(staff_member=member, role=role)
    Shift.objects.bulk_create(
        Shift(staff_member=member, site=site, weekday=weekday, starts=HOURS[0], ends=HOURS[1], valid_from=_LONG_AGO)
        for weekday in range(5)
    )
    return member


def make_patients(bench: Bench, count: int) -> list[Patient]:
    """`count` patients whom a doctor has cleared for a year and who have signed, none with visits yet."""
    now = clock.now()
    until = clock.today(bench.site.zone) + timedelta(days=365)
    patients = Patient.objects.bulk_create(
        Patient(
            given_name="Ada",
            family_name=f"Quill{number}",
            birth_date=date(1980, 5, 17),
            email=f"ada{number}@example.org",
            phone="+15185550123",
            created_at=now,
        )
        for number in range(count)
    )
    through = Patient.sites.through
    through.objects.bulk_create(through(patient=one, site=bench.site) for one in patients)
    doctor = StaffMember.objects.with_role(Role.DOCTOR).filter(sites=bench.site).first()
    Clearance.objects.bulk_create(
        Clearance(
            patient=one,
            decision=Clearance.Decision.CLEARED,
            decided_by=doctor,
            decided_at=now,
            valid_until=until,
        )
        for one in patients
    )
    Consent.objects.bulk_create(
        Consent(patient=one, form_version="2026-01", signed_by=one.name, signed_at=now, valid_until=until)
        for one in patients
    )
    return patients
