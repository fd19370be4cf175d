"""A provider of text messages for tests: a real HTTP server that answers as Twilio's Messages.json does."""

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from clinic.text_url import TextProvider

ACCOUNT, TOKEN, SENDER = "AC0123456789", "never-to-be-logged", "+15085550100"


class FakeTwilio:
    """What was accepted is in `texts`, oldest first. `refuse[number]` = (status, code) answers for a number, and
    `refuse_next` for the next texts whoever they are for. `silent` seconds pass before each answer; `cut` hangs up
    after the request.
    """

    def __init__(self) -> None:
        self.texts: list[dict[str, str]] = []
        self.requests: list[tuple[str, str]] = []
        self.refuse: dict[str, tuple[int, int]] = {}
        self.refuse_next: list[tuple[int, int]] = []
        self.silent = 0.0
        self.cut = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def provider(self) -> TextProvider:
        """How to reach it."""
        return TextProvider("127.0.0.1", self._server.server_port, ACCOUNT, TOKEN, SENDER, plain=True)

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(fake: FakeTwilio) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(raw).items()}
            fake.requests.append((self.path, self.headers["Authorization"]))
            if fake.cut:
                return
            time.sleep(fake.silent)
            refused = fake.refuse.get(form["To"]) or (fake.refuse_next.pop(0) if fake.refuse_next else None)
            if refused is None:
                fake.texts.append(form)
                self._answer(201, {"sid": f"SM{len(fake.texts)}", "status": "queued"})
            else:
                status, code = refused
                self._answer(status, {"code": code, "message": "no such luck", "status": status})

        def _answer(self, status: int, said: dict[str, object]) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                # The worker may have hung up in the meantime.
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing on the terminal of the tests."""

    return Handler
