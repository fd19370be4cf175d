"""Which booked visits and kept plans of a site, or of several, have no cover: read here, judged by `coverage`."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from clinic import clock
from clinic.models import Site
from scheduling.models import Appointment, Hold, Series
from scheduling.selectors.coverage import Stranded, held_between, plans_without, uncovered, visit_words
from scheduling.selectors.day_sheets import Presence, presence_at
from scheduling.selectors.known_shapes import BOOKED, Booked, Shapes
from scheduling.selectors.series_rules import local_day


def booked_days(site: Site, begin: datetime, end: datetime | None = None) -> set[date]:
    """Local dates from `begin` on (aware; before `end` where given) on which the site has visits or kept plans."""
    return booked_days_at([site], begin, end).get(site, set())


def booked_days_at(sites: Collection[Site], begin: datetime, end: datetime | None = None) -> dict[Site, set[date]]:
    """The same for each of the sites that has any; two queries for all of them."""
    visits = Appointment.objects.blocking().filter(site__in=sites, ends__gt=begin)
    holds = Hold.objects.filter(offer__site__in=sites, end_cell__gt=clock.cell(begin))
    if end is not None:
        visits = visits.filter(starts__lt=end)
        holds = holds.filter(start_cell__lt=clock.cell_up(end))
    of_visits = visits.order_by().values_list("site_id", "starts")
    of_plans = holds.order_by().values_list("offer__site_id", "start_cell")
    found: dict[Site, set[date]] = defaultdict(set)
    known = {site.pk: site for site in sites}
    for pk, starts in [*of_visits, *((pk, clock.of_cell(cell)) for pk, cell in of_plans)]:
        found[known[pk]].add(local_day(starts, known[pk]))
    return dict(found)


def stranded(
    site: Site, days: Collection[date], now: datetime, *, sheet: Presence | None = None
) -> dict[UUID, Stranded]:
    """Visits and kept plans on these local dates that are not covered as things stand, by id, soonest first.

    Lapsed holds do not count, nor does what is over at `now` (aware). `sheet`: of these days, where the caller has it
    already. A constant number of queries.
    """
    if not days:
        return {}
    return stranded_at({site: days}, now, {site: sheet} if sheet is not None else None)[site]


def stranded_at(
    days: Mapping[Site, Collection[date]], now: datetime, sheets: Mapping[Site, Presence] | None = None
) -> dict[Site, dict[UUID, Stranded]]:
    """`stranded` for several sites, each with its own local dates (not empty). The number of queries grows with the
    kinds of visits that are booked, neither with these nor with the sites.
    """
    if not days:
        return {}
    sheets, shapes = sheets or presence_at(days), Shapes()
    bounds = {site: _bounds(site, some, now) for site, some in days.items()}
    blocking = _blocking(bounds, now)
    booked: dict[UUID, list[Booked[UUID]]] = defaultdict(list)
    for at, *columns in blocking.values_list("site_id", *BOOKED):
        booked[at].append(Booked(*columns))
    begin, end = min(low for low, _ in bounds.values()), max(high for _, high in bounds.values())
    held = held_between(list(days), begin, end, now)
    lost: list[UUID] = []
    for site, some in days.items():
        mine = (one for one in booked[site.pk] if local_day(one.starts, site) in some)
        lost += uncovered(sheets[site], mine, held, now, shapes)
    found: dict[Site, dict[UUID, Stranded]] = {site: {} for site in days}
    for visit in blocking.filter(pk__in=lost).select_related("patient", "site") if lost else ():
        found[visit.site][visit.pk] = Stranded(visit.pk, visit_words(visit))
    for site, plans in plans_without(sheets, held, days, shapes).items():
        found[site] |= plans
    return found


def _bounds(site: Site, days: Collection[date], now: datetime) -> tuple[datetime, datetime]:
    """From when to when (UTC) the site's dates are looked at: what is over is past changing."""
    return max(clock.day_bounds(min(days), site.zone)[0], now), clock.day_bounds(max(days), site.zone)[1]


def _blocking(bounds: Mapping[Site, tuple[datetime, datetime]], now: datetime) -> QuerySet[Appointment]:
    """The visits that take time in those stretches, soonest first, series whose dates are held no longer aside."""
    within = Q(pk__in=[])
    for site, (begin, end) in bounds.items():
        within |= Q(site=site, starts__lt=end, ends__gt=begin)
    lapsed = Q(series__status=Series.Status.DRAFT, series__held_until__lte=now)
    return Appointment.objects.blocking().filter(within).exclude(lapsed).order_by("starts")
