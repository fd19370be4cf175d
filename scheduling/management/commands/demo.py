"""Fill an empty database with the demo clinic."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from environs import Env

from clinic import clock
from clinic.actor import Actor
from clinic.models import Site, StaffMember, User
from clinic.runtime import secrets
from patients.models import Patient
from scheduling.demo import papers
from scheduling.demo.attending import Team
from scheduling.demo.cast import CAST
from scheduling.demo.journeys import Journey
from scheduling.demo.morning import leave_work
from scheduling.demo.outcomes import how_they_do
from scheduling.demo.places import HARBOR, MESA, make_sites, make_staff
from scheduling.demo.plans import make_plans
from scheduling.demo.protocols import make_protocols
from scheduling.demo.wants_sooner import some_want_sooner
from scheduling.demo.wishes import make_requests
from scheduling.models import Message

#: The demo's history reaches back this far; shifts hold from then on.
HISTORY = timedelta(days=200)


def demo_password() -> str:
    """DEMO_PASSWORD, else the one kept in the data folder, made at the first call. 20 characters: passes the password
    validators."""
    return secrets.generated(settings.CLINIC_DATA, "demo_password", Env().str("DEMO_PASSWORD", ""), length=20)


class Command(BaseCommand):
    """`manage.py demo`: refused unless there are no sites, users and patients yet."""

    help = "Fill an empty database with a demo clinic: two sites, staff, protocols, and patients at every stage."

    def handle(self, *args: Any, **options: Any) -> None:
        """All or nothing: the demo is one transaction."""
        if settings.PRODUCTION:
            raise CommandError("The demo clinic is not for production.")
        if Site.objects.exists() or User.objects.exists() or Patient.objects.exists():
            raise CommandError("The database is not empty; the demo clinic is only made in an empty one.")
        with transaction.atomic():
            self._make()
        self.stdout.write(f"Demo clinic made: {Site.objects.count()} sites, {Patient.objects.count()} patients.")

    def _make(self) -> None:
        now = clock.now()
        sites = make_sites()
        staff = make_staff(sites, demo_password(), since=(now - HISTORY).date())
        versions = make_protocols(sites.values())
        team = self._team(staff)
        manager = staff["Miriam Vale"].user
        assert manager is not None, "the manager has an account"  # noqa: S101 -- a fact of scheduling.demo.places
        make_plans(Actor.of(manager), sites, staff, clock.today(sites[HARBOR].zone))
        with clock.at_moment(now - HISTORY):
            papers.make_text(Actor.of(manager))
        for role in CAST:
            site = sites[role.site]
            Journey(role, site, team, versions, clock.today(site.zone)).live()
        make_requests(sites, versions, team.desk)
        Message.objects.filter(state=Message.State.DUE, due_at__lt=now - timedelta(hours=1)).update(
            state=Message.State.SKIPPED, skip_reason="From before the demo clinic was set up"
        )
        some_want_sooner(sites.values(), team)
        how_they_do(team)
        leave_work(team.desk, sites, versions)

    def _team(self, staff: dict[str, StaffMember]) -> Team:
        def actor(name: str) -> Actor:
            user = staff[name].user
            assert user is not None, f"{name} has no account"  # noqa: S101 -- a fact of scheduling.demo.places
            return Actor.of(user)

        return Team(
            desk=actor("Robin Castle"),
            nurse=actor("Nadia Brooks"),
            doctor=actor("Dr. Amara Osei"),
            doctors={HARBOR: staff["Dr. Jonas Weiss"], MESA: staff["Dr. Elena Duarte"]},
        )
