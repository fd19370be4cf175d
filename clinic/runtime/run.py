"""`make run`: set up the database, start everything, say when it is ready, and stop everything when asked to.

This process stays as the foreman: it owns the data folder, watches the process manager and is what Ctrl-C and SIGTERM
reach. Everything that serves is a child of the process manager (clinic/runtime/services.py).
"""

import json
import logging
import os
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from clinic.runtime import folder, processes
from clinic.runtime.cluster import Cluster
from clinic.runtime.errors import CannotStart
from clinic.runtime.services import Manager, Service, clinic_services

#: Seconds until everything must have answered once. The slowest machine in mind needs a quarter of it.
HEALTHY_WITHIN = 120


class Stopped(BaseException):
    """Somebody asked the clinic to stop. Not an Exception: nothing on the way may take it for a failure."""


def main() -> int:
    """Run the clinic until told to stop; returns the exit status: 0, or 1 after one line on what stood in the way."""
    os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        _follow_make()
        port = _port()
        data = folder.data_folder()
        folder.make_usable(data)
        with folder.owned(data) as mine:
            if not mine:
                raise CannotStart(
                    f"The data folder {data} is in use by {folder.owner(data)}: stop that first, "
                    "or set CLINIC_DATA to another folder."
                )
            _run(data, port)
    except CannotStart as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    except Stopped:
        return 0
    return 0


def _stop(number: int, frame: FrameType | None) -> None:
    """Signal handler: stop once; whatever comes while stopping is not heard."""
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    raise Stopped


def _follow_make() -> None:
    """Started by make, end in order when make is killed: nobody would be left to stop us."""
    comm = Path(f"/proc/{os.getppid()}/comm")
    if comm.exists() and comm.read_text(encoding="ascii").strip() in {"make", "gmake"}:
        processes.die_with_parent(signal.SIGTERM)


def _port() -> int:
    """PORT, by default 8000. Raises CannotStart when it is no port."""
    given = os.environ.get("PORT") or "8000"
    if not given.isascii() or not given.isdigit() or not 1 <= int(given) <= 65535:
        raise CannotStart(f"PORT must be a number from 1 to 65535, not {given!r}.")
    return int(given)


def _check_port(port: int) -> None:
    """Raises CannotStart when somebody else listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CannotStart(
                f"Port {port} cannot be used ({error.strerror}): set PORT to a free one, or stop what listens there."
            ) from error


def _run(data: Path, port: int) -> None:
    """Everything between having the data folder and giving it back."""
    if processes.clear(data):
        _say("Cleared what an earlier start had left behind.")
    _check_port(port)
    password = _load_settings()
    services = clinic_services(folder.PROJECT, data, port)
    cluster = None if os.environ.get("DATABASE_URL") else Cluster(data)
    if cluster:
        if not cluster.folder.exists():
            _say(f"Making the database in {data} ...")
        cluster.initialise()
        services.insert(0, Service("database", cluster.command(), Path("/"), stop_signal="INT", at_once=True))
    meeting = Cluster(data).open_folder
    meeting.mkdir(mode=0o700, exist_ok=True)
    manager = Manager(data, meeting, services)
    try:
        manager.start()
        if cluster:
            cluster.wait()
        sign_ins = _set_up(password)
        _say("Starting web server, worker and beat ...")
        manager.start_rest()
        _wait_until_healthy(manager, port, data / "logs")
        _say(f"Ready at http://127.0.0.1:{port}")
        if sign_ins:
            _say(sign_ins)
        _say("Ctrl-C stops everything.")
        _watch(manager)
    finally:
        manager.stop()


def _load_settings() -> str:
    """Load Django and check what the environment says before anything is made; returns the demo's password.

    Raises CannotStart when a setting will not do.
    """
    import django
    from django.core.exceptions import ImproperlyConfigured
    from environs import EnvError

    try:
        django.setup()
    except (ImproperlyConfigured, EnvError) as error:
        raise CannotStart(f"A setting will not do: {' '.join(str(error).split())}") from error
    # The terminal is for people: what is no failure goes to the logs of the services.
    logging.getLogger().setLevel(logging.ERROR)
    from clinic.runtime import setup

    return setup.demo_password(os.environ.get("DEMO_PASSWORD", ""))


def _set_up(password: str) -> str:
    """Bring database and static files up to date; returns what to tell about sign-ins. Raises CannotStart."""
    from django.conf import settings
    from django.db import connections

    from clinic.runtime import setup

    setup.reach_database()
    _say("Bringing the database's tables up to date ...")
    setup.migrate()
    if setup.static_files_changed():
        _say("Collecting static files ...")
        setup.collect_static_files()
    if setup.database_is_empty() and not settings.PRODUCTION:
        _say("Filling the demo clinic ...")
        setup.fill_demo(password)
    setup.forget_the_last_run()
    told = "" if settings.PRODUCTION else setup.sign_ins(password)
    connections.close_all()
    return told


def _wait_until_healthy(manager: Manager, port: int, logs: Path) -> None:
    """Wait for the first 200 of /healthz. Raises CannotStart, naming what is down, when it does not come."""
    deadline = time.monotonic() + HEALTHY_WITHIN
    found = ""
    while (found := _health(port)) != "ok":
        if not manager.runs() or time.monotonic() > deadline:
            raise CannotStart(f"The clinic did not become healthy ({found}): the files in {logs} say why.")
        time.sleep(0.1)


def _health(port: int) -> str:
    """ "ok", or what is wrong, in a few words."""
    try:
        with urlopen(Request(f"http://127.0.0.1:{port}/healthz"), timeout=5):  # nosec B310 # always http, to ourselves
            return "ok"
    except HTTPError as error:
        if error.code != 503:
            return f"/healthz answers {error.code}"
        return ", ".join(f"{part} {state}" for part, state in json.load(error).items() if state != "ok")
    except (URLError, OSError) as error:
        return f"the web server does not answer: {error}"


def _watch(manager: Manager) -> None:
    """Stay until told to stop. A manager that was killed is started again, after its orphans are cleared."""
    while True:
        manager.wait(3600)
        if not manager.runs():
            _say("The process manager was killed; starting everything again ...")
            manager.stop()
            manager.start()
            manager.start_rest()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
