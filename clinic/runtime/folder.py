"""The data folder: where it is, whether it can be used, and who is using it.

One process at a time owns a data folder: it holds the lock `lock`. Commands that share its database hold `users`
together, so that whoever started the server for one command waits for the others before stopping it.
"""

import fcntl
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clinic.runtime.errors import CannotStart

PROJECT = Path(__file__).resolve().parents[2]


def data_folder() -> Path:
    """The data folder: `CLINIC_DATA`, else `var/` in the project. Absolute; it need not exist yet."""
    return Path(os.environ.get("CLINIC_DATA") or PROJECT / "var").resolve()


def make_usable(data: Path) -> None:
    """Create the data folder, readable by nobody else, and see that it can be written.

    For root the folder may be walked through (0711), since the database runs under another account below it.
    Raises CannotStart when it cannot be made or written.
    """
    try:
        if not data.exists():
            data.mkdir(mode=0o700, parents=True)
            data.chmod(0o711 if os.geteuid() == 0 else 0o700)
        with tempfile.TemporaryFile(dir=data):
            pass
    except OSError as error:
        raise CannotStart(
            f"The data folder {data} cannot be written ({error.strerror}): set CLINIC_DATA to a folder of yours."
        ) from error


@contextmanager
def owned(data: Path) -> Iterator[bool]:
    """Try to become the one owner of the data folder for the length of the block; yields whether it worked.

    The lock belongs to this process alone and falls with it, however it ends. Children do not inherit it.
    """
    with (data / "lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        file.truncate(0)
        file.write(f"process {os.getpid()} ({' '.join(Path(part).name for part in sys.argv[:2])})")
        file.flush()
        yield True


def owner(data: Path) -> str:
    """Who wrote their name into the lock last, for a message."""
    return (data / "lock").read_text(encoding="utf-8").strip() or "another process"


@contextmanager
def shared(data: Path) -> Iterator[None]:
    """Be one of those who use the running server. Waits while one is being stopped."""
    with (data / "users").open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """Wait until nobody else uses the running server, and keep others out for the length of the block."""
    with (data / "users").open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
