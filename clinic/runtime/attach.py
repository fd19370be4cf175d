"""manage.py and the embedded database: attach to the running server, or start one for the length of the command."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from clinic.runtime import folder
from clinic.runtime.cluster import Cluster

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

    Several commands may share a server that one of them started: it ends when the last of them does. Raises
    CannotStart.
    """
    if not needs_database(argv):
        yield
        return
    data = folder.data_folder()
    folder.make_usable(data)
    cluster = Cluster(data)
    with ExitStack() as server, (data / "users").open("a", encoding="utf-8") as users:
        with (data / "starting").open("a", encoding="utf-8") as starting:
            # One command at a time looks whether there is a server, and starts it.
            fcntl.flock(starting, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_SH)
            started_here = not cluster.answers()
            if started_here:
                server.enter_context(cluster.running())
        try:
            yield
        finally:
            if started_here:
                # Wait for the commands that attached to it meanwhile.
                fcntl.flock(users, fcntl.LOCK_EX)
