"""Is the audit trail whole?"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic import seals


class Command(BaseCommand):
    """`manage.py verify_audit [--head POSITION:LINK]`: exit status 0 when the chain holds, 1 with what is wrong."""

    help = "Verify the chain over the audit trail, and name every altered, missing or re-ordered event."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """A head that was noted before."""
        parser.add_argument("--head", default="", help="a head from the log or a backup, that must be in the chain")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify and tell."""
        try:
            noted = seals.Head.read(options["head"]) if options["head"] else None
        except ValueError as error:
            raise CommandError(str(error)) from None
        found = seals.verify(noted)
        for problem in found.problems:
            self.stderr.write(problem)
        self.stdout.write(
            f"{found.sealed} events sealed, {found.unsealed} not yet, {found.erased} erased by law. Head {found.head}"
        )
        if found.problems:
            raise CommandError(f"The audit trail is not whole: {len(found.problems)} problems.")
        self.stdout.write("The audit trail is whole.")
