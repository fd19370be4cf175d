"""Processes that are killed and started again: what the process manager does in earnest, in the hands of the drill.

Everything happens in the thread that calls: a child is told by the kernel when the *thread* that started it ends
(PR_SET_PDEATHSIG), so none is started from one that could.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from clinic.runtime.folder import PROJECT

#: Seconds between two starts of one process: one that cannot start must not be started a thousand times.
PAUSE = 0.3
#: Seconds that a process may take to end when it is asked to.
PATIENCE = 15


class Kept:
    """One process, started again whenever it is found dead. Its output goes to `log`.

    `before` runs before each start; `asked` is the signal that asks it to stop.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path = PROJECT,
        before: Callable[[], object] | None = None,
        asked: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name, self.log = name, log
        self.starts = self.kills = 0
        self._command, self._directory, self._before, self._asked = list(command), directory, before, asked
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def started_at(self) -> float:
        """When it was started last, on the clock of `time.monotonic`."""
        return self._started_at

    def start(self) -> None:
        """Start it. Each start begins a process of its own; its output is appended."""
        if self._before is not None:
            self._before()
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 -- its words are all written in this package
                self._command,
                cwd=self._directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.starts += 1
        self._started_at = time.monotonic()

    def kill(self) -> bool:
        """kill -9; whether there was anything to kill."""
        if self._process is None or not self.alive:
            return False
        self._process.kill()
        self._process.wait()
        self.kills += 1
        return True

    def stop(self) -> None:
        """Ask it to end, and make it after PATIENCE."""
        if self._process is None or not self.alive:
            return
        self._process.send_signal(self._asked)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Keeper:
    """Keeps its processes running while the block runs, as far as `look` is called; ends them after it, the last one
    first.
    """

    def __init__(self) -> None:
        self._kept: list[Kept] = []
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()

    def keep(self, process: Kept) -> Kept:
        """Start a process, and from now on again and again."""
        self._kept.append(process)
        self._ends.callback(process.stop)
        process.start()
        return process

    def let_go(self, *some: Kept) -> None:
        """End these, and start them no more."""
        self._kept = [one for one in self._kept if one not in some]
        for process in some:
            process.stop()

    def leave(self, process: Kept) -> None:
        """Start it no more, until it is kept again; whether it runs is the caller's affair."""
        self._kept = [one for one in self._kept if one is not process]

    def look(self) -> list[Kept]:
        """Start again what has died; which that was."""
        dead = [one for one in self._kept if not one.alive and time.monotonic() - one.started_at >= PAUSE]
        for process in dead:
            process.start()
        return dead


def wait_until(true: Callable[[], bool], seconds: float, *, meanwhile: Callable[[], object] | None = None) -> bool:
    """Whether `true` came to hold within `seconds`; `meanwhile` is called between two looks."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        if meanwhile is not None:
            meanwhile()
        time.sleep(0.05)
    return True
