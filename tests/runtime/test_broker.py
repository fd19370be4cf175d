"""The broker made of files: a message is in the folder whole or not at all."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu import Connection

from clinic.runtime import broker


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A connection to a broker in a folder of this test's own."""
    folder = str(tmp_path / "queue")
    Path(folder).mkdir()
    options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": str(tmp_path / "control")}
    with Connection("filesystem://", transport=broker.Transport, transport_options=options) as opened:
        yield opened


def test_messages_come_out_once_each_and_in_order(connection: Connection) -> None:
    queue = connection.SimpleQueue("first")
    for number in range(5):
        queue.put({"number": number})
    got = [queue.get(timeout=5) for _ in range(5)]
    assert [message.payload["number"] for message in got] == [0, 1, 2, 3, 4]
    assert queue.qsize() == 0


def test_who_looks_while_another_writes_never_sees_half_a_message(connection: Connection, tmp_path: Path) -> None:
    written = threading.Event()
    seen: list[str] = []

    def look() -> None:
        while not written.is_set():
            seen.extend(path.read_text() for path in (tmp_path / "queue").glob("*.msg"))

    watcher = threading.Thread(target=look)
    # kombu remembers for the whole process which queues it has bound, so each test has one of its own.
    queue = connection.SimpleQueue("second")
    queue.put({"number": 0, "long": "x" * 5000})
    watcher.start()
    for number in range(1, 200):
        queue.put({"number": number, "long": "x" * 5000})
    written.set()
    watcher.join()
    assert seen
    assert all(len(json.loads(text)["body"]) > 5000 for text in seen)
