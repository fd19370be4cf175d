"""Content into words: the same template makes the text of a mail, its HTML, the words to say on the telephone, and a
letter.

A template of `templates/messages/` prints its subject in the first line, then paragraphs apart by empty lines. A line
that begins with "# " is a heading, one with "- " an item of a list; a line that is the link becomes a button in HTML.
So text and HTML cannot differ.
"""

import re
import textwrap
from dataclasses import dataclass

from django.template import Context, Engine
from django.template.loader import render_to_string
from django.utils import translation

from scheduling.messages.content import Content
from scheduling.models import Message

#: Columns of the text part (RFC 5322 asks for at most 78).
WIDTH = 76
#: How the lines of a list begin, and what kind of list it is.
LISTS = {"- ": "items", "* ": "dates"}
#: What stands for the link where the text is kept: the ledger must not open anybody's page.
LINK_LEFT_OUT = "[personal link]"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece: a "heading", a "paragraph", "items" or "dates" (their `lines`), or a "link" (`text` is its URL)."""

    kind: str
    text: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in words. `kept` is the text without the link, which the ledger keeps."""

    subject: str
    text: str
    html: str
    kept: str


def render(message: Message, content: Content, link: str = "") -> Rendered:
    """The message in its language. `link` is the URL of its personal page; empty where it has none.

    Raises TemplateDoesNotExist for a kind that has no wording.
    """
    with translation.override(message.language):
        subject, blocks = _parse(_print(content.template, content.words | {"link": link}), link)
        subject = content.words.get("site_subject") or subject
        html = render_to_string("messages/layout.html", content.words | {"subject": subject, "blocks": blocks})
    text = _as_text(blocks)
    kept = text.replace(link, LINK_LEFT_OUT) if link else text
    return Rendered(subject=subject, text=_wrapped(text), html=html, kept=kept)


def subject_of(content: Content) -> str:
    """The first line of the message's template, in the language that is active."""
    return _parse(_print(content.template, content.words | {"link": ""}), "")[0]


def call_script(message: Message, content: Content) -> str:
    """The words to say on the telephone; what is in square brackets is for the caller alone."""
    with translation.override(message.language):
        _subject, blocks = _parse(_print(content.template, content.words | {"link": ""}), "")
    return _as_text(blocks)


def _print(kind: str, words: dict[str, object]) -> str:
    """The template of `kind`, filled. Nothing is escaped: this is text, and the HTML layout escapes it."""
    template = Engine.get_default().get_template(f"messages/{kind}.txt")
    return template.render(Context(words, autoescape=False))


def _parse(printed: str, link: str) -> tuple[str, list[Block]]:
    """The subject, and the blocks of what a template printed."""
    subject, _newline, rest = printed.strip().partition("\n")
    blocks: list[Block] = []
    for chunk in re.split(r"\n\s*\n", rest):
        lines = [line.strip() for line in chunk.splitlines() if line.strip()]
        for number, line in enumerate(lines):
            _add(blocks, line, link, goes_on=number > 0)
    return " ".join(subject.split()), blocks


def _add(blocks: list[Block], line: str, link: str, *, goes_on: bool) -> None:
    """Put one line where it belongs. Empty lines between items, which loops leave, do not part a list; those between
    paragraphs do (`goes_on`: there is none before this line).
    """
    last = blocks[-1] if blocks else Block("")
    if link and line == link:
        blocks.append(Block("link", text=link))
    elif line.startswith("# "):
        blocks.append(Block("heading", text=line[2:]))
    elif line[:2] in LISTS:
        kind, item = LISTS[line[:2]], line[2:]
        if last.kind == kind:
            blocks[-1] = Block(kind, lines=(*last.lines, item))
        else:
            blocks.append(Block(kind, lines=(item,)))
    elif goes_on and last.kind == "paragraph":
        blocks[-1] = Block("paragraph", text=f"{last.text}\n{line}")
    else:
        blocks.append(Block("paragraph", text=line))


def _as_text(blocks: list[Block]) -> str:
    """Plain text: headings stand close to what follows them, links on a line of their own."""
    parts: list[str] = []
    for number, block in enumerate(blocks):
        if block.lines:
            parts.append("\n".join(f"- {line}" for line in block.lines))
        else:
            parts.append(block.text)
        close = block.kind == "heading" or (number + 1 < len(blocks) and blocks[number + 1].kind == "link")
        parts.append("\n" if close else "\n\n")
    return "".join(parts).strip() + "\n"


def _wrapped(text: str) -> str:
    """Lines of at most WIDTH columns; a URL is never broken."""
    return "\n".join(
        textwrap.fill(
            line,
            WIDTH,
            subsequent_indent="  " if line.startswith("- ") else "",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.split("\n")
    )
