"""Ways for a text message to leave: the provider's HTTP API, or a file where there is no provider.

A channel says what came of a try by what it raises; scheduling/messages/post.py turns that into the outcomes of the
ledger, the same as for a mail.
"""

import http.client
import json
import os
from base64 import b64encode
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlencode

from django.conf import settings

from clinic import clock
from clinic.text_url import TextProvider

#: Twilio's codes that speak of the number that is written to: not valid (21211, 21217), not reachable (21214), a
#: short code (21265), our own number (21266), opted out by STOP (21610), no mobile (21614), a landline (21635).
#: https://www.twilio.com/docs/api/errors
NUMBER_CODES = frozenset({21211, 21214, 21217, 21265, 21266, 21610, 21614, 21635})
#: What Twilio says later of a number that takes no text: an unknown handset (30005), a landline (30006), STOP (21610).
LOST_NUMBER_CODES = frozenset({"30005", "30006", "21610"})
#: Refusals of one message that say nothing about another: country not enabled (21408), the pair cannot be connected
#: (21612).
MESSAGE_CODES = frozenset({21408, 21612})
#: Codes that speak of us: credentials (20003, 20005), the sending number (21212, 21601, 21603, 21606, 21607, 21659,
#: 21660, 21661), the messaging service (21701, 21703, 21704, 21705), no more texts for a day (63038).
SENDER_CODES = frozenset(
    {
        *(20003, 20005, 21212, 21601, 21603, 21606, 21607, 21659, 21660, 21661),
        *(21701, 21703, 21704, 21705, 63038),
    }
)
#: Bytes of an answer that are read: Twilio's take about one thousand.
LONGEST_ANSWER = 65536


class TextTrouble(Exception):
    """A text did not go out, or nobody knows. The words are for the ledger and hold no secret."""


class Refusal(TextTrouble):
    """Refused for good. `bad_number`: because of the number, which takes no text from us."""

    def __init__(self, words: str, *, bad_number: bool = False) -> None:
        super().__init__(words)
        self.bad_number = bad_number


class NotNow(TextTrouble):
    """Refused for now."""


class OutcomeUnknown(TextTrouble):
    """The request was on its way when the line failed: it may have been accepted."""


class Unusable(TextTrouble):
    """The provider cannot be reached, or does not let us in: no fault of any text."""


class TextChannel(Protocol):
    """A way for texts to leave."""

    def open(self) -> None:
        """Make ready for one text. Raises Unusable."""

    def send(self, to: str, body: str, message_id: str) -> str:
        """Send `body` to a number in E.164; returns the provider's id. `message_id` is the ledger's own.

        Raises Refusal, NotNow, OutcomeUnknown or Unusable.
        """

    def close(self) -> None:
        """Let go of what `open` made ready."""


class FileTexts:
    """Writes each text into a file of its own, readable by nobody else: for a demo, and while there is no provider."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> None:
        """Nothing to do."""

    def send(self, to: str, body: str, message_id: str) -> str:
        """The file's name. Raises NotNow when it cannot be written."""
        name = f"{clock.now():%Y%m%d-%H%M%S}-{message_id.partition('@')[0]}.txt"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"To: {to}\nMessage-ID: {message_id}\n\n{body}\n")
        except OSError as error:
            raise NotNow(_words(error)) from error
        return name

    def close(self) -> None:
        """Nothing to do."""


class TwilioTexts:
    """Twilio's Programmable Messaging: one POST to Messages.json for each text, on a connection of its own.

    Its API has no key that would let it recognise a repeated request, so a text whose outcome is unknown may arrive
    twice, as a mail may.
    """

    def __init__(self, provider: TextProvider, timeout: float) -> None:
        self._provider = provider
        kind = http.client.HTTPConnection if provider.plain else http.client.HTTPSConnection
        self._connection = kind(provider.host, provider.port, timeout=timeout)

    def open(self) -> None:
        """Connect, unless a connection stands. Raises Unusable."""
        if self._connection.sock is not None:
            return
        try:
            self._connection.connect()
        except OSError as error:
            self._connection.close()
            raise Unusable(_words(error)) from error

    def send(self, to: str, body: str, message_id: str) -> str:
        """The `sid` of the message at Twilio. `message_id` stays here: there is no field for it."""
        self.open()
        try:
            self._connection.request("POST", self._path, body=self._form(to, body), headers=self._headers)
            answer = self._connection.getresponse()
            status, raw = answer.status, answer.read(LONGEST_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            raise OutcomeUnknown(_words(error)) from error
        finally:
            self.close()
        return _sid(status, _json(raw))

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    @property
    def _path(self) -> str:
        return f"/2010-04-01/Accounts/{quote(self._provider.account, safe='')}/Messages.json"

    @property
    def _headers(self) -> dict[str, str]:
        secret = b64encode(f"{self._provider.account}:{self._provider.token}".encode()).decode()
        return {
            "Authorization": f"Basic {secret}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }

    def _form(self, to: str, body: str) -> str:
        sender = self._provider.sender
        form = {"To": to, "MessagingServiceSid" if sender.startswith("MG") else "From": sender, "Body": body}
        # Twilio calls back only where the world can reach us.
        return urlencode(form | ({"StatusCallback": settings.TEXT_STATUS_URL} if settings.TEXT_STATUS_URL else {}))


def text_channel() -> TextChannel:
    """The channel that the settings name."""
    if settings.TEXT_PROVIDER is None:
        return FileTexts(Path(settings.TEXT_FILE_PATH))
    return TwilioTexts(settings.TEXT_PROVIDER, settings.TEXT_TIMEOUT)


def _sid(status: int, answer: dict[str, object]) -> str:
    """The id in an answer of success; every other answer raises what it means."""
    if 200 <= status < 300:
        return str(answer.get("sid") or "")
    code = answer.get("code")
    words = f"{status} {code or ''}".strip()
    told = f"{words}: {' '.join(str(answer.get('message') or '').split())}".rstrip(": ")
    if code in NUMBER_CODES or code in MESSAGE_CODES:
        raise Refusal(told, bad_number=code in NUMBER_CODES)
    if code in SENDER_CODES or status in {401, 402, 403, 404} or status < 400:
        # Without the provider's words, since this one is logged.
        raise Unusable(words)
    if status in {408, 429, 503}:
        raise NotNow(told)
    if status >= 500:
        # Something broke over there, before or after it took the text.
        raise OutcomeUnknown(told)
    raise Refusal(told)


def _json(raw: bytes) -> dict[str, object]:
    """An answer as an object; empty where it is none, as from a proxy in between."""
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:400]
