"""manage.py and the embedded database: attach to the running server, or start one for the length of the command."""

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from clinic.runtime import folder
from clinic.runtime.cluster import Cluster
from clinic.runtime.errors import CannotStart

#: Seconds that a command waits for a server that another process is starting.
PATIENCE = 60
#: Commands that need no database, or bring their own (bench and drill).
WITHOUT_DATABASE = frozenset(
    {
        *("bench", "check", "collectstatic", "compilemessages", "diffsettings", "drill", "findstatic", "help"),
        *("makemessages", "makemigrations", "startapp", "test", "version"),
    }
)


def needs_database(argv: Sequence[str]) -> bool:
    """Whether this command line wants the embedded database."""
    command = argv[1] if len(argv) > 1 else "help"
    asks_for_help = command.startswith("-") or bool({"-h", "--help"} & set(argv))
    return not os.environ.get("DATABASE_URL") and command not in WITHOUT_DATABASE and not asks_for_help


@contextmanager
def database_for_command(argv: Sequence[str]) -> Iterator[None]:
    """Make the embedded database reachable while the block runs, where the command needs it.

    Several commands may share a server that one of them started: it ends when the last of them does. Raises CannotStart
    when the data folder cannot be used, or somebody who holds it does not bring up the server within PATIENCE.
    """
    if not needs_database(argv):
        yield
        return
    data = folder.data_folder()
    folder.make_usable(data)
    with ExitStack() as ours, (data / "users").open("a", encoding="utf-8") as users:
        # Waits while the command that started a server is stopping it.
        fcntl.flock(users, fcntl.LOCK_SH)
        started_here = _start_or_find(Cluster(data), ours)
        try:
            yield
        finally:
            if started_here:
                # Wait for the commands that attached to it meanwhile.
                fcntl.flock(users, fcntl.LOCK_EX)


def _start_or_find(cluster: Cluster, ours: ExitStack) -> bool:
    """Start a server (True; it ends with `ours`), or wait for that of whoever holds the data folder (False)."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with ExitStack() as attempt:
            if attempt.enter_context(folder.owned(cluster.data)):
                attempt.enter_context(cluster.running())
                ours.push(attempt.pop_all())
                return True
        if cluster.answers():
            return False
        if time.monotonic() > deadline:
            raise CannotStart(
                f"The data folder {cluster.data} is in use by {folder.owner(cluster.data)}, "
                "and its database does not answer."
            )
        time.sleep(0.1)
