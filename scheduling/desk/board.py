"""The day board: chairs by time, for any site and date, and what has changed on it since somebody looked."""

from datetime import date, datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from clinic import clock
from clinic.models import Site, User
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.desk.board_layout import Board, lay_out
from scheduling.desk.board_markup import Markup
from scheduling.desk.sites import site_or_404, sites_of
from scheduling.selectors.board import BoardDay, board_day
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
    sites = sites_of(request.user)
    place = next((one for one in sites if one.pk == site), None)
    if place is None:
        raise Http404
    version = _version(request, site, day, now)
    context = _drawn(request, place, day, now, version) | {
        "sites": sites,
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


class Drawing:
    """The part that changes by itself, read and laid out when the template first asks: a board that stands as it was
    drawn within this minute is sent as it was drawn.
    """

    def __init__(self, user: User, site: Site, day: date, now: datetime) -> None:
        self._user, self._site, self._day, self._now = user, site, day, now
        #: The board shows the minute, and what time alone changes within one is in its version.
        self.minute = int(now.timestamp() // 60)

    @cached_property
    def data(self) -> BoardDay:
        """What happens on the day."""
        return board_day(self._site, self._day, now=self._now)

    @cached_property
    def board(self) -> Board:
        """The same as a table."""
        return lay_out(self.data, self._now)

    @cached_property
    def markup(self) -> Markup:
        """The table's marks."""
        free = reverse("desk:board_free", args=[self._site.pk, self._day])
        return Markup(self.board, may_book=self._user.may(Permission.BOOK), free=free)

    @property
    def first_second(self) -> float:
        """Where the table begins, in seconds of Unix time."""
        return clock.of_cell(self.data.first).timestamp()

    @property
    def end_second(self) -> float:
        """Where it ends."""
        return clock.of_cell(self.data.end).timestamp()


def _drawn(request: StaffRequest, place: Site, day: date, now: datetime, version: str) -> dict[str, Any]:
    """What the part that changes by itself is drawn from."""
    drawing = Drawing(request.user, place, day, now)
    return {"site": place, "day": day, "now": now, "version": version, "drawing": drawing}


def _asked(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
