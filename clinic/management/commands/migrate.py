"""`migrate`, as the database role that owns the tables."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangoCommand


class Command(DjangoCommand):
    """Django's `migrate` with another default: the application's own role may not change tables."""

    def add_arguments(self, parser: CommandParser) -> None:
        """As Django's, but `--database` is "owner" unless said otherwise."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")
        for action in parser._actions:
            # Checked in `handle`, with words that say what is missing.
            if action.dest == "database":
                action.choices = None

    def handle(self, *args: Any, **options: Any) -> None:
        """As Django's. Raises CommandError where this process was not given the owner's address."""
        if options["database"] not in settings.DATABASES:
            raise CommandError("DATABASE_OWNER_URL (or DATABASE_OWNER_URL_FILE) must be set to migrate.")
        super().handle(*args, **options)
