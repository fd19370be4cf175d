"""The day board: chairs by time, for any site and date."""

from datetime import date, timedelta
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from clinic import clock
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.desk.board_layout import lay_out
from scheduling.desk.sites import site_or_404, sites_of
from scheduling.selectors.board import board_day
from scheduling.selectors.coverage import stranded


@require_safe
@needs(Permission.VIEW_SCHEDULE)
def today(request: StaffRequest) -> HttpResponse:
    """Today's board of the site named by `?site=` (a UUID), else of the first site where the user works.

    `?day=` (YYYY-MM-DD) asks for another date; what is no date means today.
    """
    sites = sites_of(request.user)
    if not sites:
        return render(request, "desk/no_site.html")
    wanted = request.GET.get("site", "")
    site = next((one for one in sites if str(one.pk) == wanted), sites[0])
    return redirect("desk:board", site=site.pk, day=_asked(request.GET.get("day", "")) or clock.today(site.zone))


@require_safe
@needs(Permission.VIEW_SCHEDULE)
def board(request: StaffRequest, site: UUID, day: date) -> HttpResponse:
    """One site's date: a table of chairs by time, the nurses' load, and the same visits as a list."""
    place = site_or_404(request.user, site)
    now = clock.now()
    data = board_day(request.user, place, day, now=now)
    drawn = lay_out(data, now)
    context = {
        "site": place,
        "sites": sites_of(request.user),
        "day": day,
        "today": clock.today(place.zone),
        "previous": day - timedelta(days=1) if day > date.min else None,
        "next": day + timedelta(days=1) if day < date.max else None,
        "data": data,
        "board": drawn,
        "uncovered": stranded(place, [day], now),
        "rides_missing": sum(block.ride in {"needed", "declined"} for block in drawn.listed),
    }
    return render(request, "desk/board.html", context)


def _asked(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
