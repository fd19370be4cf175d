"""Everything that the figures are measured on: the loaded site, and the two databases that differ in their years."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from clinic.runtime.cluster import DATABASE
from patients.models import Patient
from scheduling.bench.history import AHEAD, YEAR, History, make_days
from scheduling.bench.server import cluster
from scheduling.bench.site import Bench, make_bench, make_patients

#: A copy of the database that holds one year of history only.
ONE_YEAR = "one_year"
YEARS = 10
#: Patients of the years; each is in treatment several times.
OLD_PATIENTS = 4000
#: Patients without visits, to plan and book for.
NEW_PATIENTS = 64

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How a run was asked for: smaller, and where the CHT-I files are (None: nowhere)."""

    quick: bool
    cht_i: Path | None

    def times(self, whole: int) -> int:
        """How often to repeat what a whole run repeats `whole` times."""
        return max(5, whole // 5) if self.quick else whole


@dataclass(slots=True)
class World:
    """The site and the patients to book for. `holds`: how many were loaded. `say`: prints a line for the reader."""

    bench: Bench
    patients: list[Patient]
    holds: int
    options: Options
    say: Say
    _next: int = field(default=0)

    def patient(self) -> Patient:
        """Another patient without visits, as long as there are any; then from the first on."""
        self._next += 1
        return self.patients[(self._next - 1) % len(self.patients)]


def make_world(options: Options, say: Say) -> World:
    """Migrate the throw-away database, make the site, load its history. The copy ONE_YEAR is taken on the way."""
    say("Making the bench site")
    call_command("migrate", verbosity=0, interactive=False)
    bench = make_bench()
    patients = make_patients(bench, NEW_PATIENTS)
    days = make_days(bench)
    history = History(bench, days, make_patients(bench, OLD_PATIENTS))
    today = bench.first_day - timedelta(days=1)
    say("Loading one year of history and the weeks ahead")
    holds = history.write(today - YEAR, today + AHEAD)
    connections.close_all()
    cluster().create_database(ONE_YEAR, template=DATABASE)
    years = 3 if options.quick else YEARS
    say(f"Loading {years - 1} years more")
    holds += history.write(today - years * YEAR, today - YEAR - timedelta(days=1))
    say(f"{holds:,} holds; {100 * sum(day.share for day in days) / len(days):.0f} % of the scarcest resource is taken")
    return World(bench, patients, holds, options, say)


@contextmanager
def one_year() -> Iterator[None]:
    """Inside the block this process's connection leads to the database with one year of history."""
    _use(ONE_YEAR)
    try:
        yield
    finally:
        _use(DATABASE)


def _use(name: str) -> None:
    settings.DATABASES["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name
    connections["default"].close()
    connection.ensure_connection()
