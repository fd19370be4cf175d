"""Measure the promises about speed, each beside its floor, on a throw-away server."""

import logging
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.runtime.errors import CannotStart
from scheduling.bench import server
from scheduling.bench.figures import FIGURES
from scheduling.bench.measure import write_json
from scheduling.bench.world import Options, make_world

#: Where the CHT-I files lie when nobody says: beside the project.
CHT_I = settings.BASE_DIR.parent / "shared" / "data" / "cht-i"


class Command(BaseCommand):
    """`manage.py bench`: exit status 1 when a target is missed."""

    help = "Measure the promises about speed on a throw-away database; the clinic's own is not touched."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to measure, how much of it, and where to write it."""
        parser.add_argument("--only", choices=sorted(FIGURES), help="measure this figure alone")
        parser.add_argument("--quick", action="store_true", help="fewer years and repetitions: a first impression")
        parser.add_argument("--json", metavar="FILE", help="also write a list of {name, p50, floor, ratio, target, ok}")
        parser.add_argument("--cht-i", metavar="PATH", default=str(CHT_I), help="the folder with the files of CHT-I")

    def handle(self, *args: Any, **options: Any) -> None:
        """Start the server and run again on it; there, measure."""
        if server.started():
            self._measure(options)
            return
        try:
            status = server.run_again(sys.argv[1:])
        except CannotStart as error:
            raise CommandError(str(error)) from error
        sys.exit(status)

    def _measure(self, options: dict[str, Any]) -> None:
        # A broker without a host is no news on a server that lives for minutes.
        logging.getLogger("kombu").setLevel(logging.ERROR)
        cht_i = Path(options["cht_i"])
        world = make_world(Options(options["quick"], cht_i), self._say)
        measured = []
        for name in [options["only"]] if options["only"] else FIGURES:
            figure = FIGURES[name](world)
            if figure is not None:
                measured.append(figure)
                self._say("\n".join(figure.lines()))
        if options["json"]:
            write_json(measured, Path(options["json"]))
        missed = [figure.name for figure in measured if not figure.ok]
        if missed:
            self._say(f"Missed: {', '.join(missed)}")
            sys.exit(1)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
