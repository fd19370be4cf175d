"""A site's week at a glance: how full each day is, and of what it has least left."""

from datetime import date, timedelta
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic import clock
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.desk.sites import site_or_404, sites_of
from scheduling.selectors.board_week import DAYS, board_week

#: The first and last dates around which a whole week can still be counted.
FIRST, LAST = date.min + timedelta(days=2 * DAYS), date.max - timedelta(days=2 * DAYS)


@require_safe
@needs(Permission.VIEW_SCHEDULE)
def week(request: StaffRequest, site: UUID, day: date) -> HttpResponse:
    """The week that the date lies in, Monday to Sunday, each day with its use of chairs and nurses."""
    place = site_or_404(request.user, site)
    on = min(max(day, FIRST), LAST)
    days = board_week(request.user, place, on, now=clock.now())
    context = {
        "site": place,
        "sites": sites_of(request.user),
        "days": days,
        "first": days[0].date,
        "last": days[-1].date,
        "today": clock.today(place.zone),
        "previous": on - timedelta(days=DAYS),
        "next": on + timedelta(days=DAYS),
    }
    return render(request, "desk/board/week.html", context)
