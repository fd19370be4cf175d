"""`migrate`, as the database role that owns the tables."""

from django.core.management.base import CommandParser
from django.core.management.commands.migrate import Command as DjangoCommand


class Command(DjangoCommand):
    """Django's `migrate` with another default: the application's own role may not change tables."""

    def add_arguments(self, parser: CommandParser) -> None:
        """As Django's, but `--database` is "owner" unless said otherwise."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner")
