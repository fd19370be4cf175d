"""The way to the mail server, one connection for many messages, and to the provider of texts; each message with its
own outcome.
"""

import contextlib
import smtplib
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from django.core import mail
from django.core.mail.backends import smtp
from django.core.mail.backends.base import BaseEmailBackend

from patients.models import Channel
from scheduling.messages import provider
from scheduling.messages.text_channel import NotNow, OutcomeUnknown, Refusal, Unusable, text_channel
from scheduling.models import MessageAttempt

Result = MessageAttempt.Result

#: Replies of RFC 5321 that speak of the recipient's address: unknown, moved, or not a valid name of a mailbox.
ADDRESS_CODES = frozenset({550, 551, 553})


class Closed(Exception):
    """The mail server, or the provider of texts, cannot be reached or does not let us in: no fault of any message."""

    def __init__(self, words: str, channel: Channel = Channel.MAIL) -> None:
        super().__init__(words)
        self.channel = channel


@dataclass(frozen=True, slots=True)
class Text:
    """A text message ready to go: a number in E.164, the words, and the ledger's own id of it."""

    to: str
    body: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try. `bad_address`: the server says for good that there is no such recipient."""

    result: MessageAttempt.Result
    detail: str = ""
    bad_address: bool = False


def _outcome(error: Refusal | NotNow | OutcomeUnknown) -> Outcome:
    """What a provider's error means to the ledger."""
    if isinstance(error, Refusal):
        return Outcome(Result.REFUSED, str(error), bad_address=error.bad_number)
    return Outcome(Result.TEMPORARY if isinstance(error, NotNow) else Result.UNKNOWN, str(error))


class _Marks:
    """Remembers whether the body of the present message was on its way: a lost connection then proves nothing."""

    body_sent = False

    def mail(self, sender: str, options: Any = ()) -> tuple[int, bytes]:
        self.body_sent = False
        return super().mail(sender, options)  # type: ignore[misc,no-any-return]

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.body_sent = True
        return super().data(msg)  # type: ignore[misc,no-any-return]


class _Plain(_Marks, smtplib.SMTP):
    pass


class _Secure(_Marks, smtplib.SMTP_SSL):
    pass


class _Smtp(smtp.EmailBackend):
    """Django's SMTP backend, on connections that remember how far a message got."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _Secure if self.use_ssl else _Plain


class TextOffice:
    """Hands texts over. Use as a context manager; `open` before the look at a message's subject."""

    def __init__(self) -> None:
        self._channel = text_channel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.close()

    def open(self) -> None:
        """Make ready for one text. Raises Closed when the provider cannot be reached."""
        try:
            self._channel.open()
        except Unusable as error:
            raise Closed(str(error), Channel.TEXT) from error

    def send(self, text: Text) -> Outcome:
        """Hand one text over; the provider's id of it is in the outcome's detail. Raises Closed when we are refused."""
        try:
            sid = self._channel.send(text.to, text.body, text.message_id)
        except Unusable as error:
            raise Closed(str(error), Channel.TEXT) from error
        except (Refusal, NotNow, OutcomeUnknown) as error:
            return _outcome(error)
        return Outcome(Result.ACCEPTED, sid)


class PostOffice:
    """Hands mails over, reusing one connection. Use as a context manager; `open` before the look at a message's
    subject.
    """

    def __init__(self) -> None:
        backend: BaseEmailBackend = mail.get_connection()
        # Any other backend (files, memory, a provider's) reports by exception alone and is used as it is.
        self._backend = _Smtp() if type(backend) is smtp.EmailBackend else backend

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def stands(self) -> bool:
        """Whether `open` has nothing to do."""
        return not isinstance(self._backend, _Smtp) or self._backend.connection is not None

    def open(self) -> None:
        """Connect, unless a connection stands. Raises Closed when the server cannot be reached or refuses us."""
        if not isinstance(self._backend, _Smtp):
            return
        try:
            self._backend.open()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise Closed(_words(error)) from error

    def close(self) -> None:
        """Hang up politely; a server that is gone by then changes nothing, since each message has its outcome."""
        if isinstance(self._backend, _Smtp):
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._backend.close()
            self._drop()

    def send(self, message: mail.EmailMessage) -> Outcome:
        """Hand one mail over. Whatever comes of it is in the outcome; the next one finds a fresh state.

        Raises Closed when the server refuses us as the sender for good, which no message can help.
        """
        try:
            receipt = provider.send(self._backend, message)
        except Unusable as error:
            raise Closed(str(error)) from error
        except (Refusal, NotNow, OutcomeUnknown) as error:
            return _outcome(error)
        except smtplib.SMTPSenderRefused as error:
            if error.smtp_code >= 500:
                self._drop()
                raise Closed(_words(error)) from error
            return self._refused(error.smtp_code, error.smtp_error)
        except smtplib.SMTPRecipientsRefused as error:
            code, reply = next(iter(error.recipients.values()))
            return self._refused(code, reply, of_recipient=True)
        except smtplib.SMTPResponseException as error:
            return self._refused(error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            unknown = getattr(getattr(self._backend, "connection", None), "body_sent", False)
            self._drop()
            return Outcome(Result.UNKNOWN if unknown else Result.TEMPORARY, _words(error))
        except ValueError as error:
            # Not a mail at all: an address or a header that cannot be written (UnicodeError and BadHeaderError are
            # ValueErrors).
            return Outcome(Result.REFUSED, _words(error), bad_address=True)
        return Outcome(Result.ACCEPTED, receipt)

    def _refused(self, code: int, reply: bytes | str, *, of_recipient: bool = False) -> Outcome:
        """5xx is for good, everything else for now. After any refusal a new connection is the safe way on."""
        self._drop()
        words = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
        detail = f"{code} {' '.join(words.split())}"[:400]
        for_good = 500 <= code < 600
        return Outcome(
            Result.REFUSED if for_good else Result.TEMPORARY,
            detail,
            bad_address=of_recipient and code in ADDRESS_CODES,
        )

    def _drop(self) -> None:
        """Forget a connection whose state is unknown."""
        if isinstance(self._backend, _Smtp) and self._backend.connection is not None:
            self._backend.connection.close()
            self._backend.connection = None


def _words(error: BaseException) -> str:
    """An error for the ledger: its type and text on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:400]
