"""Reports for managers, each a plot with its table and a file."""

import csv
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
from scheduling.selectors.reports import REPORTS, Span
from scheduling.setup.base_forms import SearchedDayField
from scheduling.setup.csv_cells import safe
from scheduling.setup.report_plots import drawn_of

#: Days that a page shows unless asked, and at most.
USUAL, MOST = 28, 366


class SpanForm(forms.Form):
    """From when until when."""

    first = SearchedDayField(required=False)
    last = SearchedDayField(required=False)


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
    made = [(report, drawn_of(report)) for report in (make(span) for make in REPORTS.values())]
    context = {
        "place": place,
        "sites": sites_of(request.user),
        "span": span,
        "reports": made,
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
