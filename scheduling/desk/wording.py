"""How the text of a message stands on a page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One paragraph. `is_aside`: it is in square brackets, for the caller alone."""

    text: str
    is_aside: bool


def parts_of(text: str) -> list[Part]:
    """The paragraphs of a message's kept text (scheduling.messages.texts)."""
    paragraphs = [paragraph.strip() for paragraph in text.split("\n\n")]
    return [Part(one, one.startswith("[") and one.endswith("]")) for one in paragraphs if one]
