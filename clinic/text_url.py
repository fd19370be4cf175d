"""The address of the provider of text messages, as the environment gives it."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

#: What TEXT_URL may begin with. The second is for a server on this machine only, such as one that a test starts.
TWILIO, TWILIO_PLAIN = "twilio", "twilio+http"
LOOKS_LIKE = "TEXT_URL must look like twilio://ACCOUNT:TOKEN@api.twilio.com/+15085550123."


@dataclass(frozen=True, slots=True)
class TextProvider:
    """Where and as whom texts are sent. `sender` is a number in E.164, or the id of a messaging service (MG...)."""

    host: str
    port: int | None
    account: str
    token: str = field(repr=False)
    sender: str
    plain: bool = False


def read_text_url(url: str) -> TextProvider | None:
    """What `url` says; None when it is empty. Raises ValueError, without the value: there is a password in it."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(LOOKS_LIKE) from None
    plain = parts.scheme == TWILIO_PLAIN
    sender = unquote(parts.path.strip("/"))
    whole = host and parts.username and parts.password and sender.startswith(("+", "MG"))
    if not whole or parts.scheme not in {TWILIO, TWILIO_PLAIN} or (plain and not _is_here(host)):
        raise ValueError(LOOKS_LIKE)
    return TextProvider(
        host=host,
        port=port,
        account=unquote(parts.username or ""),
        token=unquote(parts.password or ""),
        sender=sender,
        plain=plain,
    )


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
