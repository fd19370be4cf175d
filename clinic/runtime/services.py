"""The process manager: supervisord with a configuration of ours, and a small client for it.

It runs in a session of its own, so that Ctrl-C in the terminal reaches only `clinic.runtime.run`, which then stops
everything in order. It, and each of its children, is told by the kernel when its parent dies.
"""

import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from xmlrpc.client import Fault, ServerProxy  # nosec B411 # only supervisord answers, on our own socket

from supervisor.xmlrpc import SupervisorTransport

from clinic.runtime import privileges, processes
from clinic.runtime.errors import CannotStart

#: Seconds that the web server, worker and beat have to end by themselves, and then the database again.
PATIENCE = 3


@dataclass(frozen=True)
class Service:
    """One thing to keep running: its command, where it runs, and the signal that asks it to stop."""

    name: str
    command: list[str]
    directory: Path
    stop_signal: str = "TERM"
    at_once: bool = False

    def section(self, logs: Path) -> str:
        """Its part of supervisord's configuration. It is started again forever, a little later each time it fails."""
        lines = {
            "command": shlex.join(self.command),
            "directory": str(self.directory),
            "autostart": str(self.at_once).lower(),
            "autorestart": "true",
            "startsecs": "1",
            "startretries": "1000000",
            # The database starts first and stops last.
            "priority": "1" if self.at_once else "10",
            "stopsignal": self.stop_signal,
            "stopwaitsecs": str(PATIENCE),
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": str(logs / f"{self.name}.log"),
            "stdout_logfile_maxbytes": "5MB",
            "stdout_logfile_backups": "2",
        }
        return _section(f"program:{self.name}", lines)


def clinic_services(project: Path, data: Path, port: int) -> list[Service]:
    """Web server, worker and beat. Logs of requests are left out: the addresses in patients' links are secrets."""
    python = [*privileges.dying_with_parent("TERM"), sys.executable, "-m"]
    web = ["gunicorn", "clinic.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"]
    web += ["--worker-class", "gthread", "--graceful-timeout", str(PATIENCE - 1)]
    web += ["--preload", "--no-control-socket"]
    worker = ["celery", "-A", "clinic", "worker", "--loglevel", "INFO", "--concurrency", "2"]
    worker += ["--hostname", "worker@clinic", "--without-gossip", "--without-mingle"]
    beat = ["celery", "-A", "clinic", "beat", "--loglevel", "INFO", "--pidfile", ""]
    beat += ["--schedule", str(data / "run" / "beat")]
    return [
        Service("web", [*python, *web], project),
        # QUIT: running tasks get CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT seconds to end, then the worker goes. After TERM
        # it waits for them as long as it takes, and longer than anybody at a keyboard would.
        Service("worker", [*python, *worker], project, stop_signal="QUIT"),
        Service("beat", [*python, *beat], project),
    ]


class Manager:
    """supervisord for one data folder. `meeting` is the short folder for its socket."""

    def __init__(self, data: Path, meeting: Path, services: list[Service]) -> None:
        self._data = data
        self._socket = meeting / "manager.sock"
        self._services = services
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start supervisord, and with it the services that are to run at once. Raises CannotStart when it does not."""
        configuration = self._data / "run" / "manager.conf"
        logs = self._data / "logs"
        for folder in (configuration.parent, logs):
            folder.mkdir(mode=0o700, exist_ok=True)
        configuration.write_text(self._configuration(logs), encoding="utf-8")
        self._process = subprocess.Popen(
            [
                *privileges.dying_with_parent("TERM"),
                sys.executable,
                "-m",
                "supervisor.supervisord",
                "-c",
                str(configuration),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(logs / "manager.err").open("wb"),
            start_new_session=True,
            env=processes.marked(self._data) | {"PYTHONWARNINGS": "ignore"},
        )
        deadline = time.monotonic() + 20
        while not self._answers():
            if not self.runs() or time.monotonic() > deadline:
                raise CannotStart(f"The process manager did not start: see {logs / 'manager.log'} and manager.err.")
            time.sleep(0.05)

    def _configuration(self, logs: Path) -> str:
        manager = {
            "nodaemon": "true",
            "silent": "true",
            "umask": "077",
            "logfile": str(logs / "manager.log"),
            "logfile_maxbytes": "1MB",
            "logfile_backups": "1",
            "pidfile": str(self._data / "run" / "manager.pid"),
        }
        if os.geteuid() == 0:
            # Said outright, else supervisord complains: it stays root, and only the database drops what it may.
            manager["user"] = "root"
        later = ",".join(service.name for service in self._services if not service.at_once)
        return "\n".join(
            [
                _section("supervisord", manager),
                _section("unix_http_server", {"file": str(self._socket), "chmod": "0700"}),
                _section(
                    "rpcinterface:supervisor",
                    {"supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"},
                ),
                *(service.section(logs) for service in self._services),
                # One group, so that they are asked to stop together and not one after the other.
                _section("group:clinic", {"programs": later, "priority": "10"}),
            ]
        )

    def start_rest(self) -> None:
        """Start the services that waited for the database to be ready."""
        with self._client() as client:
            client.supervisor.startProcessGroup("clinic", False)

    def runs(self) -> bool:
        """Whether supervisord is alive."""
        return self._process is not None and self._process.poll() is None

    def wait(self, seconds: float) -> None:
        """Return after `seconds`, or when supervisord has ended."""
        if self._process:
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                return

    def stop(self) -> None:
        """Stop every service in order, and supervisord itself; whatever does not listen is killed."""
        if self._process and self.runs():
            self._process.terminate()
            # What its children have, twice, since the database stops after the others.
            self.wait(2 * PATIENCE + 1)
        processes.clear(self._data, patience=0.3)

    def _answers(self) -> bool:
        try:
            with self._client() as client:
                client.supervisor.getState()
        except (OSError, Fault):
            return False
        return True

    def _client(self) -> ServerProxy:
        return ServerProxy("http://127.0.0.1", transport=SupervisorTransport(None, None, f"unix://{self._socket}"))


def _section(name: str, values: dict[str, str]) -> str:
    """A section of an ini file. supervisord expands `%`, so it is doubled."""
    return "\n".join([f"[{name}]", *(f"{key}={value.replace('%', '%%')}" for key, value in values.items()), ""])
