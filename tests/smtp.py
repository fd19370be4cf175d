"""A real SMTP server for tests (aiosmtpd), able to refuse an address, to refuse once, and to cut the connection after
acceptance."""

import asyncio
import socket
from collections import Counter
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Sink:
    """What arrived is in `messages`, oldest first. `refuse[address] = "550 ..."` refuses an address for good or, with
    4xx, for now.

    `refuse_next` holds answers for the next messages whoever they are for; `cut_next` counts messages that are
    accepted, after which
    the connection is cut before the sender hears of it.
    """

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refuse: dict[str, str] = {}
        self.refuse_next: list[str] = []
        self.cut_next = 0
        self.tries: Counter[str] = Counter()
        self.host = "127.0.0.1"
        with socket.socket() as probe:
            probe.bind((self.host, 0))
            self.port: int = probe.getsockname()[1]
        self._controller = Controller(self, hostname=self.host, port=self.port)

    def start(self) -> None:
        """Listen."""
        self._controller.start()

    def stop(self) -> None:
        """Listen no more."""
        self._controller.stop()

    def to(self, address: str) -> list[EmailMessage]:
        """What arrived for one address."""
        return [message for message in self.messages if address in str(message["To"])]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept or refuse one recipient."""
        self.tries[address] += 1
        if address in self.refuse:
            return self.refuse[address]
        if self.refuse_next:
            return self.refuse_next.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the message; cut the line when told to."""
        content = envelope.original_content or b""
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        if self.cut_next:
            self.cut_next -= 1
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 OK"
