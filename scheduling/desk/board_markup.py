"""The marks of what a board shows some hundred times: a visit, a free time, a line of the list, a load.

They are put together here and not in templates, because a board of 40 chairs and 160 visits has ten thousand values to
show: as template variables these took five times as long as all the rest of the page (`manage.py bench --only board`).
Everything passes through `format_html`, which escapes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from scheduling.desk.board_blocks import Block, Mark
from scheduling.desk.board_gaps import Gap
from scheduling.desk.board_layout import Board, Row
from scheduling.desk.board_strips import Bar, Strip

_ANY = UUID(int=0)


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
        self._phases: dict[tuple[Bar, ...], SafeString] = {}

    @property
    def lines(self) -> list[Line]:
        """The table's lines, one for each chair and more where facts overlap."""
        return [
            Line(row.name, row.note, _joined(self._cell(cell, row) for cell in row.cells)) for row in self.board.rows
        ]

    @property
    def listed(self) -> SafeString:
        """The rows of the list in order of time."""
        return _joined(self._listed(block) for block in self.board.listed)

    @property
    def strips(self) -> list[tuple[Strip, SafeString]]:
        """Each nurse's load with its drawing."""
        return [(strip, drawing(strip, 44)) for strip in self.board.strips]

    @property
    def together(self) -> list[tuple[Strip, SafeString]]:
        """All nurses' load with its drawings."""
        return [(strip, drawing(strip, 28)) for strip in self.board.together]

    def _cell(self, cell: Block | Gap, row: Row) -> SafeString:
        if isinstance(cell, Block):
            return self._block(cell)
        if cell.words:
            return self._free(cell, row)
        return format_html(_GAPS.get(cell.kind, _NOTHING), cell.span)

    def _block(self, block: Block) -> SafeString:
        visit = block.visit
        return format_html(
            '<td colspan="{span}"><a class="visit visit-{look}" id="visit-{id}" href="{href}"'
            ' data-version="{version}-{look}-{ride}"{drag} aria-label="{label}" title="{label}">{alarm}'
            '<span class="visit-name">{family}, {given}</span>'
            '<span class="visit-line">{status}{ride_mark}</span>{phases}</a></td>',
            span=block.span,
            look=block.look,
            id=visit.id,
            href=f"{self._panel[0]}{visit.id}{self._panel[1]}",
            version=visit.version,
            ride=block.ride,
            drag=format_html(' data-start="{}" data-span="{}"', block.column, block.span)
            if self.may_book and block.can_move
            else "",
            label=block.label,
            alarm=_ALARM if block.is_uncovered else "",
            family=visit.family_name,
            given=visit.given_name,
            status=_says(block.status),
            ride_mark=_says(block.ride_mark, f" ride-{block.ride}") if block.ride_mark is not None else "",
            phases=self._drawn(block),
        )

    def _drawn(self, block: Block) -> SafeString:
        """The phases of a visit: the same drawing for all visits of a protocol."""
        known = self._phases.get(block.phases)
        if known is None:
            bars = format_html_join(
                "",
                '<rect class="phase-{}" x="{}" y="0" width="{}" height="1"/>',
                ((bar.kind, bar.x, bar.width) for bar in block.phases),
            )
            known = self._phases[block.phases] = format_html(
                '<svg class="phases" viewBox="0 0 {} 1" preserveAspectRatio="none" width="100%" height="5">{}</svg>',
                block.span,
                bars,
            )
        return known

    def _free(self, gap: Gap, row: Row) -> SafeString:
        if not self.may_book:
            return format_html(
                '<td colspan="{}" class="gap-free"><span class="gap" title="{}">{}'
                '<span class="visually-hidden"> free</span></span></td>',
                gap.span,
                gap.label,
                gap.words,
            )
        where = f"{self.free}?{urlencode({'from': gap.since, 'chair': row.name})}"
        return format_html(
            '<td colspan="{}" class="gap-free"><a class="gap" href="{}" aria-label="{label}. Book here"'
            ' title="{label}">{}<span>{}</span></a></td>',
            gap.span,
            where,
            _PLUS,
            gap.words,
            label=gap.label,
        )

    def _listed(self, block: Block) -> SafeString:
        visit = block.visit
        return format_html(
            '<tr><td class="num nowrap" data-label="Time">{hours}</td><th scope="row"><a href="{page}">{name}</a></th>'
            '<td data-label="Visit">{what}</td><td data-label="Chair">{chair}</td>'
            '<td data-label="Status">{status}</td><td data-label="Ride home">{ride}</td>'
            '<td class="end no-print">{move}</td></tr>',
            hours=block.hours,
            page=f"{self._visit[0]}{visit.id}{self._visit[1]}",
            name=visit.name,
            what=block.what,
            chair=block.chair or _NONE,
            status=_tag(block.status),
            ride=_ride(block),
            move=format_html(
                '<a class="btn btn-sm btn-outline-secondary" href="{}{}{}#move" data-panel-link>Move'
                '<span class="visually-hidden"> the visit of {}</span></a>',
                self._panel[0],
                visit.id,
                self._panel[1],
                visit.name,
            )
            if self.may_book and block.can_move
            else "",
        )


def drawing(strip: Strip, height: int) -> SafeString:
    """A load as a drawing `height` pixels high, as wide as its place: one path for each kind of bar."""
    paths: dict[str, list[str]] = {}
    for bar in strip.bars:
        paths.setdefault(bar.kind, []).append(f"M{bar.x} {bar.y:g}h{bar.width}v{bar.height:g}h-{bar.width}z")
    return format_html(
        '<svg viewBox="0 0 {} {}" preserveAspectRatio="none" width="100%" height="{}" role="img"'
        ' aria-label="{words}"><title>{words}</title>{}</svg>',
        strip.width,
        strip.height,
        height,
        format_html_join("", '<path class="load-{}" d="{}"/>', ((kind, "".join(d)) for kind, d in paths.items())),
        words=strip.words,
    )


def icon(name: str, size: int = 12) -> SafeString:
    """An icon of the page's icon sheet (scheduling.templatetags.board_icons)."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" width="{0}" height="{0}" aria-hidden="true"><use href="#i-{1}"/></svg>',
        size,
        name,
    )


_PLUS = icon("circle-plus", 13)
_ALARM = format_html('<span class="says says-bad says-corner">{}</span>', icon("triangle-alert", 13))
#: An en dash: nothing to say here.
_NONE = "\u2013"
_NOTHING = '<td colspan="{}"></td>'
_GAPS = {
    "cleaning": '<td colspan="{}" class="gap-cleaning" title="Cleaning">'
    '<span class="visually-hidden">cleaning</span></td>',
    "closed": '<td colspan="{}" class="gap-closed"><span class="visually-hidden">closed</span></td>',
    "kept": '<td colspan="{}" class="gap-kept"><span title="Kept for somebody who has not said yes yet">'
    + icon("hourglass", 13)
    + "kept</span></td>",
}
_marks: dict[tuple[Mark, str], SafeString] = {}
_tags: dict[Mark, SafeString] = {}


def _says(mark: Mark, more: str = "") -> SafeString:
    """A status inside a visit. There are few of them, so that each is written once."""
    if (mark, more) not in _marks:
        _marks[mark, more] = format_html(
            '<span class="says says-{}{}">{}{}</span>', mark.tone, more, icon(mark.icon), mark.words
        )
    return _marks[mark, more]


def _tag(mark: Mark) -> SafeString:
    """A status as components/badge.html has it."""
    if mark not in _tags:
        _tags[mark] = format_html(
            '<span class="tag tag-{}">{}<span>{}</span></span>', mark.tone, icon(mark.icon, 14), mark.words
        )
    return _tags[mark]


def _ride(block: Block) -> SafeString:
    if block.ride_mark is None:
        return format_html('<span class="muted">{}</span>', _NONE)
    if not block.visit.companion:
        return _tag(block.ride_mark)
    return format_html('<span>{} <span class="small">{}</span></span>', _tag(block.ride_mark), block.visit.companion)


def _joined(parts: Iterable[SafeString]) -> SafeString:
    return mark_safe("".join(parts))  # noqa: S308 -- each part is safe already


def _around(name: str) -> tuple[str, str]:
    """An address about one visit, before and after the visit's id: some hundred of them are not looked up singly."""
    before, _, after = reverse(name, args=[_ANY]).partition(str(_ANY))
    return before, after
