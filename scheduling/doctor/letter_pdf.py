"""The letter as a PDF: text in, bytes out. Fonts are embedded, so that every name keeps its accents on any machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from font_roboto import Roboto, RobotoBold
from fpdf import FPDF
from fpdf.enums import Align, TableBordersLayout, XPos, YPos

#: Millimetres, points.
MARGIN, LINE, BODY, SMALL, HEAD = 22, 5.2, 10.5, 9, 13
FONT = "Roboto"
FIGURE_AFTER = "Response"
#: How the width of the table is shared out: visit, date, given, relief. Relief is the long one.
COLUMNS = (20, 19, 52, 62)
#: Letter paper where it is used, A4 elsewhere.
PAPER_LETTER = frozenset({"US", "CA", "MX"})


@dataclass(frozen=True, slots=True)
class Figure:
    """A PNG, what it shows in words (for who cannot see it), and what stands below it."""

    png: bytes
    words: str
    caption: str


@dataclass(frozen=True, slots=True)
class LetterText:
    """What stands in the letter. `sections` are headings with their paragraphs; `table` has its heading row first;
    `figure` is drawn below the section called FIGURE_AFTER.
    """

    clinic: Sequence[str]
    to: str
    date: str
    subject: str
    sections: Sequence[tuple[str, Sequence[str]]]
    table: Sequence[Sequence[str]]
    signed: Sequence[str]
    country: str = "US"
    figure: Figure | None = None


class _Paper(FPDF):
    """Pages with their number at the foot."""

    def footer(self) -> None:
        """The page's number, of how many."""
        self.set_y(-15)
        self.set_font(FONT, size=SMALL)
        self.cell(0, LINE, f"{self.page_no()} / {{nb}}", align="R")


def write_pdf(letter: LetterText) -> bytes:
    """One page or two: the letter with its signature, and the treatments in a table below, which may run over."""
    paper = _Paper(format="letter" if letter.country in PAPER_LETTER else "a4")
    paper.add_font(FONT, fname=Roboto)
    paper.add_font(FONT, style="B", fname=RobotoBold)
    paper.set_title(letter.subject)
    paper.set_lang("en")
    paper.set_margins(MARGIN, MARGIN)
    paper.set_auto_page_break(True, margin=MARGIN)
    paper.add_page()
    _lines(paper, letter.clinic, size=SMALL)
    paper.ln(LINE * 2)
    _lines(paper, letter.to.splitlines())
    paper.ln(LINE)
    _lines(paper, [letter.date])
    paper.ln(LINE)
    _lines(paper, [letter.subject], style="B", size=HEAD)
    for heading, paragraphs in letter.sections:
        paper.ln(LINE / 2)
        _lines(paper, [heading], style="B")
        _lines(paper, paragraphs)
        if heading == FIGURE_AFTER and letter.figure is not None:
            _figure(paper, letter.figure)
    if letter.signed:
        paper.ln(LINE * 2)
        _lines(paper, letter.signed)
    if len(letter.table) > 1:
        paper.ln(LINE)
        _table(paper, letter.table)
    return bytes(paper.output())


def _figure(paper: FPDF, figure: Figure) -> None:
    paper.ln(LINE / 2)
    paper.image(BytesIO(figure.png), w=paper.epw, alt_text=figure.words)
    paper.ln(LINE / 4)
    _lines(paper, [figure.caption], size=SMALL)


def _lines(paper: FPDF, lines: Sequence[str], *, style: str = "", size: float = BODY) -> None:
    paper.set_font(FONT, style=style, size=size)
    for line in lines:
        paper.multi_cell(0, LINE * size / BODY, line, align=Align.L, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _table(paper: FPDF, rows: Sequence[Sequence[str]]) -> None:
    paper.set_font(FONT, size=SMALL)
    with paper.table(
        line_height=LINE * 0.9,
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        padding=(0.6, paper.c_margin),
        col_widths=COLUMNS,
        text_align=Align.L,
    ) as table:
        for one in rows:
            row = table.row()
            for cell in one:
                row.cell(cell)
