"""The marks of what a board shows some hundred times: a visit, a free time, a line of the list, a load.

They are put together here and not in templates, because a board of 40 chairs and 160 visits has ten thousand values to
show: as template variables these took five times as long as all the rest of the page (`manage.py bench --only board`).
Every text that a person could have typed passes through `escape` here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html import escape
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from scheduling.desk.board_blocks import Block, Mark
from scheduling.desk.board_gaps import Gap
from scheduling.desk.board_layout import Board, Row
from scheduling.desk.board_strips import Bar, Strip

_ANY = UUID(int=0)
#: Units of a drawing per column, about as many as it has pixels: what is stretched more gets blurred edges.
_WIDE = 8
#: Cells from which a free time has room for its icon beside the words.
_ROOMY = 10
#: How a visit looks that is over.
_OVER = {"fulfilled", "noshow"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: its head and the marks of its cells."""

    name: str
    note: str
    cells: SafeString


class Markup:
    """The marks of one board for somebody who may or may not book; `free`: the address that books at a free time."""

    def __init__(self, board: Board, *, may_book: bool, free: str) -> None:
        self.board, self.may_book, self.free = board, may_book, free
        self._panel, self._visit = _around("desk:board_visit"), _around("nurse:visit")
        self._phases: dict[tuple[Bar, ...], str] = {}

    @property
    def lines(self) -> list[Line]:
        """The table's lines, one for each chair and more where facts overlap."""
        return [
            Line(row.name, row.note, _joined(self._cell(cell, row) for cell in row.cells)) for row in self.board.rows
        ]

    @property
    def listed(self) -> SafeString:
        """The rows of the list in order of time. The first that is not over can be gone to."""
        first = next((block for block in self.board.listed if block.look not in _OVER), None)
        return _joined(self._listed(block, ' id="from-now"' if block is first else "") for block in self.board.listed)

    @property
    def has_begun(self) -> bool:
        """Whether something of the day is over and something to come, so that one may want to go from one to the
        other."""
        over = [block.look in _OVER for block in self.board.listed]
        return any(over) and not all(over)

    @property
    def strips(self) -> list[tuple[Strip, SafeString]]:
        """Each nurse's load with its drawing."""
        return [(strip, drawing(strip, 44)) for strip in self.board.strips]

    @property
    def together(self) -> list[tuple[Strip, SafeString]]:
        """All nurses' load with its drawings."""
        return [(strip, drawing(strip, 28)) for strip in self.board.together]

    def _cell(self, cell: Block | Gap, row: Row) -> str:
        if isinstance(cell, Block):
            return self._block(cell)
        if cell.words:
            return self._free(cell, row)
        return f'<td colspan="{cell.span}"{_GAPS.get(cell.kind, "></td>")}'

    def _block(self, block: Block) -> str:
        visit, label = block.visit, escape(block.label)
        drag = f' data-start="{block.column}" data-span="{block.span}"' if self.may_book and block.can_move else ""
        ride = _says(block.ride_mark, f" ride-{block.ride}") if block.ride_mark is not None else ""
        return (
            f'<td colspan="{block.span}"><a class="visit visit-{block.look}" id="visit-{visit.id}"'
            f' href="{self._panel[0]}{visit.id}{self._panel[1]}"'
            f' data-version="{visit.version}-{block.look}-{block.ride}"{drag} aria-label="{label}" title="{label}">'
            f"{_ALARM if block.is_uncovered else ''}"
            f'<span class="visit-name">{escape(visit.family_name)}, {escape(visit.given_name)}</span>'
            f'<span class="visit-line">{_says(block.status)}{ride}</span>{self._drawn(block)}</a></td>'
        )

    def _drawn(self, block: Block) -> str:
        """The phases of a visit: the same drawing for all visits of a protocol."""
        known = self._phases.get(block.phases)
        if known is None:
            bars = "".join(
                f'<rect class="phase-{bar.kind}" x="{bar.x}" y="0" width="{bar.width}" height="1"/>'
                for bar in block.phases
            )
            known = self._phases[block.phases] = (
                f'<svg class="phases" viewBox="0 0 {block.span} 1" preserveAspectRatio="none" width="100%" height="5">'
                f"{bars}</svg>"
            )
        return known

    def _free(self, gap: Gap, row: Row) -> str:
        label, cell = escape(gap.label), f'<td colspan="{gap.span}" class="gap-free">'
        if not self.may_book:
            said = f'{gap.words}<span class="visually-hidden"> free</span>'
            return f'{cell}<span class="gap" title="{label}">{said}</span></td>'
        where = escape(f"{self.free}?{urlencode({'from': gap.since, 'chair': row.name})}")
        return (
            f'{cell}<a class="gap" href="{where}" aria-label="{label}: book here" title="{label}">'
            f"{_PLUS if gap.span >= _ROOMY else ''}<span>{gap.words}</span></a></td>"
        )

    def _listed(self, block: Block, mark: str) -> str:
        visit, name, move = block.visit, escape(block.visit.name), ""
        if self.may_book and block.can_move:
            move = (
                f'<a class="btn btn-sm btn-outline-secondary" href="{self._panel[0]}{visit.id}{self._panel[1]}#move"'
                f' data-panel-link>Move<span class="visually-hidden"> the visit of {name}</span></a>'
            )
        return (
            f'<tr{mark}><td class="num nowrap" data-label="Time">{block.hours}</td>'
            f'<th scope="row"><a href="{self._visit[0]}{visit.id}{self._visit[1]}">{name}</a></th>'
            f'<td data-label="Visit">{escape(block.what)}</td>'
            f'<td data-label="Chair">{escape(block.chair) or _NONE}</td>'
            f'<td data-label="Status">{_tag(block.status)}</td><td data-label="Ride home">{_ride(block)}</td>'
            f'<td class="end no-print">{move}</td></tr>'
        )


def drawing(strip: Strip, height: int) -> SafeString:
    """A load as a drawing `height` pixels high, as wide as its place: one path for each kind of bar."""
    paths: dict[str, list[str]] = {}
    for bar in strip.bars:
        paths.setdefault(bar.kind, []).append(
            f"M{bar.x * _WIDE} {bar.y:g}h{bar.width * _WIDE}v{bar.height:g}h-{bar.width * _WIDE}z"
        )
    drawn = "".join(f'<path class="load-{kind}" d="{"".join(bars)}"/>' for kind, bars in paths.items())
    words = escape(strip.words)
    return mark_safe(  # noqa: S308 -- numbers, and words that are escaped
        f'<svg viewBox="0 0 {strip.width * _WIDE} {strip.height}" preserveAspectRatio="none" width="100%"'
        f' height="{height}" role="img" aria-label="{words}"><title>{words}</title>{drawn}</svg>'
    )


@cache
def icon(name: str, size: int = 12) -> str:
    """An icon of the page's icon sheet (scheduling.templatetags.board_icons)."""
    return (
        f'<svg class="icon" viewBox="0 0 24 24" width="{size}" height="{size}" aria-hidden="true">'
        f'<use href="#i-{name}"/></svg>'
    )


_PLUS = icon("circle-plus", 13)
_ALARM = f'<span class="says says-bad says-corner">{icon("triangle-alert", 13)}</span>'
#: An en dash: nothing to say here.
_NONE = "\u2013"
#: What a cell without a visit looks like, after its span.
_GAPS = {
    "cleaning": ' class="gap-cleaning" title="Cleaning"><span class="visually-hidden">cleaning</span></td>',
    "closed": ' class="gap-closed"><span class="visually-hidden">closed</span></td>',
    "kept": ' class="gap-kept"><span title="Kept for somebody who has not said yes yet">'
    f"{icon('hourglass', 13)}kept</span></td>",
}


@cache
def _says(mark: Mark, more: str = "") -> str:
    """A status inside a visit. There are few of them, so that each is written once."""
    return f'<span class="says says-{mark.tone}{more}">{icon(mark.icon)}{escape(mark.words)}</span>'


@cache
def _tag(mark: Mark) -> str:
    """A status as components/badge.html has it."""
    return f'<span class="tag tag-{mark.tone}">{icon(mark.icon, 14)}<span>{escape(mark.words)}</span></span>'


def _ride(block: Block) -> str:
    if block.ride_mark is None:
        return f'<span class="muted">{_NONE}</span>'
    who = f' <span class="small">{escape(block.visit.companion)}</span>' if block.visit.companion else ""
    return f"<span>{_tag(block.ride_mark)}{who}</span>"


def _joined(parts: Iterable[str]) -> SafeString:
    return mark_safe("".join(parts))  # noqa: S308 -- what people typed is escaped in each part


def _around(name: str) -> tuple[str, str]:
    """An address about one visit, before and after the visit's id: some hundred of them are not looked up singly."""
    before, _, after = reverse(name, args=[_ANY]).partition(str(_ANY))
    return before, after
