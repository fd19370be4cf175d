"""Whose work a work list is: the user's sites, each with its own today and its opening days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q

from clinic import clock
from clinic.models import Site, User
from scheduling.opening_days import last_near_day
from scheduling.selectors.opening import Opening, openings

#: No visit lasts longer than that: it lies within the opening hours of a day, and may run over.
LONGEST = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Scope:
    """The sites that `user` works at, as things stand at `now` (aware)."""

    user: User
    now: datetime
    sites: tuple[Site, ...]
    openings: dict[UUID, Opening]

    def today(self, site: Site) -> date:
        """The site's local date."""
        return clock.local(self.now, site.zone).date()

    def near(self) -> Q:
        """Visits so near that somebody has to call about what is missing (opening_days.Nearness above AHEAD)."""
        found = Q(pk__in=[])
        for site in self.sites:
            last = last_near_day(self.today(site), self.openings[site.pk].is_open)
            end = clock.day_bounds(last, site.zone)[1]
            # The second says nothing more, for no visit lasts for days; but it is what the index of open visits has.
            found |= Q(site=site, starts__lt=end, ends__lt=end + LONGEST)
        return found

    def next_workday_ends(self) -> dict[UUID, datetime]:
        """By site: the end of the local day on which somebody is at the desk next after today (UTC)."""
        mornings = {site.pk: self.openings[site.pk].next_morning(self.now) for site in self.sites}
        return {
            site.pk: clock.day_bounds(clock.local(mornings[site.pk], site.zone).date(), site.zone)[1]
            for site in self.sites
        }


def scope_of(user: User, now: datetime) -> Scope:
    """Three queries, however many sites."""
    sites = tuple(Site.objects.for_user(user))
    return Scope(user, now, sites, openings(sites, now))
