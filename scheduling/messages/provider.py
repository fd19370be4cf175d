"""Mail through a provider's HTTP API (django-anymail): its errors in the words that the ledger knows.

What it says later of a message (came back, reported as unwanted) comes to scheduling/messages/feedback.py.
"""

from typing import Any

import requests
from anymail.exceptions import (
    AnymailAPIError,
    AnymailConfigurationError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
)
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from urllib3.exceptions import NewConnectionError

from scheduling.messages.text_channel import NotNow, OutcomeUnknown, Refusal, Unusable

#: HTTP states that speak of us (the key, the account), and those that ask to come again.
OF_US, NOT_NOW = frozenset({401, 402, 403}), frozenset({408, 429, 503})
#: What a provider says of a recipient whose mail it has taken.
TAKEN = frozenset({"sent", "queued"})


def send(backend: BaseEmailBackend, message: EmailMessage) -> str:
    """Hand one mail to the backend; returns the provider's own id of it, empty where the backend is no provider.

    Raises Refusal, NotNow, OutcomeUnknown or Unusable for a provider's errors; those of other backends as they are.
    """
    try:
        backend.send_messages([message])
    except (AnymailRecipientsRefused, AnymailInvalidAddress) as error:
        raise Refusal(type(error).__name__, bad_number=True) from error
    except AnymailConfigurationError as error:
        raise Unusable(type(error).__name__) from error
    except AnymailAPIError as error:
        raise _of(error) from error
    except AnymailError as error:
        raise Refusal(type(error).__name__) from error
    said: Any = getattr(message, "anymail_status", None)
    if said is not None and said.status and not said.status & TAKEN:
        # An answer of success that does not say what has become of the one recipient.
        raise OutcomeUnknown(f"the provider said {', '.join(sorted(map(str, said.status)))}")
    return str(getattr(said, "message_id", None) or "")[:400]


def _of(error: AnymailAPIError) -> Exception:
    """What an error of the API means. Its own text stays away: it holds the whole message."""
    status: int | None = error.status_code
    words = f"{type(error).__name__} {status or ''}".strip()
    if isinstance(error, requests.RequestException) and status is None:
        return Unusable(words) if _never_connected(error) else OutcomeUnknown(words)
    if status in OF_US:
        return Unusable(words)
    if status in NOT_NOW:
        return NotNow(words)
    if status is None or status >= 500:
        return OutcomeUnknown(words)
    return Refusal(words)


def _never_connected(error: BaseException) -> bool:
    """Whether no connection was made, so that nothing can have been accepted."""
    cause = error.__cause__
    if isinstance(cause, requests.ConnectTimeout):
        return True
    inner = cause.args[0] if cause is not None and cause.args else None
    return isinstance(getattr(inner, "reason", None), NewConnectionError)
