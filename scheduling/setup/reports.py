"""Reports for managers, each a plot with its table and a file."""

import csv
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic import clock
from clinic.models import Site
from clinic.permissions import Permission
from clinic.rates import FILES_OUT, SEARCHES, limited
from clinic.views import StaffRequest, needs
from scheduling.desk.sites import site_or_404, sites_of
from scheduling.selectors.reports import REPORTS, Report, Row, Span
from scheduling.setup.base_forms import SearchedDayField
from scheduling.setup.csv_cells import safe

#: Days that a page shows unless asked, and at most.
USUAL, MOST = 28, 366
#: The plot, in its own units: a line's height, where bars begin and how long the longest is.
LINE, LEFT, WIDTH = 22, 190, 420


class SpanForm(forms.Form):
    """From when until when."""

    first = SearchedDayField(required=False)
    last = SearchedDayField(required=False)


@dataclass(frozen=True, slots=True)
class Bar:
    """One row as it is drawn."""

    label: str
    words: str
    base: int
    y: int
    width: float
    end: float


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars, and how large the drawing is."""

    bars: list[Bar]
    height: int
    width: int = LEFT + WIDTH + 90


#: A grid, in the same units: the width of its hours, and one square. The fullest is tinted by half, so that words on it
#: are read in light and in dark.
HOURS, SQUARE_WIDTH, SQUARE_HEIGHT, FULLEST = 84, 92, 40, 0.5


@dataclass(frozen=True, slots=True)
class Square:
    """One row as it is drawn in a grid: its corner, its words, and how much of the colour it has (0 to FULLEST)."""

    x: int
    y: int
    words: tuple[str, ...]
    tint: float


@dataclass(frozen=True, slots=True)
class Grid:
    """Squares below the names of their columns (name, middle) and beside those of their lines (name, base)."""

    columns: list[tuple[str, int]]
    lines: list[tuple[str, int]]
    squares: list[Square]
    width: int
    height: int


def grid_of(report: Report) -> Grid | None:
    """The rows by their first two cells; None where there is nothing to draw."""
    if not report.grid:
        return None
    columns = list(dict.fromkeys(row.cells[0] for row in report.rows))
    lines = list(report.grid)
    most = max(row.drawn or 0.0 for row in report.rows) or 1.0
    squares = [
        Square(
            HOURS + SQUARE_WIDTH * columns.index(row.cells[0]),
            LINE + SQUARE_HEIGHT * lines.index(row.cells[1]),
            row.cells[2:],
            round(FULLEST * (row.drawn or 0.0) / most, 2),
        )
        for row in report.rows
    ]
    return Grid(
        [(name, HOURS + SQUARE_WIDTH * place + SQUARE_WIDTH // 2) for place, name in enumerate(columns)],
        [(name, LINE + SQUARE_HEIGHT * place + SQUARE_HEIGHT // 2 + 4) for place, name in enumerate(lines)],
        squares,
        HOURS + SQUARE_WIDTH * len(columns),
        LINE + SQUARE_HEIGHT * len(lines),
    )


def plot_of(report: Report) -> Plot | None:
    """The drawn column as bars; None where there is nothing to draw, or it is drawn as a grid."""
    if report.grid:
        return None
    drawn = [row for row in report.rows if row.drawn is not None]
    if not drawn:
        return None
    most = max(100.0 if report.unit == "%" else 0.0, *(row.drawn or 0.0 for row in drawn)) or 1.0
    bars = [_bar(row, place, most, report.unit) for place, row in enumerate(drawn)]
    return Plot(bars, LINE * len(bars) + 8)


def _bar(row: Row, place: int, most: float, unit: str) -> Bar:
    width = max(round(WIDTH * (row.drawn or 0.0) / most, 1), 1.0)
    words = f"{row.drawn:g} {unit}".strip()
    return Bar(row.cells[0], words, place * LINE + 16, place * LINE + 4, width, LEFT + width + 6)


def _span(request: StaffRequest, site: Site) -> Span:
    """The days asked for, put right where they make no sense."""
    form = SpanForm(request.GET)
    data = form.cleaned_data if form.is_valid() else {}
    last = data.get("last") or clock.today(site.zone)
    first = data.get("first") or last - timedelta(days=USUAL - 1)
    first, last = min(first, last), max(first, last)
    return Span(site, max(first, last - timedelta(days=MOST)), last)


@require_safe
@needs(Permission.MANAGE_CLINIC)
@limited(SEARCHES)
def reports(request: StaffRequest, site: UUID) -> HttpResponse:
    """All of them, for one site and a stretch of days."""
    place = site_or_404(request.user, site)
    span = _span(request, place)
    made = [(report, plot_of(report), grid_of(report)) for report in (make(span) for make in REPORTS.values())]
    context = {
        "place": place,
        "sites": sites_of(request.user),
        "span": span,
        "reports": made,
        "left": LEFT - 8,
        "hours": HOURS - 8,
    }
    return render(request, "setup/reports.html", context)


@require_safe
@needs(Permission.MANAGE_CLINIC)
@limited(FILES_OUT)
def report_file(request: StaffRequest, site: UUID, report: str) -> HttpResponse:
    """One of them as CSV."""
    make = REPORTS.get(report)
    if make is None:
        raise Http404
    place = site_or_404(request.user, site)
    span = _span(request, place)
    made = make(span)
    name = f"{made.key}-{span.first:%Y-%m-%d}-{span.last:%Y-%m-%d}.csv"
    response = HttpResponse(
        content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
    out = csv.writer(response)
    out.writerow(made.headings)
    out.writerows([safe(cell) for cell in row.cells] for row in made.rows)
    return response
