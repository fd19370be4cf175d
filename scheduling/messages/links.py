"""Ways in without an account: random tokens, kept as hashes, bound to purpose and person, expiring and revocable."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.urls import reverse

from clinic import clock
from patients.models import Contact, Patient
from scheduling.models import Link, Message

#: Random bytes of a token: 192 bits, above the 128 that OWASP asks of a session identifier.
TOKEN_BYTES = 24
#: Days for which a link opens its page: longer than the longest induction (three weeks) and a booster interval after
#: it.
DAYS_OPEN = 60


def issue(
    *,
    patient: Patient,
    purpose: Link.Purpose | str,
    contact: Contact | None = None,
    message: Message | None = None,
    days: int = DAYS_OPEN,
) -> str:
    """A new link's absolute URL, starting with PUBLIC_URL. Only its hash is kept, so this is the one time it can be
    read.

    `contact` is the companion that a companion's link is for; `message` the one that carries the link; it opens its
    page for `days`.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = clock.now()
    Link.objects.create(
        token_hash=_hash(token),
        purpose=purpose,
        patient=patient,
        contact=contact,
        message=message,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    return settings.PUBLIC_URL + reverse("portal:enter", args=[token])


def length() -> int:
    """Characters of a link, all of which are equally long."""
    token = "x" * len(secrets.token_urlsafe(TOKEN_BYTES))
    return len(settings.PUBLIC_URL + reverse("portal:enter", args=[token]))


def find(token: str, purpose: Link.Purpose | str) -> Link | None:
    """The open link behind `token` for this purpose; None when there is none, or it has expired or was revoked."""
    return (
        Link.objects.select_related("patient", "contact")
        .filter(token_hash=_hash(token), purpose=purpose, revoked_at__isnull=True, expires_at__gt=clock.now())
        .first()
    )


def revoke(*, patient: Patient | None = None, contact: Contact | None = None, message: Message | None = None) -> int:
    """Shut every open link that fits all of what is given; how many. Raises ValueError when nothing is given."""
    given = {"patient": patient, "contact": contact, "message": message}
    wanted = {name: value for name, value in given.items() if value is not None}
    if not wanted:
        raise ValueError("say whose links are to be revoked")
    return Link.objects.filter(revoked_at__isnull=True, **wanted).update(revoked_at=clock.now())


def _hash(token: str) -> str:
    """SHA-256 in hexadecimal: enough for a random token, which no dictionary holds."""
    return hashlib.sha256(token.encode()).hexdigest()
