"""Add a manager, the first one above all: everything else is set up on the pages."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.core.management.base import BaseCommand, CommandError

from clinic import clock
from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.invitations import link_for
from clinic.models import Resource, ResourceKind, StaffMember, StaffRole, User
from clinic.permissions import Role


@action
def add_manager(*, by: Actor, username: str, name: str) -> User:
    """A manager who works at no site yet, without a password until one is chosen behind a link.

    Raises:
        Refused: the username is taken.
    """
    if User.objects.filter(username__iexact=username).exists():
        raise Refused(f"Somebody signs in as “{username}” already. Nothing was changed.")
    user = User(username=username, invited_at=clock.now())
    user.first_name, _space, user.last_name = (part[:150] for part in name.rpartition(" "))
    user.set_unusable_password()
    user.full_clean(exclude=["password"])
    user.save()
    resource = Resource.objects.create(kind=ResourceKind.STAFF, name=name[:80])
    member = StaffMember.objects.create(user=user, resource=resource, name=name)
    StaffRole.objects.create(staff_member=member, role=Role.MANAGER)
    return user


class Command(BaseCommand):
    """`manage.py add_manager USERNAME "FULL NAME"`: prints a link with which the password is chosen, once."""

    help = "Add a manager, and print the link with which he or she chooses a password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Username and name."""
        parser.add_argument("username")
        parser.add_argument("name", help="as colleagues say it, in quotes")

    def handle(self, *args: Any, **options: Any) -> None:
        """Add, and say what to do next."""
        try:
            user = add_manager(by=Actor.system("add_manager"), username=options["username"], name=options["name"])
        except Refused as error:
            raise CommandError(error.message) from None
        link = link_for(user, default_token_generator.make_token(user))
        self.stdout.write(f"{options['name']} chooses a password here, once, within some days:\n{link}")
