"""Clerks who book series through nginx, and press the button again when the answer does not come."""

import http.client
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from html import unescape
from re import findall, search
from urllib.parse import urlencode
from uuid import uuid4

from django.conf import settings
from django.urls import reverse

from clinic.models import User
from patients.models import Patient
from scheduling.bench.web import session_of
from tests.factories import Clinic

CLERKS = 6
#: Seconds until an answer is given up.
PATIENCE = 30
#: Seconds between two tries, and how often one form is sent.
PAUSE, TRIES = 0.5, 120
#: Anything else that a clerk may be told, so that no answer is left unread.
DONE, TAKEN = {302}, {200, 409}


@dataclass(slots=True)
class Book:
    """What the clerks were told: whose series stands, how often nothing fitted or somebody was quicker, and how often
    an answer did not come or was an error."""

    acknowledged: list[Patient] = field(default_factory=list)
    refused: int = 0
    unanswered: int = 0


class Clerk:
    """A signed-in browser without a face. A token of CSRF that it made itself stands in the cookie and in the form."""

    def __init__(self, port: int, certificate: str, user: User) -> None:
        self._port = port
        self._context = ssl.create_default_context(cafile=certificate)
        self._csrf = "a" * 32
        cookies = {settings.SESSION_COOKIE_NAME: session_of(user), settings.CSRF_COOKIE_NAME: self._csrf}
        self._headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}

    def get(self, path: str) -> tuple[int, str]:
        """Status and page."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, form: dict[str, str]) -> tuple[int, str]:
        """Status and page of a form that is sent."""
        home = f"https://localhost:{self._port}"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": home, "Referer": f"{home}/"}
        return self._ask("POST", path, urlencode(form | {"csrfmiddlewaretoken": self._csrf}), headers)

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, str]:
        connection = http.client.HTTPSConnection("localhost", self._port, timeout=PATIENCE, context=self._context)
        try:
            connection.request(method, path, body, {**self._headers, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()


class Shift:
    """All clerks at work, until `end`. Each patient is taken by one clerk."""

    def __init__(self, clerks: list[Clerk], clinic: Clinic, patients: list[Patient], first_day: date) -> None:
        self.book = Book()
        self._clinic, self._first_day = clinic, first_day
        self._queue: Iterator[tuple[int, Patient]] = iter(enumerate(patients))
        self._lock, self._over = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._work, args=[clerk]) for clerk in clerks]

    def begin(self) -> None:
        """Everybody begins."""
        for thread in self._threads:
            thread.start()

    def end(self) -> Book:
        """Everybody finishes the form in hand."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        return self.book

    def _work(self, clerk: Clerk) -> None:
        while not self._over.is_set():
            with self._lock:
                number, patient = next(self._queue, (0, None))
            if patient is None:
                return
            if self._book(clerk, patient, self._first_day + timedelta(days=number % 14)):
                with self._lock:
                    self.book.acknowledged.append(patient)

    def _book(self, clerk: Clerk, patient: Patient, first_day: date) -> bool:
        """Look, choose the best plan, send its form until an answer comes; whether the series was said to stand."""
        path = reverse("desk:book_series", args=[patient.pk])
        wishes = {
            "site": str(self._clinic.site.pk),
            "protocol": str(self._clinic.induction.protocol_id),
            "first_day": first_day.isoformat(),
        }
        page = self._surely(lambda: clerk.get(f"{path}?{urlencode(wishes)}"), {200})[1]
        starts = _values(page, "starts")
        if not starts:
            with self._lock:
                self.book.refused += 1
            return False
        form = wishes | {"starts": starts[0], "key": str(uuid4()), "do": "book"}
        status, _ = self._surely(lambda: clerk.post(path, form), DONE | TAKEN)
        if status in TAKEN:
            with self._lock:
                self.book.refused += 1
        return status in DONE

    def _surely(self, ask: Callable[[], tuple[int, str]], wanted: set[int]) -> tuple[int, str]:
        """The first answer that says something, as a person gets it who presses the button again."""
        for _ in range(TRIES):
            status, page = ask()
            if status in wanted:
                return status, page
            if status not in {0, 500, 502, 503, 504}:
                raise RuntimeError(f"A clerk was answered {status}, which nobody expects.")
            with self._lock:
                self.book.unanswered += 1
            time.sleep(PAUSE)
        raise RuntimeError("A clerk was never answered.")


def _values(page: str, name: str) -> list[str]:
    """The values of all inputs called `name`, in order."""
    tags = findall(rf'<input[^>]*name="{name}"[^>]*>', page)
    return [unescape(found.group(1)) for tag in tags if (found := search(r'value="([^"]*)"', tag))]
