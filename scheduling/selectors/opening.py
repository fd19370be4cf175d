"""On which local dates sites are open at all, and from when: opening hours less holidays and closures."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from clinic import clock
from clinic.models import Closure, OpeningHours, Site
from scheduling.opening_days import FURTHEST
from scheduling.planner.values import Stretches
from scheduling.selectors.local_days import LocalDay, as_cells, holiday_name, subtract


class Opening:
    """One site's opening days around `now`, each looked at once."""

    def __init__(self, site: Site, hours: Iterable[OpeningHours], closed: Iterable[tuple[int, int]]) -> None:
        self.site = site
        self._hours: dict[int, list[OpeningHours]] = defaultdict(list)
        for row in hours:
            self._hours[row.weekday].append(row)
        self._closed = tuple(closed)
        self._known: dict[date, Stretches] = {}

    def is_open(self, day: date) -> bool:
        """Whether the site is open for any part of that local date."""
        return bool(self._stretches(day))

    def next_morning(self, now: datetime) -> datetime:
        """When the site opens next on a day after that of `now` (both UTC); the next midnight where it never does."""
        today = clock.local(now, self.site.zone).date()
        for ahead in range(1, FURTHEST.days + 1):
            stretches = self._stretches(today + timedelta(days=ahead))
            if stretches:
                return clock.of_cell(stretches[0][0])
        return clock.day_bounds(today, self.site.zone)[1]

    def _stretches(self, day: date) -> Stretches:
        if day not in self._known:
            self._known[day] = self._open_on(day)
        return self._known[day]

    def _open_on(self, day: date) -> Stretches:
        rows = self._hours.get(day.weekday(), ())
        if not rows or holiday_name(self.site, day):
            return ()
        local = LocalDay(day, self.site.zone)
        return subtract((local.stretch(row.opens, row.closes) for row in rows), self._closed)


def openings(sites: Iterable[Site], now: datetime) -> dict[UUID, Opening]:
    """The opening days of each site from `now` (aware) on, as far as opening_days.FURTHEST; two queries."""
    sites = list(sites)
    hours: dict[UUID, list[OpeningHours]] = defaultdict(list)
    for row in OpeningHours.objects.filter(site__in=sites):
        hours[row.site_id].append(row)
    closed: dict[UUID | None, list[tuple[int, int]]] = defaultdict(list)
    margin = timedelta(days=2)
    closures = Closure.objects.filter(site__in=sites, ends__gt=now - margin, starts__lt=now + FURTHEST + margin)
    for site, starts, ends in closures.values_list("site_id", "starts", "ends"):
        closed[site].append(as_cells(starts, ends))
    return {site.pk: Opening(site, hours[site.pk], closed[site.pk]) for site in sites}
