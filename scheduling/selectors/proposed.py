"""Which dates of boosters lie ahead, who is offered some, and who is due with nothing booked. Reads only."""

from collections.abc import Sequence
from copy import copy
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)

from clinic import clock
from clinic.models import Site
from scheduling.models import Appointment, BoosterPlan, NewTime, ProposedBooster, Series
from scheduling.selectors.boosters import Standing, search_boosters
from scheduling.selectors.intervals import interval_of, set_last, steps_used
from scheduling.selectors.local_days import local_date
from scheduling.selectors.series_rules import local_day

#: Days before a booster is due from which on a patient without one is on the desk's list.
DUE_WITHIN = timedelta(days=7)
#: The local hour from which on the dates of a night are worked out anew.
NIGHT = 2
#: At most so many dates are proposed, however short the interval.
MOST = 10
_DAY = Value(timedelta(days=1))


def last_night(site: Site, now: datetime) -> date:
    """The local date of the last night whose hour NIGHT has come; where a clock change skips it, the hour after it."""
    local = clock.local(now, site.zone)
    return local.date() if local.hour >= NIGHT else local.date() - timedelta(days=1)


def of_the_night(site: Site, reached: UUID | None) -> QuerySet[Series]:
    """Running courses in maintenance at a site that offers its boosters, those after `reached`, in the order in which
    the night takes them."""
    running = Series.objects.filter(
        status=Series.Status.ACTIVE, stage=Series.Stage.MAINTENANCE, site=site, site__offers_boosters=True
    )
    if reached is not None:
        running = running.filter(pk__gt=reached)
    return running.select_related("site", "patient", "protocol_version__protocol").order_by("pk")


def dates_ahead(
    series: Series, standing: Standing, waiting: Sequence[ProposedBooster], now: datetime
) -> list[datetime]:
    """When boosters could come after those that stand and those that wait for an answer, as far ahead as the site says;
    none where none is due by the doctor's plan or where no time is free. A day to which the patient said no is none.
    """
    plan = series.booster_plans.first()
    if plan is None or standing.last is None:
        return []
    interval, used = interval_of(plan), steps_used(series, plan) + len(waiting)
    last = standing.last
    if waiting and waiting[-1].starts > last.starts:
        last = copy(last)
        last.starts = waiting[-1].starts
    ahead = Standing(standing.staying, [], last, standing.notice_until)
    horizon = clock.today(series.site.zone) + timedelta(days=round(series.site.proposed_months * 30.4))
    count = min(MOST, _count(local_day(last.starts, series.site), horizon, interval.gap(series, used)[2]))
    if not count:
        return []
    found = search_boosters(series, interval, ahead, now, used=used, most=count, avoid=_refused_days(series, now))
    return [clock.of_cell(one.start) for one in found.best.visits] if found is not None and found.best else []


def _refused_days(series: Series, now: datetime) -> list[tuple[int, int]]:
    """The whole local days to come to which the patient said no, in cells."""
    zone = series.site.zone
    refused = ProposedBooster.objects.filter(series=series, status=ProposedBooster.Status.DECLINED, starts__gt=now)
    days = {clock.local(one, zone).date() for one in refused.values_list("starts", flat=True)}
    bounds = [clock.day_bounds(day, zone) for day in sorted(days)]
    return [(clock.cell(begin), clock.cell(end)) for begin, end in bounds]


def is_to_be_called(series: Series, standing: Standing) -> bool:
    """Whether the patient said no to a date and nothing was booked or given since: then the desk calls, as the page has
    promised, and nothing more is offered.
    """
    refused = ProposedBooster.objects.filter(series=series, status=ProposedBooster.Status.DECLINED)
    given = series.appointments.filter(counts=True).aggregate(last=Max("starts"))["last"]
    since = [one.created_at for one in standing.staying] + ([given] if given is not None else [])
    return refused.filter(answered_at__gte=max(since)).exists() if since else refused.exists()


def _count(last: date, horizon: date, days: int) -> int:
    return max(0, (horizon - last).days // days)


def due_unbooked(sites: Sequence[Site], now: datetime) -> QuerySet[Any]:
    """Courses with nothing booked whose next booster is due within DUE_WITHIN or overdue, or whose patient said no to a
    date to come; with `last` and `due`. One that is offered at about the time it is due waits for its answer first.
    Those as needed are never due, nor those past their last day.
    """
    booked = Appointment.objects.blocking().filter(series=OuterRef("pk"))
    given = Appointment.objects.filter(series=OuterRef("pk"), counts=True).order_by("-starts")
    dates = ProposedBooster.objects.filter(series=OuterRef("pk"))
    offered = dates.filter(status=ProposedBooster.Status.OFFERED)
    refused = dates.filter(status=ProposedBooster.Status.DECLINED, starts__gt=now)
    wait = ExpressionWrapper(F("interval_days") * _DAY, output_field=DurationField())
    return (
        Series.objects.filter(site__in=sites, status=Series.Status.ACTIVE, stage=Series.Stage.MAINTENANCE)
        .exclude(Exists(booked))
        .annotate(
            last=Subquery(given.values("starts")[:1]),
            interval_days=set_last("interval_days"),
            pattern=set_last("pattern"),
            ends_on=set_last("ends_on"),
        )
        .annotate(due=ExpressionWrapper(F("last") + wait, output_field=DateTimeField()))
        .exclude(Exists(offered.filter(starts__lte=OuterRef("due") + DUE_WITHIN)))
        .filter(Q(ends_on=None) | Q(ends_on__gte=local_date(F("due"), "site__time_zone")))
        .filter(Q(due__lte=now + DUE_WITHIN) | Exists(refused))
        .exclude(pattern=BoosterPlan.Pattern.AS_NEEDED)
        .select_related("patient", "site", "protocol_version__protocol")
        .order_by("due", "pk")
    )


def offered_at(sites: Sequence[Site], now: datetime) -> QuerySet[ProposedBooster]:
    """Dates that wait for a yes or a no, the nearest first."""
    return (
        ProposedBooster.objects.filter(series__site__in=sites, status=ProposedBooster.Status.OFFERED, starts__gt=now)
        .select_related("series__patient", "series__site", "series__protocol_version__protocol")
        .order_by("starts", "pk")
    )


def unconfirmed(sites: Sequence[Site], now: datetime) -> QuerySet[NewTime]:
    """New times of boosters to come that the patient has not said yes to, the nearest first."""
    return (
        NewTime.objects.filter(
            appointment__site__in=sites,
            appointment__starts__gt=now,
            appointment__status__in=[Appointment.Status.BOOKED, Appointment.Status.PROPOSED],
            appointment__version=F("version"),
            confirmed_at=None,
        )
        .select_related("appointment__patient", "appointment__site", "appointment__series")
        .order_by("appointment__starts", "pk")
    )
