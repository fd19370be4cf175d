"""`manage.py import_fhir PATH...`: patients from FHIR R4 bundles."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.actor import Actor
from clinic.models import Site
from patients.fhir.files import FileResult, Totals, find_files, import_path


class Command(BaseCommand):
    """Imports files and folders; prints what was refused and why, then the sums. Exit status 1 when a file was
    refused."""

    help = "Import patients from FHIR R4 bundles (JSON files, or folders of them). No message is sent to anybody."

    def add_arguments(self, parser: CommandParser) -> None:
        """PATH..., and --site."""
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file, or a folder to search")
        parser.add_argument(
            "--site", default="", help="the name of the site that they come to (default: the first site by name)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import, report, and leave with the status."""
        site = _site(options["site"])
        self.stdout.write(f"importing into {site.name}")
        totals = Totals()
        for found in find_files(options["paths"]):
            result = found if isinstance(found, FileResult) else import_path(found, by=_BY, site=site)
            totals.add(result)
            if result.refused:
                self.stdout.write(f"refused {printable(result.name)}: {result.refused}")
            for note in result.notes:
                self.stdout.write(f"note {printable(result.name)}: {note}")
        self.stdout.write(str(totals))
        if totals.refused:
            sys.exit(1)


_BY = Actor.system("import_fhir")


def _site(name: str) -> Site:
    sites = Site.objects.filter(is_active=True)
    if name:
        site = sites.filter(name__iexact=name).first()
        if site is None:
            known = ", ".join(sites.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no site called {name!r}. Sites: {known}.")
        return site
    site = sites.order_by("name").first()
    if site is None:
        raise CommandError("There is no site yet to import patients into. Set one up first.")
    return site


def printable(name: str) -> str:
    """A file name that any terminal can print on one line (names on disk may hold any byte)."""
    return "".join(character if character.isprintable() else "?" for character in name)
