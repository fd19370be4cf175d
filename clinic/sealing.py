"""Encryption of the few fields that identify a person outside, and of second factors' secrets, with keys that rotate.

Fernet (AES-128-CBC with HMAC-SHA-256, random IV) of the `cryptography` package. `FIELD_KEYS` holds the keys, newest
first: the first encrypts, all of them decrypt. To rotate: put a new key in front, restart, run `manage.py
rotate_field_keys`, then take the old key away.
"""

from functools import cache
from hashlib import sha256
from hmac import new as hmac
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


@cache
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        # Without the value: it is a key.
        raise ImproperlyConfigured("FIELD_KEYS must be Fernet keys, newest first, with commas between.") from error


def _box() -> MultiFernet:
    return _fernet(tuple(settings.FIELD_KEYS))


def encrypt(text: str) -> str:
    """The text, sealed with the newest key."""
    return _box().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text behind a token. Raises ImproperlyConfigured where none of the keys fits."""
    try:
        return _box().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured("An encrypted field was read with none of its keys: is one missing?") from error


def rotate(token: str) -> str:
    """The same text, sealed with the newest key."""
    return _box().rotate(token.encode()).decode()


class SealedField(models.TextField[str, str]):
    """Text that lies encrypted in the database and is plain in Python. It cannot be searched: keep a `blind_index`
    beside it where it must be found or be unique."""

    def get_prep_value(self, value: Any) -> Any:
        """Seal on the way in."""
        return encrypt(str(value)) if value else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        """Open on the way out."""
        return decrypt(value) if value else value


def blind_index(text: str) -> str:
    """A keyed digest of the text (HMAC-SHA-256): equal texts give equal digests, and without the key nobody can try
    numbers out. The key is derived from BLIND_INDEX_KEY, which does not rotate."""
    return hmac(settings.BLIND_INDEX_KEY.encode(), text.encode(), sha256).hexdigest()
