"""A site's own words in its messages: which placeholders there are, and what they become.

The standard templates always say what must be said. A site's words come beside them: a subject in place of the
standard one, an opening after the greeting, a closing before the signature (scheduling.models.SiteWording).
"""

import re
from typing import Any

from scheduling.models import Message

Kind = Message.Kind
#: What may stand in a site's words: {clinic} becomes the neutral name, and so on.
ALWAYS = {"clinic": "the neutral name", "phone": "the site's telephone", "name": "whom it is to"}
#: Where the message speaks of visits to come: of the first of them.
OF_A_VISIT = {"day": "the date of the first visit", "time": "when it begins"}
#: Kinds that may come without any visit to come.
WITHOUT_VISIT = frozenset(
    {
        Kind.NEWS,
        Kind.SCREENING,
        Kind.STOPPED,
        Kind.RELEASED,
        Kind.CANCELLED,
        Kind.COMPANION_CANCELLED,
        Kind.AFTERCARE,
        Kind.FOLLOW_UP,
        "",
    }
)
_PLACEHOLDER = re.compile(r"\{\s*([^{}]*?)\s*\}")
_STRAY = re.compile(r"[{}]")


class Unfilled(LookupError):
    """A placeholder has nothing to stand for in this message."""


def placeholders(kind: str) -> dict[str, str]:
    """The placeholders of a kind (empty: of every kind), each with what it becomes."""
    return ALWAYS if kind in WITHOUT_VISIT else ALWAYS | OF_A_VISIT


def complaint(text: str, kind: str) -> str:
    """What is wrong with the placeholders of `text`, as a sentence for whoever wrote it; empty when nothing is."""
    known = placeholders(kind)
    unknown = [name for name in _PLACEHOLDER.findall(text) if name not in known]
    offered = ", ".join(f"{{{name}}}" for name in known)
    if unknown:
        return f"{{{unknown[0]}}} stands for nothing here. You can use {offered}."
    if _STRAY.search(_PLACEHOLDER.sub("", text)):
        return f"A curly bracket stands alone. Placeholders are written like {offered}."
    return ""


def own_words(message: Message, words: dict[str, Any]) -> dict[str, str]:
    """The site's words for a message, filled: `site_subject`, `site_opening` and `site_closing`, each maybe empty.

    Words for every kind come before those for this one. What cannot be filled is left out: a message never goes out
    with a hole in it.
    """
    # All of the site's few, so that a list of calls can have them prefetched.
    rows = [row for row in message.site.wordings.all() if row.language == message.language]
    rows = sorted((row for row in rows if row.kind in {"", message.kind}), key=lambda row: row.kind)
    subject, openings, closings = "", [], []
    for row in rows:
        subject = _filled(row.subject, words) or subject
        openings.append(_filled(row.opening, words))
        closings.append(_filled(row.closing, words))
    return {
        "site_subject": " ".join(subject.split()),
        "site_opening": "\n\n".join(filter(None, openings)),
        "site_closing": "\n\n".join(filter(None, closings)),
    }


def _filled(text: str, words: dict[str, Any]) -> str:
    first = words.get("first")
    values = {
        "clinic": words.get("clinic"),
        "phone": words.get("phone"),
        "name": words.get("name"),
        "day": first.day if first is not None else None,
        "time": first.starts if first is not None else None,
    }

    def fill(match: re.Match[str]) -> str:
        value = values.get(match[1])
        if not value:
            raise Unfilled(match[1])
        return str(value)

    try:
        return _PLACEHOLDER.sub(fill, text.strip().replace("\r\n", "\n"))
    except Unfilled:
        return ""
