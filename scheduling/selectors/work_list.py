"""What waits for the front desk: the reads of its home page. Each list is short, with the count of all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from django.db.models import Q, QuerySet

from clinic import clock
from clinic.models import Site, User
from patients.models import ConsultRequest
from scheduling.messages.selectors import calls_to_make, ledger_of
from scheduling.models import Appointment, Message, Offer, Ride, Series
from scheduling.selectors.coverage import Stranded
from scheduling.selectors.rescue_plan import without_cover_of

T = TypeVar("T")

#: Rows of one list on the home page; the rest is behind its heading's link.
SHOWN = 8
#: How far ahead a missing ride is work for today: reminders go out up to a week before (domain.md).
RIDES_AHEAD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """The first rows, and how many there are in all."""

    rows: Sequence[T]
    count: int

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - len(self.rows)


@dataclass(frozen=True, slots=True)
class SiteToday:
    """One site's day in numbers, and who comes next."""

    site: Site
    day: datetime
    visits: Sequence[Appointment]
    coming: Sequence[Appointment]

    @property
    def here(self) -> int:
        """How many patients are here now."""
        return sum(visit.status == Appointment.Status.ARRIVED for visit in self.visits)

    @property
    def done(self) -> int:
        """How many visits are over."""
        return sum(visit.status in {"fulfilled", "noshow"} for visit in self.visits)


@dataclass(frozen=True, slots=True)
class WorkList:
    """Everything that the front desk's home shows."""

    sites: Sequence[SiteToday]
    uncovered: Sequence[tuple[Site, Sequence[Stranded]]]
    rides: Listed[Appointment]
    calls: Listed[Message]
    failed: Listed[Message]
    held: Listed[Series]
    offers: Listed[Offer]
    requests: Listed[ConsultRequest]

    @property
    def open_count(self) -> int:
        """How many things wait, the day's visits aside."""
        lists = (self.rides, self.calls, self.failed, self.held, self.offers, self.requests)
        return sum(one.count for one in lists) + sum(len(found) for _, found in self.uncovered)


def work_list(user: User, now: datetime) -> WorkList:
    """The work at all of the user's sites. `now` is aware. The number of queries grows with the sites, not the rows."""
    sites = list(Site.objects.for_user(user))
    return WorkList(
        sites=[_today(user, site, now) for site in sites],
        uncovered=without_cover_of(user, now),
        rides=_listed(rides_missing(user, now)),
        calls=_listed(calls_to_make(user)),
        failed=_listed(ledger_of(user, state=Message.State.FAILED).filter(carried_by__isnull=True)),
        held=_listed(
            Series.objects.for_user(user)
            .filter(status=Series.Status.DRAFT)
            .select_related("patient", "site", "protocol_version__protocol")
            .order_by("held_until")
        ),
        offers=_listed(
            Offer.objects.for_user(user)
            .filter(status=Offer.Status.OPEN, expires_at__gt=now)
            .select_related("patient", "site", "protocol_version__protocol")
            .order_by("expires_at")
        ),
        requests=_listed(
            ConsultRequest.objects.filter(site__in=sites, status=ConsultRequest.Status.WAITING)
            .select_related("site", "patient")
            .order_by("created_at")
        ),
    )


def rides_missing(user: User, now: datetime) -> QuerySet[Appointment]:
    """Visits of the next days that nobody is named to drive home from, soonest first."""
    nobody = Q(ride=None) | Q(ride__status__in=[Ride.Status.NEEDED, Ride.Status.DECLINED])
    return (
        Appointment.objects.for_user(user)
        .filter(
            nobody,
            status__in=[Appointment.Status.BOOKED, Appointment.Status.ARRIVED],
            protocol_version__needs_ride=True,
            ends__gt=now,
            starts__lt=now + RIDES_AHEAD,
        )
        .select_related("patient", "site", "series", "protocol_version", "ride")
        .order_by("starts")
    )


def _today(user: User, site: Site, now: datetime) -> SiteToday:
    first, last = clock.day_bounds(clock.local(now, site.zone).date(), site.zone)
    visits = list(
        Appointment.objects.for_user(user)
        .filter(site=site, starts__gte=first, starts__lt=last)
        .exclude(status=Appointment.Status.CANCELLED)
        .select_related("patient", "series", "practitioner", "protocol_version", "ride")
        .order_by("starts", "patient__family_name")
    )
    coming = [visit for visit in visits if visit.status in {"proposed", "booked", "arrived"}]
    return SiteToday(site, clock.local(now, site.zone), visits, coming[:SHOWN])


def _listed(rows: QuerySet[T]) -> Listed[T]:  # type: ignore[type-var]
    return Listed(list(rows[:SHOWN]), rows.count())
