"""The clinic's own web server on the throw-away database, and a signed-in browser without a face."""

import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.urls import reverse

from clinic.accounts import StaffBackend
from clinic.models import User
from clinic.permissions import Role
from scheduling.bench.measure import Figure, in_turn
from scheduling.bench.site import member_at
from scheduling.bench.world import World

#: Seconds until the web server must answer.
PATIENCE = 60
#: Who search in turn: one alone would soon be told to wait (clinic.rates.SEARCHES).
CLERKS = 5
#: Milliseconds that searching and showing plans may take longer than a page that does next to nothing.
MOST_MORE = 30
OK = 200


class Browser:
    """A keep-alive connection with the clerk's session cookie."""

    def __init__(self, port: int, cookie: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}", "Host": "127.0.0.1"}

    def get(self, path: str) -> bytes:
        """The page at `path`. Raises ValueError for any answer but 200."""
        status, body = self.ask(path)
        if status != OK:
            raise ValueError(f"{path.partition('?')[0]} answered {status}")
        return body

    def ask(self, path: str) -> tuple[int, bytes]:
        """Status and page."""
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()


class Server:
    """gunicorn as `make run` starts it, with one worker process so that its memory can be read."""

    def __init__(self, port: int, process: "subprocess.Popen[bytes]") -> None:
        self.port, self._process = port, process

    @property
    def pid(self) -> int:
        """Of the parent of its workers."""
        return self._process.pid

    def browser(self, world: World) -> Browser:
        """The clerk, signed in."""
        return self.signed_in(world.bench.clerk)

    def signed_in(self, clerk: User) -> Browser:
        """A browser in which this account is signed in."""
        return Browser(self.port, session_of(clerk))

    def memory(self) -> float:
        """Resident memory of the worker process in MB (10^6 bytes); that of shared files counts."""
        (worker,) = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        line = next(row for row in Path(f"/proc/{worker}/status").read_text().splitlines() if row.startswith("VmRSS"))
        return int(line.split()[1]) * 1.024e-3


def session_of(user: User) -> str:
    """The key of a session in which this account is signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = f"{StaffBackend.__module__}.{StaffBackend.__qualname__}"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


@contextmanager
def serving() -> Iterator[Server]:
    """The web server for as long as the block runs. Raises ValueError when it does not answer within PATIENCE."""
    if not Path(settings.STATIC_ROOT).exists():
        call_command("collectstatic", verbosity=0, interactive=False)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        port = int(listener.getsockname()[1])
        command = [sys.executable, "-m", "gunicorn", "clinic.wsgi", "--bind", f"fd://{listener.fileno()}"]
        command += ["--workers", "1", "--threads", "4", "--worker-class", "gthread", "--no-control-socket"]
        log = Path(settings.CLINIC_DATA) / "logs" / "web.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 -- its words are all written here
                command, pass_fds=[listener.fileno()], cwd=settings.BASE_DIR, stdout=output, stderr=output
            )
    try:
        _wait(port, log)
        yield Server(port, process)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _wait(port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.settimeout(PATIENCE)
                connection.sendall(b"GET /accounts/login/ HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
                if connection.recv(12).endswith(b" 200"):
                    return
        except OSError:
            time.sleep(0.1)
        if time.monotonic() > deadline:
            raise ValueError(f"The web server did not answer; it said: {log.read_text()[-500:]}")


def search_path(world: World, number: int = 0) -> str:
    """The address of the booking page with the best plans for one of the patients."""
    patient = world.patients[number % len(world.patients)]
    typed = {
        "site": str(world.bench.site.pk),
        "protocol": str(world.bench.series.protocol_id),
        "first_day": world.bench.first_day.isoformat(),
    }
    return f"{reverse('desk:book_series', args=[patient.pk])}?{urlencode(typed)}"


def trivial_path() -> str:
    """A signed-in page that does next to nothing: it asks whether to sign out."""
    return reverse("account_logout")


def page_beside_trivial(world: World) -> Figure:
    """The booking page with its plans, beside a signed-in page that searches nothing."""
    with serving() as server:
        browser = server.browser(world)
        if b"starts" not in browser.get(search_path(world)):
            raise ValueError("The booking page shows no plan, so there is nothing to measure.")
        values, floors = in_turn(
            world.options.times(200),
            lambda: browser.get(search_path(world)),
            lambda: browser.get(trivial_path()),
            warm_up=10,
        )
    more = statistics.median(values) - statistics.median(floors)
    return Figure(
        name="http",
        title="the same through HTTP: signed in, page rendered, by gunicorn",
        beside="a signed-in page that does next to nothing",
        unit="ms",
        values=tuple(values),
        floors=tuple(floors),
        ratio=statistics.median(values) / statistics.median(floors),
        target=f"<= +{MOST_MORE} ms at p50",
        ok=more <= MOST_MORE,
        notes=(f"{more:.1f} ms more at p50",),
    )


def memory_stays_flat(world: World) -> Figure:
    """Memory of the web process after many searches, beside that after a tenth of them."""
    many = 200 if world.options.quick else 2000
    with serving() as server:
        browsers = [server.signed_in(clerk) for clerk in _clerks(world)]
        few = many // 10
        for number in range(few):
            browsers[number % CLERKS].get(search_path(world, number))
        early = server.memory()
        for number in range(few, many):
            browsers[number % CLERKS].get(search_path(world, number))
        late = server.memory()
    ratio = late / early
    return Figure(
        name="memory",
        title=f"memory of a web process after {many:,} searches",
        beside=f"the same process after {few:,}",
        unit="MB",
        values=(late,),
        floors=(early,),
        ratio=ratio,
        target="within 5 %",
        ok=abs(ratio - 1) <= 0.05,
    )


def _clerks(world: World) -> list[User]:
    members = [member_at(world.bench.site, f"Searching Clerk {number}", Role.FRONT_DESK) for number in range(CLERKS)]
    return [member.user for member in members if member.user is not None]
