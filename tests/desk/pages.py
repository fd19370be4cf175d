"""What a person would read off a page."""

import re
from html import unescape
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpResponseBase
from django.urls import reverse

from patients.models import Patient
from tests.factories import FIRST_DAY, Clinic


def text(response: HttpResponseBase) -> str:
    """The words of a page on one line, without its marks."""
    html = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", response.content.decode(), flags=re.S)  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


def without_ids(said: str) -> str:
    """Without what is drawn by lot: "181", "ada" or "dead" turn up in an id or a token by chance, once in so many runs.

    Ids of rows (UUID), and stretches of twenty signs and more with none between: tokens of links and of forms.
    """
    said = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", said, flags=re.I)
    return re.sub(r"[A-Za-z0-9_-]{20,}", lambda run: "" if re.search(r"[0-9A-Z]", run[0]) else run[0], said)


def values(response: HttpResponseBase, name: str) -> list[str]:
    """The values of all inputs called `name`, in order."""
    html = response.content.decode()  # type: ignore[attr-defined]
    tags = re.findall(rf'<input[^>]*name="{name}"[^>]*>', html)
    return [unescape(found.group(1)) for tag in tags if (found := re.search(r'value="([^"]*)"', tag))]


def series_url(patient: Patient) -> str:
    """The address of the page on which a series is booked."""
    return reverse("desk:book_series", args=[patient.pk])


def wishes(clinic: Clinic, **changes: Any) -> dict[str, Any]:
    """What the clerk types for six infusions from the first day on, in hours that leave only starts at 9:00."""
    return {
        "site": str(clinic.site.pk),
        "protocol": str(clinic.induction.protocol_id),
        "first_day": FIRST_DAY.isoformat(),
        "patient_from": "09:00",
        "patient_until": "10:55",
    } | changes


def order(clinic: Clinic, starts: str, key: UUID | None = None, **changes: Any) -> dict[str, Any]:
    """The form of one plan: the wishes, the chosen starts and the key."""
    return wishes(clinic, **changes) | {"starts": starts, "key": str(key or uuid4()), "do": changes.get("do", "book")}
