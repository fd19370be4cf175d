"""Restore a backup into an empty database, and verify it."""

from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connections

from clinic import backup

ALIAS = "restored"


def _identity(file: Path) -> str:
    """The secret key in an age key file, which has remarks beside it. Raises OSError."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "")


def _own() -> Any:
    """The program's own database, which is empty where it was moved away, as the owner."""
    if "owner" not in connections.databases:
        raise CommandError("Say with --into where to, or give DATABASE_OWNER_URL.")
    return connections.databases["owner"]


class Command(BaseCommand):
    """`manage.py restore FILE --identity KEYFILE [--into URL] [--files FOLDER]`: exit status 0 when all agrees."""

    help = "Restore a backup into an empty database, then compare its rows and verify its audit trail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What, with which key, and where to."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--identity", type=Path, required=True, help="a file with the age secret key")
        parser.add_argument(
            "--into", help="postgres://owner:password@host/name of an empty database; without it the program's own"
        )
        parser.add_argument("--files", type=Path, default=None, help="folder for the uploads; without it they are left")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore and judge."""
        try:
            identity = _identity(options["identity"])
            into = dj_database_url.parse(options["into"]) if options["into"] else _own()
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from None
        connections.databases[ALIAS] = {**connections.databases["default"], **into}
        # A connection to where an earlier call restored to would be used again.
        with suppress(AttributeError):
            del connections[ALIAS]
        try:
            manifest, wrong = backup.restore(options["file"], identity, ALIAS, options["files"])
        except (OSError, OperationalError, backup.BackupError) as error:
            raise CommandError(str(error)) from None
        finally:
            connections[ALIAS].close()
        for sentence in wrong:
            self.stderr.write(sentence)
        if wrong:
            raise CommandError(f"The restored database is not what was backed up: {len(wrong)} differences.")
        rows = sum(manifest["counts"].values())
        self.stdout.write(f"Restored the backup of {manifest['made_at']}: {rows} rows, and the audit trail is whole.")
