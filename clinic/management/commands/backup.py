"""Write an encrypted backup."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clinic import backup


class Command(BaseCommand):
    """`manage.py backup FILE`: the database and the uploads, encrypted to BACKUP_RECIPIENT."""

    help = "Write an encrypted backup of the database and the uploads into one new file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to, and to whom."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--recipient", default=settings.BACKUP_RECIPIENT, help="an age public key (age1...)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Back up, and tell the chain's head: note it somewhere else."""
        try:
            manifest = backup.make(options["file"], options["recipient"])
        except (ValueError, OSError, backup.BackupError) as error:
            raise CommandError(str(error)) from None
        rows = sum(manifest["counts"].values())
        self.stdout.write(
            f"{options['file']}: {rows} rows of {len(manifest['counts'])} tables. Head {manifest['head']}"
        )
