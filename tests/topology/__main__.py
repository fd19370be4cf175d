"""`python -m tests.topology`: start everything, set it on fire, live the story, and judge. Exit 0 when all was kept."""

import logging
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import django

from scheduling.drill.keeper import Keeper
from tests.smtp import Sink
from tests.topology.findings import Findings
from tests.topology.machines import Topology, missing


def main() -> int:
    """Run all of it in a folder that is gone afterwards."""
    lacking = missing()
    if lacking:
        sys.stderr.write(f"Not installed: {', '.join(lacking)}. `.ci/topology` installs what is missing.\n")
        return 2
    sink = Sink()
    sink.start()
    findings = Findings()
    try:
        with tempfile.TemporaryDirectory(prefix="clinic-topology-") as name:
            folder = Path(name)
            folder.chmod(0o711)
            with Keeper() as keeper:
                topology = Topology(folder, keeper, sink)
                try:
                    _run(topology, findings)
                except BaseException:
                    _show_logs(folder)
                    raise
    finally:
        sink.stop()
    return 0 if findings.kept else 1


def _run(topology: Topology, findings: Findings) -> None:
    topology.start_stores()
    os.environ.update(topology.environment | {"DJANGO_SETTINGS_MODULE": "clinic.settings"})
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    django.setup()
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    topology.start_clinic()
    # These need Django.
    from tests.factories import make_clinic
    from tests.topology import fire, story, upgrade

    clinic = make_clinic(time_zone=_a_zone_where_it_is_morning(), chairs=fire.CHAIRS, nurses=fire.NURSES)
    fire.run(topology, clinic, findings)
    story.run(topology, clinic, findings)
    upgrade.run(topology, findings)


def _a_zone_where_it_is_morning() -> str:
    """It is about ten there, whatever the hour here: messages keep quiet hours."""
    east = 10 - datetime.now(UTC).hour
    east += 24 if east < -12 else 0
    # The sign of these names is the other way round.
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"


def _show_logs(folder: Path) -> None:
    for log in sorted((folder / "logs").iterdir()):
        sys.stderr.write(f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}\n")


if __name__ == "__main__":
    sys.exit(main())
