"""What shows that a consent was signed: a scan that was sent in, or a signature drawn on the screen.

A file is taken for what it contains, never for its name or for what the browser says that it is.
"""

import hashlib
import json
from dataclasses import dataclass
from itertools import pairwise
from math import dist
from typing import Any

from django.utils.translation import gettext as _

from clinic.errors import Refused
from patients.models import ConsentDocument

Kind = ConsentDocument.Kind
#: How each kind of file begins, and what has to stand near its end: without it the file was cut off on the way.
SCANS: dict[Kind, tuple[bytes, bytes]] = {
    Kind.PDF: (b"%PDF-", b"%%EOF"),
    Kind.JPEG: (b"\xff\xd8\xff", b"\xff\xd9"),
    Kind.PNG: (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),
}
#: Bytes at the end of a file in which its last mark may stand: programs append a line or two.
TAIL = 1024
#: What a PDF holds that would run or open something; a scan has none of it.
ACTIVE = (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/RichMedia")
#: The field that is drawn on, in its own units.
WIDTH, HEIGHT = 600, 200
#: Lines and points of the longest signature, and the length of line below which it is a slip of the finger.
MOST_LINES, MOST_POINTS, SHORTEST = 200, 6000, 60.0


@dataclass(frozen=True, slots=True)
class Document:
    """A checked file: what it is, and its bytes."""

    media_type: Kind
    content: bytes

    @property
    def digest(self) -> str:
        """The SHA-256 of the content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def read_scan(content: bytes) -> Document:
    """A scan as PDF, JPEG or PNG. Raises Refused (field `scan`) for anything else, for one that is empty, cut off or
    larger than ConsentDocument.BIGGEST, and for a PDF that holds a program or another file."""
    if len(content) > ConsentDocument.BIGGEST:
        raise _no_scan(
            _("The file is larger than %(limit)s MB. Nothing was saved; scan it in grey at 200 dpi, or as a PDF.")
            % {"limit": ConsentDocument.BIGGEST // 2**20}
        )
    kind = next((kind for kind, (begins, _ends) in SCANS.items() if content.startswith(begins)), None)
    if kind is None:
        raise _no_scan(
            _("The file is no PDF, JPEG or PNG, whatever its name says. Nothing was saved; scan the paper again.")
        )
    if SCANS[kind][1] not in content[-TAIL:]:
        raise _no_scan(_("The file breaks off before its end. Nothing was saved; send it again."))
    if kind is Kind.PDF and any(word in content for word in ACTIVE):
        raise _no_scan(_("The PDF holds a program or another file. Nothing was saved; print it, and scan the paper."))
    return Document(kind, content)


def _no_scan(words: str) -> Refused:
    return Refused(words, field="scan", code="not_a_scan")


def read_drawing(text: str) -> Document | None:
    """A drawn signature: `text` is JSON, a list of lines, each a list of [x, y] on a field of WIDTH by HEIGHT. Kept as
    an SVG picture made of these numbers alone. None where nothing was drawn.

    Raises Refused (field `drawing`) for what is no drawing, and for one too short to be a signature."""
    if not text.strip():
        return None
    lines = [line for line in _lines(text) if line]
    if not lines:
        return None
    if sum(dist(one, two) for line in lines for one, two in pairwise(line)) < SHORTEST:
        raise _no_drawing(_("That is too short for a signature. Nothing was saved yet; please sign again."))
    path = " ".join("M" + " L".join(f"{x} {y}" for x, y in line) for line in lines)
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f'<path d="{path}" fill="none" stroke="#111" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/>'
        "</svg>"
    )
    return Document(Kind.SVG, picture.encode())


def _lines(text: str) -> list[list[tuple[int, int]]]:
    try:
        read: Any = json.loads(text)
        lines = [[(int(x), int(y)) for x, y in line] for line in read]
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise _no_drawing(_("The signature could not be read. Nothing was saved yet; please sign again.")) from None
    points = [point for line in lines for point in line]
    is_inside = all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    if not is_inside or len(lines) > MOST_LINES or len(points) > MOST_POINTS:
        raise _no_drawing(
            _("The signature is too large. Nothing was saved yet; please clear the field and sign again.")
        )
    return lines


def _no_drawing(words: str) -> Refused:
    return Refused(words, field="drawing", code="not_a_signature")
