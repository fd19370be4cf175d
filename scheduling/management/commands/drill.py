"""Try under fault what the messages promise, on real processes of the drill's own."""

import logging
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from clinic.runtime.errors import CannotStart
from scheduling.bench.site import make_bench
from scheduling.drill import server
from scheduling.drill.findings import Finding, table, write_json
from scheduling.drill.house import House
from scheduling.drill.keeper import Keeper
from scheduling.drill.scenarios import SCENARIOS
from scheduling.drill.world import World


class Command(BaseCommand):
    """`manage.py drill`: exit status 1 when a promise is broken."""

    help = "Try under fault what the messages promise, on processes of its own; the clinic's are not touched."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to try, against which broker, and where to write it."""
        parser.add_argument("--only", choices=sorted(SCENARIOS), help="try this alone")
        parser.add_argument("--redis", action="store_true", help="with a redis-server as the broker, instead of files")
        parser.add_argument("--quick", action="store_true", help="a twentieth of the messages: a first impression")
        parser.add_argument("--json", metavar="FILE", help="also write the findings as a list")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the folder and run again on it; there, try."""
        if server.started():
            self._try(options)
            return
        if find_spec("aiosmtpd") is None:
            raise CommandError("The drill needs aiosmtpd: pip install -r requirements-dev.txt.")
        if options["redis"] and shutil.which("redis-server") is None:
            raise CommandError("There is no redis-server on this machine; without --redis the broker is a folder.")
        try:
            status = server.run_again(sys.argv[1:], redis=options["redis"], quick=options["quick"])
        except CannotStart as error:
            raise CommandError(str(error)) from error
        sys.exit(status)

    def _try(self, options: dict[str, Any]) -> None:
        # What is killed complains; the logs of the processes have it.
        logging.getLogger("kombu").setLevel(logging.ERROR)
        logging.getLogger("scheduling").setLevel(logging.CRITICAL)
        findings: list[Finding] = []
        with Keeper() as keeper:
            house = House(keeper, server.cluster(), self._say)
            self._say(f"Making the drill's clinic; the broker is {'Redis' if settings.REDIS_URL else 'a folder'}")
            house.open()
            world = World(house, make_bench(), options["quick"])
            for name in [options["only"]] if options["only"] else SCENARIOS:
                self._say(f"{name} ...")
                found = SCENARIOS[name](world)
                findings += found
                for one in found:
                    self._say(f"  {'kept' if one.ok else 'BROKEN'}: {one.promise}: {one.value:g} {one.unit}")
            connections.close_all()
        self._say(table(findings))
        if options["json"]:
            write_json(findings, Path(options["json"]))
        broken = sorted({one.scenario for one in findings if not one.ok})
        if broken:
            self._say(f"Broken: {', '.join(broken)}")
            sys.exit(1)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
