"""The day board: chairs by time, for any site and date, and what has changed on it since somebody looked."""

from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from clinic import clock
from clinic.models import Site
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.desk.board_layout import lay_out
from scheduling.desk.board_markup import Markup
from scheduling.desk.sites import site_or_404, sites_of
from scheduling.selectors.board import board_day
from scheduling.selectors.board_version import day_version

#: Seconds between two looks of an open board at whether it has changed.
LOOK_EVERY = 15


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
    now = clock.now()
    place = site_or_404(request.user, site)
    version = _version(request, site, day, now)
    context = _drawn(request, place, day, now, version) | {
        "sites": sites_of(request.user),
        "today": clock.today(place.zone),
        "previous": day - timedelta(days=1) if day > date.min else None,
        "next": day + timedelta(days=1) if day < date.max else None,
        "look_every": LOOK_EVERY,
    }
    return render(request, "desk/board.html", context)


@require_safe
@needs(Permission.VIEW_SCHEDULE)
def changes(request: StaffRequest, site: UUID, day: date) -> HttpResponse:
    """What an open board asks for by itself: 204 while it stands as `?since=` (a version) has it, else the board anew.

    It asks nobody to be there: it is read-only and touches no session, so that looking keeps nobody signed in.
    """
    now = clock.now()
    version = _version(request, site, day, now)
    if version == request.GET.get("since"):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    place = site_or_404(request.user, site)
    return render(request, "desk/board/_board.html", _drawn(request, place, day, now, version))


def _version(request: StaffRequest, site: UUID, day: date, now: datetime) -> str:
    version = day_version(request.user.pk, site, day, now)
    if version is None:
        raise Http404
    return version


def _drawn(request: StaffRequest, place: Site, day: date, now: datetime, version: str) -> dict[str, Any]:
    """What the part that changes by itself is drawn from."""
    data = board_day(request.user, place, day, now=now)
    drawn = lay_out(data, now)
    free = reverse("desk:board_free", args=[place.pk, day])
    return {
        "site": place,
        "day": day,
        "now": now,
        "version": version,
        "data": data,
        "board": drawn,
        "markup": Markup(drawn, may_book=request.user.may(Permission.BOOK), free=free),
        "first_second": clock.of_cell(data.first).timestamp(),
        "end_second": clock.of_cell(data.end).timestamp(),
    }


def _asked(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
