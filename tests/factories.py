"""A small clinic and its people, made directly in the database for tests.

Times: the site is open 08:00-18:00 from Monday to Friday in its own zone, everybody works all of it, and `NOW` is a
quiet Monday morning, far from
clock changes and holidays. Tests that care freeze the clock with `clock.at_moment(NOW)`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

from django.utils.text import slugify

from clinic import clock
from clinic.actor import Actor
from clinic.models import OpeningHours, Resource, ResourceKind, Shift, Site, StaffMember, StaffRole, User
from clinic.permissions import Role
from patients.models import Clearance, Consent, Patient
from scheduling.models import LadderStep, Message, Phase, PhaseNeed, Protocol, ProtocolText, ProtocolVersion

#: Monday 5 April 2027, 09:00 in New York.
NOW = datetime(2027, 4, 5, 13, tzinfo=UTC)
#: The day after, the first day that most tests plan from.
FIRST_DAY = date(2027, 4, 6)
LONG_AGO = date(2020, 1, 1)
_numbers = count(1)

#: (phase, minutes, needs) with each need as (kind, lane, units).
_TALK = ((Phase.Kind.TALK, 45, (("doctor", "hands", 1),)),)
_INFUSION = (
    (Phase.Kind.PREPARE, 15, (("chair", "whole", 1), ("nurse", "hands", 1), ("nurse", "watch", 1))),
    (Phase.Kind.INFUSE, 40, (("chair", "whole", 1), ("nurse", "watch", 2))),
    (Phase.Kind.RECOVER, 60, (("chair", "whole", 1), ("nurse", "watch", 1))),
)
_INJECTION = (
    (Phase.Kind.PREPARE, 10, (("chair", "whole", 1), ("nurse", "hands", 1), ("nurse", "watch", 1))),
    (Phase.Kind.RECOVER, 60, (("chair", "whole", 1), ("nurse", "watch", 1))),
)


@dataclass(frozen=True, slots=True)
class Clinic:
    """What `make_clinic` made. `consult`, `induction` (six infusions) and `injection` (one) are protocol versions."""

    site: Site
    chairs: list[Resource]
    nurses: list[StaffMember]
    doctor: StaffMember
    manager: StaffMember
    clerk: StaffMember
    consult: ProtocolVersion
    induction: ProtocolVersion
    injection: ProtocolVersion

    def by(self, role: Role) -> Actor:
        """The actor for this clinic's person of that role."""
        people = {
            Role.FRONT_DESK: self.clerk,
            Role.NURSE: self.nurses[0],
            Role.DOCTOR: self.doctor,
            Role.MANAGER: self.manager,
        }
        return _actor_of(people[role])

    def at(self, day: date, hour: int, minute: int = 0) -> datetime:
        """The moment (UTC) at which the site's clock shows that hour on that day."""
        return clock.moment(day, time(hour, minute), self.site.zone)


def make_clinic(
    *,
    name: str = "Harbor",
    time_zone: str = "America/New_York",
    chairs: int = 3,
    nurses: int = 2,
    watch: int = 4,
) -> Clinic:
    """One site with everything that a booking needs. Protocols are shared by clinics made in one test."""
    site = Site.objects.create(
        name=name,
        neutral_name=f"{name} Day Center",
        time_zone=time_zone,
        address_line="12 Quay Street",
        city="Albany",
        state="NY",
        postal_code="12207",
        phone="+15185550100",
    )
    site.refresh_from_db()  # the defaults are text until they are read back
    for weekday in range(5):
        OpeningHours.objects.create(site=site, weekday=weekday, opens=time(8), closes=time(18))
    recliners = [make_chair(site, f"Chair {number}") for number in range(1, chairs + 1)]
    nurse_team = [make_staff(site, f"Nurse {number}", Role.NURSE, watch=watch) for number in range(1, nurses + 1)]
    return Clinic(
        site=site,
        chairs=recliners,
        nurses=nurse_team,
        doctor=make_staff(site, "Doctor Gray", Role.DOCTOR),
        manager=make_staff(site, "Mona Reyes", Role.MANAGER),
        clerk=make_staff(site, "Finn Okafor", Role.FRONT_DESK),
        consult=make_protocol([site], "Consult", _TALK, kind=Protocol.Kind.CONSULT, **_NO_GATES),
        induction=make_protocol([site], "Six infusions", _INFUSION, **_SIX),
        injection=make_protocol([site], "Single injection", _INJECTION, route=ProtocolVersion.Route.INTRAMUSCULAR),
    )


_NO_GATES: dict[str, Any] = {"needs_ride": False, "needs_clearance": False, "needs_consent": False, "chair_kinds": []}
_SIX: dict[str, Any] = {
    "route": ProtocolVersion.Route.INTRAVENOUS,
    "sessions": 6,
    "min_gap_days": 2,
    "ideal_gap_days": "2.50",
    "max_gap_days": 5,
    "window_days": 21,
    "booster_interval_days": 21,
    "turnover_minutes": 10,
    "fasting_food_hours": 6,
    "fasting_fluids_hours": 2,
}


def make_chair(site: Site, name: str, kind: str = ResourceKind.RECLINER) -> Resource:
    """A recliner (or bed) at a site."""
    return Resource.objects.create(site=site, kind=kind, name=name, position=next(_numbers))


def make_staff(site: Site, name: str, *roles: Role, watch: int = 0, shifts: bool = True) -> StaffMember:
    """A person with an account (no usable password), roles, and shifts through all opening hours."""
    username = f"{slugify(name)}-{next(_numbers)}"
    first, _, last = name.partition(" ")
    user = User.objects.create(username=username, first_name=first, last_name=last, password="!")
    resource = Resource.objects.create(kind=ResourceKind.STAFF, name=name, capacity=1 + watch)
    member = StaffMember.objects.create(user=user, resource=resource, name=name)
    member.sites.add(site)
    for role in roles:
        StaffRole.objects.create(staff_member=member, role=role)
    if shifts:
        add_shifts(member, site)
    return member


def add_shifts(member: StaffMember, site: Site, starts: time = time(8), ends: time = time(18)) -> list[Shift]:
    """Monday to Friday at a site, without an end."""
    member.sites.add(site)
    return Shift.objects.bulk_create(
        Shift(staff_member=member, site=site, weekday=weekday, starts=starts, ends=ends, valid_from=LONG_AGO)
        for weekday in range(5)
    )


def make_protocol(
    sites: Sequence[Site],
    name: str,
    phases: Sequence[tuple[str, int, Sequence[tuple[str, str, int]]]],
    *,
    kind: str = Protocol.Kind.INFUSION,
    **fields: Any,
) -> ProtocolVersion:
    """The current version of the protocol called `name`; made with `phases` and `fields` unless it exists."""
    protocol, is_new = Protocol.objects.get_or_create(name=name, defaults={"kind": kind})
    protocol.sites.add(*sites)
    if not is_new:
        return protocol.versions.get(is_current=True)
    values: dict[str, Any] = {"chair_kinds": ["recliner", "bed"]} | fields
    version = ProtocolVersion.objects.create(protocol=protocol, number=1, created_at=clock.now(), **values)
    for position, (phase_kind, minutes, needs) in enumerate(phases):
        phase = Phase.objects.create(version=version, position=position, kind=phase_kind, minutes=minutes)
        for need_kind, lane, units in needs:
            PhaseNeed.objects.create(phase=phase, kind=need_kind, lane=lane, units=units)
    for language, preparation in (("en", "Eat nothing before you come."), ("es", "No coma nada antes de venir.")):
        ProtocolText.objects.create(version=version, language=language, preparation=preparation)
    for step, days_before, send_at in ((Message.Kind.REMINDER, 3, time(10)), (Message.Kind.PREPARE, 1, time(10))):
        LadderStep.objects.create(version=version, kind=step, days=days_before, send_at=send_at)
    version.refresh_from_db()
    return version


def make_patient(site: Site, *, cleared: bool = False, consented: bool = False, **fields: Any) -> Patient:
    """A patient of the site; `cleared` and `consented` for a year from now (the clock's)."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "given_name": "Ada",
        "family_name": f"Quill{number}",
        "birth_date": date(1980, 5, 17),
        "email": f"ada{number}@example.org",
        "phone": f"+1518555{number % 10000:04d}",
        "created_at": clock.now(),
    }
    patient = Patient.objects.create(**(values | fields))
    patient.sites.add(site)
    if cleared:
        clear(patient, site)
    if consented:
        Consent.objects.create(
            patient=patient,
            form_version="2026-01",
            signed_by=patient.name,
            signed_at=clock.now(),
            valid_until=_in_a_year(site),
        )
    return patient


def clear(patient: Patient, site: Site, valid_until: date | None = None) -> Clearance:
    """A doctor's yes, written without the signal that a decision sends."""
    doctor = StaffMember.objects.with_role(Role.DOCTOR).filter(sites=site).first()
    assert doctor is not None, "the site has no doctor"
    return Clearance.objects.create(
        patient=patient,
        decision=Clearance.Decision.CLEARED,
        decided_by=doctor,
        decided_at=clock.now(),
        valid_until=valid_until or _in_a_year(site),
    )


def actor(role: Role) -> Actor:
    """Somebody of that role, at any site."""
    member = StaffMember.objects.with_role(role).order_by("resource_id").first()
    assert member is not None, f"nobody is a {role}"
    return _actor_of(member)


def _actor_of(member: StaffMember) -> Actor:
    assert member.user is not None, f"{member} has no account"
    return Actor.of(member.user)


def _in_a_year(site: Site) -> date:
    return clock.today(site.zone) + timedelta(days=365)
