"""Where a drill runs: a second process on a folder of its own, in whose environment no real address occurs.

As for the benchmarks (scheduling/bench/server.py), but the database writes to the disk as a clinic's does, since it is
killed and has to keep what it acknowledged; and mail and broker have addresses of the drill's own.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from clinic.runtime.cluster import Cluster
from scheduling.bench.server import environment as environment_of_bench

_FOLDER = "CLINIC_DRILL_FOLDER"
#: Seconds between two looks of the beat in a small drill; a whole one has those of the clinic.
QUICK_TICK = 3


def started() -> bool:
    """Whether this process was started by `run_again`."""
    return _FOLDER in os.environ


def cluster() -> Cluster:
    """The drill's own database; nobody has started it yet."""
    return Cluster(Path(os.environ[_FOLDER]))


def run_again(arguments: Sequence[str], *, redis: bool, quick: bool) -> int:
    """Run `manage.py` with `arguments` in a process of its own on a folder that is gone afterwards; its exit status.

    Raises CannotStart when the database cannot be made.
    """
    with tempfile.TemporaryDirectory(prefix="clinic-drill-") as folder:
        if os.geteuid() == 0:
            # The database runs under another account, which walks through here.
            Path(folder).chmod(0o711)
        server = Cluster(Path(folder))
        server.initialise()
        manage = Path(__file__).resolve().parents[2] / "manage.py"
        command = [sys.executable, str(manage), *arguments]
        addresses = environment(server, os.environ, redis=redis, quick=quick)
        try:
            return subprocess.run(command, env=addresses, check=False).returncode  # noqa: S603
        finally:
            shutil.rmtree(server.open_folder, ignore_errors=True)


def environment(server: Cluster, outside: Mapping[str, str], *, redis: bool, quick: bool) -> dict[str, str]:
    """`outside` with every address replaced by one of the drill's own, and the clock set to a quiet Monday morning."""
    mail, broker = free_ports(2)
    own = {_FOLDER: str(server.data), "EMAIL_URL": f"smtp://127.0.0.1:{mail}"}
    if redis:
        own["REDIS_URL"] = f"redis://127.0.0.1:{broker}/0"
    if quick:
        own["REMINDER_TICK_SECONDS"] = str(QUICK_TICK)
    return environment_of_bench(server, outside) | own


def free_ports(count: int) -> list[int]:
    """So many different ports of 127.0.0.1 on which nobody listens at the moment."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
