"""`make run` on the real thing: it sets up, says when it is ready, restarts what dies, stops, and starts again."""

import os
import shutil
import signal
import stat
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from clinic.runtime import processes
from clinic.runtime.cluster import APP_ROLE, Cluster
from tests.runtime.starts import Start

#: Seconds: what the clinic promises.
STOPPED_WITHIN = 10
#: Seconds until a start is given up here. Alone on two cores the first takes half a minute and the next ones six
#: seconds; the other tests run beside it.
PATIENCE = 300


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder that is still to be made, below one that is closed to other accounts; nothing of it stays."""
    folder = tmp_path / "data"
    yield folder
    processes.clear(folder, patience=0)
    shutil.rmtree(Cluster(folder).open_folder, ignore_errors=True)


def _sign_in(start: Start) -> str:
    """Sign in as the front desk, as a script would: one POST at the place where / sends it. Returns where it led."""
    browser = build_opener(HTTPCookieProcessor(jar := CookieJar()))
    form = browser.open(f"http://127.0.0.1:{start.port}/").url
    token = next(cookie.value for cookie in jar if cookie.name == "csrf")
    words = {"login": "frontdesk", "password": start.password, "csrfmiddlewaretoken": token}
    return str(browser.open(form, urlencode(words).encode()).url)


def _kill(data: Path, what: str) -> None:
    """kill -9 the first process of a service."""
    found = min(
        (process for process in processes.left_behind(data) if what in process.command), key=lambda one: one.pid
    )
    os.kill(found.pid, signal.SIGKILL)


def _count(data: Path) -> int:
    """The number of rows that the test has written."""
    connection = Cluster(data).connect(APP_ROLE, "clinic")
    cursor = connection.cursor()
    cursor.execute("SELECT count(*) FROM django_session WHERE session_key LIKE 'kept-%'")
    row = cursor.fetchone()
    connection.close()
    assert row
    return int(row[0])


def _write(data: Path, number: int) -> None:
    """A row that the database has acknowledged."""
    connection = Cluster(data).connect(APP_ROLE, "clinic")
    connection.cursor().execute("INSERT INTO django_session VALUES (%s, '', now())", [f"kept-{number}"])
    connection.close()


def test_the_clinic_starts_mends_itself_stops_and_starts_again(data: Path) -> None:
    first = Start(data)
    first.until("Ready at http://127.0.0.1:", PATIENCE)
    assert first.health()["status"] == "ok"
    assert "/accounts/" not in _sign_in(first)
    assert stat.S_IMODE((data / "secrets" / "demo_password").stat().st_mode) == 0o600
    _write(data, 1)
    for service in ("postgres", "gunicorn", "celery -A clinic worker", "celery -A clinic beat"):
        _kill(data, service)
    assert first.well_again(PATIENCE)
    assert _count(data) == 1
    assert first.stop_by_keyboard() < STOPPED_WITHIN
    assert processes.left_behind(data) == []

    second = Start(data)
    second.until("Ready", PATIENCE)
    assert second.password == first.password
    assert "Filling the demo clinic ..." not in second.lines
    _write(data, 2)
    second.kill_the_whole_tree()

    third = Start(data)
    third.until("Ready", PATIENCE)
    assert _count(data) == 2
    assert third.stop() < STOPPED_WITHIN
    assert processes.left_behind(data) == []
