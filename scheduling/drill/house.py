"""The clinic's processes in the hands of the drill: database, broker, mail server, workers and beat."""

import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, connection

from clinic.runtime.cluster import Cluster
from clinic.runtime.folder import PROJECT
from clinic.runtime.privileges import dying_with_parent
from clinic.runtime.services import clinic_services
from scheduling.drill import sink
from scheduling.drill.keeper import Keeper, Kept, wait_until
from scheduling.drill.sink import Habits, Try

#: Seconds that anything may take to come up on a busy machine.
PATIENCE = 90
T = TypeVar("T")


class House:
    """What runs, by name, in one folder. `say` prints a line for the reader."""

    def __init__(self, keeper: Keeper, cluster: Cluster, say: Callable[[str], None]) -> None:
        self.keeper, self.say = keeper, say
        self._cluster, self._data = cluster, cluster.data
        self._logs = cluster.log.parent
        self.sink_log = self._data / "sink.jsonl"
        self._come = sink.Log(self.sink_log)
        # Where beat remembers what it did last.
        (self._data / "run").mkdir(mode=0o700, exist_ok=True)
        self._services = {one.name: one for one in clinic_services(PROJECT, self._data, settings.PORT)}
        self.database = Kept(
            "database",
            cluster.command(),
            cluster.log,
            directory=Path("/"),
            before=cluster.clear_stale_locks,
            asked=signal.SIGINT,
        )
        self.redis = _redis(self._data, self._logs) if settings.REDIS_URL else None

    def open(self) -> None:
        """Start the database (and Redis), and make the tables."""
        self.keeper.keep(self.database)
        self._cluster.wait()
        call_command("migrate", verbosity=0, interactive=False)
        if self.redis is not None:
            self.keeper.keep(self.redis)
            wait_until(redis_answers, PATIENCE)

    def sink(self, habits: Habits = Habits()) -> Kept:  # noqa: B008 -- frozen
        """A mail server with these habits and an empty log. Only one at a time."""
        self.sink_log.unlink(missing_ok=True)
        self._come = sink.Log(self.sink_log)
        words = [*dying_with_parent("TERM"), sys.executable, *habits.words(settings.EMAIL_PORT, self.sink_log)]
        server = self.keeper.keep(Kept("mail", words, self._logs / "mail.log"))
        if not wait_until(lambda: sink.answers(settings.EMAIL_PORT), PATIENCE):
            raise ValueError(f"The mail server did not start; it said: {server.log.read_text()[-500:]}")
        return server

    def arrived(self) -> list[Try]:
        """The mails that are in a mailbox, oldest first."""
        return [one for one in self._come.tries() if one.arrived]

    def workers(self, count: int, *, concurrency: int = 1) -> list[Kept]:
        """Celery workers with `concurrency` processes each, as `make run` starts its one. They are up when this
        returns.
        """
        found = [self._worker(number, concurrency) for number in range(1, count + 1)]
        for worker in found:
            said = worker.log
            if not wait_until(lambda said=said: b" ready" in said.read_bytes(), PATIENCE, meanwhile=self.keeper.look):  # type: ignore[misc]
                raise ValueError(f"A worker did not start; it said: {said.read_text()[-500:]}")
        return found

    def _worker(self, number: int, concurrency: int) -> Kept:
        name = f"worker{number}"
        log = self._logs / f"{name}.log"
        log.unlink(missing_ok=True)
        # Of an option that comes twice the last counts.
        words = [*self._services["worker"].command, "--concurrency", str(concurrency), "--hostname", f"{name}@drill"]
        return self.keeper.keep(Kept(name, words, log, asked=signal.SIGQUIT))

    def beat(self) -> Kept:
        """The beat, as `make run` starts it."""
        return self.keeper.keep(Kept("beat", self._services["beat"].command, self._logs / "beat.log"))

    def lose_the_queue(self) -> None:
        """Without Redis: remove every message that waits in the folder of the broker."""
        for waiting in Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]).iterdir():
            with suppress(FileNotFoundError):
                waiting.unlink()


def surely(work: Callable[[], T], seconds: float = PATIENCE) -> T:
    """What `work` returns, tried again while the database is away. Raises what it raised last after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def redis_answers() -> bool:
    """Whether the drill's Redis takes commands."""
    try:
        return bool(redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1).ping())
    except redis.RedisError:
        return False


def _redis(data: Path, logs: Path) -> Kept:
    """A redis-server that keeps nothing: what it holds is lost when it is killed."""
    port = str(urlsplit(settings.REDIS_URL).port)
    words = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    logs.mkdir(exist_ok=True)
    return Kept("redis", [*dying_with_parent("TERM"), *words], logs / "redis.log", directory=data)
