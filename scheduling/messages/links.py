"""Ways in without an account: random tokens, kept as hashes, bound to purpose, person and the times that they speak of,
expiring and revocable.
"""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from clinic import clock
from patients.models import Contact, Patient
from scheduling.models import Appointment, Link, Message

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
    visits: Iterable[Appointment] = (),
    days: int = DAYS_OPEN,
) -> str:
    """A new link's absolute URL, starting with PUBLIC_URL. Only its hash is kept, so this is the one time it can be
    read.

    `contact` is the companion that a companion's link is for; `message` the one that carries the link, and `visits`
    those that it tells of: once one of them moves or is cancelled the link is shut. It opens its page for `days`.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = clock.now()
    Link.objects.create(
        token_hash=_hash(token),
        purpose=purpose,
        patient=patient,
        contact=contact,
        message=message,
        speaks_of={str(visit.pk): _told(visit) for visit in visits if visit.status != Appointment.Status.CANCELLED},
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    return settings.PUBLIC_URL + reverse("portal:enter", args=[token])


def stopping(link: str) -> str:
    """The address by which whoever has `link` (from `issue`) takes no more of what is not essential."""
    token = link.rstrip("/").rpartition("/")[2]
    return settings.PUBLIC_URL + reverse("portal:stop", args=[token])


def length() -> int:
    """Characters of a link, all of which are equally long."""
    token = "x" * len(secrets.token_urlsafe(TOKEN_BYTES))
    return len(settings.PUBLIC_URL + reverse("portal:enter", args=[token]))


@dataclass(frozen=True, slots=True)
class Outdated:
    """A visit as it is, and the start (UTC) that a link told of it: it was cancelled, or has another time by now."""

    visit: Appointment
    told_starts: datetime

    @property
    def is_cancelled(self) -> bool:
        """Whether it does not take place at all."""
        return self.visit.status == Appointment.Status.CANCELLED


def outdated(link: Link) -> Outdated | None:
    """The first visit that is no longer as the message with the link told it; None while all of them are. One query.

    Looked up at each request instead of being written down at each change: no way of changing a visit can forget it.
    """
    visits = Appointment.objects.filter(pk__in=link.speaks_of).select_related("site").order_by("starts")
    for visit in visits if link.speaks_of else ():
        told = link.speaks_of[str(visit.pk)]
        starts = datetime.fromisoformat(told["starts"])
        is_cancelled = visit.status == Appointment.Status.CANCELLED
        # A version may count something else than a time: a confirmation leaves what was told true.
        if told["version"] != visit.version and (is_cancelled or starts != visit.starts):
            return Outdated(visit, starts)
    return None


def rebind(link: Link, visit: Appointment) -> None:
    """Whoever has the link open has changed the visit there, and so knows of it: the link stays open for them."""
    if str(visit.pk) not in link.speaks_of:
        return
    if visit.status == Appointment.Status.CANCELLED:
        del link.speaks_of[str(visit.pk)]
    else:
        link.speaks_of[str(visit.pk)] = _told(visit)
    link.save(update_fields=["speaks_of"])


def _told(visit: Appointment) -> dict[str, object]:
    return {"version": visit.version, "starts": visit.starts.isoformat()}


def find(token: str, purpose: Link.Purpose | str) -> Link | None:
    """The link behind `token` for this purpose; None when there is none, or it has expired or was revoked. Whether what
    it speaks of is still so is for `outdated` to say.
    """
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
