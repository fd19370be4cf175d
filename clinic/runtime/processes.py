"""Find and end the processes that an earlier start left behind.

Every process started for a data folder carries the folder's path in its environment, and so do the processes that it
starts in turn; the database names the folder on its command line. A number that was given to a stranger since carries
neither: so what is ended here is surely ours.
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
    """Processes of this data folder that run, apart from this one. Zombies are left out: they show neither."""
    found: list[Process] = []
    for folder in Path("/proc").glob("[0-9]*"):
        # Processes end while we look, and those of others are closed to us.
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if int(folder.name) != os.getpid() and (_is_database_of(data, words) or _is_marked(folder, data)):
                found.append(Process(int(folder.name), " ".join(words).strip()))
    return found


def _is_database_of(data: Path, words: list[str]) -> bool:
    """In a container without CAP_SYS_PTRACE root may not read the environment of its own server under `nobody`."""
    return words[0].endswith("/postgres") and str(data / "postgres") in words


def _is_marked(folder: Path, data: Path) -> bool:
    return f"{MARK}={data}".encode() in (folder / "environ").read_bytes().split(b"\0")


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


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Get signal `number` when the parent ends (Linux only; elsewhere the next start clears what is left)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
