"""An SMTP server (aiosmtpd) that misbehaves as told, in a process of its own: `python -m scheduling.drill.sink`.

Every try stands on one line of its log, as JSON: `at` (Unix time), `to`, `id` (the Message-ID, where the body came) and
`what`: accepted, cut (accepted, and the line cut before the sender heard of it), temporary or refused. Needs no Django.
"""

import argparse
import asyncio
import json
import random
import signal
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"
#: What the address of somebody begins with whose mailbox does not exist.
BAD = "nobody-"
SEED = 5


@dataclass(frozen=True, slots=True)
class Habits:
    """What the server does: the share of recipients that it refuses for now, the share of accepted mails after which it
    cuts the line, and the seconds that it takes over each mail.
    """

    refuse: float = 0.0
    cut: float = 0.0
    delay: float = 0.0

    def words(self, port: int, log: Path) -> list[str]:
        """What follows `python` on the command line."""
        shares = [f"--refuse={self.refuse}", f"--cut={self.cut}", f"--delay={self.delay}"]
        return ["-m", "scheduling.drill.sink", f"--port={port}", f"--log={log}", *shares]


@dataclass(frozen=True, slots=True)
class Try:
    """One line of the log."""

    at: float
    to: str
    what: str
    id: str = ""

    @property
    def arrived(self) -> bool:
        """Whether the mail is in the mailbox, whatever its sender knows."""
        return self.what in {"accepted", "cut"}


class Log:
    """What came, read on from where the last look ended: a drill looks many times a second, beside what it measures."""

    def __init__(self, path: Path) -> None:
        self._path, self._read = path, 0
        self._tries: list[Try] = []

    def tries(self) -> list[Try]:
        """All that came so far, oldest first. A line that is just being written is left for the next look."""
        if self._path.exists():
            with self._path.open("rb") as log:
                log.seek(self._read)
                whole, newline, _rest = log.read().rpartition(b"\n")
            self._read += len(whole) + len(newline)
            self._tries += [Try(**json.loads(line)) for line in whole.splitlines()]
        return list(self._tries)


class Sink:
    """The handler of aiosmtpd."""

    def __init__(self, habits: Habits, output: IO[str], chance: random.Random) -> None:
        self._habits, self._output, self._chance = habits, output, chance

    async def handle_RCPT(
        self, server: "SMTP", session: "Session", envelope: "Envelope", address: str, options: list[str]
    ) -> str:
        """Accept or refuse one recipient."""
        if address.startswith(BAD):
            self._note("refused", address)
            return "550 5.1.1 no such user"
        if self._chance.random() < self._habits.refuse:
            self._note("temporary", address)
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: "SMTP", session: "Session", envelope: "Envelope") -> str:
        """Take the mail, in its time; hang up now and then before saying so."""
        if self._habits.delay:
            await asyncio.sleep(self._habits.delay)
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        cut = self._chance.random() < self._habits.cut
        self._note("cut" if cut else "accepted", envelope.rcpt_tos[0], str(message["Message-ID"]))
        if cut and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 OK"

    def _note(self, what: str, to: str, message_id: str = "") -> None:
        line = {"at": time.time(), "to": to, "what": what, "id": message_id.strip("<>")}
        self._output.write(json.dumps(line) + "\n")
        self._output.flush()


def answers(port: int) -> bool:
    """Whether an SMTP server greets us there."""
    import smtplib

    try:
        smtplib.SMTP(HOST, port, timeout=2).close()
    except (OSError, smtplib.SMTPException):
        return False
    return True


def main(words: list[str] | None = None) -> None:
    """Serve until told to stop (SIGTERM)."""
    from aiosmtpd.controller import Controller

    parser = argparse.ArgumentParser()
    for name in ("refuse", "cut", "delay"):
        parser.add_argument(f"--{name}", type=float, default=0.0)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    given = parser.parse_args(words)
    habits = Habits(given.refuse, given.cut, given.delay)
    # The same bad luck each time, as far as what comes comes in the same order.
    chance = random.Random(SEED)  # noqa: S311 -- luck, not a secret
    # Before the server's thread begins, which takes the mask over: only the thread that waits for a signal gets it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    with given.log.open("a", encoding="utf-8") as output:
        controller = Controller(Sink(habits, output, chance), hostname=HOST, port=given.port)
        controller.start()
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
        controller.stop()


if __name__ == "__main__":
    main()
