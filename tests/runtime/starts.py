"""`make run` as a child of a test: the same module, on a free port and in a folder of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

from clinic.runtime import processes
from clinic.runtime.folder import PROJECT

#: What the tests' own database has put into the environment, and what the machine may have: none of it is for a start.
FOREIGN = (
    *("DATABASE_URL", "DATABASE_OWNER_URL", "CLINIC_DATA", "PORT", "REDIS_URL"),
    *("EMAIL_URL", "TEXT_URL", "DEMO_PASSWORD"),
)


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(data: Path, **given: str) -> dict[str, str]:
    """What a person's terminal would hold: the folder and what the test gives."""
    clean = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return clean | {"CLINIC_DATA": str(data)} | given


def refused(data: Path, **given: str) -> str:
    """Start where it must be refused; returns what it said. Fails when it was not one line and a status of 1."""
    done = subprocess.run(
        [sys.executable, "-m", "clinic.runtime.run"],
        cwd=PROJECT,
        env=environment(data, **given),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


class Start:
    """A running clinic."""

    def __init__(self, data: Path, **given: str) -> None:
        self.data = data
        self.port = free_port()
        self.lines: list[str] = []
        self._began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "clinic.runtime.run"],
            cwd=PROJECT,
            # The foreman is marked too, so that a test that failed can clear everything.
            env=environment(data, PORT=str(self.port), **given, **{processes.MARK: str(data)}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._said: Queue[str] = Queue()
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._said.put(line.rstrip("\n"))

    def until(self, beginning: str, seconds: float) -> float:
        """Wait for a line that begins so; returns the seconds since the start. Fails with all that was said instead."""
        deadline = self._began + seconds
        while not any(line.startswith(beginning) for line in self.lines):
            try:
                self.lines.append(self._said.get(timeout=max(0, deadline - time.monotonic())))
            except Empty:
                raise AssertionError(f"no line {beginning!r} within {seconds} s: {self.lines}") from None
        return time.monotonic() - self._began

    @property
    def password(self) -> str:
        """The demo's password, as the start told it."""
        self.until("Ctrl-C", 300)
        return next(found[1] for line in self.lines if (found := re.search(r"with the password (\S+)$", line)))

    def health(self) -> dict[str, str]:
        """What /healthz says; an empty answer where nobody answers. Fails when it is no health report."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            body = answer.read().decode()
        except (OSError, HTTPException):
            return {}
        finally:
            connection.close()
        assert (answer.status in {200, 503}, answer.headers["Content-Type"]) == (True, "application/json"), body
        return dict(json.loads(body))

    def well_again(self, seconds: float) -> bool:
        """Whether everything is well within that time."""
        deadline = time.monotonic() + seconds
        while self.health().get("status") != "ok":
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def stop(self) -> float:
        """SIGTERM for the foreman; returns the seconds until it has ended. Fails when it does not end well."""
        return self._ended(self.process.terminate)

    def stop_by_keyboard(self) -> float:
        """What Ctrl-C does: SIGINT for the whole group of the terminal. As `stop`."""
        return self._ended(lambda: os.killpg(self.process.pid, signal.SIGINT))

    def _ended(self, ask: Callable[[], None]) -> float:
        began = time.monotonic()
        ask()
        assert self.process.wait(30) == 0
        return time.monotonic() - began

    def kill_the_whole_tree(self) -> None:
        """kill -9 for every process of this start, the foreman last."""
        for process in processes.left_behind(self.data):
            process.send(signal.SIGKILL)
        self.process.kill()
        self.process.wait(10)
