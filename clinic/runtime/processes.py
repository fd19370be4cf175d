"""Find and end the processes that an earlier start left behind.

Every process started for a data folder carries the folder's path in its environment, and so do the processes that it
starts in turn. The kernel shows that environment only to its owner, and a number that was given to a stranger since
does not carry it: so what is ended here is surely ours.
"""

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MARK = "CLINIC_STARTED_FOR"
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Process:
    """A running process: its number and its command line."""

    pid: int
    command: str

    @property
    def is_database(self) -> bool:
        """Whether it is the database's first process."""
        return "/postgres -D" in self.command

    def send(self, number: signal.Signals) -> None:
        """Send a signal; no matter if the process is gone by now."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


def marked(data: Path) -> dict[str, str]:
    """An environment for a child of this data folder."""
    return os.environ | {MARK: str(data)}


def left_behind(data: Path) -> list[Process]:
    """Processes of this data folder that run, apart from this one. Zombies carry no environment and are left out."""
    wanted = f"{MARK}={data}".encode()
    found: list[Process] = []
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) == os.getpid():
            continue
        # Processes end while we look, and those of others are closed to us.
        with suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found.append(Process(int(folder.name), command.strip()))
    return found


def clear(data: Path, patience: float = 8) -> int:
    """End what is left behind: asked first, forced after `patience` seconds. Returns how many there were.

    The database is asked for a quick but orderly stop (SIGINT); the process manager stops its own children.
    """
    found = left_behind(data)
    for process in found:
        process.send(signal.SIGINT if process.is_database else signal.SIGTERM)
    deadline = time.monotonic() + patience
    while (rest := left_behind(data)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in rest:
        process.send(signal.SIGKILL)
    while left_behind(data):
        time.sleep(0.05)
    return len(found)


def die_with_parent() -> None:
    """Make this process end at once when its parent does (Linux only; elsewhere the next start clears it)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
