"""A real redis-server, and a worker and a beat that use it, on this process's own database."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis

from clinic.runtime.cluster import APP_ROLE
from clinic.runtime.folder import PROJECT
from tests.database import cluster
from tests.factories import NOW
from tests.smtp import Sink


class Server:
    """A redis-server on a port of its own that keeps nothing: what it holds is lost when it is killed."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, cwd=self._folder, stdout=subprocess.DEVNULL)
        client = redis.Redis(port=self.port)
        deadline = time.monotonic() + 20
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                assert time.monotonic() < deadline, "redis-server did not start"
                time.sleep(0.05)

    def kill(self) -> None:
        """kill -9."""
        if self._process:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Server]:
    """A server that is up; skipped where redis-server is not installed."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    server = Server(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def redis_url(redis_server: Server) -> str:
    """Where the server listens."""
    return redis_server.url


@pytest.fixture
def background(
    transactional_db: None, redis_url: str, smtp_sink: Sink, settings: Any, tmp_path: Path
) -> Iterator[None]:
    """A worker and a beat as in production, one tick a second, on the tests' Monday morning like this process."""
    offset = (NOW - datetime.now(UTC)).total_seconds()
    settings.CLOCK_OFFSET_SECONDS = offset
    environment = os.environ | {
        "DATABASE_URL": cluster().url(APP_ROLE, str(settings.DATABASES["default"]["NAME"])),
        "REDIS_URL": redis_url,
        "EMAIL_URL": f"smtp://{smtp_sink.host}:{smtp_sink.port}",
        "REMINDER_TICK_SECONDS": "1",
        "CLINIC_CLOCK_OFFSET_SECONDS": str(offset),
    }
    celery = [sys.executable, "-m", "celery", "-A", "clinic"]
    with (tmp_path / "background.log").open("wb") as log:
        processes = [
            subprocess.Popen([*celery, *words], cwd=PROJECT, env=environment, stdout=log, stderr=log)
            for words in (
                ["worker", "--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "INFO"],
                ["beat", "--pidfile", "", "--schedule", str(tmp_path / "beat"), "--loglevel", "INFO"],
            )
        ]
        yield
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(60)
