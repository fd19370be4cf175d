"""What waits for the front desk: each kind of row as one query set, so that home lists what the navigation counts.

A row stands for one thing to do and is gone when it is done; nothing is written down about the list itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from clinic import clock
from clinic.models import Site
from patients.models import ConsultRequest, Screening
from scheduling.messages.selectors import calls_due
from scheduling.models import Appointment, ChangeRequest, Message, Offer, Series
from scheduling.selectors import proposed, rides_missing
from scheduling.selectors.course_changes import pauses_over
from scheduling.selectors.coverage import Stranded
from scheduling.selectors.desk_scope import Scope
from scheduling.selectors.earlier import Chance, chances_of, with_invitations, worth_offering
from scheduling.selectors.ends_ahead import EndsBefore, Lacks, ending_before_visits
from scheduling.selectors.local_days import holiday_name
from scheduling.selectors.not_reached import contacts_not_reached, patients_not_reached
from scheduling.selectors.rescue_plan import without_cover_of

#: Rows of one list on the home page; the rest is behind its heading's link.
SHOWN = 8


class Kind(StrEnum):
    """What a row is about, in the order in which home lists them: what cannot wait comes first."""

    RIDES = "rides"
    UNCLOSED = "unclosed"
    CHANGES = "changes"
    CALLS = "calls"
    FAILED = "failed"
    BOUNCED = "bounced"
    CONTACTS = "contacts"
    REQUESTS = "requests"
    HELD = "held"
    PAUSED = "paused"
    OFFERS = "offers"
    EARLIER = "earlier"
    ASKED = "asked"
    DUE = "due"
    DATES = "dates"
    NEW_TIMES = "new_times"
    ENDS = "ends"


@dataclass(frozen=True, slots=True)
class Listed:
    """The first rows of a kind, and how many there are in all."""

    kind: Kind
    rows: Sequence[Any]
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
    def holiday(self) -> str:
        """The public holiday that closes the site today; empty where there is none."""
        return holiday_name(self.site, self.day.date())

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
    """Everything that the front desk's home shows. `lists` are those that have rows."""

    sites: Sequence[SiteToday]
    uncovered: Sequence[tuple[Site, Sequence[Stranded]]]
    lists: Sequence[Listed]

    @property
    def open_count(self) -> int:
        """How many things wait, the day's visits aside."""
        return sum(one.count for one in self.lists) + sum(len(found) for _, found in self.uncovered)


def work_list(scope: Scope) -> WorkList:
    """The work at all of the user's sites. The number of queries grows neither with the rows nor with the sites; only
    where somebody waits for an earlier time is a site looked at by itself.
    """
    lists = [Listed(kind, _rows(scope, kind), count) for kind, count in count_rows(scope).items() if count]
    for kind, found in ((Kind.ENDS, ends_ahead(scope)), (Kind.EARLIER, earlier_ahead(scope))):
        if found:
            lists.append(Listed(kind, found[:SHOWN], len(found)))
    return WorkList(
        sites=_today(scope),
        uncovered=without_cover_of(scope.user, scope.now),
        lists=lists,
    )


def count_rows(scope: Scope) -> dict[Kind, int]:
    """How many rows each kind of QUERIES has; one query."""
    return dict(zip(QUERIES, counted([query(scope) for query in QUERIES.values()]), strict=True))


def ends_ahead(scope: Scope) -> list[EndsBefore]:
    """What ends before a booked visit of the next two weeks, without the clearances for which a consult is booked in
    time: there the desk has done what it can, and the doctor's own list has the patient.
    """
    found = ending_before_visits(scope.user, scope.now)
    short = {row.visit.patient_id: row.visit.starts for row in found if row.lacks is Lacks.CLEARANCE}
    consults = (
        Appointment.objects.blocking()
        .filter(patient__in=short, kind=Appointment.Kind.CONSULT, starts__gt=scope.now)
        .values_list("patient_id", "starts")
    )
    asked = {patient for patient, starts in consults if starts < short[patient]}
    return [row for row in found if row.lacks is not Lacks.CLEARANCE or row.visit.patient_id not in asked]


def earlier_ahead(scope: Scope) -> list[Chance]:
    """Free times that somebody on the earlier-time list could have, each the first for somebody."""
    return worth_offering(chances_of(scope.user, scope.now))


def counted(queries: Sequence[QuerySet[Any, Any]]) -> list[int]:
    """The counts of several query sets in one query."""
    return ask(*count_statement(queries))


def count_statement(
    queries: Sequence[QuerySet[Any, Any]], and_values: Sequence[QuerySet[Any, Any]] = ()
) -> tuple[str, list[Any]]:
    """The query of `counted` with its values, to be asked with `ask`: putting it together takes longer than asking.

    `and_values`: query sets of one value each, which come behind the counts.
    """
    parts: list[str] = []
    values: list[Any] = []
    for query in queries:
        try:
            plain = query.order_by() if query.query.distinct else query.order_by().values("pk")
            sql, params = plain.query.sql_with_params()
        except EmptyResultSet:
            sql, params = "SELECT 1 WHERE false", ()
        parts.append(f"(SELECT count(*) FROM ({sql}) AS counted)")  # noqa: S608 -- the SQL is Django's own
        values.extend(params)
    for query in and_values:
        sql, params = query.query.sql_with_params()
        parts.append(f"({sql})")
        values.extend(params)
    return f"SELECT {', '.join(parts)}", values


def ask(statement: str, values: Sequence[Any]) -> list[Any]:
    """What a `count_statement` finds: the counts, then the values."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchone())


def _rides(scope: Scope) -> QuerySet[Any, Any]:
    return rides_missing.due_keys(scope)


def _unclosed(scope: Scope) -> QuerySet[Any]:
    """Visits of days before today that are still expected, or whose patient never left by the record: nobody has said
    what came of them.
    """
    return Appointment.objects.unclosed({site: scope.today(site) for site in scope.sites})


def _changes(scope: Scope) -> QuerySet[Any]:
    return ChangeRequest.objects.waiting().filter(appointment__site__in=scope.sites, appointment__ends__gt=scope.now)


def _calls(scope: Scope) -> QuerySet[Any]:
    return calls_due(scope.user, scope.now)


def _failed(scope: Scope) -> QuerySet[Any]:
    return Message.objects.filter(site__in=scope.sites, state=Message.State.FAILED, carried_by__isnull=True)


def _bounced(scope: Scope) -> QuerySet[Any]:
    return patients_not_reached(scope.sites, scope.now)


def _contacts(scope: Scope) -> QuerySet[Any]:
    return contacts_not_reached(scope.sites, scope.now)


def _requests(scope: Scope) -> QuerySet[Any]:
    return ConsultRequest.objects.filter(site__in=scope.sites, status=ConsultRequest.Status.WAITING)


def _held(scope: Scope) -> QuerySet[Any]:
    """Series that wait for a doctor's yes: never booked, or put on hold with their dates reserved."""
    reserved = Appointment.objects.blocking().filter(series=OuterRef("pk"), starts__gt=scope.now)
    waits = Q(status=Series.Status.DRAFT) | Q(Exists(reserved))
    # Both states in one condition, which the index of such series has.
    states = [Series.Status.DRAFT, Series.Status.ON_HOLD]
    return Series.objects.filter(waits, site__in=scope.sites, status__in=states)


def _offers(scope: Scope) -> QuerySet[Any]:
    """Plans kept for an answer that lapse before the next working day is over: the desk asks while there is time."""
    lapsing = Q(pk__in=[])
    for site, end in scope.next_workday_ends().items():
        lapsing |= Q(site=site, expires_at__lt=end)
    return Offer.objects.filter(lapsing, kind=Offer.Kind.KEPT_PLAN, status=Offer.Status.OPEN, expires_at__gt=scope.now)


def _asked(scope: Scope) -> QuerySet[Any]:
    """Earlier times that are offered: whoever calls back is written down here."""
    earlier = Offer.objects.earlier_times().filter(site__in=scope.sites)
    return earlier.filter(status=Offer.Status.OPEN, expires_at__gt=scope.now)


def _due(scope: Scope) -> QuerySet[Any]:
    return proposed.due_unbooked(scope.sites, scope.now)


def _dates(scope: Scope) -> QuerySet[Any]:
    return proposed.offered_at(scope.sites, scope.now)


def _new_times(scope: Scope) -> QuerySet[Any]:
    return proposed.unconfirmed(scope.sites, scope.now)


QUERIES: dict[Kind, Callable[[Scope], QuerySet[Any, Any]]] = {
    Kind.RIDES: _rides,
    Kind.UNCLOSED: _unclosed,
    Kind.CHANGES: _changes,
    Kind.CALLS: _calls,
    Kind.FAILED: _failed,
    Kind.BOUNCED: _bounced,
    Kind.CONTACTS: _contacts,
    Kind.REQUESTS: _requests,
    Kind.HELD: _held,
    Kind.PAUSED: pauses_over,
    Kind.OFFERS: _offers,
    Kind.ASKED: _asked,
    Kind.DUE: _due,
    Kind.DATES: _dates,
    Kind.NEW_TIMES: _new_times,
}

#: What each row shows beyond its own columns, and the order: the most pressing first.
_SHOW: dict[Kind, Callable[[QuerySet[Any, Any]], QuerySet[Any, Any]]] = {
    Kind.UNCLOSED: lambda rows: rows.select_related("patient", "site", "series", "practitioner").order_by(
        "starts", "pk"
    ),
    Kind.CHANGES: lambda rows: rows.select_related("patient", "appointment__site", "appointment__series").order_by(
        "appointment__starts"
    ),
    Kind.CALLS: lambda rows: rows,
    Kind.FAILED: lambda rows: rows.select_related("patient", "contact", "site").order_by("-due_at", "pk"),
    Kind.BOUNCED: lambda rows: rows.order_by("email_failed_at"),
    Kind.CONTACTS: lambda rows: rows.select_related("patient").order_by("name", "pk"),
    Kind.REQUESTS: lambda rows: rows.select_related("site", "patient").order_by("created_at"),
    Kind.HELD: lambda rows: (
        _with_screening(rows)
        .select_related("patient", "site", "protocol_version__protocol")
        .order_by(F("held_until").asc(nulls_last=True))
    ),
    Kind.PAUSED: lambda rows: rows.select_related("patient", "site", "protocol_version__protocol").order_by(
        "paused_until"
    ),
    Kind.OFFERS: lambda rows: rows.select_related("patient", "site", "protocol_version__protocol").order_by(
        "expires_at"
    ),
    Kind.ASKED: with_invitations,
    Kind.DUE: lambda rows: rows,
    Kind.DATES: lambda rows: rows,
    Kind.NEW_TIMES: lambda rows: rows,
}


def _rows(scope: Scope, kind: Kind) -> Sequence[Any]:
    if kind is Kind.RIDES:
        return rides_missing.rows_due(scope, SHOWN)
    return list(_SHOW[kind](QUERIES[kind](scope))[:SHOWN])


def _with_screening(series: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """With `has_answered`: whether the patient has answered the screening, which the doctor reads before deciding."""
    answered: QuerySet[Any, Any] = series.annotate(
        has_answered=Exists(Screening.objects.filter(patient=OuterRef("patient")))
    )
    return answered


def _today(scope: Scope) -> list[SiteToday]:
    """Each site's own today; one query for all of them."""
    within = Q(pk__in=[])
    for site in scope.sites:
        first, last = clock.day_bounds(scope.today(site), site.zone)
        within |= Q(site=site, starts__gte=first, starts__lt=last)
    visits: dict[UUID, list[Appointment]] = {site.pk: [] for site in scope.sites}
    for visit in (
        Appointment.objects.filter(within)
        .exclude(status=Appointment.Status.CANCELLED)
        .select_related("patient", "series", "practitioner", "protocol_version", "ride")
        .order_by("starts", "patient__family_name")
    ):
        visits[visit.site_id].append(visit)
    return [_day(site, clock.local(scope.now, site.zone), visits[site.pk]) for site in scope.sites]


def _day(site: Site, now: datetime, visits: Sequence[Appointment]) -> SiteToday:
    coming = [visit for visit in visits if visit.status in {"proposed", "booked", "arrived"}]
    return SiteToday(site, now, visits, coming[:SHOWN])
