"""Everything that docker-compose.yml names, as processes of this machine on free ports."""

import os
import shutil
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from secrets import token_bytes, token_hex

from clinic.runtime import privileges
from clinic.runtime.folder import PROJECT
from clinic.runtime.services import clinic_services
from scheduling.drill.keeper import Keeper, Kept, wait_until
from scheduling.drill.server import free_ports
from tests.smtp import Sink

HOST = "localhost"
#: Seconds that anything may take to come up on a busy machine.
PATIENCE = 120
WEBS, WORKERS = 2, 2

_NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr warn;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  # A server that does not answer is left alone for a second. What may have been acted on already (a POST) is not sent
  # again by nginx: whoever clicked does that, and the form's key makes twice the same as once.
  upstream web {{ {webs} }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/tls.crt; ssl_certificate_key {folder}/tls.key;
    location / {{
      proxy_pass http://web;
      proxy_connect_timeout 2s; proxy_read_timeout 60s;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-For $remote_addr;
    }}
  }}
}}
"""

#: Fewer connections than web and workers ask for together, so that they do share them.
_PGBOUNCER = """
[databases]
clinic = host=127.0.0.1 port={postgres} dbname=clinic
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 6
max_client_conn = 200
server_login_retry = 1
"""


class Topology:
    """What runs, by name. `postgres`, `pgbouncer`, `redis`, `webs`, `workers`, `beat` and `nginx` are there once
    `start_stores` and `start_clinic` have returned.
    """

    def __init__(self, folder: Path, keeper: Keeper, sink: Sink) -> None:
        self.folder, self.keeper, self.sink = folder, keeper, sink
        (self.folder / "logs").mkdir()
        self._ports = iter(free_ports(4 + WEBS))
        self.postgres_port, self.pool_port, self.redis_port, self.port = (next(self._ports) for _ in range(4))
        self.url = f"https://{HOST}:{self.port}"
        self._owner, self._application = token_hex(16), token_hex(16)
        self._programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name))
        self.environment = self._environment()

    def _environment(self) -> dict[str, str]:
        """What `.env` and docker-compose.yml give to web, worker and beat."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("CLINIC_", "DATABASE_"))}
        return outside | {
            "CLINIC_ENVIRONMENT": "production",
            "CLINIC_DATA": str(self.folder / "runner"),
            "SECRET_KEY": token_hex(40),
            "FIELD_KEYS": urlsafe_b64encode(token_bytes(32)).decode(),
            "BLIND_INDEX_KEY": token_hex(40),
            "PUBLIC_URL": self.url,
            "ALLOWED_HOSTS": HOST,
            "DATABASE_URL": self._address("clinic_app", self._application, self.pool_port),
            "REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0",
            "EMAIL_URL": f"smtp://{self.sink.host}:{self.sink.port}",
            "MAIL_FROM": "appointments@clinic.example",
            "REMINDER_TICK_SECONDS": "2",
            "STATIC_ROOT": str(self.folder / "static"),
        }

    def _address(self, role: str, password: str, port: int) -> str:
        return f"postgres://{role}:{password}@127.0.0.1:{port}/clinic"

    @property
    def owner(self) -> dict[str, str]:
        """What only those processes are given that migrate or back up; it goes around the pool."""
        return {"DATABASE_OWNER_URL": self._address("clinic_owner", self._owner, self.postgres_port)}

    def start_stores(self) -> None:
        """PostgreSQL with the two roles, the pool in front of it, and Redis."""
        self.postgres = self._start("postgres", self._make_postgres(), before=self._clear_stale_pid)
        self._psql_ready()
        self._roles()
        self.pgbouncer = self._start("pgbouncer", self._make_pool())
        words = ["redis-server", "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", "", "--appendonly"]
        self.redis = self._start("redis", [*_dying(), *words, "no"], directory=self.folder)

    def start_clinic(self) -> None:
        """Migrations with the owner's password, then the web servers, nginx, the workers and the beat."""
        for words in (["migrate", "--noinput", "--verbosity", "0"], ["collectstatic", "--noinput", "--verbosity", "0"]):
            environment = self.environment | self.owner
            subprocess.run([sys.executable, "manage.py", *words], cwd=PROJECT, env=environment, check=True)
        self._web_ports = [next(self._ports) for _ in range(WEBS)]
        self.webs = [self._clinic(number, "web", port=port) for number, port in enumerate(self._web_ports, 1)]
        self.workers = [self._clinic(number, "worker") for number in range(1, WORKERS + 1)]
        self.beat = self._clinic(1, "beat")
        self.nginx = self._start("nginx", [*_dying(), "nginx", "-e", "stderr", "-c", str(self._nginx(self._web_ports))])
        _surely("the clinic", self.is_whole, meanwhile=self.keeper.look)

    def _clinic(self, number: int, service: str, port: int = 0) -> Kept:
        """One of the clinic's processes as `make run` and the image start it, on a machine of its own."""
        name = f"{service}{number}"
        data = self.folder / name
        (data / "run").mkdir(parents=True)
        command = next(one for one in clinic_services(PROJECT, data, port) if one.name == service).command
        if service == "worker":
            # Of an option that comes twice the last counts.
            command = [*command, "--hostname", f"{name}@clinic"]
        return self._start(name, command, environment={"CLINIC_DATA": str(data)})

    def _start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: dict[str, str] | None = None,
        directory: Path = PROJECT,
        before: Callable[[], object] | None = None,
    ) -> Kept:
        log = self.folder / "logs" / f"{name}.log"
        own = self.environment | (environment or {})
        return self.keeper.keep(Kept(name, command, log, environment=own, directory=directory, before=before))

    def is_well(self) -> bool:
        """Whether /healthz says through nginx that database, workers and messages are well."""
        context = ssl.create_default_context(cafile=str(self.folder / "tls.crt"))
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5, context=context) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def is_whole(self) -> bool:
        """Whether moreover each web server answers at its own door."""
        self.keeper.look()
        return all(map(_answers, self._web_ports)) and self.is_well()

    # -- PostgreSQL from the system's package ------------------------------------------------------------------------

    def _make_postgres(self) -> list[str]:
        """Initialise the cluster; what starts it."""
        data = self.folder / "postgres"
        data.mkdir(mode=0o700)
        privileges.give(data)
        password = self.folder / "superuser"
        password.write_text(token_hex(16))
        privileges.give(password)
        as_account = privileges.as_database(data, "INT")
        make = ["--username=clinic_admin", "--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8"]
        make += ["--locale-provider=libc", "--locale=C.UTF-8", "-D", str(data)]
        subprocess.run([*as_account, str(self._programs / "initdb"), *make], cwd="/", check=True, capture_output=True)
        listen = ["-c", "listen_addresses=127.0.0.1", "-c", f"port={self.postgres_port}"]
        return [
            *as_account,
            str(self._programs / "postgres"),
            "-D",
            str(data),
            *listen,
            "-c",
            "unix_socket_directories=",
        ]

    def _make_pool(self) -> list[str]:
        """What starts pgbouncer. Whoever migrates goes around it."""
        folder = self.folder / "pool"
        folder.mkdir(mode=0o700)
        settings = folder / "pgbouncer.ini"
        settings.write_text(_PGBOUNCER.format(postgres=self.postgres_port, port=self.pool_port, folder=folder))
        (folder / "users").write_text(f'"clinic_app" "{self._application}"\n')
        for path in (folder, settings, folder / "users"):
            privileges.give(path)
        return [*privileges.as_database(folder, "INT"), str(shutil.which("pgbouncer")), str(settings)]

    def _clear_stale_pid(self) -> None:
        """After kill -9 the file stays, with a number that some other process may have by now."""
        (self.folder / "postgres" / "postmaster.pid").unlink(missing_ok=True)

    def _psql(self, *words: str) -> "subprocess.CompletedProcess[bytes]":
        secret = (self.folder / "superuser").read_text()
        own = {"PGPASSWORD": secret, "CLINIC_APP_PASSWORD": self._application, "CLINIC_OWNER_PASSWORD": self._owner}
        where = ["-h", "127.0.0.1", "-p", str(self.postgres_port), "-U", "clinic_admin", "-d", "postgres"]
        return subprocess.run(
            [str(self._programs / "psql"), *where, *words], env=os.environ | own, check=False, capture_output=True
        )

    def _psql_ready(self) -> None:
        _surely("PostgreSQL", lambda: self._psql("-c", "SELECT 1").returncode == 0)

    def _roles(self) -> None:
        made = self._psql("-q", "-f", str(PROJECT / "clinic" / "runtime" / "roles.sql"))
        if made.returncode:
            raise RuntimeError(made.stderr.decode())

    # -- nginx ---------------------------------------------------------------------------------------------------------

    def _nginx(self, ports: Sequence[int]) -> Path:
        """A certificate of this run's own, and the configuration."""
        key, certificate = self.folder / "tls.key", self.folder / "tls.crt"
        words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
        words += ["-addext", f"subjectAltName=DNS:{HOST}", "-keyout", str(key), "-out", str(certificate)]
        subprocess.run(["openssl", *words], check=True, capture_output=True)
        webs = " ".join(f"server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;" for port in ports)
        configuration = self.folder / "nginx.conf"
        configuration.write_text(_NGINX.format(folder=self.folder, port=self.port, webs=webs))
        return configuration


def missing() -> list[str]:
    """The programs that are not installed."""
    found = {name: shutil.which(name) for name in ("nginx", "redis-server", "openssl", "pgbouncer")}
    lacking = [name for name, path in found.items() if path is None]
    return lacking if any(Path("/usr/lib/postgresql").glob("*/bin/postgres")) else [*lacking, "postgresql"]


def _dying() -> list[str]:
    return privileges.dying_with_parent("TERM")


def _surely(what: str, holds: Callable[[], bool], meanwhile: Callable[[], object] | None = None) -> None:
    if not wait_until(holds, PATIENCE, meanwhile=meanwhile):
        raise RuntimeError(f"{what} did not come up within {PATIENCE} seconds.")


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True
